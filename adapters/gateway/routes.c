/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/routes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jsonw.h"

/* A tree of segments: routes hang at the node where their template ends. */
typedef struct node {
  char *literal;      /* NULL: {name} */
  struct node *child; /* literals, then at most one {name} last */
  struct node *next;
  sl_route_t **routes; /* one a method */
  char ***names;       /* of each route's {name}s, in order: the names may differ by method */
  size_t n_routes;
} node_t;

struct sl_routes {
  node_t root;
  char *state;
  size_t n;
  bool changed;
};

/* --- percent-encoding ----------------------------------------------------------------------------
 */

static int hex(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

sl_str_t sl_percent_decode(sl_arena_t *arena, sl_str_t text, bool plus)
{
  const sl_str_t bad = {NULL, 0};
  char *out = sl_arena_text(arena, text.len + 1);
  size_t n = 0;
  if (!out) return bad;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.p[i];
    if (c == '%') {
      int hi = -1, lo = -1;
      if (text.len - i > 2) hi = hex(text.p[i + 1]), lo = hex(text.p[i + 2]);
      if (hi < 0 || lo < 0) return bad;
      c = (char)(hi * 16 + lo);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    if (!c) return bad;
    out[n++] = c;
  }
  out[n] = '\0';
  return sl_utf8_valid(out, n) ? sl_strn(out, n) : bad;
}

/* --- building ------------------------------------------------------------------------------------
 */

static void free_route(sl_route_t *route)
{
  if (!route) return;
  for (size_t i = 0; i < route->n_params; i++) free(route->params[i]);
  free(route->params);
  free(route->method), free(route->path), free(route->operation);
  free(route);
}

static void free_names(char **names)
{
  for (size_t i = 0; names && names[i]; i++) free(names[i]);
  free(names);
}

static void free_node(node_t *node)
{
  for (node_t *c = node->child, *next; c; c = next) {
    next = c->next;
    free_node(c);
    free(c);
  }
  for (size_t i = 0; i < node->n_routes; i++) {
    free_route(node->routes[i]);
    free_names(node->names[i]);
  }
  free(node->routes), free(node->names), free(node->literal);
}

/* The next segment of a template or path; false at the end. */
static bool segment(sl_str_t *rest, sl_str_t *out)
{
  if (!rest->len || rest->p[0] != '/') return false;
  const char *start = rest->p + 1, *end = rest->p + rest->len;
  const char *slash = memchr(start, '/', (size_t)(end - start));
  *out = sl_strn(start, (size_t)((slash ? slash : end) - start));
  *rest = slash ? sl_strn(slash, (size_t)(end - slash)) : sl_strn(end, 0);
  return true;
}

static node_t *child_for(node_t *node, sl_str_t seg)
{
  bool named = seg.len > 1 && seg.p[0] == '{';
  node_t **at = &node->child;
  for (; *at; at = &(*at)->next) {
    if (!(*at)->literal) {
      if (named) return *at;
      break; /* literals go in front of the {name} */
    }
    if (!named && sl_str_eqz(seg, (*at)->literal)) return *at;
  }
  node_t *n = calloc(1, sizeof *n);
  if (n && !named && !(n->literal = strndup(seg.p, seg.len))) {
    free(n);
    return NULL;
  }
  if (!n) return NULL;
  n->next = *at;
  *at = n;
  return n;
}

static bool same(const sl_route_t *a, const sl_route_t *b)
{
  if (strcmp(a->operation, b->operation) || strcmp(a->path, b->path) ||
      a->has_body != b->has_body || a->n_params != b->n_params)
    return false;
  for (size_t i = 0; i < a->n_params; i++)
    if (strcmp(a->params[i], b->params[i])) return false;
  return true;
}

typedef struct rule {
  sl_route_presence_fn presence; /* NULL: who is first keeps a route */
  void *ctx;
} rule_t;

static bool may_replace(const rule_t *rule, const sl_route_t *old, const sl_route_t *route)
{
  if (!strcmp(old->operation, route->operation)) return true;
  return rule->presence && rule->presence(rule->ctx, old->operation) != SL_ROUTE_OFFERED &&
         rule->presence(rule->ctx, route->operation) == SL_ROUTE_OFFERED;
}

/* Takes route over. False: its place belongs to another operation. */
static bool insert(sl_routes_t *self, sl_route_t *route, const rule_t *rule)
{
  node_t *node = &self->root;
  char **names = calloc(SL_ROUTE_VALUES + 1, sizeof *names);
  size_t n = 0;
  sl_str_t rest = sl_str(route->path), seg;
  if (!names) goto failed;
  while (segment(&rest, &seg)) {
    if (!(node = child_for(node, seg))) goto failed;
    if (node->literal) continue;
    if (n == SL_ROUTE_VALUES || seg.len < 3 || !(names[n++] = strndup(seg.p + 1, seg.len - 2)))
      goto failed;
  }
  for (size_t i = 0; i < node->n_routes; i++) {
    sl_route_t *old = node->routes[i];
    if (strcmp(old->method, route->method)) continue;
    if (!may_replace(rule, old, route)) goto failed;
    if (same(old, route)) {
      free_names(names);
      free_route(route);
      return true;
    }
    free_route(old);
    free_names(node->names[i]);
    node->routes[i] = route;
    node->names[i] = names;
    self->changed = true;
    return true;
  }
  sl_route_t **routes = realloc(node->routes, (node->n_routes + 1) * sizeof *routes);
  if (routes) node->routes = routes;
  char ***all = realloc(node->names, (node->n_routes + 1) * sizeof *all);
  if (all) node->names = all;
  if (!routes || !all) goto failed;
  node->routes[node->n_routes] = route;
  node->names[node->n_routes++] = names;
  self->n++;
  self->changed = true;
  return true;
failed:
  free_names(names);
  free_route(route);
  return false;
}

static char *dup_str(sl_str_t s)
{
  return strndup(s.p ? s.p : "", s.len);
}

static sl_route_t *route_new(sl_str_t operation, const sl_bus_operation_t *o)
{
  sl_route_t *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->method = dup_str(o->method);
  r->path = dup_str(o->path);
  r->operation = dup_str(operation);
  r->has_body = o->has_body;
  r->params = calloc(o->n_params + 1, sizeof *r->params);
  while (r->params && r->n_params < o->n_params) {
    if (!(r->params[r->n_params] = dup_str(o->params[r->n_params]))) break;
    r->n_params++;
  }
  if (!r->method || !r->path || !r->operation || r->n_params != o->n_params) {
    free_route(r);
    return NULL;
  }
  return r;
}

void sl_routes_offer(sl_routes_t *self, const sl_bus_offer_t *offer, sl_route_presence_fn presence,
                     void *ctx, char conflict[256])
{
  const rule_t rule = {presence, ctx};
  conflict[0] = '\0';
  for (size_t i = 0; i < offer->n_operations; i++) {
    const sl_bus_operation_t *o = &offer->operations[i];
    char operation[512];
    int n = snprintf(operation, sizeof operation, "%.*s.%.*s", SL_STR_ARG(offer->system),
                     SL_STR_ARG(o->name));
    if (!o->method.len || n < 0 || (size_t)n >= sizeof operation) continue;
    sl_route_t *route = route_new(sl_str(operation), o);
    if (route && !insert(self, route, &rule))
      snprintf(conflict, 256, "%.120s %.*s %.*s", operation, SL_STR_ARG(o->method),
               SL_STR_ARG(o->path));
  }
}

static void prune(sl_routes_t *self, node_t *node, const rule_t *rule)
{
  size_t kept = 0;
  for (size_t i = 0; i < node->n_routes; i++) {
    if (rule->presence(rule->ctx, node->routes[i]->operation) == SL_ROUTE_DROPPED) {
      free_route(node->routes[i]);
      free_names(node->names[i]);
      self->n--;
      self->changed = true;
    } else {
      node->routes[kept] = node->routes[i];
      node->names[kept++] = node->names[i];
    }
  }
  node->n_routes = kept;
  for (node_t *c = node->child; c; c = c->next) prune(self, c, rule);
}

void sl_routes_prune(sl_routes_t *self, sl_route_presence_fn presence, void *ctx)
{
  const rule_t rule = {presence, ctx};
  prune(self, &self->root, &rule);
}

/* --- matching
 * ------------------------------------------------------------------------------------- */

static void allowed(const node_t *node, sl_route_match_t *match)
{
  size_t at = 0;
  for (size_t i = 0; i < node->n_routes; i++) {
    int n =
        snprintf(match->allow + at, sizeof match->allow - at, "%s%s%s", at ? ", " : "",
                 node->routes[i]->method, strcmp(node->routes[i]->method, "GET") ? "" : ", HEAD");
    if (n < 0 || (size_t)n >= sizeof match->allow - at) break;
    at += (size_t)n;
  }
}

/* Depth is bounded by the templates' own. A literal that leads nowhere is taken back. */
static sl_route_result_t walk(const node_t *node, const char *method, sl_str_t rest,
                              sl_arena_t *arena, size_t n, sl_route_match_t *match)
{
  sl_str_t seg;
  if (!segment(&rest, &seg)) {
    for (size_t i = 0; i < node->n_routes; i++) {
      if (strcmp(node->routes[i]->method, method)) continue;
      match->route = node->routes[i];
      match->n = n;
      for (size_t k = 0; k < n; k++) match->names[k] = sl_str(node->names[i][k]);
      return SL_ROUTE_FOUND;
    }
    if (!node->n_routes) return SL_ROUTE_NONE;
    allowed(node, match);
    return SL_ROUTE_METHOD;
  }
  sl_route_result_t best = SL_ROUTE_NONE;
  sl_str_t text = seg;
  if (memchr(seg.p, '%', seg.len)) {
    text = sl_percent_decode(arena, seg, false);
    if (!text.p) return SL_ROUTE_BAD_PATH;
  }
  /* Who shortens them on the way sees another path than we do. */
  if (sl_str_eqz(text, ".") || sl_str_eqz(text, "..")) return SL_ROUTE_BAD_PATH;
  for (const node_t *c = node->child; c && best != SL_ROUTE_FOUND; c = c->next) {
    if (c->literal ? !sl_str_eqz(text, c->literal) : !text.len) continue;
    if (!c->literal) match->values[n] = text;
    sl_route_result_t r = walk(c, method, rest, arena, n + !c->literal, match);
    if (r == SL_ROUTE_BAD_PATH) return r;
    if (r != SL_ROUTE_NONE) best = r;
  }
  return best;
}

sl_route_result_t sl_routes_match(const sl_routes_t *self, const char *method, sl_str_t path,
                                  sl_arena_t *arena, sl_route_match_t *match)
{
  match->route = NULL;
  match->n = 0;
  match->allow[0] = '\0';
  /* RFC 9110 §9.3.2: HEAD is GET without the body. */
  return walk(&self->root, strcmp(method, "HEAD") ? method : "GET", path, arena, 0, match);
}

size_t sl_routes_count(const sl_routes_t *self)
{
  return self->n;
}

/* --- the state file
 * ------------------------------------------------------------------------------- */

/* It holds what offers hold, one offer an operation: so that there is one form to read. */
static void write_node(const node_t *node, sl_jsonw_t *w)
{
  for (size_t i = 0; i < node->n_routes; i++) {
    const sl_route_t *r = node->routes[i];
    const char *dot = strchr(r->operation, '.');
    sl_str_t params[SL_BUS_MAX_PAIRS];
    size_t n = r->n_params < SL_BUS_MAX_PAIRS ? r->n_params : SL_BUS_MAX_PAIRS;
    for (size_t k = 0; k < n; k++) params[k] = sl_str(r->params[k]);
    sl_bus_operation_t o = {.name = sl_str(dot + 1),
                            .method = sl_str(r->method),
                            .path = sl_str(r->path),
                            .has_body = r->has_body,
                            .params = params,
                            .n_params = n};
    const sl_bus_offer_t offer = {.instance = SL_STR("state"),
                                  .incarnation = SL_STR("state"),
                                  .system = sl_strn(r->operation, (size_t)(dot - r->operation)),
                                  .kind = SL_STR("state"),
                                  .version = SL_STR("0"),
                                  .operations = &o,
                                  .n_operations = 1};
    sl_buf_t one;
    sl_buf_init(&one, 0);
    sl_bus_offer_encode(&offer, &one);
    sl_jsonw_raw(w, sl_buf_str(&one));
    sl_buf_addc(w->out, '\n');
    sl_buf_fini(&one);
  }
  for (const node_t *c = node->child; c; c = c->next) write_node(c, w);
}

sl_code_t sl_routes_save(sl_routes_t *self, sl_err_t *err)
{
  char tmp[4096];
  sl_buf_t out;
  sl_jsonw_t w;
  if (!self->state || !self->changed) return SL_OK;
  snprintf(tmp, sizeof tmp, "%s.new", self->state);
  sl_buf_init(&out, 0);
  sl_jsonw_init(&w, &out);
  sl_jsonw_array(&w);
  write_node(&self->root, &w);
  sl_jsonw_array_end(&w);
  int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && !out.failed && write(fd, out.p, out.len) == (ssize_t)out.len;
  if (fd >= 0 && close(fd)) ok = false;
  if (ok && rename(tmp, self->state)) ok = false;
  sl_buf_fini(&out);
  if (!ok) return sl_err_set(err, SL_CONFIG, "cannot write the state file %s: %m", self->state);
  self->changed = false;
  return SL_OK;
}

static sl_code_t load(sl_routes_t *self, sl_err_t *err)
{
  char conflict[256];
  sl_bus_offer_t *offers;
  size_t n = 0;
  sl_buf_t text;
  FILE *f = fopen(self->state, "r");
  if (!f) return SL_OK; /* the first start */
  sl_buf_init(&text, 64 << 20);
  do {
    if (!sl_buf_reserve(&text, 65536)) break;
    n = fread(text.p + text.len, 1, 65536, f);
    text.len += n;
  } while (n);
  fclose(f);
  sl_arena_t *arena = sl_arena_new(0, 256 << 20);
  sl_code_t code =
      arena ? sl_bus_offers_decode(sl_buf_str(&text), arena, &offers, &n, err) : SL_BUG;
  for (size_t i = 0; !code && i < n; i++) sl_routes_offer(self, &offers[i], NULL, NULL, conflict);
  sl_arena_destroy(&arena);
  sl_buf_fini(&text);
  self->changed = code != SL_OK;
  return code;
}

sl_routes_t *sl_routes_new(const char *state, sl_err_t *err)
{
  sl_routes_t *self = calloc(1, sizeof *self);
  sl_err_clear(err);
  if (!self || (state && !(self->state = strdup(state)))) {
    free(self);
    return NULL;
  }
  if (state) load(self, err);
  return self;
}

void sl_routes_destroy(sl_routes_t **self_p)
{
  if (!self_p || !*self_p) return;
  free_node(&(*self_p)->root);
  free((*self_p)->state);
  free(*self_p);
  *self_p = NULL;
}

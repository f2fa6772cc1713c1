/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

/* One operation while it is compiled. */
struct opb {
  sl_build_t *b;
  sl_op_t *op;
  const sl_oop_t *oop; /* REST, with a contract */
  const sl_xel_t *el, *request_el, *response_el;
  sl_bf_t *request, *response;
  const sl_xat_t *base_at; /* base= */
  struct opb *read;        /* what it names; NULL: nothing that will do */
  sl_bf_t *base;           /* the answer of its hidden copy */
  size_t untaken;          /* segments of the path that no field is for */
  bool misnamed;           /* there was one: its name may be wrong */
};

static const sl_xel_t *only(struct opb *o, const char *name)
{
  const sl_xel_t *el = sl_xel_find(o->el->first, name);
  const sl_xel_t *again = el ? sl_xel_find(el->next, name) : NULL;
  if (again)
    sl_b_error(o->b, "R301", again->line, again->col, "put its lines into the first one",
               "an operation has one <%s>", name);
  return el;
}

static sl_at_t root_of(sl_bf_t *f)
{
  sl_at_t at = {.f = f, .x = f->xml, .j = f->json, .lj = f->legacy_json, .json_base = ""};
  return at;
}

/* --- SOAP: the operation of the WSDL
 * -------------------------------------------------------------------- */

static void no_such_call(struct opb *o, const sl_xat_t *at, const char *name)
{
  sl_build_t *b = o->b;
  const char *words[64];
  size_t n = 0;
  for (size_t i = 0; i < sl_contract_op_count(b->m->contract) && n < 64; i++) {
    const char *w = sl_contract_op_at(b->m->contract, i)->name;
    if (!n || strcmp(words[n - 1], w)) words[n++] = w;
  }
  sl_b_error(b, "R302", at ? at->value_line : o->el->line, at ? at->value_col : o->el->col,
             sl_b_advice(b, name, words, n), "the contract has no operation %s", name);
}

static void find_call(struct opb *o)
{
  sl_build_t *b = o->b;
  const sl_xat_t *at = sl_xel_at(o->el, "calls");
  const char *name = at ? at->value : o->op->info.name, *dot = strrchr(name, '.');
  if (!b->m->contract) {
    sl_b_error(b, "R303", o->el->line, o->el->col, "add contract=\"….wsdl\" to <system>",
               "a SOAP operation needs the contract: it says how messages are named and ordered");
    return;
  }
  const char *port = dot ? sl_b_dup(b, name, (size_t)(dot - name)) : NULL;
  const sl_wsdl_op_t *w = sl_contract_op(b->m->contract, dot ? dot + 1 : name, port);
  if (!w) return no_such_call(o, at, name);
  if (w->encoded) {
    sl_b_error(b, "R304", at ? at->value_line : o->el->line, at ? at->value_col : o->el->col, NULL,
               "%s is rpc/encoded, which is not supported", w->name);
    return;
  }
  o->op->wsdl = w;
  o->op->info.soap_action = w->action ? w->action : "";
  o->op->info.soap_version = w->soap_version;
  o->op->info.endpoint = w->endpoint ? w->endpoint : "";
}

static void soap_root(struct opb *o, sl_bf_t *f, const sl_xelem_t *elem)
{
  f->xml = sl_b_alloc(o->b, sizeof *f->xml);
  if (!f->xml) return;
  *f->xml = (sl_bx_t){.name = elem ? elem->name : "",
                      .ns = elem ? elem->ns : "",
                      .path = "",
                      .elem = elem,
                      .type = elem ? elem->type : NULL};
}

static void envelope(struct opb *o)
{
  const char *ns = o->op->info.soap_version == 12 ? "http://www.w3.org/2003/05/soap-envelope"
                                                  : "http://schemas.xmlsoap.org/soap/envelope/";
  o->op->head = sl_str(sl_b_printf(
      o->b,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"%s\"><soap:Body>",
      ns));
  o->op->tail = sl_str("</soap:Body></soap:Envelope>");
}

/* --- the two ends
 * ---------------------------------------------------------------------------------------- */

/* With a shape, legacy= and json= are where the shape stands, and lines beside it start from the
 * root; without, they are where the lines stand. */
static sl_at_t based(sl_at_t at, const sl_xel_t *el)
{
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  if (legacy && at.f->b->m->kind == SL_KIND_SOAP) {
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(at.f, at.x, legacy->value, legacy, false, &attr);
    if (x && !attr)
      at.x = x;
    else
      at.f = NULL;
  } else if (legacy && at.f->b->m->kind != SL_KIND_ODBC) {
    at.lj = sl_bj_walk(at.f, at.lj, legacy->value, legacy, SL_JN_OBJECT, SL_READ_WRITE);
  }
  if (json && at.f) at.j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_OBJECT, SL_READ_WRITE);
  if (!at.j || !at.lj) at.f = NULL;
  return at;
}

/* A copy of el without its attributes or without its children, to compile either alone. */
static sl_xel_t without(const sl_xel_t *el, bool attrs)
{
  sl_xel_t copy = *el;
  if (attrs)
    copy.attrs = NULL, copy.n_attrs = 0;
  else
    copy.first = NULL;
  return copy;
}

static void members(sl_at_t root, const sl_xel_t *el)
{
  sl_at_t at = based(root, el);
  const sl_xat_t *name = sl_xel_at(el, "shape");
  if (!at.f && !name) return;
  if (name) {
    sl_xel_t shape = without(el, false), lines = without(el, true);
    if (at.f)
      sl_b_members(at, &shape);
    else
      sl_b_shape(root.f->b, name); /* it is used, wherever that is */
    sl_b_members(root, &lines);
  } else {
    sl_b_members(at, el);
  }
}

/* What the consumer leaves out stays as it is. */
static bool merges(const struct opb *o)
{
  const sl_xel_t *update = sl_xel_find(o->el->first, "update");
  return !strcmp(o->op->info.method, "PATCH") ||
         (update && !strcmp(sl_xel_get(update, "mode", ""), "merge"));
}

static void compile_request(struct opb *o)
{
  sl_build_t *b = o->b;
  o->request = sl_bf_new(b, sl_b_printf(b, "%s request", o->op->info.name), true);
  if (!o->request) return;
  o->request->merge = merges(o);
  if (o->op->wsdl) soap_root(o, o->request, o->op->wsdl->input);
  if (b->m->kind == SL_KIND_SOAP && !o->op->wsdl) return;
  o->request->call_path = o->op->rest_path;
  if (o->oop) sl_b_oop_request(o->request, o->oop);
  sl_at_t root = root_of(o->request);
  if (b->m->kind == SL_KIND_ODBC) sl_b_sql(b, o->op, root, o->el);
  if (!o->request_el) return;
  if (b->m->kind == SL_KIND_ODBC)
    sl_b_error(b, "R318", o->request_el->line, o->request_el->col,
               "use <param>, <insert> or <update>", "a database has no request message");
  else
    members(root, o->request_el);
}

/* Is the answer an array of the shape? For XML the contract tells, for SQL json= or a page. */
static const sl_xel_t *rows_el(struct opb *o, sl_xel_t *copy, sl_xat_t *attrs)
{
  const sl_xel_t *el = o->response_el;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  if (!sl_xel_at(el, "shape")) return NULL;
  if (o->b->m->kind == SL_KIND_ODBC) {
    if (!json && !o->op->page) return NULL;
  } else if (o->b->m->kind == SL_KIND_SOAP && legacy && o->response->xml) {
    /* Walking makes nodes; try it on a frame of its own, whose errors come up again anyway. */
    sl_bf_t *probe = sl_bf_new(o->b, "", false);
    if (!probe) return NULL;
    soap_root(o, probe, o->op->wsdl->output);
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(probe, probe->xml, legacy->value, legacy, true, &attr);
    if (!x || attr || !x->child || x->child->max <= 1 || x->is) return NULL;
  } else {
    return NULL;
  }
  *copy = *el;
  copy->first = NULL;
  if (!json && el->n_attrs < 8) { /* the whole answer is the array */
    memcpy(attrs, el->attrs, el->n_attrs * sizeof *attrs);
    attrs[el->n_attrs] = (sl_xat_t){"json", "", el->line, el->col, el->line, el->col};
    copy->attrs = attrs;
    copy->n_attrs = el->n_attrs + 1;
  }
  return copy;
}

static void compile_response(struct opb *o)
{
  sl_build_t *b = o->b;
  sl_op_t *op = o->op;
  const sl_xel_t *el = o->response_el;
  o->response = sl_bf_new(b, sl_b_printf(b, "%s response", op->info.name), false);
  if (!o->response) return;
  if (op->wsdl) soap_root(o, o->response, op->wsdl->output);
  if (b->m->kind == SL_KIND_SOAP && !op->wsdl) return;
  if (o->oop) sl_b_oop_response(o->response, o->oop);
  sl_at_t root = root_of(o->response);
  if (el) {
    sl_xel_t copy;
    sl_xat_t attrs[8];
    const sl_xel_t *list = rows_el(o, &copy, attrs);
    op->status = atoi(sl_xel_get(el, "status", "0"));
    op->body = sl_xel_at(el, "shape") || sl_xel_find(el->first, NULL);
    if (list) {
      static const char name[] = "list";
      sl_xel_t holder = {.name = "response"}, as_list = *list;
      as_list.name = name, as_list.next = NULL;
      holder.first = &as_list;
      holder.line = el->line, holder.col = el->col;
      sl_b_members(root, &holder);
      if (o->response->n_lists) op->rows = o->response->lists[0];
      sl_xel_t lines = without(el, true);
      sl_b_members(root, &lines);
    } else {
      members(root, el);
    }
  }
  if (b->m->kind == SL_KIND_ODBC) sl_b_call_answer(b, op, root, o->el);
  sl_b_outcomes(b, op, root, o->el);
  if (o->oop) sl_b_oop_statuses(b, op, o->oop, o->el);
  if (b->m->kind == SL_KIND_ODBC && !op->procedure) sl_b_sql_lists(b, op, o->response, o->el);
}

/* --- parameters
 * ------------------------------------------------------------------------------------------- */

static bool has_end(const sl_bf_t *f, const char *prefix, const char *name, size_t len)
{
  size_t p = strlen(prefix);
  for (size_t i = 0; i < f->n_http; i++)
    if (f->http[i].name.len == p + len && !memcmp(f->http[i].name.p, prefix, p) &&
        !memcmp(f->http[i].name.p + p, name, len))
      return true;
  return false;
}

/* A key field at json="/id" takes {id} by itself: the same record in the path and in the body. */
static void bind_key(struct opb *o, const char *name, size_t len)
{
  for (size_t i = 0; i < o->request->n_fields; i++) {
    sl_field_t *f = o->request->fields[i];
    if (!f->key || f->http[0] || f->json[0] != '/' || strlen(f->json + 1) != len ||
        memcmp(f->json + 1, name, len))
      continue;
    f->http = sl_b_printf(o->b, "path:%.*s", (int)len, name);
    if (f->notes && f->notes->pii[0])
      sl_b_warn(o->b, "P102", f->line, f->col,
                "an identifier that says nothing about the person, if there is one",
                "the key is personal data (%s), and stands in the URL: in logs and histories",
                f->notes->pii);
    sl_bf_http(o->request, f->http, f);
  }
}

/* A field for a segment that the path has not, while {name} of the path has no field: they may be
 * meant for each other. */
static const sl_field_t *stray(const struct opb *o, const char *path)
{
  for (size_t i = 0; i < o->request->n_http; i++) {
    const sl_http_end_t *e = &o->request->http[i];
    if (e->name.len > 5 && !memcmp(e->name.p, "path:", 5) &&
        !strstr(path, sl_b_printf(o->b, "{%s}", e->name.p + 5)))
      return e->field;
  }
  return NULL;
}

static void untaken(struct opb *o, const sl_xat_t *path, const char *p, size_t len)
{
  sl_build_t *b = o->b;
  const sl_field_t *near = stray(o, path->value);
  const char *fix = near
                        ? sl_b_printf(b, "one name for both: line %d has http=\"%s\"",
                                      sl_b_line(near->line), near->http)
                        : sl_b_printf(b, "give a %s http=\"path:%.*s\"",
                                      b->m->kind == SL_KIND_ODBC ? "param" : "field of the request",
                                      (int)len, p + 1);
  sl_b_error(b, "R305", path->value_line, path->value_col + (int)(p - path->value), fix,
             "nothing takes {%.*s}", (int)len, p + 1);
  o->untaken++;
  o->misnamed = true;
}

static void check_path(struct opb *o)
{
  const sl_xat_t *path = sl_xel_at(o->el, "path");
  if (!path || !o->request || o->request->broken || o->el->wrong) return;
  for (const char *p = path->value; (p = strchr(p, '{')); p++) {
    size_t len = strcspn(p + 1, "}");
    bind_key(o, p + 1, len);
    if (has_end(o->request, "path:", p + 1, len)) continue;
    if (o->b->m->kind == SL_KIND_NULL && !o->request_el) continue;
    untaken(o, path, p, len);
  }
  for (size_t i = 0; i < o->request->n_http; i++) {
    const sl_http_end_t *e = &o->request->http[i];
    if (e->name.len < 5 || memcmp(e->name.p, "path:", 5)) continue;
    const char *in = sl_b_printf(o->b, "{%s}", e->name.p + 5);
    if (!strstr(path->value, in) && o->untaken)
      o->untaken--; /* told: they are a pair */
    else if (!strstr(path->value, in))
      sl_b_error(o->b, "R306", e->field->line, e->field->col, NULL, "the path %s has no %s",
                 path->value, in);
  }
}

static bool listed(const char *const *v, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    if (!strcmp(v[i], name)) return true;
  return false;
}

/* What the base operation asks for, and If-Match where it answers with an ETag. */
static size_t base_params(const struct opb *o, const char **v, size_t n)
{
  const sl_op_t *base = o->op->base;
  for (size_t i = 0; base && i < base->request->n_http; i++) {
    const char *name = base->request->http[i].name.p;
    if (!listed(v, n, name)) v[n++] = name;
  }
  for (size_t i = 0; base && i < base->response->n_http; i++)
    if (sl_str_eqz(base->response->http[i].name, "header:etag") && !listed(v, n, "header:if-match"))
      v[n++] = "header:if-match";
  return n;
}

static void info_params(struct opb *o, const sl_frame_t *request)
{
  sl_build_t *b = o->b;
  size_t base = o->op->base ? o->op->base->request->n_http : 0;
  const char **v = sl_b_alloc(b, (request->n_http + base + 5) * sizeof *v);
  size_t n = 0;
  if (!v) return;
  for (size_t i = 0; i < request->n_http; i++) {
    bool known = false;
    for (size_t k = 0; k < n; k++) known |= !strcmp(v[k], request->http[i].name.p);
    if (!known) v[n++] = request->http[i].name.p;
  }
  if (o->op->page) v[n++] = "query:limit", v[n++] = "query:cursor";
  if (o->op->change.if_match) v[n++] = "header:if-match";
  n = base_params(o, v, n);
  o->op->info.params = v;
  o->op->info.n_params = n;
}

/* --- one operation
 * ---------------------------------------------------------------------------------------- */

static void read_info(struct opb *o)
{
  sl_build_t *b = o->b;
  sl_op_info_t *info = &o->op->info;
  info->name = sl_b_printf(b, "%s", sl_xel_get(o->el, "name", ""));
  info->method = sl_b_printf(b, "%s", sl_xel_get(o->el, "method", ""));
  info->path = sl_b_printf(b, "%s", sl_xel_get(o->el, "path", ""));
  info->safe = !info->method[0] || !strcmp(info->method, "GET");
  info->soap_action = info->endpoint = info->procedure = "";
  const sl_xel_t *call = sl_xel_find(o->el->first, "call");
  info->rest_method =
      sl_b_printf(b, "%s", call ? sl_xel_get(call, "method", info->method) : info->method);
  o->op->rest_path = sl_b_printf(b, "%s", call ? sl_xel_get(call, "path", info->path) : info->path);
  o->op->transaction = !strcmp(sl_xel_get(o->el, "transaction", ""), "true");
  o->op->mapping = b->m;
  o->op->line = o->el->line;
  o->op->col = o->el->col;
}

static void check_unique(struct opb *o, const sl_op_t *ops, size_t n)
{
  const sl_xat_t *name = sl_xel_at(o->el, "name"), *path = sl_xel_at(o->el, "path");
  for (size_t i = 0; i < n; i++) {
    if (name && !strcmp(ops[i].info.name, name->value))
      sl_b_error(o->b, "R308", name->value_line, name->value_col, NULL,
                 "an operation %s is declared above (line %d)", name->value, ops[i].line);
    if (path && o->op->info.method[0] && !strcmp(ops[i].info.path, path->value) &&
        !strcmp(ops[i].info.method, o->op->info.method))
      sl_b_error(o->b, "R309", path->value_line, path->value_col, NULL,
                 "%s %s is %s already (line %d)", ops[i].info.method, path->value, ops[i].info.name,
                 ops[i].line);
  }
}

/* --- base=
 * -------------------------------------------------------------------------------------------------
 */

/* Does the operation write a whole record over one that is there? A POST does when its path names
 * the record. */
static bool replaces(const struct opb *o)
{
  const char *method = o->op->info.method;
  if (!strcmp(method, "PUT") || !strcmp(method, "PATCH")) return true;
  for (size_t i = 0; !strcmp(method, "POST") && i < o->request->n_fields; i++)
    if (o->request->fields[i]->key && !strncmp(o->request->fields[i]->http, "path:", 5))
      return true;
  return false;
}

/* A PATCH that the legacy system understands as one: what is absent is not sent. */
static bool native_patch(const struct opb *o)
{
  return o->b->m->kind == SL_KIND_REST && !strcmp(o->op->info.rest_method, "PATCH");
}

static void without_base(struct opb *o)
{
  bool patch = !strcmp(o->op->info.method, "PATCH"), sql = o->b->m->kind == SL_KIND_ODBC;
  bool merges = sql && o->op->change.kind == SL_CHANGE_UPDATE && !o->op->change.replace;
  if (patch && o->b->m->kind == SL_KIND_SOAP)
    sl_b_error(o->b, "R394", o->el->line, o->el->col, "add base=\"…\", or use PUT",
               "a PATCH leaves members out that stay as they are, and a SOAP message holds the "
               "whole record: nobody knows them without a base");
  else if (patch && o->b->m->kind == SL_KIND_REST && !native_patch(o))
    sl_b_error(o->b, "R394", o->el->line, o->el->col,
               "add base=\"…\", or <call method=\"PATCH\" …/>",
               "a PATCH leaves members out that stay as they are, and %s holds the whole record: "
               "nobody knows them without a base",
               o->op->info.rest_method);
  else if (replaces(o) && !merges && !native_patch(o))
    sl_b_no_base(o->request);
}

/* Everything that base= demands of the two operations. */
static bool base_fits(struct opb *o)
{
  sl_build_t *b = o->b;
  const sl_xat_t *at = o->base_at;
  const struct opb *r = o->read;
  const sl_xat_t *ours = o->request_el ? sl_xel_at(o->request_el, "shape") : NULL;
  const sl_xat_t *theirs = r->response_el ? sl_xel_at(r->response_el, "shape") : NULL;
  size_t before = b->told;
  if (o->op->info.safe || !ours)
    sl_b_error(b, "R390", at->line, at->col, NULL,
               "%s writes no shape over another: base= has nothing to do", o->op->info.name);
  else if (!r->op->info.safe)
    sl_b_error(b, "R390", at->value_line, at->value_col, "name one that reads (GET)",
               "%s changes something", at->value);
  else if (theirs && (sl_b_guessed(b, theirs->value_line, theirs->value_col) ||
                      sl_b_guessed(b, ours->value_line, ours->value_col)))
    return false; /* a name that was told already */
  else if (!theirs || strcmp(ours->value, theirs->value) || r->op->rows)
    sl_b_error(b, r->op->rows ? "R390" : "R392", at->value_line, at->value_col,
               sl_b_printf(b, "name one with <response shape=\"%s\">", ours->value),
               r->op->rows ? "%s answers with a list, and the base is one record"
                           : "%s does not answer with the shape that is written",
               at->value);
  for (const char *p = r->op->info.path; (p = strchr(p, '{')); p++) {
    size_t len = strcspn(p, "}") + 1;
    if (o->misnamed || r->misnamed || memmem(o->op->info.path, strlen(o->op->info.path), p, len))
      continue;
    sl_b_error(b, "R391", at->value_line, at->value_col, NULL,
               "%s needs %.*s, which the path %s does not have", at->value, (int)len, p,
               o->op->info.path);
  }
  return b->told == before;
}

/* The base operation once more, its answer in a frame that carries. Its messages are those of the
 * first time, and shown once. */
static void add_base(struct opb *o)
{
  sl_op_t *copy = sl_b_alloc(o->b, sizeof *copy);
  if (!copy || !o->read->op->request || !o->read->op->response) return;
  *copy = *o->read->op;
  copy->response = NULL;
  struct opb h = {.b = o->b, .op = copy, .el = o->read->el, .response_el = o->read->response_el};
  compile_response(&h);
  if (!h.response) return;
  sl_b_resolve(h.response); /* what expressions read and templates take has its counterpart, too */
  sl_at_t w = based(root_of(o->request), o->request_el);
  sl_at_t r = based(root_of(h.response), h.response_el);
  if (!w.f || !r.f) return;
  sl_place_t write = {w.f, w.x, w.lj}, base = {r.f, r.x, r.lj};
  sl_b_pair(write, base);
  o->base = h.response;
  o->op->base = copy;
  o->op->patch = !strcmp(o->op->info.method, "PATCH");
}

static void check_base(struct opb *o)
{
  if (!o->base_at)
    without_base(o);
  else if (o->read && !o->el->wrong && base_fits(o))
    add_base(o);
}

static void finish_base(struct opb *o)
{
  sl_op_t *base = (sl_op_t *)o->op->base; /* still being built */
  if (base && !(base->response = sl_bf_finish(o->base))) o->op->base = NULL;
}

static void find_base(struct opb *o, struct opb *all, size_t n)
{
  const char *words[64];
  bool nameless = false;
  o->base_at = sl_xel_at(o->el, "base");
  if (!o->base_at || o->b->m->kind == SL_KIND_ODBC) return; /* sl_b_sql_base's */
  for (size_t i = 0; i < n; i++) {
    if (!strcmp(all[i].op->info.name, o->base_at->value) && &all[i] != o) o->read = &all[i];
    if (i < 64) words[i] = all[i].op->info.name;
    nameless |= !all[i].op->info.name[0]; /* the schema said so: it may be that one */
  }
  if (!o->read && !nameless)
    sl_b_error(o->b, "R390", o->base_at->value_line, o->base_at->value_col,
               sl_b_advice(o->b, o->base_at->value, words, n < 64 ? n : 64), "no operation \"%s\"",
               o->base_at->value);
}

static void finish(struct opb *o)
{
  sl_op_t *op = o->op;
  if (!o->request || !o->response) return;
  if (o->b->m->kind != SL_KIND_SOAP || op->wsdl) check_path(o);
  sl_b_resolve(o->request);
  sl_b_resolve(o->response);
  check_base(o);
  bool judged = !o->base_at || o->base || o->b->m->kind == SL_KIND_ODBC;
  sl_check_written(o->request, o->request_el ? o->request_el : o->el, judged && replaces(o),
                   o->base);
  sl_check_values(o->request);
  sl_check_values(o->response);
  if (o->response_el && op->body) sl_check_read(o->response, o->response_el);
  if (sl_bf_broken(o->request) || sl_bf_broken(o->response)) return;
  op->request = sl_bf_finish(o->request);
  op->response = sl_bf_finish(o->response);
  if (!op->request || !op->response) return;
  finish_base(o);
  op->reads_body = op->info.has_body = op->request->json->writable && !op->info.safe;
  if (op->info.safe && op->request->json->writable && o->request_el && !o->el->wrong)
    sl_b_error(o->b, "R307", o->request_el->line, o->request_el->col,
               "use http=\"query:…\" or http=\"path:…\"", "a GET has no body to read members from");
  op->info.streams = o->b->m->kind == SL_KIND_ODBC && op->rows;
  info_params(o, op->request);
}

static void only_databases(struct opb *o)
{
  static const char *const names[] = {"param", "page", "select", "insert", "update", "result"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const sl_xel_t *el = sl_xel_find(o->el->first, names[i]);
    if (el)
      sl_b_error(o->b, "R320", el->line, el->col, "use <request> and <response>",
                 "<%s> is for databases, and this system is %s", names[i],
                 sl_system_kind_name(o->b->m->kind));
  }
  const sl_xel_t *call = sl_xel_find(o->el->first, "call");
  const sl_xat_t *procedure = call ? sl_xel_at(call, "procedure") : NULL;
  if (procedure)
    sl_b_error(o->b, "R320", procedure->line, procedure->col,
               "use method= and path=", "procedures are for databases");
  const sl_xat_t *reread = o->response_el ? sl_xel_at(o->response_el, "reread") : NULL;
  if (reread) sl_b_error(o->b, "R320", reread->line, reread->col, NULL, "reread is for databases");
}

static struct opb compile_one(sl_build_t *b, sl_op_t *ops, size_t i, const sl_xel_t *el)
{
  struct opb o = {.b = b, .op = &ops[i], .el = el};
  read_info(&o);
  check_unique(&o, ops, i);
  o.request_el = only(&o, "request");
  o.response_el = only(&o, "response");
  if (b->m->kind != SL_KIND_ODBC) only_databases(&o);
  if (b->m->kind == SL_KIND_SOAP) {
    find_call(&o);
    envelope(&o);
  }
  if (b->m->kind == SL_KIND_REST && o.op->info.method[0] && o.op->info.path[0])
    o.oop = sl_b_oop(b, o.op, el);
  compile_request(&o);
  compile_response(&o);
  return o;
}

static void resolve_reread(sl_build_t *b, sl_op_t *ops, size_t n, sl_op_t *op, const sl_xel_t *el)
{
  const sl_xel_t *response = sl_xel_find(el->first, "response");
  const sl_xat_t *at = response ? sl_xel_at(response, "reread") : NULL;
  if (!at) return;
  const char *words[64];
  for (size_t i = 0; i < n; i++) {
    if (!strcmp(ops[i].info.name, at->value)) op->reread = &ops[i];
    if (i < 64) words[i] = ops[i].info.name;
  }
  if (!op->reread && sl_b_nameless(ops, n)) return;
  if (!op->reread)
    sl_b_error(b, "R319", at->value_line, at->value_col,
               sl_b_advice(b, at->value, words, n < 64 ? n : 64), "no operation \"%s\"", at->value);
  else if (!op->reread->info.safe)
    sl_b_error(b, "R319", at->value_line, at->value_col, "name one that reads (GET)",
               "%s changes something", at->value);
  else
    op->body = true;
}

void sl_b_compile_ops(sl_build_t *b)
{
  size_t n = 0, i = 0;
  for (const sl_xel_t *el = b->root->first; (el = sl_xel_find(el, "operation")); el = el->next) n++;
  sl_op_t *ops = n ? sl_b_alloc(b, n * sizeof *ops) : NULL;
  struct opb *o = n ? sl_b_alloc(b, n * sizeof *o) : NULL;
  if (!ops || !o) return;
  for (const sl_xel_t *el = b->root->first; (el = sl_xel_find(el, "operation")); el = el->next, i++)
    o[i] = compile_one(b, ops, i, el);
  for (i = 0; i < n; i++) find_base(&o[i], o, n);
  for (i = 0; i < n; i++) /* what others read is whole before they look at it */
    if (!o[i].base_at) finish(&o[i]);
  for (i = 0; i < n; i++)
    if (o[i].base_at) finish(&o[i]);
  i = 0;
  for (const sl_xel_t *el = b->root->first; (el = sl_xel_find(el, "operation")); el = el->next)
    resolve_reread(b, ops, n, &ops[i++], el);
  i = 0;
  for (const sl_xel_t *el = b->root->first; (el = sl_xel_find(el, "operation")); el = el->next)
    if (b->m->kind == SL_KIND_ODBC) sl_b_sql_base(b, ops, n, &ops[i++], el);
  b->m->ops = ops;
  b->m->n_ops = n;
}

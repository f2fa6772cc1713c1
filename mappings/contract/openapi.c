/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/openapi.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/contract/jschema_impl.h"
#include "mappings/contract/reader.h"

enum { MAX_OPS = 5000, MAX_REFS = 16 };

struct api {
  sl_cx_t *cx;
  sl_jschemas_t *s;
  sl_oop_t *ops;
  size_t n;
};

/* A value and the file it is in: references lead to others. */
typedef struct spot {
  sl_jfile_t *file;
  sl_jvalue_t *v;
} spot_t;

static void *alloc(struct api *a, size_t n, size_t size)
{
  return sl_cx_alloc(a->cx, n ? n * size : 1);
}

static spot_t member(spot_t at, const char *name)
{
  return (spot_t){at.file, sl_jvalue_get(at.v, name)};
}

/* Through $ref, to what is meant; .v NULL with a diagnostic. */
static spot_t resolved(struct api *a, spot_t at)
{
  for (int i = 0; at.v; i++) {
    sl_jvalue_t *ref = sl_jvalue_get(at.v, "$ref");
    if (!ref) return at;
    if (i == MAX_REFS) {
      sl_js_error(a->s, at.file, "C403", ref, NULL, "references in a ring, or too many in a row");
      return (spot_t){at.file, NULL};
    }
    spot_t to = {NULL, NULL};
    to.v = sl_js_follow(a->s, at.file, ref, &to.file);
    at = to;
  }
  return at;
}

static bool is_object(struct api *a, spot_t at, const char *what)
{
  if (at.v && at.v->kind == SL_JSON_OBJECT) return true;
  if (at.v) sl_js_error(a->s, at.file, "C402", at.v, NULL, "%s has to be an object", what);
  return false;
}

static const char *text_of(spot_t at, const char *preset)
{
  return at.v && at.v->kind == SL_JSON_STRING ? at.v->text.p : preset;
}

static bool is_true(spot_t at)
{
  return at.v && at.v->kind == SL_JSON_TRUE;
}

static sl_where_t where(spot_t at)
{
  return (sl_where_t){at.file->file, at.v->line};
}

/* --- bodies ------------------------------------------------------------------------------------
 */

static bool is_json(const char *type)
{
  size_t n = strcspn(type, "; ");
  return (n == 16 && !strncasecmp(type, "application/json", n)) ||
         (n == 3 && !strncmp(type, "*/*", n)) ||
         (n > 5 && !strncasecmp(type + n - 5, "+json", 5)) ||
         (n == 13 && !strncmp(type, "application/*", n));
}

/* The schema of a content object's JSON; NULL: it has none. */
static const sl_jschema_t *json_of(struct api *a, spot_t content)
{
  if (!is_object(a, content, "content")) return NULL;
  for (sl_jvalue_t *m = content.v->first; m; m = m->next) {
    if (!is_json(m->key.p)) continue;
    spot_t schema = member((spot_t){content.file, m}, "schema");
    return schema.v ? sl_js_schema(a->s, schema.file, schema.v) : &sl_jschema_any;
  }
  return NULL;
}

static void read_request(struct api *a, spot_t op, sl_oop_t *out)
{
  spot_t body = resolved(a, member(op, "requestBody"));
  if (!is_object(a, body, "requestBody")) return;
  out->request = json_of(a, member(body, "content"));
  out->request_required = is_true(member(body, "required"));
}

static void read_responses(struct api *a, spot_t op, sl_oop_t *out)
{
  spot_t all = member(op, "responses");
  if (!is_object(a, all, "responses")) return;
  sl_oresponse_t *v = alloc(a, all.v->n, sizeof *v);
  size_t n = 0;
  for (sl_jvalue_t *m = all.v->first; v && m; m = m->next) {
    const char *key = m->key.p;
    bool range = key[0] && !strcmp(key + 1, "XX"), preset = !strcmp(key, "default");
    spot_t response = resolved(a, (spot_t){all.file, m});
    if (!strncmp(key, "x-", 2) || !is_object(a, response, "a response")) continue;
    if (!preset && !range && (strlen(key) != 3 || strspn(key, "0123456789") != 3)) {
      sl_js_error(a->s, all.file, "C402", m, NULL, "\"%.20s\" is no status", key);
      continue;
    }
    spot_t content = member(response, "content");
    v[n++] = (sl_oresponse_t){.status = preset ? 0 : atoi(key),
                              .text = sl_cx_intern(a->cx, key),
                              .schema = content.v ? json_of(a, content) : NULL,
                              .body = content.v && content.v->n};
  }
  out->responses = v;
  out->n_responses = v ? n : 0;
}

/* --- parameters --------------------------------------------------------------------------------
 */

static bool read_param(struct api *a, spot_t at, sl_oparam_t *out)
{
  static const char *const places[] = {"path", "query", "header", "cookie"};
  at = resolved(a, at);
  if (!is_object(a, at, "a parameter")) return false;
  const char *name = text_of(member(at, "name"), ""), *in = text_of(member(at, "in"), "");
  size_t place = 0;
  while (place < 4 && strcmp(in, places[place])) place++;
  if (!name[0] || place == 4) {
    sl_js_error(a->s, at.file, "C402", at.v, NULL,
                "a parameter needs name and in: path, query, "
                "header or cookie");
    return false;
  }
  spot_t schema = member(at, "schema"), content = member(at, "content");
  const sl_jschema_t *json = content.v ? json_of(a, content) : NULL;
  *out = (sl_oparam_t){.name = sl_cx_intern(a->cx, name),
                       .in = (sl_oin_t)place,
                       .required = is_true(member(at, "required")),
                       .schema = schema.v ? sl_js_schema(a->s, schema.file, schema.v)
                                 : json   ? json
                                          : &sl_jschema_any,
                       .where = where(at)};
  return true;
}

/* The path's parameters, then the operation's, which replace those of the same name. */
static void read_params(struct api *a, spot_t path, spot_t op, sl_oop_t *out)
{
  const spot_t lists[] = {member(path, "parameters"), member(op, "parameters")};
  size_t n = 0;
  for (size_t i = 0; i < 2; i++) n += lists[i].v ? lists[i].v->n : 0;
  sl_oparam_t *v = alloc(a, n, sizeof *v);
  n = 0;
  for (size_t i = 0; v && i < 2; i++) {
    bool array = lists[i].v && lists[i].v->kind == SL_JSON_ARRAY;
    for (sl_jvalue_t *m = array ? lists[i].v->first : NULL; m; m = m->next) {
      sl_oparam_t p;
      size_t at = 0;
      if (!read_param(a, (spot_t){lists[i].file, m}, &p)) continue;
      while (at < n && (v[at].in != p.in || strcmp(v[at].name, p.name))) at++;
      v[at] = p;
      n += at == n;
    }
  }
  out->params = v;
  out->n_params = v ? n : 0;
}

/* --- operations --------------------------------------------------------------------------------
 */

static const char *const methods[] = {"get",     "put",  "post",  "delete",
                                      "options", "head", "patch", "trace"};

static void read_op(struct api *a, spot_t path_item, spot_t op, const char *path, size_t method)
{
  static const char *const upper[] = {"GET",     "PUT",  "POST",  "DELETE",
                                      "OPTIONS", "HEAD", "PATCH", "TRACE"};
  if (!is_object(a, op, "an operation")) return;
  if (a->n >= MAX_OPS || !sl_cx_spend(a->cx, 1)) return;
  sl_oop_t *out = &a->ops[a->n++];
  *out = (sl_oop_t){.id = sl_cx_intern(a->cx, text_of(member(op, "operationId"), "")),
                    .method = upper[method],
                    .path = sl_cx_intern(a->cx, path),
                    .where = where(op)};
  read_params(a, path_item, op, out);
  read_request(a, op, out);
  read_responses(a, op, out);
}

static void read_paths(struct api *a, spot_t paths)
{
  for (sl_jvalue_t *m = paths.v->first; m && !a->s->full; m = m->next) {
    if (m->key.p[0] != '/') {
      if (strncmp(m->key.p, "x-", 2))
        sl_js_error(a->s, paths.file, "C402", m, NULL, "the path \"%.100s\" does not begin with /",
                    m->key.p);
      continue;
    }
    spot_t item = resolved(a, (spot_t){paths.file, m});
    if (!is_object(a, item, "a path")) continue;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
      spot_t op = member(item, methods[i]);
      if (op.v) read_op(a, item, op, m->key.p, i);
    }
  }
}

static bool is_openapi(struct api *a, spot_t root)
{
  spot_t version = member(root, "openapi");
  if (version.v && !strncmp(text_of(version, ""), "3.", 2)) return true;
  bool old = sl_jvalue_get(root.v, "swagger") != NULL;
  sl_js_error(a->s, root.file, "C006", old ? sl_jvalue_get(root.v, "swagger") : root.v,
              old ? "convert it to OpenAPI 3" : NULL,
              old ? "Swagger 2.0 is not supported, only OpenAPI 3.0 and 3.1"
                  : "this JSON is no OpenAPI 3 document: it has no member openapi");
  return false;
}

void sl_openapi_read(sl_cx_t *cx, const char *path)
{
  struct api a = {.cx = cx, .s = sl_js_new(cx->diags)};
  cx->contract->schemas = a.s;
  spot_t root = {a.s ? sl_js_open(a.s, path, NULL, NULL) : NULL, NULL};
  if (!root.file) return;
  root.v = root.file->root;
  if (!is_openapi(&a, root)) return;
  spot_t paths = member(root, "paths");
  size_t n = 0;
  for (sl_jvalue_t *m = paths.v ? paths.v->first : NULL; m; m = m->next) n += 8;
  a.ops = alloc(&a, n < MAX_OPS ? n : MAX_OPS, sizeof *a.ops);
  if (a.ops && paths.v && is_object(&a, paths, "paths")) read_paths(&a, paths);
  sl_js_finish(a.s);
  if (a.s->full) cx->full = true;
  cx->contract->oops = a.ops;
  cx->contract->n_oops = a.n;
}

/* --- asking ------------------------------------------------------------------------------------
 */

size_t sl_contract_oop_count(const sl_contract_t *self)
{
  return self->n_oops;
}

const sl_oop_t *sl_contract_oop_at(const sl_contract_t *self, size_t i)
{
  return i < self->n_oops ? &self->oops[i] : NULL;
}

sl_jschemas_t *sl_contract_schemas(const sl_contract_t *self)
{
  return self->schemas;
}

/* Equal but for the names in {}; b may have a query. */
static bool same_path(const char *a, const char *b)
{
  while (*a && *b && *b != '?') {
    if (*a == '{' && *b == '{') {
      a += strcspn(a, "}");
      b += strcspn(b, "}");
    }
    if (*a != *b) return false;
    if (!*a) break;
    a++, b++;
  }
  return !*a && (!*b || *b == '?');
}

const sl_oop_t *sl_contract_oop(const sl_contract_t *self, const char *method, const char *path)
{
  for (size_t i = 0; i < self->n_oops; i++)
    if (!strcmp(self->oops[i].method, method) && same_path(self->oops[i].path, path))
      return &self->oops[i];
  return NULL;
}

static const sl_oparam_t *by_name(const sl_oop_t *op, sl_oin_t in, const char *name, size_t len)
{
  for (size_t i = 0; i < op->n_params; i++) {
    const sl_oparam_t *p = &op->params[i];
    if (p->in != in || strlen(p->name) != len) continue;
    if (in == SL_O_HEADER ? !strncasecmp(p->name, name, len) : !memcmp(p->name, name, len))
      return p;
  }
  return NULL;
}

const sl_oparam_t *sl_oop_param(const sl_oop_t *op, sl_oin_t in, const char *name,
                                const char *call_path)
{
  if (in != SL_O_PATH) return by_name(op, in, name, strlen(name));
  size_t len = strlen(name);
  const char *theirs = strchr(op->path, '{'), *ours = strchr(call_path, '{');
  for (; theirs && ours; theirs = strchr(theirs + 1, '{'), ours = strchr(ours + 1, '{'))
    if (strcspn(ours + 1, "}") == len && !memcmp(ours + 1, name, len))
      return by_name(op, in, theirs + 1, strcspn(theirs + 1, "}"));
  return NULL;
}

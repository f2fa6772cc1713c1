/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations as OpenAPI 3.1. The component schemas/Problem, which answers refer to, is written by
 * whoever makes the document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/problem.h"
#include "mappings/engine/schema_impl.h"

static void put(sl_jsonw_t *w, const char *key, const char *text)
{
  sl_jsonw_key(w, key);
  sl_jsonw_z(w, text);
}

/* --- parameters --------------------------------------------------------------------------------
 */

static const sl_field_t *field_at(const sl_op_t *op, const char *end)
{
  for (size_t i = 0; i < op->request->n_http; i++)
    if (sl_str_eqz(op->request->http[i].name, end)) return op->request->http[i].field;
  return NULL;
}

static bool optional(const sl_op_t *op, const sl_field_t *field)
{
  for (size_t i = 0; i < op->n_params; i++)
    if (op->params[i].field == field) return op->params[i].optional;
  return true;
}

static bool needed(const sl_op_t *op, const sl_field_t *field)
{
  sl_legacy_t out;
  bool preset = field->notes && field->notes->value_default;
  if (op->n_params) return !optional(op, field) && !preset;
  sl_arena_t *scratch = sl_arena_new(0, 0);
  bool none = !scratch || (field->codec &&
                           sl_codec_write(field->codec, SL_J_ABSENT, sl_str(""), scratch, &out,
                                          NULL) == SL_OK &&
                           (out.state != SL_L_MISSING || !field->required));
  sl_arena_destroy(&scratch);
  return !none && !preset;
}

static void parameter(const sl_op_t *op, const char *end, sl_jsonw_t *w)
{
  const sl_field_t *field = field_at(op, end);
  const char *colon = strchr(end, ':');
  bool path = !strncmp(end, "path:", 5);
  if (!colon) return;
  sl_jsonw_object(w);
  put(w, "name", colon + 1);
  sl_jsonw_key(w, "in");
  sl_jsonw_str(w, sl_strn(end, (size_t)(colon - end)));
  if (path || (field && needed(op, field))) {
    sl_jsonw_key(w, "required");
    sl_jsonw_bool(w, true);
  }
  sl_jsonw_key(w, "schema");
  if (field) {
    sl_buf_t schema;
    sl_buf_init(&schema, 0);
    sl_schema_field(op->request, field, SL_VIEW_REQUEST, &schema);
    sl_jsonw_raw(w, sl_buf_str(&schema));
    sl_buf_fini(&schema);
  } else if (op->page && !strcmp(end, "query:limit")) {
    sl_jsonw_object(w);
    put(w, "type", "integer");
    sl_jsonw_key(w, "minimum");
    sl_jsonw_int(w, 1);
    sl_jsonw_key(w, "maximum");
    sl_jsonw_int(w, op->page->max);
    sl_jsonw_key(w, "default");
    sl_jsonw_int(w, op->page->size);
    sl_jsonw_object_end(w);
  } else {
    sl_jsonw_raw(w, sl_str("{\"type\":\"string\"}"));
  }
  sl_jsonw_object_end(w);
}

static void parameters(const sl_op_t *op, sl_jsonw_t *w)
{
  if (!op->info.n_params) return;
  sl_jsonw_key(w, "parameters");
  sl_jsonw_array(w);
  for (size_t i = 0; i < op->info.n_params; i++) parameter(op, op->info.params[i], w);
  sl_jsonw_array_end(w);
}

/* --- bodies ------------------------------------------------------------------------------------
 */

static void content(const sl_frame_t *frame, sl_view_t view, bool schemas, sl_jsonw_t *w)
{
  sl_buf_t schema;
  sl_buf_init(&schema, 0);
  if (schemas)
    sl_schema_frame(frame, view, &schema);
  else
    sl_buf_addz(&schema, "{}");
  sl_jsonw_key(w, "content");
  sl_jsonw_object(w);
  sl_jsonw_key(w, "application/json");
  sl_jsonw_object(w);
  sl_jsonw_key(w, "schema");
  sl_jsonw_raw(w, sl_buf_str(&schema));
  sl_jsonw_object_end(w);
  sl_jsonw_object_end(w);
  sl_buf_fini(&schema);
}

static void headers(const sl_op_t *op, sl_jsonw_t *w)
{
  size_t n = 0;
  for (size_t i = 0; i < op->response->n_http; i++) {
    const sl_http_end_t *e = &op->response->http[i];
    sl_buf_t schema;
    if (e->name.len < 8 || strncmp(e->name.p, "header:", 7)) continue;
    if (!n++) sl_jsonw_key(w, "headers"), sl_jsonw_object(w);
    sl_buf_init(&schema, 0);
    sl_schema_field(op->response, e->field, SL_VIEW_ANSWER, &schema);
    sl_jsonw_keys(w, sl_strn(e->name.p + 7, e->name.len - 7));
    sl_jsonw_object(w);
    sl_jsonw_key(w, "schema");
    sl_jsonw_raw(w, sl_buf_str(&schema));
    sl_jsonw_object_end(w);
    sl_buf_fini(&schema);
  }
  if (n) sl_jsonw_object_end(w);
}

/* --- statuses ----------------------------------------------------------------------------------
 */

enum { STATUSES = 600 };

struct statuses {
  bool any[STATUSES];
  char problems[STATUSES][160]; /* of each: names, by commas */
};

static void note(struct statuses *s, const sl_when_t *when)
{
  if (when->status < 100 || when->status >= STATUSES) return;
  char *names = s->problems[when->status];
  size_t len = strlen(names), n = strlen(when->problem);
  s->any[when->status] = true;
  if (!n || len + n + 3 > sizeof s->problems[0] || strstr(names, when->problem)) return;
  snprintf(names + len, sizeof s->problems[0] - len, "%s%s", len ? ", " : "", when->problem);
}

static void success(const sl_op_t *op, int status, bool schemas, sl_jsonw_t *w)
{
  char text[16];
  const sl_op_t *answer = op->reread ? op->reread : op;
  snprintf(text, sizeof text, "%d", status);
  sl_jsonw_key(w, text);
  sl_jsonw_object(w);
  put(w, "description", op->body && status != 204 ? "done; the answer is in the body" : "done");
  headers(op, w);
  if (op->body && status != 204) content(answer->response, SL_VIEW_ANSWER, schemas, w);
  sl_jsonw_object_end(w);
}

static void problem(sl_jsonw_t *w, const char *key, const char *description)
{
  sl_jsonw_key(w, key);
  sl_jsonw_object(w);
  put(w, "description", description);
  sl_jsonw_key(w, "content");
  sl_jsonw_raw(w, sl_str("{\"application/problem+json\":{\"schema\":"
                         "{\"$ref\":\"#/components/schemas/Problem\"}}}"));
  sl_jsonw_object_end(w);
}

static void responses(const sl_op_t *op, bool schemas, sl_jsonw_t *w, struct statuses *s)
{
  bool done = false;
  for (size_t i = 0; i < op->n_outcomes; i++)
    for (size_t k = 0; k < op->outcomes[i].n_whens; k++) note(s, &op->outcomes[i].whens[k]);
  for (size_t i = 0; i < op->n_faults; i++) note(s, &op->faults[i]);
  sl_jsonw_key(w, "responses");
  sl_jsonw_object(w);
  if (op->status) success(op, op->status, schemas, w), done = true;
  for (int i = 200; i < 300 && !op->status; i++)
    if (s->any[i]) success(op, i, schemas, w), done = true;
  if (!done) success(op, op->body ? 200 : 204, schemas, w);
  for (int i = 300; i < STATUSES; i++) {
    char text[16];
    if (!s->any[i]) continue;
    snprintf(text, sizeof text, "%d", i);
    problem(w, text, s->problems[i][0] ? s->problems[i] : "refused");
  }
  problem(w, "default", "what is wrong with the request, or with the system behind");
  sl_jsonw_object_end(w);
}

void sl_openapi_operation(const sl_op_t *op, bool schemas, sl_buf_t *out)
{
  sl_jsonw_t w;
  struct statuses *s = calloc(1, sizeof *s);
  sl_jsonw_init(&w, out);
  sl_jsonw_object(&w);
  put(&w, "operationId", op->info.name);
  sl_jsonw_key(&w, "tags");
  sl_jsonw_array(&w);
  sl_jsonw_z(&w, op->mapping->system);
  sl_jsonw_array_end(&w);
  if (op->request) parameters(op, &w);
  if (op->reads_body) {
    sl_jsonw_key(&w, "requestBody");
    sl_jsonw_object(&w);
    sl_jsonw_key(&w, "required");
    sl_jsonw_bool(&w, true);
    content(op->request, SL_VIEW_REQUEST, schemas, &w);
    sl_jsonw_object_end(&w);
  }
  if (s && op->response) responses(op, schemas, &w, s);
  sl_jsonw_object_end(&w);
  if (!s) out->failed = true;
  free(s);
}

/* --- a document --------------------------------------------------------------------------------
 */

static bool first_of_path(const sl_mapping_t *m, size_t i)
{
  for (size_t k = 0; k < i; k++)
    if (!strcmp(m->ops[k].info.path, m->ops[i].info.path)) return false;
  return true;
}

static void path_item(const sl_mapping_t *m, const char *path, sl_jsonw_t *w)
{
  sl_jsonw_key(w, path);
  sl_jsonw_object(w);
  for (size_t i = 0; i < m->n_ops; i++) {
    char method[16];
    sl_buf_t op;
    if (strcmp(m->ops[i].info.path, path)) continue;
    snprintf(method, sizeof method, "%s", m->ops[i].info.method);
    for (char *p = method; *p; p++)
      if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
    sl_buf_init(&op, 0);
    sl_openapi_operation(&m->ops[i], true, &op);
    sl_jsonw_key(w, method);
    sl_jsonw_raw(w, sl_buf_str(&op));
    sl_buf_fini(&op);
  }
  sl_jsonw_object_end(w);
}

void sl_openapi_document(const sl_mapping_t *mapping, sl_buf_t *out)
{
  sl_jsonw_t w;
  sl_jsonw_init(&w, out);
  sl_jsonw_object(&w);
  put(&w, "openapi", "3.1.0");
  sl_jsonw_key(&w, "info");
  sl_jsonw_object(&w);
  put(&w, "title", mapping->name);
  put(&w, "version", mapping->version[0] ? mapping->version : "0");
  sl_jsonw_object_end(&w);
  sl_jsonw_key(&w, "paths");
  sl_jsonw_object(&w);
  for (size_t i = 0; i < mapping->n_ops; i++)
    if (mapping->ops[i].info.path[0] && first_of_path(mapping, i))
      path_item(mapping, mapping->ops[i].info.path, &w);
  sl_jsonw_object_end(&w);
  sl_jsonw_key(&w, "components");
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "schemas");
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "Problem");
  sl_jsonw_raw(&w, sl_str(sl_problem_schema));
  sl_jsonw_object_end(&w);
  sl_jsonw_object_end(&w);
  sl_jsonw_object_end(&w);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/schema.h"

#include <stdio.h>
#include <string.h>
#include "mappings/engine/schema_impl.h"

static bool shown(const sl_scheme_t *self, const sl_jnode_t *node)
{
  if (!sl_scheme_present(self, node)) return false;
  if (node->kind == SL_JN_IGNORE) return self->view == SL_VIEW_REQUEST;
  return self->view == SL_VIEW_REQUEST || node->readable;
}

/* Two lines may share a member, one for each direction: the one of this view. */
static bool shadowed(const sl_scheme_t *self, const sl_jnode_t *node, uint16_t at)
{
  for (uint16_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (i == at || !sl_str_eq(c->key, node->children[at].key) || !shown(self, c)) continue;
    bool request = self->view == SL_VIEW_REQUEST;
    bool theirs = request ? c->writable : c->readable,
         ours = request ? node->children[at].writable : node->children[at].readable;
    if (theirs == ours ? i < at : theirs) return true;
  }
  return false;
}

/* Is it there in every answer, has it to be in every request? */
static bool required(sl_scheme_t *self, const sl_jnode_t *node)
{
  bool answer = self->view == SL_VIEW_ANSWER;
  if (!sl_scheme_present(self, node)) return false;
  if (node->names && node->names->told)
    return answer ? node->names->access != SL_WRITE_ONLY : node->names->access != SL_READ_ONLY;
  switch (node->kind) {
  case SL_JN_FIELD: return sl_scheme_required(self, node->field);
  case SL_JN_LIST: return answer ? node->readable : node->writable && node->list->min > 0;
  case SL_JN_PAIRS: return answer && node->readable;
  case SL_JN_CONST: return answer;
  case SL_JN_OBJECT: break;
  default: return false;
  }
  if (!answer) return false;
  if (node->required || node->has_list) return true;
  const void *before = self->common;
  bool some = false;
  self->common = NULL; /* nothing is around it that it would come and go with */
  for (uint16_t i = 0; i < node->n_children && !some; i++) {
    const sl_jnode_t *c = &node->children[i];
    some = c->readable && c->kind != SL_JN_CONST && required(self, c);
  }
  self->common = before;
  return some;
}

static void object(sl_scheme_t *self, const sl_jnode_t *node, bool root)
{
  const sl_choice_t *choice = sl_scheme_open_choice(self, node);
  if (choice) {
    sl_scheme_cases(self, node, root, choice, object);
    return;
  }
  sl_jsonw_t *w = &self->w;
  size_t n = 0;
  const void *before = self->common;
  self->common = root ? NULL : sl_scheme_common(self->frame, node);
  sl_jsonw_key(w, "type");
  sl_jsonw_z(w, "object");
  sl_jsonw_key(w, "properties");
  sl_jsonw_object(w);
  for (uint16_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (!shown(self, c) || shadowed(self, node, i)) continue;
    sl_jsonw_keys(w, c->key);
    sl_jsonw_object(w);
    sl_scheme_node(self, c, false);
    sl_jsonw_object_end(w);
  }
  sl_jsonw_object_end(w);
  for (uint16_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (!shown(self, c) || shadowed(self, node, i) || !required(self, c)) continue;
    if (!n++) sl_jsonw_key(w, "required"), sl_jsonw_array(w);
    sl_jsonw_str(w, c->key);
  }
  if (n) sl_jsonw_array_end(w);
  self->common = before;
  /* An object without a value in it would come back as none. */
  if (!n && !root && !node->required && !node->has_list)
    sl_jsonw_key(w, "minProperties"), sl_jsonw_int(w, 1);
  sl_jsonw_key(w, "additionalProperties");
  sl_jsonw_bool(w, false);
}

static void list(sl_scheme_t *self, const sl_jnode_t *node)
{
  sl_jsonw_t *w = &self->w;
  const sl_list_t *l = node->list;
  bool null = l->gaps == SL_GAPS_NULL && l->item->json->kind == SL_JN_OBJECT;
  sl_jsonw_key(w, "type");
  sl_jsonw_z(w, "array");
  sl_jsonw_key(w, "items");
  sl_jsonw_object(w);
  if (null) {
    sl_jsonw_key(w, "anyOf");
    sl_jsonw_array(w);
    sl_jsonw_object(w);
  }
  const sl_frame_t *frame = self->frame;
  self->frame = l->item;
  self->filled = sl_scheme_fills(l);
  sl_scheme_node(self, l->item->json, true);
  self->filled = false;
  self->frame = frame;
  if (null) {
    sl_jsonw_object_end(w);
    sl_jsonw_raw(w, sl_str("{\"type\":\"null\"}"));
    sl_jsonw_array_end(w);
  }
  sl_jsonw_object_end(w);
  if (l->min > 0) sl_jsonw_key(w, "minItems"), sl_jsonw_int(w, l->min);
  if (l->max != SL_UNBOUNDED) sl_jsonw_key(w, "maxItems"), sl_jsonw_int(w, l->max);
}

static void pairs(sl_scheme_t *self, const sl_jnode_t *node)
{
  sl_jsonw_t *w = &self->w;
  const sl_list_t *l = node->list;
  sl_jsonw_key(w, "type");
  sl_jsonw_z(w, "object");
  if (l->item->n_slots < 2) return;
  const sl_frame_t *frame = self->frame;
  self->frame = l->item;
  sl_jsonw_key(w, "propertyNames");
  sl_jsonw_object(w);
  sl_scheme_value(self, l->item->fields[0]);
  sl_jsonw_object_end(w);
  sl_jsonw_key(w, "additionalProperties");
  sl_jsonw_object(w);
  sl_scheme_value(self, l->item->fields[1]);
  sl_jsonw_object_end(w);
  self->frame = frame;
  if (l->max != SL_UNBOUNDED) sl_jsonw_key(w, "maxProperties"), sl_jsonw_int(w, l->max);
}

void sl_scheme_node(sl_scheme_t *self, const sl_jnode_t *node, bool root)
{
  sl_jsonw_t *w = &self->w;
  switch (node->kind) {
  case SL_JN_FIELD:
    if (!node->names) {
      sl_scheme_value(self, node->field);
      return;
    }
    sl_scheme_kind(self, node->names);
    break;
  case SL_JN_LIST: list(self, node); break;
  case SL_JN_PAIRS: pairs(self, node); break;
  case SL_JN_OBJECT: object(self, node, root); break;
  case SL_JN_CONST:
    if (self->view == SL_VIEW_ANSWER)
      sl_jsonw_key(w, "const"), sl_jsonw_raw(w, node->constant->text);
    break;
  default: return;
  }
  if (root) return;
  if (!node->writable || node->kind == SL_JN_CONST)
    sl_jsonw_key(w, "readOnly"), sl_jsonw_bool(w, true);
  else if (!node->readable)
    sl_jsonw_key(w, "writeOnly"), sl_jsonw_bool(w, true);
}

void sl_schema_frame(const sl_frame_t *frame, sl_view_t view, sl_buf_t *out)
{
  sl_scheme_t self = {.frame = frame, .view = view, .scratch = sl_arena_new(0, 0)};
  sl_jsonw_init(&self.w, out);
  sl_jsonw_object(&self.w);
  if (self.scratch) sl_scheme_node(&self, frame->json, true);
  sl_jsonw_object_end(&self.w);
  if (!self.scratch) out->failed = true;
  sl_arena_destroy(&self.scratch);
}

/* --- documents ---------------------------------------------------------------------------------
 */

static void begin(const sl_mapping_t *m, const char *title, sl_jsonw_t *w, sl_buf_t *out)
{
  char text[256];
  snprintf(text, sizeof text, "derived from the mapping %.100s, version %.40s", m->name,
           m->version);
  sl_jsonw_init(w, out);
  sl_jsonw_object(w);
  sl_jsonw_key(w, "$schema");
  sl_jsonw_z(w, "https://json-schema.org/draft/2020-12/schema");
  sl_jsonw_key(w, "title");
  sl_jsonw_z(w, title);
  sl_jsonw_key(w, "$comment");
  sl_jsonw_z(w, text);
}

static void def(sl_jsonw_t *w, const char *name, sl_str_t schema)
{
  sl_jsonw_key(w, name);
  sl_jsonw_raw(w, schema);
}

/* NAME, and NAMEInput where it differs. */
static void shape_defs(const sl_shape_t *shape, sl_jsonw_t *w, bool answer_too)
{
  char name[300];
  sl_buf_t answer, request;
  sl_buf_init(&answer, 0);
  sl_buf_init(&request, 0);
  sl_schema_frame(shape->frame, SL_VIEW_ANSWER, &answer);
  sl_schema_frame(shape->frame, SL_VIEW_REQUEST, &request);
  if (answer_too) def(w, shape->name, sl_buf_str(&answer));
  snprintf(name, sizeof name, "%sInput", shape->name);
  if (!sl_str_eq(sl_buf_str(&answer), sl_buf_str(&request))) def(w, name, sl_buf_str(&request));
  sl_buf_fini(&answer);
  sl_buf_fini(&request);
}

/* The shape's schema is the document's own: its members follow the title's. */
static void shape_root(const sl_shape_t *shape, sl_jsonw_t *w)
{
  sl_scheme_t self = {
      .w = *w, .frame = shape->frame, .view = SL_VIEW_ANSWER, .scratch = sl_arena_new(0, 0)};
  if (self.scratch) sl_scheme_node(&self, shape->frame->json, true);
  *w = self.w;
  sl_arena_destroy(&self.scratch);
}

sl_code_t sl_schema_shapes(const sl_mapping_t *mapping, const char *shape, sl_buf_t *out,
                           sl_err_t *err)
{
  sl_jsonw_t w;
  const sl_shape_t *only = shape ? sl_mapping_shape(mapping, shape) : NULL;
  if (shape && !only) return sl_err_set(err, SL_NOT_FOUND, "there is no shape \"%.100s\"", shape);
  begin(mapping, only ? only->name : mapping->name, &w, out);
  if (only) shape_root(only, &w);
  sl_jsonw_key(&w, "$defs");
  sl_jsonw_object(&w);
  for (size_t i = 0; i < mapping->n_shapes; i++)
    if (!only || only == &mapping->shapes[i]) shape_defs(&mapping->shapes[i], &w, !only);
  sl_jsonw_object_end(&w);
  sl_jsonw_object_end(&w);
  return SL_OK;
}

void sl_schema_operation(const sl_op_t *op, sl_buf_t *out)
{
  sl_jsonw_t w;
  sl_buf_t schema;
  begin(op->mapping, op->info.name, &w, out);
  sl_jsonw_key(&w, "$defs");
  sl_jsonw_object(&w);
  sl_buf_init(&schema, 0);
  if (op->reads_body) {
    sl_schema_frame(op->request, SL_VIEW_REQUEST, &schema);
    def(&w, "request", sl_buf_str(&schema));
  }
  const sl_op_t *answer = op->reread ? op->reread : op;
  if (op->body) {
    sl_buf_clear(&schema);
    sl_schema_frame(answer->response, SL_VIEW_ANSWER, &schema);
    def(&w, "response", sl_buf_str(&schema));
  }
  sl_buf_fini(&schema);
  sl_jsonw_object_end(&w);
  sl_jsonw_object_end(&w);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/explain.h"

#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/field.h"
#include "mappings/engine/run.h"
#include "mappings/laws/describe.h"
#include "mappings/laws/lines.h"

struct explain {
  sl_arena_t *arena;
  const char *wanted;
  sl_explain_report_t *report;
  void *context;
  sl_err_t *err;
  bool xml;
};

static sl_code_t full(struct explain *e)
{
  return sl_err_set(e->err, SL_TOO_LARGE, "out of memory");
}

/* Is pointer the wanted one, or below it? */
static bool is_wanted(const struct explain *e, const char *pointer)
{
  size_t n = strlen(e->wanted);
  return !strncmp(pointer, e->wanted, n) && (!n || pointer[n] == '\0' || pointer[n] == '/');
}

static const char *list_place(struct explain *e, const sl_list_t *list, const char *base)
{
  return sl_line_place(base, list->object, list->legacy, e->arena);
}

/* --- the rule that made a value ------------------------------------------------------------------
 */

static const char *sentinel(struct explain *e, const sl_codec_t *c, sl_str_t raw)
{
  for (size_t i = 0; i < c->n_sentinels; i++)
    if (sl_str_eq(c->sentinels[i].legacy, raw))
      return sl_arena_printf(e->arena, "sentinel %.*s", SL_STR_ARG(raw));
  return NULL;
}

static const char *rule(struct explain *e, const sl_field_t *field, sl_lstate_t state, sl_str_t raw,
                        sl_read_t result)
{
  static const char *const states[] = {"missing", "nil", "text", "empty", "blank"};
  const char *named = state >= SL_L_TEXT ? sentinel(e, field->codec, raw) : NULL, *out;
  if (result != SL_READ_VALUE) {
    const char *meaning = result == SL_READ_NULL ? "null" : "absent";
    out = sl_arena_printf(e->arena, "%s means %s", named ? named : states[state], meaning);
  } else if (named) {
    out = named;
  } else {
    sl_buf_t b;
    sl_buf_init(&b, 0);
    sl_describe_codec(field->codec, &b);
    out = sl_arena_strdup(e->arena, sl_buf_z(&b));
    sl_buf_fini(&b);
  }
  return out ? out : "";
}

/* --- the walk ------------------------------------------------------------------------------------
 */

static sl_code_t explain_field(struct explain *e, const sl_field_t *field,
                               const sl_record_t *record, const char *pointer, const char *base)
{
  sl_buf_t json;
  sl_legacy_t v;
  sl_read_t result = SL_READ_VALUE;
  if (!is_wanted(e, pointer)) return SL_OK;
  sl_buf_init(&json, 0);
  sl_code_t code = sl_field_legacy(field, record, e->arena, &v, e->err);
  if (!code) code = sl_field_read(field, record, e->arena, &json, &result, e->err);
  if (!code) {
    sl_slot_t slot = {v.text.p, (uint32_t)v.text.len, (uint8_t)v.state, 0};
    bool plain =
        field->legacy == field->json; /* an item that is a value calls itself by its list */
    sl_reason_t r = {.pointer = pointer,
                     .value = sl_buf_str(&json),
                     .legacy =
                         plain ? base : sl_line_place(base, field->object, field->legacy, e->arena),
                     .state = sl_legacy_state(&slot),
                     .raw = v.text,
                     .line = field->line};
    r.rule = rule(e, field, r.state, v.text, result);
    e->report(e->context, &r);
  }
  sl_buf_fini(&json);
  return code;
}

static sl_code_t explain_node(struct explain *e, const sl_jnode_t *node, const sl_record_t *record,
                              const char *pointer, const char *base);

/* Where the item stands: in a numbered place, or the nth of its list. */
static const char *place_of(struct explain *e, const sl_list_t *list, const sl_record_t *record,
                            const sl_record_t *item, unsigned n, const char *base)
{
  const char *legacy = list_place(e, list, base);
  if (list->form == SL_LIST_ZIP) /* its values name their lists */
    return list->object[0] ? sl_line_place(base, list->object, ".", e->arena) : base;
  for (size_t k = 0; list->form == SL_LIST_SLOTS && k < list->n_parts; k++)
    if (record->lists[list->parts[k]->index].first == item)
      return list_place(e, list->parts[k], base);
  /* XPath counts from 1, JSON pointers from 0. */
  return sl_arena_printf(e->arena, e->xml ? "%s[%u]" : "%s/%u", legacy, e->xml ? n + 1 : n);
}

/* The member's pointer: its name, with ~ and / as RFC 6901 wants them. */
static const char *pair_pointer(struct explain *e, const sl_list_t *list, const sl_record_t *item,
                                const char *pointer)
{
  sl_buf_t name, at;
  sl_read_t result;
  const char *out = NULL;
  sl_buf_init(&name, 0);
  sl_buf_init(&at, 0);
  sl_buf_printf(&at, "%s/", pointer);
  if (!sl_field_read_text(list->item->fields[0], item, e->arena, &name, &result, e->err)) {
    for (size_t i = 0; i < name.len; i++)
      if (name.p[i] == '~' || name.p[i] == '/')
        sl_buf_addz(&at, name.p[i] == '~' ? "~0" : "~1");
      else
        sl_buf_addc(&at, name.p[i]);
    if (!at.failed && !name.failed) out = sl_arena_strndup(e->arena, at.p, at.len);
  }
  sl_buf_fini(&name);
  sl_buf_fini(&at);
  return out;
}

static sl_code_t explain_list(struct explain *e, const sl_list_t *list, const sl_record_t *record,
                              const char *pointer, const char *base)
{
  const sl_items_t *items = &record->lists[list->index];
  const char *legacy = list_place(e, list, base);
  unsigned i = 0;
  for (const sl_record_t *item = items->first; item; item = item->next, i++) {
    bool pairs = list->form == SL_LIST_PAIRS;
    const char *at = pairs ? pair_pointer(e, list, item, pointer)
                           : sl_arena_printf(e->arena, "%s/%u", pointer, i);
    const char *in = place_of(e, list, record, item, i, base);
    if (!at || !in) return full(e);
    sl_code_t code = pairs ? explain_field(e, list->item->fields[1], item, at, in)
                           : explain_node(e, list->item->json, item, at, in);
    if (code) return code;
  }
  if (i || !is_wanted(e, pointer)) return SL_OK;
  sl_reason_t r = {.pointer = pointer,
                   .value = sl_str(list->form == SL_LIST_PAIRS ? "{}" : "[]"),
                   .legacy = legacy,
                   .state = (sl_lstate_t)items->state,
                   .line = list->line,
                   .rule = "a list without items"};
  e->report(e->context, &r);
  return SL_OK;
}

static sl_code_t explain_object(struct explain *e, const sl_jnode_t *node,
                                const sl_record_t *record, const char *pointer, const char *base)
{
  for (uint32_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (!c->readable || !sl_only_holds(&c->only, record)) continue;
    const char *at = sl_arena_printf(e->arena, "%s/%.*s", pointer, SL_STR_ARG(c->key));
    if (!at) return full(e);
    sl_code_t code = explain_node(e, c, record, at, base);
    if (code) return code;
  }
  return SL_OK;
}

static sl_code_t explain_node(struct explain *e, const sl_jnode_t *node, const sl_record_t *record,
                              const char *pointer, const char *base)
{
  switch (node->kind) {
  case SL_JN_FIELD: return explain_field(e, node->field, record, pointer, base);
  case SL_JN_PAIRS:
  case SL_JN_LIST: return explain_list(e, node->list, record, pointer, base);
  case SL_JN_OBJECT: return explain_object(e, node, record, pointer, base);
  case SL_JN_CONST: {
    sl_reason_t r = {
        .pointer = pointer, .value = node->constant->text, .legacy = "", .rule = "a constant"};
    if (is_wanted(e, pointer)) e->report(e->context, &r);
    return SL_OK;
  }
  default: return SL_OK;
  }
}

sl_code_t sl_explain(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t legacy,
                     const char *pointer, sl_explain_report_t *report, void *context, sl_err_t *err)
{
  struct explain e = {.arena = arena,
                      .wanted = pointer,
                      .report = report,
                      .context = context,
                      .err = err,
                      .xml = shape->mapping->kind == SL_KIND_SOAP};
  sl_record_t *record;
  sl_code_t code = sl_shape_record(shape, arena, legacy, &record, err);
  return code ? code : explain_node(&e, shape->frame->json, record, "", "");
}

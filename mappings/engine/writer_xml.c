/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/writer_xml.h"

#include <stdio.h>
#include <string.h>
#include "mappings/engine/base.h"
#include "mappings/engine/choice.h"
#include "mappings/engine/field.h"
#include "mappings/engine/lists.h"
#include "mappings/engine/reader_xml.h"
#include "mappings/engine/xml_capture.h"

struct writer {
  sl_buf_t *out;
  sl_arena_t *arena;
  sl_err_t *err;
  const char *missing; /* label of the first thing required below the current element, NULL: none */
  bool xsi;            /* its prefix is declared at the root */
  const sl_mapping_t *mapping;
};

/* A choice among siblings, while they are written. */
struct choice {
  uint16_t group;
  const sl_xnode_t *written; /* by a line; NULL: none yet */
  size_t from, to;           /* in out: what is carried of it */
};

#define XSI " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""

static void back_to(struct writer *w, size_t mark)
{
  if (!w->out->failed) w->out->len = mark;
}

/* What is only read is written all the same when it is there to be kept. */
static bool writes(const sl_field_t *field, const sl_record_t *record)
{
  return field && (field->access != SL_READ_ONLY || record->base);
}

static sl_code_t write_attrs(struct writer *w, const sl_xnode_t *node, const sl_record_t *record,
                             bool *any)
{
  for (uint32_t i = 0; i < node->n_attrs; i++) {
    const sl_xattr_plan_t *a = &node->attrs[i];
    sl_legacy_t v = {SL_L_MISSING, {NULL, 0}};
    if (a->only.choice && !sl_only_holds(&a->only, record)) continue;
    const sl_field_t *field = sl_field_out(a->field, record);
    const sl_const_t *constant = sl_const_in(a->constant, record);
    if (a->carry) {
      const sl_chunk_t *kept = sl_base_carried(record, a->carry);
      if (kept) v = (sl_legacy_t){SL_L_TEXT, kept->text};
      if (!kept && a->required && record->base && !w->missing) w->missing = node->path;
    } else if (writes(field, record)) {
      sl_code_t code = sl_field_write(field, record, w->arena, &v, w->err);
      if (code) return code;
      if (v.state == SL_L_MISSING && a->required && !w->missing) w->missing = field->label;
    } else if (constant) {
      v = (sl_legacy_t){SL_L_TEXT, constant->text};
    }
    if (v.state == SL_L_MISSING) continue;
    sl_buf_adds(w->out, a->open);
    if (v.state != SL_L_EMPTY) sl_xml_escape(w->out, v.text, true);
    sl_buf_addc(w->out, '"');
    *any |= field && !sl_field_is_preset(field, record);
  }
  const sl_chunk_t *rest = sl_base_carried(record, node->rest_attrs);
  for (; rest; rest = rest->next) sl_buf_adds(w->out, rest->text);
  return SL_OK;
}

/* ">text</name>", "/>" or nil; *there: there is a value; *preset: it is only a default. */
static sl_code_t write_text(struct writer *w, const sl_xnode_t *node, const sl_record_t *record,
                            bool attrs, bool *there, bool *preset)
{
  sl_legacy_t v = {SL_L_MISSING, {NULL, 0}};
  const sl_field_t *field = sl_field_out(node->field, record);
  const sl_const_t *constant = sl_const_in(node->constant, record);
  if (!writes(field, record)) field = NULL;
  if (field) {
    sl_code_t code = sl_field_write(field, record, w->arena, &v, w->err);
    if (code) return code;
    if (v.state == SL_L_MISSING && attrs) return sl_field_missing(field, w->err);
    if (v.state == SL_L_MISSING && node->required && !w->missing) w->missing = field->label;
  } else if (constant) {
    v = (sl_legacy_t){SL_L_TEXT, constant->text};
  }
  *preset = field && sl_field_is_preset(field, record);
  *there = field && v.state != SL_L_MISSING && !*preset;
  if (v.state == SL_L_NIL) {
    sl_buf_addz(w->out, w->xsi ? " xsi:nil=\"true\"/>" : XSI " xsi:nil=\"true\"/>");
  } else if (v.state == SL_L_MISSING || v.state == SL_L_EMPTY || !v.text.len) {
    sl_buf_addz(w->out, "/>");
  } else {
    sl_buf_addc(w->out, '>');
    sl_xml_escape(w->out, v.text, false);
    sl_buf_adds(w->out, node->close);
  }
  return SL_OK;
}

static sl_code_t write_element(struct writer *w, const sl_xnode_t *node, const sl_record_t *record,
                               sl_str_t xmlns, bool keep, bool *there);

/* A numbered place: its element is there when something is, or the contract wants it. */
static sl_code_t write_place(struct writer *w, const sl_list_t *list, const sl_record_t *item,
                             bool *there)
{
  static const sl_str_t none = {"", 0};
  size_t mark = w->out->len;
  if (!item) return SL_OK;
  sl_code_t code = write_element(w, list->item->xml, item, none, list->min > 0, there);
  if (code) sl_err_in_list(w->err, list, 0);
  if (!code && list->min && w->out->len == mark && !w->missing) w->missing = list->json;
  return code;
}

static sl_code_t write_items(struct writer *w, const sl_list_t *list, const sl_record_t *record,
                             bool *there)
{
  const sl_items_t *items = &record->lists[list->index];
  static const sl_str_t none = {"", 0};
  if (list->whole && list->whole->form == SL_LIST_SLOTS)
    return write_place(w, list, items->first, there);
  if (items->n > list->max)
    return sl_err_field(w->err, SL_INVALID, list->json, "has %u items, the contract allows %u",
                        items->n, list->max);
  if (items->n < list->min) {
    if (items->n)
      return sl_err_field(w->err, SL_INVALID, list->json,
                          "has %u items, the contract wants at least %u", items->n, list->min);
    if (!w->missing) w->missing = list->json;
  }
  bool all =
      list->form == SL_LIST_REPEATS && !list->drops && !items->kept && list->item->xml->writable;
  unsigned index = 0;
  for (const sl_record_t *item = items->first; item; item = item->next, index++) {
    bool some;
    size_t mark = w->out->len;
    sl_code_t code = write_element(w, list->item->xml, item, none, true, &some);
    if (!code && all && w->out->len == mark && !w->out->failed)
      code = sl_err_field(w->err, SL_INVALID, list->json, "has no value: it would be left out");
    if (code) return sl_err_in_list(w->err, list, index), code;
    *there = true;
  }
  return SL_OK;
}

/* What the base has of an element that no line maps. */
static void write_carried(struct writer *w, const sl_record_t *record, unsigned carry, bool *there)
{
  const sl_chunk_t *chunk = sl_base_carried(record, carry);
  for (; chunk; chunk = chunk->next) {
    sl_buf_adds(w->out, chunk->text);
    *there = true;
  }
}

/* Of a choice's alternatives, one that is written now drives out one that is only carried. */
static void drop_carried(struct writer *w, size_t from, size_t to)
{
  if (w->out->failed || from == to) return;
  memmove(w->out->p + from, w->out->p + to, w->out->len - to);
  w->out->len -= to - from;
}

/* Two values for what the contract has one place for (XML Schema Part 1 §3.8.4). Occurrences of one
 * element, told apart by predicates, are one alternative. */
static sl_code_t only_one(const struct writer *w, const sl_xnode_t *first, const sl_xnode_t *second)
{
  if (!first || sl_str_eq(first->open, second->open)) return SL_OK;
  const char *label = second->field ? second->field->label : second->path;
  const char *other = first->field ? first->field->label : first->path;
  return sl_err_field(w->err, SL_INVALID, label, "and %s exclude each other: send one of them",
                      other);
}

static void write_carried_child(struct writer *w, const sl_xnode_t *c, const sl_record_t *record,
                                struct choice *choice, bool *there)
{
  size_t from = w->out->len;
  if (c->choice && choice->written) return;
  write_carried(w, record, c->carry, there);
  if (c->choice && *there && choice->from == choice->to)
    choice->from = from, choice->to = w->out->len;
  if (!*there && c->required && record->base && !w->missing) w->missing = c->path;
}

static sl_code_t write_children(struct writer *w, const sl_xnode_t *node, const sl_record_t *record,
                                bool *there)
{
  static const sl_str_t none = {"", 0};
  struct choice choice = {0};
  for (uint32_t i = 0; i < node->n_children; i++) {
    const sl_xnode_t *c = &node->children[i];
    bool some = false;
    if (!(record->base ? c->keeps : c->writable) ||
        (c->only.choice && !sl_only_holds(&c->only, record)) ||
        (c->list && !sl_only_holds(&c->list->only, record)))
      continue;
    bool tells = c->only.choice && c->only.choice->by == SL_BY_ELEMENT && !c->carry;
    size_t mark = w->out->len;
    if (c->choice && c->choice != choice.group) choice = (struct choice){.group = c->choice};
    sl_code_t code = SL_OK;
    if (c->carry)
      write_carried_child(w, c, record, &choice, &some);
    else
      code = c->list ? write_items(w, c->list, record, &some)
                     : write_element(w, c, record, none, c->required || tells, &some);
    if (!code && tells && c->field && w->out->len == mark)
      code = sl_field_missing(c->field, w->err);
    if (code) return code;
    if (c->choice && some && !c->carry) {
      code = only_one(w, choice.written, c);
      if (code) return code;
      drop_carried(w, choice.from, choice.to);
      choice = (struct choice){.group = c->choice, .written = c};
    }
    *there |= some || tells;
  }
  write_carried(w, record, node->rest, there);
  return SL_OK;
}

/* Whether the kind is known: then the element is there for its sake. */
static bool put_type(struct writer *w, const sl_choice_t *choice, const sl_record_t *record)
{
  int i = sl_choice_case(choice, record);
  if (i >= 0)
    sl_buf_adds(w->out, choice->cases[i].xsi);
  else if (!w->missing && sl_only_holds(&choice->within, record))
    w->missing = choice->label;
  return i >= 0;
}

/* Text, where elements are below it in other cases only. */
static bool is_text(const sl_xnode_t *node, const sl_record_t *record)
{
  return (!node->n_children && !node->rest) ||
         (node->field && node->field->only.choice && sl_field_out(node->field, record));
}

/* An element whose value is its XML: it has to be spelled as it will be read. */
static sl_code_t write_raw(struct writer *w, const sl_xnode_t *node, const sl_record_t *record,
                           bool *there)
{
  const sl_field_t *field = sl_field_out(node->field, record);
  sl_legacy_t v = {SL_L_MISSING, {NULL, 0}};
  sl_code_t code =
      writes(field, record) ? sl_field_write(field, record, w->arena, &v, w->err) : SL_OK;
  if (code) return code;
  *there = v.state != SL_L_MISSING;
  if (!*there && node->required && field && !w->missing) w->missing = field->label;
  if (v.state == SL_L_NIL) {
    sl_buf_adds(w->out, node->open);
    sl_buf_addz(w->out, w->xsi ? " xsi:nil=\"true\"/>" : XSI " xsi:nil=\"true\"/>");
  }
  if (!*there || v.state == SL_L_NIL) return SL_OK;
  sl_str_t canonical;
  code = sl_xml_canonical(w->mapping, node, v.text, w->arena, &canonical, w->err);
  if (!code && !sl_str_eq(canonical, v.text))
    code =
        sl_err_set(w->err, SL_INVALID, "XML as it is read was expected, which here begins \"%.*s\"",
                   (int)(canonical.len < 80 ? canonical.len : 80), canonical.p);
  if (code && w->err) snprintf(w->err->field, sizeof w->err->field, "%s", field->label);
  if (!code) sl_buf_adds(w->out, v.text);
  return code;
}

/* keep: it is written even when no value is in it. *there: a value is, or it is to stay. */
static sl_code_t write_element(struct writer *w, const sl_xnode_t *node, const sl_record_t *record,
                               sl_str_t xmlns, bool keep, bool *there)
{
  size_t mark = w->out->len;
  const char *outer = w->missing;
  bool attrs = false, inside = false, preset = false;
  if (node->raw) return write_raw(w, node, record, there);
  w->missing = NULL;
  sl_buf_adds(w->out, node->open);
  sl_buf_adds(w->out, xmlns);
  if (node->by_type) attrs = put_type(w, node->by_type, record);
  sl_code_t code = write_attrs(w, node, record, &attrs);
  if (code) return code;
  if (!is_text(node, record)) {
    size_t body = w->out->len;
    sl_buf_addc(w->out, '>');
    code = write_children(w, node, record, &inside);
    if (!w->out->failed && w->out->len == body + 1) {
      back_to(w, body);
      sl_buf_addz(w->out, "/>");
    } else {
      sl_buf_adds(w->out, node->close);
    }
  } else {
    code = write_text(w, node, record, attrs, &inside, &preset);
  }
  if (code) return code;
  *there = inside || attrs;
  const sl_field_t *field = sl_field_out(node->field, record);
  bool constant = sl_const_in(node->constant, record) && !writes(field, record);
  bool leaf_missing = node->field && !constant && !*there && !preset;
  bool only_constants = !node->has_values || (constant && !node->n_children && !node->n_attrs);
  if (*there || preset || (keep && !leaf_missing) || (only_constants && !node->required)) {
    if (w->missing) return sl_err_field(w->err, SL_INVALID, w->missing, "is required");
    w->missing = outer;
    return SL_OK;
  }
  /* The base's had nothing in it either: it stays as it is. */
  size_t hollow_len = node->open.len + xmlns.len + 2;
  if (w->out->len == mark + hollow_len && sl_base_carried(record, node->hollow)) {
    w->missing = outer;
    *there = true;
    return SL_OK;
  }
  back_to(w, mark);
  /* A required value that is not there is the concern of the element around it; but not when its
   * own element may be left out as a whole: then nothing is. */
  bool left_out = !node->required && (node->by_type || !keep);
  if (outer || !leaf_missing || left_out) w->missing = outer;
  return SL_OK;
}

sl_code_t sl_xml_write(sl_record_t *record, const char *root, sl_arena_t *arena, sl_buf_t *out,
                       sl_err_t *err)
{
  struct writer w = {.out = out,
                     .arena = arena,
                     .err = err,
                     .xsi = record->frame->xsi,
                     .mapping = record->frame->mapping};
  sl_xnode_t node = *record->frame->xml;
  bool there;
  sl_code_t code = sl_lists_spread(record, arena, err);
  if (code) return code;
  if (root) {
    node.open = sl_str(sl_arena_printf(arena, "<%s", root));
    node.close = sl_str(sl_arena_printf(arena, "</%s>", root));
    if (!node.open.p || !node.close.p) return sl_err_set(err, SL_TOO_LARGE, "out of memory");
  }
  code = write_element(&w, &node, record, record->frame->xmlns, true, &there);
  if (code) return code;
  if (w.missing) return sl_err_field(err, SL_INVALID, w.missing, "is required");
  return out->failed ? sl_err_set(err, SL_TOO_LARGE, "the request is larger than a message may be")
                     : SL_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/writer_json.h"

#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/base.h"
#include "mappings/engine/choice.h"
#include "mappings/engine/field.h"
#include "mappings/engine/lists.h"

struct writer {
  sl_buf_t *out;
  sl_arena_t *arena;
  sl_err_t *err;
  bool legacy;
};

static sl_code_t write_node(struct writer *w, const sl_jnode_t *node, const sl_record_t *record,
                            bool *absent_p);

/* Numbers and booleans bare, the rest quoted, unless the contract wants it otherwise. */
sl_json_kind_t sl_legacy_json_kind(const sl_field_t *field, sl_legacy_t v)
{
  bool number = field->spelled == SL_SPELLED_ANY ? sl_codec_writes_numbers(field->codec)
                                                 : field->spelled == SL_SPELLED_NUMBER;
  if (v.state == SL_L_NIL) return SL_JSON_NULL;
  if (v.state == SL_L_EMPTY) return SL_JSON_STRING;
  if (number && sl_json_is_number(v.text)) return SL_JSON_NUMBER;
  if (sl_codec_kind(field->codec) != SL_CODEC_BOOLEAN || field->spelled == SL_SPELLED_TEXT)
    return SL_JSON_STRING;
  return sl_str_eqz(v.text, "true")    ? SL_JSON_TRUE
         : sl_str_eqz(v.text, "false") ? SL_JSON_FALSE
                                       : SL_JSON_STRING;
}

static void put_legacy(struct writer *w, const sl_field_t *field, sl_legacy_t v)
{
  sl_json_kind_t kind = sl_legacy_json_kind(field, v);
  if (kind == SL_JSON_NULL)
    sl_buf_addz(w->out, "null");
  else if (v.state == SL_L_EMPTY)
    sl_buf_addz(w->out, "\"\"");
  else if (kind == SL_JSON_STRING)
    sl_json_quote(w->out, v.text);
  else
    sl_buf_adds(w->out, v.text);
}

/* The base's spelling, with or without quotes as it came. */
static void put_kept(struct writer *w, sl_legacy_t v, bool bare, bool *absent_p)
{
  *absent_p = v.state == SL_L_MISSING;
  if (v.state == SL_L_NIL)
    sl_buf_addz(w->out, "null");
  else if (v.state == SL_L_TEXT && bare)
    sl_buf_adds(w->out, v.text);
  else if (v.state == SL_L_TEXT)
    sl_json_quote(w->out, v.text);
}

/* The consumer's. */
static inline sl_code_t read_field(struct writer *w, const sl_field_t *field,
                                   const sl_record_t *record, bool *absent_p)
{
  sl_read_t result;
  sl_code_t code = sl_field_read(field, record, w->arena, w->out, &result, w->err);
  *absent_p = result == SL_READ_ABSENT;
  return code;
}

static sl_code_t write_field(struct writer *w, const sl_field_t *field, const sl_record_t *record,
                             bool *absent_p)
{
  if (!w->legacy) return read_field(w, field, record, absent_p);
  if (record->base) {
    sl_legacy_t v;
    bool kept, bare;
    sl_code_t code = sl_base_kept(field, record, w->arena, &kept, &v, &bare, w->err);
    if (code) return code;
    if (kept) return put_kept(w, v, bare, absent_p), SL_OK;
  }
  sl_legacy_t v;
  sl_code_t code = sl_field_write(field, record, w->arena, &v, w->err);
  if (code) return code;
  *absent_p = v.state == SL_L_MISSING;
  if (!*absent_p) put_legacy(w, field, v);
  return SL_OK;
}

/* A record that is there: the legacy system gets its constants and defaults in any case. */
static sl_jnode_t kept(const struct writer *w, const sl_jnode_t *node)
{
  sl_jnode_t copy = *node;
  copy.required |= w->legacy;
  return copy;
}

/* May the one item behind the bracket at start do without it? Bare null would be no item, and a
 * bare array several. */
static bool stands_bare(const sl_buf_t *out, size_t start)
{
  sl_str_t item = sl_strn(out->p + start + 1, out->len - start - 1);
  return !out->failed && item.len && item.p[0] != '[' && !sl_str_eqz(item, "null");
}

/* What came from the legacy system is settled now that it is whole. */
static sl_code_t write_record(struct writer *w, const sl_jnode_t *node, const sl_record_t *record,
                              bool *absent_p)
{
  if (!record->frame->n_choices || w->legacy) return write_node(w, node, record, absent_p);
  sl_code_t code = sl_choices_read(record, w->err);
  if (!code) code = write_node(w, node, record, absent_p);
  return code ? code : sl_choices_shown(record, w->err);
}

/* Members of the base that no line maps. */
static void put_carried(struct writer *w, const sl_chunk_t *chunk, char *open, bool *values)
{
  for (; chunk; chunk = chunk->next) {
    sl_buf_addc(w->out, *open);
    sl_buf_adds(w->out, chunk->text);
    *open = ',';
    *values = true;
  }
}

/* A legacy list without items. Over a base that has none either it stays as it is there; in a PATCH
 * that the legacy system itself takes it is left out with the consumer's member. */
static bool put_none(struct writer *w, const sl_list_t *list, const sl_record_t *record,
                     const sl_items_t *theirs, bool *absent_p)
{
  const sl_list_t *whole = list->whole ? list->whole : list;
  if (!record->base)
    *absent_p = record->frame->merge && record->lists[whole->index].state == SL_J_ABSENT;
  else if (theirs && !theirs->n)
    *absent_p = theirs->state == SL_L_MISSING;
  if (*absent_p || !theirs || theirs->n || theirs->state != SL_L_NIL) return *absent_p;
  sl_buf_addz(w->out, "null");
  return true;
}

static sl_code_t write_items(struct writer *w, const sl_list_t *list, const sl_record_t *record,
                             bool *absent_p)
{
  const sl_items_t *items = &record->lists[list->index], *theirs = NULL;
  sl_jnode_t node = kept(w, w->legacy ? list->item->legacy_json : list->item->json);
  size_t start = w->out->len;
  if (w->legacy && record->base && list->base_list)
    theirs = &record->base->record->lists[list->base_list - 1];
  if (w->legacy && !items->n && put_none(w, list, record, theirs, absent_p)) return SL_OK;
  sl_buf_addc(w->out, '[');
  unsigned index = 0;
  for (const sl_record_t *item = items->first; item; item = item->next, index++) {
    bool absent = false;
    if (item != items->first) sl_buf_addc(w->out, ',');
    if (item->null) {
      sl_buf_addz(w->out, "null");
      continue;
    }
    sl_code_t code = write_record(w, &node, item, &absent);
    if (code) return sl_err_in_list(w->err, list, index), code;
    if (absent) sl_buf_addz(w->out, node.kind == SL_JN_OBJECT ? "{}" : "null");
  }
  bool single = w->legacy && list->single_object && items->n == 1;
  if (theirs && theirs->n == 1 && !theirs->bare) single = false;
  if (single && stands_bare(w->out, start))
    memmove(w->out->p + start, w->out->p + start + 1, --w->out->len - start);
  else
    sl_buf_addc(w->out, ']');
  return SL_OK;
}

/* {"name":value,…}; a name without a value is null. */
static sl_code_t write_pairs(struct writer *w, const sl_list_t *list, const sl_record_t *record)
{
  sl_code_t code = SL_OK;
  sl_buf_t name;
  sl_buf_init(&name, 0);
  sl_buf_addc(w->out, '{');
  for (const sl_record_t *item = record->lists[list->index].first; item && !code;
       item = item->next) {
    sl_read_t result;
    bool absent = false;
    sl_buf_clear(&name);
    code = sl_field_read_text(list->item->fields[0], item, w->arena, &name, &result, w->err);
    if (item != record->lists[list->index].first) sl_buf_addc(w->out, ',');
    sl_json_quote(w->out, sl_buf_str(&name));
    sl_buf_addc(w->out, ':');
    if (!code) code = write_field(w, list->item->fields[1], item, &absent);
    if (absent) sl_buf_addz(w->out, "null");
    if (name.failed) w->out->failed = true;
  }
  sl_buf_addc(w->out, '}');
  sl_buf_fini(&name);
  return code;
}

/* The only item of a numbered place. */
static sl_code_t write_place(struct writer *w, const sl_list_t *list, const sl_record_t *record,
                             bool *absent_p)
{
  const sl_record_t *item = record->lists[list->index].first;
  *absent_p = true;
  sl_code_t code = item ? write_node(w, list->item->legacy_json, item, absent_p) : SL_OK;
  if (code) sl_err_in_list(w->err, list, 0);
  return code;
}

/* Is c, which is only read, what another line writes here? */
static bool written_by_twin(const sl_jnode_t *node, const sl_jnode_t *c, const sl_record_t *record)
{
  if (!c->twin || c->writable) return false;
  for (uint32_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *other = &node->children[i];
    if (other->twin && other->writable && sl_str_eq(other->key, c->key) &&
        (!other->kinds || sl_only_holds(&other->only, record)))
      return true;
  }
  return false;
}

/* "{…}"; *absent_p when not one value was in it. Made once for each side: it is the hottest loop.
 */
__attribute__((always_inline)) static inline sl_code_t
write_members(struct writer *w, const sl_jnode_t *node, const sl_record_t *record, bool *absent_p,
              const bool legacy)
{
  sl_buf_t *out = w->out;
  size_t start = out->len;
  char open = '{';
  bool values = false, only_constants = true;
  const sl_field_t *missing = NULL;
  for (uint32_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (!(!legacy ? c->readable : record->base ? c->keeps : c->writable)) continue;
    if (c->kinds && !sl_only_holds(&c->only, record)) continue;
    if (legacy && written_by_twin(node, c, record)) continue;
    size_t mark = out->len;
    if (sl_buf_reserve(out, c->quoted.len + 1)) {
      out->p[out->len++] = open;
      memcpy(out->p + out->len, c->quoted.p, c->quoted.len);
      out->len += c->quoted.len;
    }
    bool absent = false;
    sl_code_t code = c->kind != SL_JN_FIELD ? write_node(w, c, record, &absent)
                     : legacy               ? write_field(w, c->field, record, &absent)
                                            : read_field(w, c->field, record, &absent);
    if (code) return code;
    if (c->kind != SL_JN_CONST) only_constants = false;
    if (absent) {
      if (legacy && c->field && c->field->required && !missing) missing = c->field;
      if (!out->failed) out->len = mark;
      continue;
    }
    if (c->kinds) sl_choice_show(&c->only, record);
    values |= c->kind != SL_JN_CONST &&
              !(legacy && c->kind == SL_JN_FIELD && sl_field_is_preset(c->field, record));
    open = ',';
  }
  if (legacy) put_carried(w, sl_base_carried(record, node->carry), &open, &values);
  if (open == '{') sl_buf_addc(out, '{');
  sl_buf_addc(out, '}');
  *absent_p = !values && !node->required && !(only_constants && open == ',');
  if (*absent_p && !out->failed) out->len = start;
  if (missing && (values || node->key.len == 0)) return sl_field_missing(missing, w->err);
  return SL_OK;
}

static sl_code_t write_object(struct writer *w, const sl_jnode_t *node, const sl_record_t *record,
                              bool *absent_p)
{
  return w->legacy ? write_members(w, node, record, absent_p, true)
                   : write_members(w, node, record, absent_p, false);
}

static sl_code_t write_node(struct writer *w, const sl_jnode_t *node, const sl_record_t *record,
                            bool *absent_p)
{
  switch (node->kind) {
  case SL_JN_FIELD: return write_field(w, node->field, record, absent_p);
  case SL_JN_LIST: return write_items(w, node->list, record, absent_p);
  case SL_JN_PAIRS: return write_pairs(w, node->list, record);
  case SL_JN_PLACE: return write_place(w, node->list, record, absent_p);
  case SL_JN_CONST: sl_buf_adds(w->out, node->constant->text); return SL_OK;
  default: return write_object(w, node, record, absent_p);
  }
}

static sl_code_t write_root(struct writer *w, const sl_jnode_t *node, const sl_record_t *record)
{
  bool absent = false;
  sl_jnode_t root = kept(w, node);
  sl_code_t code = write_record(w, &root, record, &absent);
  if (code) return code;
  if (absent) sl_buf_addz(w->out, node->kind == SL_JN_OBJECT ? "{}" : "null");
  if (!w->out->failed) return SL_OK;
  return w->legacy ? sl_err_set(w->err, SL_TOO_LARGE, "the request is larger than a message may be")
                   : sl_err_set(w->err, SL_GARBAGE, "the answer is larger than a message may be");
}

sl_code_t sl_json_write(const sl_record_t *record, sl_arena_t *arena, sl_buf_t *out, sl_err_t *err)
{
  struct writer w = {.out = out, .arena = arena, .err = err};
  return write_root(&w, record->frame->json, record);
}

sl_code_t sl_json_write_legacy(sl_record_t *record, sl_arena_t *arena, sl_buf_t *out, sl_err_t *err)
{
  sl_code_t code = sl_lists_spread(record, arena, err);
  if (code) return code;
  struct writer w = {.out = out, .arena = arena, .err = err, .legacy = true};
  return write_root(&w, record->frame->legacy_json, record);
}

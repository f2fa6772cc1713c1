/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/base.h"

#include <stdio.h>
#include <string.h>
#include "core/jsonw.h"
#include "mappings/engine/choice.h"
#include "mappings/engine/derive.h"
#include "mappings/engine/field.h"
#include "mappings/engine/mask.h"

void sl_base_scratch_init(sl_base_scratch_t *self)
{
  sl_buf_init(&self->ours, 0);
  sl_buf_init(&self->theirs, 0);
}

void sl_base_scratch_fini(sl_base_scratch_t *self)
{
  sl_buf_fini(&self->ours);
  sl_buf_fini(&self->theirs);
}

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than a message may be");
}

/* --- values ------------------------------------------------------------------------------------
 */

static const sl_field_t *base_field(const sl_record_t *record, const sl_field_t *field)
{
  return record->base && field->base_slot
             ? record->base->record->frame->fields[field->base_slot - 1]
             : NULL;
}

static const sl_slot_t *base_slot(const sl_record_t *record, const sl_field_t *field)
{
  return record->base && field->base_slot ? &record->base->record->slots[field->base_slot - 1]
                                          : NULL;
}

sl_legacy_t sl_base_legacy(const sl_field_t *field, const sl_record_t *record)
{
  const sl_slot_t *slot = base_slot(record, field);
  sl_legacy_t none = {SL_L_MISSING, {"", 0}};
  return slot ? (sl_legacy_t){(sl_lstate_t)slot->state, {slot->p, slot->len}} : none;
}

/* What a legacy value reads as, into json; empty: absent. False: it cannot be read. */
static bool reads_as(const sl_field_t *field, sl_legacy_t v, sl_buf_t *json)
{
  sl_read_t result;
  sl_err_t err;
  sl_buf_clear(json);
  return !sl_codec_read(field->codec, v, json, &result, &err) && !json->failed;
}

/* What the consumer said, as JSON text; empty: nothing. */
static void said(const sl_slot_t *slot, sl_buf_t *json)
{
  sl_buf_clear(json);
  switch (slot->state) {
  case SL_J_ABSENT: break;
  case SL_J_NULL: sl_buf_addz(json, "null"); break;
  case SL_J_STRING: sl_json_quote(json, sl_strn(slot->p, slot->len)); break;
  default: sl_buf_add(json, slot->p, slot->len);
  }
}

static bool equal(const sl_base_scratch_t *s)
{
  return !s->ours.failed && !s->theirs.failed &&
         sl_str_eq(sl_buf_str(&s->ours), sl_buf_str(&s->theirs));
}

/* Would both be written and read back as the same? */
static bool means_the_same(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena)
{
  sl_base_scratch_t *s = record->base->scratch;
  sl_legacy_t written;
  sl_err_t err;
  if (sl_field_is_preset(field, record))
    written = *field->preset;
  else if (sl_slot_write(field, &record->slots[field->slot], arena, &written, &err))
    return false;
  return reads_as(field, written, &s->ours) && equal(s);
}

static bool unchanged(const sl_field_t *field, const sl_record_t *record, sl_legacy_t theirs,
                      sl_arena_t *arena)
{
  const sl_slot_t *ours = &record->slots[field->slot];
  sl_base_scratch_t *s = record->base->scratch;
  bool absent = ours->state == SL_J_ABSENT;
  if (field->access == SL_READ_ONLY) return true;
  if (absent && (record->base->keep || field->access == SL_WRITE_ONLY)) return true;
  if (!reads_as(field, theirs, &s->theirs)) return false;
  if (field->never_absent && !s->theirs.len && ours->state == SL_J_NULL) return true;
  if (!(ours->flags & SL_SLOT_TEXT)) {
    said(ours, &s->ours);
    if (equal(s)) return true;
  }
  if (means_the_same(field, record, arena)) return true;
  if (!field->mask || ours->state != SL_J_STRING || !s->theirs.len) return false;
  sl_mask_json(field, &s->theirs, 0);
  said(ours, &s->ours);
  return equal(s);
}

/* Is everything unchanged that field is made of? */
static sl_code_t sources_kept(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                              bool *kept_p, sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  *kept_p = true;
  for (size_t i = 0; *kept_p && i < d->n_parts + d->n_steps; i++) {
    const sl_field_t *of = i < d->n_parts ? d->parts[i].field : d->steps[i - d->n_parts].field;
    sl_legacy_t v;
    sl_code_t code = of ? sl_base_kept(of, record, arena, kept_p, &v, NULL, err) : SL_OK;
    if (code) return code;
  }
  return SL_OK;
}

static bool is_made(const sl_field_t *field)
{
  return field->derive && field->derive->kind != SL_DERIVE_PART;
}

sl_code_t sl_base_kept(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                       bool *kept_p, sl_legacy_t *out, bool *bare_p, sl_err_t *err)
{
  const sl_slot_t *ours = &record->slots[field->slot], *slot = base_slot(record, field);
  const sl_field_t *theirs = base_field(record, field);
  sl_code_t code = SL_OK;
  *kept_p = false;
  if (slot) {
    *out = sl_base_legacy(field, record);
    if (bare_p) *bare_p = slot->flags & SL_SLOT_BARE;
    if (is_made(field)) return sources_kept(field, record, arena, kept_p, err);
    if (field->derive) code = sl_field_legacy(theirs, record->base->record, arena, out, NULL);
    *kept_p = !code && unchanged(field, record, *out, arena);
    if (*kept_p) return SL_OK;
  }
  if (field->mask && ours->state == SL_J_STRING &&
      sl_mask_looks(field, sl_strn(ours->p, ours->len)))
    return sl_err_field(err, SL_INVALID, field->label,
                        slot ? "is a masked value, and not the one of this record: send it as it "
                               "was read, or a whole value"
                             : "is a masked value: a whole value was expected");
  return SL_OK;
}

/* --- lists -------------------------------------------------------------------------------------
 */

struct link {
  sl_arena_t *arena;
  sl_base_scratch_t *scratch;
  sl_err_t *err;
};

static sl_code_t tie(struct link *l, sl_record_t *record, const sl_record_t *base, bool keep);

/* An item that the consumer did not send: an empty record in which everything is kept. */
static sl_code_t keep_one(struct link *l, const sl_list_t *list, const sl_record_t *item,
                          sl_items_t *out)
{
  sl_record_t *same = sl_record_new(list->item, l->arena);
  if (!same) return full(l->err);
  same->null = item->null;
  if (out->last)
    out->last->next = same;
  else
    out->first = same;
  out->last = same;
  out->n++;
  return tie(l, same, item, true);
}

static sl_code_t keep_all(struct link *l, const sl_list_t *list, const sl_items_t *theirs,
                          sl_items_t *out)
{
  /* Up to the last: in slots, an item goes on to the next place's. */
  for (const sl_record_t *item = theirs->first; item;
       item = item == theirs->last ? NULL : item->next) {
    sl_code_t code = keep_one(l, list, item, out);
    if (code) return code;
  }
  out->state = theirs->state;
  return SL_OK;
}

/* kept, and ours behind it, are ours now. */
static void append(sl_items_t *kept, sl_items_t *ours)
{
  if (!kept->last) return;
  kept->last->next = ours->first;
  if (ours->last) kept->last = ours->last;
  kept->n += ours->n;
  kept->state = ours->state;
  *ours = *kept;
}

/* The fields that tell items apart: a list's key, the name of a pair. */
static size_t keys_of(const sl_list_t *list, const sl_field_t *const **fields_p)
{
  *fields_p = list->form == SL_LIST_PAIRS ? list->item->fields : list->key_fields;
  return list->form == SL_LIST_PAIRS ? 1 : list->key_fields ? list->n_key : 0;
}

/* The JSON of an item's key, appended to key; *whole_p: none of it is absent or null. */
static sl_code_t key_of(struct link *l, const sl_list_t *list, const sl_record_t *item, bool legacy,
                        sl_buf_t *key, bool *whole_p)
{
  const sl_field_t *const *fields;
  size_t n = keys_of(list, &fields);
  sl_buf_clear(key);
  *whole_p = true;
  for (size_t i = 0; i < n; i++) {
    const sl_field_t *field = fields[i];
    const sl_slot_t *slot = &item->slots[legacy ? field->base_slot - 1 : field->slot];
    sl_legacy_t v = {(sl_lstate_t)slot->state, {slot->p, slot->len}};
    sl_read_t result;
    sl_code_t code = SL_OK;
    if (!legacy) code = sl_slot_write(field, slot, l->arena, &v, l->err);
    if (!code) code = sl_codec_read(field->codec, v, key, &result, l->err);
    if (code && l->err) snprintf(l->err->field, sizeof l->err->field, "%s", field->label);
    if (code) return code;
    *whole_p &= result == SL_READ_VALUE;
    sl_buf_addc(key, ',');
  }
  return key->failed ? full(l->err) : SL_OK;
}

/* The base's items by key. */
struct row {
  sl_str_t key;
  const sl_record_t *item;
  bool taken;
};

struct table {
  struct row *rows;
  size_t n;
};

static int compare(sl_str_t a, sl_str_t b)
{
  if (a.len != b.len) return a.len < b.len ? -1 : 1;
  return a.len ? memcmp(a.p, b.p, a.len) : 0;
}

/* Merge sort: keys are anybody's to choose, and none of them is slow. */
static void sort(struct row *v, struct row *spare, size_t n)
{
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t from = 0; from < n; from += 2 * width) {
      size_t mid = from + width < n ? from + width : n;
      size_t end = from + 2 * width < n ? from + 2 * width : n;
      size_t a = from, b = mid, o = from;
      while (a < mid || b < end)
        spare[o++] = b >= end || (a < mid && compare(v[a].key, v[b].key) <= 0) ? v[a++] : v[b++];
    }
    memcpy(v, spare, n * sizeof *v);
  }
}

static struct row *row_of(const struct table *t, sl_str_t key)
{
  size_t from = 0, to = t->n;
  while (from < to) {
    size_t mid = (from + to) / 2;
    int order = compare(key, t->rows[mid].key);
    if (!order) return &t->rows[mid];
    *(order < 0 ? &to : &from) = order < 0 ? mid : mid + 1;
  }
  return NULL;
}

static sl_code_t index_items(struct link *l, const sl_list_t *list, const sl_items_t *theirs,
                             struct table *t)
{
  size_t size = (theirs->n + 1u) * sizeof *t->rows;
  struct row *spare = sl_arena_alloc(l->arena, size);
  t->n = 0;
  t->rows = sl_arena_alloc(l->arena, size);
  if (!spare || !t->rows) return full(l->err);
  for (const sl_record_t *item = theirs->first; item; item = item->next) {
    bool whole;
    sl_code_t code = key_of(l, list, item, true, &l->scratch->theirs, &whole);
    if (code) return code;
    if (!whole)
      return sl_err_field(l->err, SL_GARBAGE, list->json,
                          "an item of the legacy record has no key");
    sl_str_t key = sl_arena_str(l->arena, sl_buf_str(&l->scratch->theirs));
    if (!key.p) return full(l->err);
    t->rows[t->n++] = (struct row){key, item, false};
  }
  sort(t->rows, spare, t->n);
  return SL_OK;
}

static sl_code_t align(struct link *l, const sl_list_t *list, sl_items_t *ours,
                       const struct table *t)
{
  sl_code_t code = SL_OK;
  for (sl_record_t *item = ours->first; item && !code; item = item->next) {
    bool whole;
    code = key_of(l, list, item, false, &l->scratch->ours, &whole);
    struct row *row = code || !whole ? NULL : row_of(t, sl_buf_str(&l->scratch->ours));
    if (!row) continue;
    if (row->taken)
      return sl_err_field(l->err, SL_INVALID, list->json, "two items have the same key");
    row->taken = true;
    code = tie(l, item, row->item, false);
  }
  return code;
}

/* Pairs in a PATCH: members that were not sent stay, in front. */
static sl_code_t keep_others(struct link *l, const sl_list_t *list, sl_items_t *ours,
                             const sl_items_t *theirs, const struct table *t)
{
  sl_items_t kept = {0};
  for (const sl_record_t *item = theirs->first; item; item = item->next) {
    bool whole;
    sl_code_t code = key_of(l, list, item, true, &l->scratch->theirs, &whole);
    const struct row *row = code ? NULL : row_of(t, sl_buf_str(&l->scratch->theirs));
    if (row && !row->taken) code = keep_one(l, list, item, &kept);
    if (code) return code;
  }
  append(&kept, ours);
  return SL_OK;
}

static sl_code_t tie_keyed(struct link *l, const sl_list_t *list, sl_items_t *ours,
                           const sl_items_t *theirs, bool keep)
{
  struct table t;
  sl_code_t code = index_items(l, list, theirs, &t);
  if (!code) code = align(l, list, ours, &t);
  if (code || !keep || list->form != SL_LIST_PAIRS) return code;
  return keep_others(l, list, ours, theirs, &t);
}

/* Are ours the base's items, one by one? */
static bool same_items(struct link *l, const sl_list_t *list, const sl_items_t *ours,
                       const sl_items_t *theirs)
{
  const sl_record_t *their = theirs->first;
  if (ours->n != theirs->n || list->item->n_lists) return false;
  for (sl_record_t *item = ours->first; item; item = item->next, their = their->next) {
    bool kept = !their->null && !item->null && !tie(l, item, their, false);
    for (uint16_t i = 0; kept && i < list->item->n_slots; i++) {
      const sl_field_t *field = list->item->fields[i];
      sl_legacy_t v;
      if (field->notes && field->base_slot &&
          sl_base_kept(field, item, l->arena, &kept, &v, NULL, NULL))
        kept = false;
    }
    item->base = NULL;
    if (!kept) return false;
  }
  return true;
}

/* Each place of slots over the base's. */
static sl_code_t tie_places(struct link *l, sl_record_t *record, const sl_list_t *list,
                            const sl_record_t *base)
{
  sl_record_t *item = record->lists[list->index].first;
  for (size_t i = 0; item && i < list->n_parts; i++, item = item->next) {
    const sl_list_t *part = list->parts[i];
    const sl_record_t *theirs = part->base_list ? base->lists[part->base_list - 1].first : NULL;
    sl_code_t code = theirs && !theirs->null ? tie(l, item, theirs, false) : SL_OK;
    if (code) return code;
  }
  return SL_OK;
}

/* The list as it is: its items, or its parts. */
static sl_code_t keep_list(struct link *l, sl_record_t *record, const sl_list_t *list,
                           const sl_record_t *base)
{
  sl_items_t *ours = &record->lists[list->index];
  *ours = (sl_items_t){.kept = true};
  sl_code_t code = SL_OK;
  for (size_t i = 0; i < list->n_parts && !code; i++) {
    const sl_list_t *part = list->parts[i];
    sl_items_t *of = &record->lists[part->index];
    *of = (sl_items_t){.kept = true};
    if (part->base_list) code = keep_all(l, part, &base->lists[part->base_list - 1], of);
  }
  if (!code && !list->n_parts) code = keep_all(l, list, &base->lists[list->base_list - 1], ours);
  return code;
}

static sl_code_t tie_list(struct link *l, sl_record_t *record, const sl_list_t *list,
                          const sl_record_t *base, bool keep)
{
  const sl_field_t *const *fields;
  const sl_items_t *theirs = &base->lists[list->base_list - 1];
  sl_items_t *ours = &record->lists[list->index], kept = {0};
  bool absent = ours->state == SL_J_ABSENT;
  if (list->access == SL_READ_ONLY || (absent && (keep || list->access == SL_WRITE_ONLY)))
    return keep_list(l, record, list, base);
  if (list->form == SL_LIST_SLOTS && same_items(l, list, ours, theirs))
    return keep_list(l, record, list, base); /* gaps and all */
  if (list->form == SL_LIST_SLOTS) return tie_places(l, record, list, base);
  if (list->form == SL_LIST_PAIRS) return tie_keyed(l, list, ours, theirs, keep);
  if (list->on_write == SL_WRITE_ALIGN && keys_of(list, &fields))
    return tie_keyed(l, list, ours, theirs, keep);
  if (list->on_write != SL_WRITE_APPEND) return SL_OK;
  sl_code_t code = keep_all(l, list, theirs, &kept);
  append(&kept, ours);
  return code;
}

/* A record that does not say of what kind it is, is what it was. */
static sl_code_t tie_kinds(struct link *l, sl_record_t *record, const sl_record_t *base, bool keep)
{
  const sl_frame_t *frame = record->frame;
  if (!frame->n_choices) return SL_OK;
  sl_code_t code = sl_choices_read(base, l->err);
  for (size_t i = 0; i < frame->n_choices && !code; i++) {
    const sl_choice_t *c = frame->choices[i];
    if (keep && c->base_sel && !record->slots[c->sel].len)
      record->slots[c->sel].len = base->slots[c->base_sel - 1].len;
  }
  return code;
}

static sl_code_t tie(struct link *l, sl_record_t *record, const sl_record_t *base, bool keep)
{
  const sl_frame_t *frame = record->frame;
  sl_base_t *b = sl_arena_alloc(l->arena, sizeof *b);
  if (!b) return full(l->err);
  *b = (sl_base_t){base, keep, l->scratch};
  record->base = b;
  sl_code_t code = tie_kinds(l, record, base, keep);
  for (uint16_t i = 0; i < frame->n_lists && !code; i++) {
    const sl_list_t *list = frame->lists[i];
    bool part = list->form == SL_LIST_PART || list->form == SL_LIST_PICKED;
    if (list->base_list && !part) code = tie_list(l, record, list, base, keep);
  }
  return code;
}

const sl_record_t *sl_base_first(const sl_record_t *record, const sl_list_t *part)
{
  return record->base && part->base_list ? record->base->record->lists[part->base_list - 1].first
                                         : NULL;
}

bool sl_base_over(const sl_record_t *record, sl_record_t *item, const sl_record_t *theirs,
                  sl_arena_t *arena)
{
  sl_base_t *b = theirs ? sl_arena_alloc(arena, sizeof *b) : NULL;
  if (b) *b = (sl_base_t){theirs, false, record->base->scratch};
  item->base = b;
  return b || !theirs;
}

sl_code_t sl_base_link(sl_record_t *record, const sl_record_t *base, bool keep, sl_arena_t *arena,
                       sl_base_scratch_t *scratch, sl_err_t *err)
{
  struct link l = {arena, scratch, err};
  return tie(&l, record, base, keep);
}

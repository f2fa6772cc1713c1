/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/lists.h"

#include <stdio.h>
#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/base.h"
#include "mappings/engine/field.h"
#include "mappings/engine/lists_impl.h"

sl_code_t sl_lists_full(const sl_lists_t *self, bool reading)
{
  return reading ? sl_err_set(self->err, SL_GARBAGE, "the answer is larger than a message may be")
                 : sl_err_set(self->err, SL_TOO_LARGE, "the body is larger than a message may be");
}

static sl_code_t refuse_item(const sl_lists_t *self, const sl_list_t *list, uint32_t index,
                             const char *text)
{
  char label[128];
  snprintf(label, sizeof label, "%s/%u", list->json, index);
  return sl_err_field(self->err, SL_INVALID, label, "%s", text);
}

static void empty_items(sl_items_t *items)
{
  items->first = items->last = NULL;
  items->n = 0;
}

static void append(sl_items_t *items, sl_record_t *item)
{
  item->next = NULL;
  if (items->last)
    items->last->next = item;
  else
    items->first = item;
  items->last = item;
  items->n++;
}

/* --- what shows ----------------------------------------------------------------------------------
 */

/* Does a value of record show in JSON? reading: it is in legacy spelling, else in JSON's, and will
 * be read back. What the codec refuses to read is a value: its line says so when it is written. */
static sl_code_t shows(sl_lists_t *self, const sl_record_t *record, bool reading, bool *shows_p)
{
  const sl_frame_t *frame = record->frame;
  *shows_p = false;
  for (size_t i = 0; i < frame->n_slots && !*shows_p; i++) {
    const sl_field_t *field = frame->fields[i];
    if (field->access == SL_WRITE_ONLY || !field->notes || !sl_only_holds(&field->only, record))
      continue;
    if (reading) {
      sl_read_t result;
      sl_buf_clear(&self->scratch);
      if (sl_field_read(field, record, self->arena, &self->scratch, &result, NULL) ||
          result == SL_READ_VALUE)
        *shows_p = true;
    } else if (field->access != SL_READ_ONLY && !sl_field_is_preset(field, record)) {
      sl_legacy_t v;
      sl_code_t code = sl_field_write(field, record, self->arena, &v, self->err);
      if (code) return code;
      sl_read_t result;
      sl_buf_clear(&self->scratch);
      if (sl_codec_read(field->codec, v, &self->scratch, &result, NULL) || result == SL_READ_VALUE)
        *shows_p = true;
    }
  }
  for (size_t i = 0; i < frame->n_lists && !*shows_p; i++)
    if (frame->lists[i]->form != SL_LIST_PART && record->lists[i].n) *shows_p = true;
  return SL_OK;
}

/* --- slots ---------------------------------------------------------------------------------------
 */

sl_record_t *sl_lists_place(sl_record_t *record, const sl_list_t *place, sl_arena_t *arena)
{
  sl_items_t *items = &record->lists[place->index];
  sl_record_t *item = items->first;
  if (!item) return sl_record_add(record, place->index, arena);
  item->null = false;
  return item;
}

static sl_code_t gap(const sl_lists_t *self, const sl_list_t *list, size_t empty, size_t full)
{
  return sl_err_field(self->err, SL_GARBAGE, list->json, "%s is empty, and %s is not",
                      list->parts[empty]->legacy, list->parts[full]->legacy);
}

static sl_code_t full_places(sl_lists_t *self, sl_record_t *record, const sl_list_t *list,
                             size_t *end_p)
{
  *end_p = 0;
  for (size_t i = 0; i < list->n_parts; i++) {
    const sl_items_t *place = &record->lists[list->parts[i]->index];
    bool there = false;
    if (place->n > 1)
      return sl_err_field(self->err, SL_GARBAGE, list->json,
                          "%s comes more than once, against the contract", list->parts[i]->legacy);
    sl_code_t code = place->first ? shows(self, place->first, true, &there) : SL_OK;
    if (code) return code;
    if (place->first) place->first->null = !there;
    if (there) *end_p = i + 1;
  }
  return SL_OK;
}

static sl_code_t gather_slots(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  sl_items_t *items = &record->lists[list->index];
  size_t end;
  sl_code_t code = full_places(self, record, list, &end);
  if (code) return code;
  empty_items(items);
  items->state = SL_L_TEXT;
  for (size_t i = 0; i < end; i++) {
    sl_record_t *item = record->lists[list->parts[i]->index].first;
    if (!item || item->null) {
      if (list->gaps == SL_GAPS_REJECT) return gap(self, list, i, end - 1);
      if (list->gaps == SL_GAPS_CLOSE) continue;
    }
    if (!item) {
      item = sl_record_new(list->item, self->arena);
      if (!item) return sl_lists_full(self, true);
      item->null = true;
    }
    append(items, item);
  }
  return SL_OK;
}

static bool is_null(const sl_list_t *list, const sl_record_t *item)
{
  const sl_jnode_t *json = list->item->json;
  return item->null ||
         (json->kind == SL_JN_FIELD && item->slots[json->field->slot].state == SL_J_NULL);
}

/* Would the item in its place be read as an item again? */
static sl_code_t check_item(sl_lists_t *self, const sl_list_t *list, sl_record_t *item,
                            uint32_t index)
{
  bool there;
  if (is_null(list, item)) {
    bool given_away = list->notes && list->notes->modulo & SL_MODULO_GAPS;
    if (list->gaps != SL_GAPS_NULL)
      return refuse_item(self, list, index, "null is no item of this list");
    if (!item->next && !given_away)
      return refuse_item(self, list, index, "is the last item and null: it would be read as none");
    return SL_OK;
  }
  sl_code_t code = shows(self, item, false, &there);
  if (!code && !there)
    code = refuse_item(self, list, index, "has no value: its place would be read as empty");
  return code;
}

static sl_code_t spread_slots(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  const sl_items_t *items = &record->lists[list->index];
  sl_record_t *unused = NULL, *item = items->first;
  if (items->n > list->n_parts)
    return sl_err_field(self->err, SL_INVALID, list->json, "has %u items, there are %zu places",
                        items->n, list->n_parts);
  for (uint32_t i = 0; i < list->n_parts; i++) {
    sl_items_t *place = &record->lists[list->parts[i]->index];
    sl_code_t code = item ? check_item(self, list, item, i) : SL_OK;
    if (code) return code;
    if (!item && !unused) unused = sl_record_new(list->item, self->arena);
    if (!item && !unused) return sl_lists_full(self, false);
    if (!item) unused->null = true;
    place->first = place->last = item ? item : unused;
    place->n = 1;
    if (item) item = item->next;
  }
  return SL_OK;
}

/* --- zip -----------------------------------------------------------------------------------------
 */

static sl_code_t gather_zip(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  sl_items_t *items = &record->lists[list->index];
  size_t longest = 0, shortest = 0;
  empty_items(items);
  items->state = SL_L_TEXT;
  for (size_t i = 1; i < list->n_parts; i++) {
    uint32_t n = record->lists[list->parts[i]->index].n;
    if (n > record->lists[list->parts[longest]->index].n) longest = i;
    if (n < record->lists[list->parts[shortest]->index].n) shortest = i;
  }
  uint32_t most = record->lists[list->parts[longest]->index].n,
           least = record->lists[list->parts[shortest]->index].n;
  if (most != least && !list->uneven)
    return sl_err_field(self->err, SL_GARBAGE, list->json, "there are %u of %s, and %u of %s", most,
                        list->parts[longest]->legacy, least, list->parts[shortest]->legacy);
  for (uint32_t i = 0; i < most; i++)
    if (!sl_record_add(record, list->index, self->arena)) return sl_lists_full(self, true);
  for (size_t i = 0; i < list->n_parts; i++) {
    const sl_list_t *part = list->parts[i];
    sl_record_t *item = items->first;
    for (const sl_record_t *r = record->lists[part->index].first; r; r = r->next, item = item->next)
      for (size_t k = 0; k < part->n_pairs; k++)
        item->slots[part->pairs[k].to] = r->slots[part->pairs[k].from];
  }
  return SL_OK;
}

/* An element or value without text is not written at all: the ones behind it would move up. */
static bool may_vanish(const sl_list_t *part)
{
  const sl_frame_t *item = part->item;
  return item->xml ? !item->xml->n_children : item->legacy_json->kind == SL_JN_FIELD;
}

static sl_code_t is_there(sl_lists_t *self, const sl_list_t *part, const sl_record_t *item,
                          bool *there_p)
{
  *there_p = !may_vanish(part);
  for (size_t i = 0; i < part->n_pairs; i++) {
    const sl_field_t *field = part->pairs[i].field;
    sl_legacy_t v;
    if (field->access == SL_READ_ONLY) continue;
    sl_code_t code = sl_field_write(field, item, self->arena, &v, self->err);
    if (code) return code;
    *there_p |= v.state != SL_L_MISSING;
  }
  return SL_OK;
}

static sl_code_t spread_part(sl_lists_t *self, sl_record_t *record, const sl_list_t *list,
                             const sl_list_t *part, bool *full_p)
{
  sl_items_t *items = &record->lists[part->index];
  uint32_t index = 0, gap = 0;
  bool in_gap = false;
  const sl_record_t *theirs = sl_base_first(record, part);
  empty_items(items);
  for (const sl_record_t *r = record->lists[list->index].first; r; r = r->next, index++) {
    bool there;
    sl_record_t *item = sl_record_new(part->item, self->arena);
    if (!item) return sl_lists_full(self, false);
    for (size_t k = 0; k < part->n_pairs; k++)
      item->slots[part->pairs[k].from] = r->slots[part->pairs[k].to];
    if (!sl_base_over(record, item, theirs, self->arena)) return sl_lists_full(self, false);
    if (theirs) theirs = theirs->next;
    sl_code_t code = is_there(self, part, item, &there);
    if (code) return code;
    if (!there && !in_gap) gap = index, in_gap = true;
    if (in_gap && (there || !list->uneven)) {
      char label[128];
      const char *name = part->pairs[0].field->label + strlen(list->json);
      snprintf(label, sizeof label, "%s/%u%s", list->json, gap, name);
      return sl_err_field(self->err, SL_INVALID, label,
                          "is required in each item: the lists stand side by side");
    }
    if (!in_gap) append(items, item);
  }
  *full_p |= !in_gap;
  return SL_OK;
}

static sl_code_t spread_zip(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  const sl_items_t *items = &record->lists[list->index];
  bool full = false;
  for (size_t i = 0; i < list->n_parts; i++) {
    sl_code_t code = spread_part(self, record, list, list->parts[i], &full);
    if (code) return code;
  }
  if (items->n && !full)
    return refuse_item(self, list, items->n - 1, "has no value: it would be read as none");
  return SL_OK;
}

/* --- predicates ----------------------------------------------------------------------------------
 */

static const sl_pick_t *picks(const sl_list_t *list, sl_str_t text)
{
  for (size_t i = 0; i < list->n_picks; i++)
    if (sl_str_eq(list->picks[i].is, text)) return &list->picks[i];
  return NULL;
}

/* Items that a predicate picks leave the list: their values are the record's. */
static sl_code_t gather_picks(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  sl_items_t *items = &record->lists[list->index];
  sl_record_t *item = items->first, *next;
  bool *seen = sl_arena_zalloc(self->arena, list->n_picks * sizeof *seen);
  if (!seen) return sl_lists_full(self, true);
  empty_items(items);
  for (; item; item = next) {
    next = item->next;
    const sl_slot_t *slot = &item->slots[list->pick_slot];
    const sl_pick_t *pick =
        slot->state == SL_L_TEXT ? picks(list, sl_strn(slot->p, slot->len)) : NULL;
    if (!pick) {
      append(items, item);
      continue;
    }
    if (seen[pick - list->picks])
      return sl_err_field(self->err, SL_GARBAGE, pick->path, "comes more than once");
    seen[pick - list->picks] = true;
    for (size_t i = 0; i < pick->n_pairs; i++)
      record->slots[pick->pairs[i].to] = item->slots[pick->pairs[i].from];
  }
  if (list->form != SL_LIST_PICKED || !items->n || !list->counted) return SL_OK;
  *self->unknown_p += items->n;
  if (self->flags & SL_GATHER_REJECT)
    return sl_err_set(self->err, SL_GARBAGE,
                      "a %s that no predicate names is unknown, and the mapping rejects such",
                      list->legacy);
  return SL_OK;
}

static sl_code_t check_picks(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  const sl_field_t *field = list->item->fields[list->pick_slot];
  uint32_t index = 0;
  if (field->access == SL_READ_ONLY) return SL_OK;
  for (sl_record_t *item = record->lists[list->index].first; item; item = item->next, index++) {
    sl_legacy_t v;
    sl_code_t code = sl_field_write(field, item, self->arena, &v, self->err);
    if (code) return code;
    const sl_pick_t *pick = v.state == SL_L_TEXT ? picks(list, v.text) : NULL;
    if (!pick) continue;
    char label[128];
    if (list->form == SL_LIST_PAIRS)
      snprintf(label, sizeof label, "%s/%.60s", list->json, pick->is.p);
    else
      snprintf(label, sizeof label, "%s/%u", list->json, index);
    return sl_err_field(self->err, SL_INVALID, label, "belongs elsewhere: %s has a line of its own",
                        pick->path);
  }
  return SL_OK;
}

/* --- all of them ---------------------------------------------------------------------------------
 */

static sl_code_t gather(sl_lists_t *self, sl_record_t *record);

static sl_code_t gather_items(sl_lists_t *self, const sl_items_t *items)
{
  /* Up to the last: places of the row before are still linked. */
  for (sl_record_t *item = items->first; item; item = item == items->last ? NULL : item->next) {
    sl_code_t code = gather(self, item);
    if (code) return code;
  }
  return SL_OK;
}

static sl_code_t gather_list(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  if (list->form == SL_LIST_SLOTS) return gather_slots(self, record, list);
  if (list->form == SL_LIST_ZIP) return gather_zip(self, record, list);
  sl_code_t code = list->n_picks ? gather_picks(self, record, list) : SL_OK;
  if (code || list->form == SL_LIST_PART) return code;
  if (list->form == SL_LIST_REPEATS && self->flags & SL_GATHER_ROWS) return SL_OK;
  return sl_lists_unique(self, record, list, true);
}

static sl_code_t gather(sl_lists_t *self, sl_record_t *record)
{
  const sl_frame_t *frame = record->frame;
  sl_code_t code = SL_OK;
  for (size_t i = 0; i < frame->n_lists && !code; i++)
    if (frame->lists[i]->item->shaped && frame->lists[i]->form != SL_LIST_SLOTS)
      code = gather_items(self, &record->lists[i]);
  for (size_t i = 0; i < frame->n_lists && !code; i++)
    code = gather_list(self, record, frame->lists[i]);
  return code;
}

static sl_code_t spread_list(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  if (list->access == SL_READ_ONLY || record->lists[list->index].kept ||
      !sl_only_holds(&list->only, record))
    return SL_OK;
  switch (list->form) {
  case SL_LIST_SLOTS: return spread_slots(self, record, list);
  case SL_LIST_ZIP: return spread_zip(self, record, list);
  case SL_LIST_REPEATS:
  case SL_LIST_PAIRS: break;
  default: return SL_OK;
  }
  sl_code_t code = sl_lists_unique(self, record, list, false);
  return code || !list->n_picks ? code : check_picks(self, record, list);
}

static sl_code_t spread(sl_lists_t *self, sl_record_t *record);

static sl_code_t spread_items(sl_lists_t *self, sl_record_t *record, const sl_list_t *list)
{
  unsigned index = 0;
  for (sl_record_t *item = record->lists[list->index].first; item; item = item->next, index++) {
    sl_code_t code = spread(self, item);
    if (code) return sl_err_in_list(self->err, list, index), code;
  }
  return SL_OK;
}

static sl_code_t spread(sl_lists_t *self, sl_record_t *record)
{
  const sl_frame_t *frame = record->frame;
  sl_code_t code = SL_OK;
  for (size_t i = 0; i < frame->n_lists && !code; i++) {
    const sl_list_t *list = frame->lists[i];
    if (list->item->shaped && list->form != SL_LIST_PART) code = spread_items(self, record, list);
    if (!code) code = spread_list(self, record, list);
  }
  return code;
}

sl_code_t sl_lists_gather(sl_record_t *record, sl_arena_t *arena, unsigned flags, size_t *unknown_p,
                          sl_err_t *err)
{
  if (!record->frame->shaped) return SL_OK;
  sl_lists_t self = {.arena = arena, .err = err, .flags = flags, .unknown_p = unknown_p};
  sl_buf_init(&self.scratch, 0);
  sl_code_t code = gather(&self, record);
  sl_buf_fini(&self.scratch);
  return code;
}

sl_code_t sl_lists_spread(sl_record_t *record, sl_arena_t *arena, sl_err_t *err)
{
  if (!record->frame->shaped) return SL_OK;
  sl_lists_t self = {.arena = arena, .err = err};
  sl_buf_init(&self.scratch, 0);
  sl_code_t code = spread(&self, record);
  sl_buf_fini(&self.scratch);
  return code;
}

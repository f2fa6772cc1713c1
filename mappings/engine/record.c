/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/plan.h"

sl_record_t *sl_record_new(const sl_frame_t *frame, sl_arena_t *arena)
{
  size_t slots = frame->n_slots * sizeof(sl_slot_t), lists = frame->n_lists * sizeof(sl_items_t);
  sl_record_t *self = sl_arena_zalloc(arena, sizeof *self + slots + lists);
  if (!self) return NULL;
  self->frame = frame;
  self->slots = (sl_slot_t *)(self + 1);
  self->lists = (sl_items_t *)(self->slots + frame->n_slots);
  return self;
}

sl_record_t *sl_record_add(sl_record_t *record, unsigned list, sl_arena_t *arena)
{
  sl_record_t *item = sl_record_new(record->frame->lists[list]->item, arena);
  if (!item) return NULL;
  sl_items_t *items = &record->lists[list];
  if (items->last)
    items->last->next = item;
  else
    items->first = item;
  items->last = item;
  items->n++;
  return item;
}

bool sl_record_carry(sl_record_t *record, sl_arena_t *arena)
{
  size_t n = record->frame->n_carries ? record->frame->n_carries : 1;
  record->carries = sl_arena_zalloc(arena, n * sizeof *record->carries);
  return record->carries;
}

bool sl_record_chunk(sl_record_t *record, unsigned carry, sl_str_t text, sl_arena_t *arena)
{
  sl_chunk_t *chunk = sl_arena_alloc(arena, sizeof *chunk);
  sl_carry_t *to = &record->carries[carry];
  if (!chunk) return false;
  *chunk = (sl_chunk_t){NULL, text};
  if (to->last)
    to->last->next = chunk;
  else
    to->first = chunk;
  to->last = chunk;
  return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/field.h"
#include "mappings/engine/lists_impl.h"

/* Keys are compared as they are going to be, not as they came: two spellings of one value are the
 * same key. */
typedef struct item_key {
  size_t at; /* in scratch */
  uint32_t len, index;
} item_key_t;

enum { SHOWN_NAME = 60 };

static sl_code_t twice(const sl_lists_t *self, const sl_list_t *list, const item_key_t *key,
                       bool reading)
{
  char label[128];
  int shown = key->len < SHOWN_NAME ? (int)key->len : SHOWN_NAME;
  if (list->form == SL_LIST_PAIRS)
    snprintf(label, sizeof label, "%s/%.*s", list->json, shown, self->scratch.p + key->at);
  else
    snprintf(label, sizeof label, "%s/%u", list->json, key->index);
  return sl_err_field(self->err, reading ? SL_GARBAGE : SL_INVALID, label, "%s",
                      list->form == SL_LIST_PAIRS ? "comes twice"
                                                  : "has a key that comes twice in the list");
}

static int compare(const sl_lists_t *self, const item_key_t *a, const item_key_t *b)
{
  if (a->len != b->len) return a->len < b->len ? -1 : 1;
  return a->len ? memcmp(self->scratch.p + a->at, self->scratch.p + b->at, a->len) : 0;
}

/* Merge sort, as names are the consumer's to choose: no input is slow. Stable. */
static void sort(const sl_lists_t *self, item_key_t *v, item_key_t *spare, size_t n)
{
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t from = 0; from < n; from += 2 * width) {
      size_t mid = from + width < n ? from + width : n;
      size_t end = from + 2 * width < n ? from + 2 * width : n;
      size_t a = from, b = mid, o = from;
      while (a < mid || b < end)
        spare[o++] = b >= end || (a < mid && compare(self, &v[a], &v[b]) <= 0) ? v[a++] : v[b++];
    }
    memcpy(v, spare, n * sizeof *v);
  }
}

/* The name of a pair, in the spelling of the side that is going to be written. */
static sl_code_t name_of(sl_lists_t *self, const sl_list_t *list, const sl_record_t *item,
                         bool reading)
{
  const sl_field_t *field = list->item->fields[0];
  if (reading) {
    sl_read_t result;
    sl_code_t code =
        sl_field_read_text(field, item, self->arena, &self->scratch, &result, self->err);
    if (!code && result != SL_READ_VALUE)
      code = sl_err_field(self->err, SL_GARBAGE, list->json, "a name was expected in each %s",
                          list->legacy);
    return code;
  }
  const sl_slot_t *slot = &item->slots[0];
  sl_legacy_t v;
  sl_code_t code = sl_field_write(field, item, self->arena, &v, self->err);
  if (!code && (v.state == SL_L_MISSING || v.state == SL_L_NIL))
    code = sl_err_field(self->err, SL_INVALID, list->json,
                        "a name with a legacy spelling was "
                        "expected");
  if (!code) sl_buf_adds(&self->scratch, v.state == SL_L_EMPTY ? sl_str("") : v.text);
  if (code && self->err)
    snprintf(self->err->field, sizeof self->err->field, "%s/%.*s", list->json,
             (int)(slot->len < SHOWN_NAME ? slot->len : SHOWN_NAME), slot->p);
  return code;
}

/* The values of key=, appended; *there_p: all of them are there. An item without a key is like no
 * other. */
static sl_code_t key_of(sl_lists_t *self, const sl_list_t *list, const sl_record_t *item,
                        bool reading, bool *there_p)
{
  *there_p = true;
  for (size_t i = 0; i < list->n_key; i++) {
    const sl_field_t *field = list->key_fields[i];
    size_t start = self->scratch.len;
    sl_code_t code;
    if (!sl_only_holds(&field->only, item)) {
      *there_p = false;
      return SL_OK;
    }
    if (reading) {
      sl_read_t result;
      code = sl_field_read(field, item, self->arena, &self->scratch, &result, self->err);
      *there_p &= result == SL_READ_VALUE;
    } else {
      sl_legacy_t v;
      code = sl_field_write(field, item, self->arena, &v, self->err);
      if (code) return code;
      *there_p &= v.state == SL_L_TEXT || v.state == SL_L_EMPTY || v.state == SL_L_BLANK;
      if (*there_p && v.state != SL_L_EMPTY) sl_buf_adds(&self->scratch, v.text);
    }
    if (code) return code;
    uint32_t len = (uint32_t)(self->scratch.len - start); /* ("ab", "c") is not ("a", "bc") */
    sl_buf_add(&self->scratch, (const char *)&len, sizeof len);
  }
  return SL_OK;
}

sl_code_t sl_lists_unique(sl_lists_t *self, sl_record_t *record, const sl_list_t *list,
                          bool reading)
{
  const sl_items_t *items = &record->lists[list->index];
  bool pairs = list->form == SL_LIST_PAIRS;
  size_t n = 0;
  uint32_t index = 0;
  if (!items->n || (!pairs && (items->n < 2 || !list->key_fields))) return SL_OK;
  item_key_t *v = sl_arena_alloc(self->arena, 2 * (size_t)items->n * sizeof *v);
  if (!v) return sl_lists_full(self, reading);
  sl_buf_clear(&self->scratch);
  for (const sl_record_t *item = items->first; item; item = item->next, index++) {
    bool there = true;
    size_t at = self->scratch.len;
    sl_code_t code =
        pairs ? name_of(self, list, item, reading) : key_of(self, list, item, reading, &there);
    if (code) return code;
    if (there) v[n++] = (item_key_t){at, (uint32_t)(self->scratch.len - at), index};
  }
  if (self->scratch.failed) return sl_lists_full(self, reading);
  sort(self, v, v + items->n, n);
  for (size_t i = 1; i < n; i++)
    if (!compare(self, &v[i - 1], &v[i])) return twice(self, list, &v[i], reading);
  return SL_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * base: the put rule. A record is written over the one that is there: whatever the consumer did not
 * change keeps its legacy spelling, and whatever no line maps stays.
 *
 * Both are records: `record`, what the consumer sent (JSON spelling), and the base (legacy
 * spelling), read as the answer of the base operation. sl_base_link ties the first to the second,
 * level by level; after it, sl_field_write and the writers ask what is to be kept.
 *
 *   a value       unchanged when it is the JSON that the base's spelling reads as, or when both
 *                 would be written and read back as the same JSON (12.5 and 12.50 where that is no
 *                 loss). Then the base's spelling is written, whether our codec would write it so
 *                 or not. A masked value is unchanged when it is the mask of the base's.
 *   absent        PUT: it is a value like others. PATCH: unchanged.
 *   read-only     always unchanged. write-only: unchanged when absent, as consumers never see it.
 *   made of parts a fixed-width record: unchanged when all its parts are; else the parts that are,
 *                 and what is ignored, keep their characters. A template: when nothing changed that
 *                 it is made of.
 *   a list        absent in a PATCH, or read-only: all items of the base. Else on-write=: replace
 *                 writes what was sent; append puts it behind the base's items; align matches items
 *                 by key: each one is written over the base's item of the same key, items with
 *                 another key are new, and those that were not sent go. Pairs are aligned by their
 *                 names (in a PATCH those that were not sent stay), slots and zips by their places.
 *   not mapped    carried (plan.h) and emitted where the contract wants it.
 *
 * Inside an item that was sent, absent means absent: a JSON array is replaced as a whole (RFC 7396
 * says so of PATCH, too).
 */
#ifndef SL_ENGINE_BASE_H
#define SL_ENGINE_BASE_H

#include "core/buf.h"
#include "core/err.h"
#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"

/* Memory that comparing reuses; lives as long as what was linked with it. */
typedef struct sl_base_scratch {
  sl_buf_t ours, theirs;
} sl_base_scratch_t;

struct sl_base {
  const sl_record_t *record; /* the base's, of the same level */
  bool keep;                 /* what is absent is unchanged */
  sl_base_scratch_t *scratch;
};

void sl_base_scratch_init(sl_base_scratch_t *self);
void sl_base_scratch_fini(sl_base_scratch_t *self);

/* record is to be written over base, a record of the base's frame; its lists become those that are
 * to be written. keep: a PATCH. Everything lives in arena or is borrowed, scratch too. SL_INVALID:
 * two items of the consumer have one key; SL_GARBAGE: the base's have; SL_TOO_LARGE: no room. */
sl_code_t sl_base_link(sl_record_t *record, const sl_record_t *base, bool keep, sl_arena_t *arena,
                       sl_base_scratch_t *scratch, sl_err_t *err);

/* Is field unchanged in record? Then *out is what the base says, and *bare_p (may be NULL) whether
 * its JSON had it without quotes. */
sl_code_t sl_base_kept(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                       bool *kept_p, sl_legacy_t *out, bool *bare_p, sl_err_t *err);
/* What the base has in field's place, MISSING without a base. */
sl_legacy_t sl_base_legacy(const sl_field_t *field, const sl_record_t *record);
/* The base's first item of a part of a zip; NULL: there is none, or no base. */
const sl_record_t *sl_base_first(const sl_record_t *record, const sl_list_t *part);
/* item, of a list of record, is to be written over theirs (NULL: over nothing). */
bool sl_base_over(const sl_record_t *record, sl_record_t *item, const sl_record_t *theirs,
                  sl_arena_t *arena);
/* What record->base carries at a node's carry; NULL: nothing. */
static inline const sl_chunk_t *sl_base_carried(const sl_record_t *record, unsigned carry)
{
  return carry && record->base && record->base->record->carries
             ? record->base->record->carries[carry].first
             : NULL;
}

#endif

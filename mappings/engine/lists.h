/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lists: lists that stand on the legacy side in another form than a repeated element, and what
 * holds for all items of a list together.
 *
 *     <slots>     ADDR1 … ADDR5       one list; every place is a part that holds at most one item
 *     <zip>       TAX_CD*, TAX_AMT*   one list; every repeated element is a part
 *     <pairs>     PROP n="…" *        one object; the names of its members are data
 *     [@n='x']    PROP n="x"          a value of the record itself: picked from the occurrences
 *     key=                            no two items with the same key
 *
 * Readers and writers of XML, JSON and rows know parts as lists like any other. So a message is
 * read into parts, and gathered once it is whole; before it is written, it is spread. Both look at
 * lists only, and only where the plan has such (sl_frame_t.shaped): other records are not walked.
 *
 * Laws: what is spread gathers to the same items. What would not is refused: an item that its place
 * would not show, one beyond the last place, a name or key that comes twice (SL_INVALID). What is
 * gathered spreads to what gathers the same; a gap in slots, parts of different lengths, a name or
 * key that comes twice are the legacy system's mistakes (SL_GARBAGE), unless the mapping says what
 * they mean. Time grows with n log n at most, whatever the names are.
 */
#ifndef SL_ENGINE_LISTS_H
#define SL_ENGINE_LISTS_H

#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"

enum {
  SL_GATHER_ROWS = 1,   /* rows: those with the same key were made one item already */
  SL_GATHER_REJECT = 2, /* unknown="reject": what no predicate picks is SL_GARBAGE */
};

/* record and all below it, in legacy spelling: parts → items. *unknown_p counts up by what was
 * left over. Places keep their records, for the next row to be read into. */
sl_code_t sl_lists_gather(sl_record_t *record, sl_arena_t *arena, unsigned flags, size_t *unknown_p,
                          sl_err_t *err);
/* record and all below it, in JSON spelling: items → parts. May be called again. */
sl_code_t sl_lists_spread(sl_record_t *record, sl_arena_t *arena, sl_err_t *err);
/* The record that a column of a numbered place is read into; NULL when the arena is full. */
sl_record_t *sl_lists_place(sl_record_t *record, const sl_list_t *place, sl_arena_t *arena);

#endif

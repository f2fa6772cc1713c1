/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * same: are two records the same, as far as a mapping has to do with them? Layout, the order of
 * JSON members and of XML attributes, and namespace prefixes do not count; digits, order of
 * elements and items, and white space in values do. What the mapping does not write (read-only
 * lines, what it ignores or does not name) is left out of the comparison where that is asked for.
 */
#ifndef SL_LAWS_SAME_H
#define SL_LAWS_SAME_H

#include "core/buf.h"
#include "mappings/engine/plan.h"

/* Which members count: the others may be in `wanted` only, and are not looked at. */
typedef enum sl_same_scope {
  SL_SAME_ALL,
  SL_SAME_SUBSET,  /* all that is wanted: more may come */
  SL_SAME_READ,    /* what is read: not the write-only lines */
  SL_SAME_WRITTEN, /* what is written: not the read-only lines */
  SL_SAME_BOTH,    /* what goes both ways */
} sl_same_scope_t;

/* plan may be NULL (then everything counts). legacy: plan is of the legacy side, where what it does
 * not name does not count unless the scope is ALL. On a difference: false, and one sentence with
 * its place appended to why. Memory of its own. */
bool sl_same_json(const sl_jnode_t *plan, bool legacy, sl_same_scope_t scope, sl_str_t wanted,
                  sl_str_t got, sl_buf_t *why);
/* XML documents; plan is the root's (its own name does not count), of mapping. Elements that it
 * does not write do not count, with SL_SAME_BOTH those neither that it does not read. NULL: all of
 * both, names included. */
bool sl_same_xml(const sl_mapping_t *mapping, const sl_xnode_t *plan, sl_same_scope_t scope,
                 sl_str_t wanted, sl_str_t got, sl_buf_t *why);
/* CSV records, by column labels: got's columns count. */
bool sl_same_csv(sl_str_t wanted, sl_str_t got, sl_buf_t *why);

#endif

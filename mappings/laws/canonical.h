/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * canonical: what the user's JSON Schema says about the lines of a mapping. A shape's schema is
 * $defs/SHAPE (or definitions/SHAPE) of the canonical file, else the file's root.
 */
#ifndef SL_LAWS_CANONICAL_H
#define SL_LAWS_CANONICAL_H

#include "mappings/contract/jschema.h"
#include "mappings/engine/plan.h"
#include "mappings/laws/lines.h"

typedef struct sl_canonical {
  const sl_jschema_t *schema; /* NULL: nothing is said about the line */
  bool required;              /* the member is always there */
  bool beside;                /* it is there whenever its object is (and, of a case's member, is of
                                 that kind) */
} sl_canonical_t;

/* The schema of a shape; NULL: the mapping has none. */
const sl_jschema_t *sl_canonical_shape(const sl_mapping_t *mapping, const char *shape);
/* Of a line's value in it. Of a line within a list: of the value in an item; of a list: of the
 * array. */
sl_canonical_t sl_canonical_line(const sl_mapping_t *mapping, const char *shape,
                                 const sl_line_t *line);

/* schema, or what it refers to when it says nothing itself. Never NULL. */
const sl_jschema_t *sl_canonical_plain(const sl_jschema_t *schema);
/* schema without what representatives cannot be chosen by (patterns, formats, multiples): allows
 * whatever schema does, and more. dates: the formats of dates and times stay, as the classes of
 * those codecs are made for them. In arena; NULL without memory. */
const sl_jschema_t *sl_canonical_relaxed(const sl_jschema_t *schema, bool dates, sl_arena_t *arena);
/* Its only pattern, when that is known to hold for every text that schema allows; NULL: none, or
 * several. *more_p: there are patterns, formats or multiples beside it. */
const sl_regex_t *sl_canonical_pattern(const sl_jschema_t *schema, bool *more_p);

#endif

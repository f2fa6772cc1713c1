/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schema_impl: what the schema*.c files share.
 */
#ifndef SL_ENGINE_SCHEMA_IMPL_H
#define SL_ENGINE_SCHEMA_IMPL_H

#include "core/jsonw.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/schema.h"

enum { SL_SCHEME_RANGES = 40 };

/* Characters that a charset has, when they are few enough to be listed. */
typedef struct sl_ranges {
  uint32_t v[SL_SCHEME_RANGES][2];
  size_t n;
  bool small;
  const char *charset; /* of which; NULL: of none yet */
  uint8_t medium;
} sl_ranges_t;

/* Which case of a choice the object is that is being described. */
typedef struct sl_made {
  const sl_choice_t *choice;
  int chosen; /* -1: none of them */
} sl_made_t;

enum { SL_SCHEME_CHOICES = 16, SL_SCHEME_BRANCHES = 512 };

typedef struct sl_scheme {
  sl_jsonw_t w;
  sl_view_t view;
  sl_arena_t *scratch;     /* of probes */
  const sl_frame_t *frame; /* that is being described */
  const void *common;      /* sl_scheme_common of the object that is */
  bool filled;             /* an item of slots without gaps: what reads as null is none */
  sl_made_t made[SL_SCHEME_CHOICES];
  size_t n_made, n_branches;
  const sl_field_t *field;
  const sl_codec_t *c; /* its codec */
  sl_ranges_t ranges;  /* of the last text's charset: most have the same */
} sl_scheme_t;

/* schema_place.c: the legacy element (object, row) that a field's value stands in, and whether the
 * contract demands it together with everything around it. */
typedef struct sl_legacy_place {
  const void *parent; /* NULL: nowhere */
  const void *own; /* the element whose text it is: others may stand in its attributes; or NULL */
  bool sure;
} sl_legacy_place_t;
sl_legacy_place_t sl_scheme_place(const sl_frame_t *frame, const sl_field_t *field);
/* The one that all values of object stand in, or are the text of; NULL: there is none. */
const void *sl_scheme_common(const sl_frame_t *frame, const sl_jnode_t *object);
/* The field that has the legacy place: of a part of a record, the record's. */
const sl_field_t *sl_scheme_carrier(const sl_field_t *field);

/* schema_choice.c: is node there, as far as choices have been made? */
bool sl_scheme_present(const sl_scheme_t *self, const sl_jnode_t *node);
/* A choice that decides about members of object and is not made yet; NULL: none. */
const sl_choice_t *sl_scheme_open_choice(const sl_scheme_t *self, const sl_jnode_t *object);
/* The object once for each case; what describes one of them is `one`. */
void sl_scheme_cases(sl_scheme_t *self, const sl_jnode_t *object, bool root,
                     const sl_choice_t *choice,
                     void (*one)(sl_scheme_t *self, const sl_jnode_t *object, bool root));
/* The name of the case that has been made. */
void sl_scheme_kind(sl_scheme_t *self, const sl_choice_t *choice);

/* Would the codec write this JSON value? */
bool sl_scheme_takes(sl_scheme_t *self, sl_jstate_t state, const char *text);
bool sl_scheme_nulls(sl_scheme_t *self); /* may it be null in this view? */
/* Plain values in slots, none of which is null. */
static inline bool sl_scheme_fills(const sl_list_t *list)
{
  return list->form == SL_LIST_SLOTS && list->gaps != SL_GAPS_NULL &&
         list->item->json->kind == SL_JN_FIELD;
}
/* Is the member there in every answer; has it to be in a request? */
bool sl_scheme_required(sl_scheme_t *self, const sl_field_t *field);

/* schema_value.c: the members of the field's schema, into an open object. */
void sl_scheme_value(sl_scheme_t *self, const sl_field_t *field);
/* "type": name, or [name, "null"]. */
void sl_scheme_type(sl_scheme_t *self, const char *name);
/* schema_text.c, schema_date.c: the same for kinds that have more to say. */
void sl_scheme_text(sl_scheme_t *self);
void sl_scheme_date(sl_scheme_t *self);
/* schema.c: the members of node's schema, into an open object. */
void sl_scheme_node(sl_scheme_t *self, const sl_jnode_t *node, bool root);

#endif

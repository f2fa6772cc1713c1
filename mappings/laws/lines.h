/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lines: the lines of a compiled mapping, one after the other, as tools want them: what the laws
 * judge, what the lineage table prints, what two versions of a mapping are compared by.
 *
 * Borrowed from the mapping; nothing is copied.
 */
#ifndef SL_LAWS_LINES_H
#define SL_LAWS_LINES_H

#include "core/arena.h"
#include "mappings/engine/plan.h"

typedef struct sl_line {
  const sl_frame_t *frame; /* that it is in: the shape's, or that of a list's items */
  const sl_list_t *within; /* the list whose items it is in; NULL: none */
  const sl_field_t *field; /* one of the two */
  const sl_list_t *list;
  bool item;          /* the field is the item itself: a plain value */
  const char *json;   /* pointer from the top, lists by name: "/contacts/kind"; "" if none */
  const char *http;   /* "path:id"; "" if none */
  const char *legacy; /* path from the top: "CONTACTS/CONTACT/TEL_NO" */
  sl_access_t access;
  const char *file; /* the mapping's, or one that it imports */
  int line, col;
} sl_line_t;

/* All lines that the user wrote in frame and in its lists, in their order, each list before its
 * items' lines. In *out_p, from arena; returns how many, 0 also without memory. */
size_t sl_lines_of(const sl_frame_t *frame, sl_arena_t *arena, const sl_line_t **out_p);
/* What consumers call it: its pointer, with one step more, a star, for the items of a list of plain
 * values; else its HTTP end; "" if it has neither. In arena. */
const char *sl_line_name(const sl_line_t *line, sl_arena_t *arena);
/* The legacy path of what is at legacy in object (sl_field_t), in what is at base; each may be "".
 * In arena. */
const char *sl_line_place(const char *base, const char *object, const char *legacy,
                          sl_arena_t *arena);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/laws_rest.h"

#include <string.h>
#include "mappings/engine/derive.h"

/* --- constants ----------------------------------------------------------------------------------
 */

static void constant(sl_consts_t *self, const sl_const_t *c, bool legacy)
{
  for (; c; c = c->other) {
    if (!c->file_line) continue; /* a predicate's */
    if (self->n < self->room)
      self->v[self->n] = (sl_line_t){.json = legacy ? "" : c->label,
                                     .legacy = legacy ? c->label : "",
                                     .http = "",
                                     .access = legacy ? SL_WRITE_ONLY : SL_READ_ONLY,
                                     .file = c->file,
                                     .line = c->file_line,
                                     .col = c->col};
    self->n++;
  }
}

static void of_json(sl_consts_t *self, const sl_jnode_t *node, bool legacy)
{
  if (!node) return;
  constant(self, node->constant, legacy);
  for (uint16_t i = 0; i < node->n_children; i++) of_json(self, &node->children[i], legacy);
}

static void of_xml(sl_consts_t *self, const sl_xnode_t *node)
{
  if (!node) return;
  constant(self, node->constant, true);
  for (uint16_t i = 0; i < node->n_attrs; i++) constant(self, node->attrs[i].constant, true);
  for (uint16_t i = 0; i < node->n_children; i++) of_xml(self, &node->children[i]);
}

void sl_consts_of(const sl_frame_t *frame, sl_consts_t *self)
{
  of_json(self, frame->json, false);
  of_json(self, frame->legacy_json, true);
  of_xml(self, frame->xml);
  for (size_t i = 0; i < frame->n_columns; i++) constant(self, frame->columns[i].constant, true);
  for (size_t i = 0; i < frame->n_lists; i++) sl_consts_of(frame->lists[i]->item, self);
}

/* --- reasons ------------------------------------------------------------------------------------
 */

static const char *of_field(const sl_field_t *f, bool written, bool read, bool used)
{
  if (f->derive && f->derive->kind == SL_DERIVE_XPATH)
    return "computed from the legacy record, and never written";
  if (f->derive && f->derive->kind == SL_DERIVE_TEMPLATE)
    return "made of other members, and never read back";
  if (f->access == SL_READ_ONLY) return "read-only: never written";
  if (f->access == SL_WRITE_ONLY) return "write-only: never read back";
  bool record = f->derive && f->derive->kind == SL_DERIVE_RECORD;
  if (!f->json[0] && !record)
    return written || !used ? "an argument: never read back" : "a header of answers";
  if (used && !written) return "no operation writes it";
  return used && !read ? "no operation reads it back" : "";
}

const char *sl_law_reason(const sl_line_t *line, bool written, bool read, bool used)
{
  if (line->field) return of_field(line->field, written, read, used);
  if (!line->list) return "a constant";
  if (line->access == SL_READ_ONLY) return "read-only: never written";
  if (line->access == SL_WRITE_ONLY) return "write-only: never read back";
  if (used && !written) return "no operation writes it";
  return used && !read ? "no operation reads it back" : "";
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/compile.h"

void sl_b_default(sl_at_t at, const sl_xel_t *el, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *value = sl_xel_at(el, "default");
  if (!value || !field->codec) return;
  if (sl_b_access(el) == SL_READ_ONLY || field->generated) {
    sl_b_error(b, "R240", value->line, value->col, "leave default= out",
               "a default is written, and this line is %s",
               field->generated ? "generated" : "read-only");
    return;
  }
  sl_err_t err = {0};
  sl_legacy_t *preset = sl_b_alloc(b, sizeof *preset);
  sl_str_t text = sl_strn(sl_b_dup(b, value->value, strlen(value->value)), strlen(value->value));
  if (!preset) return;
  if (sl_codec_write_text(field->codec, text, b->arena, preset, &err)) {
    sl_b_error(b, "T210", value->value_line, value->value_col, NULL,
               "the default cannot be written: %s", err.text);
    return;
  }
  if (!at.f->merge && field->access != SL_READ_ONLY) field->preset = preset;
}

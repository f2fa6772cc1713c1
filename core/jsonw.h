/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * jsonw: writes JSON into an sl_buf_t; commas are its business. Values are written as they are
 * given: numbers as digits, text as UTF-8 with only what RFC 8259 demands escaped.
 */
#ifndef SL_CORE_JSONW_H
#define SL_CORE_JSONW_H

#include <stdbool.h>
#include <stdint.h>
#include "core/buf.h"
#include "core/str.h"

typedef struct sl_jsonw {
  sl_buf_t *out; /* borrowed */
  bool comma;    /* a value was written at this level: the next needs a comma */
} sl_jsonw_t;

static inline void sl_jsonw_init(sl_jsonw_t *self, sl_buf_t *out)
{
  self->out = out;
  self->comma = false;
}

void sl_jsonw_object(sl_jsonw_t *self);
void sl_jsonw_object_end(sl_jsonw_t *self);
void sl_jsonw_array(sl_jsonw_t *self);
void sl_jsonw_array_end(sl_jsonw_t *self);
void sl_jsonw_key(sl_jsonw_t *self, const char *name);
void sl_jsonw_keys(sl_jsonw_t *self, sl_str_t name);
void sl_jsonw_str(sl_jsonw_t *self, sl_str_t text);
void sl_jsonw_z(sl_jsonw_t *self, const char *text);
void sl_jsonw_int(sl_jsonw_t *self, int64_t n);
void sl_jsonw_bool(sl_jsonw_t *self, bool b);
void sl_jsonw_null(sl_jsonw_t *self);
/* text is a whole JSON value already. */
void sl_jsonw_raw(sl_jsonw_t *self, sl_str_t text);

/* Just the quoted, escaped string, no comma handling: for writers that keep their own. text must
 * be well-formed UTF-8. */
void sl_json_quote(sl_buf_t *out, sl_str_t text);

#endif

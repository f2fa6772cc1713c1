/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer: JSON values as headers and offers are made of, straight into a buffer. Private to bus/.
 */
#ifndef SL_BUS_WRITER_H
#define SL_BUS_WRITER_H

#include <stdint.h>
#include "core/buf.h"
#include "core/str.h"

/* A quoted string. Bytes that are not UTF-8 come out as U+FFFD: a frame is always valid JSON. */
void sl_bus_write_text(sl_buf_t *out, sl_str_t text);
/* n ≥ 0. */
void sl_bus_write_int(sl_buf_t *out, int64_t n);
/* A load, with two digits behind the point. */
void sl_bus_write_load(sl_buf_t *out, double load);

#endif

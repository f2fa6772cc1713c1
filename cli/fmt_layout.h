/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fmt_layout: the layout of a mapping or deployment file, and nothing but the layout: comments,
 * text, entities and quotes stay byte for byte; only white space between tags and attributes, and
 * the order of a line's first attributes (legacy, json, type), may change.
 */
#ifndef SL_CLI_FMT_LAYOUT_H
#define SL_CLI_FMT_LAYOUT_H

#include "core/buf.h"
#include "core/err.h"

/* text, a file that xdoc has read without an error, in its layout, appended to out. Laying out
 * what came out gives the same again. SL_INVALID for what is no XML (never after xdoc),
 * SL_TOO_LARGE without memory. */
sl_code_t sl_fmt_layout(sl_str_t text, sl_buf_t *out, sl_err_t *err);

#endif

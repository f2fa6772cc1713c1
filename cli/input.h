/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * input: what a user hands to a command, and how it falls into records.
 */
#ifndef SL_CLI_INPUT_H
#define SL_CLI_INPUT_H

#include "core/buf.h"
#include "core/err.h"

enum { SL_INPUT_MAX = 1 << 30 }; /* bytes; a command holds them in memory */

/* The whole file (- is standard input), appended to out. Blocks. */
sl_code_t sl_input_read(const char *path, sl_buf_t *out, sl_err_t *err);

/* The next record of *text_p, without white space around it; *text_p moves behind it. Empty when
 * there is none. They only find the end: whether a record is well-formed, its reader tells.
 *   xml    one document after another
 *   json   one value after another (NDJSON is such a text)
 *   row    a CSV row, quoted line ends included */
sl_str_t sl_input_xml(sl_str_t *text_p);
sl_str_t sl_input_json(sl_str_t *text_p);
sl_str_t sl_input_row(sl_str_t *text_p);

#endif

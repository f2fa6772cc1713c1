/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csv: rows of a database as text, for `sluice map`, examples and tests: a header line of column
 * labels, then one line a row (RFC 4180; LF will do). An unquoted empty cell is NULL, a quoted one
 * is empty text. A list of the record comes as joined rows do: the record's cells are repeated on
 * each of its rows, and NULL in the list's key means that there is no item.
 */
#ifndef SL_ENGINE_CSV_H
#define SL_ENGINE_CSV_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/run.h"

/* Header and rows of one record → record in legacy spelling. Columns that the shape does not name
 * are skipped; those it names and that are missing are SL_GARBAGE, but for read-only ones when all
 * of them are missing: so what was written can be read. */
sl_code_t sl_csv_read(sl_record_t *record, sl_arena_t *arena, sl_str_t csv, sl_err_t *err);
/* A record in JSON spelling → header and rows, appended. SL_INVALID names the field that its codec
 * refuses. A row whose only cell is NULL is refused as well: an empty line is no row. */
sl_code_t sl_csv_write(sl_record_t *record, sl_arena_t *arena, sl_buf_t *out, sl_err_t *err);

/* The next row of *csv_p as cells (at most max), the header line too; 0 at the end or after an
 * error, which then stands in err (err->code is SL_OK at the end). Texts live in csv or arena. */
size_t sl_csv_row(sl_str_t *csv_p, sl_arena_t *arena, sl_sql_cell_t *cells, size_t max,
                  sl_err_t *err);

/* Are rows a and b, as text, of one record? So they are when its key fields are the same and it has
 * a list. An error when the rows cannot be taken apart. */
sl_code_t sl_csv_joined(const sl_frame_t *frame, sl_arena_t *arena, sl_str_t header, sl_str_t a,
                        sl_str_t b, bool *joined_p);

#endif

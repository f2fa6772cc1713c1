/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wire: what `sluice call --show-wire` shows of a database: statements with their values, and rows.
 * Never called otherwise; nothing of it reaches a log or a problem.
 */
#ifndef SL_ODBC_WIRE_H
#define SL_ODBC_WIRE_H

#include "adapters/odbc/channel.h"
#include "mappings/engine/run.h"

void sl_wire_statement(sl_channel_t *channel, const sl_sql_statement_t *statement);
/* A row as a line at the end of text, which is bounded. */
void sl_wire_row(sl_buf_t *text, const sl_str_t *labels, const sl_sql_cell_t *cells, size_t n);
/* Sends and frees text, if there is any. */
void sl_wire_rows(sl_channel_t *channel, sl_buf_t *text);

#endif

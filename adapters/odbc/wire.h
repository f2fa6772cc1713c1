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
void sl_wire_row(sl_channel_t *channel, const sl_str_t *labels, const sl_sql_cell_t *cells,
                 size_t n);

#endif

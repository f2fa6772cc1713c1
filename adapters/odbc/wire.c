/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/wire.h"

static void send(sl_channel_t *channel, unsigned flags, sl_buf_t *text)
{
  /* Longer ones are cut: this is for people to read. */
  size_t len = text->len < SL_WP_PIECE ? text->len : SL_WP_PIECE;
  sl_wp_put(&channel->out, SL_WP_WIRE, flags, channel->call, sl_strn(text->p, len));
  sl_channel_send(channel, sl_strn(NULL, 0));
  sl_buf_fini(text);
}

void sl_wire_statement(sl_channel_t *channel, const sl_sql_statement_t *statement)
{
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_buf_printf(&text, "%s\n", statement->text);
  for (size_t i = 0; i < statement->n_params; i++) {
    const sl_sql_param_t *p = &statement->params[i];
    sl_buf_printf(&text, "  ?%zu %s %s = ", i + 1, p->name, p->type);
    if (p->null)
      sl_buf_addz(&text, "NULL");
    else
      sl_buf_printf(&text, "'%.*s'", SL_STR_ARG(p->text));
    sl_buf_addc(&text, '\n');
  }
  send(channel, SL_WP_OUTGOING, &text);
}

void sl_wire_row(sl_buf_t *text, const sl_str_t *labels, const sl_sql_cell_t *cells, size_t n)
{
  if (text->len >= SL_WP_PIECE) return;
  for (size_t i = 0; i < n; i++) {
    sl_buf_printf(text, "%s%.*s=", i ? " | " : "", SL_STR_ARG(labels[i]));
    if (cells[i].null)
      sl_buf_addz(text, "NULL");
    else
      sl_buf_printf(text, "'%.*s'", (int)cells[i].len, cells[i].p);
  }
  sl_buf_addc(text, '\n');
}

void sl_wire_rows(sl_channel_t *channel, sl_buf_t *text)
{
  if (text->len && !text->failed)
    send(channel, 0, text);
  else
    sl_buf_fini(text);
}

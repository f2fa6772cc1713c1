/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/field.h"
#include "mappings/engine/sql_impl.h"

static void add_header(sl_answer_t *answer, const char *name, sl_str_t value)
{
  if (!value.p || answer->n_headers == SL_ANSWER_HEADERS) return;
  answer->headers[answer->n_headers++] = (sl_answer_header_t){sl_str(name), value};
}

/* Header ends of the record that was read: ETag and the like. */
static void record_headers(sl_sql_t *self, sl_answer_t *answer)
{
  if (!self->first || self->reading->rows) return;
  const sl_frame_t *frame = self->first->frame;
  for (size_t i = 0; i < frame->n_http; i++) {
    sl_buf_t text;
    sl_read_t result;
    sl_err_t err;
    const sl_field_t *field = frame->http[i].field;
    if (strncmp(frame->http[i].name.p, "header:", 7)) continue;
    sl_buf_init(&text, 0);
    bool tag = sl_str_eqz(frame->http[i].name, "header:etag"); /* RFC 9110 §8.8.3: in quotes */
    if (tag) sl_buf_addc(&text, '"');
    bool ok = !sl_field_read_text(field, self->first, self->arena, &text, &result, &err) &&
              result == SL_READ_VALUE;
    if (tag) sl_buf_addc(&text, '"');
    if (ok)
      add_header(answer, frame->http[i].name.p + 7, sl_arena_str(self->arena, sl_buf_str(&text)));
    sl_buf_fini(&text);
  }
}

sl_code_t sl_sql_answer(sl_sql_t *self, sl_answer_t *answer, sl_err_t *err)
{
  if (!self->head) return sl_err_set(err, SL_GARBAGE, "the database's answer ended too early");
  memset(answer, 0, sizeof *answer);
  answer->problem = self->problem;
  answer->status = self->status;
  if (!answer->status) answer->status = self->op->status ? self->op->status : 200; /* streams */
  if (self->problem) return SL_OK;
  record_headers(self, answer);
  if (self->more) add_header(answer, "Link", sl_page_link(self));
  if (self->op->change.kind == SL_CHANGE_INSERT)
    add_header(answer, "Location", sl_page_location(self));
  return SL_OK;
}

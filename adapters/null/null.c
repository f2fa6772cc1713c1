/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-null: the adapter without a legacy system. It answers each call with what it was asked:
 *
 *     {"operation": "echo", "arguments": {"path:id": "42"}, "body": {…}}
 *
 * It is the smallest adapter there is: copy this folder to begin one of your own (README.md). An
 * operation with the parameter query:size answers with so many bytes in chunks instead, under the
 * credit of whoever reads: what an adapter with long answers does.
 */
#include <stdlib.h>

#include "adapters/host/host.h"
#include "core/jsonw.h"

/* What we keep for a call that is not answered at once; in the call's arena. */
struct stream {
  int64_t left; /* bytes */
};

enum { PIECE = 64 * 1024 };

static void echo(sl_host_call_t *call)
{
  const sl_input_t *in = sl_host_call_input(call);
  sl_buf_t out;
  sl_jsonw_t w;
  sl_buf_init(&out, 0);
  sl_jsonw_init(&w, &out);
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "operation");
  sl_jsonw_z(&w, sl_op_info(sl_host_call_op(call))->name);
  sl_jsonw_key(&w, "arguments");
  sl_jsonw_object(&w);
  for (size_t i = 0; i < in->n_args; i++) {
    sl_jsonw_keys(&w, in->args[i].name);
    sl_jsonw_str(&w, in->args[i].value);
  }
  sl_jsonw_object_end(&w);
  if (in->body.len) {
    sl_jsonw_key(&w, "body");
    sl_jsonw_raw(&w, in->body); /* a system behind it would read it; here it only passes */
  }
  sl_jsonw_object_end(&w);
  const sl_answer_t answer = {.status = 200};
  sl_host_answer(call, &answer, sl_buf_str(&out));
  sl_buf_fini(&out);
}

static int64_t wanted_size(const sl_input_t *in)
{
  for (size_t i = 0; i < in->n_args; i++)
    if (sl_str_eqz(in->args[i].name, "query:size")) {
      char digits[20] = "";
      if (in->args[i].value.len < sizeof digits)
        memcpy(digits, in->args[i].value.p, in->args[i].value.len);
      return strtoll(digits, NULL, 10);
    }
  return 0;
}

/* As much as the reader has room for; the rest when credit comes. */
static void stream_on(sl_host_call_t *call)
{
  struct stream *s = *sl_host_call_data(call);
  static char piece[PIECE];
  memset(piece, 'x', sizeof piece);
  while (s->left) {
    int64_t n = sl_host_credit(call);
    if (n > PIECE) n = PIECE;
    if (n > s->left) n = s->left;
    if (n <= 0) return;
    s->left -= n;
    if (s->left)
      sl_host_more(call, sl_strn(piece, (size_t)n), false, NULL);
    else {
      piece[n - 1] = '"';
      sl_host_more(call, sl_strn(piece, (size_t)n), true, NULL);
      return;
    }
  }
}

static void start_stream(sl_host_call_t *call, int64_t size)
{
  struct stream *s = sl_arena_zalloc(sl_host_call_arena(call), sizeof *s);
  const sl_answer_t answer = {.status = 200};
  if (!s) {
    sl_err_t err;
    sl_err_set(&err, SL_TOO_LARGE, "the call needs too much memory");
    return sl_host_fail(call, &err);
  }
  s->left = size - 1; /* the first byte goes out with the head */
  *sl_host_call_data(call) = s;
  sl_host_begin(call, &answer, sl_str("\""));
  stream_on(call);
}

static void on_call(void *self, sl_host_call_t *call)
{
  (void)self;
  int64_t size = wanted_size(sl_host_call_input(call));
  if (size > 2)
    start_stream(call, size);
  else
    echo(call);
}

static void on_credit(void *self, sl_host_call_t *call)
{
  (void)self;
  stream_on(call);
}

static void on_cancel(void *self, sl_host_call_t *call)
{
  (void)self;
  sl_host_release(call); /* nothing is under way elsewhere */
}

static sl_code_t on_start(sl_host_t *host, const void *options, void **self_p, sl_err_t *err)
{
  (void)host, (void)options, (void)err;
  *self_p = NULL;
  return SL_OK;
}

static const sl_adapter_t adapter = {
    .program = "sluice-null",
    .purpose = "Serves a mapping of kind \"null\": answers each call with what it was asked.",
    .kind = "null",
    .start = on_start,
    .call = on_call,
    .cancel = on_cancel,
    .credit = on_credit,
};

int main(int argc, char **argv)
{
  return sl_host_main(&adapter, argc, argv);
}

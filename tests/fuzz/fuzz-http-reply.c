/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An HTTP answer in two pieces: the first byte says where it is cut. Both ways of reading it must
 * tell the same. */
#include <stdint.h>
#include <stdlib.h>
#include "adapters/http_client/reply.h"
#include "core/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sl_reply_step_t read_all(sl_reply_t *r, sl_str_t wire, size_t cut, sl_buf_t *out)
{
  sl_reply_step_t step = SL_REPLY_MORE;
  sl_reply_reset(r, false);
  for (int half = 0; half < 2 && step == SL_REPLY_MORE; half++) {
    sl_str_t in = half ? sl_strn(wire.p + cut, wire.len - cut) : sl_strn(wire.p, cut), body;
    while ((step = sl_reply_next(r, &in, &body)) == SL_REPLY_BODY) sl_buf_adds(out, body);
  }
  return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!size) return 0;
  sl_str_t wire = sl_strn((const char *)data + 1, size - 1);
  size_t cut = wire.len ? data[0] % wire.len : 0;
  sl_reply_t a, b;
  sl_buf_t whole, halves;
  sl_reply_init(&a);
  sl_reply_init(&b);
  sl_buf_init(&whole, 0);
  sl_buf_init(&halves, 0);
  sl_reply_step_t one = read_all(&a, wire, 0, &whole), two = read_all(&b, wire, cut, &halves);
  SL_ASSERT(one == two && a.status == b.status && sl_reply_end(&a) == sl_reply_end(&b));
  SL_ASSERT(sl_str_eq(sl_buf_str(&whole), sl_buf_str(&halves)));
  if (one == SL_REPLY_DONE) SL_ASSERT(a.keep_alive == b.keep_alive);
  if (one == SL_REPLY_DONE && sl_reply_header(&a, "content-type"))
    SL_ASSERT(sl_reply_header(&b, "CONTENT-TYPE") != NULL);
  sl_buf_fini(&whole);
  sl_buf_fini(&halves);
  sl_reply_fini(&a);
  sl_reply_fini(&b);
  return 0;
}

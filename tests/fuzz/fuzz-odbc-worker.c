/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a worker with a wild driver inside may send to the head, and the other way round. */
#include <stdint.h>
#include <stdlib.h>
#include "adapters/odbc/worker_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const sl_wp_frame_t *frame)
{
  static sl_arg_t args[SL_WP_MAX_ARGS];
  sl_wp_hello_t hello;
  sl_wp_call_t call;
  sl_wp_ready_t ready;
  sl_answer_t answer;
  sl_problem_t problem;
  sl_str_t body;
  sl_err_t err;
  uint64_t bytes;
  switch (frame->kind) {
  case SL_WP_HELLO: sl_wp_get_hello(frame, &hello); break;
  case SL_WP_CALL: sl_wp_get_call(frame, &call, args); break;
  case SL_WP_CREDIT: sl_wp_get_credit(frame, &bytes); break;
  case SL_WP_READY: sl_wp_get_ready(frame, &ready); break;
  case SL_WP_ANSWER: sl_wp_get_answer(frame, &answer, &problem, &body); break;
  case SL_WP_DOWN:
  case SL_WP_FAIL: sl_wp_get_err(frame, &err); break;
  default: break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *p = (const char *)data;
  sl_wp_frame_t frame;
  size_t used;
  while (sl_wp_next(p, size, SL_WP_MAX_UP, &frame, &used) == 1) {
    decode(&frame);
    p += used;
    size -= used;
  }
  return 0;
}

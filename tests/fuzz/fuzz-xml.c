/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A legacy answer through a compiled plan: whole and in pieces it must come to the same end. The
 * plans are those of the golden cases "customer" and "choice". */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/run.h"
#include "tests/fuzz/golden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sl_code_t feed(const sl_op_t *op, const char *text, size_t len, size_t piece, sl_buf_t *out)
{
  static const sl_input_t none = {NULL, 0, {NULL, 0}};
  sl_arena_t *arena = sl_arena_new(1024, 1 << 22);
  sl_run_t *run = sl_run_new(op, arena, &none, out);
  sl_code_t code = SL_OK;
  for (size_t i = 0;; i += piece) {
    size_t n = len - i < piece ? len - i : piece;
    code = sl_run_feed(run, 200, text + i, n, i + n == len, NULL);
    if (code || i + n == len) break;
  }
  sl_answer_t answer;
  if (!code) code = sl_run_answer(run, &answer, NULL);
  sl_run_fini(run);
  sl_arena_destroy(&arena);
  return code;
}

static void read_shape(const sl_mapping_t *mapping, const char *name, const char *text, size_t size)
{
  sl_arena_t *arena = sl_arena_new(0, 1 << 22);
  sl_buf_t out;
  sl_buf_init(&out, 1 << 22);
  sl_shape_read(sl_mapping_shape(mapping, name), arena, sl_strn(text, size), &out, NULL);
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const ops[] = {"getCustomer", "search", "getCustomer"};
  const sl_mapping_t *mapping = golden_mapping();
  const char *text = (const char *)data;
  for (size_t i = 0; i < 3; i++) {
    const sl_op_t *op = sl_mapping_op(i < 2 ? mapping : golden_mapping_of("choice"), ops[i]);
    sl_buf_t whole, pieces;
    sl_buf_init(&whole, 1 << 22);
    sl_buf_init(&pieces, 1 << 22);
    sl_code_t a = feed(op, text, size, size + 1, &whole);
    sl_code_t b = feed(op, text, size, size / 3 + 1, &pieces);
    /* The two parsers of libxml2 differ in what they forgive; what both accept has to be the same.
     */
    if (!a && !b &&
        (whole.len != pieces.len || (whole.len && memcmp(whole.p, pieces.p, whole.len))))
      abort();
    sl_buf_fini(&whole);
    sl_buf_fini(&pieces);
  }
  read_shape(mapping, "Customer", text, size);
  read_shape(golden_mapping_of("choice"), "Customer", text, size);
  read_shape(golden_mapping_of("choice-plain"), "Party", text, size);
  read_shape(golden_mapping_of("choice-plain"), "Told", text, size);
  return 0;
}

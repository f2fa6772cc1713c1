/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The laws of a compiled plan, on the consumer's bytes: what is accepted and written reads back,
 * and writing that again gives the same message. The plans are those of golden cases: "customer",
 * and those with choices. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/run.h"
#include "tests/fuzz/golden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void broken(const char *what, const sl_buf_t *a, const sl_buf_t *b, const sl_err_t *err)
{
  fprintf(stderr, "%s\n%.*s\n%.*s\n%s %s\n", what, (int)a->len, a->p ? a->p : "", (int)b->len,
          b->p ? b->p : "", err->field, err->text);
  abort();
}

static void laws(const sl_shape_t *shape, sl_str_t body)
{
  sl_arena_t *arena = sl_arena_new(0, 1 << 23);
  sl_buf_t xml, json, again;
  sl_err_t err = {0};
  sl_buf_init(&xml, 1 << 22);
  sl_buf_init(&json, 1 << 22);
  sl_buf_init(&again, 1 << 22);
  if (!sl_shape_write(shape, arena, body, NULL, &xml, &err)) {
    if (sl_shape_read(shape, arena, sl_buf_str(&xml), &json, &err))
      broken("does not read back", &xml, &json, &err);
    if (sl_shape_write(shape, arena, sl_buf_str(&json), NULL, &again, &err))
      broken("is not accepted again", &xml, &json, &err);
    if (xml.len != again.len || memcmp(xml.p, again.p, xml.len))
      broken("changed", &xml, &again, &err);
  }
  sl_buf_fini(&xml);
  sl_buf_fini(&json);
  sl_buf_fini(&again);
  sl_arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  sl_str_t body = {(const char *)data, size};
  laws(sl_mapping_shape(golden_mapping(), "Customer"), body);
  laws(sl_mapping_shape(golden_mapping_of("choice"), "Customer"), body);
  laws(sl_mapping_shape(golden_mapping_of("choice-plain"), "Party"), body);
  laws(sl_mapping_shape(golden_mapping_of("choice-plain"), "Told"), body);
  laws(sl_mapping_shape(golden_mapping_of("choice-rest"), "Pay"), body);
  return 0;
}

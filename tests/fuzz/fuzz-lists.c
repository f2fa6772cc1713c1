/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists in other forms (slots, zip, pairs, predicates), with the plan of the golden case "lists":
 * a body that is written reads back, and is then written as the same message; a message that is
 * read and can be written again reads as the same JSON. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/run.h"
#include "tests/fuzz/golden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const sl_shape_t *order(void)
{
  static sl_mapping_t *mapping;
  char path[1200];
  if (mapping) return sl_mapping_shape(mapping, "Order");
  golden_path("../lists/case.map.xml", path, sizeof path);
  sl_diags_t *diags = sl_diags_new();
  mapping = sl_mapping_load(path, diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  if (!mapping) abort();
  return sl_mapping_shape(mapping, "Order");
}

static void broken(const char *what, const sl_buf_t *a, const sl_buf_t *b, const sl_err_t *err)
{
  fprintf(stderr, "%s\n%.*s\n%.*s\n%s %s\n", what, (int)a->len, a->p ? a->p : "", (int)b->len,
          b->p ? b->p : "", err->field, err->text);
  abort();
}

static bool same(const sl_buf_t *a, const sl_buf_t *b)
{
  return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const sl_shape_t *shape = order();
  sl_arena_t *arena = sl_arena_new(0, 1 << 23);
  bool legacy = size && data[0] == '<';
  sl_str_t input = {(const char *)data, size};
  sl_buf_t first, back, again;
  sl_err_t err = {0};
  sl_buf_init(&first, 1 << 22);
  sl_buf_init(&back, 1 << 22);
  sl_buf_init(&again, 1 << 22);
  if (legacy && !sl_shape_read(shape, arena, input, &first, &err) &&
      !sl_shape_write(shape, arena, sl_buf_str(&first), NULL, &back, &err) &&
      (sl_shape_read(shape, arena, sl_buf_str(&back), &again, &err) || !same(&first, &again)))
    broken("does not read the same again", &first, &back, &err);
  if (!legacy && !sl_shape_write(shape, arena, input, NULL, &first, &err) &&
      (sl_shape_read(shape, arena, sl_buf_str(&first), &back, &err) ||
       sl_shape_write(shape, arena, sl_buf_str(&back), NULL, &again, &err) ||
       !same(&first, &again)))
    broken("is not written the same again", &first, &back, &err);
  sl_buf_fini(&first);
  sl_buf_fini(&back);
  sl_buf_fini(&again);
  sl_arena_destroy(&arena);
  return 0;
}

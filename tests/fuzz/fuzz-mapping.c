/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mapping file's bytes through load: it comes out whole, or with at least one error. */
#include <stdint.h>
#include <stdlib.h>
#include "mappings/engine/run.h"
#include "tests/fuzz/golden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char path[1200];
  golden_path("fuzz.map.xml", path, sizeof path);
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *mapping = sl_mapping_parse(path, (const char *)data, size, diags);
  if (!mapping && !sl_diags_errors(diags)) abort();
  sl_mapping_destroy(&mapping);
  sl_diags_destroy(&diags);
  return 0;
}

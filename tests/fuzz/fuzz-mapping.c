/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mapping file's bytes through load: it comes out whole, or with at least one error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mappings/engine/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[1200];

static void find(void)
{
  char exe[800];
  const char *source = getenv("SL_SOURCE");
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(exe, '/');
  if (slash) *slash = '\0';
  snprintf(path, sizeof path, "%s%s/tests/golden/mapping/customer/fuzz.map.xml",
           source ? source : exe, source ? "" : "/../../..");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!path[0]) find();
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *mapping = sl_mapping_parse(path, (const char *)data, size, diags);
  if (!mapping && !sl_diags_errors(diags)) abort();
  sl_mapping_destroy(&mapping);
  sl_diags_destroy(&diags);
  return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void golden_path(const char *file, char *out, size_t size)
{
  char exe[800];
  const char *source = getenv("SL_SOURCE");
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(exe, '/');
  if (slash) *slash = '\0';
  snprintf(out, size, "%s%s/tests/golden/mapping/customer/%s", source ? source : exe,
           source ? "" : "/../../..", file);
}

const sl_mapping_t *golden_mapping(void)
{
  static sl_mapping_t *mapping;
  char path[1200];
  if (mapping) return mapping;
  golden_path("case.map.xml", path, sizeof path);
  sl_diags_t *diags = sl_diags_new();
  mapping = sl_mapping_load(path, diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  if (!mapping) abort();
  return mapping;
}

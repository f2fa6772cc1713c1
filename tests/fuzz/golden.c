/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(const char *name, const char *file, char *out, size_t size)
{
  char exe[800];
  const char *source = getenv("SL_SOURCE");
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(exe, '/');
  if (slash) *slash = '\0';
  snprintf(out, size, "%s%s/tests/golden/mapping/%s/%s", source ? source : exe,
           source ? "" : "/../../..", name, file);
}

void golden_path(const char *file, char *out, size_t size)
{
  path_of("customer", file, out, size);
}

const sl_mapping_t *golden_mapping(void)
{
  return golden_mapping_of("customer");
}

const sl_mapping_t *golden_mapping_of(const char *name)
{
  static struct {
    const char *name;
    sl_mapping_t *mapping;
  } loaded[8];
  char path[1200];
  size_t i = 0;
  for (; i < 8 && loaded[i].name; i++)
    if (!strcmp(loaded[i].name, name)) return loaded[i].mapping;
  if (i == 8) abort();
  path_of(name, "case.map.xml", path, sizeof path);
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *mapping = sl_mapping_load(path, diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  if (!mapping) abort();
  loaded[i].name = name;
  return loaded[i].mapping = mapping;
}

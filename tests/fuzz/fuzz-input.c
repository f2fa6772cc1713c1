/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Splitting what a user hands to `sluice map`: every record lies within the text, in order, and the
 * splitting ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(sl_str_t (*next)(sl_str_t *), const char *text, size_t len)
{
  sl_str_t rest = sl_strn(text, len), record;
  const char *last = text;
  while ((record = next(&rest)).len) {
    SL_ASSERT(record.p >= last && record.p + record.len <= text + len);
    last = record.p + record.len;
    SL_ASSERT(rest.p == last && rest.p + rest.len == text + len);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  /* A copy of exactly this size: a look beyond it is found out. */
  char *text = malloc(size ? size : 1);
  if (!text) abort();
  if (size) memcpy(text, data, size);
  split(sl_input_xml, text, size);
  split(sl_input_json, text, size);
  split(sl_input_row, text, size);
  free(text);
  return 0;
}

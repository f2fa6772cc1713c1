/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cutting :names out of a statement: whatever it was, cutting the result again finds no name, and
 * the first placeholder where the first name stood. So no literal or comment begins or ends
 * elsewhere than before. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/sql_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void broken(const char *what, sl_str_t text)
{
  fprintf(stderr, "%s: %.*s\n", what, SL_STR_ARG(text));
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  sl_sql_cut_t once, twice;
  sl_str_t text = sl_strn((const char *)data, size);
  sl_sql_cut(&once, text, 2);
  size_t names = sl_sql_cut_count(&once);
  if (!once.problem && once.text.len) {
    sl_sql_cut(&twice, sl_buf_str(&once.text), 2);
    const sl_sql_name_t *first = (const sl_sql_name_t *)(const void *)once.names.p;
    if (sl_sql_cut_count(&twice)) broken("a name was left", text);
    if (names && (!twice.problem || twice.at != first->at)) broken("the first name moved", text);
    if (!names && twice.problem) broken("a problem came up", text);
    sl_sql_cut_fini(&twice);
  }
  sl_sql_cut_fini(&once);
  return 0;
}

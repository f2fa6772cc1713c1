/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json-check FILE STEP: does core/json take FILE, read in pieces of STEP bytes (0: whole)?
 * Exit status 0 or 1; 2 when the file cannot be read. For tests/unit/json-suite.py. */
#include <stdio.h>
#include <stdlib.h>
#include "core/json.h"

static bool accepts(const char *text, size_t len, size_t step)
{
  sl_json_t reader;
  sl_json_token_t tok;
  size_t at = 0;
  sl_json_init(&reader, NULL);
  do {
    size_t n = step && len - at > step ? step : len - at;
    sl_json_feed(&reader, text + at, n, at + n == len);
    at += n;
    while (sl_json_next(&reader, &tok) > SL_JSON_END) {
    }
  } while (tok.kind == SL_JSON_MORE);
  sl_json_fini(&reader);
  return tok.kind == SL_JSON_END;
}

int main(int argc, char **argv)
{
  enum { MAX = 4 * 1024 * 1024 };
  FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
  char *text = malloc(MAX);
  if (!f || !text) return 2;
  size_t len = fread(text, 1, MAX, f);
  bool whole_file = !ferror(f) && len < MAX;
  fclose(f);
  int status = !whole_file ? 2 : !accepts(text, len, strtoul(argv[2], NULL, 10));
  free(text);
  return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "tests/unit/codec_cells.h"

/* --- spelling of a table's cells
 * --------------------------------------------------------------------- */

sl_legacy_t legacy_of(const char *cell)
{
  if (!strcmp(cell, "<missing>")) return (sl_legacy_t){SL_L_MISSING, {NULL, 0}};
  if (!strcmp(cell, "<nil>")) return (sl_legacy_t){SL_L_NIL, {NULL, 0}};
  return (sl_legacy_t){SL_L_TEXT, sl_str(cell)};
}

void show_legacy(sl_legacy_t v, char out[256])
{
  static const char *const names[] = {"<missing>", "<nil>", "", "<empty>", "<blank>"};
  if (v.state == SL_L_TEXT)
    snprintf(out, 256, "%.*s", SL_STR_ARG(v.text));
  else
    snprintf(out, 256, "%s", names[v.state]);
}

/* JSON cell: "null", "absent", a string in quotes, or a bare number, true, false. */
sl_jstate_t json_of(const char *cell, sl_str_t *text)
{
  *text = sl_str(cell);
  if (!strcmp(cell, "null")) return SL_J_NULL;
  if (!strcmp(cell, "absent")) return SL_J_ABSENT;
  if (!strcmp(cell, "true")) return SL_J_TRUE;
  if (!strcmp(cell, "false")) return SL_J_FALSE;
  if (cell[0] != '"') return SL_J_NUMBER;
  *text = sl_strn(cell + 1, strlen(cell) - 2);
  return SL_J_STRING;
}

void read_cell(const sl_codec_t *codec, sl_legacy_t legacy, char out[512])
{
  sl_buf_t json;
  sl_err_t err = {0};
  sl_read_t result;
  sl_buf_init(&json, 0);
  sl_code_t code = sl_codec_read(codec, legacy, &json, &result, &err);
  if (code)
    snprintf(out, 512, "!%.500s", err.text);
  else if (result == SL_READ_ABSENT)
    snprintf(out, 512, "absent");
  else
    snprintf(out, 512, "%s", sl_buf_z(&json));
  if (code) assert_int_equal(code, SL_GARBAGE);
  sl_buf_fini(&json);
}

bool matches(const char *got, const char *want)
{
  if (want[0] == '!') return got[0] == '!' && strstr(got, want + 1);
  return !strcmp(got, want);
}

void write_cell(const sl_codec_t *codec, const char *json, sl_arena_t *arena, sl_legacy_t *out,
                char shown[512])
{
  sl_err_t err = {0};
  sl_str_t text;
  sl_jstate_t state = json_of(json, &text);
  sl_code_t code = sl_codec_write(codec, state, text, arena, out, &err);
  if (code) {
    assert_int_equal(code, SL_INVALID);
    snprintf(shown, 512, "!%.500s", err.text);
  } else {
    show_legacy(*out, shown);
  }
}

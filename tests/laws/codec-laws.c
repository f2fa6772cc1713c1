/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Holds the codecs to cases that another program worked out (codec_cases.py: its own arithmetic,
 * calendar, time zones and charsets), and every value of theirs to the laws. Reads the cases from
 * the file that is its argument; ends at the first that is not so, with status 1 and the case.
 *
 * A line is fields with tabs between them; %XX stands for a byte:
 *   S key=value …          a codec, for the lines that follow
 *   X key=value …          a codec that there cannot be
 *   R legacy json          reads so; W json legacy json: is written so, and reads back so
 *   r legacy text, w text legacy   the same for an HTTP end
 * legacy: M missing, N nil, E empty, B… blank, T… text; json: A absent, 0 null, =… JSON text, or
 * (what is written) s… string, n… number, t, f; ! is a refusal, ~ anything.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "mappings/engine/codec.h"

enum { MAX_ROWS = 40, MAX_FIELDS = 64 };

typedef struct rows {
  sl_sentinel_t sentinels[MAX_ROWS];
  sl_code_row_t codes[MAX_ROWS];
  const char *enums[MAX_ROWS];
} rows_t;

static unsigned long n_line;
static const char *spec_line = "";

static void wrong(const char *what, const char *got)
{
  printf("line %lu: %s: got %s\n  codec %s\n", n_line, what, got, spec_line);
  exit(1);
}

/* --- fields ----------------------------------------------------------------------------------- */

static int hex(char ch)
{
  return ch <= '9' ? ch - '0' : (ch | 0x20) - 'a' + 10;
}

/* In place; the length, because a value may hold a NUL. */
static size_t unescape(char *p)
{
  char *out = p, *start = p;
  for (; *p; p++) {
    if (*p == '%') {
      *out++ = (char)(hex(p[1]) << 4 | hex(p[2]));
      p += 2;
    } else {
      *out++ = *p;
    }
  }
  *out = 0;
  return (size_t)(out - start);
}

static int word(const char *value, const char *const *words)
{
  for (int i = 0; words[i]; i++)
    if (!strcmp(words[i], value)) return i;
  printf("line %lu: unknown word %s\n", n_line, value);
  exit(2);
}

static sl_access_t access_of(char **p)
{
  sl_access_t access = **p == 'r' ? SL_READ_ONLY : **p == 'w' ? SL_WRITE_ONLY : SL_READ_WRITE;
  (*p)++;
  return access;
}

/* "alegacy|json": access, legacy, JSON. */
static void row_of(char *value, sl_access_t *access, const char **legacy, const char **json)
{
  *access = access_of(&value);
  char *bar = strchr(value, '|');
  *bar = 0;
  unescape(value);
  unescape(bar + 1);
  *legacy = value;
  *json = bar + 1;
}

static const char *const kinds[] = {"text", "integer", "decimal",  "float",  "boolean",
                                    "date", "time",    "datetime", "binary", "code",
                                    "null", "opaque",  NULL};
static const char *const media[] = {"xml", "sql", "json", NULL};
static const char *const pads[] = {"none", "right", "left", "zero", NULL};
static const char *const points[] = {"explicit", "implied", "comma", NULL};
static const char *const signs[] = {"leading",   "trailing",          "none",
                                    "overpunch", "overpunch-leading", NULL};
static const char *const as[] = {"", "string", "number", NULL};
static const char *const units[] = {"", "characters", "bytes", NULL};
static const char *const overflows[] = {"reject", "truncate", NULL};
static const char *const encodings[] = {"", "base64", "hex", NULL};
static const char *const unmapped[] = {"reject", "provided", "fixed", NULL};

static bool word_key(sl_codec_spec_t *s, const char *key, char *v)
{
  if (!strcmp(key, "kind"))
    s->kind = (sl_codec_kind_t)word(v, kinds);
  else if (!strcmp(key, "medium"))
    s->medium = (sl_medium_t)word(v, media);
  else if (!strcmp(key, "pad"))
    s->pad = (sl_pad_t)word(v, pads);
  else if (!strcmp(key, "point"))
    s->point = (sl_point_t)word(v, points);
  else if (!strcmp(key, "sign"))
    s->sign = (sl_sign_t)word(v, signs);
  else if (!strcmp(key, "as"))
    s->as = (sl_as_t)word(v, as);
  else if (!strcmp(key, "unit"))
    s->unit = (sl_unit_t)word(v, units);
  else if (!strcmp(key, "overflow"))
    s->overflow = (sl_overflow_t)word(v, overflows);
  else if (!strcmp(key, "encoding"))
    s->encoding = (sl_encoding_t)word(v, encodings);
  else if (!strcmp(key, "unmapped"))
    s->unmapped = (sl_unmapped_t)word(v, unmapped);
  else
    return false;
  return true;
}

static bool number_key(sl_codec_spec_t *s, const char *key, const char *v)
{
  if (!strcmp(key, "width"))
    s->width = atoi(v);
  else if (!strcmp(key, "digits"))
    s->digits = atoi(v);
  else if (!strcmp(key, "scale"))
    s->scale = atoi(v);
  else if (!strcmp(key, "window"))
    s->window = atoi(v);
  else if (!strcmp(key, "modulo"))
    s->modulo = (unsigned)atoi(v);
  else if (!strcmp(key, "unguarded"))
    s->unguarded = true;
  else
    return false;
  return true;
}

static bool text_key(sl_codec_spec_t *s, const char *key, const char *v)
{
  if (!strcmp(key, "charset"))
    s->charset = v;
  else if (!strcmp(key, "min"))
    s->min = v;
  else if (!strcmp(key, "max"))
    s->max = v;
  else if (!strcmp(key, "sql_type"))
    s->sql_type = v;
  else if (!strcmp(key, "true"))
    s->true_text = v;
  else if (!strcmp(key, "false"))
    s->false_text = v;
  else if (!strcmp(key, "pattern"))
    s->pattern = v;
  else if (!strcmp(key, "zone"))
    s->zone = v;
  else if (!strcmp(key, "ambiguous"))
    s->ambiguous = v;
  else if (!strcmp(key, "fixed"))
    s->fixed = v;
  else
    return false;
  return true;
}

/* "field.null=blank", "system.read_null=empty,blank" */
static void nulls_key(sl_codec_spec_t *s, const char *key, char *v)
{
  static const char *const states[] = {"missing", "nil", "text", "empty", "blank", NULL};
  sl_nulls_t *n = !strncmp(key, "field.", 6)  ? &s->field_nulls
                  : !strncmp(key, "type.", 5) ? &s->type_nulls
                                              : &s->system_nulls;
  const char *what = strchr(key, '.') + 1;
  for (char *w = strtok(v, ","); w; w = strtok(NULL, ",")) {
    sl_lstate_t state = (sl_lstate_t)word(w, states);
    if (!strcmp(what, "null"))
      n->has_null = true, n->null = state;
    else if (!strcmp(what, "absent"))
      n->has_absent = true, n->absent = state;
    else if (!strcmp(what, "read_null"))
      n->read_null |= 1u << state;
    else
      n->read_absent |= 1u << state;
  }
}

static void read_spec(sl_codec_spec_t *s, rows_t *rows, char **fields, int n)
{
  sl_codec_spec_init(s, SL_CODEC_TEXT, SL_MEDIUM_XML);
  s->sentinels = rows->sentinels;
  s->codes = rows->codes;
  s->enums = rows->enums;
  for (int i = 1; i < n; i++) {
    char *key = fields[i], *value = strchr(key, '=');
    *value++ = 0;
    if (!strcmp(key, "sentinel")) {
      sl_sentinel_t *to = &rows->sentinels[s->n_sentinels++];
      row_of(value, &to->access, &to->legacy, &to->json);
    } else if (!strcmp(key, "code")) {
      sl_code_row_t *to = &rows->codes[s->n_codes++];
      row_of(value, &to->access, &to->legacy, &to->json);
    } else if (!strcmp(key, "enum")) {
      unescape(value);
      rows->enums[s->n_enums++] = value;
    } else if (strchr(key, '.')) {
      nulls_key(s, key, value);
    } else {
      unescape(value);
      if (!word_key(s, key, value) && !number_key(s, key, value) && !text_key(s, key, value)) {
        printf("line %lu: unknown key %s\n", n_line, key);
        exit(2);
      }
    }
  }
}

/* --- values ----------------------------------------------------------------------------------- */

static const char *show_legacy(sl_buf_t *out, sl_legacy_t v)
{
  static const char letters[] = "MNTEB";
  sl_buf_clear(out);
  sl_buf_addc(out, letters[v.state]);
  if (v.state == SL_L_TEXT || v.state == SL_L_BLANK) sl_buf_adds(out, v.text);
  return sl_buf_z(out);
}

/* Reads; "=json", "0", "A" or "!" into out. */
static const char *read_json(const sl_codec_t *c, sl_legacy_t v, bool http, sl_buf_t *out)
{
  sl_read_t result;
  sl_err_t err;
  sl_buf_clear(out);
  sl_buf_addc(out, '=');
  size_t before = out->len;
  sl_code_t code =
      http ? sl_codec_read_text(c, v, out, &result, &err) : sl_codec_read(c, v, out, &result, &err);
  if (code == SL_OK && result == SL_READ_VALUE) return sl_buf_z(out);
  if (code == SL_OK && result == SL_READ_NULL && out->len - before != (http ? 0 : 4))
    wrong("null", sl_buf_z(out));
  if (code == SL_OK && result == SL_READ_ABSENT && out->len != before)
    wrong("absence", sl_buf_z(out));
  if (code != SL_OK && code != SL_GARBAGE) wrong("code of a reading", "another");
  return code ? "!" : result == SL_READ_NULL ? "0" : "A";
}

static sl_legacy_t legacy_of(const char *field, size_t len)
{
  sl_lstate_t state = field[0] == 'M' ? SL_L_MISSING : field[0] == 'N' ? SL_L_NIL : SL_L_TEXT;
  return (sl_legacy_t){state, sl_strn(field + 1, len - 1)};
}

/* "=json" → what a consumer would send back. */
static sl_jstate_t parse_json(const char *json, size_t len, sl_json_t *reader, sl_str_t *text)
{
  sl_json_token_t token;
  sl_json_reset(reader);
  sl_json_feed(reader, json, len, true);
  sl_json_kind_t kind = sl_json_next(reader, &token);
  if (kind <= SL_JSON_END) wrong("JSON", json);
  *text = token.text;
  sl_json_token_t after;
  if (sl_json_next(reader, &after) != SL_JSON_END) wrong("JSON", json);
  return kind == SL_JSON_STRING   ? SL_J_STRING
         : kind == SL_JSON_NUMBER ? SL_J_NUMBER
         : kind == SL_JSON_TRUE   ? SL_J_TRUE
         : kind == SL_JSON_FALSE  ? SL_J_FALSE
                                  : SL_J_NULL;
}

static sl_jstate_t json_of(const char *field, size_t len, sl_str_t *text)
{
  *text = sl_strn(field + 1, len - 1);
  return field[0] == 's'   ? SL_J_STRING
         : field[0] == 'n' ? SL_J_NUMBER
         : field[0] == 't' ? SL_J_TRUE
         : field[0] == 'f' ? SL_J_FALSE
         : field[0] == '0' ? SL_J_NULL
                           : SL_J_ABSENT;
}

typedef struct state {
  sl_codec_t *codec;
  bool unguarded;
  sl_arena_t *arena;
  sl_buf_t a, b;
  sl_json_t reader;
} state_t;

/* GetPut: what was read (json, as read_json shows it) is written, and reads the same. */
static void get_put(state_t *s, const char *json, size_t len)
{
  sl_legacy_t back;
  sl_err_t err;
  sl_str_t text = {NULL, 0};
  char *copy = malloc(len + 1);
  memcpy(copy, json, len + 1);
  sl_jstate_t state = json[0] == '='   ? parse_json(copy + 1, len - 1, &s->reader, &text)
                      : json[0] == '0' ? SL_J_NULL
                                       : SL_J_ABSENT;
  if (sl_codec_write(s->codec, state, text, s->arena, &back, &err))
    wrong("GetPut writes", err.text);
  const char *again = read_json(s->codec, back, false, &s->b);
  if (strcmp(again, copy) != 0) wrong("GetPut", again);
  free(copy);
}

static void do_read(state_t *s, char **f, const size_t *len, bool http, bool lawless)
{
  const char *got = read_json(s->codec, legacy_of(f[1], len[1]), http, &s->a);
  if (strcmp(f[2], "~") != 0 && strcmp(got, f[2]) != 0) wrong(f[2], got);
  size_t n = got[0] == '=' ? s->a.len : 1;
  if (got[0] != '!' && !http && !lawless) get_put(s, got, n);
}

static void do_write(state_t *s, char **f, const size_t *len, bool http)
{
  sl_str_t text;
  sl_legacy_t out;
  sl_err_t err;
  sl_jstate_t state = json_of(f[1], len[1], &text);
  sl_code_t code = http ? sl_codec_write_text(s->codec, sl_strn(f[1], len[1]), s->arena, &out, &err)
                        : sl_codec_write(s->codec, state, text, s->arena, &out, &err);
  if (code && code != SL_INVALID) wrong("code of a writing", err.text);
  const char *got = code ? "!" : show_legacy(&s->a, out);
  if (strcmp(f[2], "~") != 0 && strcmp(got, f[2]) != 0) wrong(f[2], code ? err.text : got);
  if (code || http) return;
  if (out.state == SL_L_EMPTY || out.state == SL_L_BLANK) out.state = SL_L_TEXT;
  const char *back = read_json(s->codec, out, false, &s->b);
  if (strcmp(f[3], "~") != 0 && strcmp(back, f[3]) != 0) wrong(f[3], back);
}

static void do_line(state_t *s, char *line)
{
  static rows_t rows;
  static char kept[65536];
  char *fields[MAX_FIELDS];
  size_t len[MAX_FIELDS];
  int n = 0;
  if (*line == 'S' || *line == 'X') {
    snprintf(kept, sizeof kept, "%s", line);
    spec_line = kept;
  }
  for (char *p = line; p && n < MAX_FIELDS; n++) {
    fields[n] = p;
    p = strchr(p, '\t');
    if (p) *p++ = 0;
  }
  if (*line == 'S' || *line == 'X') {
    char message[256];
    sl_codec_spec_t spec;
    read_spec(&spec, &rows, fields, n);
    sl_codec_destroy(&s->codec);
    s->unguarded = spec.unguarded;
    s->codec = sl_codec_new(&spec, message);
    if (*line == 'S' && !s->codec) wrong("a codec", message);
    if (*line == 'X' && s->codec) wrong("no codec", "one");
    return;
  }
  for (int i = 0; i < n; i++) len[i] = unescape(fields[i]);
  sl_arena_reset(s->arena);
  switch (*line) {
  case 'R': do_read(s, fields, len, false, n > 3); break;
  case 'r': do_read(s, fields, len, true, true); break;
  case 'W': do_write(s, fields, len, false); break;
  case 'w': do_write(s, fields, len, true); break;
  default: printf("line %lu: what is %s\n", n_line, line); exit(2);
  }
}

int main(int argc, char **argv)
{
  state_t s = {0};
  char *line = NULL;
  size_t cap = 0;
  ssize_t got;
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f) return fprintf(stderr, "usage: codec-laws CASES\n"), 2;
  s.arena = sl_arena_new(0, 0);
  sl_buf_init(&s.a, 0);
  sl_buf_init(&s.b, 0);
  sl_json_init(&s.reader, NULL);
  while ((got = getline(&line, &cap, f)) > 0) {
    n_line++;
    if (line[got - 1] == '\n') line[got - 1] = 0;
    do_line(&s, line);
  }
  printf("%lu cases\n", n_line);
  sl_codec_destroy(&s.codec);
  sl_json_fini(&s.reader);
  sl_buf_fini(&s.a);
  sl_buf_fini(&s.b);
  sl_arena_destroy(&s.arena);
  free(line);
  fclose(f);
  return 0;
}

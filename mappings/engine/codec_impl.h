/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * codec_impl: what the codec*.c files share. Each kind has a decoder (legacy text → JSON text,
 * appended) and an encoder (JSON value → legacy text); codec.c does around them what all kinds
 * have in common: states, sentinels, and the check that what is written reads back.
 */
#ifndef SL_ENGINE_CODEC_IMPL_H
#define SL_ENGINE_CODEC_IMPL_H

#include <stdint.h>
#include "mappings/engine/codec.h"
#include "mappings/engine/zone.h"

/* --- repertoire --------------------------------------------------------------------------------
 */

typedef struct sl_charset sl_charset_t; /* codec_charset.c */

sl_charset_t *sl_charset_new(const char *name, char message[256]);
void sl_charset_destroy(sl_charset_t **self_p);
bool sl_charset_multibyte(const sl_charset_t *self);
/* Does it have all of ASCII but its controls, each in sl_charset_unit bytes? */
bool sl_charset_plain(const sl_charset_t *self);
size_t sl_charset_unit(const sl_charset_t *self); /* bytes of a blank */
const char *sl_charset_name(const sl_charset_t *self);
/* Can all of text (well-formed UTF-8) be said in it? *bytes_p: how long it is there. If not,
 * *bad_p is the first character that cannot. */
bool sl_charset_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p);

/* Is text well-formed XML content, or a document, without DOCTYPE? If not, *why_p is what was
 * found, static. codec_opaque.c. */
bool sl_xml_well_formed(sl_str_t text, const char **why_p);

/* --- dates -------------------------------------------------------------------------------------
 */

typedef struct sl_date_op {
  char op; /* y Y(two digits) M d H m s S(n digits) and 'c' for a literal */
  uint8_t len;
  char literal;
} sl_date_op_t;

enum { SL_DATE_OPS = 48 };

typedef struct sl_moment {
  int year, month, day, hour, minute, second;
  sl_str_t fraction; /* digits behind the second; len 0: none */
  bool has_zone;
  int32_t offset; /* seconds east */
} sl_moment_t;

/* Date, T, time, point, quotes, zone. */
enum { SL_MOMENT_MAX = 32 };

typedef enum sl_epoch { SL_EPOCH_NONE, SL_EPOCH_SECONDS, SL_EPOCH_MILLIS } sl_epoch_t;

/* --- the codec ---------------------------------------------------------------------------------
 */

typedef struct sl_spelling {
  sl_str_t legacy, json; /* json: the value's text */
  sl_str_t out;          /* as it goes to the JSON buffer, quoted where it is a string */
  uint8_t meaning;       /* sl_meaning_t */
  uint8_t access;        /* sl_access_t */
} sl_spelling_t;

struct sl_codec {
  sl_arena_t *memory; /* owns every text below */
  uint8_t kind, medium, pad, point, sign, as, unmapped, overflow, encoding;
  bool ascii_plain; /* the charset has all of ASCII but its controls; true without one */
  bool unguarded, width_in_bytes, is_char_column, no_negative_zero, zero_fill;
  int width, digits, scale;
  int fill_digits; /* of numbers whose digits are always all there; 0: as width says */
  unsigned modulo;
  uint8_t read_state[SL_L_STATES]; /* sl_meaning_t */
  sl_legacy_t write_null, write_absent;
  sl_str_t blank; /* width blanks */

  sl_charset_t *charset; /* NULL: Unicode */
  size_t blank_bytes;    /* of a blank, where width counts bytes */
  sl_str_t min, max;
  size_t bounded_from; /* whole digits from which on min and max are looked at */
  sl_str_t sql_type;   /* terminated */
  sl_str_t *enums;
  size_t n_enums;

  sl_spelling_t *sentinels;
  size_t n_sentinels;

  sl_spelling_t *codes; /* also of booleans */
  size_t n_codes;
  uint16_t *by_legacy, *by_json; /* open addressing: 1 + index in codes; NULL: few, scan */
  uint32_t hash_mask;
  sl_spelling_t fixed; /* what an unknown legacy code reads as */

  sl_date_op_t ops[SL_DATE_OPS];
  uint8_t n_ops, fraction; /* digits of the fraction in the pattern */
  bool iso;                /* no pattern: XSD's or SQL's own form */
  uint8_t epoch;           /* sl_epoch_t */
  uint16_t window;
  sl_zone_t *zone;  /* NULL: local */
  int8_t ambiguous; /* -1 earlier, 1 later, 0 refused */
};

/* Decoders: text is trimmed where the kind ignores blanks. quoted false: an HTTP end. */
sl_code_t sl_text_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                         sl_err_t *err);
sl_code_t sl_binary_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                           sl_err_t *err);
sl_code_t sl_number_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                           sl_err_t *err);
sl_code_t sl_code_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                         sl_err_t *err);
sl_code_t sl_date_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                         sl_err_t *err);

sl_code_t sl_opaque_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                           sl_err_t *err);
sl_code_t sl_epoch_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                          sl_err_t *err);

/* Encoders: state is STRING, NUMBER, TRUE or FALSE. */
sl_code_t sl_text_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                         sl_str_t *out, sl_err_t *err);
sl_code_t sl_binary_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                           sl_str_t *out, sl_err_t *err);
sl_code_t sl_number_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                           sl_str_t *out, sl_err_t *err);
sl_code_t sl_code_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                         sl_str_t *out, sl_err_t *err);
sl_code_t sl_date_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                         sl_str_t *out, sl_err_t *err);

sl_code_t sl_opaque_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                           sl_str_t *out, sl_err_t *err);
sl_code_t sl_epoch_encode(const sl_codec_t *c, const sl_moment_t *m, sl_arena_t *arena,
                          sl_str_t *out, sl_err_t *err);

/* codec_date.c, for codec_epoch.c. Seconds are since 1970, as if the moment were UTC's; setting
 * them needs a year from 1 to 9999. put: a JSON value, quoted or not, of at most SL_MOMENT_MAX +
 * fraction bytes at p; its end. */
int64_t sl_moment_seconds(const sl_moment_t *m);
void sl_moment_set(sl_moment_t *m, int64_t seconds);
char *sl_moment_put(const sl_codec_t *c, char *p, const sl_moment_t *m, bool quoted);
/* At most c->fraction digits; more are given away, or zeros, or refused. */
sl_code_t sl_moment_fraction(const sl_codec_t *c, sl_moment_t *m, sl_err_t *err);

/* Compiling parts of a spec; false with message. */
bool sl_number_compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256]);
bool sl_code_compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256]);
bool sl_date_compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256]);

/* codec_sign.c. Is the sign on a digit? */
static inline bool sl_is_overpunched(const sl_codec_t *c)
{
  return c->sign >= SL_SIGN_OVERPUNCH;
}
/* *text_p with the digit instead of the sign on it; where that is another text, it stands in out,
 * behind what the number's JSON takes there. */
sl_code_t sl_unpunch(const sl_codec_t *c, sl_str_t *text_p, bool *negative_p, sl_buf_t *out,
                     sl_err_t *err);
void sl_punch(char *digit, bool minus);
/* Are two legacy spellings of a number the same but for zeros in front, a plus, or a plus on a
 * digit? Texts that are no numbers may be. */
bool sl_number_same(const sl_codec_t *c, sl_str_t a, sl_str_t b);

/* Is there a row for this legacy text (exact)? Only of code tables and booleans. */
const sl_spelling_t *sl_code_find(const sl_codec_t *c, sl_str_t legacy);

/* text as a JSON string, in c's memory. */
sl_str_t sl_quoted_copy(sl_codec_t *c, sl_str_t text);

/* --- small tools -------------------------------------------------------------------------------
 */

sl_str_t sl_trim(sl_str_t text); /* space, tab, CR, LF at both ends: XSD whiteSpace=collapse */
size_t sl_utf8_count(sl_str_t text);
/* The character at p (of well-formed text) and its length. */
static inline uint32_t sl_utf8_decode(const char *p, size_t *len_p)
{
  const unsigned char *u = (const unsigned char *)p;
  if (u[0] < 0x80) return *len_p = 1, u[0];
  if (u[0] < 0xE0) return *len_p = 2, (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
  if (u[0] < 0xF0) return *len_p = 3, (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
  *len_p = 4;
  return (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 | (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
}
/* Pad text (len characters wide) to c->width as c->pad says; NULL .p when the arena is full. */
sl_str_t sl_pad(const sl_codec_t *c, sl_str_t text, size_t len, sl_arena_t *arena);

static inline bool sl_is_digit(char ch)
{
  return (unsigned)(ch - '0') < 10;
}
static inline sl_code_t sl_arena_full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the message is larger than its memory limit");
}

#endif

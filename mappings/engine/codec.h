/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * codec: one value between its legacy spelling and its JSON spelling, in both directions.
 *
 * Two laws hold for every codec, and everything that would break them is refused, not bent:
 *   PutGet  what was written reads back as the same JSON value;
 *   GetPut  what was read writes back to a spelling that reads the same (to the same bytes where
 *           the legacy spelling is the canonical one: the first row, the declared padding).
 * So text that would lose trailing blanks to its padding, a date that is the sentinel of "absent",
 * a decimal finer than its scale: SL_INVALID, with what was expected. Where the mapping gives such
 * a loss away (modulo=), the codec takes it.
 *
 * A codec made `unguarded` takes every loss, as a system without us would: it writes what the
 * encoder gives, whether that reads back or not. Blanks at the padded end, a value that is a
 * sentinel, an empty text that means null: written as they are. Digits and parts of a time beyond
 * what the spelling has room for are cut off, a zero's sign is dropped where it cannot be kept, a
 * character that the charset does not have becomes "?". What has no spelling at all (a code that
 * is in no row, text for a number, a day that does not exist, more digits than digits= or more
 * text than width=) is refused still. It is for showing losses (sluice map --lossy) and for
 * finding them (the laws), never for messages: reading is the same.
 *
 * Exact: numbers are digits, no double anywhere; a JSON number with an exponent is written out in
 * plain digits. Spellings of numbers: `as` says string or number; by default decimals are strings,
 * and integers are numbers up to 15 digits (what every JSON reader keeps), strings beyond.
 *
 * Null states, for reading: a spelling that the type itself names (sentinel, code, true or false)
 * wins; then the state (missing, nil, empty, blank) is looked up: field over type over system,
 * default nil ↔ null, missing ↔ absent, empty and blank are values. For writing JSON null or
 * absence: the field's null= or absent=, else the type's sentinel, else type's, else system's.
 *
 * A codec is immutable: it may serve any number of values at once. Reading and writing take no
 * heap and do not block. Errors: SL_GARBAGE from reading (the legacy's value), SL_INVALID from
 * writing (the consumer's). The caller names the field in err->field: codecs are shared.
 *
 * Sources: lexical forms of XSD 1.0 part 2; RFC 8259; RFC 3339; RFC 4648.
 */
#ifndef SL_ENGINE_CODEC_H
#define SL_ENGINE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"
#include "mappings/contract/contract.h"
#include "mappings/contract/jschema.h"
#include "mappings/engine/plan.h"

/* --- values ------------------------------------------------------------------------------------
 */

/* A legacy value, its state as plan.h names them. Readers only tell MISSING, NIL and TEXT: EMPTY
 * and BLANK are found by the codec. Writers get all five; BLANK comes with its blanks (the width of
 * the type, else one). */
typedef struct sl_legacy {
  sl_lstate_t state;
  sl_str_t text; /* UTF-8, entities resolved; of TEXT, BLANK */
} sl_legacy_t;

typedef enum sl_read {
  SL_READ_VALUE,  /* a JSON value was appended */
  SL_READ_NULL,   /* "null" was appended (read_text: nothing) */
  SL_READ_ABSENT, /* nothing was appended: the member is to be left out */
} sl_read_t;

/* --- what a mapping says about a type ----------------------------------------------------------
 */

typedef enum sl_codec_kind {
  SL_CODEC_TEXT,
  SL_CODEC_INTEGER,
  SL_CODEC_DECIMAL,
  SL_CODEC_FLOAT, /* xs:float, xs:double: their lexical digits */
  SL_CODEC_BOOLEAN,
  SL_CODEC_DATE,
  SL_CODEC_TIME,
  SL_CODEC_DATETIME,
  SL_CODEC_BINARY, /* base64 in JSON */
  SL_CODEC_CODE,   /* code table */
  SL_CODEC_NULL,   /* always null */
  SL_CODEC_OPAQUE, /* XML carried as text: well-formed content or a document, no DOCTYPE */
} sl_codec_kind_t;

/* Where the legacy spelling stands: XML refuses characters that XML 1.0 cannot carry, SQL U+0000;
 * SQL's default spellings of booleans and timestamps differ from XML's. */
typedef enum sl_medium { SL_MEDIUM_XML, SL_MEDIUM_SQL, SL_MEDIUM_JSON } sl_medium_t;

typedef enum sl_pad { SL_PAD_NONE, SL_PAD_RIGHT, SL_PAD_LEFT, SL_PAD_ZERO } sl_pad_t;
typedef enum sl_point { SL_POINT_EXPLICIT, SL_POINT_IMPLIED, SL_POINT_COMMA } sl_point_t;
typedef enum sl_sign {
  SL_SIGN_LEADING,
  SL_SIGN_TRAILING,
  SL_SIGN_NONE,
  /* On the last digit, or the first: COBOL's SIGN TRAILING and SIGN LEADING of zoned decimals, as
   * EBCDIC shows them: {ABCDEFGHI is +0 to +9, }JKLMNOPQR is -0 to -9. */
  SL_SIGN_OVERPUNCH,
  SL_SIGN_OVERPUNCH_LEADING
} sl_sign_t;
/* What a width counts: characters (code points), or bytes of the charset. Not said: bytes when the
 * charset is multi-byte. */
typedef enum sl_unit { SL_UNIT_DEFAULT, SL_UNIT_CHARACTERS, SL_UNIT_BYTES } sl_unit_t;
typedef enum sl_overflow { SL_OVERFLOW_REJECT, SL_OVERFLOW_TRUNCATE } sl_overflow_t;
typedef enum sl_encoding { SL_ENCODING_DEFAULT, SL_ENCODING_BASE64, SL_ENCODING_HEX } sl_encoding_t;
typedef enum sl_as { SL_AS_DEFAULT, SL_AS_STRING, SL_AS_NUMBER } sl_as_t;
typedef enum sl_unmapped {
  SL_UNMAPPED_REJECT,
  SL_UNMAPPED_PROVIDED,
  SL_UNMAPPED_FIXED
} sl_unmapped_t;

/* Losses that a mapping gives away (modulo="…"). */
enum {
  SL_MODULO_EMPTY = 1,      /* an empty text may come back as null or absent */
  SL_MODULO_PAD = 2,        /* blanks or zeros at the padded end may be lost */
  SL_MODULO_SCALE = 4,      /* zeros behind the point may be added or dropped */
  SL_MODULO_NULL = 8,       /* null, absent, and values that are sentinels of them, are the same */
  SL_MODULO_CODES = 16,     /* several codes become one */
  SL_MODULO_FRACTION = 32,  /* parts of a time finer than its pattern may be dropped */
  SL_MODULO_ZONE = 64,      /* the offset may change or go; not the instant, where it is known */
  SL_MODULO_WIDTH = 128,    /* text may be cut to its width */
  SL_MODULO_SIGN = 256,     /* the sign of zero */
  SL_MODULO_ORDER = 512,    /* of a list's items */
  SL_MODULO_GAPS = 1024,    /* slots move up */
  SL_MODULO_DEFAULT = 2048, /* absence becomes the default */
};

/* One level of null attributes, null= absent= read-null= read-absent=. All zero: nothing is said.
 */
typedef struct sl_nulls {
  bool has_null, has_absent;
  sl_lstate_t null, absent;
  unsigned read_null, read_absent; /* sets of 1 << sl_lstate_t */
} sl_nulls_t;

typedef struct sl_sentinel {
  const char *legacy;
  const char *json; /* "null", "absent", or the JSON value's text */
  sl_access_t access;
} sl_sentinel_t;

typedef struct sl_code_row {
  const char *legacy, *json;
  sl_access_t access; /* SL_READ_ONLY: an alias that is never written */
} sl_code_row_t;

/* Borrowed by sl_codec_new, which copies what it keeps. Start with sl_codec_spec_init. */
typedef struct sl_codec_spec {
  sl_codec_kind_t kind;
  sl_medium_t medium;

  int width;              /* 0: none */
  sl_unit_t unit;         /* of width */
  sl_pad_t pad;           /* of width; reading strips it */
  sl_overflow_t overflow; /* of text; TRUNCATE keeps what comes first, with SL_MODULO_WIDTH */
  /* Repertoire, as iconv names it; NULL: all of Unicode. Without C1 controls (U+0080 to U+009F),
   * but for Unicode's own charsets; EBCDIC also without LF, NEL and SUB: its systems take the first
   * two for each other, and the last for a character that they do not have. */
  const char *charset;

  int digits; /* in all, 0: any number */
  int scale;  /* behind the point; -1: any number. Of epoch-seconds too: at most 9; -1 is none */
  sl_point_t point;
  sl_sign_t sign;
  sl_as_t as;
  const char *min, *max; /* inclusive bounds, plain digits; NULL: none */
  const char *sql_type;  /* "BIGINT": bounds what a column can hold; NULL or "": unknown */

  const char *true_text, *false_text; /* both or neither */

  const char *pattern;   /* yyyy yy MM dd HH mm ss S…, other characters and 'quoted' stand for
                            themselves; NULL: xs:date, xs:time, xs:dateTime or SQL's. Of a
                            datetime also epoch-seconds and epoch-millis: whole numbers since
                            1970-01-01T00:00:00Z, in JSON the time in UTC */
  int window;            /* yy: first year of the 100 that two digits mean; 0: yy refused */
  const char *zone;      /* of values without one: "UTC", "+01:00", "Europe/Berlin"; NULL: local */
  const char *ambiguous; /* "earlier", "later", NULL: an hour that happens twice is refused */

  sl_encoding_t encoding; /* of binary, the legacy's; not said: base64 */

  const char *const *enums; /* the only texts there are */
  size_t n_enums;           /* 0: any */

  const sl_code_row_t
      *codes; /* the first row of each JSON value that may be written is canonical */
  size_t n_codes;
  sl_unmapped_t unmapped;
  const char *fixed; /* for SL_UNMAPPED_FIXED: what an unknown legacy code reads as */

  const sl_sentinel_t *sentinels;
  size_t n_sentinels;

  sl_nulls_t field_nulls, type_nulls, system_nulls;
  unsigned modulo; /* SL_MODULO_… */
  bool unguarded;  /* takes every loss: see above */
} sl_codec_spec_t;

/* Everything unset: scale -1, the rest 0. */
void sl_codec_spec_init(sl_codec_spec_t *spec, sl_codec_kind_t kind, sl_medium_t medium);
/* Kind and bounds from a contract's simple type; leaves zone, charset, nulls alone. */
void sl_codec_spec_xtype(sl_codec_spec_t *spec, const sl_xtype_t *type);
/* The same from a catalogue's column. */
void sl_codec_spec_column(sl_codec_spec_t *spec, const sl_column_t *column);
/* The same from a schema of a REST system's JSON. */
void sl_codec_spec_schema(sl_codec_spec_t *spec, const sl_jschema_t *schema);
/* "text", "date", … → kind (the mapping's kind= and built-in type names). */
bool sl_codec_kind_parse(const char *name, sl_codec_kind_t *out_p);

/* NULL when parameters do not go together or memory is out: message says what, in one sentence
 * for a diagnostic ("pad needs a width"), naming the attribute. */
sl_codec_t *sl_codec_new(const sl_codec_spec_t *spec, char message[256]);
void sl_codec_destroy(sl_codec_t **self_p);

/* --- values through it -------------------------------------------------------------------------
 */

/* Legacy → JSON, appended with its quotes. */
sl_code_t sl_codec_read(const sl_codec_t *self, sl_legacy_t legacy, sl_buf_t *json,
                        sl_read_t *result_p, sl_err_t *err);
/* The same for an HTTP end (a header): the value's text alone, without quotes or escapes. */
sl_code_t sl_codec_read_text(const sl_codec_t *self, sl_legacy_t legacy, sl_buf_t *out,
                             sl_read_t *result_p, sl_err_t *err);

/* JSON → legacy, null and absent too. The text is unescaped; a number's are its digits.
 * out->text points into text, the arena, or the codec. */
sl_code_t sl_codec_write(const sl_codec_t *self, sl_jstate_t state, sl_str_t text,
                         sl_arena_t *arena, sl_legacy_t *out, sl_err_t *err);
/* The same from an HTTP end (path, query, header), where text has no kind: the one that the codec
 * wants is assumed. */
sl_code_t sl_codec_write_text(const sl_codec_t *self, sl_str_t text, sl_arena_t *arena,
                              sl_legacy_t *out, sl_err_t *err);

/* The SQL type it was made for ("" if none), with digits or width, and scale; 0: unknown. */
const char *sl_codec_sql_type(const sl_codec_t *self, int *size_p, int *scale_p);
/* What it was made for. */
sl_codec_kind_t sl_codec_kind(const sl_codec_t *self);
/* Are its legacy spellings JSON numbers, all of them? Not when they are filled up to a width, have
 * a comma, or their sign behind: then one value would be a number, and the next one none. */
bool sl_codec_writes_numbers(const sl_codec_t *self);
/* The JSON values it reads: "string", "number", "boolean", "null"; "number or string" for integers
 * without a bound. For messages and schemas. Static. */
const char *sl_codec_json_type(const sl_codec_t *self);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * judge: one field and its two laws. cases*.c make the representatives and hand them in here, one
 * after the other; each goes through the real codec at once, and only what fails is asked whether
 * it belongs to the domain at all.
 */
#ifndef SL_LAWS_JUDGE_H
#define SL_LAWS_JUDGE_H

#include "mappings/engine/codec_impl.h"
#include "mappings/laws/canonical.h"
#include "mappings/laws/laws.h"

typedef enum sl_member { SL_MEMBER_NO, SL_MEMBER_MAYBE, SL_MEMBER_YES } sl_member_t;

/* Takes a representative instead of it being judged. */
typedef void sl_judge_visit_t(void *context, sl_jstate_t state, sl_str_t text);

/* A JSON value: its text as sl_codec_write takes it. */
typedef struct sl_jtext {
  sl_jstate_t state;
  sl_str_t text;
} sl_jtext_t;

/* A fixed-width record, as its parts are judged. */
typedef struct sl_whole {
  const sl_frame_t *frame;
  const sl_field_t *carrier; /* its derive is a RECORD */
  sl_jtext_t *good;          /* by part: a value that goes through; text.p NULL: none is known */
} sl_whole_t;

typedef struct sl_judge {
  sl_judge_visit_t *visit; /* NULL: judge */
  void *context;
  const sl_mapping_t *mapping;
  const sl_line_t *line;
  const char *shape; /* that it stands in; NULL: an operation */
  const sl_field_t *field;
  const sl_whole_t *unit; /* of a part, or of a record; else NULL */
  const sl_codec_t *codec;
  sl_codec_t loose;            /* the same without its guard: what a system without us would do */
  sl_canonical_t domain;       /* schema NULL: D is what is taken */
  const sl_jschema_t *relaxed; /* domain.schema without patterns; NULL: there is none */
  size_t open;                 /* failures that only a pattern or the like keeps out of D */
  bool text_end;               /* an HTTP end: text without a kind */
  unsigned declared;           /* SL_MODULO_… of the line and its type */
  sl_arena_t *scratch;         /* forgotten with each case */
  sl_arena_t *keep;            /* the report's */
  sl_buf_t out, want;
  sl_law_t putget, getput;
  sl_jtext_t good;               /* a value of D that came back; text NULL: none yet */
  sl_legacy_t lost;              /* that refuted GetPut, in keep */
  char read[64];                 /* a legacy text that was read, "" if none was */
  bool put, get;                 /* which laws are asked for */
  size_t put_doubts, get_doubts; /* failures that may be outside of the domain */
} sl_judge_t;

/* PutGet of one JSON value; GetPut of one legacy value. text need not outlive the call. */
void sl_judge_json(sl_judge_t *self, sl_jstate_t state, sl_str_t text);
void sl_judge_legacy(sl_judge_t *self, sl_lstate_t state, sl_str_t text);

/* Every representative of a JSON value for line's field, in turn. shape: that it stands in; keep:
 * what is remembered meanwhile. */
void sl_judge_values(const sl_mapping_t *mapping, const sl_line_t *line, const char *shape,
                     sl_arena_t *keep, sl_judge_visit_t *visit, void *context);

/* A line that has been judged, as what is judged of a whole shape needs it. */
typedef struct sl_judged {
  sl_law_line_t *law;
  sl_canonical_t domain;
  sl_jtext_t good;  /* of a field: a value that goes through; text.p NULL: none is known */
  sl_legacy_t lost; /* of a field whose GetPut is refuted: the value that shows it */
} sl_judged_t;

/* The laws of lists and objects, and of members together: whole records of the shape, through its
 * real readers and writers. Fills the lists' laws; objects are told at *objects_p, which grows (at
 * most room). false without memory. shape_laws.c. */
typedef struct sl_shape_judge {
  const sl_mapping_t *mapping;
  const sl_shape_t *shape;
  sl_judged_t *v;
  size_t n;
  sl_law_line_t *objects;
  size_t n_objects, room;
  sl_arena_t *keep;
} sl_shape_judge_t;
bool sl_judge_shape(sl_shape_judge_t *self);
/* GetPut of lists, and commands that show GetPut refuted; after it. shape_gets.c. */
bool sl_judge_shape_gets(sl_shape_judge_t *self);

/* --- equal.c: when two values are the same, and what lies between them if not
 * ---------------------
 */

bool sl_equal_json(sl_jtext_t a, sl_jtext_t b);
/* The words (SL_MODULO_…) that would give away the difference; 0: none does. */
unsigned sl_json_difference(const sl_codec_t *c, sl_jtext_t was, sl_jtext_t is);
/* In the value space of the contract's type, with the declared padding. */
bool sl_equal_legacy(const sl_judge_t *self, sl_legacy_t a, sl_legacy_t b);
unsigned sl_legacy_difference(const sl_judge_t *self, sl_legacy_t was, sl_legacy_t is,
                              sl_jtext_t json);

/* Is text what a sentinel is written as, that stands for a value? */
bool sl_is_sentinel(const sl_codec_t *c, sl_str_t text);

/* --- part.c: parts of fixed-width records, within their record
 * -------------------------------------
 */

/* The whole text with json in the judged part's place, and what another text has there. */
sl_code_t sl_unit_put(const sl_judge_t *self, const sl_codec_t *codec, sl_jtext_t json,
                      sl_legacy_t *out, sl_err_t *err);
sl_code_t sl_unit_cut(const sl_judge_t *self, sl_legacy_t whole, sl_legacy_t *out, sl_err_t *err);
/* *piece becomes the whole text that has it in the part's place; false: no record has. */
bool sl_unit_around(sl_judge_t *self, sl_legacy_t *piece);
/* Is a good value known of each part, but perhaps of this one? */
bool sl_unit_whole(const sl_whole_t *unit, const sl_field_t *but);
/* Both laws of a record as a whole: all its parts null, absent; its text missing, nil, cut off. */
void sl_unit_states(sl_judge_t *self);

/* --- domain.c ------------------------------------------------------------------------------------
 */

/* Is there a schema to hold the JSON side to? Without one, D is what is taken. */
bool sl_domain_given(const sl_judge_t *self);
/* Counts in self->open what only a pattern keeps out. */
sl_member_t sl_in_domain(sl_judge_t *self, sl_jtext_t value);
sl_member_t sl_in_contract(const sl_judge_t *self, sl_legacy_t value);

/* --- show.c: counterexamples in words ------------------------------------------------------------
 */

const char *sl_show_json(const sl_judge_t *self, sl_jtext_t value);
const char *sl_show_legacy(const sl_judge_t *self, sl_legacy_t value);
const char *sl_show_fix(const sl_judge_t *self, bool put, unsigned words);
/* The command whose output differs from its input; NULL: none. */
const char *sl_show_command(const sl_judge_t *self, sl_jtext_t value);

/* --- cases*.c ------------------------------------------------------------------------------------
 */

/* All representatives for the field's codec, schema and contract, through both laws. */
void sl_cases(sl_judge_t *self);
void sl_cases_text(sl_judge_t *self);
void sl_cases_number(sl_judge_t *self);
void sl_cases_date(sl_judge_t *self);
/* Members of a pattern, where open > 0; a complete search leaves none open. */
void sl_cases_pattern(sl_judge_t *self);
/* text as a JSON string and as a legacy text. */
void sl_case_both(sl_judge_t *self, sl_str_t text);

#endif

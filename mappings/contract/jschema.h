/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * jschema: JSON Schema, read into a model that the checker asks: 2020-12 and what earlier drafts
 * (7, 2019-09) say otherwise, and the dialects of OpenAPI 3.0 and 3.1. References go to the same
 * file or to files beside it; nothing is ever fetched. They may form cycles.
 *
 * What this module cannot decide (a pattern with a lookahead, unevaluatedProperties, $dynamicRef,
 * a keyword it does not know) is remembered by name, and makes answers SL_JS_MAYBE where it would
 * matter: "maybe" is never taken for "yes" by those who prove, nor for "no" by those who refuse.
 *
 * Numbers are digits, never doubles. Lengths are code points. `format` is held to its meaning for
 * date, time, date-time, uuid, int32, int64 and byte; other formats are annotations.
 *
 * All pointers belong to the sl_jschemas_t that read them.
 */
#ifndef SL_CONTRACT_JSCHEMA_H
#define SL_CONTRACT_JSCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/diag.h"
#include "core/json.h"
#include "core/str.h"
#include "mappings/contract/contract.h"
#include "mappings/contract/jvalue.h"
#include "mappings/contract/regex.h"

typedef struct sl_jschemas sl_jschemas_t; /* a file with all that it refers to */
typedef struct sl_jschema sl_jschema_t;   /* one schema in it */

enum { /* sets of JSON types */
       SL_JT_NULL = 1,
       SL_JT_BOOLEAN = 2,
       SL_JT_INTEGER = 4, /* a number without a fraction */
       SL_JT_NUMBER = 8,  /* any number; comes with INTEGER */
       SL_JT_STRING = 16,
       SL_JT_ARRAY = 32,
       SL_JT_OBJECT = 64,
       SL_JT_ANY = 127,
};

typedef enum sl_jdialect {
  SL_JD_2020,      /* and 2019-09, OpenAPI 3.1: keywords beside $ref count */
  SL_JD_DRAFT7,    /* and earlier: they do not */
  SL_JD_OPENAPI30, /* nor here; nullable, boolean exclusiveMinimum */
} sl_jdialect_t;

typedef struct sl_jproperty {
  sl_str_t name; /* terminated */
  const sl_jschema_t *schema;
  const sl_regex_t *pattern; /* patternProperties; NULL there: not decidable */
} sl_jproperty_t;

typedef struct sl_jschema_set {
  const sl_jschema_t *const *v;
  size_t n;
} sl_jschema_set_t;

struct sl_jschema {
  const char *file;
  int line, col;
  unsigned types; /* SL_JT_… that may come */
  bool nothing;   /* the schema false */
  bool read_only, write_only, deprecated, unique_items;
  const char *title, *format, *comment; /* NULL: none */
  const sl_jschema_t *ref;
  const sl_jvalue_t *const *enums; /* const is an enum of one */
  size_t n_enums;
  bool has_enum;            /* [] allows nothing */
  const char *const *texts; /* the same when all are strings or null, without the null; else NULL */
  size_t n_texts;
  const sl_jvalue_t *preset;

  int64_t min_length, max_length;                       /* -1: none, as below */
  sl_str_t pattern;                                     /* .p NULL: none */
  const sl_regex_t *regex;                              /* NULL beside a pattern: not decidable */
  sl_str_t minimum, maximum, above, below, multiple_of; /* .p NULL; above: exclusiveMinimum */

  const sl_jproperty_t *properties, *patterns; /* in the file's order */
  size_t n_properties, n_patterns;
  const sl_str_t *required;
  size_t n_required;
  const sl_jschema_t *additional, *names; /* NULL: anything */
  int64_t min_properties, max_properties;

  const sl_jschema_t *items, *contains; /* items: those behind the prefix */
  sl_jschema_set_t prefix;
  int64_t min_items, max_items, min_contains, max_contains;

  sl_jschema_set_t all, any, one;
  const sl_jschema_t *no, *when, *then, *otherwise;
  const sl_jproperty_t *dependent; /* dependentSchemas, dependentRequired */
  size_t n_dependent;

  const char *const *unknown; /* keywords that are not understood or not decidable */
  size_t n_unknown;
};

/* --- reading ------------------------------------------------------------------------------------
 */

/* The schema file path. Errors (C4xx) to diags, NULL then; keywords that are not understood give a
 * warning each (C410). */
sl_jschemas_t *sl_jschemas_load(const char *path, sl_diags_t *diags);
/* The same from memory; references start beside path. */
sl_jschemas_t *sl_jschemas_parse(const char *path, const char *text, size_t len, sl_diags_t *diags);
void sl_jschemas_destroy(sl_jschemas_t **self_p);

const sl_jschema_t *sl_jschemas_root(const sl_jschemas_t *self);
/* $defs/NAME or definitions/NAME of the root; NULL: none. */
const sl_jschema_t *sl_jschemas_def(const sl_jschemas_t *self, const char *name);
size_t sl_jschemas_def_count(const sl_jschemas_t *self);
const char *sl_jschemas_def_name_at(const sl_jschemas_t *self, size_t i);

/* --- asking a schema what it wants --------------------------------------------------------------
 */

/* Through references that stand alone, to where something is said. Never NULL. */
const sl_jschema_t *sl_jschema_resolve(const sl_jschema_t *schema);
/* SL_JT_… that a value may have, through $ref, allOf, anyOf, oneOf, enum. */
unsigned sl_jschema_types(const sl_jschema_t *schema);
/* What the member `key` of an object has to be: everything that applies to it, as one schema (made
 * when there are several). SL_JSCHEMA_ANY: nothing is said; one that is `nothing`: not allowed. */
const sl_jschema_t *sl_jschema_member(sl_jschemas_t *self, const sl_jschema_t *schema,
                                      sl_str_t key);
const sl_jschema_t *sl_jschema_item(sl_jschemas_t *self, const sl_jschema_t *schema, size_t i);
/* May the member never be there? */
bool sl_jschema_forbids(const sl_jschema_t *schema);
/* Is the member demanded, whatever else the object holds? */
bool sl_jschema_requires(const sl_jschema_t *schema, sl_str_t key);
/* Each named property once, alternatives' too; SIZE is bounded. The number, at most max. */
size_t sl_jschema_property_names(const sl_jschema_t *schema, sl_str_t *out, size_t max);
extern const sl_jschema_t sl_jschema_any;

/* What a schema says about scalars, gathered through $ref and allOf (the tightest of each), and
 * through an anyOf or oneOf whose other alternatives are null. What stands in other alternatives is
 * left out: for that, ask sl_jschema_accepts. */
typedef struct sl_jfacets {
  unsigned types;                                /* as sl_jschema_types */
  int64_t min_length, max_length;                /* -1: none */
  sl_str_t minimum, maximum, above, below, unit; /* .p NULL: none; unit: multipleOf */
  const char *format;                            /* NULL: none */
  const sl_jschema_t *with_pattern;              /* has pattern, the first that was met */
  const sl_jschema_t *with_enum;                 /* has enums, likewise */
  int64_t min_items, max_items;                  /* -1: none */
} sl_jfacets_t;
sl_jfacets_t sl_jschema_facets(const sl_jschema_t *schema);

/* "string", "integer or null", for messages; into out. */
const char *sl_jtypes_text(unsigned types, char out[64]);

/* --- values -------------------------------------------------------------------------------------
 */

typedef enum sl_jverdict {
  SL_JS_NO,    /* certainly not */
  SL_JS_MAYBE, /* it depends on what could not be decided */
  SL_JS_YES,   /* certainly */
} sl_jverdict_t;

/* Is the scalar a value of schema? kind: STRING (text unescaped), NUMBER (its digits), TRUE, FALSE,
 * NULL. If not, why gets a phrase that follows the value: "is longer than 30". why may be NULL. */
sl_jverdict_t sl_jschema_accepts(const sl_jschema_t *schema, sl_json_kind_t kind, sl_str_t text,
                                 char why[SL_WHY]);

/* One violation: where in the value, and what. */
typedef struct sl_jviolation {
  const sl_jvalue_t *value;
  const char *pointer; /* from the root of what was validated, "" for itself */
  const sl_jschema_t *schema;
  const char *text; /* "is longer than 30" */
} sl_jviolation_t;
typedef void sl_jviolation_fn(void *ctx, const sl_jviolation_t *violation);

/* Holds value against schema; tell (may be NULL) gets each violation, at most 100. */
sl_jverdict_t sl_jschema_judge(const sl_jschema_t *schema, const sl_jvalue_t *value,
                               sl_jviolation_fn *tell, void *ctx);
/* A whole JSON text: its grammar (C401) and its violations (C420) become errors in file. */
sl_jverdict_t sl_jschema_validate(const sl_jschema_t *schema, const char *file, const char *text,
                                  size_t len, sl_diags_t *diags);

/* Scalars at the edges of what schema takes: each enum member, least and greatest length and one
 * beyond each, bounds and their neighbours, both booleans, null, a text that matches its pattern.
 * Some are values of it, some are not: ask sl_jschema_accepts. */
typedef void sl_jsample_fn(void *ctx, sl_json_kind_t kind, sl_str_t text);
void sl_jschema_samples(const sl_jschema_t *schema, sl_jsample_fn *take, void *ctx);

#endif

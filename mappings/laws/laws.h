/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * laws: what a mapping loses, proved line by line, before a record is lost.
 *
 * A line has two ends, and two laws:
 *   PutGet  what the consumer writes, it reads back:      JSON → legacy → JSON is the same JSON;
 *   GetPut  what it read and sends back changes nothing:  legacy → JSON → legacy is the same
 * record.
 *
 * Each law has a domain. Of PutGet it is D, the JSON values that a consumer may send: those of the
 * canonical schema where the user gives one, and every one of them then has to be taken too; else
 * what the engine takes at run time. Of GetPut it is E, the legacy values that may come: those of
 * the contract's type (facets, enumerations, nillable, required; a column's type and size), else
 * everything; what cannot be read is an answer 502 and loses nothing.
 *
 * How it is decided: codecs are closed, so for each kind there is a finite set of representatives
 * such that the codec treats all values of a class alike (cases.h says which, and why they are
 * enough). They go through the real codec, both ways. A representative that comes back changed,
 * and that is of the domain, is a counterexample; none at all is a proof. Where membership cannot
 * be decided (a pattern that a schema's dialect leaves open, a union), the verdict is "sampled",
 * never "proved".
 *
 * Values are the same when they are the same value of their type: JSON numbers by value (RFC 8259,
 * JSON Schema 2020-12 §4.2.2), JSON strings character by character; legacy texts in the value space
 * of the contract's type (xs:integer: 007 is 7), and with the padding that the mapping declares.
 * Spellings that the mapping accepts beside the one that it writes (read-null, read-only rows,
 * leading zeros where the contract knows no numbers) are not lost but unified: "proved modulo
 * {alias}", "{spelling}"; a write with a base record keeps them.
 *
 * What is lost and declared (modulo=) is "proved modulo" that word; what is lost and not declared
 * is refuted, with the value that shows it.
 *
 * Judging takes no locks, touches no file, and changes nothing in the mapping.
 */
#ifndef SL_LAWS_LAWS_H
#define SL_LAWS_LAWS_H

#include <stdbool.h>
#include <stddef.h>
#include "core/arena.h"
#include "core/buf.h"
#include "core/diag.h"
#include "mappings/engine/mapping.h"
#include "mappings/laws/lines.h"

typedef enum sl_law_verdict {
  SL_LAW_NONE,    /* does not apply: the line is never written, or never read back */
  SL_LAW_PROVED,  /* `modulo` may name what is given up */
  SL_LAW_SAMPLED, /* n cases tried, none failed; not proved */
  SL_LAW_REFUTED, /* from, via, to show it */
} sl_law_verdict_t;

/* Beside SL_MODULO_…: not losses, but spellings that become one. */
enum {
  SL_MODULO_ALIAS = 1 << 20,    /* read-null, read-absent, read-only rows */
  SL_MODULO_SPELLING = 1 << 21, /* another spelling of the same number, date, boolean */
  SL_MODULO_MASK = 1 << 22,     /* mask=: what is read back is hidden, and means "as it was" */
  SL_MODULO_IGNORED = 1 << 23,  /* what <ignore> names in a fixed-width record is blanked */
};

/* All text is in the report's arena. */
typedef struct sl_law {
  sl_law_verdict_t verdict;
  unsigned modulo; /* PROVED, SAMPLED: what it holds up to. REFUTED: what would acknowledge it */
  size_t n;        /* cases that were tried */
  bool refused;    /* REFUTED: not changed, but refused (`to` says why) */
  const char *from, *via, *to; /* REFUTED: "{\"name\":\"\"}", "30 blanks", "{\"name\":null}" */
  const char *fix;             /* NULL: none is known */
  const char *show;            /* the command that shows it; NULL: none does */
} sl_law_t;

typedef struct sl_law_line {
  sl_line_t line;
  const char *shape;                    /* or the operation that it stands in */
  sl_law_t putget, getput, getput_base; /* getput_base: when written with a base record */
  bool based;                           /* every operation that writes it has a base */
  const char *reason;                   /* why a law does not apply; "": both do */
} sl_law_line_t;

typedef struct sl_laws {
  const char *file;
  const sl_law_line_t *lines;
  size_t n_lines;
  size_t cases; /* in all */
} sl_laws_t;

/* Judges every line once. Findings go to diags (may be NULL): L201 PutGet refuted, L202 GetPut
 * refuted, L203 the schema allows what is refused, W210 a word of a
 * field's modulo= that gives nothing away. In
 * arena, which must outlive it, as must the mapping; NULL without memory. */
const sl_laws_t *sl_laws_judge(const sl_mapping_t *mapping, sl_arena_t *arena, sl_diags_t *diags);

/* "proved", "proved modulo {alias}", "sampled (4096)", "refuted", "-". In arena. */
const char *sl_law_text(const sl_law_t *law, sl_arena_t *arena);
/* The words of a set: "alias, scale". In arena. */
const char *sl_modulo_text(unsigned set, sl_arena_t *arena);

/* The whole report, for people and for machines (docs/laws.md describes the JSON: one object). */
void sl_laws_print(const sl_laws_t *self, sl_buf_t *out);
void sl_laws_json(const sl_laws_t *self, sl_diags_t *diags, sl_buf_t *out);

#endif

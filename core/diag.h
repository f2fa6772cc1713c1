/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * diag: what is wrong with the files a user wrote: all of it at once, in file order, each with
 * file, line, column, the line itself, a caret, and a fix where one is known. Mapping,
 * deployment and contract readers fill one list; commands print it.
 *
 *     crm.map.xml:26:5: error R102 no type named "custno"
 *        26 |     <field legacy="CUST_NO" json="/id" type="custno"/>
 *           |                                              ^
 *       fix: declare <type name="custno" …> above, or use one of: name30, yn
 */
#ifndef SL_CORE_DIAG_H
#define SL_CORE_DIAG_H

#include <stddef.h>
#include <stdio.h>
#include "core/buf.h"

typedef enum sl_severity { SL_NOTE, SL_WARNING, SL_ERROR } sl_severity_t;

typedef struct sl_diag {
  sl_severity_t severity;
  char code[8];  /* "R102": letter for the pass, number for the rule; listed in docs */
  char *file;    /* owned by the list */
  int line, col; /* 1-based, col in bytes; 0: unknown */
  char *text;    /* one sentence; owned */
  char *fix;     /* what to do, or NULL; owned */
  char *source;  /* the line of the file, without its end, or NULL; owned */
} sl_diag_t;

typedef struct sl_diags sl_diags_t;

sl_diags_t *sl_diags_new(void);
void sl_diags_destroy(sl_diags_t **self_p);

/* Tell the list a file's text, so that it can quote lines. Copies. Call before adding for it. */
void sl_diags_source(sl_diags_t *self, const char *file, const char *text, size_t len);

/* Add one. fix may be NULL. A second one with the same file, line, col and code is dropped, and
 * one about a place where the schema (S…) has spoken. S102 is told of each attribute.
 * Never fails: without memory it counts only. */
void sl_diags_add(sl_diags_t *self, sl_severity_t severity, const char *code, const char *file,
                  int line, int col, const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 8, 9)));

size_t sl_diags_errors(const sl_diags_t *self);
size_t sl_diags_count(const sl_diags_t *self);
/* By file (in order of first mention), then line, then column. Borrowed. */
const sl_diag_t *sl_diags_at(sl_diags_t *self, size_t i);

/* All of them as shown above, to out. */
void sl_diags_print(sl_diags_t *self, FILE *out);
/* The first error in one line (for a log), or "". Borrowed until the next call on self. */
const char *sl_diags_first(sl_diags_t *self);

#endif

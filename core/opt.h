/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt: one table per program drives command line, option file, ranges, defaults and --help.
 *
 * Precedence: the default, then --config FILE (lines `name = value`, lines beginning with # are
 * comments), then the command line, left to right; lists grow over both. Names are the same in
 * both. White space around a file's values is dropped. A value may be ${env:NAME} or ${file:PATH},
 * resolved when it is read: so that credentials stand in neither. An unknown name, a value out of
 * its range, a name given twice where it takes one value: an error naming file and line, or the
 * argument.
 */
#ifndef SL_CORE_OPT_H
#define SL_CORE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "core/err.h"

typedef enum sl_opt_kind {
  SL_OPT_FLAG, /* bool; --name, --no-name; in a file yes|no */
  SL_OPT_TEXT, /* char *; owned by the struct, freed by sl_opt_fini */
  SL_OPT_LIST, /* sl_opt_list_t; may be given several times */
  SL_OPT_INT,  /* int64_t */
  SL_OPT_SIZE, /* int64_t bytes; suffixes KiB MiB GiB */
  SL_OPT_TIME, /* int64_t milliseconds; suffixes ms s min h; a bare number is milliseconds */
} sl_opt_kind_t;

typedef struct sl_opt_list {
  char **v;
  size_t n;
} sl_opt_list_t;

typedef struct sl_opt {
  const char *name; /* "listen": --listen VALUE or --listen=VALUE */
  char letter;      /* 'l': -l VALUE; 0: none */
  sl_opt_kind_t kind;
  size_t offset;        /* of the member in the program's struct */
  const char *preset;   /* the default, in the words a user would write; NULL: empty or zero */
  int64_t min, max;     /* INT, SIZE, TIME; both 0: no bound but min 0 */
  const char *argument; /* "ADDRESS:PORT" in help; NULL for flags */
  const char *help;     /* one sentence */
  bool secret;          /* shown as *** by sl_opt_show */
} sl_opt_t;

typedef struct sl_opt_table {
  const char *program;  /* "sluice-gateway" */
  const char *usage;    /* "[OPTION]… FILE" */
  const char *purpose;  /* one or two sentences */
  const sl_opt_t *opts; /* ends with a row whose name is NULL */
} sl_opt_table_t;

/* Fills base (zeroed by the caller) from argv. Options may stand anywhere before a "--":
 * argv is reordered so that what is no option comes last, from *rest_p on. --help and --version
 * print to stdout and set *done_p: exit 0 then. */
sl_code_t sl_opt_parse(const sl_opt_table_t *table, void *base, int argc, char **argv, int *rest_p,
                       bool *done_p, sl_err_t *err);
/* Only the presets. */
sl_code_t sl_opt_presets(const sl_opt_table_t *table, void *base, sl_err_t *err);
void sl_opt_help(const sl_opt_table_t *table, FILE *out);
/* "name = value" lines of everything, secrets as ***. */
void sl_opt_show(const sl_opt_table_t *table, const void *base, FILE *out);
void sl_opt_fini(const sl_opt_table_t *table, void *base);

/* "${env:NAME}", "${file:PATH}" anywhere in value → resolved copy, to be freed; NULL and err if
 * it cannot be. A file's trailing newline is dropped. */
char *sl_opt_resolve(const char *value, sl_err_t *err);

#endif

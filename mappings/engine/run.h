/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run: one operation being executed: consumer's input → legacy request, legacy answer →
 * consumer's answer. The engine does no I/O: an adapter carries the bytes.
 *
 * SOAP and REST                               SQL (in the worker)
 *   sl_run_new                                  sl_run_new
 *   sl_run_request  → bytes to send             while sl_run_sql_next → statement to execute
 *   sl_run_feed     ← bytes that came             sl_run_sql_columns, sl_run_sql_row …
 *   (sl_run_again: once more from sl_run_request)
 *   sl_run_answer   → status, headers             sl_run_sql_done ← rows or SQLSTATE
 *                                               sl_run_answer
 * In both the JSON body grows in `out` while the answer is read; an adapter that streams looks at
 * out->len after each step and, once sl_run_head is true, sends and clears what is there. One
 * that does not stream sends it at the end.
 *
 * Errors: SL_INVALID, SL_TOO_LARGE with the field named (the consumer's input), SL_GARBAGE (the
 * legacy answer), SL_BUG. A mapped fault or return code is not an error of a run: it is an answer
 * with a problem.
 */
#ifndef SL_ENGINE_RUN_H
#define SL_ENGINE_RUN_H

#include <stdint.h>
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/problem.h"
#include "core/str.h"
#include "mappings/engine/mapping.h"

typedef struct sl_arg {
  sl_str_t name;  /* "path:id", "query:status", "header:if-match" (header names in lower case) */
  sl_str_t value; /* decoded text */
} sl_arg_t;

typedef struct sl_input {
  const sl_arg_t *args;
  size_t n_args;
  sl_str_t body; /* JSON text; len 0: none */
} sl_input_t;

typedef struct sl_answer_header {
  sl_str_t name, value;
} sl_answer_header_t;

enum { SL_ANSWER_HEADERS = 8 };

typedef struct sl_answer {
  int status;
  const sl_problem_t *problem;                   /* NULL: none. With one, the body is empty */
  sl_answer_header_t headers[SL_ANSWER_HEADERS]; /* Link, ETag, Location, … ; in the arena */
  size_t n_headers;
} sl_answer_t;

typedef struct sl_run sl_run_t;

/* All memory from arena; in and op must outlive it; the JSON body is appended to out. NULL when
 * the arena is full. Nothing to destroy. */
sl_run_t *sl_run_new(const sl_op_t *op, sl_arena_t *arena, const sl_input_t *in, sl_buf_t *out);
/* Parsers hold memory of their own: call it when done with a run that was fed (also half). */
void sl_run_fini(sl_run_t *self);

/* --- SOAP and REST -----------------------------------------------------------------------------
 */

/* The whole request body (SOAP: the envelope in UTF-8), appended to out. */
sl_code_t sl_run_request(sl_run_t *self, sl_buf_t *out, sl_err_t *err);
/* REST: path and query to append to the base URL ("/v1/inv?x=1"); after sl_run_request. */
const char *sl_run_target(const sl_run_t *self);
/* REST: extra request headers; NULL past the end. */
const sl_answer_header_t *sl_run_request_header(const sl_run_t *self, size_t i);

/* An operation with a base (base.h) makes two exchanges: the first one reads the base, and when its
 * final feed left this true, the run starts over with sl_run_request for the write itself. When it
 * is false, the run is over as usual (there is no such record, it has changed meanwhile). Nothing
 * has changed anything before the second exchange. */
bool sl_run_again(const sl_run_t *self);
/* Of the operation whose exchange is under way: the base's at first. */
const sl_op_info_t *sl_run_info(const sl_run_t *self);

/* Bytes of the legacy answer's body, in pieces of any size; status: its HTTP status (the same in
 * each call). After an error the run is over. data must stay until the final call returned; that of
 * a base until the run is over. */
sl_code_t sl_run_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                      sl_err_t *err);

/* --- SQL ------------------------------------------------------------------------------------- */

typedef enum sl_sql_mode { SL_SQL_IN, SL_SQL_OUT, SL_SQL_INOUT, SL_SQL_RETURN } sl_sql_mode_t;

typedef struct sl_sql_param {
  bool null;
  sl_str_t text;     /* the legacy spelling, UTF-8; bound as SQL_C_CHAR */
  const char *type;  /* SQL type name of mapping or catalogue: "BIGINT", "CHAR", …; "" unknown */
  int digits, scale; /* of decimals and widths of text; 0 unknown */
  const char *name;  /* for messages: the column or parameter */
  uint8_t mode;      /* sl_sql_mode_t: of a procedure's argument; RETURN: has no ? in the text */
} sl_sql_param_t;

typedef struct sl_sql_statement {
  unsigned key;     /* the same for the same text of this mapping: for keeping it prepared */
  const char *text; /* with ? for each parameter; in the mapping's memory */
  const sl_sql_param_t *params;
  size_t n_params;
  const char *procedure; /* a call: text is CALL NAME(?, …), and what comes back goes to
                            sl_run_sql_out; NULL: none */
  bool returns_rows;     /* procedure: its rows are wanted */
  bool once;             /* another text the next time: not to be kept prepared */
  bool large;            /* may return very many rows: use the driver's streaming mode */
  unsigned max_rows;     /* further rows are of no use: stop fetching; 0: all are wanted */
} sl_sql_statement_t;

typedef struct sl_sql_cell {
  const char *p; /* borrowed until sl_run_sql_row returns */
  size_t len;
  bool null;
} sl_sql_cell_t;

/* The next statement to execute; *done_p when there is none (then take the answer). A
 * transaction is wanted around all of them when sl_run_sql_transaction. */
sl_code_t sl_run_sql_next(sl_run_t *self, sl_sql_statement_t *statement, bool *done_p,
                          sl_err_t *err);
bool sl_run_sql_transaction(const sl_run_t *self);
/* It reads what it then writes over: nothing of that may change in between, by another's hand
 * (isolation: repeatable read). */
bool sl_run_sql_reads_first(const sl_run_t *self);
/* The result set's column labels, in order; once per statement that returns rows. Columns that the
 * mapping does not name are ignored, names it needs and that are missing are SL_GARBAGE. */
sl_code_t sl_run_sql_columns(sl_run_t *self, const sl_str_t *labels, size_t n, sl_err_t *err);
sl_code_t sl_run_sql_row(sl_run_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
/* What came back from a procedure: the values of its params that are not IN, in their order; once,
 * after its rows. */
sl_code_t sl_run_sql_out(sl_run_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
/* The statement is over: rows changed (insert, update) or -1, sqlstate "00000" or the error's.
 * *rollback_p: the outcome is not a success, undo the transaction. */
sl_code_t sl_run_sql_done(sl_run_t *self, long rows, const char *sqlstate, bool *rollback_p,
                          sl_err_t *err);

/* All statements went well, but the database refused to commit for this reason, and nothing was
 * changed (a deferred constraint, another writer): the answer is now what the mapping's outcome
 * says of that; SL_LEGACY_ERROR when it says nothing. Nothing of the answer may have been sent. */
sl_code_t sl_run_sql_not_committed(sl_run_t *self, const char *sqlstate, sl_err_t *err);

/* --- the answer --------------------------------------------------------------------------------
 */

/* Status and headers are known and will not change: what is in out may be sent. */
bool sl_run_head(const sl_run_t *self);
/* SL_GARBAGE when the legacy answer ended too early. May be called at head, and again at the end.
 */
sl_code_t sl_run_answer(sl_run_t *self, sl_answer_t *answer, sl_err_t *err);
/* Legacy elements that the mapping does not name, skipped so far. */
size_t sl_run_unknown(const sl_run_t *self);

/* --- shapes alone (sluice map, tests, benchmarks) -----------------------------------------------
 */

struct sl_record; /* plan.h */
/* One legacy record → a record in legacy spelling, from arena; legacy has to stay. For tools. */
sl_code_t sl_shape_record(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t legacy,
                          struct sl_record **record_p, sl_err_t *err);
/* One legacy record (SOAP: an XML element with the shape's content; REST: JSON; ODBC: CSV with a
 * header line, unquoted empty is NULL) → one JSON value appended to out. */
sl_code_t sl_shape_read(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t legacy, sl_buf_t *out,
                        sl_err_t *err);
/* ODBC: do the CSV rows a and b below that header belong to one record of the shape? */
bool sl_shape_joined(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t header, sl_str_t a,
                     sl_str_t b);
/* The other way. root: the name of the XML element to write (SOAP), else ignored. */
sl_code_t sl_shape_write(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t json,
                         const char *root, sl_buf_t *out, sl_err_t *err);
/* The same over base, a legacy record as for sl_shape_read (not ODBC): what did not change keeps
 * its spelling, what is not mapped stays. patch: members that json leaves out stay, too. base is
 * borrowed while arena is used. */
sl_code_t sl_shape_write_over(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t json,
                              sl_str_t base, bool patch, const char *root, sl_buf_t *out,
                              sl_err_t *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * problem: problem details for HTTP APIs (RFC 9457), and the one table that says what each error
 * category becomes on the wire. Never a stack trace, SQL text, credential or legacy payload.
 */
#ifndef SL_CORE_PROBLEM_H
#define SL_CORE_PROBLEM_H

#include "core/buf.h"
#include "core/err.h"

typedef struct sl_category {
  int status;        /* HTTP status when nothing more exact is known */
  const char *type;  /* the problem type's last path segment: "urn:sluice:problem:" + type */
  const char *title; /* human-readable, fixed per type (RFC 9457 §3.1.3) */
  int retry_after_s; /* Retry-After to send; 0: none */
} sl_category_t;

/* The row of the table for code. Static. */
const sl_category_t *sl_category(sl_code_t code);

typedef struct sl_problem {
  char type[96];   /* "" : from code's row. Otherwise as in <when problem="…">, e.g.
                      customer-not-found */
  char title[128]; /* "" : from code's row, or made from type ("customer not found") */
  int status;      /* HTTP; 0: from code's row */
  char detail[512];
  char field[128];   /* pointer to the member at fault, "" if none; written as "field" */
  char system[64];   /* the legacy system, "" if none */
  char instance[64]; /* the request id, written as urn:… by the gateway */
  int retry_after_s; /* 0: none */
  sl_code_t code;    /* category, written as "category" */
} sl_problem_t;

/* From an error, completed from its category's row. */
void sl_problem_from_err(sl_problem_t *self, const sl_err_t *err);
/* Fills what is still empty from the table. */
void sl_problem_complete(sl_problem_t *self);
/* What sl_problem_write writes, as a JSON Schema (2020-12) in one line. */
extern const char sl_problem_schema[];
/* The application/problem+json object, appended to out. */
void sl_problem_write(const sl_problem_t *self, sl_buf_t *out);

#endif

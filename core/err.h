/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * err: what went wrong, in one of the categories that the whole system shares.
 *
 * A function that can fail returns an sl_code_t and fills one sl_err_t where the fact is known;
 * nobody above rewrites it. The category decides everything downstream: the HTTP status, whether
 * a retry is allowed, what the problem details say (core/problem.h has that table). Three
 * questions pick the code:
 *   - Is it the consumer's input?        SL_INVALID and its neighbours: never retried.
 *   - Is it the world, for now?          SL_UNAVAILABLE, SL_TIMED_OUT, SL_LIMITED.
 *   - Might a write have happened?       SL_IN_DOUBT: never repeated blindly.
 */
#ifndef SL_CORE_ERR_H
#define SL_CORE_ERR_H

#include <stdbool.h>
#include <stddef.h>

typedef enum sl_code {
  SL_OK = 0,
  SL_INVALID,      /* validation: schema or mapping refuses the consumer's input (400, 422) */
  SL_NOT_FOUND,    /* no such operation or route (404) */
  SL_TOO_LARGE,    /* over a limit that a setting bounds (413) */
  SL_DENIED,       /* not allowed (401, 403) */
  SL_LIMITED,      /* rate limit (429) */
  SL_UNAVAILABLE,  /* certainly not executed: refused, queue full, breaker open (503) */
  SL_TIMED_OUT,    /* no answer within the deadline, nothing was changed (504) */
  SL_IN_DOUBT,     /* a write was sent and no answer came (504, outcome unknown) */
  SL_LEGACY_ERROR, /* fault, SQLSTATE or status that the mapping names (as mapped) */
  SL_GARBAGE,      /* the legacy answer breaks its contract or the mapping (502) */
  SL_CONFIG,       /* mapping, deployment or options are wrong: refuse to start */
  SL_CANCELLED,    /* the caller gave up; nobody waits for the answer */
  SL_BUG,          /* ours (500) */
} sl_code_t;

/* "validation", "unavailable", …: the category's name as logs and problems spell it. Static. */
const char *sl_code_name(sl_code_t code);

typedef struct sl_err {
  sl_code_t code;
  char field[128]; /* JSON pointer, http end or legacy path of the value at fault; "" if none */
  char file[256];  /* where in a file the user wrote; "" if none */
  int line, col;   /* 1-based; 0 if unknown */
  char text[512];  /* one sentence for a person; no payload, credential or SQL text */
} sl_err_t;

/* Fill err (may be NULL) and return code, so that `return sl_err_set (…)` reads well. */
sl_code_t sl_err_set(sl_err_t *err, sl_code_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, naming the field at fault. */
sl_code_t sl_err_field(sl_err_t *err, sl_code_t code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void sl_err_clear(sl_err_t *err);

/* For our own bugs only, never for input; stays on in release builds. Aborts with file:line. */
#define SL_ASSERT(cond) ((cond) ? (void)0 : sl_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void sl_assert_failed(const char *cond, const char *file, int line);

#endif

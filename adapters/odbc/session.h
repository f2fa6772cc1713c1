/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session: one connection to the database, its transaction, and what the driver says when
 * something goes wrong. Everything here blocks; it runs in a worker.
 */
#ifndef SL_ODBC_SESSION_H
#define SL_ODBC_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "adapters/odbc/quirks.h"
#include "core/err.h"

/* The first diagnostic record. Drivers quote SQL text and values in their messages, so message
 * is for the log of connection attempts only, never for a problem. */
typedef struct sl_sqlerr {
  char state[6]; /* "00000" when nothing is wrong */
  int native;
  char message[256];
} sl_sqlerr_t;

typedef struct sl_session {
  SQLHDBC dbc;
  const sl_quirk_t *quirk;
  SQLUINTEGER getdata; /* SQL_GETDATA_EXTENSIONS */
  bool in_transaction;
  bool spoiled; /* how a transaction ended is not known: serve nothing more, close */
  char driver[64], dbms[64];
} sl_session_t;

typedef struct sl_session_opts {
  const char *connection; /* SQLDriverConnect's string */
  const char *init_sql;   /* "" for none */
  uint32_t login_timeout_s, busy_ms;
  bool stream; /* with the driver's attributes for very many rows */
} sl_session_opts_t;

/* NULL when there is no memory or no driver manager. One per process. */
SQLHENV sl_session_env(void);

/* SL_UNAVAILABLE, or SL_CONFIG where trying again cannot help (no such driver or DSN, refused
 * credentials, wrong init-sql). */
sl_code_t sl_session_open(sl_session_t *self, SQLHENV env, const sl_session_opts_t *opts,
                          sl_err_t *err);
void sl_session_close(sl_session_t *self);
static inline bool sl_session_is_open(const sl_session_t *self)
{
  return self->dbc != SQL_NULL_HDBC;
}

/* False with what is wrong in sqlerr. commit and rollback end the transaction also when they fail;
 * without one they do nothing. */
/* repeatable: what is read does not change until the end, as far as the database can tell. */
bool sl_session_begin(sl_session_t *self, bool repeatable, sl_sqlerr_t *sqlerr);
bool sl_session_commit(sl_session_t *self, sl_sqlerr_t *sqlerr);
bool sl_session_rollback(sl_session_t *self, sl_sqlerr_t *sqlerr);

/* Executes text with at most one text parameter (NULL: none); the first column of the first row
 * goes to value (may be NULL). */
bool sl_session_run(sl_session_t *self, const char *text, const char *param, char *value,
                    size_t value_size, sl_sqlerr_t *sqlerr);

void sl_sqlerr_read(sl_sqlerr_t *self, const sl_quirk_t *quirk, SQLSMALLINT kind, SQLHANDLE handle);
/* Is the connection gone? By SQLSTATE (class 08, a server that shuts down); where a driver has
 * only HY000 to say, by asking the session again: then this blocks. */
bool sl_session_lost(sl_session_t *self, const sl_sqlerr_t *sqlerr);
/* A commit that was refused for this reason changed nothing, for sure. */
bool sl_sqlerr_refused(const sl_sqlerr_t *self);
/* The driver was interrupted or gave up waiting. */
bool sl_sqlerr_timed_out(const sl_sqlerr_t *self);

#endif

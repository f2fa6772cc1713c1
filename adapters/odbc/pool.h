/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pool: the worker processes of sluice-odbc, as its head sees them. It starts them, keeps them
 * warm, hands each call to a free one, and passes on what comes back without looking into it.
 * Nothing here blocks, and no database is touched: that is what workers are for.
 *
 * A worker is asleep (closed for idleness, started on demand), waiting (to be started again, with
 * backoff), starting (until it is connected), idle, busy, or stopping (its call was cancelled; it
 * has a grace to come back before it is killed). A call waits for a free worker in a queue that
 * the host bounds. While the database cannot be reached calls fail at once.
 *
 * Memory: a worker sends only what the reader gave credit for, so the pool holds at most one frame
 * for each worker.
 */
#ifndef SL_ODBC_POOL_H
#define SL_ODBC_POOL_H

#include "adapters/odbc/worker_proto.h"
#include "core/loop.h"

typedef struct sl_pool sl_pool_t;

typedef struct sl_pool_opts {
  const char *worker;  /* the program */
  const char *mapping; /* its argument */
  sl_wp_hello_t hello; /* what each worker is told; ended is filled in by the pool */
  int64_t size;        /* workers, ≥ 1 */
  int64_t start_ms;    /* from exec to connected */
  int64_t timeout_ms;  /* for a call to begin its answer; 0: no bound */
  int64_t grace_ms;    /* from cancel to kill */
  int64_t idle_ms;     /* then a worker is closed; 0: never */
} sl_pool_opts_t;

/* One call; embedded in the caller's memory, which stays until the pool has let go of it: after
 * answer or chunk with last, after fail, or after sl_pool_cancel. */
typedef struct sl_pool_job {
  sl_wp_call_t call; /* filled by the caller, borrowed; credit is what may be sent now */
  unsigned flags;    /* SL_WP_SHOW */
  void *ctx;
  /* private: */
  struct sl_pool_worker *worker;
  struct sl_pool_job *next;
  int64_t granted; /* credit the worker has and has not used */
  bool committing; /* it had leave to commit */
  bool begun;      /* its answer has begun */
} sl_pool_job_t;

typedef struct sl_pool_handlers {
  /* The worker is about to commit: from here on the outcome is in doubt until it answers. */
  void (*commit)(sl_pool_job_t *job);
  void (*wire)(sl_pool_job_t *job, bool outgoing, sl_str_t bytes);
  void (*answer)(sl_pool_job_t *job, const sl_answer_t *answer, sl_str_t body, bool last);
  void (*chunk)(sl_pool_job_t *job, sl_str_t data, bool last);
  /* Before or after an answer. */
  void (*fail)(sl_pool_job_t *job, const sl_err_t *err);
} sl_pool_handlers_t;

/* Starts the workers. Options and handlers are borrowed for the pool's life. SL_CONFIG when the
 * worker program cannot be started. */
sl_pool_t *sl_pool_new(sl_loop_t *loop, const sl_pool_opts_t *opts,
                       const sl_pool_handlers_t *handlers, sl_err_t *err);
/* Ends all workers; waits for them up to half a second, then kills. No handler is called. */
void sl_pool_destroy(sl_pool_t **self_p);

/* Runs it now or when a worker is free. May call fail before it returns. */
void sl_pool_submit(sl_pool_t *self, sl_pool_job_t *job);
/* The reader takes so many bytes now, in all. */
void sl_pool_credit(sl_pool_t *self, sl_pool_job_t *job, int64_t credit);
/* Nobody waits any more. The pool holds no pointer to job after this. */
void sl_pool_cancel(sl_pool_t *self, sl_pool_job_t *job);

/* Workers connected now; of which working. */
int64_t sl_pool_connected(const sl_pool_t *self, int64_t *busy_p);

#endif

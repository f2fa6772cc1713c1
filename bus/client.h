/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * client: who wants operations run: the gateway, and `sluice call`.
 *
 * It subscribes to the directory, keeps what it learned when the directory dies, and sends each
 * call straight to an adapter over a DEALER of its own per instance. Of several instances of a
 * system it draws two at random and takes the less loaded. A call ends in exactly one of: a
 * reply (perhaps followed by chunks), or an error. What each error means for the caller:
 *   SL_NOT_FOUND    no such operation was ever announced
 *   SL_UNAVAILABLE  certainly not executed: no instance is there, the queue is full, or the
 *                   instance died and the operation is safe: it changes nothing
 *   SL_TIMED_OUT    deadline passed; safe
 *   SL_IN_DOUBT     deadline passed or the instance died, and the operation may have been executed
 * A reply `not-started` is tried once on another instance before it is reported.
 *
 * Nothing here blocks. All callbacks come from the loop, never from inside sl_bus_call.
 */
#ifndef SL_BUS_CLIENT_H
#define SL_BUS_CLIENT_H

#include "bus/proto.h"
#include "bus/security.h"
#include "core/loop.h"

typedef struct sl_bus_client sl_bus_client_t;
typedef struct sl_bus_call sl_bus_call_t;

typedef struct sl_bus_client_opts {
  const char *directory;     /* "ipc:///run/sluice/bus" */
  const sl_bus_keys_t *keys; /* NULL: ipc only */
  const char *memory;    /* file that keeps who was there, for a start while the directory is away;
                            NULL: none */
  int64_t max_in_flight; /* calls of this client per instance; beyond: SL_UNAVAILABLE. 0: 1,024 */
  int64_t window;        /* bytes of answer that may be under way per call. 0: 256 KiB */
} sl_bus_client_opts_t;

sl_bus_client_t *sl_bus_client_new(sl_loop_t *loop, const sl_bus_client_opts_t *opts,
                                   sl_err_t *err);
/* Calls still open end with SL_CANCELLED, without a callback. */
void sl_bus_client_destroy(sl_bus_client_t **self_p);

/* --- what is there ------------------------------------------------------------------------- */

/* fn is called (from the loop) whenever offers came, changed or went. */
void sl_bus_client_on_change(sl_bus_client_t *self, sl_loop_fn fn, void *ctx);
/* True once a first snapshot has come. */
bool sl_bus_client_ready(const sl_bus_client_t *self);
/* Every offer known, also of instances that are gone (*alive_p false) as long as nobody replaced
 * them: a route that was there answers 503, not 404. NULL past the end. Borrowed until the next
 * turn of the loop. */
const sl_bus_offer_t *sl_bus_client_offer(const sl_bus_client_t *self, size_t i, bool *alive_p);
/* Calls that are open now. */
size_t sl_bus_client_in_flight(const sl_bus_client_t *self);

/* --- calls --------------------------------------------------------------------------------- */

typedef struct sl_bus_reply {
  int status;
  const sl_bus_pair_t *headers;
  size_t n_headers;
  const sl_problem_t *problem; /* NULL: none */
  sl_str_t body;               /* the first piece; all of it unless more */
  bool more;
  sl_str_t wire; /* show_wire's answer; empty otherwise */
} sl_bus_reply_t;

typedef struct sl_bus_call_handlers {
  /* Exactly one of these two, once. Everything passed is borrowed for the callback only. After
   * `reply` without more, and after `error`, the call is gone. */
  void (*reply)(void *ctx, sl_bus_call_t *call, const sl_bus_reply_t *reply);
  void (*error)(void *ctx, sl_bus_call_t *call, const sl_err_t *err);
  /* After a reply with more: pieces in order; last: the call is gone after this. err is not NULL
   * when the answer broke off (then last is true). The receiver gives credit with sl_bus_credit
   * for the bytes it has passed on. NULL: the pieces are collected here (up to SL_BUS_MAX_BODY) and
   * come in one reply without more. */
  void (*chunk)(void *ctx, sl_bus_call_t *call, sl_str_t data, bool last, const sl_err_t *err);
} sl_bus_call_handlers_t;

typedef struct sl_bus_request {
  sl_str_t operation;  /* "crm.getCustomer" */
  sl_str_t id;         /* request id; must be unique among this client's open calls */
  int64_t deadline_ms; /* from now */
  const sl_bus_pair_t *args;
  size_t n_args;
  sl_str_t body;
  sl_str_t principal, idempotency_key, traceparent;
  bool show_wire;
} sl_bus_request_t;

/* Sends it; copies what it needs. Failing at once (SL_NOT_FOUND, SL_UNAVAILABLE) fills err and
 * returns NULL without a callback. */
sl_bus_call_t *sl_bus_call(sl_bus_client_t *self, const sl_bus_request_t *request,
                           const sl_bus_call_handlers_t *handlers, void *ctx, sl_err_t *err);
/* The receiver has passed on so many bytes of a chunked answer. */
void sl_bus_credit(sl_bus_call_t *call, int64_t bytes);
/* Nobody waits any more: tells the adapter, no further callback. */
void sl_bus_cancel(sl_bus_call_t **call_p);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * server: the side of the bus that runs operations: an adapter's ROUTER sockets (one for ipc, one
 * for tcp), its announcement to the directory and its heartbeats.
 *
 * Every call carries an incarnation: a call meant for the process that died before us is answered
 * not-started. Nothing here blocks; callbacks come from the loop.
 */
#ifndef SL_BUS_SERVER_H
#define SL_BUS_SERVER_H

#include "bus/proto.h"
#include "bus/security.h"
#include "core/loop.h"

typedef struct sl_bus_server sl_bus_server_t;
typedef struct sl_bus_incoming sl_bus_incoming_t;

typedef struct sl_bus_server_opts {
  const char *directory; /* where to announce; NULL: nowhere (tests) */
  const char *ipc_dir;   /* directory for our ipc endpoint's file; made with 0700; NULL: no ipc */
  const char *tcp;       /* "host:port" to serve on tcp with CURVE; NULL: none */
  const sl_bus_keys_t *keys; /* needed with tcp */
  const sl_bus_offer_t
      *offer;           /* system, kind, version, operations; the rest is filled in. Copied */
  int64_t heartbeat_ms; /* 0: 1,000 */
} sl_bus_server_opts_t;

typedef struct sl_bus_server_handlers {
  /* A call came. It is open until answered with sl_bus_answer without more, or the last chunk. */
  void (*call)(void *ctx, sl_bus_incoming_t *in);
  /* The caller gave up, or its deadline passed long ago; still to be answered (the answer is
   * dropped), so that there is one way to end a call. */
  void (*cancel)(void *ctx, sl_bus_incoming_t *in);
  /* Credit came for a chunked answer: sl_bus_incoming_credit grew. May be NULL. */
  void (*credit)(void *ctx, sl_bus_incoming_t *in);
} sl_bus_server_handlers_t;

sl_bus_server_t *sl_bus_server_new(sl_loop_t *loop, const sl_bus_server_opts_t *opts,
                                   const sl_bus_server_handlers_t *handlers, void *ctx,
                                   sl_err_t *err);
/* Says goodbye to the directory. Open calls are answered not-started if untouched. */
void sl_bus_server_destroy(sl_bus_server_t **self_p);

/* 0 idle … 1 full: told in heartbeats and replies. */
void sl_bus_server_load(sl_bus_server_t *self, double load);
/* Leave the directory, so that no new call comes; those open go on. */
void sl_bus_server_withdraw(sl_bus_server_t *self);

/* Borrowed as long as the call is open. deadline_ms of the header counts from arrival. */
const sl_bus_header_t *sl_bus_incoming_header(const sl_bus_incoming_t *in);
sl_str_t sl_bus_incoming_body(const sl_bus_incoming_t *in);
/* sl_clock_ms by which the answer has to be out; INT64_MAX if the caller gave none. */
int64_t sl_bus_incoming_deadline(const sl_bus_incoming_t *in);
/* A place for the adapter's own state of this call. */
void **sl_bus_incoming_data(sl_bus_incoming_t *in);

/* The reply: status, headers, problem, more, not_started, wire are taken from header; the rest is
 * filled in. Copies. Without header->more the call is gone after this. */
void sl_bus_answer(sl_bus_incoming_t *in, const sl_bus_header_t *header, sl_str_t body);
/* How many bytes may be sent now. */
int64_t sl_bus_incoming_credit(const sl_bus_incoming_t *in);
/* A further piece. Sending beyond the credit is a bug. failed (may be NULL): the answer breaks off
 * here. With last the call is gone after this. */
void sl_bus_answer_chunk(sl_bus_incoming_t *in, sl_str_t data, bool last, const char *failed);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * host: the skeleton of every adapter. It reads the options, loads and checks the mapping, joins
 * the bus, announces the mapping's operations, admits calls to a bounded queue, watches their
 * deadlines, turns errors into problems, and drains on SIGTERM. What is left to an adapter is the
 * talk with its legacy system. `adapters/null/` is the smallest one: copy it.
 *
 *     static const sl_adapter_t adapter = { .program = "sluice-null", .kind = "null", … };
 *     int main (int argc, char **argv) { return sl_host_main (&adapter, argc, argv); }
 *
 * A call's life: queued → started (adapter->call) → answered, once, by sl_host_answer,
 * sl_host_fail, or sl_host_begin + sl_host_more. The host cancels at the deadline: it calls
 * adapter->cancel and has answered already; the adapter lets go of the call by sl_host_release.
 * The rule for deadlines and deaths: what was surely not sent is SL_UNAVAILABLE or SL_TIMED_OUT;
 * a write that may have been sent is SL_IN_DOUBT (the adapter tells the host by
 * sl_host_sent when the first byte of a request leaves).
 */
#ifndef SL_HOST_HOST_H
#define SL_HOST_HOST_H

#include "core/arena.h"
#include "core/loop.h"
#include "core/opt.h"
#include "core/problem.h"
#include "mappings/engine/mapping.h"
#include "mappings/engine/run.h"

typedef struct sl_host sl_host_t;
typedef struct sl_host_call sl_host_call_t;

typedef struct sl_adapter {
  const char *program; /* "sluice-null" */
  const char *purpose; /* for --help */
  const char *kind;    /* the mapping's system kind that it serves */
  const char *version;
  /* Options beyond the host's own; offsets into the struct of options_size bytes that the host
   * allocates and hands to start. Ends with a row whose name is NULL; may be NULL. */
  const sl_opt_t *options;
  size_t options_size;

  /* Ready to serve; *self_p is handed to the other functions. May refuse (SL_CONFIG). */
  sl_code_t (*start)(sl_host_t *host, const void *options, void **self_p, sl_err_t *err);
  /* Start working on call. May answer at once. */
  void (*call)(void *self, sl_host_call_t *call);
  /* The call is over (deadline, client gone), its input gone; stop the work and sl_host_release it,
   * now or soon. */
  void (*cancel)(void *self, sl_host_call_t *call);
  /* Credit came for a chunked answer. NULL if it never sends chunks. */
  void (*credit)(void *self, sl_host_call_t *call);
  /* The process ends: free self. Calls still held may be failed, or just be forgotten. */
  void (*stop)(void *self);
} sl_adapter_t;

/* The whole program. Returns the exit status: 0 after SIGTERM, 1 on a configuration error (all of
 * them printed), 2 on usage. */
int sl_host_main(const sl_adapter_t *adapter, int argc, char **argv);

sl_loop_t *sl_host_loop(sl_host_t *self);
const sl_mapping_t *sl_host_mapping(sl_host_t *self);
/* The path of the mapping file (for workers that load it themselves). */
const char *sl_host_mapping_path(sl_host_t *self);
/* Calls the adapter may have under way at once (option --max-in-flight). */
int64_t sl_host_max_in_flight(sl_host_t *self);

/* --- a call -------------------------------------------------------------------------------- */

const sl_op_t *sl_host_call_op(const sl_host_call_t *call);
/* Arguments and body, ready for the engine. Borrowed until the call is answered or cancelled: in
 * cancel it is gone already. */
const sl_input_t *sl_host_call_input(const sl_host_call_t *call);
/* The call's memory; dies with it. Bounded by --max-message. */
sl_arena_t *sl_host_call_arena(sl_host_call_t *call);
const char *sl_host_call_id(const sl_host_call_t *call);
/* Milliseconds left, ≥ 0. */
int64_t sl_host_call_left_ms(const sl_host_call_t *call);
/* The consumer's traceparent, or "". */
const char *sl_host_call_traceparent(const sl_host_call_t *call);
bool sl_host_call_wants_wire(const sl_host_call_t *call);
/* For --show-wire: add legacy bytes; outgoing or incoming. The caller has redacted secrets. */
void sl_host_call_wire(sl_host_call_t *call, bool outgoing, sl_str_t bytes);
/* Adapter's own state. */
void **sl_host_call_data(sl_host_call_t *call);

/* From here on the legacy system may have seen the request. */
void sl_host_sent(sl_host_call_t *call);

/* The whole answer; the call is gone. body is copied or sent before this returns. */
void sl_host_answer(sl_host_call_t *call, const sl_answer_t *answer, sl_str_t body);
/* An error; the call is gone. err->code decides (SL_TIMED_OUT and SL_UNAVAILABLE become
 * SL_IN_DOUBT by themselves where a write was sent). */
void sl_host_fail(sl_host_call_t *call, const sl_err_t *err);
/* A chunked answer: the head with a first piece, then pieces within the credit; last ends it, and
 * so does broken (not NULL: a sentence why). */
void sl_host_begin(sl_host_call_t *call, const sl_answer_t *answer, sl_str_t first);
int64_t sl_host_credit(const sl_host_call_t *call);
void sl_host_more(sl_host_call_t *call, sl_str_t data, bool last, const char *broken);
/* After cancel: the adapter holds no pointer to it any more. */
void sl_host_release(sl_host_call_t *call);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * worker_proto: what the head of sluice-odbc and its workers say to each other over a pair of
 * stream sockets. Both ends are ours and of the same build, so there is no version; but a driver
 * runs inside the worker and may scribble over its memory, so the head believes no length and no
 * count. This module knows no sockets: a fuzzer can stand in front of it.
 *
 * A frame is a header of 12 bytes (kind, flags, two zero bytes, call, payload length; integers
 * little-endian) and the payload. Text in a payload is a 32-bit length and the bytes.
 *
 *   head → worker    HELLO   once: how to connect (secrets travel here, not in argv)
 *                    CALL    run an operation; one at a time
 *                    CREDIT  so many more bytes of answer may be sent
 *                    GO      the commit that was asked for may happen
 *                    CANCEL  nobody waits any more (on both sockets: see below)
 *   worker → head    READY   connected; the driver and how to name this session to the server
 *                    DOWN    could not connect, or lost the connection; the worker exits
 *                    COMMIT  everything is executed, nothing committed: may I?
 *                    WIRE    legacy bytes for --show-wire
 *                    ANSWER  status, headers, problem and the first piece of the body
 *                    CHUNK   a further piece
 *                    FAIL    the call failed; nothing of it is committed, unless it says in doubt
 *
 * A call ends with exactly one frame flagged LAST (ANSWER, CHUNK or FAIL), also after CANCEL.
 * There are two socket pairs: the worker's main thread reads the first when it has nothing else to
 * do; its watchdog thread reads only CANCEL frames from the second, so that a blocked driver can
 * be interrupted. COMMIT and GO make the doubt exact: before GO, a worker's death or a deadline
 * means rolled back, surely; after it, in doubt.
 */
#ifndef SL_ODBC_WORKER_PROTO_H
#define SL_ODBC_WORKER_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/buf.h"
#include "core/err.h"
#include "core/problem.h"
#include "mappings/engine/run.h"

enum {
  SL_WP_HEADER = 12,
  SL_WP_PIECE = 64 * 1024,                 /* bytes of answer in one frame */
  SL_WP_MAX_UP = SL_WP_PIECE + 128 * 1024, /* worker → head: a chunk beside all its headers */
  SL_WP_MAX_DOWN = 256 * 1024 * 1024,      /* head → worker: a body; the host bounds it lower */
  SL_WP_MAX_ARGS = 256,                    /* as many as one bus message has */
};

typedef enum sl_wp_kind {
  SL_WP_HELLO = 1,
  SL_WP_CALL,
  SL_WP_CREDIT,
  SL_WP_GO,
  SL_WP_CANCEL,
  SL_WP_READY,
  SL_WP_DOWN,
  SL_WP_COMMIT,
  SL_WP_WIRE,
  SL_WP_ANSWER,
  SL_WP_CHUNK,
  SL_WP_FAIL,
} sl_wp_kind_t;

enum {
  SL_WP_LAST = 1,     /* ANSWER, CHUNK, FAIL: the call is over */
  SL_WP_SHOW = 2,     /* CALL: send WIRE frames */
  SL_WP_OUTGOING = 4, /* WIRE: towards the database */
};

typedef struct sl_wp_frame {
  sl_wp_kind_t kind;
  unsigned flags;
  uint32_t call;
  sl_str_t payload; /* borrowed from the bytes it was read from */
} sl_wp_frame_t;

/* The first frame of p: 1 with *used_p bytes taken; 0: incomplete, *used_p is what it needs in all
 * (at least); -1: no frame, or a payload over max. */
int sl_wp_next(const char *p, size_t len, size_t max, sl_wp_frame_t *frame, size_t *used_p);

/* A header for a payload of len bytes that the caller sends himself. */
void sl_wp_header(char out[SL_WP_HEADER], sl_wp_kind_t kind, unsigned flags, uint32_t call,
                  size_t len);
/* A whole frame with payload as it is. */
void sl_wp_put(sl_buf_t *out, sl_wp_kind_t kind, unsigned flags, uint32_t call, sl_str_t payload);

/* --- payloads. Decoded text is borrowed from the frame; false: malformed. ----------------------
 */

typedef struct sl_wp_hello {
  sl_str_t connection; /* what SQLDriverConnect gets */
  sl_str_t init_sql;   /* executed once after connecting; may be empty */
  sl_str_t ended;      /* a session of a killed worker that may still run: end it; may be empty */
  uint32_t login_timeout_s;
  uint32_t busy_ms;      /* how long to wait for a lock that another session holds */
  uint32_t memory_mib;   /* of data the worker may hold; 0: no bound */
  uint32_t max_body_kib; /* of an answer that has to be held back until its head is known */
} sl_wp_hello_t;

void sl_wp_put_hello(sl_buf_t *out, const sl_wp_hello_t *hello);
bool sl_wp_get_hello(const sl_wp_frame_t *frame, sl_wp_hello_t *hello);

typedef struct sl_wp_call {
  sl_str_t operation;
  sl_str_t request; /* the request id, for the log */
  uint64_t credit;  /* bytes of answer that may be sent before CREDIT comes */
  sl_input_t input;
} sl_wp_call_t;

void sl_wp_put_call(sl_buf_t *out, unsigned flags, uint32_t id, const sl_wp_call_t *call);
/* args: room for SL_WP_MAX_ARGS. */
bool sl_wp_get_call(const sl_wp_frame_t *frame, sl_wp_call_t *call, sl_arg_t *args);

void sl_wp_put_credit(sl_buf_t *out, uint32_t id, uint64_t bytes);
bool sl_wp_get_credit(const sl_wp_frame_t *frame, uint64_t *bytes_p);

typedef struct sl_wp_ready {
  sl_str_t driver, dbms; /* for the log */
  sl_str_t session;      /* what `ended` of a later HELLO wants; empty: cannot be ended */
} sl_wp_ready_t;

void sl_wp_put_ready(sl_buf_t *out, const sl_wp_ready_t *ready);
bool sl_wp_get_ready(const sl_wp_frame_t *frame, sl_wp_ready_t *ready);

/* Without the body: the caller appends it or sends it behind. len: of that body. */
void sl_wp_put_answer(sl_buf_t *out, unsigned flags, uint32_t id, const sl_answer_t *answer,
                      size_t len);
/* problem: filled and pointed to by answer where there is one. */
bool sl_wp_get_answer(const sl_wp_frame_t *frame, sl_answer_t *answer, sl_problem_t *problem,
                      sl_str_t *body);

/* FAIL (flagged LAST) and DOWN. */
void sl_wp_put_err(sl_buf_t *out, sl_wp_kind_t kind, uint32_t id, const sl_err_t *err);
bool sl_wp_get_err(const sl_wp_frame_t *frame, sl_err_t *err);

#endif

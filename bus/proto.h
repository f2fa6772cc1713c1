/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proto: the wire form of sluice/1 (docs/protocol.md is its page). A message is two frames: a
 * JSON header and the body as it is. This module only encodes and decodes headers; it knows no
 * sockets, so that a fuzzer can stand in front of it.
 *
 * Unknown header members are ignored, an unknown version is refused, a member of the wrong type
 * is refused. Decoding is strict JSON; sizes and counts are bounded by the SL_BUS_MAX_ constants.
 */
#ifndef SL_BUS_PROTO_H
#define SL_BUS_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/problem.h"
#include "core/str.h"

#define SL_BUS_VERSION 1

enum {
  SL_BUS_MAX_HEADER = 256 * 1024, /* bytes of a header frame: 128 arguments of 2 KiB */
  SL_BUS_MAX_PAIRS = 256,         /* arguments or headers in one message */
  SL_BUS_MAX_ID = 128,            /* bytes of a call's id: it goes into every log line */
  SL_BUS_MAX_BODY = 64 << 20,     /* bytes of a body frame; longer answers come in chunks */
  SL_BUS_MAX_OPERATIONS = 4096,   /* in one offer */
  SL_BUS_MAX_OFFERS = 4096,       /* in one snapshot */
};

typedef enum sl_bus_kind {
  SL_BUS_CALL,      /* gateway → adapter: run an operation */
  SL_BUS_REPLY,     /* adapter → gateway: status, headers, problem; body is the first piece */
  SL_BUS_CHUNK,     /* adapter → gateway: a further piece of the answer; `last` closes it */
  SL_BUS_CREDIT,    /* gateway → adapter: `bytes` more may be sent */
  SL_BUS_CANCEL,    /* gateway → adapter: nobody waits for `id` any more */
  SL_BUS_ANNOUNCE,  /* adapter → directory: who I am, what I offer (body: the offer, JSON) */
  SL_BUS_HEARTBEAT, /* adapter → directory: still here, with this load */
  SL_BUS_UNKNOWN,   /* directory → adapter: I do not know you (I restarted): announce */
  SL_BUS_BYE,       /* adapter → directory: I am going */
  SL_BUS_SUBSCRIBE, /* client → directory: tell me who is there, now and from now on */
  SL_BUS_SNAPSHOT,  /* directory → client: everyone (body: JSON array of offers) */
  SL_BUS_UPDATE,    /* directory → client: one instance came or changed (body: its offer) */
  SL_BUS_GONE,      /* directory → client: one instance went (`instance`) */
} sl_bus_kind_t;

typedef struct sl_bus_pair {
  sl_str_t name, value;
} sl_bus_pair_t;

/* One header of any kind; members that a kind does not use stay zero. Text is borrowed from the
 * frame or the arena given to decode. */
typedef struct sl_bus_header {
  sl_bus_kind_t kind;
  sl_str_t id; /* of the call, unique per client; also the request id in logs */

  /* CALL */
  sl_str_t operation;  /* "crm.getCustomer" */
  int64_t deadline_ms; /* milliseconds left when it was sent; 0: none given */
  sl_bus_pair_t *args; /* "path:id" → "42", "query:status", "header:if-match" */
  size_t n_args;
  sl_str_t principal, idempotency_key, traceparent;
  sl_str_t incarnation; /* CALL: the one it is meant for; REPLY, ANNOUNCE…: the sender's */
  int64_t bytes;        /* CALL: first credit for the answer; CREDIT: more of it */
  bool show_wire;       /* CALL: send the legacy bytes along (sluice call --show-wire) */

  /* REPLY */
  int status; /* HTTP status */
  sl_bus_pair_t *headers;
  size_t n_headers;
  bool has_problem;
  sl_problem_t problem;
  bool more;        /* chunks follow */
  bool not_started; /* nothing was done: another instance may be asked */
  double
      load; /* REPLY, HEARTBEAT: calls in flight and queued over the capacity: 0 idle, ≥ 1 full */
  sl_str_t wire; /* what --show-wire shows, ready to print; secrets redacted */

  /* CHUNK */
  bool last;
  sl_str_t failed; /* not empty: the answer broke off here, with this reason */

  /* ANNOUNCE, HEARTBEAT, BYE, GONE */
  sl_str_t instance; /* "crm@host:pid": unique among those alive */
  bool bye;          /* GONE: it said goodbye; otherwise its heartbeats stopped */

  /* SNAPSHOT */
  bool young; /* the directory has just started: who is not in it may still be there */
} sl_bus_header_t;

/* "call", "reply", …: the kind as it stands in the frame. Static. */
const char *sl_bus_kind_name(sl_bus_kind_t kind);

/* Header → frame, appended to out. Bytes that are not UTF-8 are sent as U+FFFD. */
void sl_bus_encode(const sl_bus_header_t *header, sl_buf_t *out);

/* Frame → header. Borrowed text lives as long as frame and arena. SL_INVALID with the reason when
 * it is not sluice/1. */
sl_code_t sl_bus_decode(sl_str_t frame, sl_arena_t *arena, sl_bus_header_t *header, sl_err_t *err);

/* --- the offer: what an adapter announces (body of ANNOUNCE, UPDATE, items of SNAPSHOT) --------
 */

typedef struct sl_bus_operation {
  sl_str_t name;    /* "getCustomer" */
  sl_str_t method;  /* "GET"; empty: not offered over HTTP */
  sl_str_t path;    /* "/customers/{id}" */
  bool safe;        /* changes nothing (RFC 9110 §9.2.1): unanswered, it is not in doubt */
  bool has_body;    /* reads a JSON body */
  sl_str_t *params; /* "path:id", "query:status", "header:if-match": what it reads; others are
                       refused by the gateway (query) or not sent along (header) */
  size_t n_params;
  sl_str_t openapi; /* an Operation Object of OpenAPI 3.1, JSON as text; empty: not told */
} sl_bus_operation_t;

typedef struct sl_bus_offer {
  sl_str_t instance, incarnation, system, kind, version; /* version: the mapping's */
  sl_str_t *endpoints;                                   /* "ipc:///run/…", "tcp://host:port" */
  size_t n_endpoints;
  sl_str_t public_key; /* CURVE, Z85; empty on ipc */
  sl_bus_operation_t *operations;
  size_t n_operations;
  double load;
} sl_bus_offer_t;

void sl_bus_offer_encode(const sl_bus_offer_t *offer, sl_buf_t *out);
sl_code_t sl_bus_offer_decode(sl_str_t json, sl_arena_t *arena, sl_bus_offer_t *offer,
                              sl_err_t *err);
/* A SNAPSHOT's body. */
sl_code_t sl_bus_offers_decode(sl_str_t json, sl_arena_t *arena, sl_bus_offer_t **offers_p,
                               size_t *n_p, sl_err_t *err);

#endif

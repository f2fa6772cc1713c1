/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * routes: method and path of a request → operation on the bus. Routes come from what adapters
 * offer and stay once known, in memory and in the state file, so that a system that is away
 * answers 503 and only what never was is 404. They go when their system is there and does not offer
 * them any more.
 *
 * A template's segment is a literal or {name}; a literal wins over a name. Segments are compared
 * after percent-decoding (RFC 3986 §2.1), so that %2F within one stays within it.
 */
#ifndef SL_GATEWAY_ROUTES_H
#define SL_GATEWAY_ROUTES_H

#include "bus/proto.h"
#include "core/arena.h"
#include "core/err.h"

typedef struct sl_routes sl_routes_t;

typedef struct sl_route {
  char *method, *path; /* as offered */
  char *operation;     /* "crm.getCustomer" */
  bool has_body;
  char **params; /* "path:id", "query:status", "header:if-match" */
  size_t n_params;
} sl_route_t;

enum { SL_ROUTE_VALUES = 16 };

typedef struct sl_route_match {
  const sl_route_t *route;
  sl_str_t names[SL_ROUTE_VALUES], values[SL_ROUTE_VALUES]; /* of {name}s; values in the arena */
  size_t n;
  char allow[96]; /* for SL_ROUTE_METHOD: "GET, PUT" */
} sl_route_match_t;

typedef enum sl_route_result {
  SL_ROUTE_FOUND,
  SL_ROUTE_NONE,    /* 404 */
  SL_ROUTE_METHOD,  /* 405: the path is known, the method is not */
  SL_ROUTE_BAD_PATH /* 400: broken percent-encoding, no UTF-8, or a segment . or .. */
} sl_route_result_t;

/* state: file to keep them in, or NULL. What it holds is known from the start; a file that cannot
 * be read is reported and started anew. */
sl_routes_t *sl_routes_new(const char *state, sl_err_t *err);
void sl_routes_destroy(sl_routes_t **self_p);

/* What is known now of an operation ("crm.getCustomer"). */
typedef enum sl_route_presence {
  SL_ROUTE_AWAY,    /* no instance of its system is there */
  SL_ROUTE_OFFERED, /* one that is there offers it */
  SL_ROUTE_DROPPED, /* there are instances, and none offers it */
} sl_route_presence_t;
typedef sl_route_presence_t (*sl_route_presence_fn)(void *ctx, const char *operation);

/* Takes over what is new or changed in an offer. Where method and path belong to another operation,
 * the one that is OFFERED gets them, and of two such the first keeps them; who gets no route for
 * this is named in conflict ("" if nobody). */
void sl_routes_offer(sl_routes_t *self, const sl_bus_offer_t *offer, sl_route_presence_fn presence,
                     void *ctx, char conflict[256]);
/* Forgets what is DROPPED. */
void sl_routes_prune(sl_routes_t *self, sl_route_presence_fn presence, void *ctx);
/* Writes the state file if anything changed. */
sl_code_t sl_routes_save(sl_routes_t *self, sl_err_t *err);

sl_route_result_t sl_routes_match(const sl_routes_t *self, const char *method, sl_str_t path,
                                  sl_arena_t *arena, sl_route_match_t *match);
size_t sl_routes_count(const sl_routes_t *self);

/* Percent-decoding into the arena; NULL .p when it is broken or holds NUL or no UTF-8. plus: '+' is
 * a blank (queries). */
sl_str_t sl_percent_decode(sl_arena_t *arena, sl_str_t text, bool plus);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * directory: who is there. Adapters announce what they offer and send heartbeats; clients subscribe
 * and get a snapshot, then every change. It holds nothing that it could not learn again: killed and
 * started anew, it answers heartbeats of adapters it does not know with `unknown`, and they
 * announce again. Until they had time to do so (one expiry), its snapshots are marked young, and
 * nobody is dropped for not being in them.
 *
 * Bounds: 1,024 instances, 1,024 subscribers, 1 MiB an offer, 48 MiB of offers.
 */
#ifndef SL_BUS_DIRECTORY_H
#define SL_BUS_DIRECTORY_H

#include "bus/proto.h"
#include "bus/security.h"
#include "core/loop.h"

typedef struct sl_bus_directory sl_bus_directory_t;

typedef enum sl_bus_directory_event {
  SL_BUS_DIR_CAME,    /* an instance announced itself */
  SL_BUS_DIR_WENT,    /* it said goodbye */
  SL_BUS_DIR_EXPIRED, /* its heartbeats stopped */
  SL_BUS_DIR_REFUSED, /* an announcement was not taken: malformed, or over a bound */
} sl_bus_directory_event_t;

typedef struct sl_bus_directory_opts {
  const char *ipc;           /* "ipc:///run/sluice/bus"; NULL: none */
  const char *tcp;           /* "host:port", with CURVE; NULL: none */
  const sl_bus_keys_t *keys; /* needed with tcp */
  int64_t expiry_ms;         /* 0: 3,000, three heartbeats */
  /* For the daemon's log; may be NULL. why is for a person, and "" mostly. */
  void (*event)(void *ctx, sl_bus_directory_event_t event, sl_str_t instance, const char *why);
  void *ctx;
} sl_bus_directory_opts_t;

sl_bus_directory_t *sl_bus_directory_new(sl_loop_t *loop, const sl_bus_directory_opts_t *opts,
                                         sl_err_t *err);
void sl_bus_directory_destroy(sl_bus_directory_t **self_p);

/* Where it is bound: the first is ipc if there is one. NULL past the end. Borrowed. */
const char *sl_bus_directory_endpoint(const sl_bus_directory_t *self, size_t i);
size_t sl_bus_directory_instances(const sl_bus_directory_t *self);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * presence: an adapter's place in the directory: it announces the offer, sends heartbeats,
 * announces again when a restarted directory does not know it, and says goodbye. Private to bus/.
 */
#ifndef SL_BUS_PRESENCE_H
#define SL_BUS_PRESENCE_H

#include "bus/proto.h"
#include "bus/socket.h"

typedef struct sl_bus_presence sl_bus_presence_t;

typedef struct sl_bus_presence_opts {
  const char *directory;
  const sl_bus_offer_t *offer; /* whole; copied */
  int64_t heartbeat_ms;
  const struct sl_bus_secret *secret; /* for a directory on tcp */
  const char *server_key;
} sl_bus_presence_opts_t;

/* Uses the hub of its owner, and lives shorter than it. */
sl_bus_presence_t *sl_bus_presence_new(sl_loop_t *loop, sl_bus_hub_t *hub,
                                       const sl_bus_presence_opts_t *opts, sl_err_t *err);
void sl_bus_presence_destroy(sl_bus_presence_t **self_p);

/* For the next heartbeat. */
void sl_bus_presence_load(sl_bus_presence_t *self, double load);
/* Goodbye; no heartbeats after it. */
void sl_bus_presence_withdraw(sl_bus_presence_t *self);
/* At the end of each turn: sends what waits for a connection. */
void sl_bus_presence_flush(sl_bus_presence_t *self);

#endif

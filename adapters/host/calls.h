/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls: admission and the life of calls: queued → started → answered → released. The rules about
 * deadlines and deaths that host.h promises are kept here and nowhere else.
 */
#ifndef SL_HOST_CALLS_H
#define SL_HOST_CALLS_H

#include "adapters/host/host.h"
#include "bus/server.h"

typedef struct sl_calls sl_calls_t;

typedef struct sl_calls_opts {
  int64_t max_in_flight, max_queue, max_message, deadline_ms;
} sl_calls_opts_t;

/* adapter_self is set by sl_calls_attach before the first call can come. */
sl_calls_t *sl_calls_new(sl_loop_t *loop, const sl_mapping_t *mapping, const sl_adapter_t *adapter,
                         const sl_calls_opts_t *opts);
/* From now on no call is started (the adapter is about to be stopped). */
void sl_calls_halt(sl_calls_t *self);
/* Fails what is still open; the adapter holds nothing any more. */
void sl_calls_destroy(sl_calls_t **self_p);
void sl_calls_attach(sl_calls_t *self, void *adapter_self, sl_bus_server_t *server);

/* The bus server's handlers; ctx is the sl_calls_t. */
extern const sl_bus_server_handlers_t sl_calls_handlers;

/* From now on nothing is admitted; fn is called once all are gone (perhaps at once). */
void sl_calls_drain(sl_calls_t *self, sl_loop_fn fn, void *ctx);
size_t sl_calls_open(const sl_calls_t *self);

#endif

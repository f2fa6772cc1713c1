/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options: what every adapter can be told, in one table; an adapter's own rows are put behind it.
 */
#ifndef SL_HOST_OPTIONS_H
#define SL_HOST_OPTIONS_H

#include "adapters/host/host.h"
#include "core/log_opts.h"
#include "bus/security.h"

typedef struct sl_host_opts {
  char *mapping;
  char *bus;
  char *ipc_dir;
  char *tcp;
  sl_bus_keys_t keys;
  int64_t max_in_flight, max_queue, max_message, max_mapping;
  int64_t deadline_ms, drain_ms;
  sl_log_opts_t log;
} sl_host_opts_t;

/* One table over one block of memory: our struct first, the adapter's own right behind it. */
typedef struct sl_host_table {
  sl_opt_table_t table;
  sl_opt_t *rows;    /* owned */
  void *block;       /* owned; starts with an sl_host_opts_t */
  size_t own_offset; /* of the adapter's struct in block */
} sl_host_table_t;

/* NULL members only without memory. */
sl_code_t sl_host_table_init(sl_host_table_t *self, const sl_adapter_t *adapter);
void sl_host_table_fini(sl_host_table_t *self);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/host/options.h"

#include <stdalign.h>
#include <stdlib.h>

#define OF(member) offsetof(sl_host_opts_t, member)

static const sl_opt_t common[] = {
    {"mapping", 'm', SL_OPT_TEXT, OF(mapping), NULL, 0, 0, "FILE",
     "The mapping file of the legacy system to serve.", false},
    {"bus", 'b', SL_OPT_TEXT, OF(bus), "ipc:///run/sluice/bus", 0, 0, "ENDPOINT",
     "Where the directory (sluice-bus) listens.", false},
    {"ipc-dir", 0, SL_OPT_TEXT, OF(ipc_dir), "/run/sluice", 0, 0, "DIR",
     "Where to put this adapter's own ipc endpoint; empty for none.", false},
    {"tcp", 0, SL_OPT_TEXT, OF(tcp), NULL, 0, 0, "HOST:PORT",
     "Serve calls over tcp too; needs --key-file and --allow-key.", false},
    {"key-file", 0, SL_OPT_TEXT, OF(keys.secret_file), NULL, 0, 0, "FILE",
     "Our CURVE key pair, as written by sluice keygen.", false},
    {"server-key", 0, SL_OPT_TEXT, OF(keys.server_key), NULL, 0, 0, "KEY",
     "Public key of the directory, when it is reached over tcp.", false},
    {"allow-key", 0, SL_OPT_LIST, OF(keys.allowed), NULL, 0, 0, "KEY",
     "Public key of who may call us over tcp; may be given several times.", false},
    /* 64 in flight keep a legacy system of a few milliseconds busy; four times that may wait. */
    {"max-in-flight", 0, SL_OPT_INT, OF(max_in_flight), "64", 1, 100000, "N",
     "Calls that may be under way in the legacy system at once.", false},
    {"max-queue", 0, SL_OPT_INT, OF(max_queue), "256", 0, 1000000, "N",
     "Calls that may wait for their turn; beyond, callers get 503.", false},
    {"max-message", 0, SL_OPT_SIZE, OF(max_message), "64MiB", 65536, (int64_t)1 << 40, "SIZE",
     "Memory that one call may take.", false},
    {"max-mapping", 0, SL_OPT_SIZE, OF(max_mapping), "4MiB", 1024, (int64_t)64 << 20, "SIZE",
     "Size of the mapping file, and of each file that it imports.", false},
    {"deadline", 0, SL_OPT_TIME, OF(deadline_ms), "30s", 1, 86400000, "TIME",
     "Longest time for a call, also where its caller allows more or says nothing.", false},
    {"drain", 0, SL_OPT_TIME, OF(drain_ms), "10s", 0, 3600000, "TIME",
     "On SIGTERM, how long calls under way may still take.", false},
    SL_LOG_OPTIONS(sl_host_opts_t, log),
};
enum { N_COMMON = sizeof common / sizeof *common };

sl_code_t sl_host_table_init(sl_host_table_t *self, const sl_adapter_t *adapter)
{
  const size_t align = alignof(max_align_t);
  size_t n_own = 0;
  while (adapter->options && adapter->options[n_own].name) n_own++;
  memset(self, 0, sizeof *self);
  self->own_offset = (sizeof(sl_host_opts_t) + align - 1) & ~(align - 1);
  self->rows = calloc(N_COMMON + n_own + 1, sizeof *self->rows);
  self->block = calloc(1, self->own_offset + adapter->options_size + 1);
  if (!self->rows || !self->block) {
    sl_host_table_fini(self);
    return SL_BUG;
  }
  memcpy(self->rows, common, sizeof common);
  for (size_t i = 0; i < n_own; i++) {
    self->rows[N_COMMON + i] = adapter->options[i];
    self->rows[N_COMMON + i].offset += self->own_offset;
  }
  self->table = (sl_opt_table_t){.program = adapter->program,
                                 .usage = "--mapping FILE [OPTION]…",
                                 .purpose = adapter->purpose,
                                 .opts = self->rows};
  return SL_OK;
}

void sl_host_table_fini(sl_host_table_t *self)
{
  if (self->block && self->rows && self->table.opts) sl_opt_fini(&self->table, self->block);
  free(self->rows);
  free(self->block);
  memset(self, 0, sizeof *self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * buslink: a command's short-lived membership of the bus: connect, wait for the directory's first
 * answer, ask, leave. Blocks, within a deadline.
 */
#ifndef SL_CLI_BUSLINK_H
#define SL_CLI_BUSLINK_H

#include "bus/client.h"
#include "core/buf.h"
#include "core/opt.h"

/* What commands that talk to the bus have in common; embedded in their settings. */
typedef struct sl_buslink_settings {
  char *bus; /* endpoint; NULL: $SLUICE_BUS, ipc:///run/sluice/bus, or the one sluice run's */
  char *secret_file, *server_key;
  int64_t deadline_ms;
} sl_buslink_settings_t;

/* Their rows of an option table; member: the sl_buslink_settings_t in the command's struct. */
#define SL_BUSLINK_OPTIONS(type, member, patience)                                                 \
  {.name = "bus",                                                                                  \
   .letter = 'b',                                                                                  \
   .kind = SL_OPT_TEXT,                                                                            \
   .offset = offsetof(type, member.bus),                                                           \
   .argument = "ENDPOINT",                                                                         \
   .help = "the directory; if not given $SLUICE_BUS, ipc:///run/sluice/bus, or that of your "      \
           "sluice run"},                                                                          \
      {.name = "key-file",                                                                         \
       .kind = SL_OPT_TEXT,                                                                        \
       .offset = offsetof(type, member.secret_file),                                               \
       .argument = "FILE",                                                                         \
       .help = "our key pair (see sluice keygen), for a directory on tcp"},                        \
      {.name = "server-key",                                                                       \
       .kind = SL_OPT_TEXT,                                                                        \
       .offset = offsetof(type, member.server_key),                                                \
       .argument = "KEY",                                                                          \
       .help = "the directory's public key, for a directory on tcp"},                              \
  {                                                                                                \
    .name = "deadline", .letter = 'd', .kind = SL_OPT_TIME,                                        \
    .offset = offsetof(type, member.deadline_ms), .preset = patience, .min = 1, .max = 86400000,   \
    .argument = "TIME", .help = "how long to wait for an answer"                                   \
  }

typedef struct sl_buslink {
  sl_loop_t *loop;
  sl_bus_client_t *client;
  sl_bus_keys_t keys; /* borrows the settings' texts */
  sl_buf_t directory; /* its endpoint */
  int64_t end_ms;     /* sl_clock_ms at which the patience is over */
} sl_buslink_t;

/* Until the directory's first snapshot; SL_TIMED_OUT if none comes. Close it in any case. */
sl_code_t sl_buslink_open(sl_buslink_t *self, const sl_buslink_settings_t *settings, sl_err_t *err);
void sl_buslink_close(sl_buslink_t *self);
/* One turn of the loop; false when the patience is over. */
bool sl_buslink_turn(sl_buslink_t *self);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spawn: starts a worker process with its two sockets as descriptors 3 and 4. By exec, never by a
 * bare fork: libzmq has threads of its own in the head.
 */
#ifndef SL_ODBC_SPAWN_H
#define SL_ODBC_SPAWN_H

#include <sys/types.h>
#include "core/err.h"

typedef struct sl_spawned {
  pid_t pid;
  int data_fd, control_fd; /* our ends, non-blocking, closed on exec */
} sl_spawned_t;

sl_code_t sl_spawn_worker(const char *program, const char *mapping, sl_spawned_t *out,
                          sl_err_t *err);
/* program's path beside the running one's, into out. */
sl_code_t sl_spawn_beside(const char *program, char *out, size_t size, sl_err_t *err);

#endif

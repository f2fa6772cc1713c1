/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * endpoint: where an adapter's sockets are bound, and under which address others find them.
 * Private to bus/.
 */
#ifndef SL_BUS_ENDPOINT_H
#define SL_BUS_ENDPOINT_H

#include <stddef.h>
#include "core/err.h"
#include "core/str.h"

enum { SL_BUS_ENDPOINT_SIZE = 256 };

/* "ipc://DIR/SYSTEM-INCARNATION" to out. Makes dir with mode 0700 where it is missing, and removes
 * sockets of this system in it that nobody listens on: a killed adapter cannot clean up. SL_CONFIG:
 * dir cannot be made, or is too long for a unix socket. */
sl_code_t sl_bus_endpoint_ipc(const char *dir, sl_str_t system, sl_str_t incarnation,
                              char out[SL_BUS_ENDPOINT_SIZE], sl_err_t *err);
/* "host:port" → "tcp://host:port"; port 0 and host * mean any. */
sl_code_t sl_bus_endpoint_tcp(const char *address, char out[SL_BUS_ENDPOINT_SIZE], sl_err_t *err);
/* What others are told of a bound endpoint: a wildcard address becomes this host's name. */
void sl_bus_endpoint_public(const char *bound, char out[SL_BUS_ENDPOINT_SIZE]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http_listen: a listening TCP socket from what a user writes.
 */
#ifndef SL_GATEWAY_HTTP_LISTEN_H
#define SL_GATEWAY_HTTP_LISTEN_H

#include <stdbool.h>
#include "core/err.h"

/* listen: "127.0.0.1:8080", "[::1]:0", "localhost:80", "*:80" or ":80" (all addresses).
 * Non-blocking, close on exec. May block on looking a name up. SL_CONFIG: not an address, or it
 * cannot be bound. */
sl_code_t sl_http_listen(const char *listen, bool reuse_port, int *fd_p, sl_err_t *err);
/* "http://127.0.0.1:8080" of where fd is bound. */
void sl_http_listen_url(int fd, bool tls, char *out, size_t size);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * zap: key pairs from files, and the answer to ZeroMQ's question whether a client's key may come in
 * (RFC 27/ZAP), given from our loop at inproc://zeromq.zap.01. Private to bus/.
 */
#ifndef SL_BUS_ZAP_H
#define SL_BUS_ZAP_H

#include "bus/security.h"
#include "core/loop.h"

typedef struct sl_bus_secret {
  char public_key[41], secret_key[41]; /* Z85 with NUL */
} sl_bus_secret_t;

/* Reads keys->secret_file. SL_CONFIG: missing, not two Z85 lines, readable by everyone. */
sl_code_t sl_bus_secret_load(const sl_bus_keys_t *keys, sl_bus_secret_t *out, sl_err_t *err);

typedef struct sl_bus_zap sl_bus_zap_t;

/* Lets in who is in keys->allowed (copied); there must be at least one. */
sl_bus_zap_t *sl_bus_zap_new(sl_loop_t *loop, const sl_bus_keys_t *keys, sl_err_t *err);
void sl_bus_zap_destroy(sl_bus_zap_t **self_p);
/* The domain to set on sockets that this list guards. Borrowed. */
const char *sl_bus_zap_domain(const sl_bus_zap_t *self);

#endif

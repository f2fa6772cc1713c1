/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * security: CURVE keys for tcp (RFC 26/CurveZMQ); ipc is kept by file permissions. Two ROUTER
 * sockets are needed where both are served: one socket cannot mix them. Without a ZAP handler any
 * client key gets in, so a tcp endpoint is refused unless both a key and the allowed keys are
 * given.
 */
#ifndef SL_BUS_SECURITY_H
#define SL_BUS_SECURITY_H

#include "core/err.h"
#include "core/opt.h"

typedef struct sl_bus_keys {
  char *secret_file;     /* our key pair: two lines, public and secret, Z85; mode 0600 wanted */
  char *server_key;      /* the directory's public key (Z85); needed to reach it over tcp */
  sl_opt_list_t allowed; /* public keys (Z85) of who may connect to us over tcp */
} sl_bus_keys_t;

/* Writes a new key pair to path (mode 0600, refuses to overwrite) and the public key to public_out
 * (41 bytes with NUL). For `sluice keygen`. */
sl_code_t sl_bus_keygen(const char *path, char public_out[41], sl_err_t *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls: the server side of TLS for the gateway's connections, by OpenSSL.
 */
#ifndef SL_GATEWAY_TLS_H
#define SL_GATEWAY_TLS_H

#include <openssl/ssl.h>
#include "core/err.h"

struct bufferevent;
struct event_base;

/* Certificate chain and key from PEM files; TLS 1.2 and later, ALPN http/1.1. SL_CONFIG and NULL
 * when they cannot be used. */
SSL_CTX *sl_tls_context(const char *cert, const char *key, sl_err_t *err);
void sl_tls_context_free(SSL_CTX *ctx);
/* For a connection that is about to be accepted; NULL without memory. */
struct bufferevent *sl_tls_bufferevent(SSL_CTX *ctx, struct event_base *base);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

/* evhttp speaks HTTP/1.1 only: offering h2 would end in silence. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *ctx)
{
  static const unsigned char ours[] = "\x08http/1.1";
  unsigned char *chosen;
  (void)ssl, (void)ctx;
  if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *refuse(SSL_CTX *ctx, sl_err_t *err, const char *what, const char *file)
{
  char why[160];
  ERR_error_string_n(ERR_get_error(), why, sizeof why);
  sl_err_set(err, SL_CONFIG, "%s %s cannot be used: %s", what, file, why);
  SSL_CTX_free(ctx);
  return NULL;
}

SSL_CTX *sl_tls_context(const char *cert, const char *key, sl_err_t *err)
{
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  if (!ctx) {
    sl_err_set(err, SL_BUG, "out of memory");
    return NULL;
  }
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
  if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
    return refuse(ctx, err, "the certificate", cert);
  if (!key) key = cert;
  if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
    return refuse(ctx, err, "the private key", key);
  if (SSL_CTX_check_private_key(ctx) != 1)
    return refuse(ctx, err, "the private key does not fit the certificate:", key);
  return ctx;
}

void sl_tls_context_free(SSL_CTX *ctx)
{
  SSL_CTX_free(ctx);
}

struct bufferevent *sl_tls_bufferevent(SSL_CTX *ctx, struct event_base *base)
{
  SSL *ssl = SSL_new(ctx);
  if (!ssl) return NULL;
  struct bufferevent *bev = bufferevent_openssl_socket_new(
      base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
  /* Clients that close without close_notify are common; the length of a body tells truncation. */
  if (bev) bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
  return bev;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http_check: what evhttp lets through and RFC 9112 does not: ambiguous framing is how requests are
 * smuggled past a front.
 */
#ifndef SL_GATEWAY_HTTP_CHECK_H
#define SL_GATEWAY_HTTP_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct evkeyvalq;

typedef struct sl_http_framing {
  bool head, http11;
} sl_http_framing_t;

/* NULL when the fields are sound, otherwise what is wrong with them. Static text. */
const char *sl_http_check(const struct evkeyvalq *headers, sl_http_framing_t how);

#endif

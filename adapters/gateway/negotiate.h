/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * negotiate: what request headers say about formats and time. Values may be NULL (no header).
 */
#ifndef SL_GATEWAY_NEGOTIATE_H
#define SL_GATEWAY_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

/* Content-Type: application/json or any "+json", in UTF-8. */
bool sl_is_json_type(const char *content_type);
/* Accept (RFC 9110 §12.5.1): may the answer be JSON? */
bool sl_accepts_json(const char *accept);
/* "Prefer: wait=N" (RFC 7240) in milliseconds; 0: none. */
int64_t sl_prefer_wait_ms(const char *prefer);

#endif

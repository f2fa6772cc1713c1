/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The first byte says where the rest is cut. Requests read whole and in two pieces must be judged
 * alike, at the same byte; and what passes never is larger than the limits. */
#include <stdint.h>
#include "adapters/gateway/http_guard.h"
#include "core/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small enough for a fuzzer to reach. */
static const sl_http_limits_t limits = {.max_target = 64, .max_head = 256, .max_body = 1000};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  sl_http_guard_t whole, cut;
  if (!size) return 0;
  size_t at = data[0] < size ? data[0] : size - 1;
  const char *p = (const char *)data + 1;
  size_t len = size - 1;
  if (at > len) at = len;
  sl_http_guard_init(&whole, &limits);
  sl_http_guard_init(&cut, &limits);
  size_t taken = sl_http_guard_scan(&whole, p, len);
  size_t taken_cut = sl_http_guard_scan(&cut, p, at);
  if (taken_cut == at) taken_cut += sl_http_guard_scan(&cut, p + at, len - at);
  SL_ASSERT(taken == taken_cut && taken <= len);
  SL_ASSERT(whole.state == cut.state && whole.status == cut.status && whole.reason == cut.reason);
  SL_ASSERT(whole.body_len == cut.body_len && whole.left == cut.left);
  if (sl_http_guard_bad(&whole)) {
    SL_ASSERT(whole.status >= 400 && whole.status < 600 && whole.reason);
    return 0;
  }
  SL_ASSERT(whole.target_len <= limits.max_target);
  if (sl_http_guard_in_body(&whole) || sl_http_guard_done(&whole))
    SL_ASSERT(whole.body_len <= limits.max_body);
  if (!sl_http_guard_done(&whole)) SL_ASSERT(taken == len);
  return 0;
}

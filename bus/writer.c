/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/writer.h"

#include "core/json.h"
#include "core/jsonw.h"

/* Slow path: character by character, so that what is well-formed survives. */
static void write_repaired(sl_buf_t *out, sl_str_t text)
{
  sl_buf_t repaired;
  sl_buf_init(&repaired, 0);
  for (size_t i = 0; i < text.len;) {
    size_t len = 1;
    while (len < 4 && i + len < text.len && !sl_utf8_valid(text.p + i, len)) len++;
    if (sl_utf8_valid(text.p + i, len)) {
      sl_buf_add(&repaired, text.p + i, len);
      i += len;
    } else {
      sl_buf_addz(&repaired, "\xEF\xBF\xBD");
      i++;
    }
  }
  if (repaired.failed) out->failed = true;
  sl_json_quote(out, sl_buf_str(&repaired));
  sl_buf_fini(&repaired);
}

void sl_bus_write_text(sl_buf_t *out, sl_str_t text)
{
  if (text.len && !sl_utf8_valid(text.p, text.len))
    write_repaired(out, text);
  else
    sl_json_quote(out, text.p ? text : sl_str(""));
}

void sl_bus_write_int(sl_buf_t *out, int64_t n)
{
  char digits[20]; /* 2^63 has 19 */
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + n % 10);
  while (n /= 10);
  sl_buf_add(out, digits + at, sizeof digits - at);
}

void sl_bus_write_load(sl_buf_t *out, double load)
{
  int64_t hundredths = load > 0 && load < 1e9 ? (int64_t)(load * 100 + 0.5) : 0;
  char point[3] = {'.', (char)('0' + hundredths / 10 % 10), (char)('0' + hundredths % 10)};
  sl_bus_write_int(out, hundredths / 100);
  sl_buf_add(out, point, sizeof point);
}

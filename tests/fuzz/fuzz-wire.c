/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comes over the bus: headers, offers and lists of offers. Whatever is accepted must come out
 * of the encoder in a form that is accepted again and is the same. */
#include <stdint.h>

#include "bus/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void header(sl_str_t frame, sl_arena_t *arena)
{
  sl_bus_header_t first, second;
  sl_buf_t once, twice;
  if (sl_bus_decode(frame, arena, &first, NULL) != SL_OK) return;
  sl_buf_init(&once, 0);
  sl_buf_init(&twice, 0);
  sl_bus_encode(&first, &once);
  if (!once.failed && once.len <= SL_BUS_MAX_HEADER) {
    SL_ASSERT(sl_bus_decode(sl_buf_str(&once), arena, &second, NULL) == SL_OK);
    sl_bus_encode(&second, &twice);
    SL_ASSERT(sl_str_eq(sl_buf_str(&once), sl_buf_str(&twice)));
  }
  sl_buf_fini(&once);
  sl_buf_fini(&twice);
}

static void offer(const sl_bus_offer_t *first, sl_arena_t *arena)
{
  sl_bus_offer_t second;
  sl_buf_t once, twice;
  sl_buf_init(&once, 0);
  sl_buf_init(&twice, 0);
  sl_bus_offer_encode(first, &once);
  SL_ASSERT(sl_bus_offer_decode(sl_buf_str(&once), arena, &second, NULL) == SL_OK);
  sl_bus_offer_encode(&second, &twice);
  SL_ASSERT(sl_str_eq(sl_buf_str(&once), sl_buf_str(&twice)));
  sl_buf_fini(&once);
  sl_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  sl_str_t text = sl_strn((const char *)data, size);
  sl_bus_offer_t one, *many;
  size_t n;
  /* No cap: running out of memory on the second decoding would look like a mistake. */
  sl_arena_t *arena = sl_arena_new(0, 0);
  if (!arena) return 0;
  header(text, arena);
  if (sl_bus_offer_decode(text, arena, &one, NULL) == SL_OK) offer(&one, arena);
  if (sl_bus_offers_decode(text, arena, &many, &n, NULL) == SL_OK)
    for (size_t i = 0; i < n; i++) offer(&many[i], arena);
  sl_arena_destroy(&arena);
  return 0;
}

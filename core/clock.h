/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock: one place that tells the time, so that a test can put its own in.
 */
#ifndef SL_CORE_CLOCK_H
#define SL_CORE_CLOCK_H

#include <stdint.h>

/* Milliseconds that only ever go forward (CLOCK_MONOTONIC); for deadlines. */
int64_t sl_clock_ms(void);
/* Microseconds, the same clock; for measuring. */
int64_t sl_clock_us(void);
/* Milliseconds since 1970-01-01T00:00:00Z; for showing. */
int64_t sl_clock_wall_ms(void);

/* Tests: now_ms answers for all three (wall and monotonic alike); NULL puts the real ones back. */
void sl_clock_fake(int64_t (*now_ms)(void));

/* "2026-11-20T23:40:01.123Z" (24 bytes and NUL) for wall_ms. */
void sl_clock_rfc3339(int64_t wall_ms, char out[25]);

#endif

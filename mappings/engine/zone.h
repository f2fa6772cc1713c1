/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * zone: offsets from UTC of a named time zone, from the system's tz database (RFC 8536), without
 * touching the process's own TZ. Immutable after loading; loading blocks on one file read.
 *
 * Times are seconds since 1970-01-01T00:00:00; "local" ones as if the zone were UTC.
 */
#ifndef SL_ENGINE_ZONE_H
#define SL_ENGINE_ZONE_H

#include <stdint.h>

typedef struct sl_zone sl_zone_t;

/* name: "UTC", "Z", "+01:00", or a tz name ("Europe/Berlin"). NULL with a sentence in message. */
sl_zone_t *sl_zone_new(const char *name, char message[256]);
void sl_zone_destroy(sl_zone_t **self_p);
/* As it was asked for, its first 63 bytes. Borrowed. */
const char *sl_zone_name(const sl_zone_t *self);

/* Seconds east of UTC at utc. */
int32_t sl_zone_offset(const sl_zone_t *self, int64_t utc);
/* The instants at which clocks there show local: 0 (skipped in spring), 1, or 2 (in autumn,
 * earlier one first). */
int sl_zone_instants(const sl_zone_t *self, int64_t local, int64_t out[2]);

/* Proleptic Gregorian calendar: days since 1970-01-01, and back. month 1-12. */
int64_t sl_days_from_civil(int year, int month, int day);
void sl_civil_from_days(int64_t days, int *year_p, int *month_p, int *day_p);
int sl_days_in_month(int year, int month);

#endif

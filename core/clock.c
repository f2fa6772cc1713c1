/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t (*fake)(void);

void sl_clock_fake(int64_t (*now_ms)(void))
{
  fake = now_ms;
}

static int64_t us(clockid_t id)
{
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t sl_clock_ms(void)
{
  return fake ? fake() : us(CLOCK_MONOTONIC) / 1000;
}

int64_t sl_clock_us(void)
{
  return fake ? fake() * 1000 : us(CLOCK_MONOTONIC);
}

int64_t sl_clock_wall_ms(void)
{
  return fake ? fake() : us(CLOCK_REALTIME) / 1000;
}

void sl_clock_rfc3339(int64_t wall_ms, char out[25])
{
  time_t s = (time_t)(wall_ms / 1000);
  struct tm tm;
  gmtime_r(&s, &tm);
  size_t n = strftime(out, 25, "%Y-%m-%dT%H:%M:%S", &tm);
  snprintf(out + n, 25 - n, ".%03dZ", (int)(wall_ms % 1000));
}

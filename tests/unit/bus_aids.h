/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bus_aids: what the tests of the bus share. */
#ifndef SL_TESTS_BUS_AIDS_H
#define SL_TESTS_BUS_AIDS_H

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/loop.h"

/* Turns fixture f's loop until cond holds. The limit is for a machine that does much else: no test
 * comes near it unless it fails. */
enum { LIMIT_MS = 20000 };

#define WAIT(f, cond)                                                                              \
  do {                                                                                             \
    int64_t limit_ = sl_clock_ms() + LIMIT_MS;                                                     \
    while (!(cond)) {                                                                              \
      if (sl_clock_ms() > limit_) fail_msg("waited in vain for %s", #cond);                        \
      sl_loop_turn((f)->loop, 20);                                                                 \
    }                                                                                              \
  } while (0)

/* dir with the files in it. */
static inline void remove_dir(const char *dir)
{
  char path[512];
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
    unlink(path);
  }
  if (d) closedir(d);
  rmdir(dir);
}

#endif

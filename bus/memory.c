/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/memory.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static bool read_all(const char *path, sl_buf_t *out)
{
  FILE *f = fopen(path, "re");
  if (!f) return false;
  for (size_t n = 1; n && sl_buf_reserve(out, 65536);) {
    n = fread(out->p + out->len, 1, 65536, f);
    out->len += n;
  }
  bool ok = !ferror(f) && !out->failed;
  fclose(f);
  return ok;
}

void sl_bus_memory_load(const char *path, sl_arena_t *arena, sl_bus_offer_t **offers_p, size_t *n_p)
{
  sl_buf_t text;
  *offers_p = NULL;
  *n_p = 0;
  sl_buf_init(&text, SL_BUS_MAX_BODY);
  if (read_all(path, &text)) {
    sl_str_t copy = sl_arena_str(arena, sl_buf_str(&text));
    if (copy.p) sl_bus_offers_decode(copy, arena, offers_p, n_p, NULL);
  }
  sl_buf_fini(&text);
}

void sl_bus_memory_save(const char *path, sl_str_t json)
{
  char draft[PATH_MAX];
  if ((size_t)snprintf(draft, sizeof draft, "%s.new", path) >= sizeof draft) return;
  int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  bool ok = write(fd, json.p, json.len) == (ssize_t)json.len;
  ok = close(fd) == 0 && ok;
  if (!ok || rename(draft, path)) unlink(draft);
}

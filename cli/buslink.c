/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/buslink.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/rundir.h"
#include "core/clock.h"

#define SYSTEM_SOCKET "/run/sluice/bus"

/* Named, or the system's, or that of the one `sluice run` which is there. */
static sl_code_t endpoint(const sl_buslink_settings_t *settings, sl_buf_t *out, sl_err_t *err)
{
  const char *named = settings->bus && *settings->bus ? settings->bus : getenv("SLUICE_BUS");
  size_t n = 0;
  if (named && *named)
    sl_buf_addz(out, named);
  else if (access(SYSTEM_SOCKET, F_OK))
    n = sl_rundir_find(out);
  if (n > 1)
    return sl_err_set(err, SL_CONFIG,
                      "more than one sluice run is there: name one by --bus or SLUICE_BUS: %s",
                      sl_buf_z(out));
  if (!out->len) sl_buf_addz(out, "ipc://" SYSTEM_SOCKET);
  return out->failed ? sl_err_set(err, SL_UNAVAILABLE, "no memory") : SL_OK;
}

bool sl_buslink_turn(sl_buslink_t *self)
{
  int64_t left = self->end_ms - sl_clock_ms();
  if (left > 0) sl_loop_turn(self->loop, left);
  return left > 0;
}

sl_code_t sl_buslink_open(sl_buslink_t *self, const sl_buslink_settings_t *settings, sl_err_t *err)
{
  memset(self, 0, sizeof *self);
  self->end_ms = sl_clock_ms() + settings->deadline_ms;
  self->loop = sl_loop_new();
  if (!self->loop) return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  self->keys.secret_file = settings->secret_file;
  self->keys.server_key = settings->server_key;
  sl_buf_init(&self->directory, 0);
  if (endpoint(settings, &self->directory, err)) return err->code;
  sl_bus_client_opts_t opts = {.directory = sl_buf_z(&self->directory),
                               .keys = settings->secret_file ? &self->keys : NULL};
  self->client = sl_bus_client_new(self->loop, &opts, err);
  if (!self->client) return err->code;
  while (!sl_bus_client_ready(self->client))
    if (!sl_buslink_turn(self))
      return sl_err_set(
          err, SL_TIMED_OUT,
          "no directory answers at %s (is a bus running? name it by --bus or SLUICE_BUS)",
          opts.directory);
  return SL_OK;
}

void sl_buslink_close(sl_buslink_t *self)
{
  sl_bus_client_destroy(&self->client);
  sl_buf_fini(&self->directory);
  sl_loop_destroy(&self->loop);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/buslink.h"

#include <stdlib.h>
#include <string.h>
#include "core/clock.h"

static const char *endpoint(const sl_buslink_settings_t *settings)
{
  if (settings->bus && *settings->bus) return settings->bus;
  const char *named = getenv("SLUICE_BUS");
  return named && *named ? named : "ipc:///run/sluice/bus";
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
  sl_bus_client_opts_t opts = {.directory = endpoint(settings),
                               .keys = settings->secret_file ? &self->keys : NULL};
  self->client = sl_bus_client_new(self->loop, &opts, err);
  if (!self->client) return err->code;
  while (!sl_bus_client_ready(self->client))
    if (!sl_buslink_turn(self))
      return sl_err_set(err, SL_TIMED_OUT, "no directory answers at %s", opts.directory);
  return SL_OK;
}

void sl_buslink_close(sl_buslink_t *self)
{
  sl_bus_client_destroy(&self->client);
  sl_loop_destroy(&self->loop);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/host/host.h"

#include <signal.h>
#include <stdlib.h>

#include "adapters/host/calls.h"
#include "adapters/host/options.h"
#include "core/log.h"
#include "mappings/engine/schema.h"

struct sl_host {
  const sl_adapter_t *adapter;
  sl_host_table_t table;
  const sl_host_opts_t *opts; /* in table.block */
  sl_loop_t *loop;
  sl_mapping_t *mapping;
  sl_calls_t *calls;
  sl_bus_server_t *server;
  sl_timer_t *drain;
  void *self; /* the adapter's */
  bool started, draining;
};

sl_loop_t *sl_host_loop(sl_host_t *self)
{
  return self->loop;
}

const sl_mapping_t *sl_host_mapping(sl_host_t *self)
{
  return self->mapping;
}

const char *sl_host_mapping_path(sl_host_t *self)
{
  return self->opts->mapping;
}

int64_t sl_host_max_in_flight(sl_host_t *self)
{
  return self->opts->max_in_flight;
}

/* --- the boot, step by step ----------------------------------------------------------------------
 */

static sl_code_t open_log(sl_host_t *self, sl_err_t *err)
{
  return sl_log_start(self->adapter->program, sl_mapping_system(self->mapping), &self->opts->log,
                      err);
}

static sl_code_t load_mapping(sl_host_t *self, sl_err_t *err)
{
  if (!self->opts->mapping || !self->opts->mapping[0])
    return sl_err_set(err, SL_CONFIG, "which system? say --mapping FILE");
  sl_diags_t *diags = sl_diags_new();
  if (!diags) return sl_err_set(err, SL_BUG, "out of memory");
  const sl_load_opts_t opts = {.max_file = (size_t)self->opts->max_mapping};
  self->mapping = sl_mapping_load_with(self->opts->mapping, &opts, diags);
  sl_diags_print(diags, stderr);
  size_t errors = sl_diags_errors(diags);
  sl_diags_destroy(&diags);
  if (!self->mapping)
    return sl_err_set(err, SL_CONFIG, "%s cannot be used: %zu error%s", self->opts->mapping, errors,
                      errors == 1 ? "" : "s");
  const char *kind = sl_system_kind_name(sl_mapping_kind(self->mapping));
  if (strcmp(kind, self->adapter->kind))
    return sl_err_set(err, SL_CONFIG, "%s is of kind %s, which sluice-%s serves",
                      self->opts->mapping, kind, kind);
  return SL_OK;
}

/* An offer is 1 MiB at most (bus/directory.h), and quoting doubles what is full of quotes. */
enum { MAX_SCHEMAS = 256 * 1024, MAX_ONE = 64 * 1024, MAX_TOLD = 384 * 1024 };

/* What consumers are told about the operation; without schemas, then not at all, when that is much.
 */
static sl_str_t tell(const sl_op_t *op, size_t *told, sl_arena_t *arena)
{
  sl_str_t text = {NULL, 0};
  sl_buf_t out;
  sl_buf_init(&out, MAX_ONE);
  sl_openapi_operation(op, true, &out);
  if (out.failed || *told + out.len > MAX_SCHEMAS) {
    sl_buf_clear(&out);
    sl_openapi_operation(op, false, &out);
  }
  if (!out.failed && *told + out.len <= MAX_TOLD) text = sl_arena_str(arena, sl_buf_str(&out));
  *told += text.len;
  sl_buf_fini(&out);
  return text;
}

/* The mapping's operations, in the bus's words. */
static sl_code_t make_offer(sl_host_t *self, sl_arena_t *arena, sl_bus_offer_t *offer)
{
  size_t n = sl_mapping_op_count(self->mapping), told = 0;
  *offer = (sl_bus_offer_t){.system = sl_str(sl_mapping_system(self->mapping)),
                            .kind = sl_str(self->adapter->kind),
                            .version = sl_str(sl_mapping_version(self->mapping)),
                            .n_operations = n};
  offer->operations = sl_arena_zalloc(arena, (n + 1) * sizeof *offer->operations);
  if (!offer->operations) return SL_BUG;
  for (size_t i = 0; i < n; i++) {
    const sl_op_info_t *info = sl_op_info(sl_mapping_op_at(self->mapping, i));
    sl_bus_operation_t *o = &offer->operations[i];
    *o = (sl_bus_operation_t){.name = sl_str(info->name),
                              .method = sl_str(info->method),
                              .path = sl_str(info->path),
                              .safe = info->safe,
                              .has_body = info->has_body,
                              .n_params = info->n_params};
    o->openapi = tell(sl_mapping_op_at(self->mapping, i), &told, arena);
    o->params = sl_arena_alloc(arena, (info->n_params + 1) * sizeof *o->params);
    if (!o->params) return SL_BUG;
    for (size_t k = 0; k < info->n_params; k++) o->params[k] = sl_str(info->params[k]);
  }
  return SL_OK;
}

static sl_code_t join_bus(sl_host_t *self, sl_err_t *err)
{
  sl_bus_offer_t offer;
  sl_arena_t *arena = sl_arena_new(0, 0);
  if (!arena || make_offer(self, arena, &offer)) {
    sl_arena_destroy(&arena);
    return sl_err_set(err, SL_BUG, "out of memory");
  }
  const sl_host_opts_t *o = self->opts;
  sl_bus_server_opts_t opts = {.directory = o->bus,
                               .ipc_dir = o->ipc_dir && o->ipc_dir[0] ? o->ipc_dir : NULL,
                               .tcp = o->tcp && o->tcp[0] ? o->tcp : NULL,
                               .keys = o->keys.secret_file ? &o->keys : NULL,
                               .offer = &offer};
  self->server = sl_bus_server_new(self->loop, &opts, &sl_calls_handlers, self->calls, err);
  sl_arena_destroy(&arena);
  return self->server ? SL_OK : err->code;
}

static sl_code_t start(sl_host_t *self, sl_err_t *err)
{
  const sl_host_opts_t *o = self->opts;
  const sl_calls_opts_t limits = {o->max_in_flight, o->max_queue, o->max_message, o->deadline_ms};
  self->loop = sl_loop_new();
  if (self->loop) self->calls = sl_calls_new(self->loop, self->mapping, self->adapter, &limits);
  if (!self->calls) return sl_err_set(err, SL_BUG, "out of memory");
  const void *own = (char *)self->table.block + self->table.own_offset;
  if (self->adapter->start(self, own, &self->self, err)) return err->code;
  self->started = true;
  sl_code_t code = join_bus(self, err);
  sl_calls_attach(self->calls, self->self, self->server);
  return code;
}

/* --- the end -------------------------------------------------------------------------------------
 */

static void finish(void *ctx)
{
  sl_host_t *self = ctx;
  sl_loop_stop(self->loop);
}

static void grace_over(void *ctx)
{
  sl_host_t *self = ctx;
  sl_log(SL_LOG_WARN, NULL, "stopping with calls still open", "open=%zu",
         sl_calls_open(self->calls));
  sl_loop_stop(self->loop);
}

static void on_signal(void *ctx, int signum)
{
  sl_host_t *self = ctx;
  if (self->draining) return sl_loop_stop(self->loop); /* asked twice: now */
  self->draining = true;
  sl_log(SL_LOG_INFO, NULL, "shutting down", "signal=%d open=%zu", signum,
         sl_calls_open(self->calls));
  sl_bus_server_withdraw(self->server);
  self->drain = sl_timer_new(self->loop, grace_over, self);
  if (self->drain) sl_timer_start(self->drain, self->opts->drain_ms, false);
  sl_calls_drain(self->calls, finish, self);
}

static void stop(sl_host_t *self)
{
  /* The adapter lets go of its calls first, then they are answered, then the bus under them goes.
   */
  if (self->calls) sl_calls_halt(self->calls);
  if (self->started && self->adapter->stop) self->adapter->stop(self->self);
  sl_calls_destroy(&self->calls);
  sl_bus_server_destroy(&self->server);
  sl_timer_destroy(&self->drain);
  sl_loop_destroy(&self->loop);
  sl_mapping_destroy(&self->mapping);
  sl_host_table_fini(&self->table);
}

int sl_host_main(const sl_adapter_t *adapter, int argc, char **argv)
{
  sl_host_t self = {.adapter = adapter};
  sl_err_t err = {0};
  int rest = 0, status = 1;
  bool done = false;
  if (sl_host_table_init(&self.table, adapter)) return 1;
  if (sl_opt_parse(&self.table.table, self.table.block, argc, argv, &rest, &done, &err)) {
    fprintf(stderr, "%s: %s\n", adapter->program, err.text);
    status = 2;
    goto out;
  }
  if (done) {
    status = 0;
    goto out;
  }
  self.opts = self.table.block;
  if (rest < argc) {
    fprintf(stderr, "%s: \"%s\" is not expected; see --help\n", adapter->program, argv[rest]);
    status = 2;
    goto out;
  }
  if (load_mapping(&self, &err) || open_log(&self, &err) || start(&self, &err) ||
      sl_loop_signal(self.loop, SIGTERM, on_signal, &self) ||
      sl_loop_signal(self.loop, SIGINT, on_signal, &self)) {
    fprintf(stderr, "%s: %s\n", adapter->program, err.text);
    goto out;
  }
  sl_log(SL_LOG_INFO, NULL, "serving", "operations=%zu mapping=%s",
         sl_mapping_op_count(self.mapping), sl_mapping_version(self.mapping));
  sl_loop_run(self.loop);
  status = 0;
out:
  stop(&self);
  return status;
}

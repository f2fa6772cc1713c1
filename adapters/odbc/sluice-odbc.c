/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-odbc: the adapter for databases. This is its head: it takes calls from the host, hands
 * them to worker processes, and passes their answers on.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "adapters/host/host.h"
#include "adapters/odbc/pool.h"
#include "adapters/odbc/spawn.h"
#include "config.h"
#include "core/buf.h"

typedef struct options {
  char *dsn, *connection, *user, *password, *init_sql, *worker;
  int64_t pool, timeout_ms, login_timeout_ms, busy_ms, grace_ms, idle_ms, worker_memory, max_answer;
} options_t;

#define AT(member) offsetof(options_t, member)

static const sl_opt_t option_rows[] = {
    {.name = "dsn",
     .kind = SL_OPT_TEXT,
     .offset = AT(dsn),
     .argument = "NAME",
     .help = "Data source of odbc.ini to connect to."},
    {.name = "connection",
     .kind = SL_OPT_TEXT,
     .offset = AT(connection),
     .argument = "STRING",
     .help = "ODBC connection string, alone or behind --dsn; ${env:NAME} and ${file:PATH} work.",
     .secret = true},
    {.name = "user",
     .kind = SL_OPT_TEXT,
     .offset = AT(user),
     .argument = "NAME",
     .help = "Appended to the connection string as UID."},
    {.name = "password",
     .kind = SL_OPT_TEXT,
     .offset = AT(password),
     .argument = "TEXT",
     .help = "Appended to the connection string as PWD; ${env:NAME} and ${file:PATH} work.",
     .secret = true},
    {.name = "init-sql",
     .kind = SL_OPT_TEXT,
     .offset = AT(init_sql),
     .argument = "SQL",
     .help = "Statement to execute after connecting."},
    {.name = "pool",
     .kind = SL_OPT_INT,
     .offset = AT(pool),
     .preset = "4",
     .min = 1,
     .max = 256,
     .argument = "N",
     .help = "Worker processes, each with one connection."},
    {.name = "timeout",
     .kind = SL_OPT_TIME,
     .offset = AT(timeout_ms),
     .preset = "0",
     .min = 0,
     .max = 86400000,
     .argument = "TIME",
     .help = "For a call to begin its answer, if the caller's deadline is later; 0: no bound."},
    {.name = "login-timeout",
     .kind = SL_OPT_TIME,
     .offset = AT(login_timeout_ms),
     .preset = "5s",
     .min = 1000,
     .max = 600000,
     .argument = "TIME",
     .help = "How long connecting may take."},
    {.name = "lock-timeout",
     .kind = SL_OPT_TIME,
     .offset = AT(busy_ms),
     .preset = "2s",
     .min = 1,
     .max = 600000,
     .argument = "TIME",
     .help =
         "How long to wait for another session's lock, with drivers that can be told (SQLite)."},
    {.name = "cancel-grace",
     .kind = SL_OPT_TIME,
     .offset = AT(grace_ms),
     .preset = "500ms",
     .min = 1,
     .max = 60000,
     .argument = "TIME",
     .help = "Between cancelling a statement at its deadline and killing its worker."},
    {.name = "idle",
     .kind = SL_OPT_TIME,
     .offset = AT(idle_ms),
     .preset = "0",
     .min = 0,
     .max = 86400000,
     .argument = "TIME",
     .help = "Close a connection that was not used for so long; 0: never."},
    {.name = "worker-memory",
     .kind = SL_OPT_SIZE,
     .offset = AT(worker_memory),
     .preset = "256MiB",
     .min = 0,
     .max = INT64_C(1) << 40,
     .argument = "SIZE",
     .help = "Data a worker may hold, its driver included; 0: no bound."},
    {.name = "max-answer",
     .kind = SL_OPT_SIZE,
     .offset = AT(max_answer),
     .preset = "8MiB",
     .min = 65536,
     .max = INT64_C(1) << 30,
     .argument = "SIZE",
     .help = "Answer that may be held back until its status is known; streams are not bounded."},
    {.name = "worker",
     .kind = SL_OPT_TEXT,
     .offset = AT(worker),
     .argument = "PATH",
     .help = "The worker program; by default sluice-odbc-worker beside this one."},
    {.name = NULL},
};

typedef struct head {
  sl_host_t *host;
  sl_pool_t *pool;
  sl_pool_opts_t opts;
  sl_buf_t connection;
  char worker[4096];
} head_t;

/* A host call on its way through the pool; in the call's arena. */
typedef struct trip {
  sl_pool_job_t job;
  bool begun;
} trip_t;

/* --- what the pool says
 * ---------------------------------------------------------------------------- */

static void on_commit(sl_pool_job_t *job)
{
  sl_host_sent(job->ctx);
}

static void on_wire(sl_pool_job_t *job, bool outgoing, sl_str_t bytes)
{
  sl_host_call_wire(job->ctx, outgoing, bytes);
}

static void on_answer(sl_pool_job_t *job, const sl_answer_t *answer, sl_str_t body, bool last)
{
  trip_t *trip = (trip_t *)job;
  if (last) {
    sl_host_answer(job->ctx, answer, body);
  } else {
    trip->begun = true;
    sl_host_begin(job->ctx, answer, body);
  }
}

static void on_chunk(sl_pool_job_t *job, sl_str_t data, bool last)
{
  sl_host_more(job->ctx, data, last, NULL);
}

static void on_fail(sl_pool_job_t *job, const sl_err_t *err)
{
  const trip_t *trip = (const trip_t *)job;
  if (trip->begun)
    sl_host_more(job->ctx, sl_strn(NULL, 0), true, err->text);
  else
    sl_host_fail(job->ctx, err);
}

static const sl_pool_handlers_t handlers = {
    .commit = on_commit,
    .wire = on_wire,
    .answer = on_answer,
    .chunk = on_chunk,
    .fail = on_fail,
};

/* --- what the host asks
 * ------------------------------------------------------------------------------ */

static void call(void *ctx, sl_host_call_t *c)
{
  head_t *self = ctx;
  trip_t *trip = sl_arena_zalloc(sl_host_call_arena(c), sizeof *trip);
  sl_err_t err;
  if (!trip) {
    sl_err_set(&err, SL_TOO_LARGE, "the request is too large");
    sl_host_fail(c, &err);
    return;
  }
  trip->job.ctx = c;
  trip->job.flags = sl_host_call_wants_wire(c) ? SL_WP_SHOW : 0;
  trip->job.call = (sl_wp_call_t){
      .operation = sl_str(sl_op_info(sl_host_call_op(c))->name),
      .request = sl_str(sl_host_call_id(c)),
      .credit = (uint64_t)sl_host_credit(c),
      .input = *sl_host_call_input(c),
  };
  *sl_host_call_data(c) = trip;
  sl_pool_submit(self->pool, &trip->job);
}

static void cancel(void *ctx, sl_host_call_t *c)
{
  head_t *self = ctx;
  trip_t *trip = *sl_host_call_data(c);
  if (trip) sl_pool_cancel(self->pool, &trip->job);
  sl_host_release(c);
}

static void credit(void *ctx, sl_host_call_t *c)
{
  head_t *self = ctx;
  trip_t *trip = *sl_host_call_data(c);
  if (trip) sl_pool_credit(self->pool, &trip->job, sl_host_credit(c));
}

static void stop(void *ctx)
{
  head_t *self = ctx;
  sl_pool_destroy(&self->pool);
  sl_buf_fini(&self->connection);
  free(self);
}

/* NAME=value; in braces only where the value would end early otherwise (ODBC, SQLDriverConnect), as
 * psqlodbc takes those of UID for a part of the name. */
static void attribute(sl_buf_t *out, const char *name, const char *value)
{
  if (!value || !*value) return;
  bool braces = strpbrk(value, "[]{}(),;?*=!@ ");
  if (out->len && out->p[out->len - 1] != ';') sl_buf_addc(out, ';');
  sl_buf_printf(out, "%s=%s", name, braces ? "{" : "");
  for (const char *p = value; *p; p++) {
    if (*p == '}') sl_buf_addc(out, '}');
    sl_buf_addc(out, *p);
  }
  sl_buf_addz(out, braces ? "};" : ";");
}

static void describe(head_t *self, const options_t *o)
{
  if (o->dsn && *o->dsn) sl_buf_printf(&self->connection, "DSN=%s;", o->dsn);
  if (o->connection) sl_buf_addz(&self->connection, o->connection);
  attribute(&self->connection, "UID", o->user);
  attribute(&self->connection, "PWD", o->password);
  self->opts = (sl_pool_opts_t){
      .worker = self->worker,
      .mapping = sl_host_mapping_path(self->host),
      .size = o->pool,
      /* A driver may try several addresses, each for the whole timeout. */
      .start_ms = 3 * o->login_timeout_ms + 2000,
      .timeout_ms = o->timeout_ms,
      .grace_ms = o->grace_ms,
      .idle_ms = o->idle_ms,
      .hello = {.connection = sl_buf_str(&self->connection),
                .init_sql = sl_str(o->init_sql),
                .login_timeout_s = (uint32_t)((o->login_timeout_ms + 999) / 1000),
                .busy_ms = (uint32_t)o->busy_ms,
                .memory_mib = (uint32_t)(o->worker_memory >> 20),
                .max_body_kib = (uint32_t)(o->max_answer >> 10)},
  };
}

static sl_code_t start(sl_host_t *host, const void *options, void **self_p, sl_err_t *err)
{
  const options_t *o = options;
  sl_code_t code = SL_OK;
  if (!(o->dsn && *o->dsn) && !(o->connection && *o->connection))
    return sl_err_set(err, SL_CONFIG, "which database? give --dsn or --connection");
  head_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  self->host = host;
  if (o->worker && *o->worker)
    snprintf(self->worker, sizeof self->worker, "%s", o->worker);
  else
    code = sl_spawn_beside("sluice-odbc-worker", self->worker, sizeof self->worker, err);
  if (code == SL_OK) {
    describe(self, o);
    self->pool = sl_pool_new(sl_host_loop(host), &self->opts, &handlers, err);
    if (!self->pool) code = err->code;
  }
  if (code) {
    sl_buf_fini(&self->connection);
    free(self);
    return code;
  }
  *self_p = self;
  return SL_OK;
}

static const sl_adapter_t adapter = {
    .program = "sluice-odbc",
    .purpose = "Serves a database as described by a mapping file.",
    .kind = "odbc",
    .version = PACKAGE_VERSION,
    .options = option_rows,
    .options_size = sizeof(options_t),
    .start = start,
    .call = call,
    .cancel = cancel,
    .credit = credit,
    .stop = stop,
};

int main(int argc, char **argv)
{
  return sl_host_main(&adapter, argc, argv);
}

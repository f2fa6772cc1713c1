/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bus/client.h"
#include "cli/commands.h"
#include "cli/deployment.h"
#include "cli/probe.h"
#include "cli/rundir.h"
#include "cli/supervise.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/log_opts.h"
#include "mappings/laws/laws.h"

/* The gateway's ready file is looked for so often; a person does not notice 50 ms. */
enum { LOOK_MS = 50, COMPLAIN_MS = 10000 };

typedef struct settings {
  char *run_dir;
  int64_t grace_ms;
  sl_log_opts_t log;
  bool laws;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "run-dir",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, run_dir),
     .argument = "DIR",
     .help = "directory for sockets and option files, private to you; a new one if not given"},
    {.name = "laws",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, laws),
     .preset = "yes",
     .help = "refuse to start with a mapping that loses data, as sluice check tells it"},
    {.name = "grace",
     .kind = SL_OPT_TIME,
     .offset = offsetof(settings_t, grace_ms),
     .preset = "15s", /* longer than the drain of the processes */
     .min = 1,
     .max = 3600000,
     .argument = "TIME",
     .help = "how long processes may finish their work when they are stopped"},
    {.name = "log-level",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, log.level),
     .preset = "info",
     .argument = "LEVEL",
     .help = "error, warn, info or debug: what the supervisor itself says"},
    {.name = "log-json",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, log.json),
     .help = "log lines of the supervisor as JSON"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice run",
    .usage = "[OPTION]… FILE",
    .purpose = "Starts the bus, the adapters and the gateway that the deployment file FILE names, "
               "keeps them running, and says \"ready http://ADDRESS\" once they all answer. "
               "Ctrl-C or SIGTERM stops them.",
    .opts = options,
};

typedef struct run {
  settings_t settings;
  sl_deployment_t *deployment;
  sl_rundir_t dir;
  sl_loop_t *loop;
  sl_supervisor_t *supervisor;
  sl_bus_client_t *client;
  sl_timer_t *look;
  int64_t started_ms;
  bool complained, seen_all;
} run_t;

/* --- ready? ---------------------------------------------------------------------------------- */

static size_t wanted(const run_t *self, const char *system)
{
  size_t n = 0;
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(self->deployment, i)); i++)
    n += p->role == SL_ROLE_ADAPTER && !strcmp(p->system, system);
  return n;
}

static size_t announced(const run_t *self, const char *system)
{
  size_t n = 0;
  bool alive;
  const sl_bus_offer_t *offer;
  for (size_t i = 0; (offer = sl_bus_client_offer(self->client, i, &alive)); i++)
    n += alive && sl_str_eqz(offer->system, system);
  return n;
}

/* The name of one that has not announced itself; NULL: all have. */
static const char *missing(const run_t *self)
{
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(self->deployment, i)); i++)
    if (p->role == SL_ROLE_ADAPTER && announced(self, p->system) < wanted(self, p->system))
      return p->name;
  return NULL;
}

static sl_code_t write_options(run_t *self, const sl_process_t *process, sl_err_t *err)
{
  char name[64];
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_deployment_options(process, self->dir.path, &text);
  snprintf(name, sizeof name, "sluice-%s.conf", process->name);
  sl_code_t code = sl_rundir_write(self->dir.path, name, sl_buf_str(&text), err);
  sl_buf_fini(&text);
  return code;
}

static void ready(run_t *self, const char *url)
{
  sl_err_t err;
  size_t n = sl_deployment_count(self->deployment);
  sl_deployment_keep_port(self->deployment, url);
  if (write_options(self, sl_deployment_at(self->deployment, n - 1), &err))
    sl_log(SL_LOG_WARN, NULL, "the gateway will not keep its port", "why=\"%s\"", err.text);
  sl_bus_client_destroy(&self->client);
  sl_supervisor_settled(self->supervisor);
  printf("ready %s\n", url);
  fflush(stdout);
}

static void look(void *ctx)
{
  run_t *self = ctx;
  char url[256];
  const char *name = missing(self);
  if (!name && !sl_rundir_read_line(self->dir.path, "gateway.ready", url, sizeof url))
    name = "gateway";
  /* Once more: the gateway heard of the last one when we did, and may still be connecting. */
  if (!name && !self->seen_all) {
    self->seen_all = true;
    return;
  }
  self->seen_all = !name;
  if (!name) {
    sl_timer_stop(self->look);
    ready(self, url);
    return;
  }
  if (self->complained || sl_clock_ms() - self->started_ms < COMPLAIN_MS) return;
  self->complained = true;
  sl_log(SL_LOG_WARN, NULL, "still waiting", "process=%s", name);
}

/* --- start and stop -------------------------------------------------------------------------- */

static void on_signal(void *ctx, int signum)
{
  run_t *self = ctx;
  sl_timer_stop(self->look);
  sl_log(SL_LOG_INFO, NULL, "stopping", "signal=%d", signum);
  sl_supervisor_stop(self->supervisor);
}

static void on_stopped(void *ctx)
{
  sl_loop_stop(ctx);
}

static sl_code_t start_process(run_t *self, const sl_process_t *process, sl_err_t *err)
{
  char program[PATH_MAX], config[PATH_MAX];
  int len = snprintf(config, sizeof config, "%s/sluice-%s.conf", self->dir.path, process->name);
  if (len >= PATH_MAX) return sl_err_set(err, SL_CONFIG, "%s: too long", self->dir.path);
  sl_code_t code = write_options(self, process, err);
  if (!code) code = sl_rundir_program(process->program, program, err);
  sl_child_t child = {.name = process->name,
                      .program = program,
                      .config = config,
                      .dir = sl_deployment_dir(self->deployment),
                      .stage = (int)process->role};
  return code ? code : sl_supervisor_start(self->supervisor, &child, err);
}

static sl_code_t start_all(run_t *self, sl_err_t *err)
{
  char endpoint[PATH_MAX + 16];
  sl_deployment_endpoint(self->dir.path, endpoint, sizeof endpoint);
  sl_log(SL_LOG_INFO, NULL, "starting", "processes=%zu bus=%s",
         sl_deployment_count(self->deployment), endpoint);
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(self->deployment, i)); i++)
    if (start_process(self, p, err)) return err->code;
  sl_bus_client_opts_t opts = {.directory = endpoint};
  self->client = sl_bus_client_new(self->loop, &opts, err);
  if (!self->client) return err->code;
  self->started_ms = sl_clock_ms();
  sl_timer_start(self->look, LOOK_MS, true);
  return SL_OK;
}

static sl_code_t prepare(run_t *self, sl_err_t *err)
{
  if (sl_log_start("sluice", NULL, &self->settings.log, err)) return err->code;
  self->loop = sl_loop_new();
  if (!self->loop) return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  self->supervisor = sl_supervisor_new(self->loop, self->settings.grace_ms, on_stopped, self->loop);
  self->look = sl_timer_new(self->loop, look, self);
  if (!self->supervisor || !self->look || sl_loop_signal(self->loop, SIGINT, on_signal, self) ||
      sl_loop_signal(self->loop, SIGTERM, on_signal, self) ||
      sl_loop_signal(self->loop, SIGHUP, on_signal, self))
    return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  return sl_rundir_open(&self->dir, self->settings.run_dir, err);
}

/* Only what a mapping that is right otherwise loses: what else is wrong its adapter tells. */
static void check_laws(const sl_deployment_t *deployment, sl_diags_t *diags)
{
  const char *last = "";
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(deployment, i)); i++) {
    if (p->role != SL_ROLE_ADAPTER || !strcmp(p->mapping, last)) continue;
    last = p->mapping;
    sl_diags_t *own = sl_diags_new();
    sl_arena_t *arena = sl_arena_new(0, 0);
    sl_mapping_t *mapping = own && arena ? sl_mapping_load(p->mapping, own) : NULL;
    if (mapping) sl_laws_judge(mapping, arena, diags);
    sl_mapping_destroy(&mapping);
    sl_arena_destroy(&arena);
    sl_diags_destroy(&own);
  }
}

static bool load(run_t *self, const char *path)
{
  sl_diags_t *diags = sl_diags_new();
  if (!diags) return false;
  self->deployment = sl_deployment_load(path, true, diags);
  if (self->deployment) sl_probe(self->deployment, path, diags);
  if (self->deployment && self->settings.laws) check_laws(self->deployment, diags);
  sl_diags_print(diags, stderr);
  bool right = !sl_diags_errors(diags);
  sl_diags_destroy(&diags);
  return right;
}

static void clean_up(run_t *self)
{
  sl_timer_destroy(&self->look);
  sl_bus_client_destroy(&self->client);
  sl_supervisor_destroy(&self->supervisor);
  sl_loop_destroy(&self->loop);
  sl_rundir_close(&self->dir);
  sl_deployment_destroy(&self->deployment);
  sl_opt_fini(&table, &self->settings);
}

int sl_cmd_run(int argc, char **argv)
{
  static run_t self; /* too large for a stack frame */
  sl_err_t err;
  int rest, status;
  if (!sl_cmd_options(&table, &self.settings, argc, argv, 1, 1, &rest, &status)) goto out;
  status = SL_EXIT_FAILED;
  if (!load(&self, argv[rest])) goto out;
  if (prepare(&self, &err) || start_all(&self, &err)) {
    sl_cmd_failed(&table, &err);
    goto out;
  }
  sl_loop_run(self.loop);
  status = sl_supervisor_refused(self.supervisor) ? SL_EXIT_FAILED : SL_EXIT_OK;
out:
  clean_up(&self);
  return status;
}

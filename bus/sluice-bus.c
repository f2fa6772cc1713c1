/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-bus: the directory as a daemon. Requests do not pass through it: it may be killed and
 * started again at any time (bus/directory.h). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/directory.h"
#include "core/log.h"
#include "core/log_opts.h"

typedef struct options {
  char *ipc, *tcp;
  sl_bus_keys_t keys;
  int64_t expiry_ms;
  sl_log_opts_t log;
} options_t;

#define OF(member) offsetof(options_t, member)

static const sl_opt_t rows[] = {
    {"ipc-endpoint", 'i', SL_OPT_TEXT, OF(ipc), "ipc:///run/sluice/bus", 0, 0, "ENDPOINT",
     "Where to listen on this machine; empty for nowhere.", false},
    {"tcp", 't', SL_OPT_TEXT, OF(tcp), NULL, 0, 0, "HOST:PORT",
     "Listen on tcp too, with CURVE; needs --key-file and --allow-key.", false},
    {"key-file", 'k', SL_OPT_TEXT, OF(keys.secret_file), NULL, 0, 0, "FILE",
     "Our CURVE key pair, as written by sluice keygen.", false},
    {"allow-key", 'a', SL_OPT_LIST, OF(keys.allowed), NULL, 0, 0, "KEY",
     "Public key of an adapter or gateway that may connect over tcp; once for each.", false},
    /* Three heartbeats of a second: one lost or late is no death. */
    {"expiry", 'e', SL_OPT_TIME, OF(expiry_ms), "3s", 100, 3600000, "TIME",
     "Silence after which an adapter is taken as gone.", false},
    SL_LOG_OPTIONS(options_t, log),
    {0},
};

static const sl_opt_table_t table = {
    .program = "sluice-bus",
    .usage = "[OPTION]…",
    .purpose =
        "The directory of the Sluice bus: adapters announce themselves to it, gateways learn "
        "from it who is there. Requests do not pass through it.",
    .opts = rows,
};

static bool given(const char *value)
{
  return value && value[0];
}

static void on_event(void *ctx, sl_bus_directory_event_t event, sl_str_t instance, const char *why)
{
  static const struct {
    sl_level_t level;
    const char *msg;
  } texts[] = {
      [SL_BUS_DIR_CAME] = {SL_LOG_INFO, "adapter announced"},
      [SL_BUS_DIR_WENT] = {SL_LOG_INFO, "adapter went"},
      [SL_BUS_DIR_EXPIRED] = {SL_LOG_WARN, "adapter expired"},
      [SL_BUS_DIR_REFUSED] = {SL_LOG_WARN, "announcement refused"},
  };
  if (why[0])
    sl_log(texts[event].level, NULL, texts[event].msg, "instance=%.*s why=%s", SL_STR_ARG(instance),
           why);
  else
    sl_log(texts[event].level, NULL, texts[event].msg, "instance=%.*s", SL_STR_ARG(instance));
}

static void on_signal(void *ctx, int signum)
{
  sl_loop_stop(ctx);
}

/* Makes the endpoint's folder (0700) and takes a lock beside it: ZeroMQ would silently take an ipc
 * path away from a directory that is already there. The lock goes with the process. */
static sl_code_t claim(const char *endpoint, int *lock_p, sl_err_t *err)
{
  char path[256];
  if (strncmp(endpoint, "ipc://", 6) != 0)
    return sl_err_set(err, SL_CONFIG, "%s: --ipc-endpoint starts with ipc://", endpoint);
  if ((size_t)snprintf(path, sizeof path, "%s", endpoint + 6) >= sizeof path - 8)
    return sl_err_set(err, SL_CONFIG, "%s: too long", endpoint);
  char *slash = strrchr(path, '/');
  if (slash && slash != path) {
    *slash = 0;
    if (mkdir(path, 0700) && errno != EEXIST)
      return sl_err_set(err, SL_CONFIG, "%s: %s", path, strerror(errno));
    *slash = '/';
  }
  strcat(path, ".lock");
  *lock_p = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (*lock_p < 0) return sl_err_set(err, SL_CONFIG, "%s: %s", path, strerror(errno));
  if (flock(*lock_p, LOCK_EX | LOCK_NB) == 0) return SL_OK;
  return sl_err_set(err, SL_CONFIG, "%s: another sluice-bus is running there", endpoint);
}

static sl_code_t serve(const options_t *options, sl_loop_t *loop, sl_err_t *err)
{
  int lock = -1;
  sl_bus_directory_opts_t opts = {
      .ipc = given(options->ipc) ? options->ipc : NULL,
      .tcp = given(options->tcp) ? options->tcp : NULL,
      .keys = &options->keys,
      .expiry_ms = options->expiry_ms,
      .event = on_event,
  };
  if (opts.ipc && claim(opts.ipc, &lock, err) != SL_OK) {
    if (lock >= 0) close(lock);
    return SL_CONFIG;
  }
  sl_bus_directory_t *directory = sl_bus_directory_new(loop, &opts, err);
  sl_code_t code = directory ? SL_OK : SL_CONFIG;
  if (directory) {
    for (size_t i = 0; sl_bus_directory_endpoint(directory, i); i++)
      sl_log(SL_LOG_INFO, NULL, "listening", "endpoint=%s",
             sl_bus_directory_endpoint(directory, i));
    if (sl_loop_signal(loop, SIGTERM, on_signal, loop) == SL_OK &&
        sl_loop_signal(loop, SIGINT, on_signal, loop) == SL_OK)
      sl_loop_run(loop);
    sl_log(SL_LOG_INFO, NULL, "stopped", "instances=%zu", sl_bus_directory_instances(directory));
  }
  sl_bus_directory_destroy(&directory);
  if (lock >= 0) close(lock);
  return code;
}

int main(int argc, char **argv)
{
  options_t options = {0};
  sl_err_t err = {0};
  int rest, status = 2;
  bool done = false;
  sl_code_t code = sl_opt_parse(&table, &options, argc, argv, &rest, &done, &err);
  if (code == SL_OK && !done && rest < argc)
    code = sl_err_set(&err, SL_CONFIG, "%s: no argument expected", argv[rest]);
  if (code == SL_OK && !done) code = sl_log_start(table.program, "", &options.log, &err);
  if (code == SL_OK && !done) {
    sl_loop_t *loop = sl_loop_new();
    code = loop ? serve(&options, loop, &err) : sl_err_set(&err, SL_BUG, "no event loop");
    sl_loop_destroy(&loop);
    status = 1;
  }
  if (code != SL_OK) fprintf(stderr, "%s: %s\n", table.program, err.text);
  sl_opt_fini(&table, &options);
  return code == SL_OK ? 0 : status;
}

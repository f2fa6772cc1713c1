/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-odbc-worker: one connection to a database, in a process of its own that the head of
 * sluice-odbc starts and may kill. It finds its two sockets as descriptors 3 and 4 and the mapping
 * file as its argument; how to connect comes in the first frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "adapters/odbc/job.h"
#include "core/log.h"

enum { DATA_FD = 3, CONTROL_FD = 4 };

static const sl_str_t nothing = {NULL, 0};

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW 1
#endif
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW 0 /* AddressSanitizer's shadow memory would count as data */
#endif

#if HAS_SHADOW
const char *__lsan_default_suppressions(void);
/* Drivers leak: psqlodbc an error for each connection that fails. Ours are still reported. */
const char *__lsan_default_suppressions(void)
{
  return "leak:psqlodbc\n";
}
#endif

static void cap_memory(uint32_t mib)
{
  struct rlimit limit = {.rlim_cur = (rlim_t)mib << 20, .rlim_max = (rlim_t)mib << 20};
  if (mib && !HAS_SHADOW) setrlimit(RLIMIT_DATA, &limit);
}

/* A session that a killed worker left behind; if it is gone already, nothing happens. */
static void end_session(sl_worker_t *self, sl_str_t ended)
{
  char name[128];
  sl_sqlerr_t ignored;
  const char *text = self->point.session.quirk->end_session_sql;
  if (!text || ended.len == 0 || ended.len >= sizeof name) return;
  snprintf(name, sizeof name, "%.*s", SL_STR_ARG(ended));
  sl_session_run(&self->point.session, text, name, NULL, 0, &ignored);
}

static bool say_ready(sl_worker_t *self)
{
  const sl_session_t *session = &self->point.session;
  char name[128] = "";
  sl_sqlerr_t ignored;
  if (session->quirk->session_sql)
    sl_session_run(&self->point.session, session->quirk->session_sql, NULL, name, sizeof name,
                   &ignored);
  sl_wp_ready_t ready = {sl_str(session->driver), sl_str(session->dbms), sl_str(name)};
  sl_wp_put_ready(&self->channel.out, &ready);
  return sl_channel_send(&self->channel, nothing);
}

static void say_down(sl_worker_t *self, const sl_err_t *err)
{
  sl_wp_put_err(&self->channel.out, SL_WP_DOWN, 0, err);
  sl_channel_send(&self->channel, nothing);
}

static sl_code_t load(sl_worker_t *self, const char *path, sl_err_t *err)
{
  sl_diags_t *diags = sl_diags_new();
  sl_code_t code = SL_OK;
  self->mapping = diags ? sl_mapping_load(path, diags) : NULL;
  if (!self->mapping)
    code = sl_err_set(err, SL_CONFIG, "%s", diags ? sl_diags_first(diags) : "no memory");
  sl_diags_destroy(&diags);
  return code;
}

/* Said at once, and not only to the first who calls one. */
static sl_code_t check_procedures(const sl_worker_t *self, sl_err_t *err)
{
  if (self->point.session.quirk->procedures != SL_PROCEDURES_NONE) return SL_OK;
  for (size_t i = 0; i < sl_mapping_op_count(self->mapping); i++) {
    const sl_op_info_t *info = sl_op_info(sl_mapping_op_at(self->mapping, i));
    if (info->procedure[0])
      return sl_err_set(err, SL_CONFIG,
                        "%s has no procedures, and the operation %s calls %s: take it out of the "
                        "mapping, or write it as statements",
                        self->point.session.dbms, info->name, info->procedure);
  }
  return SL_OK;
}

static sl_code_t prepare(sl_worker_t *self, const char *path, const sl_wp_hello_t *hello,
                         sl_err_t *err)
{
  cap_memory(hello->memory_mib);
  size_t max_body = (size_t)hello->max_body_kib << 10;
  sl_buf_init(&self->out, max_body);
  self->arena = sl_arena_new(0, 4 * max_body);
  self->env = sl_session_env();
  if (!self->arena || !self->env)
    return sl_err_set(err, SL_UNAVAILABLE, "no memory, or no ODBC driver manager");
  sl_code_t code = load(self, path, err);
  if (!code) code = sl_place_open(&self->point, self, false, err);
  if (!code) code = check_procedures(self, err);
  if (!code && !self->point.session.quirk->kill_only) code = sl_channel_watch(&self->channel, err);
  return code;
}

/* Secrets are kept for the second connection only. */
static bool keep_options(sl_worker_t *self, const sl_wp_hello_t *hello)
{
  self->connect = (sl_session_opts_t){
      .connection = strndup(hello->connection.p, hello->connection.len),
      .init_sql = strndup(hello->init_sql.p, hello->init_sql.len),
      .login_timeout_s = hello->login_timeout_s,
      .busy_ms = hello->busy_ms,
  };
  return self->connect.connection && self->connect.init_sql;
}

static int serve(sl_worker_t *self, const char *path)
{
  sl_wp_frame_t frame;
  sl_wp_hello_t hello;
  sl_err_t err;
  if (!sl_channel_expect(&self->channel, SL_WP_HELLO, &frame) || !sl_wp_get_hello(&frame, &hello) ||
      !keep_options(self, &hello))
    return 1;
  sl_log_open("sluice-odbc-worker", "", SL_LOG_WARN, false);
  if (prepare(self, path, &hello, &err)) {
    say_down(self, &err);
    return 1;
  }
  end_session(self, hello.ended);
  if (!say_ready(self)) return 1;
  while (!self->lost) {
    if (!sl_channel_expect(&self->channel, SL_WP_CALL, &frame)) return 0;
    if (!sl_job_run(self, &frame)) return 1;
  }
  sl_err_set(&err, SL_UNAVAILABLE, "the connection was lost");
  say_down(self, &err);
  return 1;
}

static bool is_socket(int fd)
{
  int type = 0;
  socklen_t len = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

int main(int argc, char **argv)
{
  static sl_worker_t self;
  if (argc < 2 || argv[1][0] == '-' || !is_socket(DATA_FD) || !is_socket(CONTROL_FD)) {
    fputs("sluice-odbc-worker is started by sluice-odbc, not by hand: see sluice-odbc(1).\n",
          argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
    return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }
  sl_channel_open(&self.channel, DATA_FD, CONTROL_FD);
  int rc = serve(&self, argv[1]);
  sl_place_close(&self.stream);
  sl_place_close(&self.point);
  return rc;
}

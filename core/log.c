/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/jsonw.h"

static struct {
  char program[64], system[64];
  sl_level_t level;
  bool json;
} state = {.program = "sluice", .level = SL_LOG_INFO};

static const char *const levels[] = {"error", "warn", "info", "debug"};

void sl_log_open(const char *program, const char *system, sl_level_t level, bool json)
{
  snprintf(state.program, sizeof state.program, "%s", program);
  snprintf(state.system, sizeof state.system, "%s", system ? system : "");
  state.level = level;
  state.json = json;
}

bool sl_log_on(sl_level_t level)
{
  return level <= state.level;
}

bool sl_log_level(const char *name, sl_level_t *out_p)
{
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
    if (!strcmp(name, levels[i])) return *out_p = (sl_level_t)i, true;
  return false;
}

/* "key=%s other=%d" was formatted into pairs as one text; in JSON it becomes one member, so that
 * no caller has to know which form is written. Line ends in values would forge lines: they go. */
static void one_line(char *text)
{
  for (char *p = text; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
}

static void as_json(sl_buf_t *out, const char *when, sl_level_t level, const char *request,
                    const char *msg, const char *pairs)
{
  sl_jsonw_t w;
  sl_jsonw_init(&w, out);
  sl_jsonw_object(&w);
  const char *const members[][2] = {
      {"time", when},           {"level", levels[level]}, {"program", state.program},
      {"system", state.system}, {"request", request},     {"msg", msg},
      {"values", pairs},
  };
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    if (!members[i][1] || !members[i][1][0]) continue;
    sl_jsonw_key(&w, members[i][0]);
    sl_jsonw_z(&w, members[i][1]);
  }
  sl_jsonw_key(&w, "pid");
  sl_jsonw_int(&w, getpid());
  sl_jsonw_object_end(&w);
}

void sl_log(sl_level_t level, const char *request, const char *msg, const char *fmt, ...)
{
  if (!sl_log_on(level)) return;
  char when[25], pairs[1024] = "";
  sl_clock_rfc3339(sl_clock_wall_ms(), when);
  if (fmt) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(pairs, sizeof pairs, fmt, ap);
    va_end(ap);
    one_line(pairs);
  }
  sl_buf_t out;
  sl_buf_init(&out, 8192);
  if (state.json)
    as_json(&out, when, level, request, msg, pairs);
  else
    sl_buf_printf(&out, "%s %s %s[%d]%s%s%s%s msg=\"%s\"%s%s", when, levels[level], state.program,
                  (int)getpid(), state.system[0] ? " system=" : "", state.system,
                  request && request[0] ? " request=" : "", request ? request : "", msg,
                  pairs[0] ? " " : "", pairs);
  sl_buf_addc(&out, '\n');
  /* One write: lines of several processes on one descriptor do not mix. */
  if (!out.failed && write(STDERR_FILENO, out.p, out.len) < 0) { /* nowhere left to say so */
  }
  sl_buf_fini(&out);
}

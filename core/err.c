/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [SL_OK] = "ok",
    [SL_INVALID] = "validation",
    [SL_NOT_FOUND] = "not-found",
    [SL_TOO_LARGE] = "too-large",
    [SL_DENIED] = "denied",
    [SL_LIMITED] = "limited",
    [SL_UNAVAILABLE] = "unavailable",
    [SL_TIMED_OUT] = "timed-out",
    [SL_IN_DOUBT] = "in-doubt",
    [SL_LEGACY_ERROR] = "legacy-error",
    [SL_GARBAGE] = "legacy-garbage",
    [SL_CONFIG] = "configuration",
    [SL_CANCELLED] = "cancelled",
    [SL_BUG] = "internal",
};

const char *sl_code_name(sl_code_t code)
{
  return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}

__attribute__((format(printf, 4, 0))) static void
fill(sl_err_t *err, sl_code_t code, const char *field, const char *fmt, va_list ap)
{
  if (!err) return;
  memset(err, 0, sizeof *err);
  err->code = code;
  snprintf(err->field, sizeof err->field, "%s", field);
  vsnprintf(err->text, sizeof err->text, fmt, ap);
}

sl_code_t sl_err_set(sl_err_t *err, sl_code_t code, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  fill(err, code, "", fmt, ap);
  va_end(ap);
  return code;
}

sl_code_t sl_err_field(sl_err_t *err, sl_code_t code, const char *field, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  fill(err, code, field, fmt, ap);
  va_end(ap);
  return code;
}

void sl_err_clear(sl_err_t *err)
{
  memset(err, 0, sizeof *err);
}

void sl_assert_failed(const char *cond, const char *file, int line)
{
  fprintf(stderr, "%s:%d: our own bug: %s\n", file, line, cond);
  abort();
}

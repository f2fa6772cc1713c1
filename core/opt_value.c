/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/opt_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/buf.h"

enum { MAX_SECRET_FILE = 1024 * 1024 }; /* a bundle of certificates fits many times */

typedef struct unit {
  const char *name;
  int64_t factor;
} unit_t;

/* Largest first: the first that divides is the shortest spelling. */
static const unit_t sizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};
static const unit_t times[] = {{"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

bool sl_opt_number(sl_opt_kind_t kind, const char *text, int64_t *out_p)
{
  char *end;
  if (!((*text >= '0' && *text <= '9') || *text == '-')) return false;
  errno = 0;
  long long n = strtoll(text, &end, 10);
  if (errno || end == text) return false;
  while (*end == ' ') end++;
  int64_t factor = *end ? 0 : 1;
  const unit_t *units = kind == SL_OPT_SIZE ? sizes : times;
  for (int i = 0; kind != SL_OPT_INT && !factor && i < 4; i++)
    if (!strcmp(end, units[i].name)) factor = units[i].factor;
  if (!factor) return false;
  int64_t product;
  if (__builtin_mul_overflow((int64_t)n, factor, &product)) return false;
  *out_p = product;
  return true;
}

void sl_opt_number_show(sl_opt_kind_t kind, int64_t n, char out[32])
{
  const unit_t *unit = kind == SL_OPT_SIZE ? sizes : times;
  if (kind == SL_OPT_INT) {
    snprintf(out, 32, "%lld", (long long)n);
    return;
  }
  while (unit->factor > 1 && (n == 0 || n % unit->factor)) unit++;
  snprintf(out, 32, "%lld%s", (long long)(n / unit->factor), unit->name);
}

/* --- ${env:NAME} and ${file:PATH} ------------------------------------------------------------ */

static bool add_file(sl_buf_t *out, const char *path, sl_err_t *err)
{
  FILE *f = fopen(path, "rbe");
  if (!f) {
    sl_err_set(err, SL_CONFIG, "${file:%s}: %s", path, strerror(errno));
    return false;
  }
  char piece[4096];
  size_t n, from = out->len;
  while ((n = fread(piece, 1, sizeof piece, f)) > 0 && out->len - from <= MAX_SECRET_FILE)
    sl_buf_add(out, piece, n);
  const char *wrong = ferror(f)                           ? "cannot be read"
                      : out->len - from > MAX_SECRET_FILE ? "is larger than 1 MiB"
                      : out->len > from && memchr(out->p + from, 0, out->len - from)
                          ? "holds a NUL byte"
                          : NULL;
  fclose(f);
  if (wrong) {
    sl_err_set(err, SL_CONFIG, "${file:%s} %s", path, wrong);
    return false;
  }
  if (out->len > from && out->p[out->len - 1] == '\n') out->len--;
  if (out->len > from && out->p[out->len - 1] == '\r') out->len--;
  return true;
}

/* name: what stands between the braces. */
static bool add_reference(sl_buf_t *out, const char *name, sl_err_t *err)
{
  if (!strncmp(name, "file:", 5)) return add_file(out, name + 5, err);
  if (strncmp(name, "env:", 4)) {
    sl_err_set(err, SL_CONFIG, "${%s}: only ${env:NAME} and ${file:PATH} are known", name);
    return false;
  }
  const char *value = getenv(name + 4);
  if (!value) {
    sl_err_set(err, SL_CONFIG, "${%s}: the environment variable is not set", name);
    return false;
  }
  sl_buf_addz(out, value);
  return true;
}

char *sl_opt_resolve(const char *value, sl_err_t *err)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  bool ok = true;
  while (ok) {
    const char *ref = strstr(value, "${");
    if (!ref) break;
    const char *end = strchr(ref, '}');
    char *name = end ? strndup(ref + 2, (size_t)(end - ref - 2)) : NULL;
    sl_buf_add(&out, value, (size_t)(ref - value));
    ok = name && add_reference(&out, name, err);
    if (!end)
      sl_err_set(err, SL_CONFIG, "\"${\" without \"}\"");
    else
      value = end + 1;
    free(name);
  }
  sl_buf_add(&out, value, strlen(value) + 1); /* with its NUL */
  if (out.failed) sl_err_set(err, SL_CONFIG, "no memory");
  if (ok && !out.failed) return out.p;
  sl_buf_fini(&out);
  return NULL;
}

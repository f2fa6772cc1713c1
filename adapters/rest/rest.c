/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/rest/rest.h"

#include <strings.h>

/* Characters of a dot at p ("." or "%2e"); 0: it is none. */
static size_t dot_at(const char *p)
{
  return *p == '.' ? 1 : strncasecmp(p, "%2e", 3) == 0 ? 3 : 0;
}

static bool is_dot_segment(const char *p, const char *end)
{
  for (int dots = 0; p <= end; dots++) {
    if (p == end) return dots == 1 || dots == 2;
    size_t len = dot_at(p);
    if (!len) return false;
    p += len;
  }
  return false;
}

static bool has_dot_segment(const char *target)
{
  const char *end = target + strcspn(target, "?#");
  for (const char *p = target; p < end;) {
    const char *segment = p + (*p == '/');
    p = segment + strcspn(segment, "/?#");
    if (is_dot_segment(segment, p)) return true;
  }
  return false;
}

const char *sl_rest_url(sl_arena_t *arena, const char *base, const char *target, sl_err_t *err)
{
  int base_len = (int)strlen(base);
  if (has_dot_segment(target)) {
    sl_err_set(err, SL_INVALID, "an argument of the path must be neither \".\" nor \"..\"");
    return NULL;
  }
  while (base_len > 0 && base[base_len - 1] == '/') base_len--;
  const char *url = sl_arena_printf(arena, "%.*s%s%s", base_len, base,
                                    *target && !strchr("/?", *target) ? "/" : "", target);
  if (!url) sl_err_set(err, SL_TOO_LARGE, "the request is too large");
  return url;
}

const char *sl_rest_header(sl_arena_t *arena, sl_str_t name, sl_str_t value)
{
  return value.len ? sl_arena_printf(arena, "%.*s: %.*s", SL_STR_ARG(name), SL_STR_ARG(value))
                   : sl_arena_printf(arena, "%.*s;", SL_STR_ARG(name));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

sl_code_t sl_input_read(const char *path, sl_buf_t *out, sl_err_t *err)
{
  bool standard = !strcmp(path, "-");
  FILE *f = standard ? stdin : fopen(path, "rbe");
  if (!f) return sl_err_set(err, SL_INVALID, "%s: %s", path, strerror(errno));
  size_t n = 1;
  while (n && sl_buf_reserve(out, 64 * 1024)) {
    n = fread(out->p + out->len, 1, 64 * 1024, f);
    out->len += n;
  }
  bool broken = ferror(f);
  if (!standard) fclose(f);
  if (broken) return sl_err_set(err, SL_INVALID, "%s cannot be read", path);
  if (out->failed) return sl_err_set(err, SL_TOO_LARGE, "%s is too large", path);
  return SL_OK;
}

static const char *skip_space(const char *p, const char *end)
{
  while (p < end && strchr(" \t\r\n", *p) && *p) p++;
  return p;
}

static sl_str_t take(sl_str_t *text_p, const char *from, const char *to)
{
  const char *end = text_p->p + text_p->len;
  *text_p = sl_strn(to, (size_t)(end - to));
  return sl_strn(from, (size_t)(to - from));
}

/* Behind the first `mark` from p on; end if there is none. */
static const char *behind(const char *p, const char *end, const char *mark)
{
  const char *at = memmem(p, (size_t)(end - p), mark, strlen(mark));
  return at ? at + strlen(mark) : end;
}

/* Behind the tag that begins at p; quoted values may hold '>'. */
static const char *tag_end(const char *p, const char *end)
{
  for (char quote = 0; p < end; p++) {
    if (quote)
      quote = *p == quote ? 0 : quote;
    else if (*p == '"' || *p == '\'')
      quote = *p;
    else if (*p == '>')
      return p + 1;
  }
  return end;
}

sl_str_t sl_input_xml(sl_str_t *text_p)
{
  const char *end = text_p->p + text_p->len, *from = skip_space(text_p->p, end), *p = from;
  for (size_t depth = 0; p < end;) {
    const char *open = memchr(p, '<', (size_t)(end - p));
    if (!open) return take(text_p, from, end);
    size_t left = (size_t)(end - open);
    if (left > 1 && open[1] == '?')
      p = behind(open, end, "?>");
    else if (left > 3 && !memcmp(open, "<!--", 4))
      p = behind(open + 4, end, "-->");
    else if (left > 8 && !memcmp(open, "<![CDATA[", 9))
      p = behind(open, end, "]]>");
    else {
      p = tag_end(open, end);
      bool closing = left > 1 && open[1] == '/', single = p[-1] == '>' && p[-2] == '/';
      if (closing && depth)
        depth--;
      else if (!closing && !single && !(left > 1 && open[1] == '!'))
        depth++;
      if (!depth && (closing || single)) return take(text_p, from, p);
    }
  }
  return take(text_p, from, end);
}

/* Behind the string that begins at p. */
static const char *string_end(const char *p, const char *end)
{
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\') p++;
  return p < end ? p + 1 : end;
}

sl_str_t sl_input_json(sl_str_t *text_p)
{
  const char *end = text_p->p + text_p->len, *from = skip_space(text_p->p, end), *p = from;
  size_t depth = 0;
  while (p < end) {
    if (*p == '"')
      p = string_end(p, end);
    else if (*p == '{' || *p == '[')
      depth++, p++;
    else if (*p == '}' || *p == ']')
      depth -= depth > 0, p++;
    else if (depth || !strchr(" \t\r\n\"{[", *p) || !*p) {
      p++;
      continue; /* inside a container, or a number or word that goes on */
    }
    if (!depth) return take(text_p, from, p);
  }
  return take(text_p, from, end);
}

sl_str_t sl_input_row(sl_str_t *text_p)
{
  const char *end = text_p->p + text_p->len, *from = text_p->p, *p;
  while (from < end && strchr("\r\n", *from) && *from) from++;
  bool quoted = false;
  for (p = from; p < end && (quoted || *p != '\n'); p++)
    if (*p == '"') quoted = !quoted; /* a doubled quote toggles twice */
  return take(text_p, from, p);
}

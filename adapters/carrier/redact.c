/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "adapters/carrier/carrier.h"

/* Parts of the names of elements, attributes, JSON members and headers that hold credentials. */
static const char *const secrets[] = {"password", "passwd",        "passphrase", "pwd",
                                      "secret",   "token",         "apikey",     "api-key",
                                      "api_key",  "authorization", "cookie",     "credential"};

static bool is_secret(sl_str_t name)
{
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
    size_t len = strlen(secrets[i]);
    for (size_t at = 0; at + len <= name.len; at++)
      if (strncasecmp(name.p + at, secrets[i], len) == 0) return true;
  }
  return false;
}

static bool in_name(char c)
{
  return isalnum((unsigned char)c) || strchr("_-.", c) || (unsigned char)c >= 0x80;
}

static size_t until(sl_str_t text, size_t at, char end)
{
  while (at < text.len && text.p[at] != end) at += text.p[at] == '\\' && end == '"' ? 2 : 1;
  return at < text.len ? at : text.len;
}

static size_t spaces(sl_str_t text, size_t at)
{
  while (at < text.len && strchr(" \t\r\n", text.p[at])) at++;
  return at;
}

/* The value behind the secret name that ends at `at`: its start, and its end in *end_p. Start equal
 * to end: there is none (an end tag, say). */
static size_t value_of(sl_str_t text, size_t at, char before, size_t *end_p)
{
  size_t start = at;
  if (before == '<') { /* <Password Type="…">value</ */
    start = until(text, at, '>');
    *end_p = start + 1 < text.len && text.p[start - 1] != '/' ? until(text, start, '<') : start;
    return start < *end_p ? start + 1 : start;
  }
  if (before == '/') return *end_p = at;
  start = spaces(text, start < text.len && text.p[start] == '"' ? start + 1 : start);
  if (start == text.len || !strchr("=:", text.p[start])) return *end_p = at;
  start = spaces(text, start + 1);
  char quote = start < text.len ? text.p[start] : '\0';
  if (quote == '"' || quote == '\'') {
    *end_p = until(text, start + 1, quote);
    return start + 1;
  }
  /* A header's value goes to the end of its line; a bare JSON value ends before that. */
  for (*end_p = start; *end_p < text.len && !strchr("\r\n,}", text.p[*end_p]);) (*end_p)++;
  return start;
}

/* A colon belongs to the names of XML (wsse:Password); elsewhere it ends one. */
static size_t name_end(sl_str_t text, size_t at)
{
  bool tag = at > 0 && (text.p[at - 1] == '<' || text.p[at - 1] == '/');
  size_t end = at;
  while (end < text.len && (in_name(text.p[end]) || (tag && text.p[end] == ':'))) end++;
  return end;
}

/* Behind "://": the end of "user:password", which stands before an '@'; at, if there is none. */
static size_t userinfo_end(sl_str_t text, size_t at)
{
  if (at < 3 || memcmp(text.p + at - 3, "://", 3) != 0) return at;
  size_t end = at;
  while (end < text.len && !strchr("/?#@<>\"' \t\r\n", text.p[end])) end++;
  return end < text.len && text.p[end] == '@' ? end : at;
}

void sl_carrier_redact(sl_str_t text, sl_buf_t *out)
{
  for (size_t at = 0, end; at < text.len; at = end) {
    end = userinfo_end(text, at);
    if (end > at) {
      sl_buf_addz(out, "***");
      continue;
    }
    end = name_end(text, at);
    if (end == at) end++;
    sl_str_t name = sl_strn(text.p + at, end - at);
    sl_buf_adds(out, name);
    if (!is_secret(name)) continue;
    size_t value_end, value = value_of(text, end, at ? text.p[at - 1] : '\0', &value_end);
    if (value >= value_end) continue;
    sl_buf_add(out, text.p + end, value - end);
    sl_buf_addz(out, "***");
    end = value_end;
  }
}

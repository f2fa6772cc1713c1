/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/http_check.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sys/queue.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 §5.6.2: tchar. */
static bool is_token(const char *z)
{
  static const char others[] = "!#$%&'*+-.^_`|~";
  if (!*z) return false;
  for (; *z; z++) {
    char c = *z;
    bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!alnum && !strchr(others, c)) return false;
  }
  return true;
}

/* RFC 9110 §5.5: VCHAR, obs-text, space and tab. */
static bool is_value(const char *z)
{
  for (; *z; z++)
    if (((unsigned char)*z < 0x20 && *z != '\t') || *z == 0x7f) return false;
  return true;
}

static bool is_digits(const char *z)
{
  size_t n = strspn(z, "0123456789");
  return n > 0 && n < 19 && !z[n];
}

const char *sl_http_check(const struct evkeyvalq *headers, sl_http_framing_t how)
{
  int hosts = 0, lengths = 0, codings = 0;
  bool body = false;
  const struct evkeyval *h;
  TAILQ_FOREACH(h, headers, next)
  {
    if (!is_token(h->key)) return "a header name holds a character that it may not";
    if (!is_value(h->value)) return "a header holds a control character";
    if (!strcasecmp(h->key, "Host")) {
      hosts++;
      if (strpbrk(h->value, " \t,/@")) return "the Host header is not a host";
    } else if (!strcasecmp(h->key, "Content-Length")) {
      lengths++;
      if (!is_digits(h->value)) return "Content-Length is not a number of bytes";
      body = body || strspn(h->value, "0") != strlen(h->value);
    } else if (!strcasecmp(h->key, "Transfer-Encoding")) {
      codings++;
      if (strcasecmp(h->value, "chunked")) return "the only transfer coding served is chunked";
      body = true;
    }
  }
  if (hosts > 1) return "there is more than one Host header";
  if (how.http11 && !hosts) return "there is no Host header";
  if (lengths > 1) return "there is more than one Content-Length";
  if (codings > 1) return "there is more than one Transfer-Encoding";
  if (lengths && codings) return "Content-Length and Transfer-Encoding exclude each other";
  if (codings && !how.http11) return "HTTP/1.0 knows no Transfer-Encoding";
  if (how.head && body) return "a HEAD request has no body";
  return NULL;
}

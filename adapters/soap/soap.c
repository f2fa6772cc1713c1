/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/soap/soap.h"

#include <strings.h>

static void line(sl_buf_t *out, const char *text)
{
  sl_buf_addz(out, text);
  sl_buf_addc(out, '\0');
}

/* A quoted-string of RFC 9110 §5.6.4. Action URIs hold neither quotes nor backslashes, but a WSDL
 * may say anything. */
static void quoted(sl_buf_t *out, const char *text)
{
  sl_buf_addc(out, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') sl_buf_addc(out, '\\');
    sl_buf_addc(out, *text);
  }
  sl_buf_addc(out, '"');
}

int sl_soap_headers(int version, const char *action, sl_buf_t *out)
{
  if (version == 12) {
    sl_buf_addz(out, "Content-Type: application/soap+xml; charset=utf-8");
    if (*action) {
      sl_buf_addz(out, "; action=");
      quoted(out, action);
    }
    sl_buf_addc(out, '\0');
    line(out, "Accept: application/soap+xml");
    return 2;
  }
  line(out, "Content-Type: text/xml; charset=utf-8");
  line(out, "Accept: text/xml");
  sl_buf_addz(out, "SOAPAction: ");
  quoted(out, action);
  sl_buf_addc(out, '\0');
  return 3;
}

static bool is_xml(const char *content_type)
{
  static const char *const types[] = {"text/xml", "application/soap+xml", "application/xml"};
  for (size_t i = 0; content_type && i < sizeof types / sizeof *types; i++)
    if (strncasecmp(content_type, types[i], strlen(types[i])) == 0) return true;
  return false;
}

bool sl_soap_reads(int status, const char *content_type)
{
  return status == 200 || status == 202 || status == 500 || (status == 400 && is_xml(content_type));
}

/* The charset parameter's value; len 0: none. */
static sl_str_t charset_of(const char *content_type)
{
  static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                   "._-";
  const char *p = content_type ? strcasestr(content_type, "charset=") : NULL;
  if (!p) return sl_strn(NULL, 0);
  p += strlen("charset=");
  if (*p == '"') p++;
  return sl_strn(p, strspn(p, name_chars));
}

static bool same(sl_str_t a, const char *z)
{
  return a.len == strlen(z) && strncasecmp(a.p, z, a.len) == 0;
}

size_t sl_soap_prolog(const char *content_type, sl_str_t first, sl_buf_t *out)
{
  sl_str_t charset = charset_of(content_type);
  size_t skip = 0;
  /* UTF-16 shows by its first bytes, "<" and NUL; other marks are no ASCII either. */
  if (!charset.len || same(charset, "utf-8") || !first.len || first.p[0] != '<') return 0;
  if (first.len > 1 && first.p[1] == '\0') return 0;
  if (first.len > 5 && memcmp(first.p, "<?xml", 5) == 0 && strchr(" \t\r\n", first.p[5])) {
    const char *end = memmem(first.p, first.len, "?>", 2);
    if (!end || memmem(first.p, (size_t)(end - first.p), "encoding", 8)) return 0;
    skip = (size_t)(end + 2 - first.p);
  }
  sl_buf_addz(out, "<?xml version=\"1.0\" encoding=\"");
  sl_buf_adds(out, charset);
  sl_buf_addz(out, "\"?>");
  return skip;
}

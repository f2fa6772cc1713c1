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

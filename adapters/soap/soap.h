/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * soap: how SOAP 1.1 and 1.2 sit on HTTP: a POST of the envelope (SOAP 1.1 §6, SOAP 1.2 Part 2 §7),
 * and which answers hold an envelope to read. The envelope itself is the engine's.
 */
#ifndef SL_SOAP_SOAP_H
#define SL_SOAP_SOAP_H

#include <stdbool.h>
#include "core/buf.h"

/* The header lines for version (11 or 12) and action, each with a NUL behind it, appended to out;
 * returns how many. SOAP 1.1 has a SOAPAction header, quoted and sent even when empty (§6.1.1);
 * SOAP 1.2 a parameter of the media type, left out when empty (RFC 3902). */
int sl_soap_headers(int version, const char *action, sl_buf_t *out);

/* 200 holds an answer, 500 a fault; 400 too in SOAP 1.2 (env:Sender, Part 2 §7.5.1.2), which is
 * told from some proxy's page by its media type. 202 is the empty answer of a one-way operation. */
bool sl_soap_reads(int status, const char *content_type);

/* Some servers name the encoding in the media type alone: then the answer gets an XML declaration
 * that says it (appended to out), in place of the returned number of bytes of its beginning. A
 * declaration that names an encoding, and a byte order mark, are believed before the media type,
 * against RFC 7303 §3: frameworks that send both wrote the body, and proxies the header. */
size_t sl_soap_prolog(const char *content_type, sl_str_t first, sl_buf_t *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/reader_xml_impl.h"

static bool called(const sl_xml_start_t *s, const char *name)
{
  return !strcmp((const char *)s->name, name);
}

/* SOAP 1.1 §4.2.3, 1.2 part 1 §5.2.3: what we do not understand and must, is an error. */
static bool must_understand(const sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  for (int i = 0; i < s->n_attrs; i++) {
    const xmlChar **a = s->attrs + (size_t)i * 5;
    size_t len = (size_t)(a[4] - a[3]);
    if (a[2] != r->envelope_ns || strcmp((const char *)a[0], "mustUnderstand")) continue;
    if ((len == 1 && a[3][0] == '1') || (len == 4 && !memcmp(a[3], "true", 4))) return true;
  }
  return false;
}

static void start_envelope(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  bool ours = s->uri == r->parser->soap11 || s->uri == r->parser->soap12;
  if (!ours || !called(s, "Envelope")) {
    sl_xml_fail(r, SL_GARBAGE, "the answer is not a SOAP envelope but <%.60s>",
                (const char *)s->name);
    return;
  }
  r->envelope_ns = s->uri;
  r->where = SL_XW_ENVELOPE;
}

static void start_in_envelope(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  if (s->uri == r->envelope_ns && called(s, "Header"))
    r->where = SL_XW_HEADER;
  else if (s->uri == r->envelope_ns && called(s, "Body"))
    r->where = SL_XW_BODY;
  else
    r->skip = 1;
}

static void start_in_body(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  if (s->uri == r->envelope_ns && called(s, "Fault")) {
    r->fault.found = true;
    r->where = SL_XW_FAULT;
  } else if (r->found || !r->root || !r->root->frame->xml) {
    r->skip = 1;
  } else {
    sl_xml_enter_root(r, s);
  }
}

static void start_in_fault(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  r->skip = 0;
  switch (r->where) {
  case SL_XW_FAULT:
    if (called(s, "faultcode")) {
      sl_xml_capture(r, &r->fault_code);
      r->where = SL_XW_FAULT_CODE;
    } else if (called(s, "faultstring")) {
      sl_xml_capture(r, &r->fault_text);
      r->where = SL_XW_FAULT_REASON;
    } else if (called(s, "Code")) {
      r->where = SL_XW_FAULT_CODE;
    } else if (called(s, "Reason")) {
      r->where = SL_XW_FAULT_REASON;
    } else if (called(s, "detail") || called(s, "Detail")) {
      r->where = SL_XW_FAULT_DETAIL;
    } else {
      r->skip = 1;
    }
    return;
  case SL_XW_FAULT_CODE:
    if (called(s, "Subcode"))
      r->where = SL_XW_FAULT_SUBCODE;
    else
      r->skip = 1;
    if (called(s, "Value")) sl_xml_capture(r, &r->fault_code);
    return;
  case SL_XW_FAULT_SUBCODE:
    r->skip = 1;
    if (called(s, "Value")) sl_xml_capture(r, &r->fault_subcode);
    return;
  case SL_XW_FAULT_REASON:
    r->skip = 1;
    if (called(s, "Text") && !r->fault_text.len) sl_xml_capture(r, &r->fault_text);
    return;
  default:
    r->skip = 1;
    if (!r->fault.detail.len) {
      size_t len = strlen((const char *)s->name);
      r->fault.detail = sl_arena_str(r->arena, sl_strn((const char *)s->name, len));
    }
  }
}

void sl_soap_start(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  switch (r->where) {
  case SL_XW_TOP: start_envelope(r, s); break;
  case SL_XW_ENVELOPE: start_in_envelope(r, s); break;
  case SL_XW_HEADER:
    r->skip = 1;
    if (must_understand(r, s))
      sl_xml_fail(r, SL_GARBAGE, "the answer has a header <%.60s> that must be understood",
                  (const char *)s->name);
    break;
  case SL_XW_BODY: start_in_body(r, s); break;
  case SL_XW_DONE: r->skip = 1; break;
  default: start_in_fault(r, s);
  }
}

void sl_soap_end(sl_xml_reader_t *r)
{
  r->text = NULL;
  switch (r->where) {
  case SL_XW_FAULT_SUBCODE: r->where = SL_XW_FAULT_CODE; break;
  case SL_XW_FAULT_CODE:
  case SL_XW_FAULT_REASON:
  case SL_XW_FAULT_DETAIL: r->where = SL_XW_FAULT; break;
  case SL_XW_FAULT: r->where = SL_XW_BODY; break;
  case SL_XW_HEADER:
  case SL_XW_BODY: r->where = SL_XW_ENVELOPE; break;
  default: r->where = SL_XW_DONE;
  }
}

/* "soap:Server" → "Server". Codes of 1.1 may be dotted ("Client.Authentication"): kept. */
static sl_str_t local(const sl_slot_t *slot)
{
  const char *p = slot->p ? slot->p : "", *end = p + slot->len;
  while (p < end && strchr(" \t\r\n", *p)) p++;
  while (end > p && strchr(" \t\r\n", end[-1])) end--;
  const char *colon = p < end ? memchr(p, ':', (size_t)(end - p)) : NULL;
  if (colon) p = colon + 1;
  return sl_strn(p, (size_t)(end - p));
}

void sl_soap_finish(sl_xml_reader_t *r)
{
  r->fault.code = local(&r->fault_code);
  r->fault.subcode = local(&r->fault_subcode);
  r->fault.text = sl_strn(r->fault_text.p, r->fault_text.len);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/field.h"
#include "mappings/engine/reader_json.h"
#include "mappings/engine/run_impl.h"
#include "mappings/engine/verdict.h"
#include "mappings/engine/writer_json.h"
#include "mappings/engine/writer_xml.h"

/* An answer in pieces is put together up to this; the adapters' own limit is usually lower. */
#define MAX_JSON_ANSWER ((size_t)64 * 1024 * 1024)

static sl_code_t too_large(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than a message may be");
}

static sl_code_t answer_too_large(sl_err_t *err)
{
  return sl_err_set(err, SL_GARBAGE, "the answer is larger than a message may be");
}

/* --- the request: SOAP
 * ------------------------------------------------------------------------------------------- */

static sl_code_t soap_request(sl_run_t *self, sl_buf_t *out, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  sl_code_t code = SL_OK;
  sl_buf_adds(out, op->head);
  if (op->wsdl->input) code = sl_xml_write(self->request, NULL, self->arena, out, err);
  sl_buf_adds(out, op->tail);
  if (code) return code;
  return out->failed ? too_large(err) : SL_OK;
}

/* --- the request: REST
 * ------------------------------------------------------------------------------------------- */

static void percent(sl_buf_t *out, sl_str_t text)
{
  static const char hex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.p[i];
    bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                 (c && strchr("-._~", c)); /* RFC 3986 §2.3 */
    if (plain) {
      sl_buf_addc(out, (char)c);
    } else {
      sl_buf_addc(out, '%');
      sl_buf_addc(out, hex[c >> 4]);
      sl_buf_addc(out, hex[c & 15]);
    }
  }
}

/* The legacy text of a REST end ("path:no"), or of the consumer's argument of that name. */
static sl_code_t end_text(sl_run_t *self, const char *prefix, const char *name, size_t len,
                          sl_str_t *text, bool *there, sl_err_t *err)
{
  const sl_frame_t *f = self->op->request;
  const sl_http_end_t *ends[] = {f->rest, f->http};
  const size_t counts[] = {f->n_rest, f->n_http};
  size_t p = strlen(prefix);
  *there = false;
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i < counts[k]; i++) {
      const sl_http_end_t *e = &ends[k][i];
      if (e->name.len != p + len || memcmp(e->name.p, prefix, p) ||
          memcmp(e->name.p + p, name, len))
        continue;
      sl_legacy_t v;
      sl_code_t code = sl_field_write(e->field, self->request, self->arena, &v, err);
      if (code) return code;
      *text = v.state == SL_L_TEXT || v.state == SL_L_BLANK ? v.text : sl_strn("", 0);
      *there = v.state != SL_L_MISSING && v.state != SL_L_NIL;
      return SL_OK;
    }
  return SL_OK;
}

static sl_code_t rest_path(sl_run_t *self, sl_buf_t *out, sl_err_t *err)
{
  for (const char *p = self->op->rest_path; *p;) {
    if (*p != '{') {
      sl_buf_addc(out, *p++);
      continue;
    }
    size_t len = strcspn(p + 1, "}");
    sl_str_t text;
    bool there;
    sl_code_t code = end_text(self, "path:", p + 1, len, &text, &there, err);
    if (code) return code;
    if (!there || !text.len) return sl_err_set(err, SL_INVALID, "a value of the path is missing");
    percent(out, text);
    p += len + 1 + (p[len + 1] == '}');
  }
  return SL_OK;
}

static sl_code_t rest_ends(sl_run_t *self, sl_buf_t *out, sl_err_t *err)
{
  const sl_frame_t *f = self->op->request;
  char mark = '?';
  self->headers = sl_arena_alloc(self->arena, (f->n_rest + 1) * sizeof *self->headers);
  if (!self->headers) return too_large(err);
  for (size_t i = 0; i < f->n_rest; i++) {
    sl_str_t name = f->rest[i].name, text;
    bool query = name.len > 6 && !memcmp(name.p, "query:", 6),
         header = !memcmp(name.p, "header:", 7), there;
    size_t p = query ? 6 : 7;
    if (!query && !header) continue;
    sl_code_t code =
        end_text(self, query ? "query:" : "header:", name.p + p, name.len - p, &text, &there, err);
    if (code) return code;
    if (!there) continue;
    if (header) {
      if (memchr(text.p, '\n', text.len) || memchr(text.p, '\r', text.len))
        return sl_err_field(err, SL_INVALID, f->rest[i].field->label,
                            "a header cannot hold a line end");
      self->headers[self->n_headers++] =
          (sl_answer_header_t){sl_strn(name.p + p, name.len - p), text};
      continue;
    }
    sl_buf_addc(out, mark);
    sl_buf_add(out, name.p + p, name.len - p);
    sl_buf_addc(out, '=');
    percent(out, text);
    mark = '&';
  }
  return SL_OK;
}

static sl_code_t rest_request(sl_run_t *self, sl_buf_t *out, sl_err_t *err)
{
  sl_buf_t path;
  sl_buf_init(&path, 64 * 1024);
  sl_code_t code = rest_path(self, &path, err);
  if (!code) code = rest_ends(self, &path, err);
  if (!code) {
    self->target = sl_arena_strndup(self->arena, path.p ? path.p : "", path.len);
    if (!self->target || path.failed) code = too_large(err);
  }
  sl_buf_fini(&path);
  if (code || !self->op->request->legacy_json->writable) return code;
  return sl_json_write_legacy(self->request, self->arena, out, err);
}

sl_code_t sl_run_request(sl_run_t *self, sl_buf_t *out, sl_err_t *err)
{
  sl_code_t code = sl_run_read_input(self, err);
  if (code) return code;
  if (sl_run_reads_base(self)) return sl_run_request(self->base, out, err);
  self->asked = true;
  return self->op->mapping->kind == SL_KIND_SOAP ? soap_request(self, out, err)
                                                 : rest_request(self, out, err);
}

const char *sl_run_target(const sl_run_t *self)
{
  if (sl_run_reads_base(self)) return sl_run_target(self->base);
  return self->target ? self->target : "";
}

const sl_answer_header_t *sl_run_request_header(const sl_run_t *self, size_t i)
{
  if (sl_run_reads_base(self)) return sl_run_request_header(self->base, i);
  return i < self->n_headers ? &self->headers[i] : NULL;
}

/* --- the answer
 * -----------------------------------------------------------------------------------------------------
 */

static void answer_problem(sl_run_t *self, const sl_when_t *when, sl_str_t detail)
{
  sl_when_problem(self->op, when, detail, &self->problem);
  self->answer.status = when->status;
  self->answer.problem = &self->problem;
  self->answered = true;
}

static sl_str_t slot_text(const sl_record_t *record, const sl_field_t *field)
{
  const sl_slot_t *slot = &record->slots[field->slot];
  return slot->state == SL_L_TEXT ? sl_strn(slot->p, slot->len) : sl_strn("", 0);
}

/* A status that says the system did not serve us, and nothing that the mapping knows. */
static sl_code_t bad_status(int status, sl_err_t *err)
{
  sl_code_t code = status == 503 ? SL_UNAVAILABLE : status == 429 ? SL_LIMITED : SL_GARBAGE;
  return sl_err_set(err, code, "the legacy system answered with status %d", status);
}

static sl_code_t judge(sl_run_t *self, int status, int *success_p, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  for (size_t i = 0; i < op->n_outcomes; i++) {
    const sl_outcome_t *o = &op->outcomes[i];
    char digits[16];
    snprintf(digits, sizeof digits, "%d", status);
    sl_str_t code =
        o->source == SL_FROM_FIELD ? slot_text(self->response, o->field) : sl_str(digits);
    const sl_when_t *when = sl_outcome_pick(o, code);
    if (!when) return sl_err_set(err, SL_BUG, "an outcome without otherwise");
    if (when->status >= 300) {
      answer_problem(self, when,
                     when->detail ? slot_text(self->response, when->detail) : sl_strn("", 0));
      return SL_OK;
    }
    *success_p = when->status;
  }
  return SL_OK;
}

static sl_code_t headers(sl_run_t *self, sl_err_t *err)
{
  const sl_frame_t *f = self->op->response;
  for (size_t i = 0; i < f->n_http && self->answer.n_headers < SL_ANSWER_HEADERS; i++) {
    const sl_http_end_t *e = &f->http[i];
    if (e->name.len <= 7 || memcmp(e->name.p, "header:", 7)) continue;
    sl_buf_t text;
    sl_read_t result;
    sl_buf_init(&text, 8192);
    sl_code_t code = sl_field_read_text(e->field, self->response, self->arena, &text, &result, err);
    sl_str_t value = sl_arena_str(self->arena, sl_buf_str(&text));
    bool line = memchr(value.p ? value.p : "", '\n', value.len) ||
                memchr(value.p ? value.p : "", '\r', value.len);
    sl_buf_fini(&text);
    if (code) return code;
    /* RFC 9110 §8.8.3: in quotes. */
    if (sl_str_eqz(e->name, "header:etag") && value.len && !strchr("\"W", value.p[0]))
      value = sl_str(sl_arena_printf(self->arena, "\"%.*s\"", SL_STR_ARG(value)));
    if (!value.p) return answer_too_large(err);
    if (line)
      return sl_err_field(err, SL_GARBAGE, e->field->label,
                          "holds a line end, which a header cannot");
    if (result == SL_READ_VALUE)
      self->answer.headers[self->answer.n_headers++] =
          (sl_answer_header_t){sl_strn(e->name.p + 7, e->name.len - 7), value};
  }
  return SL_OK;
}

sl_code_t sl_run_conclude(sl_run_t *self, int status, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  int success = op->body ? 200 : 204;
  if ((status < 200 || status >= 300) && !op->info.judges_status) return bad_status(status, err);
  sl_code_t code = judge(self, status, &success, err);
  if (code || self->answered) return code;
  if (op->status) success = op->status;
  self->answer.status = success;
  code = headers(self, err);
  if (!code && op->body && !self->is_base && success != 204 && success != 205)
    code = sl_json_write(self->response, self->arena, self->out, err);
  if (!code) self->answered = true;
  return code;
}

static sl_code_t soap_conclude(sl_run_t *self, int status, sl_err_t *err)
{
  const sl_soap_fault_t *fault = sl_xml_reader_fault(self->xml);
  const sl_op_t *op = self->op;
  if (fault->found) {
    static const sl_when_t unmapped = {.status = 502, .problem = "legacy-fault"};
    const sl_when_t *when = sl_fault_pick(op, fault);
    answer_problem(self, when ? when : &unmapped,
                   when && when->fault_text ? fault->text : sl_strn("", 0));
    return SL_OK;
  }
  bool wanted = op->wsdl->output && (op->body || op->n_outcomes);
  if ((status >= 200 && status < 300) && wanted && !sl_xml_reader_found(self->xml))
    return sl_err_set(err, SL_GARBAGE, "the answer's Body is empty");
  return sl_run_conclude(self, status, err);
}

static sl_code_t soap_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                           sl_err_t *err)
{
  if (!self->xml && final && !len && !self->op->wsdl->output)
    return sl_run_conclude(self, status, err);
  if (!self->xml) {
    self->xml = sl_xml_reader_new(self->op->mapping, self->arena, self->response, true);
    if (!self->xml || (self->is_base && !sl_xml_reader_carry(self->xml)))
      return answer_too_large(err);
  }
  sl_code_t code = sl_xml_reader_feed(self->xml, data, len, final, err);
  /* 500 is a fault's status (SOAP 1.1 §6.2); what is not XML under another one says nothing more.
   */
  if (code == SL_GARBAGE && (status < 200 || status >= 300) && !sl_xml_reader_found(self->xml))
    return bad_status(status, err);
  if (code || !final) return code;
  return soap_conclude(self, status, err);
}

static sl_code_t json_conclude(sl_run_t *self, int status, sl_str_t text, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  bool ok = status >= 200 && status < 300;
  if (text.len && (op->body || op->n_outcomes)) {
    sl_err_t bad;
    sl_code_t code = sl_json_read_legacy(self->response, self->arena, text,
                                         op->mapping->reject_unknown, &self->unknown, &bad);
    /* An error page in another format is no news: its status decides. */
    if (code && (ok || code != SL_GARBAGE)) {
      if (err) *err = bad;
      return code;
    }
  } else if (ok && op->body && status != 204) {
    return sl_err_set(err, SL_GARBAGE, "the answer has no body");
  }
  return sl_run_conclude(self, status, err);
}

static sl_code_t json_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                           sl_err_t *err)
{
  if (final && !self->fed) return json_conclude(self, status, sl_strn(data, len), err);
  if (!self->fed) sl_buf_init(&self->text, MAX_JSON_ANSWER);
  self->fed = true;
  sl_buf_add(&self->text, data, len);
  if (self->text.failed) return answer_too_large(err);
  return final ? json_conclude(self, status, sl_buf_str(&self->text), err) : SL_OK;
}

sl_code_t sl_run_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                      sl_err_t *err)
{
  if (sl_run_reads_base(self)) return sl_run_base_feed(self, status, data, len, final, err);
  return self->op->mapping->kind == SL_KIND_SOAP ? soap_feed(self, status, data, len, final, err)
                                                 : json_feed(self, status, data, len, final, err);
}

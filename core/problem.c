/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/problem.h"

#include <ctype.h>
#include <stdio.h>

#include "core/jsonw.h"

/* The design's error table. A Retry-After of 1 s: by then a restarted adapter is usually back. */
static const sl_category_t table[] = {
    [SL_OK] = {200, "about:blank", "OK", 0},
    [SL_INVALID] = {400, "invalid-request", "The request is not valid", 0},
    [SL_NOT_FOUND] = {404, "not-found", "There is no such resource", 0},
    [SL_TOO_LARGE] = {413, "too-large", "The request is too large", 0},
    [SL_DENIED] = {403, "denied", "This is not allowed", 0},
    [SL_LIMITED] = {429, "limited", "Too many requests", 1},
    [SL_UNAVAILABLE] = {503, "unavailable", "The system is not available now", 1},
    [SL_TIMED_OUT] = {504, "timed-out", "The system did not answer in time", 0},
    [SL_IN_DOUBT] = {504, "in-doubt", "It is unknown whether the change was made", 0},
    [SL_LEGACY_ERROR] = {502, "legacy-error", "The system answered with an error", 0},
    [SL_GARBAGE] = {502, "legacy-garbage", "The system's answer could not be understood", 0},
    [SL_CONFIG] = {500, "configuration", "The service is not set up correctly", 0},
    [SL_CANCELLED] = {499, "cancelled", "The caller gave up", 0},
    [SL_BUG] = {500, "internal", "Something went wrong inside", 0},
};

const sl_category_t *sl_category(sl_code_t code)
{
  return &table[(size_t)code < sizeof table / sizeof *table ? code : SL_BUG];
}

void sl_problem_from_err(sl_problem_t *self, const sl_err_t *err)
{
  memset(self, 0, sizeof *self);
  self->code = err->code;
  snprintf(self->detail, sizeof self->detail, "%s", err->text);
  snprintf(self->field, sizeof self->field, "%s", err->field);
  sl_problem_complete(self);
}

void sl_problem_complete(sl_problem_t *self)
{
  const sl_category_t *row = sl_category(self->code);
  if (!self->title[0] && self->type[0]) {
    /* "customer-not-found" reads well enough as "Customer not found". */
    snprintf(self->title, sizeof self->title, "%s", self->type);
    for (char *p = self->title; *p; p++)
      if (*p == '-' || *p == '_') *p = ' ';
    self->title[0] = (char)toupper((unsigned char)self->title[0]);
  }
  if (!self->type[0]) snprintf(self->type, sizeof self->type, "%s", row->type);
  if (!self->title[0]) snprintf(self->title, sizeof self->title, "%s", row->title);
  if (!self->status) self->status = row->status;
  if (!self->retry_after_s) self->retry_after_s = row->retry_after_s;
}

static void member(sl_jsonw_t *w, const char *key, const char *value)
{
  if (!value[0]) return;
  sl_jsonw_key(w, key);
  sl_jsonw_z(w, value);
}

void sl_problem_write(const sl_problem_t *self, sl_buf_t *out)
{
  char type[128];
  /* RFC 9457 wants a URI; a urn needs no site to be kept alive for it. */
  snprintf(type, sizeof type, "%s%s",
           strchr(self->type, ':') ? "" : "urn:sluice:problem:", self->type);
  sl_jsonw_t w;
  sl_jsonw_init(&w, out);
  sl_jsonw_object(&w);
  member(&w, "type", type);
  member(&w, "title", self->title);
  sl_jsonw_key(&w, "status");
  sl_jsonw_int(&w, self->status);
  member(&w, "detail", self->detail);
  member(&w, "instance", self->instance);
  member(&w, "category", sl_code_name(self->code));
  member(&w, "field", self->field);
  member(&w, "system", self->system);
  sl_jsonw_object_end(&w);
}

const char sl_problem_schema[] =
    "{\"type\":\"object\",\"description\":\"problem details, RFC 9457\",\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
    "\"instance\":{\"type\":\"string\"},\"category\":{\"type\":\"string\"},"
    "\"field\":{\"type\":\"string\",\"description\":\"JSON pointer to the member at fault\"},"
    "\"system\":{\"type\":\"string\"}},\"required\":[\"type\",\"title\",\"status\"]}";

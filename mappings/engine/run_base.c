/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/run_impl.h"

/* The base operation's own arguments, of those that came. */
static const sl_input_t *input_of(const sl_op_t *base, const sl_input_t *in, sl_arena_t *arena)
{
  sl_input_t *out = sl_arena_zalloc(arena, sizeof *out);
  sl_arg_t *args = sl_arena_alloc(arena, (in->n_args + 1) * sizeof *args);
  if (!out || !args) return NULL;
  for (size_t i = 0; i < in->n_args; i++)
    for (size_t k = 0; k < base->request->n_http; k++)
      if (sl_str_eq(base->request->http[k].name, in->args[i].name)) {
        args[out->n_args++] = in->args[i];
        break;
      }
  out->args = args;
  return out;
}

bool sl_run_base_new(sl_run_t *self)
{
  const sl_op_t *base = self->op->base;
  const sl_input_t *in = input_of(base, self->in, self->arena);
  sl_run_t *run = in ? sl_run_new(base, self->arena, in, self->out) : NULL;
  if (!run || !sl_record_carry(run->response, self->arena)) return false;
  run->is_base = true;
  self->base = run;
  return true;
}

/* RFC 9110 §13.1.1, strong comparison: one of the listed tags, or * for any. */
static bool tag_listed(sl_str_t list, sl_str_t tag)
{
  const char *p = list.p, *end = p + list.len;
  if (sl_str_eqz(sl_trim(list), "*")) return true;
  while (p < end) {
    const char *from = p;
    bool weak = end - p > 2 && p[0] == 'W' && p[1] == '/';
    if (*p != '"' && !weak) {
      p++;
      continue;
    }
    p = memchr(p, '"', (size_t)(end - p));
    p = p ? memchr(p + 1, '"', (size_t)(end - p - 1)) : NULL;
    if (!p) return false;
    p++;
    if (!weak && sl_str_eq(sl_strn(from, (size_t)(p - from)), tag)) return true;
  }
  return false;
}

/* Has the record changed since the consumer read it? The system may still change it between the
 * read and the write: this narrows the gap, closing it takes the system's own check. */
static bool changed(const sl_run_t *self, const sl_answer_t *base)
{
  sl_str_t tag = {NULL, 0};
  for (size_t i = 0; i < base->n_headers; i++)
    if (sl_str_eqz(base->headers[i].name, "etag")) tag = base->headers[i].value;
  for (size_t i = 0; i < self->in->n_args; i++)
    if (sl_str_eqz(self->in->args[i].name, "header:if-match") &&
        !tag_listed(self->in->args[i].value, tag))
      return true;
  return false;
}

static void answer_changed(sl_run_t *self)
{
  sl_problem_t *p = &self->problem;
  memset(p, 0, sizeof *p);
  p->code = SL_LEGACY_ERROR;
  p->status = 412;
  snprintf(p->type, sizeof p->type, "changed-meanwhile");
  snprintf(p->system, sizeof p->system, "%s", self->op->mapping->system);
  snprintf(p->detail, sizeof p->detail,
           "the record is not the one that If-Match names: read it again");
  self->answer = (sl_answer_t){.status = 412, .problem = p};
  self->answered = true;
}

sl_code_t sl_run_base_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                           sl_err_t *err)
{
  sl_run_t *base = self->base;
  sl_answer_t answer = {0};
  sl_code_t code = sl_run_feed(base, status, data, len, final, err);
  if (code || !final) return code;
  code = sl_run_answer(base, &answer, err);
  if (code) return code;
  if (answer.problem) {
    self->answer = answer;
    self->answered = true;
    return SL_OK;
  }
  if (!base->response->carries[base->response->frame->place].first)
    return sl_err_set(err, SL_GARBAGE, "the answer of %s holds no record to write over",
                      base->op->info.name);
  if (changed(self, &answer)) return answer_changed(self), SL_OK;
  self->base_read = true;
  return sl_base_link(self->request, base->response, self->op->patch, self->arena, &self->scratch,
                      err);
}

bool sl_run_again(const sl_run_t *self)
{
  return self->base_read && !self->asked;
}

const sl_op_info_t *sl_run_info(const sl_run_t *self)
{
  return sl_run_reads_base(self) ? &self->op->base->info : &self->op->info;
}

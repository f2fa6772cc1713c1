/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/worker_proto.h"

#include <stdio.h>

/* --- writing -----------------------------------------------------------------------------------
 */

static void store32(char *p, uint32_t n)
{
  for (int i = 0; i < 4; i++) p[i] = (char)(n >> (8 * i) & 0xff);
}

static uint32_t load32(const char *p)
{
  uint32_t n = 0;
  for (int i = 0; i < 4; i++) n |= (uint32_t)(unsigned char)p[i] << (8 * i);
  return n;
}

static void put32(sl_buf_t *out, uint32_t n)
{
  char b[4];
  store32(b, n);
  sl_buf_add(out, b, sizeof b);
}

static void put64(sl_buf_t *out, uint64_t n)
{
  put32(out, (uint32_t)(n & 0xffffffff));
  put32(out, (uint32_t)(n >> 32));
}

static void puts32(sl_buf_t *out, sl_str_t s)
{
  put32(out, (uint32_t)s.len);
  sl_buf_adds(out, s);
}

void sl_wp_header(char out[SL_WP_HEADER], sl_wp_kind_t kind, unsigned flags, uint32_t call,
                  size_t len)
{
  out[0] = (char)kind;
  out[1] = (char)flags;
  out[2] = out[3] = 0;
  store32(out + 4, call);
  store32(out + 8, (uint32_t)len);
}

void sl_wp_put(sl_buf_t *out, sl_wp_kind_t kind, unsigned flags, uint32_t call, sl_str_t payload)
{
  char header[SL_WP_HEADER];
  sl_wp_header(header, kind, flags, call, payload.len);
  sl_buf_add(out, header, sizeof header);
  sl_buf_adds(out, payload);
}

/* The header is written again when the payload's length is known. */
static size_t begin(sl_buf_t *out)
{
  static const char blank[SL_WP_HEADER];
  size_t at = out->len;
  sl_buf_add(out, blank, sizeof blank);
  return at;
}

static void end(sl_buf_t *out, size_t at, sl_wp_kind_t kind, unsigned flags, uint32_t call,
                size_t behind)
{
  if (out->failed) return;
  sl_wp_header(out->p + at, kind, flags, call, out->len - at - SL_WP_HEADER + behind);
}

/* --- reading -----------------------------------------------------------------------------------
 */

int sl_wp_next(const char *p, size_t len, size_t max, sl_wp_frame_t *frame, size_t *used_p)
{
  *used_p = SL_WP_HEADER;
  if (len < SL_WP_HEADER) return 0;
  uint32_t payload = load32(p + 8);
  if (p[0] < SL_WP_HELLO || p[0] > SL_WP_FAIL || p[2] || p[3] || payload > max) return -1;
  *used_p = SL_WP_HEADER + (size_t)payload;
  if (len < *used_p) return 0;
  frame->kind = (sl_wp_kind_t)p[0];
  frame->flags = (unsigned char)p[1];
  frame->call = load32(p + 4);
  frame->payload = sl_strn(p + SL_WP_HEADER, payload);
  return 1;
}

/* A reader that stays broken once it ran over the end. */
struct in {
  const char *p, *end;
  bool broken;
};

static struct in in_open(const sl_wp_frame_t *frame)
{
  return (struct in){frame->payload.p, frame->payload.p + frame->payload.len, false};
}

static const char *take(struct in *in, size_t len)
{
  if (in->broken || (size_t)(in->end - in->p) < len) {
    in->broken = true;
    return NULL;
  }
  const char *p = in->p;
  in->p += len;
  return p;
}

static uint32_t get32(struct in *in)
{
  const char *p = take(in, 4);
  return p ? load32(p) : 0;
}

static uint64_t get64(struct in *in)
{
  uint64_t low = get32(in);
  return low | (uint64_t)get32(in) << 32;
}

static sl_str_t gets32(struct in *in)
{
  uint32_t len = get32(in);
  const char *p = take(in, len);
  return sl_strn(p, p ? len : 0);
}

static sl_str_t rest(struct in *in)
{
  size_t len = in->broken ? 0 : (size_t)(in->end - in->p);
  return sl_strn(take(in, len), len);
}

static bool whole(const struct in *in)
{
  return !in->broken && in->p == in->end;
}

/* --- HELLO, READY --------------------------------------------------------------------------------
 */

void sl_wp_put_hello(sl_buf_t *out, const sl_wp_hello_t *hello)
{
  size_t at = begin(out);
  puts32(out, hello->connection);
  puts32(out, hello->init_sql);
  puts32(out, hello->ended);
  put32(out, hello->login_timeout_s);
  put32(out, hello->busy_ms);
  put32(out, hello->memory_mib);
  put32(out, hello->max_body_kib);
  end(out, at, SL_WP_HELLO, 0, 0, 0);
}

bool sl_wp_get_hello(const sl_wp_frame_t *frame, sl_wp_hello_t *hello)
{
  struct in in = in_open(frame);
  hello->connection = gets32(&in);
  hello->init_sql = gets32(&in);
  hello->ended = gets32(&in);
  hello->login_timeout_s = get32(&in);
  hello->busy_ms = get32(&in);
  hello->memory_mib = get32(&in);
  hello->max_body_kib = get32(&in);
  return whole(&in);
}

void sl_wp_put_ready(sl_buf_t *out, const sl_wp_ready_t *ready)
{
  size_t at = begin(out);
  puts32(out, ready->driver);
  puts32(out, ready->dbms);
  puts32(out, ready->session);
  end(out, at, SL_WP_READY, 0, 0, 0);
}

bool sl_wp_get_ready(const sl_wp_frame_t *frame, sl_wp_ready_t *ready)
{
  struct in in = in_open(frame);
  ready->driver = gets32(&in);
  ready->dbms = gets32(&in);
  ready->session = gets32(&in);
  return whole(&in);
}

/* --- CALL, CREDIT --------------------------------------------------------------------------------
 */

void sl_wp_put_call(sl_buf_t *out, unsigned flags, uint32_t id, const sl_wp_call_t *call)
{
  size_t at = begin(out);
  puts32(out, call->operation);
  puts32(out, call->request);
  put64(out, call->credit);
  put32(out, (uint32_t)call->input.n_args);
  for (size_t i = 0; i < call->input.n_args; i++) {
    puts32(out, call->input.args[i].name);
    puts32(out, call->input.args[i].value);
  }
  sl_buf_adds(out, call->input.body);
  end(out, at, SL_WP_CALL, flags, id, 0);
}

bool sl_wp_get_call(const sl_wp_frame_t *frame, sl_wp_call_t *call, sl_arg_t *args)
{
  struct in in = in_open(frame);
  call->operation = gets32(&in);
  call->request = gets32(&in);
  call->credit = get64(&in);
  call->input.n_args = get32(&in);
  call->input.args = args;
  if (in.broken || call->input.n_args > SL_WP_MAX_ARGS) return false;
  for (size_t i = 0; i < call->input.n_args; i++) {
    args[i].name = gets32(&in);
    args[i].value = gets32(&in);
  }
  call->input.body = rest(&in);
  return whole(&in);
}

void sl_wp_put_credit(sl_buf_t *out, uint32_t id, uint64_t bytes)
{
  size_t at = begin(out);
  put64(out, bytes);
  end(out, at, SL_WP_CREDIT, 0, id, 0);
}

bool sl_wp_get_credit(const sl_wp_frame_t *frame, uint64_t *bytes_p)
{
  struct in in = in_open(frame);
  *bytes_p = get64(&in);
  return whole(&in);
}

/* --- ANSWER, FAIL, DOWN --------------------------------------------------------------------------
 */

static void put_problem(sl_buf_t *out, const sl_problem_t *problem)
{
  puts32(out, sl_str(problem->type));
  puts32(out, sl_str(problem->title));
  puts32(out, sl_str(problem->detail));
  puts32(out, sl_str(problem->field));
  put32(out, (uint32_t)problem->status);
  put32(out, (uint32_t)problem->retry_after_s);
  put32(out, (uint32_t)problem->code);
}

/* Text into a fixed member; what does not fit is cut, as printf would. */
static void get_text(struct in *in, char *to, size_t size)
{
  sl_str_t s = gets32(in);
  snprintf(to, size, "%.*s", SL_STR_ARG(s));
}

static void get_problem(struct in *in, sl_problem_t *problem)
{
  memset(problem, 0, sizeof *problem);
  get_text(in, problem->type, sizeof problem->type);
  get_text(in, problem->title, sizeof problem->title);
  get_text(in, problem->detail, sizeof problem->detail);
  get_text(in, problem->field, sizeof problem->field);
  problem->status = (int)(get32(in) & 0xffff);
  problem->retry_after_s = (int)(get32(in) & 0xffffff);
  problem->code = (sl_code_t)get32(in);
  if (problem->code > SL_BUG) in->broken = true;
}

void sl_wp_put_answer(sl_buf_t *out, unsigned flags, uint32_t id, const sl_answer_t *answer,
                      size_t len)
{
  size_t at = begin(out);
  put32(out, (uint32_t)answer->status);
  put32(out, (uint32_t)answer->n_headers);
  for (size_t i = 0; i < answer->n_headers; i++) {
    puts32(out, answer->headers[i].name);
    puts32(out, answer->headers[i].value);
  }
  put32(out, answer->problem != NULL);
  if (answer->problem) put_problem(out, answer->problem);
  end(out, at, SL_WP_ANSWER, flags, id, len);
}

bool sl_wp_get_answer(const sl_wp_frame_t *frame, sl_answer_t *answer, sl_problem_t *problem,
                      sl_str_t *body)
{
  struct in in = in_open(frame);
  memset(answer, 0, sizeof *answer);
  uint32_t status = get32(&in);
  answer->n_headers = get32(&in);
  if (in.broken || status < 100 || status > 599 || answer->n_headers > SL_ANSWER_HEADERS)
    return false;
  answer->status = (int)status;
  for (size_t i = 0; i < answer->n_headers; i++) {
    answer->headers[i].name = gets32(&in);
    answer->headers[i].value = gets32(&in);
  }
  if (get32(&in)) {
    get_problem(&in, problem);
    answer->problem = problem;
  }
  *body = rest(&in);
  return whole(&in);
}

void sl_wp_put_err(sl_buf_t *out, sl_wp_kind_t kind, uint32_t id, const sl_err_t *err)
{
  size_t at = begin(out);
  put32(out, (uint32_t)err->code);
  puts32(out, sl_str(err->field));
  puts32(out, sl_str(err->text));
  end(out, at, kind, SL_WP_LAST, id, 0);
}

bool sl_wp_get_err(const sl_wp_frame_t *frame, sl_err_t *err)
{
  struct in in = in_open(frame);
  sl_err_clear(err);
  uint32_t code = get32(&in);
  get_text(&in, err->field, sizeof err->field);
  get_text(&in, err->text, sizeof err->text);
  if (code == SL_OK || code > SL_BUG) return false;
  err->code = (sl_code_t)code;
  return whole(&in);
}

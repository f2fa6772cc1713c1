/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/example.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/csv.h"
#include "mappings/engine/run.h"
#include "mappings/laws/same.h"

#define MAX_MEMORY ((size_t)256 * 1024 * 1024)
enum { MAX_ARGS = 64, MAX_CELLS = 512 };

struct example {
  const sl_mapping_t *mapping;
  const sl_example_t *x;
  sl_example_report_t *report;
  void *context;
  sl_arena_t *arena;
  sl_buf_t legacy, json, body, request; /* the samples */
  sl_buf_t out, back, why;
  sl_err_t err;
};

/* --- samples ------------------------------------------------------------------------------------
 */

sl_code_t sl_sample_read(const sl_mapping_t *mapping, const sl_sample_t *sample, sl_buf_t *out,
                         sl_err_t *err)
{
  char path[4096], block[16384];
  if (!sample->file[0]) return sl_buf_adds(out, sample->text), SL_OK;
  const char *slash = strrchr(mapping->file, '/');
  int dir = slash && sample->file[0] != '/' ? (int)(slash - mapping->file) + 1 : 0;
  snprintf(path, sizeof path, "%.*s%s", dir, mapping->file, sample->file);
  FILE *f = fopen(path, "rb");
  if (!f) return sl_err_set(err, SL_CONFIG, "%s cannot be read: %s", path, strerror(errno));
  for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) sl_buf_add(out, block, n);
  bool broken = ferror(f);
  fclose(f);
  return broken ? sl_err_set(err, SL_CONFIG, "%s cannot be read", path) : SL_OK;
}

void sl_example_name(const sl_example_t *x, sl_buf_t *out)
{
  const char *file = x->legacy.file[0] ? x->legacy.file : x->json.file;
  sl_buf_addz(out, x->shape ? x->shape->name : x->op ? x->op->info.name : "example");
  if (file[0])
    sl_buf_printf(out, " %s", file);
  else
    sl_buf_printf(out, " line %d", x->line);
}

static void tell(struct example *e, const char *check, bool passed)
{
  e->report(e->context, check, passed ? NULL : sl_buf_z(&e->why));
  sl_buf_clear(&e->why);
}

/* An error as the reason of a failed check. */
static bool told(struct example *e, sl_code_t code)
{
  if (code)
    sl_buf_printf(&e->why, "%s%s%s", e->err.field, e->err.field[0] ? ": " : "", e->err.text);
  return code == SL_OK;
}

/* --- of a shape ---------------------------------------------------------------------------------
 */

static bool read_shape(struct example *e, const sl_buf_t *legacy, sl_buf_t *out)
{
  sl_buf_clear(out);
  sl_arena_reset(e->arena);
  return told(e, sl_shape_read(e->x->shape, e->arena, sl_buf_str(legacy), out, &e->err));
}

/* The element is called as in the example, which need not be the shape's name. */
static const char *root_of(struct example *e, char *name, size_t size)
{
  const char *p = sl_buf_z(&e->legacy);
  while ((p = strchr(p, '<')) && (p[1] == '?' || p[1] == '!')) p++;
  if (!p) return e->x->shape->name;
  size_t len = strcspn(p + 1, " \t\r\n/>");
  const char *colon = memchr(p + 1, ':', len);
  const char *local = colon ? colon + 1 : p + 1;
  snprintf(name, size, "%.*s", (int)(len - (size_t)(local - (p + 1))), local);
  return name;
}

static bool write_shape(struct example *e, const sl_buf_t *json, sl_buf_t *out)
{
  char name[256];
  const char *root = root_of(e, name, sizeof name);
  sl_buf_clear(out);
  sl_arena_reset(e->arena);
  return told(e, sl_shape_write(e->x->shape, e->arena, sl_buf_str(json), root, out, &e->err));
}

static bool same_legacy(struct example *e, sl_same_scope_t scope, const sl_buf_t *got)
{
  const sl_frame_t *f = e->x->shape->frame;
  sl_str_t wanted = sl_buf_str(&e->legacy);
  switch (e->mapping->kind) {
  case SL_KIND_SOAP:
    return sl_same_xml(e->mapping, f->xml, scope, wanted, sl_buf_str(got), &e->why);
  case SL_KIND_ODBC: return sl_same_csv(wanted, sl_buf_str(got), &e->why);
  default: return sl_same_json(f->legacy_json, true, scope, wanted, sl_buf_str(got), &e->why);
  }
}

static bool same_json(struct example *e, sl_same_scope_t scope, const sl_buf_t *wanted,
                      const sl_buf_t *got)
{
  return sl_same_json(e->x->shape->frame->json, false, scope, sl_buf_str(wanted), sl_buf_str(got),
                      &e->why);
}

static void run_shape(struct example *e)
{
  const sl_jnode_t *json = e->x->shape->frame->json;
  bool canonical = e->x->canonical, both = json->readable && json->writable;
  if (json->readable)
    tell(e, "read",
         read_shape(e, &e->legacy, &e->out) && same_json(e, SL_SAME_READ, &e->json, &e->out));
  if (json->writable)
    tell(e, "write",
         write_shape(e, &e->json, &e->out) &&
             (!canonical || same_legacy(e, SL_SAME_WRITTEN, &e->out)));
  if (!both) return;
  tell(e, "PutGet",
       write_shape(e, &e->json, &e->out) && read_shape(e, &e->out, &e->back) &&
           same_json(e, SL_SAME_BOTH, &e->json, &e->back));
  bool there = read_shape(e, &e->legacy, &e->back) && write_shape(e, &e->back, &e->out);
  if (there && canonical)
    there = same_legacy(e, SL_SAME_BOTH, &e->out);
  else if (there) { /* another spelling of the same: it reads the same */
    sl_buf_t again;
    sl_buf_init(&again, 0);
    there = read_shape(e, &e->out, &again) && same_json(e, SL_SAME_BOTH, &e->back, &again);
    sl_buf_fini(&again);
  }
  tell(e, "GetPut", there);
}

/* --- of an operation ----------------------------------------------------------------------------
 */

static char *unescaped(struct example *e, const char *p, size_t len)
{
  char *out = sl_arena_strndup(e->arena, p, len), *o = out;
  for (size_t i = 0; out && i < len; i++) {
    char hex[3] = {i + 1 < len ? p[i + 1] : '\0', i + 2 < len ? p[i + 2] : '\0', '\0'}, *end;
    long c = p[i] == '%' ? strtol(hex, &end, 16) : 0;
    if (p[i] == '%' && hex[1] && !*end)
      *o++ = (char)c, i += 2;
    else
      *o++ = p[i];
  }
  if (out) *o = '\0';
  return out;
}

static size_t read_args(struct example *e, sl_arg_t *args)
{
  size_t n = 0;
  for (const char *p = e->x->args; *p && n < MAX_ARGS;) {
    p += strspn(p, " \t\r\n");
    size_t len = strcspn(p, " \t\r\n");
    const char *eq = memchr(p, '=', len);
    if (eq) {
      char *value = unescaped(e, eq + 1, len - (size_t)(eq + 1 - p));
      args[n++] = (sl_arg_t){sl_strn(p, (size_t)(eq - p)), sl_str(value ? value : "")};
    }
    p += len;
  }
  return n;
}

static bool is_envelope(const sl_buf_t *xml)
{
  struct sl_buf copy = *xml;
  return memmem(copy.p ? copy.p : "", copy.len, "Envelope", 8) != NULL;
}

/* What stands in an envelope: an example may leave that out. */
static void in_envelope(struct example *e, sl_buf_t *xml)
{
  sl_buf_t whole;
  if (e->mapping->kind != SL_KIND_SOAP || is_envelope(xml)) return;
  const char *p = sl_buf_z(xml), *from = p;
  if (!strncmp(p, "<?xml", 5) && strstr(p, "?>")) from = strstr(p, "?>") + 2;
  sl_buf_init(&whole, 0);
  sl_buf_adds(&whole, e->x->op->head);
  sl_buf_addz(&whole, from);
  sl_buf_adds(&whole, e->x->op->tail);
  sl_buf_fini(xml);
  *xml = whole;
}

static bool same_request(struct example *e)
{
  in_envelope(e, &e->request);
  sl_str_t wanted = sl_buf_str(&e->request), got = sl_buf_str(&e->out);
  return e->mapping->kind == SL_KIND_SOAP
             ? sl_same_xml(NULL, NULL, SL_SAME_ALL, wanted, got, &e->why)
             : sl_same_json(NULL, true, SL_SAME_ALL, wanted, got, &e->why);
}

static bool is_sqlstate(const char *status)
{
  return strlen(status) == 5;
}

/* Rows of the CSV for the first SELECT; a statement that changes something changes one row, or as
 * many as legacy-status says. */
static sl_code_t feed_rows(struct example *e, sl_run_t *run)
{
  const char *status = e->x->legacy_status;
  sl_str_t csv = sl_buf_str(&e->legacy);
  sl_sql_cell_t cells[MAX_CELLS];
  sl_str_t labels[MAX_CELLS];
  for (;;) {
    sl_sql_statement_t st;
    bool done = false, rollback;
    sl_code_t code = sl_run_sql_next(run, &st, &done, &e->err);
    if (code || done) return code;
    size_t n = st.returns_rows ? sl_csv_row(&csv, e->arena, cells, MAX_CELLS, &e->err) : 0;
    for (size_t i = 0; i < n; i++) labels[i] = sl_strn(cells[i].p, cells[i].len);
    if (n) code = sl_run_sql_columns(run, labels, n, &e->err);
    while (n && !code && (n = sl_csv_row(&csv, e->arena, cells, MAX_CELLS, &e->err)))
      code = sl_run_sql_row(run, cells, n, &e->err);
    if (code) return code;
    long rows = st.returns_rows ? -1 : status[0] && !is_sqlstate(status) ? atol(status) : 1;
    code = sl_run_sql_done(run, rows, is_sqlstate(status) ? status : "00000", &rollback, &e->err);
    if (code || is_sqlstate(status)) return code;
  }
}

static sl_code_t feed(struct example *e, sl_run_t *run, sl_answer_t *answer)
{
  int status = atoi(e->x->legacy_status);
  sl_code_t code;
  if (e->mapping->kind == SL_KIND_ODBC) {
    code = feed_rows(e, run);
  } else {
    in_envelope(e, &e->legacy);
    code = sl_run_feed(run, status ? status : 200, e->legacy.p ? e->legacy.p : "", e->legacy.len,
                       true, &e->err);
  }
  return code ? code : sl_run_answer(run, answer, &e->err);
}

/* problem NULL: a success, whose body is in back. */
static bool same_outcome(struct example *e, int status, const sl_problem_t *problem)
{
  if (e->x->status && status != e->x->status) {
    sl_buf_printf(&e->why, "status %d was expected, %d came", e->x->status, status);
    return false;
  }
  if (!e->x->json.there) return true;
  if (problem) {
    sl_problem_t complete = *problem;
    sl_problem_complete(&complete);
    sl_buf_clear(&e->back);
    sl_problem_write(&complete, &e->back);
  }
  return sl_same_json(NULL, false, problem ? SL_SAME_SUBSET : SL_SAME_ALL, sl_buf_str(&e->json),
                      sl_buf_str(&e->back), &e->why);
}

/* Refused by us: what the consumer sent, or what the system answered. */
static bool same_refusal(struct example *e, sl_code_t code)
{
  sl_problem_t problem;
  if (!e->x->status) return told(e, code);
  sl_problem_from_err(&problem, &e->err);
  bool same = same_outcome(e, problem.status, &problem);
  if (!same) sl_buf_addz(&e->why, ": "), told(e, code);
  return same;
}

static bool same_answer(struct example *e, sl_run_t *run)
{
  sl_answer_t answer;
  sl_code_t code = feed(e, run, &answer);
  return code ? same_refusal(e, code) : same_outcome(e, answer.status, answer.problem);
}

/* Neither a request nor an answer is given: the system is not asked at all. */
static void run_refusal(struct example *e, sl_run_t *run)
{
  sl_buf_clear(&e->out);
  sl_code_t code = sl_run_request(run, &e->out, &e->err);
  bool refused = code && same_refusal(e, code);
  if (!code) sl_buf_printf(&e->why, "status %d was expected, and it was not refused", e->x->status);
  tell(e, "refusal", refused);
}

static void run_op(struct example *e)
{
  sl_arg_t args[MAX_ARGS];
  sl_input_t in = {.args = args, .body = sl_buf_str(&e->body)};
  sl_arena_reset(e->arena);
  in.n_args = read_args(e, args);
  sl_buf_clear(&e->back);
  sl_run_t *run = sl_run_new(e->x->op, e->arena, &in, &e->back);
  if (!run) return;
  if (e->x->request.there) {
    sl_buf_clear(&e->out);
    if (e->mapping->kind == SL_KIND_ODBC)
      sl_buf_addz(&e->why, "an operation of a database has no request message");
    else if (told(e, sl_run_request(run, &e->out, &e->err)))
      same_request(e);
    tell(e, "request", !e->why.len);
  }
  if (e->x->legacy.there || e->mapping->kind == SL_KIND_ODBC)
    tell(e, "answer", same_answer(e, run));
  else if (!e->x->request.there && e->x->status >= 400)
    run_refusal(e, run);
  sl_run_fini(run);
}

/* --- */

static bool samples(struct example *e)
{
  const sl_example_t *x = e->x;
  struct {
    const sl_sample_t *sample;
    sl_buf_t *out;
  } all[] = {{&x->legacy, &e->legacy},
             {&x->json, &e->json},
             {&x->body, &e->body},
             {&x->request, &e->request}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i].sample->there &&
        !told(e, sl_sample_read(e->mapping, all[i].sample, all[i].out, &e->err)))
      return false;
  return true;
}

sl_code_t sl_example_run(const sl_mapping_t *mapping, const sl_example_t *x,
                         sl_example_report_t *report, void *context)
{
  struct example e = {.mapping = mapping, .x = x, .report = report, .context = context};
  e.arena = sl_arena_new(0, MAX_MEMORY);
  if (!e.arena) return SL_TOO_LARGE;
  if (!samples(&e))
    tell(&e, "files", false);
  else if (x->shape)
    run_shape(&e);
  else if (x->op)
    run_op(&e);
  sl_buf_t *all[] = {&e.legacy, &e.json, &e.body, &e.request, &e.out, &e.back, &e.why};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) sl_buf_fini(all[i]);
  sl_arena_destroy(&e.arena);
  return SL_OK;
}

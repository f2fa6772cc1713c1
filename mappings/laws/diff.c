/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "mappings/laws/describe.h"
#include "mappings/laws/laws.h"
#include "mappings/laws/lines.h"

struct diff {
  sl_diff_report_t *report;
  void *context;
  sl_step_t needed;
  sl_arena_t *arena;
  sl_step_t most; /* that a difference can need */
  bool rest;      /* compare only lines that are not seen in the other direction */
  char where[300];
};

__attribute__((format(printf, 5, 6))) static void
tell(struct diff *d, sl_visible_t visible, sl_step_t step, int line, const char *fmt, ...)
{
  char what[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(what, sizeof what, fmt, ap);
  va_end(ap);
  if (step > d->most) step = d->most;
  if (step > d->needed) d->needed = step;
  d->report(d->context, visible, step, d->where, what, line);
}

/* --- versions -----------------------------------------------------------------------------------
 */

const char *sl_step_name(sl_step_t step)
{
  static const char *const names[] = {"none", "patch", "minor", "major"};
  return names[step];
}

/* 0: the same; -1: after is the earlier one; else which number is higher, from 1. */
static int higher(const char *before, const char *after)
{
  unsigned long a[3] = {0}, b[3] = {0};
  sscanf(before, "%lu.%lu.%lu", &a[0], &a[1], &a[2]);
  sscanf(after, "%lu.%lu.%lu", &b[0], &b[1], &b[2]);
  for (int i = 0; i < 3; i++)
    if (a[i] != b[i]) return b[i] > a[i] ? i + 1 : -1;
  return 0;
}

sl_step_t sl_version_step(const char *before, const char *after)
{
  int which = higher(before, after);
  return which > 0 ? (sl_step_t)(SL_STEP_MAJOR + 1 - which) : SL_STEP_NONE;
}

bool sl_version_back(const char *before, const char *after)
{
  return higher(before, after) < 0;
}

bool sl_version_honest(const char *before, const char *after, sl_step_t needed)
{
  bool early = !strncmp(before, "0.", 2) && !strncmp(after, "0.", 2);
  if (early && needed == SL_STEP_MAJOR) needed = SL_STEP_MINOR;
  return !sl_version_back(before, after) && sl_version_step(before, after) >= needed;
}

/* --- lines --------------------------------------------------------------------------------------
 */

static const char *said(struct diff *d, const sl_codec_t *codec,
                        void (*describe)(const sl_codec_t *, sl_buf_t *))
{
  sl_buf_t text;
  sl_buf_init(&text, 0);
  describe(codec, &text);
  const char *out = sl_arena_strndup(d->arena, text.p ? text.p : "", text.len);
  sl_buf_fini(&text);
  return out ? out : "";
}

/* "was text, 30 characters; is text, 20 characters": only what is another. */
static const char *words(struct diff *d, const sl_codec_t *a, const sl_codec_t *b)
{
  const char *x = said(d, a, sl_describe_codec), *y = said(d, b, sl_describe_codec);
  const char *u = said(d, a, sl_describe_nulls), *v = said(d, b, sl_describe_nulls);
  const char *between = strcmp(u, v) ? "; " : "";
  if (a && b && !strcmp(x, y) && strcmp(sl_codec_json_type(a), sl_codec_json_type(b)))
    x = sl_codec_json_type(a), y = sl_codec_json_type(b);
  if (!strcmp(x, y)) x = y = between = "";
  if (!strcmp(u, v)) u = v = "";
  const char *out =
      sl_arena_printf(d->arena, "was %s%s%s, is %s%s%s", x, between, u, y, between, v);
  return out ? out : "";
}

/* Where consumers see it: in the body or in the HTTP message; "": nowhere. */
static const char *end_of(const sl_line_t *l)
{
  return l->json[0] ? l->json : l->http;
}

/* The same end of the same lines, or for what consumers do not see, the same legacy place. */
static bool same_end(const sl_line_t *a, const sl_line_t *b)
{
  if (strcmp(end_of(a), end_of(b)) || a->item != b->item) return false;
  return end_of(a)[0] || (!a->list == !b->list && !strcmp(a->legacy, b->legacy));
}

static void stand_at(struct diff *d, const char *name, const char *side, const sl_line_t *l)
{
  const char *end = sl_line_name(l, d->arena);
  snprintf(d->where, sizeof d->where, "%s%s %s", name, side, end[0] ? end : l->legacy);
}

static bool seen(const sl_line_t *l, bool request)
{
  return l->access != (request ? SL_READ_ONLY : SL_WRITE_ONLY);
}

/* Of lines in the same place, one for each direction: the one that goes this way. */
static const sl_line_t *find(const sl_line_t *v, size_t n, const sl_line_t *like, bool request)
{
  for (size_t i = 0; i < n; i++)
    if (same_end(&v[i], like) && seen(&v[i], request)) return &v[i];
  return NULL;
}

static bool demanded(const sl_line_t *l)
{
  if (l->list) return l->list->min > 0;
  return l->field->required && !(l->field->notes && l->field->notes->value_default);
}

static void compare_values(struct diff *d, const sl_line_t *a, const sl_line_t *b, bool request)
{
  const sl_codec_t *x = a->field->codec, *y = b->field->codec;
  sl_domain_change_t change = sl_domain_compare(x, y);
  /* An answer that says more than it did surprises a consumer, and so does a request that may say
   * less. */
  bool hurts =
      change == SL_DOMAIN_OTHER || change == (request ? SL_DOMAIN_NARROWER : SL_DOMAIN_WIDER);
  if (change != SL_DOMAIN_SAME)
    tell(d, SL_VISIBLE_JSON, hurts ? SL_STEP_MAJOR : SL_STEP_MINOR, b->line, "%s: %s",
         change == SL_DOMAIN_OTHER   ? "other values"
         : change == SL_DOMAIN_WIDER ? "more values"
                                     : "fewer values",
         words(d, x, y));
  else if (!sl_spelling_same(x, y))
    tell(d, SL_VISIBLE_LEGACY, SL_STEP_PATCH, b->line, "another spelling: %s", words(d, x, y));
}

static void compare_notes(struct diff *d, const sl_line_t *a, const sl_line_t *b, bool request)
{
  const sl_notes_t *x = a->field->notes, *y = b->field->notes;
  const char *was = x->expression ? x->expression : "", *is = y->expression ? y->expression : "";
  /* What a template makes only the legacy system sees; what an xpath makes, consumers. */
  if (strcmp(was, is) && request)
    tell(d, SL_VISIBLE_LEGACY, SL_STEP_PATCH, b->line, "template was \"%s\", is \"%s\"", was, is);
  else if (strcmp(was, is))
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "xpath was \"%s\", is \"%s\": other values",
         was, is);
  if (!request && strcmp(x->mask, y->mask))
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "mask was \"%s\", is \"%s\"", x->mask,
         y->mask);
  if (strcmp(x->pii, y->pii))
    tell(d, SL_VISIBLE_JSON, SL_STEP_PATCH, b->line, "pii was \"%s\", is \"%s\"", x->pii, y->pii);
  if (x->modulo != y->modulo) {
    sl_buf_t old, new;
    sl_buf_init(&old, 0);
    sl_buf_init(&new, 0);
    sl_describe_modulo(x->modulo, &old);
    sl_describe_modulo(y->modulo, &new);
    tell(d, SL_VISIBLE_LAWS, SL_STEP_MINOR, b->line, "modulo was \"%s\", is \"%s\"", sl_buf_z(&old),
         sl_buf_z(&new));
    sl_buf_fini(&old);
    sl_buf_fini(&new);
  }
}

static void compare_line(struct diff *d, const sl_line_t *a, const sl_line_t *b, bool request)
{
  if (!a->list != !b->list) {
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "%s",
         b->list ? "is an array now" : "is no array any more");
    return;
  }
  if (strcmp(a->legacy, b->legacy))
    tell(d, SL_VISIBLE_LEGACY, SL_STEP_PATCH, b->line, "was %s, is %s", a->legacy, b->legacy);
  if (request && demanded(b) && !demanded(a))
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "is required now");
  if (request && demanded(a) && !demanded(b))
    tell(d, SL_VISIBLE_JSON, SL_STEP_MINOR, b->line, "is not required any more");
  if (a->list) return;
  compare_notes(d, a, b, request);
  compare_values(d, a, b, request);
}

static void compare_frames(struct diff *d, const char *name, const sl_frame_t *a,
                           const sl_frame_t *b, bool request)
{
  const sl_line_t *x, *y, *other;
  size_t nx = a ? sl_lines_of(a, d->arena, &x) : 0, ny = b ? sl_lines_of(b, d->arena, &y) : 0;
  const char *side = request ? " request" : " response";
  for (size_t i = 0; i < ny; i++) {
    if (!seen(&y[i], request) || (d->rest && seen(&y[i], !request))) continue;
    stand_at(d, name, side, &y[i]);
    if ((other = find(x, nx, &y[i], request)))
      compare_line(d, other, &y[i], request);
    else if (!end_of(&y[i])[0])
      tell(d, SL_VISIBLE_LEGACY, SL_STEP_PATCH, y[i].line, "is new");
    else
      tell(d, SL_VISIBLE_JSON, request && demanded(&y[i]) ? SL_STEP_MAJOR : SL_STEP_MINOR,
           y[i].line, "is new%s", request && demanded(&y[i]) ? ", and required" : "");
  }
  for (size_t i = 0; i < nx; i++) {
    if (!seen(&x[i], request) || (d->rest && seen(&x[i], !request))) continue;
    if (find(y, ny, &x[i], request)) continue;
    stand_at(d, name, side, &x[i]);
    bool hidden = !end_of(&x[i])[0];
    tell(d, hidden ? SL_VISIBLE_LEGACY : SL_VISIBLE_JSON, hidden ? SL_STEP_PATCH : SL_STEP_MAJOR,
         x[i].line, "is gone");
  }
}

/* --- shapes -------------------------------------------------------------------------------------
 */

static bool share(const sl_line_t *v, size_t n, const sl_line_t *w, size_t k, bool request)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; seen(&v[i], request) && j < k; j++)
      if (v[i].file == w[j].file && v[i].line == w[j].line && v[i].col == w[j].col) return true;
  return false;
}

/* Does an operation use the shape's lines in this direction? */
static bool used(struct diff *d, const sl_mapping_t *m, const sl_shape_t *shape, bool request)
{
  const sl_line_t *v, *w;
  size_t n = sl_lines_of(shape->frame, d->arena, &v);
  for (size_t i = 0; i < m->n_ops; i++) {
    const sl_frame_t *frame = request ? m->ops[i].request : m->ops[i].response;
    size_t k = frame ? sl_lines_of(frame, d->arena, &w) : 0;
    if (k && share(v, n, w, k, request)) return true;
  }
  return false;
}

/* What no operation uses is compared as well: `sluice map` does, or the next version. Of a mapping
 * with operations no consumer can be hurt by it. */
static void compare_shapes(struct diff *d, const sl_mapping_t *before, const sl_mapping_t *after)
{
  for (size_t i = 0; i < after->n_shapes; i++) {
    const sl_shape_t *y = &after->shapes[i], *x = sl_mapping_shape(before, y->name);
    char name[200];
    snprintf(name, sizeof name, "shape %s", y->name);
    bool reads = x && (used(d, after, y, false) || used(d, before, x, false)),
         writes = x && (used(d, after, y, true) || used(d, before, x, true));
    d->most = before->n_ops || after->n_ops ? SL_STEP_PATCH : SL_STEP_MAJOR;
    d->rest = reads || writes; /* the others have been compared */
    if (x && !reads) compare_frames(d, name, x->frame, y->frame, false);
    if (x && !writes) compare_frames(d, name, x->frame, y->frame, true);
  }
  d->rest = false;
  d->most = SL_STEP_MAJOR;
}

/* --- what is proved -----------------------------------------------------------------------------
 */

static const sl_law_line_t *same_line(const sl_laws_t *laws, const sl_law_line_t *like)
{
  for (size_t i = 0; i < laws->n_lines; i++)
    if (!strcmp(laws->lines[i].shape, like->shape) && same_end(&laws->lines[i].line, &like->line) &&
        !laws->lines[i].line.list == !like->line.list &&
        laws->lines[i].line.access == like->line.access)
      return &laws->lines[i];
  return NULL;
}

static void compare_verdict(struct diff *d, const char *law, const sl_law_t *a, const sl_law_t *b,
                            int line)
{
  const char *was = sl_law_text(a, d->arena), *is = sl_law_text(b, d->arena);
  if (was && is && strcmp(was, is))
    tell(d, SL_VISIBLE_LAWS, SL_STEP_PATCH, line, "%s was %s, is %s", law, was, is);
}

static void compare_laws(struct diff *d, const sl_mapping_t *before, const sl_mapping_t *after)
{
  const sl_laws_t *a = sl_laws_judge(before, d->arena, NULL),
                  *b = sl_laws_judge(after, d->arena, NULL);
  for (size_t i = 0; a && b && i < b->n_lines; i++) {
    const sl_law_line_t *y = &b->lines[i], *x = same_line(a, y);
    if (!x) continue;
    stand_at(d, y->shape, "", &y->line);
    compare_verdict(d, "PutGet", &x->putget, &y->putget, y->line.line);
    compare_verdict(d, "GetPut", &x->getput, &y->getput, y->line.line);
  }
}

/* --- operations ---------------------------------------------------------------------------------
 */

static const sl_op_t *find_op(const sl_mapping_t *m, const char *name)
{
  for (size_t i = 0; i < m->n_ops; i++)
    if (!strcmp(m->ops[i].info.name, name)) return &m->ops[i];
  return NULL;
}

static const sl_when_t *find_when(const sl_when_t *v, size_t n, const sl_when_t *like)
{
  for (size_t i = 0; i < n; i++)
    if (v[i].is_len == like->is_len && v[i].prefix == like->prefix && !v[i].is == !like->is &&
        (!like->is || !memcmp(v[i].is, like->is, like->is_len)))
      return &v[i];
  return NULL;
}

static const char *label(struct diff *d, const sl_when_t *w)
{
  return w->is
             ? sl_arena_printf(d->arena, "\"%.*s%s\"", (int)w->is_len, w->is, w->prefix ? "*" : "")
             : "any other";
}

static void compare_whens(struct diff *d, const sl_when_t *x, size_t nx, const sl_when_t *y,
                          size_t ny, int line)
{
  for (size_t i = 0; i < ny; i++) {
    const sl_when_t *w = find_when(x, nx, &y[i]);
    if (!w)
      tell(d, SL_VISIBLE_JSON, SL_STEP_MINOR, line, "%s is told from others: %d %s",
           label(d, &y[i]), y[i].status, y[i].problem);
    else if (w->status != y[i].status || strcmp(w->problem, y[i].problem))
      tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, line, "%s was %d %s, is %d %s", label(d, w),
           w->status, w->problem, y[i].status, y[i].problem);
  }
  for (size_t i = 0; i < nx; i++)
    if (!find_when(y, ny, &x[i]))
      tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, line,
           "%s is not told from others any more: it was %d %s", label(d, &x[i]), x[i].status,
           x[i].problem);
}

static void compare_outcomes(struct diff *d, const sl_op_t *a, const sl_op_t *b)
{
  size_t n = a->n_outcomes < b->n_outcomes ? a->n_outcomes : b->n_outcomes;
  for (size_t i = 0; i < n; i++)
    compare_whens(d, a->outcomes[i].whens, a->outcomes[i].n_whens, b->outcomes[i].whens,
                  b->outcomes[i].n_whens, b->line);
  if (a->n_outcomes != b->n_outcomes)
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "had %zu outcomes, has %zu", a->n_outcomes,
         b->n_outcomes);
  compare_whens(d, a->faults, a->n_faults, b->faults, b->n_faults, b->line);
}

static bool same_text(const char *a, const char *b)
{
  return !strcmp(a ? a : "", b ? b : "");
}

static const char *called(const sl_op_t *op)
{
  return op->wsdl ? op->wsdl->name : op->rest_path ? op->rest_path : "";
}

static void compare_ops(struct diff *d, const sl_op_t *a, const sl_op_t *b)
{
  const sl_op_info_t *x = &a->info, *y = &b->info;
  snprintf(d->where, sizeof d->where, "%s", y->name);
  if (strcmp(x->method, y->method) || strcmp(x->path, y->path))
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "was %s %s, is %s %s", x->method, x->path,
         y->method, y->path);
  if (a->status != b->status)
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "status= was %d, is %d", a->status, b->status);
  if (a->body != b->body)
    tell(d, SL_VISIBLE_JSON, b->body ? SL_STEP_MINOR : SL_STEP_MAJOR, b->line,
         "the answer has %s body", b->body ? "a" : "no");
  if (!a->page != !b->page)
    tell(d, SL_VISIBLE_JSON, SL_STEP_MAJOR, b->line, "its rows come %s",
         b->page ? "in pages now" : "all at once now");
  if (strcmp(called(a), called(b)) || strcmp(x->rest_method, y->rest_method) ||
      !same_text(x->soap_action, y->soap_action))
    tell(d, SL_VISIBLE_LEGACY, SL_STEP_PATCH, b->line, "called %s, calls %s", called(a), called(b));
  compare_outcomes(d, a, b);
  compare_frames(d, y->name, a->request, b->request, true);
  compare_frames(d, y->name, a->response, b->response, false);
}

sl_step_t sl_diff(const sl_mapping_t *before, const sl_mapping_t *after, sl_diff_report_t *report,
                  void *context)
{
  struct diff d = {
      .report = report, .context = context, .arena = sl_arena_new(0, 0), .most = SL_STEP_MAJOR};
  if (!d.arena) return SL_STEP_NONE;
  if (strcmp(before->system, after->system)) {
    snprintf(d.where, sizeof d.where, "system");
    tell(&d, SL_VISIBLE_JSON, SL_STEP_MAJOR, 0, "was %s, is %s: operations are called by it",
         before->system, after->system);
  }
  for (size_t i = 0; i < after->n_ops; i++) {
    const sl_op_t *op = &after->ops[i], *was = find_op(before, op->info.name);
    snprintf(d.where, sizeof d.where, "%s", op->info.name);
    if (was)
      compare_ops(&d, was, op);
    else
      tell(&d, SL_VISIBLE_JSON, SL_STEP_MINOR, op->line, "is new: %s %s", op->info.method,
           op->info.path);
  }
  for (size_t i = 0; i < before->n_ops; i++) {
    const sl_op_t *op = &before->ops[i];
    snprintf(d.where, sizeof d.where, "%s", op->info.name);
    if (!find_op(after, op->info.name))
      tell(&d, SL_VISIBLE_JSON, SL_STEP_MAJOR, op->line, "is gone: %s %s", op->info.method,
           op->info.path);
  }
  compare_shapes(&d, before, after);
  compare_laws(&d, before, after);
  sl_arena_destroy(&d.arena);
  return d.needed;
}

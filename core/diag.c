/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/diag.h"

#include <stdarg.h>
#include <stdlib.h>

struct source {
  char *file, *text; /* text NULL: only the order of mention is known */
  size_t len;
};

struct sl_diags {
  sl_diag_t *v;
  size_t n, cap;
  struct source *sources;
  size_t n_sources;
  size_t errors;
  bool sorted;
  char first[1024];
};

/* A file with thousands of mistakes helps nobody, and must not eat the memory. */
enum { MAX_KEPT = 1000, MAX_QUOTED = 240 };

sl_diags_t *sl_diags_new(void)
{
  return calloc(1, sizeof(sl_diags_t));
}

void sl_diags_destroy(sl_diags_t **self_p)
{
  sl_diags_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  for (size_t i = 0; i < self->n; i++) {
    sl_diag_t *d = &self->v[i];
    free(d->file), free(d->text), free(d->fix), free(d->source);
  }
  for (size_t i = 0; i < self->n_sources; i++)
    free(self->sources[i].file), free(self->sources[i].text);
  free(self->v);
  free(self->sources);
  free(self);
  *self_p = NULL;
}

static struct source *source_of(sl_diags_t *self, const char *file)
{
  for (size_t i = 0; i < self->n_sources; i++)
    if (!strcmp(self->sources[i].file, file)) return &self->sources[i];
  struct source *v = realloc(self->sources, (self->n_sources + 1) * sizeof *v);
  if (!v) return NULL;
  self->sources = v;
  v += self->n_sources;
  memset(v, 0, sizeof *v);
  v->file = strdup(file);
  if (!v->file) return NULL;
  self->n_sources++;
  return v;
}

void sl_diags_source(sl_diags_t *self, const char *file, const char *text, size_t len)
{
  struct source *s = source_of(self, file);
  if (!s) return;
  char *copy = malloc(len + 1);
  if (!copy) return;
  memcpy(copy, text, len);
  copy[len] = '\0';
  free(s->text);
  s->text = copy;
  s->len = len;
}

static char *quote_line(const struct source *s, int line)
{
  if (!s || !s->text || line < 1) return NULL;
  const char *p = s->text, *end = s->text + s->len;
  for (int i = 1; i < line && p; i++) {
    p = memchr(p, '\n', (size_t)(end - p));
    if (p) p++;
  }
  if (!p || p > end) return NULL;
  const char *eol = memchr(p, '\n', (size_t)(end - p));
  size_t len = (size_t)((eol ? eol : end) - p);
  while (len && p[len - 1] == '\r') len--;
  return strndup(p, len);
}

/* Does `before` say already what d is about to say of the same place? Shapes are looked at in each
 * operation that uses them, and call the same thing by other names; what the schema refused has no
 * meaning of which more could be said. But an element may lack several attributes. */
static bool says(const sl_diag_t *before, const char *code, const char *file, const sl_diag_t *d)
{
  if (before->line != d->line || before->col != d->col || strcmp(before->file, file)) return false;
  if (!strcmp(before->code, code)) return strcmp(code, "S102") || !strcmp(before->text, d->text);
  bool by_schema = before->code[0] == 'S' && before->code[1] < '2'; /* S2..: the canonical one's */
  return d->line && by_schema && code[0] != 'S';
}

static bool room(sl_diags_t *self)
{
  if (self->n < self->cap) return true;
  size_t cap = self->cap ? self->cap * 2 : 16;
  sl_diag_t *v = realloc(self->v, cap * sizeof *v);
  if (!v) return false;
  self->v = v;
  self->cap = cap;
  return true;
}

void sl_diags_add(sl_diags_t *self, sl_severity_t severity, const char *code, const char *file,
                  int line, int col, const char *fix, const char *fmt, ...)
{
  sl_diag_t d = {.severity = severity, .line = line, .col = col};
  va_list ap;
  va_start(ap, fmt);
  if (vasprintf(&d.text, fmt, ap) < 0) d.text = NULL;
  va_end(ap);
  for (size_t i = 0; d.text && i < self->n; i++)
    if (says(&self->v[i], code, file, &d)) {
      free(d.text);
      return;
    }
  if (severity == SL_ERROR) self->errors++;
  if (self->n >= MAX_KEPT || !room(self)) {
    free(d.text);
    return;
  }
  d.file = strdup(file);
  snprintf(d.code, sizeof d.code, "%s", code);
  d.fix = fix ? strdup(fix) : NULL;
  d.source = quote_line(source_of(self, file), line);
  if (!d.file || !d.text) {
    free(d.file), free(d.text), free(d.fix), free(d.source);
    return;
  }
  self->v[self->n++] = d;
  self->sorted = false;
}

size_t sl_diags_errors(const sl_diags_t *self)
{
  return self->errors;
}

size_t sl_diags_count(const sl_diags_t *self)
{
  return self->n;
}

static size_t rank(const sl_diags_t *self, const char *file)
{
  size_t i = 0;
  while (i < self->n_sources && strcmp(self->sources[i].file, file)) i++;
  return i;
}

static int order(const void *a, const void *b, void *ctx)
{
  const sl_diag_t *x = a, *y = b;
  size_t fx = rank(ctx, x->file), fy = rank(ctx, y->file);
  if (fx != fy) return fx < fy ? -1 : 1;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  if (x->col != y->col) return x->col < y->col ? -1 : 1;
  return strcmp(x->code, y->code);
}

const sl_diag_t *sl_diags_at(sl_diags_t *self, size_t i)
{
  if (!self->sorted && self->n) qsort_r(self->v, self->n, sizeof *self->v, order, self);
  self->sorted = true;
  return i < self->n ? &self->v[i] : NULL;
}

static const char *severity_name(sl_severity_t s)
{
  return s == SL_ERROR ? "error" : s == SL_WARNING ? "warning" : "note";
}

static void head(const sl_diag_t *d, char *out, size_t size)
{
  char at[48] = "";
  if (d->line > 0 && d->col > 0)
    snprintf(at, sizeof at, ":%d:%d", d->line, d->col);
  else if (d->line > 0)
    snprintf(at, sizeof at, ":%d", d->line);
  snprintf(out, size, "%s%s: %s %s %s", d->file, at, severity_name(d->severity), d->code, d->text);
}

/* The caret stands under byte col; tabs are copied so that it lines up in any terminal, and bytes
 * that continue a UTF-8 sequence take no column. */
static void caret(const sl_diag_t *d, FILE *out)
{
  int start = d->col > MAX_QUOTED - 40 ? d->col - 80 : 0; /* long lines: a window around it */
  while (start > 0 && (d->source[start] & 0xc0) == 0x80) start--;
  int len = (int)strlen(d->source) - start;
  if (len > MAX_QUOTED) len = MAX_QUOTED;
  fprintf(out, "%6d | %s%.*s\n", d->line, start ? "…" : "", len, d->source + start);
  if (d->col < 1) return;
  fprintf(out, "       | %s", start ? " " : "");
  for (int i = start; i < d->col - 1 && d->source[i]; i++)
    if (d->source[i] == '\t')
      fputc('\t', out);
    else if ((d->source[i] & 0xc0) != 0x80)
      fputc(' ', out);
  fputs("^\n", out);
}

void sl_diags_print(sl_diags_t *self, FILE *out)
{
  for (size_t i = 0; i < self->n; i++) {
    const sl_diag_t *d = sl_diags_at(self, i);
    char line[2048];
    head(d, line, sizeof line);
    fprintf(out, "%s\n", line);
    if (d->source) caret(d, out);
    if (d->fix) fprintf(out, "  fix: %s\n", d->fix);
  }
  if (self->errors > MAX_KEPT)
    fprintf(out, "(%zu errors; only the first %d are shown)\n", self->errors, (int)MAX_KEPT);
}

const char *sl_diags_first(sl_diags_t *self)
{
  self->first[0] = '\0';
  for (size_t i = 0; i < self->n; i++) {
    const sl_diag_t *d = sl_diags_at(self, i);
    if (d->severity != SL_ERROR) continue;
    head(d, self->first, sizeof self->first);
    break;
  }
  return self->first;
}

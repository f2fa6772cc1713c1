/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "mappings/contract/jschema_impl.h"

enum { ARENA_CAP = 256 << 20 };

const sl_jschema_t sl_jschema_any = {.file = "",
                                     .types = SL_JT_ANY,
                                     .min_length = -1,
                                     .max_length = -1,
                                     .min_properties = -1,
                                     .max_properties = -1,
                                     .min_items = -1,
                                     .max_items = -1,
                                     .min_contains = -1,
                                     .max_contains = -1};

static void overflow(sl_jschemas_t *self)
{
  if (!self->full)
    sl_diags_add(self->diags, SL_ERROR, "C007", self->files ? self->files->file : "", 0, 0, NULL,
                 "the contract is too large or too deeply nested to be read");
  self->full = true;
}

void *sl_js_alloc(sl_jschemas_t *self, size_t len)
{
  void *p = sl_arena_zalloc(self->arena, len ? len : 1);
  if (!p) overflow(self);
  return p;
}

__attribute__((format(printf, 7, 0))) static void
report(sl_jschemas_t *self, sl_severity_t severity, const sl_jfile_t *file, const char *code,
       const sl_jvalue_t *at, const char *fix, const char *fmt, va_list ap)
{
  char text[512];
  vsnprintf(text, sizeof text, fmt, ap);
  sl_diags_add(self->diags, severity, code, file ? file->file : "", at ? at->line : 0,
               at ? at->col : 0, fix, "%s", text);
}

void sl_js_error(sl_jschemas_t *self, const sl_jfile_t *file, const char *code,
                 const sl_jvalue_t *at, const char *fix, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  report(self, SL_ERROR, file, code, at, fix, fmt, ap);
  va_end(ap);
}

void sl_js_warn(sl_jschemas_t *self, const sl_jfile_t *file, const char *code,
                const sl_jvalue_t *at, const char *fix, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  report(self, SL_WARNING, file, code, at, fix, fmt, ap);
  va_end(ap);
}

/* --- files -------------------------------------------------------------------------------------
 */

sl_jschemas_t *sl_js_new(sl_diags_t *diags)
{
  sl_jschemas_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->arena = sl_arena_new(64 * 1024, ARENA_CAP);
  self->diags = diags;
  self->work_end_p = &self->work;
  if (!self->arena) sl_jschemas_destroy(&self);
  return self;
}

void sl_jschemas_destroy(sl_jschemas_t **self_p)
{
  if (!self_p || !*self_p) return;
  sl_arena_destroy(&(*self_p)->arena);
  free(*self_p);
  *self_p = NULL;
}

static sl_jdialect_t dialect_of(const sl_jvalue_t *root, sl_jdialect_t preset)
{
  const sl_jvalue_t *schema = sl_jvalue_get(root, "$schema"), *api = sl_jvalue_get(root, "openapi");
  if (api && api->kind == SL_JSON_STRING)
    return !strncmp(api->text.p, "3.0", 3) ? SL_JD_OPENAPI30 : SL_JD_2020;
  if (!schema || schema->kind != SL_JSON_STRING) return preset;
  bool old = strstr(schema->text.p, "/draft-0") != NULL;
  return old ? SL_JD_DRAFT7 : SL_JD_2020;
}

sl_jfile_t *sl_js_add(sl_jschemas_t *self, const char *path, const char *text, size_t len)
{
  sl_err_t err;
  sl_err_clear(&err);
  sl_jfile_t *file = sl_js_alloc(self, sizeof *file);
  if (!file) return NULL;
  char *real = realpath(path, NULL);
  file->file = sl_arena_strdup(self->arena, path);
  file->real = sl_arena_strdup(self->arena, real ? real : path);
  free(real);
  self->bytes += len;
  self->n_files++;
  sl_diags_source(self->diags, path, text, len);
  file->root = sl_jvalue_parse(text, len, self->arena, &err);
  if (!file->root)
    sl_diags_add(self->diags, SL_ERROR, err.code == SL_TOO_LARGE ? "C007" : "C401", path, err.line,
                 err.col, NULL, "%s", err.text);
  const sl_jvalue_t *id = sl_jvalue_get(file->root, "$id");
  if (id && id->kind == SL_JSON_STRING) file->id = id->text.p;
  file->dialect = dialect_of(file->root, self->files ? self->files->dialect : SL_JD_2020);
  sl_jfile_t **end_p = &self->files;
  while (*end_p) end_p = &(*end_p)->next;
  *end_p = file;
  return file->root && file->file && file->real ? file : NULL;
}

static char *slurp(const char *path, size_t max, size_t *len_p)
{
  char *data = NULL;
  struct stat st;
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  if (fstat(fileno(f), &st) == 0 && !S_ISREG(st.st_mode))
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
  else if (st.st_size < 0 || (size_t)st.st_size > max)
    errno = EFBIG;
  else if ((data = malloc((size_t)st.st_size + 1)))
    *len_p = fread(data, 1, (size_t)st.st_size, f);
  fclose(f);
  return data;
}

sl_jfile_t *sl_js_open(sl_jschemas_t *self, const char *path, const sl_jfile_t *from,
                       const sl_jvalue_t *at)
{
  char *real = realpath(path, NULL);
  for (sl_jfile_t *f = self->files; real && f; f = f->next) {
    if (strcmp(f->real, real)) continue;
    free(real);
    return f->root ? f : NULL;
  }
  free(real);
  if (self->n_files >= SL_JSCHEMA_FILES) return overflow(self), NULL;
  size_t len = 0;
  char *data = slurp(path, SL_JSCHEMA_BYTES - self->bytes, &len);
  if (!data) {
    sl_diags_add(self->diags, SL_ERROR, from ? "C005" : "C001", from ? from->file : path,
                 at ? at->line : 0, at ? at->col : 0,
                 from ? "put the file there, or correct the reference" : NULL,
                 "cannot read \"%.200s\": %s", path, strerror(errno));
    return NULL;
  }
  sl_jfile_t *file = sl_js_add(self, path, data, len);
  free(data);
  return file;
}

/* --- references --------------------------------------------------------------------------------
 */

/* The value below v that is called name by $anchor or $id; n bounds the search. */
static sl_jvalue_t *anchored(sl_jvalue_t *v, const char *word, const char *name, size_t len)
{
  const sl_jvalue_t *a = sl_jvalue_get(v, word);
  if (a && a->kind == SL_JSON_STRING && a->text.len == len && !memcmp(a->text.p, name, len))
    return v;
  for (sl_jvalue_t *m = v->first; m; m = m->next) {
    sl_jvalue_t *found = anchored(m, word, name, len);
    if (found) return found;
  }
  return NULL;
}

static sl_jvalue_t *fragment(sl_jvalue_t *root, const char *p)
{
  if (!*p) return root;
  if (*p == '/') return sl_jvalue_at(root, sl_str(p), true);
  sl_jvalue_t *found = anchored(root, "$anchor", p, strlen(p));
  return found ? found : anchored(root, "$dynamicAnchor", p, strlen(p));
}

static bool is_url(const char *p)
{
  size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+.-0123456789");
  return n > 1 && p[n] == ':';
}

/* Does ref, up to its fragment, name this $id; also by its last part alone? */
static bool is_id(const char *id, const char *ref, size_t len)
{
  size_t n = id ? strcspn(id, "#") : 0;
  if (!n || n < len) return false;
  if (memcmp(id + n - len, ref, len)) return false;
  return n == len || id[n - len - 1] == '/';
}

static sl_jfile_t *other_file(sl_jschemas_t *self, sl_jfile_t *from, const sl_jvalue_t *ref,
                              size_t len)
{
  const char *p = ref->text.p, *slash = strrchr(from->file, '/');
  if (!len) return from;
  for (sl_jfile_t *f = self->files; f; f = f->next)
    if (f->root && is_id(f->id, p, len)) return f;
  char path[PATH_MAX];
  int n = is_url(p) || *p == '/'
              ? snprintf(path, sizeof path, "%.*s", (int)len, p)
              : snprintf(path, sizeof path, "%.*s%.*s", slash ? (int)(slash + 1 - from->file) : 0,
                         from->file, (int)len, p);
  if (is_url(p)) {
    sl_js_error(self, from, "C004", ref,
                "download it once, keep it beside this file, and write the local name here",
                "\"%.200s\" is a URL, and contracts are read from local files only", p);
    return NULL;
  }
  if (n < 0 || (size_t)n >= sizeof path) return overflow(self), NULL;
  return sl_js_open(self, path, from, ref);
}

sl_jvalue_t *sl_js_follow(sl_jschemas_t *self, sl_jfile_t *from, const sl_jvalue_t *ref,
                          sl_jfile_t **file_p)
{
  if (ref->kind != SL_JSON_STRING || strlen(ref->text.p) != ref->text.len) {
    sl_js_error(self, from, "C402", ref, NULL, "$ref has to be a text");
    return NULL;
  }
  const char *p = ref->text.p;
  size_t len = strcspn(p, "#");
  *file_p = other_file(self, from, ref, len);
  if (!*file_p) return NULL;
  sl_jvalue_t *to = fragment((*file_p)->root, p[len] ? p + len + 1 : "");
  if (!to)
    sl_js_error(self, from, "C403", ref, NULL, "\"%.200s\" refers to nothing in %s", p,
                (*file_p)->file);
  return to;
}

/* --- schemas -----------------------------------------------------------------------------------
 */

const sl_jschema_t *sl_js_schema(sl_jschemas_t *self, sl_jfile_t *file, sl_jvalue_t *value)
{
  if (value->made) return value->made;
  sl_jschema_t *s = sl_js_alloc(self, sizeof *s);
  sl_jwork_t *w = sl_js_alloc(self, sizeof *w);
  if (!s || !w) return &sl_jschema_any;
  *s = sl_jschema_any;
  s->file = file->file;
  s->line = value->line;
  s->col = value->col;
  *w = (sl_jwork_t){NULL, s, value, file};
  *self->work_end_p = w;
  self->work_end_p = &w->next;
  value->made = s;
  return s;
}

void sl_js_finish(sl_jschemas_t *self)
{
  for (; self->work && !self->full; self->work = self->work->next) sl_js_fill(self, self->work);
  self->work = NULL;
  self->work_end_p = &self->work;
}

static sl_jschemas_t *finish(sl_jschemas_t *self, sl_jfile_t *file, size_t errors)
{
  sl_diags_t *diags = self->diags;
  if (file) {
    self->root = sl_js_schema(self, file, file->root);
    static const char *const words[] = {"$defs", "definitions"};
    for (size_t i = 0; i < 2; i++) {
      sl_jvalue_t *defs = sl_jvalue_get(file->root, words[i]);
      bool object = defs && defs->kind == SL_JSON_OBJECT;
      for (sl_jvalue_t *d = object ? defs->first : NULL; d; d = d->next)
        sl_js_schema(self, file, d);
    }
    sl_js_finish(self);
  }
  if (!file || self->full || sl_diags_errors(diags) > errors) sl_jschemas_destroy(&self);
  if (self) self->diags = NULL;
  return self;
}

sl_jschemas_t *sl_jschemas_load(const char *path, sl_diags_t *diags)
{
  size_t errors = sl_diags_errors(diags);
  sl_jschemas_t *self = sl_js_new(diags);
  return self ? finish(self, sl_js_open(self, path, NULL, NULL), errors) : NULL;
}

sl_jschemas_t *sl_jschemas_parse(const char *path, const char *text, size_t len, sl_diags_t *diags)
{
  size_t errors = sl_diags_errors(diags);
  sl_jschemas_t *self = sl_js_new(diags);
  return self ? finish(self, sl_js_add(self, path, text, len), errors) : NULL;
}

const sl_jschema_t *sl_jschemas_root(const sl_jschemas_t *self)
{
  return self->root;
}

static const sl_jvalue_t *defs_of(const sl_jschemas_t *self)
{
  const sl_jvalue_t *root = self->files->root, *defs = sl_jvalue_get(root, "$defs");
  return defs ? defs : sl_jvalue_get(root, "definitions");
}

const sl_jschema_t *sl_jschemas_def(const sl_jschemas_t *self, const char *name)
{
  const sl_jvalue_t *v = sl_jvalue_get(defs_of(self), name);
  return v ? v->made : NULL;
}

size_t sl_jschemas_def_count(const sl_jschemas_t *self)
{
  const sl_jvalue_t *defs = defs_of(self);
  return defs && defs->kind == SL_JSON_OBJECT ? defs->n : 0;
}

const char *sl_jschemas_def_name_at(const sl_jschemas_t *self, size_t i)
{
  const sl_jvalue_t *v = defs_of(self)->first;
  while (i--) v = v->next;
  return v->key.p;
}

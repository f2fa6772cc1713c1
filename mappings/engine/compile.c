/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/compile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mappings/engine/check.h"
#include "mappings/engine/reader_xml.h"
#include "mappings/engine/sql.h"

/* --- what the other parts use
 * ------------------------------------------------------------------------ */

__attribute__((format(printf, 7, 0))) static void add(sl_build_t *b, sl_severity_t severity,
                                                      const char *code, int line, int col,
                                                      const char *fix, const char *fmt, va_list ap)
{
  char text[512];
  b->told += severity == SL_ERROR;
  if (sl_b_guessed(b, line, col)) return;
  vsnprintf(text, sizeof text, fmt, ap);
  sl_diags_add(b->diags, severity, code, sl_b_file(b, line), sl_b_line(line), col, fix, "%s", text);
}

void sl_b_error(sl_build_t *b, const char *code, int line, int col, const char *fix,
                const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  add(b, SL_ERROR, code, line, col, fix, fmt, ap);
  va_end(ap);
}

void sl_b_warn(sl_build_t *b, const char *code, int line, int col, const char *fix, const char *fmt,
               ...)
{
  va_list ap;
  va_start(ap, fmt);
  add(b, SL_WARNING, code, line, col, fix, fmt, ap);
  va_end(ap);
}

void *sl_b_alloc(sl_build_t *b, size_t size)
{
  void *p = sl_arena_zalloc(b->arena, size);
  if (!p) b->failed = true;
  return p;
}

const char *sl_b_dup(sl_build_t *b, const char *p, size_t len)
{
  char *s = sl_arena_strndup(b->arena, p, len);
  if (!s) b->failed = true;
  return s ? s : "";
}

const char *sl_b_printf(sl_build_t *b, const char *fmt, ...)
{
  char small[1024];
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(small, sizeof small, fmt, ap);
  va_end(ap);
  return sl_b_dup(b, small, n < 0 ? 0 : (size_t)n < sizeof small ? (size_t)n : sizeof small - 1);
}

void *sl_b_grow(sl_build_t *b, void *v, size_t n, size_t size)
{
  if (n && (n & (n - 1))) return v; /* full only at powers of two */
  void *grown = sl_b_alloc(b, (n ? n * 2 : 1) * size);
  if (grown && n) memcpy(grown, v, n * size);
  return grown;
}

const char *sl_b_advice(sl_build_t *b, const char *word, const char *const *words, size_t n)
{
  const char *near = sl_xdoc_nearest(word, words, n);
  if (near) return sl_b_printf(b, "did you mean %s?", near);
  char text[400];
  int o = snprintf(text, sizeof text, "one of:");
  for (size_t i = 0; i < n && (size_t)o < sizeof text; i++)
    o += snprintf(text + o, sizeof text - (size_t)o, "%s %s", i ? "," : "", words[i]);
  return n ? sl_b_dup(b, text, strlen(text)) : NULL;
}

uint16_t sl_b_name(sl_build_t *b, sl_names_t *names, const char *name)
{
  for (uint16_t i = 0; i < names->n; i++)
    if (!strcmp(names->v[i], name)) return i;
  if (names->n >= SL_NS_ANY - 1) return b->failed = true, (uint16_t)0;
  const char **v = sl_b_grow(b, names->v, names->n, sizeof *v);
  if (!v) return 0;
  names->v = v;
  v[names->n] = sl_b_dup(b, name, strlen(name));
  return names->n++;
}

/* --- loading
 * ------------------------------------------------------------------------------------------ */

/* What to do about a file that is not there. */
static const char *path_fix(const char *path)
{
  return strstr(path, "://") ? "download it once and write the local name: nothing is fetched"
                             : "the path is relative to the mapping file";
}

static void load_contract(sl_build_t *b)
{
  const sl_xat_t *at = sl_xel_at(b->system, "contract");
  if (!at) return;
  char *path = sl_b_beside(b->file, at->value);
  size_t before = sl_diags_errors(b->diags);
  bool there = path && !access(path, R_OK);
  if (there) b->m->contract = sl_contract_load(path, b->diags);
  if (path && !there)
    sl_b_error(b, "R001", at->value_line, at->value_col, path_fix(at->value),
               "the contract %s cannot be read: %s", at->value, strerror(errno));
  else if (!b->m->contract && sl_diags_errors(b->diags) == before)
    sl_b_error(b, "R001", at->value_line, at->value_col, NULL, "the contract %s cannot be read",
               at->value);
  free(path);
}

static void load_canonical(sl_build_t *b)
{
  const sl_xel_t *el = sl_xel_find(b->root->first, "canonical");
  const sl_xat_t *at = el ? sl_xel_at(el, "schema") : NULL;
  if (!at) return;
  char *path = sl_b_beside(b->file, at->value);
  if (path && !access(path, R_OK))
    b->m->canonical = sl_jschemas_load(path, b->diags);
  else if (path)
    sl_b_error(b, "R002", at->value_line, at->value_col, path_fix(at->value),
               "the schema %s cannot be read: %s", at->value, strerror(errno));
  free(path);
}

/* Of a mapping with errors the shapes may not be whole: it would only show what follows from them.
 */
static void check_canonical(sl_build_t *b)
{
  const sl_xel_t *el = sl_xel_find(b->root->first, "canonical");
  const sl_xat_t *at = el ? sl_xel_at(el, "schema") : NULL;
  if (at && b->m->canonical && !sl_diags_errors(b->diags))
    sl_check_canonical(b->m, at->value_line, at->value_col, b->diags);
}

/* Is the contract one of that kind of system? The rest would be about nothing else. */
static bool fits_kind(sl_build_t *b)
{
  const sl_contract_t *c = b->m->contract;
  const sl_xat_t *at = sl_xel_at(b->system, "kind");
  if (!c || !at || b->m->kind == SL_KIND_NULL) return true;
  sl_system_kind_t told = sl_contract_schemas(c)       ? SL_KIND_REST
                          : sl_contract_table_count(c) ? SL_KIND_ODBC
                          : sl_contract_op_count(c)    ? SL_KIND_SOAP
                                                       : b->m->kind;
  if (told == b->m->kind) return true;
  sl_b_error(
      b, "R115", at->value_line, at->value_col,
      sl_b_printf(b, "kind=\"%s\", or the contract of this system", sl_system_kind_name(told)),
      "the contract is that of a %s system", sl_system_kind_name(told));
  return false;
}

static void read_system(sl_build_t *b)
{
  static const char *const kinds[] = {"soap", "odbc", "rest", "null"};
  sl_mapping_t *m = b->m;
  const char *kind = sl_xel_get(b->system, "kind", "null");
  m->system = sl_b_printf(b, "%s", sl_xel_get(b->system, "name", ""));
  m->kind = SL_KIND_NULL;
  for (size_t i = 0; i < 4; i++)
    if (!strcmp(kind, kinds[i])) m->kind = (sl_system_kind_t)i;
  m->reject_unknown = !strcmp(sl_xel_get(b->system, "unknown", ""), "reject");
  const sl_xel_t *nulls = sl_xel_find(b->system->first, "nulls");
  if (nulls) sl_b_nulls(nulls, &b->nulls);
}

static void collect_shape(sl_build_t *b, const sl_xel_t *el)
{
  const sl_xat_t *name = sl_xel_at(el, "name");
  if (!name) b->nameless_shape = el;
  if (!name) return;
  for (size_t i = 0; i < b->n_shapes; i++)
    if (!strcmp(b->shapes[i].name, name->value))
      sl_b_error(b, "R101", name->value_line, name->value_col, NULL,
                 "a shape \"%s\" is declared already (%s)", name->value,
                 sl_b_where(b, b->shapes[i].el->line, name->line));
  sl_bshape_t *v = sl_b_grow(b, b->shapes, b->n_shapes, sizeof *v);
  if (!v) return;
  b->shapes = v;
  v[b->n_shapes++] = (sl_bshape_t){.name = name->value, .el = el};
}

/* Imported ones first: a name that is there twice is told where the mapping's own is. */
static void collect_shapes(sl_build_t *b)
{
  for (size_t i = b->n_docs; i-- > 0;)
    for (const sl_xel_t *el = sl_xdoc_root(b->docs[i].doc)->first; (el = sl_xel_find(el, "shape"));
         el = el->next)
      collect_shape(b, el);
}

static bool known_kind(const sl_build_t *b)
{
  const char *kind = sl_xel_get(b->system, "kind", NULL);
  return kind && !strcmp(kind, sl_system_kind_name(b->m->kind));
}

static void compile(sl_build_t *b)
{
  b->root = sl_xdoc_root(b->docs[0].doc);
  if (sl_xel_is(b->root, "types")) {
    sl_b_error(b, "R114", b->root->line, b->root->col,
               "<import href=\"…\"/> it in a mapping, or look at it with sluice check",
               "this file has types for mappings to import: it is none itself");
    return;
  }
  b->system = sl_xel_find(b->root->first, "system");
  if (!b->system) return; /* the schema has said so */
  sl_b_name(b, &b->m->names, "");
  sl_b_name(b, &b->m->spaces, "");
  b->m->name = sl_b_printf(b, "%s", sl_xel_get(b->root, "name", ""));
  b->m->version = sl_b_printf(b, "%s", sl_xel_get(b->root, "version", ""));
  sl_b_import(b);
  read_system(b);
  load_contract(b);
  load_canonical(b);
  sl_b_collect_types(b);
  sl_b_check_types(b);
  collect_shapes(b);
  /* Without its contract or its kind, a mapping would only show errors that follow from that. */
  if (sl_xel_at(b->system, "contract") && !b->m->contract) return;
  if (!known_kind(b) || !fits_kind(b)) return;
  sl_b_compile_ops(b);
  sl_b_compile_shapes(b);
  check_canonical(b);
  sl_b_examples(b);
  unsigned keys = 0;
  for (size_t i = 0; b->m->kind == SL_KIND_ODBC && i < b->m->n_ops; i++) {
    sl_op_t *op = (sl_op_t *)&b->m->ops[i]; /* still being built */
    if (op->request && op->response && !sl_sql_compile(op, b->arena, b->file, &keys, b->diags))
      b->failed = true;
  }
}

/* A file of types on its own: what it says without a system. */
static void compile_types(sl_build_t *b)
{
  static const sl_xel_t no_system = {.name = "system"};
  b->root = sl_xdoc_root(b->docs[0].doc);
  b->system = &no_system;
  b->m->kind = SL_KIND_NULL;
  sl_b_import(b);
  sl_b_collect_types(b);
  sl_b_check_types(b);
  collect_shapes(b);
  sl_b_check_names(b);
}

static const char *const *files_of(sl_build_t *b)
{
  const char **v = sl_b_alloc(b, (b->n_docs + 1) * sizeof *v);
  for (size_t i = 0; v && i < b->n_docs; i++) v[i] = b->docs[i].file;
  b->m->n_files = v ? b->n_docs : 0;
  return v;
}

static sl_mapping_t *from_doc(const char *path, sl_xdoc_t *doc, const sl_load_opts_t *opts,
                              size_t before, sl_diags_t *diags)
{
  sl_mapping_t *m = doc ? calloc(1, sizeof *m) : NULL;
  sl_build_t b = {
      .m = m, .diags = diags, .lossy = opts && opts->lossy, .max_file = opts ? opts->max_file : 0};
  bool taken = false;
  if (m && (m->arena = sl_arena_new(64 * 1024, 0))) {
    b.arena = m->arena;
    b.file = m->file = sl_b_dup(&b, path, strlen(path));
    sl_xdoc_validate(doc, "mapping.xsd", diags);
    taken = sl_b_take_doc(&b, doc, b.file);
    if (taken && opts && opts->types)
      compile_types(&b);
    else if (taken)
      compile(&b);
    m->files = files_of(&b);
    m->pool = sl_xml_pool_new(m);
    if (!m->pool) b.failed = true;
  }
  if (doc && (!m || !m->arena || b.failed))
    sl_diags_add(diags, SL_ERROR, "R000", path, 0, 0, NULL, "out of memory");
  if (!taken) sl_xdoc_destroy(&doc);
  sl_b_free_docs(&b);
  if (sl_diags_errors(diags) > before) sl_mapping_destroy(&m);
  return m;
}

sl_mapping_t *sl_mapping_load(const char *path, sl_diags_t *diags)
{
  return sl_mapping_load_with(path, NULL, diags);
}

sl_mapping_t *sl_mapping_load_with(const char *path, const sl_load_opts_t *opts, sl_diags_t *diags)
{
  size_t before = sl_diags_errors(diags);
  sl_xdoc_t *doc = sl_xdoc_load_within(path, opts ? opts->max_file : 0, diags);
  return from_doc(path, doc, opts, before, diags);
}

sl_mapping_t *sl_mapping_parse(const char *path, const char *text, size_t len, sl_diags_t *diags)
{
  size_t before = sl_diags_errors(diags);
  return from_doc(path, sl_xdoc_parse(path, text, len, diags), NULL, before, diags);
}

bool sl_types_check(const char *path, sl_diags_t *diags)
{
  static const sl_load_opts_t opts = {.types = true};
  sl_mapping_t *m = sl_mapping_load_with(path, &opts, diags);
  bool right = m;
  sl_mapping_destroy(&m);
  return right;
}

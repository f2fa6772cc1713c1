/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "mappings/engine/compile.h"

/* --- positions ---------------------------------------------------------------------------------
 */

const char *sl_b_file(const sl_build_t *b, int line)
{
  size_t i = (size_t)(line >> SL_FILE_SHIFT);
  return i < b->n_docs ? b->docs[i].file : b->file;
}

const char *sl_b_where(sl_build_t *b, int line, int from)
{
  if (line >> SL_FILE_SHIFT == from >> SL_FILE_SHIFT)
    return sl_b_printf(b, "line %d", sl_b_line(line));
  return sl_b_printf(b, "%s:%d", sl_b_file(b, line), sl_b_line(line));
}

char *sl_b_beside(const char *file, const char *path)
{
  const char *slash = strrchr(file, '/');
  size_t dir = slash && path[0] != '/' ? (size_t)(slash - file) + 1 : 0;
  char *out = malloc(dir + strlen(path) + 1);
  if (out) memcpy(out, file, dir), strcpy(out + dir, path);
  return out;
}

/* --- files -------------------------------------------------------------------------------------
 */

bool sl_b_take_doc(sl_build_t *b, sl_xdoc_t *doc, const char *file)
{
  char real[PATH_MAX];
  sl_bdoc_t *v = sl_b_grow(b, b->docs, b->n_docs, sizeof *v);
  if (!v) return false;
  b->docs = v;
  const char *name = sl_b_dup(b, file, strlen(file));
  const char *path = realpath(file, real) ? sl_b_dup(b, real, strlen(real)) : name;
  sl_xdoc_add_to_lines(doc, (int)b->n_docs << SL_FILE_SHIFT);
  v[b->n_docs++] = (sl_bdoc_t){doc, name, path};
  return true;
}

static bool taken(const sl_build_t *b, const char *path)
{
  char real[PATH_MAX];
  if (!realpath(path, real)) return false;
  for (size_t i = 0; i < b->n_docs; i++)
    if (!strcmp(b->docs[i].real, real)) return true;
  return false;
}

/* A file that can be read to its end: no device, no pipe. */
static const char *unreadable(const char *path)
{
  struct stat st;
  FILE *f = stat(path, &st) ? NULL : S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
  if (!f) return errno && stat(path, &st) ? strerror(errno) : "it is no file that can be read";
  fclose(f);
  return NULL;
}

static void load(sl_build_t *b, const sl_xat_t *href, const char *path)
{
  const char *why = unreadable(path);
  if (why) {
    sl_b_error(b, "R111", href->value_line, href->value_col,
               "the path is relative to the file that imports", "%s cannot be read: %s",
               href->value, why);
    return;
  }
  sl_xdoc_t *doc = sl_xdoc_load_within(path, b->max_file, b->diags);
  if (!doc) return; /* it has been said */
  if (!sl_xel_is(sl_xdoc_root(doc), "types")) {
    sl_b_error(b, "R113", href->value_line, href->value_col,
               "move what is shared to a file that starts with <types>",
               "%s starts with <%s>, and only files of <types> are imported", href->value,
               sl_xdoc_root(doc)->name);
    sl_xdoc_destroy(&doc);
    return;
  }
  sl_xdoc_validate(doc, "mapping.xsd", b->diags);
  if (!sl_b_take_doc(b, doc, path)) sl_xdoc_destroy(&doc);
}

static void import(sl_build_t *b, const char *from, const sl_xel_t *el)
{
  const sl_xat_t *href = sl_xel_at(el, "href");
  if (!href) return; /* the schema said so */
  if (strstr(href->value, "://")) {
    sl_b_error(b, "R112", href->value_line, href->value_col, "keep a copy beside the mapping",
               "only local files are imported: nothing is fetched");
    return;
  }
  if (b->n_docs >= SL_MAX_FILES) {
    sl_b_error(b, "R112", href->value_line, href->value_col, NULL, "more than %d files",
               SL_MAX_FILES);
    return;
  }
  char *path = sl_b_beside(from, href->value);
  if (path && !taken(b, path)) load(b, href, path);
  if (!path) b->failed = true;
  free(path);
}

void sl_b_import(sl_build_t *b)
{
  /* Files that are taken on the way are looked at in their turn: a ring ends by itself. */
  for (size_t i = 0; i < b->n_docs; i++)
    for (const sl_xel_t *el = sl_xdoc_root(b->docs[i].doc)->first; (el = sl_xel_find(el, "import"));
         el = el->next)
      import(b, b->docs[i].file, el);
}

void sl_b_free_docs(sl_build_t *b)
{
  for (size_t i = 0; i < b->n_docs; i++) sl_xdoc_destroy(&b->docs[i].doc);
}

/* --- a file of types on its own ----------------------------------------------------------------
 */

static void check_names(sl_build_t *b, const sl_xel_t *el)
{
  const sl_xat_t *type = sl_xel_at(el, "type"), *shape = sl_xel_at(el, "shape");
  if (type) sl_b_known_type(b, type);
  if (shape) sl_b_shape(b, shape);
  for (const sl_xel_t *c = el->first; (c = sl_xel_find(c, NULL)); c = c->next) check_names(b, c);
}

void sl_b_check_names(sl_build_t *b)
{
  for (size_t i = 0; i < b->n_shapes; i++) check_names(b, b->shapes[i].el);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * jschema_impl: what the jschema*.c files and openapi.c share: the files being read, and schemas
 * made from their values on demand, each once.
 */
#ifndef SL_CONTRACT_JSCHEMA_IMPL_H
#define SL_CONTRACT_JSCHEMA_IMPL_H

#include "mappings/contract/jschema.h"

enum {
  SL_JSCHEMA_DEPTH = 64, /* references and subschemas within each other, when asked */
  SL_JSCHEMA_FILES = 64,
  SL_JSCHEMA_BYTES = 16 << 20,
};

typedef struct sl_jfile {
  struct sl_jfile *next;
  const char *file, *id; /* id: $id of its root, or NULL */
  char *real;            /* in the arena */
  sl_jvalue_t *root;
  sl_jdialect_t dialect;
} sl_jfile_t;

typedef struct sl_jwork {
  struct sl_jwork *next;
  sl_jschema_t *schema;
  const sl_jvalue_t *value;
  sl_jfile_t *file;
} sl_jwork_t;

struct sl_jschemas {
  sl_arena_t *arena;
  sl_jfile_t *files;
  size_t n_files, bytes;
  sl_diags_t *diags; /* while reading */
  sl_jwork_t *work, **work_end_p;
  bool full;
  const sl_jschema_t *root;
};

void *sl_js_alloc(sl_jschemas_t *self, size_t len); /* zeroed; sets full */
void sl_js_error(sl_jschemas_t *self, const sl_jfile_t *file, const char *code,
                 const sl_jvalue_t *at, const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void sl_js_warn(sl_jschemas_t *self, const sl_jfile_t *file, const char *code,
                const sl_jvalue_t *at, const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Without the root schema. NULL with a diagnostic. */
sl_jschemas_t *sl_js_new(sl_diags_t *diags);
sl_jfile_t *sl_js_add(sl_jschemas_t *self, const char *path, const char *text, size_t len);
/* Reads it; at (in from): where it is referred to, NULL: the first file. */
sl_jfile_t *sl_js_open(sl_jschemas_t *self, const char *path, const sl_jfile_t *from,
                       const sl_jvalue_t *at);
/* What a $ref says (value: the string), with the file it is in; NULL with a diagnostic. */
sl_jvalue_t *sl_js_follow(sl_jschemas_t *self, sl_jfile_t *from, const sl_jvalue_t *ref,
                          sl_jfile_t **file_p);
/* The schema of value; a shell that sl_js_finish fills. */
const sl_jschema_t *sl_js_schema(sl_jschemas_t *self, sl_jfile_t *file, sl_jvalue_t *value);
/* Fills all shells, and all that they lead to. */
void sl_js_finish(sl_jschemas_t *self);
/* jschema_words.c: one schema from its keywords. */
void sl_js_fill(sl_jschemas_t *self, const sl_jwork_t *w);

/* jschema_format.c: may a string or number have this format? true for those not known. */
bool sl_js_format(const char *format, const sl_jvalue_t *value);

#endif

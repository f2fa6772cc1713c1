/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mapping: a mapping file, read, checked and compiled into flat plans. Loading is the only place
 * where a mapping can be wrong: what has been loaded runs. All that is wrong is reported at once.
 *
 * A mapping is immutable after loading and may serve any number of runs (engine/run.h).
 */
#ifndef SL_ENGINE_MAPPING_H
#define SL_ENGINE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include "core/diag.h"
#include "core/err.h"
#include "core/str.h"

typedef struct sl_mapping sl_mapping_t;
typedef struct sl_op sl_op_t;
typedef struct sl_shape sl_shape_t;

typedef enum sl_system_kind {
  SL_KIND_SOAP,
  SL_KIND_ODBC,
  SL_KIND_REST,
  SL_KIND_NULL
} sl_system_kind_t;

/* Reads path and what it names (contract). Blocks on file reads; touches no network. Errors go to
 * diags; NULL when there is any. Warnings do not stop it. The schema xsd/mapping.xsd is found
 * beside the program, in the source tree, or where it was installed. */
sl_mapping_t *sl_mapping_load(const char *path, sl_diags_t *diags);
/* How else a mapping may be loaded. All zero: as sl_mapping_load does. */
typedef struct sl_load_opts {
  /* Writing takes every loss instead of refusing it (codec.h, `unguarded`), and losses are no
   * errors of the mapping: to look at what they do, never to serve a system with. */
  bool lossy;
  /* Not a mapping, but a file of types, code tables and shapes: see sl_types_check. */
  bool types;
  /* Bytes that the file, and each one that it imports, may have; 0: 4 MiB. */
  size_t max_file;
} sl_load_opts_t;
/* opts may be NULL. */
sl_mapping_t *sl_mapping_load_with(const char *path, const sl_load_opts_t *opts, sl_diags_t *diags);
/* The same from memory; path is what messages call it, and where relative names start from. */
sl_mapping_t *sl_mapping_parse(const char *path, const char *text, size_t len, sl_diags_t *diags);
void sl_mapping_destroy(sl_mapping_t **self_p);
/* A file that mappings import (its root is <types>), on its own: its types, code tables, and the
 * names that its shapes use. What a system or a contract would say is not known here. */
bool sl_types_check(const char *path, sl_diags_t *diags);

/* Borrowed, as everything below, for the life of the mapping. */
const char *sl_mapping_version(const sl_mapping_t *self);
const char *sl_mapping_system(const sl_mapping_t *self);
sl_system_kind_t sl_mapping_kind(const sl_mapping_t *self);
const char *sl_system_kind_name(sl_system_kind_t kind); /* "soap" … */

size_t sl_mapping_op_count(const sl_mapping_t *self);
const sl_op_t *sl_mapping_op_at(const sl_mapping_t *self, size_t i);
const sl_op_t *sl_mapping_op(const sl_mapping_t *self, const char *name); /* NULL: none */
const sl_shape_t *sl_mapping_shape(const sl_mapping_t *self, const char *name);
size_t sl_mapping_shape_count(const sl_mapping_t *self);
const char *sl_mapping_shape_name_at(const sl_mapping_t *self, size_t i);

/* --- an operation, as the outside sees it ----------------------------------------------------- */

typedef struct sl_op_info {
  const char *name;
  const char *method;        /* HTTP: "GET" … */
  const char *path;          /* "/customers/{id}" */
  bool safe;                 /* GET: changes nothing */
  bool has_body;             /* reads a JSON body */
  bool streams;              /* its answer is written row by row: it may be large */
  const char *const *params; /* http ends it reads: "path:id", "query:status", "header:if-match" */
  size_t n_params;

  /* odbc */
  const char *procedure; /* that it calls; "" if none */

  /* soap */
  const char *soap_action; /* without quotes; "" if none */
  int soap_version;        /* 11 or 12 */
  const char *endpoint;    /* soap:address of the contract; "" if none */
  /* rest */
  const char *rest_method; /* "POST" */
  bool judges_status;      /* an outcome looks at the HTTP status: no status is beyond it */
} sl_op_info_t;

const sl_op_info_t *sl_op_info(const sl_op_t *op);

#endif

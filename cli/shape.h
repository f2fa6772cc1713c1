/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shape: the shape that a command line names.
 */
#ifndef SL_CLI_SHAPE_H
#define SL_CLI_SHAPE_H

#include "mappings/engine/plan.h"

/* Loads the mapping at path (errors of it go to standard error) into *mapping_p, to be destroyed
 * by the caller also after an error; *shape_p is the shape called name, or its only one when name
 * is NULL. lossy as in sl_load_opts_t. */
sl_code_t sl_cmd_shape(const char *path, const char *name, bool lossy, sl_mapping_t **mapping_p,
                       const sl_shape_t **shape_p, sl_err_t *err);
/* Into err: path has no shape, operation (what) called name, and which one may be meant. */
sl_code_t sl_cmd_no_such(const char *path, const char *what, const char *name,
                         const char *const *names, size_t n, sl_err_t *err);
sl_code_t sl_cmd_no_shape(const sl_mapping_t *m, const char *path, const char *name, sl_err_t *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/shape.h"

#include "mappings/engine/xdoc.h"

enum { SHOWN = 64 };

sl_code_t sl_cmd_no_such(const char *path, const char *what, const char *name,
                         const char *const *names, size_t n, sl_err_t *err)
{
  const char *near = sl_xdoc_nearest(name, names, n);
  return sl_err_set(err, SL_NOT_FOUND, "%s has no %s \"%.100s\"%s%s%s", path, what, name,
                    near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

sl_code_t sl_cmd_no_shape(const sl_mapping_t *m, const char *path, const char *name, sl_err_t *err)
{
  const char *names[SHOWN];
  size_t n = m->n_shapes < SHOWN ? m->n_shapes : SHOWN;
  for (size_t i = 0; i < n; i++) names[i] = m->shapes[i].name;
  return sl_cmd_no_such(path, "shape", name, names, n, err);
}

sl_code_t sl_cmd_shape(const char *path, const char *name, bool lossy, sl_mapping_t **mapping_p,
                       const sl_shape_t **shape_p, sl_err_t *err)
{
  sl_diags_t *diags = sl_diags_new();
  sl_load_opts_t opts = {.lossy = lossy};
  sl_mapping_t *m = *mapping_p = diags ? sl_mapping_load_with(path, &opts, diags) : NULL;
  if (!m && diags) sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  if (!m) return sl_err_set(err, SL_CONFIG, "%s is not a right mapping", path);
  if (!name && m->n_shapes != 1) return sl_err_set(err, SL_INVALID, "--shape NAME is needed");
  *shape_p = name ? sl_mapping_shape(m, name) : &m->shapes[0];
  return *shape_p ? SL_OK : sl_cmd_no_shape(m, path, name, err);
}

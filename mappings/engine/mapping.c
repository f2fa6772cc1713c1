/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/mapping.h"

#include <stdlib.h>
#include <string.h>
#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/reader_xml.h"

void sl_mapping_destroy(sl_mapping_t **self_p)
{
  if (!self_p || !*self_p) return;
  sl_mapping_t *self = *self_p;
  sl_xml_pool_destroy(&self->pool);
  for (size_t i = 0; i < self->n_codecs; i++) sl_codec_destroy(&self->codecs[i]);
  free(self->codecs);
  sl_contract_destroy(&self->contract);
  sl_jschemas_destroy(&self->canonical);
  sl_arena_destroy(&self->arena);
  free(self);
  *self_p = NULL;
}

const char *sl_mapping_version(const sl_mapping_t *self)
{
  return self->version;
}

const char *sl_mapping_system(const sl_mapping_t *self)
{
  return self->system;
}

sl_system_kind_t sl_mapping_kind(const sl_mapping_t *self)
{
  return self->kind;
}

const char *sl_system_kind_name(sl_system_kind_t kind)
{
  static const char *const names[] = {"soap", "odbc", "rest", "null"};
  return (unsigned)kind < 4 ? names[kind] : "unknown";
}

size_t sl_mapping_op_count(const sl_mapping_t *self)
{
  return self->n_ops;
}

const sl_op_t *sl_mapping_op_at(const sl_mapping_t *self, size_t i)
{
  return &self->ops[i];
}

const sl_op_t *sl_mapping_op(const sl_mapping_t *self, const char *name)
{
  for (size_t i = 0; i < self->n_ops; i++)
    if (!strcmp(self->ops[i].info.name, name)) return &self->ops[i];
  return NULL;
}

const sl_shape_t *sl_mapping_shape(const sl_mapping_t *self, const char *name)
{
  for (size_t i = 0; i < self->n_shapes; i++)
    if (!strcmp(self->shapes[i].name, name)) return &self->shapes[i];
  return NULL;
}

size_t sl_mapping_shape_count(const sl_mapping_t *self)
{
  return self->n_shapes;
}

const char *sl_mapping_shape_name_at(const sl_mapping_t *self, size_t i)
{
  return self->shapes[i].name;
}

const sl_op_info_t *sl_op_info(const sl_op_t *op)
{
  return &op->info;
}

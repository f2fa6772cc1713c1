/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/base.h"
#include "mappings/engine/csv.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/reader_json.h"
#include "mappings/engine/reader_xml.h"
#include "mappings/engine/run.h"
#include "mappings/engine/writer_json.h"
#include "mappings/engine/writer_xml.h"

static sl_code_t no_room(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the record is larger than a message may be");
}

static sl_code_t read_xml(const sl_mapping_t *m, sl_record_t *record, sl_arena_t *arena,
                          sl_str_t legacy, sl_err_t *err)
{
  sl_xml_reader_t *reader = sl_xml_reader_new(m, arena, record, false);
  if (!reader) return no_room(err);
  if (record->carries && !sl_xml_reader_carry(reader)) return no_room(err);
  sl_code_t code = sl_xml_reader_feed(reader, legacy.p ? legacy.p : "", legacy.len, true, err);
  sl_xml_reader_fini(reader);
  return code;
}

static sl_code_t read_legacy(const sl_mapping_t *m, sl_record_t *record, sl_arena_t *arena,
                             sl_str_t legacy, sl_err_t *err)
{
  size_t unknown = 0;
  switch (m->kind) {
  case SL_KIND_SOAP: return read_xml(m, record, arena, legacy, err);
  case SL_KIND_ODBC: return sl_csv_read(record, arena, legacy, err);
  default: return sl_json_read_legacy(record, arena, legacy, m->reject_unknown, &unknown, err);
  }
}

sl_code_t sl_shape_record(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t legacy,
                          sl_record_t **record_p, sl_err_t *err)
{
  *record_p = sl_record_new(shape->frame, arena);
  return *record_p ? read_legacy(shape->mapping, *record_p, arena, legacy, err) : no_room(err);
}

sl_code_t sl_shape_read(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t legacy, sl_buf_t *out,
                        sl_err_t *err)
{
  sl_record_t *record;
  sl_code_t code = sl_shape_record(shape, arena, legacy, &record, err);
  return code ? code : sl_json_write(record, arena, out, err);
}

bool sl_shape_joined(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t header, sl_str_t a,
                     sl_str_t b)
{
  bool joined = false;
  return !sl_csv_joined(shape->frame, arena, header, a, b, &joined) && joined;
}

static sl_code_t write_legacy(const sl_mapping_t *m, sl_record_t *record, const char *root,
                              sl_arena_t *arena, sl_buf_t *out, sl_err_t *err)
{
  switch (m->kind) {
  case SL_KIND_SOAP: return sl_xml_write(record, root, arena, out, err);
  case SL_KIND_ODBC: return sl_csv_write(record, arena, out, err);
  default: return sl_json_write_legacy(record, arena, out, err);
  }
}

sl_code_t sl_shape_write(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t json,
                         const char *root, sl_buf_t *out, sl_err_t *err)
{
  sl_record_t *record = sl_record_new(shape->frame, arena);
  if (!record) return no_room(err);
  sl_code_t code = sl_json_read(record, arena, json, false, err);
  return code ? code : write_legacy(shape->mapping, record, root, arena, out, err);
}

sl_code_t sl_shape_write_over(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t json,
                              sl_str_t base, bool patch, const char *root, sl_buf_t *out,
                              sl_err_t *err)
{
  const sl_mapping_t *m = shape->mapping;
  sl_record_t *record = sl_record_new(shape->frame, arena);
  sl_record_t *theirs = sl_record_new(shape->frame, arena);
  sl_base_scratch_t scratch;
  if (m->kind == SL_KIND_ODBC)
    return sl_err_set(err, SL_CONFIG, "rows of a database are not written over a base");
  if (!record || !theirs || !sl_record_carry(theirs, arena)) return no_room(err);
  sl_base_scratch_init(&scratch);
  sl_code_t code = sl_json_read(record, arena, json, patch, err);
  if (!code) code = read_legacy(m, theirs, arena, base, err);
  if (!code) code = sl_base_link(record, theirs, patch, arena, &scratch, err);
  if (!code) code = write_legacy(m, record, root, arena, out, err);
  sl_base_scratch_fini(&scratch);
  return code;
}

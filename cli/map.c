/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/shape.h"
#include "core/arena.h"
#include "mappings/engine/run.h"

enum { MAX_RECORD_MEMORY = 256 * 1024 * 1024, FLUSH_AT = 64 * 1024 };

typedef struct settings {
  char *shape, *root, *base;
  bool lossy, patch;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "shape",
     .letter = 's',
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, shape),
     .argument = "NAME",
     .help = "the shape to use; not needed when the mapping has only one"},
    {.name = "root",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, root),
     .argument = "ELEMENT",
     .help = "write: name of the XML element around a record; the shape's name if not given"},
    {.name = "base",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, base),
     .argument = "FILE",
     .help =
         "write: over the legacy records in FILE, the first over the first: values that did not "
         "change keep their spelling, and what is not mapped stays"},
    {.name = "patch",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, patch),
     .help = "write, with --base: members that are left out stay as they are"},
    {.name = "lossy",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, lossy),
     .help = "write: take the losses that are refused otherwise, to see what they do"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice map",
    .usage = "read|write [OPTION]… FILE.map.xml",
    .purpose = "Translates records from standard input to standard output: read makes JSON of "
               "legacy records (XML documents one after another; JSON values; CSV rows under a "
               "header line), write makes legacy records of JSON values. One record a line comes "
               "out. A record that cannot be translated is told on standard error, and the exit "
               "status is 1.",
    .opts = options,
};

typedef struct map {
  settings_t settings;
  sl_mapping_t *mapping;
  const sl_shape_t *shape;
  sl_arena_t *arena;
  sl_buf_t in, out, record, base;
  sl_str_t bases; /* those that are left */
  bool write;
  sl_str_t header; /* CSV: first line of the input, or of the first record written */
  sl_buf_t row;    /* CSV: header and one row */
  size_t n, failed;
} map_t;

/* --- records --------------------------------------------------------------------------------- */

static bool is_csv(const map_t *self)
{
  return sl_mapping_kind(self->mapping) == SL_KIND_ODBC;
}

/* Rows of a record with a list come one below the other, the record's cells the same in each. */
static sl_str_t next_rows(map_t *self, sl_str_t *text_p)
{
  sl_str_t first = sl_input_row(text_p), rest = *text_p, all = first, row;
  while (first.len && (row = sl_input_row(&rest)).len) {
    sl_arena_reset(self->arena);
    if (!sl_shape_joined(self->shape, self->arena, self->header, first, row)) break;
    all.len = (size_t)(row.p + row.len - all.p);
    *text_p = rest;
  }
  return all;
}

static sl_str_t next_record(map_t *self, sl_str_t *text_p)
{
  if (self->write) return sl_input_json(text_p);
  switch (sl_mapping_kind(self->mapping)) {
  case SL_KIND_SOAP: return sl_input_xml(text_p);
  case SL_KIND_ODBC: return next_rows(self, text_p);
  default: return sl_input_json(text_p);
  }
}

/* The shape's reader wants the header line above each row. */
static sl_str_t with_header(map_t *self, sl_str_t row)
{
  sl_buf_clear(&self->row);
  sl_buf_adds(&self->row, self->header);
  sl_buf_addc(&self->row, '\n');
  sl_buf_adds(&self->row, row);
  sl_buf_addc(&self->row, '\n');
  return sl_buf_str(&self->row);
}

/* Of a written CSV record, the header line only stands above the first one. */
static sl_str_t without_header(map_t *self, sl_str_t record)
{
  sl_str_t rest = record, header = sl_input_row(&rest);
  if (sl_str_eq(header, self->header)) return rest.len ? sl_strn(rest.p + 1, rest.len - 1) : rest;
  sl_buf_clear(&self->row);
  sl_buf_adds(&self->row, header);
  self->header = sl_buf_str(&self->row);
  return record;
}

static void flush(map_t *self)
{
  if (self->out.len) fwrite(self->out.p, 1, self->out.len, stdout);
  sl_buf_clear(&self->out);
}

static void put(map_t *self, sl_str_t record)
{
  if (self->write && is_csv(self)) record = without_header(self, record);
  while (record.len && strchr("\r\n", record.p[record.len - 1])) record.len--;
  sl_buf_adds(&self->out, record);
  sl_buf_addc(&self->out, '\n');
  if (self->out.len >= FLUSH_AT) flush(self);
}

static sl_code_t write_over(map_t *self, sl_str_t record, const char *root, sl_err_t *err)
{
  bool soap = sl_mapping_kind(self->mapping) == SL_KIND_SOAP;
  sl_str_t base = soap ? sl_input_xml(&self->bases) : sl_input_json(&self->bases);
  if (!base.len) return sl_err_set(err, SL_INVALID, "%s has no record for it", self->settings.base);
  return sl_shape_write_over(self->shape, self->arena, record, base, self->settings.patch, root,
                             &self->record, err);
}

static void translate(map_t *self, sl_str_t record)
{
  sl_err_t err;
  const char *root = self->settings.root ? self->settings.root : self->shape->name;
  sl_arena_reset(self->arena);
  sl_buf_clear(&self->record);
  self->n++;
  if (!self->write && is_csv(self)) record = with_header(self, record);
  sl_code_t code = self->settings.base ? write_over(self, record, root, &err)
                   : self->write
                       ? sl_shape_write(self->shape, self->arena, record, root, &self->record, &err)
                       : sl_shape_read(self->shape, self->arena, record, &self->record, &err);
  if (!code) {
    put(self, sl_buf_str(&self->record));
    return;
  }
  self->failed++;
  flush(self);
  fprintf(stderr, "record %zu: %s%s%s\n", self->n, err.field, err.field[0] ? ": " : "", err.text);
}

/* --- */

static sl_code_t prepare(map_t *self, const char *direction, const char *path, sl_err_t *err)
{
  self->write = !strcmp(direction, "write");
  if (!self->write && strcmp(direction, "read"))
    return sl_err_set(err, SL_INVALID, "\"%s\" is neither read nor write", direction);
  if (self->settings.base && !self->write)
    return sl_err_set(err, SL_INVALID, "--base goes with write");
  if (self->settings.patch && !self->settings.base)
    return sl_err_set(err, SL_INVALID, "--patch goes with --base");
  sl_code_t code = sl_cmd_shape(path, self->settings.shape, self->settings.lossy, &self->mapping,
                                &self->shape, err);
  if (code) return code;
  self->arena = sl_arena_new(0, MAX_RECORD_MEMORY);
  if (!self->arena) return sl_err_set(err, SL_TOO_LARGE, "no memory");
  if (self->settings.base) {
    code = sl_input_read(self->settings.base, &self->base, err);
    if (code) return code;
    self->bases = sl_buf_str(&self->base);
  }
  return sl_input_read("-", &self->in, err);
}

static int run(map_t *self)
{
  sl_str_t text = sl_buf_str(&self->in), record;
  if (!self->write && is_csv(self)) self->header = sl_input_row(&text);
  while ((record = next_record(self, &text)).len) translate(self, record);
  flush(self);
  if (fflush(stdout)) perror("sluice map: standard output");
  return self->failed || ferror(stdout) ? SL_EXIT_FAILED : SL_EXIT_OK;
}

int sl_cmd_map(int argc, char **argv)
{
  map_t self = {0};
  sl_err_t err;
  int rest, status;
  sl_buf_init(&self.in, SL_INPUT_MAX);
  sl_buf_init(&self.base, SL_INPUT_MAX);
  if (sl_cmd_options(&table, &self.settings, argc, argv, 2, 2, &rest, &status))
    status =
        prepare(&self, argv[rest], argv[rest + 1], &err) ? sl_cmd_failed(&table, &err) : run(&self);
  sl_arena_destroy(&self.arena);
  sl_mapping_destroy(&self.mapping);
  sl_buf_fini(&self.in);
  sl_buf_fini(&self.base);
  sl_buf_fini(&self.out);
  sl_buf_fini(&self.record);
  sl_buf_fini(&self.row);
  sl_opt_fini(&table, &self.settings);
  return status;
}

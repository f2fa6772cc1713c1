/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The law of rows as text (engine/csv.h): a record that is read from CSV writes back to CSV that
 * reads the same, unless it is one NULL alone, which has no row. The mapping has what rows can
 * hold: columns of each kind, items within items. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "<mapping xmlns='urn:sluice:mapping:1' name='rows' version='1.0.0'>"
    "<system name='rows' kind='odbc'><nulls null='nil' absent='nil'/></system>"
    "<type name='padded' kind='text' width='6' pad='right'/>"
    "<type name='cents' kind='decimal' digits='9' scale='2' point='implied'/>"
    "<type name='day' kind='date' pattern='yyyyMMdd'>"
    "<sentinel legacy='00000000' json='null'/></type>"
    "<code-table name='state' unmapped='provided'><code legacy='A' json='active'/></code-table>"
    "<shape name='Order'>"
    "<field legacy='ID' json='/id' type='text'/><field legacy='N' json='/name' type='padded'/>"
    "<field legacy='T' json='/total' type='cents'/><field legacy='D' json='/day' type='day'/>"
    "<field legacy='S' json='/state' type='state'/><field legacy='B' json='/big' type='integer'/>"
    "<list json='/lines' key='LINE'>"
    "<field legacy='LINE' json='/line' type='text'/><field legacy='X' json='/text' type='text'/>"
    "<list json='/notes' key='NOTE PART'>"
    "<field legacy='NOTE' json='/note' type='text'/><field legacy='PART' json='/part' type='text'/>"
    "</list></list></shape>"
    "<shape name='One'><field legacy='ID' json='/id' type='text'/></shape>"
    "</mapping>";

static sl_mapping_t *mapping;

static void load(void)
{
  sl_diags_t *diags = sl_diags_new();
  mapping = sl_mapping_parse("rows.map.xml", text, sizeof text - 1, diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  if (!mapping) abort();
}

static void broken(const char *what, sl_str_t a, sl_str_t b, const sl_err_t *err)
{
  fprintf(stderr, "%s\n%.*s\n%.*s\n%s %s\n", what, SL_STR_ARG(a), SL_STR_ARG(b), err->field,
          err->text);
  abort();
}

static void there_and_back(const char *name, sl_str_t csv)
{
  const sl_shape_t *shape = sl_mapping_shape(mapping, name);
  sl_arena_t *arena = sl_arena_new(0, 1 << 23);
  sl_buf_t json, rows, again;
  sl_err_t err = {0};
  sl_buf_init(&json, 1 << 22);
  sl_buf_init(&rows, 1 << 22);
  sl_buf_init(&again, 1 << 22);
  if (!sl_shape_read(shape, arena, csv, &json, &err)) {
    sl_code_t code = sl_shape_write(shape, arena, sl_buf_str(&json), NULL, &rows, &err);
    bool has_rows = !sl_str_eqz(sl_buf_str(&json), "{\"id\":null}");
    if (!code != has_rows) broken("is not written as it should", csv, sl_buf_str(&json), &err);
    if (!code && sl_shape_read(shape, arena, sl_buf_str(&rows), &again, &err))
      broken("is not read again", csv, sl_buf_str(&rows), &err);
    if (!code && !sl_str_eq(sl_buf_str(&json), sl_buf_str(&again)))
      broken("changed", sl_buf_str(&json), sl_buf_str(&again), &err);
  }
  sl_buf_fini(&json);
  sl_buf_fini(&rows);
  sl_buf_fini(&again);
  sl_arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!mapping) load();
  there_and_back("Order", sl_strn((const char *)data, size));
  there_and_back("One", sl_strn((const char *)data, size));
  return 0;
}

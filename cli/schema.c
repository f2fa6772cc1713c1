/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/shape.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/mapping.h"
#include "mappings/engine/schema.h"

typedef struct settings {
  char *shape, *operation, *output;
  bool openapi;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "shape",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, shape),
     .argument = "NAME",
     .help = "only this shape, as the document's root"},
    {.name = "operation",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, operation),
     .argument = "NAME",
     .help = "the request and the response of this operation"},
    {.name = "openapi",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, openapi),
     .help = "an OpenAPI 3.1 document of all operations"},
    {.name = "output",
     .letter = 'o',
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, output),
     .argument = "FILE",
     .help = "write there instead of to standard output"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice schema",
    .usage = "[OPTION]… FILE",
    .purpose =
        "Writes the consumers' side of a mapping file as JSON Schema (2020-12), tightened to "
        "what the legacy system can hold.",
    .opts = options,
};

/* --- laid out for people -----------------------------------------------------------------------
 */

static void line(sl_buf_t *out, int depth)
{
  sl_buf_addc(out, '\n');
  for (int i = 0; i < depth; i++) sl_buf_addz(out, "  ");
}

static void scalar(sl_buf_t *out, const sl_json_token_t *tok)
{
  switch (tok->kind) {
  case SL_JSON_STRING: sl_json_quote(out, tok->text); break;
  case SL_JSON_NUMBER: sl_buf_adds(out, tok->text); break;
  case SL_JSON_TRUE: sl_buf_addz(out, "true"); break;
  case SL_JSON_FALSE: sl_buf_addz(out, "false"); break;
  default: sl_buf_addz(out, "null");
  }
}

/* [… of scalars only, and few: on one line. */
static bool is_short(const char *p, const char *end)
{
  const char *close = memchr(p, ']', (size_t)(end - p)), *limit = close ? close : end;
  return close && close - p < 60 && !memchr(p, '{', (size_t)(limit - p)) &&
         !memchr(p, '[', (size_t)(limit - p));
}

static void lay_out(sl_str_t json, sl_buf_t *out)
{
  sl_json_t reader;
  sl_json_token_t tok;
  int depth = 0;
  bool first = true, keyed = false, flat = false;
  sl_json_init(&reader, NULL);
  sl_json_feed(&reader, json.p, json.len, true);
  while (sl_json_next(&reader, &tok) > SL_JSON_END) {
    bool end = tok.kind == SL_JSON_OBJECT_END || tok.kind == SL_JSON_ARRAY_END;
    bool begin = tok.kind == SL_JSON_OBJECT || tok.kind == SL_JSON_ARRAY;
    depth -= end;
    if (!end && !first && !keyed) sl_buf_addz(out, flat ? ", " : ",");
    if (!flat && (end ? !first : !keyed) && (depth || end)) line(out, depth);
    if (end) flat = false;
    if (tok.kind == SL_JSON_ARRAY) flat = is_short(reader.p, reader.end);
    keyed = tok.kind == SL_JSON_KEY;
    first = begin;
    if (keyed)
      sl_json_quote(out, tok.text), sl_buf_addz(out, ": ");
    else if (begin || end)
      sl_buf_addc(out, tok.kind == SL_JSON_OBJECT       ? '{'
                       : tok.kind == SL_JSON_ARRAY      ? '['
                       : tok.kind == SL_JSON_OBJECT_END ? '}'
                                                        : ']');
    else
      scalar(out, &tok);
    depth += begin;
  }
  sl_json_fini(&reader);
  sl_buf_addc(out, '\n');
}

/* --- the command -------------------------------------------------------------------------------
 */

static sl_code_t no_operation(const sl_mapping_t *m, const char *path, const char *name,
                              sl_err_t *err)
{
  const char *names[64];
  size_t n = 0;
  for (; n < m->n_ops && n < sizeof names / sizeof *names; n++) names[n] = m->ops[n].info.name;
  return sl_cmd_no_such(path, "operation", name, names, n, err);
}

static sl_code_t derive(const sl_mapping_t *m, const char *path, const settings_t *s, sl_buf_t *out,
                        sl_err_t *err)
{
  const char *shape = s->shape && s->shape[0] ? s->shape : NULL;
  const sl_op_t *op = s->operation && s->operation[0] ? sl_mapping_op(m, s->operation) : NULL;
  if (s->openapi) return sl_openapi_document(m, out), SL_OK;
  if (op) return sl_schema_operation(op, out), SL_OK;
  if (s->operation && s->operation[0]) return no_operation(m, path, s->operation, err);
  if (shape && !sl_mapping_shape(m, shape)) return sl_cmd_no_shape(m, path, shape, err);
  return sl_schema_shapes(m, shape, out, err);
}

static int write_out(const settings_t *s, sl_str_t text, sl_err_t *err)
{
  bool file = s->output && s->output[0];
  FILE *f = file ? fopen(s->output, "w") : stdout;
  bool good = f && fwrite(text.p, 1, text.len, f) == text.len && fflush(f) == 0;
  int why = errno;
  if (f && file && fclose(f)) good = false, why = errno;
  if (good) return SL_EXIT_OK;
  sl_err_set(err, SL_CONFIG, "cannot write \"%.200s\": %s", file ? s->output : "standard output",
             strerror(why));
  return sl_cmd_failed(&table, err);
}

static int schema(const char *path, const settings_t *settings)
{
  sl_err_t err;
  sl_buf_t json, out;
  int status = SL_EXIT_FAILED;
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *m = diags ? sl_mapping_load(path, diags) : NULL;
  sl_err_clear(&err);
  sl_buf_init(&json, 0);
  sl_buf_init(&out, 0);
  if (diags) sl_diags_print(diags, stderr);
  if (m && derive(m, path, settings, &json, &err)) {
    sl_cmd_failed(&table, &err);
  } else if (m) {
    lay_out(sl_buf_str(&json), &out);
    if (json.failed || out.failed)
      sl_err_set(&err, SL_BUG, "out of memory"), sl_cmd_failed(&table, &err);
    else
      status = write_out(settings, sl_buf_str(&out), &err);
  }
  sl_buf_fini(&json);
  sl_buf_fini(&out);
  sl_mapping_destroy(&m);
  sl_diags_destroy(&diags);
  return status;
}

int sl_cmd_schema(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 1, &rest, &status))
    status = schema(argv[rest], &settings);
  sl_opt_fini(&table, &settings);
  return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/shape.h"
#include "core/jsonw.h"
#include "mappings/laws/explain.h"

enum { MAX_RECORD_MEMORY = 256 * 1024 * 1024 };

typedef struct settings {
  char *shape, *input;
  bool json;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "shape",
     .letter = 's',
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, shape),
     .argument = "NAME",
     .help = "the shape of the record; not needed when the mapping has only one"},
    {.name = "input",
     .letter = 'i',
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, input),
     .preset = "-",
     .argument = "FILE",
     .help = "the legacy record (an XML element, a JSON value, CSV rows under a header line)"},
    {.name = "json",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, json),
     .help = "print a JSON array, for machines"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice explain",
    .usage = "[OPTION]… FILE.map.xml [/POINTER]",
    .purpose = "Reads a legacy record and tells where each member of its JSON comes from: the "
               "value, the legacy path and what stood there, the line of the mapping, and the rule "
               "that made it; of all members, or of those at and below a JSON pointer.",
    .opts = options,
};

typedef struct told {
  const char *file;
  bool json;
  size_t n;
} told_t;

static const char *const STATES[] = {"missing", "nil", "text", "empty", "blank"};

static void print_text(const told_t *t, const sl_reason_t *r)
{
  printf("%s = %.*s\n    ", r->pointer[0] ? r->pointer : "(the value)",
         r->value.len ? (int)r->value.len : 8, r->value.len ? r->value.p : "(absent)");
  if (r->legacy[0] && r->state >= SL_L_TEXT)
    printf("%s \"%.*s\", ", r->legacy, SL_STR_ARG(r->raw));
  else if (r->legacy[0])
    printf("%s %s, ", r->legacy, STATES[r->state]);
  if (r->line) printf("%s:%d: ", t->file, r->line);
  printf("%s\n", r->rule);
}

static void add(sl_buf_t *out, const char *name, sl_str_t text)
{
  sl_buf_printf(out, ",\"%s\":", name);
  sl_json_quote(out, text);
}

static void print_json(const told_t *t, const sl_reason_t *r)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_buf_printf(&out, "%s\n{\"pointer\":", t->n ? "," : "");
  sl_json_quote(&out, sl_str(r->pointer));
  if (r->value.len) {
    sl_buf_addz(&out, ",\"value\":");
    sl_buf_adds(&out, r->value);
  }
  if (r->legacy[0]) {
    add(&out, "legacy", sl_str(r->legacy));
    add(&out, "state", sl_str(STATES[r->state]));
  }
  if (r->legacy[0] && r->state >= SL_L_TEXT) add(&out, "raw", r->raw);
  if (r->line) sl_buf_printf(&out, ",\"line\":%d", r->line);
  add(&out, "rule", sl_str(r->rule));
  sl_buf_addc(&out, '}');
  fwrite(out.p, 1, out.len, stdout);
  sl_buf_fini(&out);
}

static void print(void *context, const sl_reason_t *r)
{
  told_t *t = context;
  (t->json ? print_json : print_text)(t, r);
  t->n++;
}

static int explain(settings_t *settings, const char *path, const char *pointer)
{
  sl_mapping_t *mapping = NULL;
  const sl_shape_t *shape;
  sl_buf_t in;
  sl_err_t err;
  sl_buf_init(&in, SL_INPUT_MAX);
  sl_arena_t *arena = sl_arena_new(0, MAX_RECORD_MEMORY);
  const char *slash = strrchr(path, '/');
  told_t told = {slash ? slash + 1 : path, settings->json, 0};
  sl_code_t code = arena ? sl_cmd_shape(path, settings->shape, false, &mapping, &shape, &err)
                         : sl_err_set(&err, SL_TOO_LARGE, "out of memory");
  if (!code) code = sl_input_read(settings->input, &in, &err);
  if (!code && settings->json) printf("[");
  if (!code) code = sl_explain(shape, arena, sl_buf_str(&in), pointer, print, &told, &err);
  if (settings->json && mapping) printf("\n]\n");
  if (!code && !told.n)
    code = sl_err_set(&err, SL_NOT_FOUND, "the JSON of %s has no member %s", shape->name, pointer);
  int status = code ? sl_cmd_failed(&table, &err) : SL_EXIT_OK;
  if (fflush(stdout)) perror("sluice explain: standard output"), status = SL_EXIT_FAILED;
  sl_buf_fini(&in);
  sl_arena_destroy(&arena);
  sl_mapping_destroy(&mapping);
  return status;
}

int sl_cmd_explain(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 2, &rest, &status))
    status = explain(&settings, argv[rest], rest + 1 < argc ? argv[rest + 1] : "");
  sl_opt_fini(&table, &settings);
  return status;
}

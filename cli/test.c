/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "mappings/laws/boundary.h"
#include "mappings/laws/example.h"

typedef struct settings {
  char *junit;
  bool quiet, boundary, lossy;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "junit",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, junit),
     .argument = "FILE",
     .help = "write the results as JUnit XML too, as continuous integration reads it"},
    {.name = "boundary",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, boundary),
     .preset = "yes",
     .help = "also make cases: of each shape's first example, every member takes the values at the "
             "edges of what its line can hold"},
    {.name = "lossy",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, lossy),
     .help = "write what would not come back, as a system without Sluice would: to see what the "
             "cases find"},
    {.name = "quiet",
     .letter = 'q',
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, quiet),
     .help = "print only what failed, and the plan"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice test",
    .usage = "[OPTION]… FILE…",
    .purpose = "Runs the examples of mapping files: each of a shape is read, written, and sent "
               "both ways there and back; each of an operation asks and answers. Prints TAP; "
               "exits with 1 when a check failed, or a file has no example.",
    .opts = options,
};

typedef struct suite {
  const settings_t *settings;
  const char *file; /* of the mapping */
  char *name;       /* of the example */
  size_t n, failed;
  size_t n_file, failed_file;
  sl_buf_t junit; /* testcases of the file */
  sl_buf_t all;   /* testsuites */
} suite_t;

/* --- reports ------------------------------------------------------------------------------------
 */

static void xml(sl_buf_t *out, const char *text)
{
  for (const char *p = text; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '&')
      sl_buf_addz(out, "&amp;");
    else if (c == '<')
      sl_buf_addz(out, "&lt;");
    else if (c == '"')
      sl_buf_addz(out, "&quot;");
    else if (c < ' ' && c != '\n' && c != '\t') /* no XML 1.0 can carry it */
      sl_buf_addc(out, '?');
    else
      sl_buf_addc(out, *p);
  }
}

/* "# " before each line: TAP's way of saying more. */
static void comment(const char *text)
{
  for (const char *p = text, *next; *p; p = next) {
    size_t len = strcspn(p, "\n");
    next = p + len + (p[len] == '\n');
    printf("#   %.*s\n", (int)len, p);
  }
}

static void report(void *context, const char *check, const char *why)
{
  suite_t *s = context;
  s->n++, s->n_file++;
  s->failed += why != NULL, s->failed_file += why != NULL;
  if (why || !s->settings->quiet)
    printf("%sok %zu - %s: %s: %s\n", why ? "not " : "", s->n, s->file, s->name, check);
  if (why) comment(why);
  sl_buf_addz(&s->junit, "    <testcase classname=\"");
  xml(&s->junit, s->name);
  sl_buf_addz(&s->junit, "\" name=\"");
  xml(&s->junit, check);
  sl_buf_addz(&s->junit, why ? "\"><failure message=\"" : "\"/>\n");
  if (!why) return;
  xml(&s->junit, why);
  sl_buf_addz(&s->junit, "\"/></testcase>\n");
}

static void end_of_file(suite_t *s)
{
  sl_buf_addz(&s->all, "  <testsuite name=\"");
  xml(&s->all, s->file);
  sl_buf_printf(&s->all, "\" tests=\"%zu\" failures=\"%zu\">\n", s->n_file, s->failed_file);
  sl_buf_adds(&s->all, sl_buf_str(&s->junit));
  sl_buf_addz(&s->all, "  </testsuite>\n");
  sl_buf_clear(&s->junit);
}

static bool write_junit(suite_t *s, const char *path)
{
  FILE *f = fopen(path, "w");
  bool done = f &&
              fprintf(f,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" "
                      "failures=\"%zu\">\n",
                      s->n, s->failed) > 0 &&
              fwrite(s->all.p, 1, s->all.len, f) == s->all.len && fputs("</testsuites>\n", f) >= 0;
  if (f && fclose(f)) done = false;
  if (!done) perror(path);
  return done;
}

/* --- one file ------------------------------------------------------------------------------------
 */

/* The first example of each shape that holds is the record that boundary cases are made of. */
static void run_boundary(suite_t *s, const sl_mapping_t *mapping, const sl_example_t *x)
{
  sl_boundary_t b = {0};
  sl_buf_t json;
  sl_err_t err;
  char check[160];
  sl_buf_init(&json, 0);
  if (!sl_sample_read(mapping, &x->json, &json, &err) &&
      sl_boundary_run(x->shape, sl_buf_str(&json), &b) && b.cases) {
    snprintf(check, sizeof check, "%zu boundary cases of %zu members, %zu of them refused", b.cases,
             b.lines, b.refused);
    if (b.failed) sl_buf_printf(&b.why, "\n%zu of %zu failed", b.failed, b.cases);
    report(s, check, b.failed ? sl_buf_z(&b.why) : NULL);
  }
  sl_buf_fini(&b.why);
  sl_buf_fini(&json);
}

static bool is_first(const sl_mapping_t *mapping, size_t i)
{
  for (size_t k = 0; k < i; k++)
    if (mapping->examples[k].shape == mapping->examples[i].shape) return false;
  return mapping->examples[i].shape && mapping->examples[i].shape->frame->json->writable;
}

static void run_examples(suite_t *s, const sl_mapping_t *mapping)
{
  for (size_t i = 0; i < mapping->n_examples; i++) {
    sl_buf_t name;
    sl_buf_init(&name, 0);
    sl_example_name(&mapping->examples[i], &name);
    s->name = strdup(sl_buf_z(&name));
    sl_buf_fini(&name);
    if (!s->name || sl_example_run(mapping, &mapping->examples[i], report, s))
      report(s, "run", "out of memory");
    else if (s->settings->boundary && is_first(mapping, i))
      run_boundary(s, mapping, &mapping->examples[i]);
    free(s->name);
  }
  s->name = NULL;
  if (!mapping->n_examples) {
    char none[] = "examples";
    s->name = none;
    report(s, "there",
           "the mapping has none: add <example shape=\"…\" legacy=\"FILE\" json=\"FILE\"/>");
  }
}

static void run_file(suite_t *s, const char *path)
{
  char loads[] = "mapping";
  sl_diags_t *diags = sl_diags_new();
  sl_load_opts_t opts = {.lossy = s->settings->lossy};
  s->file = path;
  s->n_file = s->failed_file = 0;
  s->name = loads;
  sl_mapping_t *mapping = diags ? sl_mapping_load_with(path, &opts, diags) : NULL;
  report(s, "loads", mapping ? NULL : diags ? sl_diags_first(diags) : "out of memory");
  if (mapping) run_examples(s, mapping);
  end_of_file(s);
  sl_mapping_destroy(&mapping);
  sl_diags_destroy(&diags);
}

int sl_cmd_test(int argc, char **argv)
{
  settings_t settings = {0};
  suite_t s = {.settings = &settings};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 0, &rest, &status)) {
    for (; rest < argc; rest++) run_file(&s, argv[rest]);
    printf("1..%zu\n", s.n);
    if (s.failed) status = SL_EXIT_FAILED;
    if (settings.junit && !write_junit(&s, settings.junit)) status = SL_EXIT_FAILED;
    if (fflush(stdout)) perror("sluice test: standard output"), status = SL_EXIT_FAILED;
  }
  sl_buf_fini(&s.junit);
  sl_buf_fini(&s.all);
  sl_opt_fini(&table, &settings);
  return status;
}

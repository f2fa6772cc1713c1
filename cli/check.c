/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/deployment.h"
#include "cli/probe.h"
#include "mappings/engine/mapping.h"
#include "mappings/engine/xdoc.h"
#include "mappings/laws/example.h"
#include "mappings/laws/laws.h"

typedef struct settings {
  bool resolve, quiet, laws, json;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "resolve",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, resolve),
     .help = "${env:…} and ${file:…} that cannot be resolved here are errors, not warnings"},
    {.name = "laws",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, laws),
     .help = "print what each line of a mapping keeps and loses: its two laws, and a summary"},
    {.name = "json",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, json),
     .help = "the same for machines, with all messages: one JSON object for each mapping"},
    {.name = "quiet",
     .letter = 'q',
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, quiet),
     .help = "say nothing about files that are right"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice check",
    .usage = "[OPTION]… FILE…",
    .purpose = "Checks mapping and deployment files, and the mapping files that those name. Tells "
               "all that is wrong, with line and column; exits with 1 if there is any error.",
    .opts = options,
};

struct judged {
  const sl_mapping_t *mapping;
  const sl_example_t *x;
  sl_diags_t *diags;
};

/* One mistake may break many examples: the first of them shows it. */
static bool is_told(sl_diags_t *diags, const char *check, const char *why)
{
  char place[160]; /* which check, and of which member where it names one */
  int len = (int)(*why == '/' ? strcspn(why, " ") : strlen(why));
  snprintf(place, sizeof place, ", %s: %.*s", check, len, why);
  for (size_t i = 0; i < sl_diags_count(diags); i++) {
    const sl_diag_t *d = sl_diags_at(diags, i);
    if (!strcmp(d->code, "E401") && strstr(d->text, place)) return true;
  }
  return false;
}

static void judge(void *context, const char *check, const char *why)
{
  const struct judged *j = context;
  if (why && !is_told(j->diags, check, why))
    sl_diags_add(j->diags, SL_ERROR, "E401", j->mapping->file, j->x->line, j->x->col,
                 "`sluice test` tells all of it", "the example does not hold, %s: %s", check, why);
}

static void check_examples(const sl_mapping_t *mapping, sl_diags_t *diags)
{
  for (size_t i = 0; i < mapping->n_examples; i++) {
    struct judged j = {mapping, &mapping->examples[i], diags};
    if (sl_example_run(mapping, j.x, judge, &j)) judge(&j, "run", "out of memory");
  }
}

/* The laws are judged of what is right otherwise: a mapping with errors has no meaning yet. And an
 * example that a line with a loss reads differently would only show that loss again. */
static void check_mapping(const char *path, const settings_t *settings, sl_diags_t *diags)
{
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_buf_t out;
  sl_buf_init(&out, 0);
  const sl_load_opts_t opts = {.max_file = SL_XDOC_LARGEST}; /* max-mapping= decides */
  sl_mapping_t *mapping = arena ? sl_mapping_load_with(path, &opts, diags) : NULL;
  const sl_laws_t *laws = mapping ? sl_laws_judge(mapping, arena, diags) : NULL;
  if (mapping && !sl_diags_errors(diags)) check_examples(mapping, diags);
  if (settings->json)
    sl_laws_json(laws, diags, &out);
  else if (settings->laws && laws)
    sl_laws_print(laws, &out);
  if (out.len) fwrite(out.p, 1, out.len, stdout);
  sl_buf_fini(&out);
  sl_mapping_destroy(&mapping);
  sl_arena_destroy(&arena);
}

static void check_deployment(const char *path, const settings_t *settings, sl_diags_t *diags)
{
  const char *last = "";
  const sl_process_t *p;
  sl_deployment_t *deployment = sl_deployment_load(path, settings->resolve, diags);
  /* What cannot be resolved here the programs would refuse, whatever it is elsewhere. */
  if (deployment && !sl_diags_count(diags)) sl_probe(deployment, path, diags);
  for (size_t i = 0; deployment && (p = sl_deployment_at(deployment, i)); i++) {
    if (p->role == SL_ROLE_ADAPTER && strcmp(p->mapping, last))
      check_mapping(p->mapping, settings, diags);
    last = p->mapping;
  }
  sl_deployment_destroy(&deployment);
}

/* What a file is, its root element tells; a file of no known kind is reported as a mapping. */
static bool is_a(const char *path, const char *root)
{
  sl_diags_t *ignored = sl_diags_new();
  sl_xdoc_t *doc = ignored ? sl_xdoc_load(path, ignored) : NULL;
  bool is = doc && sl_xel_is(sl_xdoc_root(doc), root);
  sl_xdoc_destroy(&doc);
  sl_diags_destroy(&ignored);
  return is;
}

static bool check_file(const char *path, const settings_t *settings)
{
  sl_diags_t *diags = sl_diags_new();
  if (!diags) return false;
  if (is_a(path, "deployment"))
    check_deployment(path, settings, diags);
  else if (is_a(path, "types"))
    sl_types_check(path, diags);
  else
    check_mapping(path, settings, diags);
  sl_diags_print(diags, stderr);
  bool right = !sl_diags_errors(diags);
  if (!right)
    fprintf(stderr, "%s: %zu error%s\n", path, sl_diags_errors(diags),
            sl_diags_errors(diags) == 1 ? "" : "s");
  else if (!settings->quiet && !settings->json)
    printf("%s: ok\n", path);
  sl_diags_destroy(&diags);
  return right;
}

int sl_cmd_check(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 0, &rest, &status))
    for (; rest < argc; rest++)
      if (!check_file(argv[rest], &settings)) status = SL_EXIT_FAILED;
  sl_opt_fini(&table, &settings);
  return status;
}

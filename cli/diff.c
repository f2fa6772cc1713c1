/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "core/jsonw.h"
#include "mappings/laws/diff.h"

typedef struct settings {
  bool json;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "json",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, json),
     .help = "print one JSON object, for machines"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice diff",
    .usage = "[OPTION]… OLD NEW",
    .purpose = "Tells what two versions of a mapping do differently: what consumers see, what the "
               "legacy system sees, what is acknowledged as lost; and which step of the version "
               "that needs. Exits with 1 when NEW's version number does not say so.",
    .opts = options,
};

typedef struct found {
  sl_visible_t visible;
  sl_step_t step;
  char *where, *what;
  int line;
} found_t;

typedef struct all {
  found_t *v;
  size_t n, cap;
  bool failed;
} all_t;

static void keep(void *context, sl_visible_t visible, sl_step_t step, const char *where,
                 const char *what, int line)
{
  all_t *all = context;
  if (all->n == all->cap) {
    size_t cap = all->cap ? all->cap * 2 : 32;
    found_t *v = realloc(all->v, cap * sizeof *v);
    if (!v) {
      all->failed = true;
      return;
    }
    all->v = v;
    all->cap = cap;
  }
  found_t *f = &all->v[all->n++];
  *f = (found_t){visible, step, strdup(where), strdup(what), line};
  if (!f->where || !f->what) all->failed = true;
}

static const char *const VISIBLE[] = {"json", "legacy", "laws"};

static bool alike(const found_t *a, const found_t *b)
{
  return a->visible == b->visible && a->step == b->step && a->line == b->line &&
         !strcmp(a->what, b->what);
}

/* One line of a mapping shows in every operation that uses its shape: it is told once. */
static void print_one(const all_t *all, size_t i)
{
  const found_t *f = &all->v[i];
  size_t more = 0;
  for (size_t k = 0; k < all->n; k++) {
    if (k == i || !f->line || !alike(f, &all->v[k])) continue;
    if (k < i) return;
    more++;
  }
  printf("  %-5s %s", sl_step_name(f->step), f->where);
  if (more) printf(" and %zu more", more);
  printf(": %s", f->what);
  if (f->line) printf(" (line %d)", f->line);
  printf("\n");
}

static void print_text(const all_t *all)
{
  static const char *const titles[] = {
      "Consumers see:", "The legacy system sees:", "What is proved, and what is given away:"};
  for (int v = 0; v < 3; v++) {
    bool titled = false;
    for (size_t i = 0; i < all->n; i++) {
      const found_t *f = &all->v[i];
      if ((int)f->visible != v) continue;
      if (!titled) printf("%s\n", titles[v]);
      titled = true;
      print_one(all, i);
    }
  }
}

static void print_json(const all_t *all, const sl_mapping_t *before, const sl_mapping_t *after,
                       sl_step_t needed)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_buf_addz(&out, "{\"from\":");
  sl_json_quote(&out, sl_str(before->version));
  sl_buf_addz(&out, ",\"to\":");
  sl_json_quote(&out, sl_str(after->version));
  sl_buf_printf(&out, ",\"needed\":\"%s\",\"step\":\"%s\",\"honest\":%s,\"differences\":[",
                sl_step_name(needed),
                sl_step_name(sl_version_step(before->version, after->version)),
                sl_version_honest(before->version, after->version, needed) ? "true" : "false");
  for (size_t i = 0; i < all->n; i++) {
    const found_t *f = &all->v[i];
    sl_buf_printf(&out, "%s\n{\"visible\":\"%s\",\"step\":\"%s\",\"where\":", i ? "," : "",
                  VISIBLE[f->visible], sl_step_name(f->step));
    sl_json_quote(&out, sl_str(f->where));
    sl_buf_addz(&out, ",\"what\":");
    sl_json_quote(&out, sl_str(f->what));
    sl_buf_printf(&out, ",\"line\":%d}", f->line);
  }
  sl_buf_addz(&out, "]}\n");
  fwrite(out.p, 1, out.len, stdout);
  sl_buf_fini(&out);
}

static sl_mapping_t *load(const char *path)
{
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *m = diags ? sl_mapping_load(path, diags) : NULL;
  if (!m && diags) sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  return m;
}

static int compare(const settings_t *settings, const sl_mapping_t *before,
                   const sl_mapping_t *after)
{
  all_t all = {0};
  sl_step_t needed = sl_diff(before, after, keep, &all);
  bool honest = sl_version_honest(before->version, after->version, needed);
  if (settings->json) {
    print_json(&all, before, after, needed);
  } else {
    print_text(&all);
    if (!all.n) printf("no differences\n");
    printf("%s -> %s: ", before->version, after->version);
    if (sl_version_back(before->version, after->version))
      printf("that is an earlier version\n");
    else if (honest && needed == SL_STEP_NONE)
      printf("right\n");
    else if (honest)
      printf("right, a step of %s or more was needed\n", sl_step_name(needed));
    else
      printf("a %s step is needed\n", sl_step_name(needed));
  }
  for (size_t i = 0; i < all.n; i++) free(all.v[i].where), free(all.v[i].what);
  free(all.v);
  if (all.failed) fprintf(stderr, "sluice diff: out of memory\n");
  return honest && !all.failed ? SL_EXIT_OK : SL_EXIT_FAILED;
}

int sl_cmd_diff(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 2, 2, &rest, &status)) {
    sl_mapping_t *before = load(argv[rest]), *after = before ? load(argv[rest + 1]) : NULL;
    status = after ? compare(&settings, before, after) : SL_EXIT_FAILED;
    sl_mapping_destroy(&before);
    sl_mapping_destroy(&after);
    if (fflush(stdout)) perror("sluice diff: standard output"), status = SL_EXIT_FAILED;
  }
  sl_opt_fini(&table, &settings);
  return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Schemas derived from mappings, held against what the mappings do. Each golden case of
 * tests/golden/mapping/ says what is read and written: every JSON that comes out has to be a value
 * of the schema of answers, every one that goes in a value of the schema of requests. What the
 * mapping refuses the schema should refuse too, as far as JSON Schema has words: that is counted,
 * and told.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jschema.h"
#include "mappings/engine/schema.h"

enum { MAX_WORDS = 16 };

static int tests, failures;
static size_t refused, refused_too;

static char *slurp(const char *folder, const char *name, size_t *len_p)
{
  char path[2048];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  char *text = calloc(1, 1 << 20);
  *len_p = f && text ? fread(text, 1, (1 << 20) - 1, f) : 0;
  if (f) fclose(f);
  if (f) return text;
  free(text);
  return NULL;
}

static void ok(bool good, const char *folder, const char *what, sl_diags_t *why)
{
  const char *slash = strrchr(folder, '/');
  printf("%sok %d - %s: %s\n", good ? "" : "not ", ++tests, slash ? slash + 1 : folder, what);
  if (good) return;
  failures++;
  for (size_t i = 0; why && i < sl_diags_count(why); i++)
    printf("# %d:%d: %s\n", sl_diags_at(why, i)->line, sl_diags_at(why, i)->col,
           sl_diags_at(why, i)->text);
}

/* The schema of a frame, read back: it has to be one. */
static sl_jschemas_t *derived(const sl_frame_t *frame, sl_view_t view, sl_diags_t *diags)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_schema_frame(frame, view, &out);
  sl_jschemas_t *s = sl_jschemas_parse("derived.json", out.p ? out.p : "", out.len, diags);
  sl_buf_fini(&out);
  return s;
}

static void judge(const char *folder, const char *line, const sl_frame_t *frame, sl_view_t view,
                  const char *file, bool wanted)
{
  size_t len;
  sl_diags_t *diags = sl_diags_new();
  char *text = slurp(folder, file, &len);
  sl_jschemas_t *s = derived(frame, view, diags);
  sl_jverdict_t verdict =
      s && text ? sl_jschema_validate(sl_jschemas_root(s), file, text, len, diags) : SL_JS_NO;
  if (wanted) {
    ok(verdict != SL_JS_NO && sl_diags_count(diags) == 0, folder, line, diags);
  } else {
    refused++;
    refused_too += verdict == SL_JS_NO;
    ok(s && text, folder, line, diags);
  }
  sl_jschemas_destroy(&s);
  sl_diags_destroy(&diags);
  free(text);
}

static void step(const sl_mapping_t *m, const char *folder, char *line, const sl_op_t **op_p)
{
  char *words[MAX_WORDS] = {NULL}, copy[512];
  size_t n = 0;
  snprintf(copy, sizeof copy, "%s", line);
  for (char *w = strtok(copy, " "); w && n < MAX_WORDS; w = strtok(NULL, " ")) words[n++] = w;
  if (n < 2) return;
  const sl_shape_t *shape = n > 2 ? sl_mapping_shape(m, words[1]) : NULL;
  if (!strcmp(words[0], "read") && shape && n > 3)
    judge(folder, line, shape->frame, SL_VIEW_ANSWER, words[3], true);
  if (!strcmp(words[0], "write") && shape && n > 4)
    judge(folder, line, shape->frame, SL_VIEW_REQUEST, words[3], true);
  if (!strcmp(words[0], "unwritable") && shape && n > 3)
    judge(folder, line, shape->frame, SL_VIEW_REQUEST, words[2], false);
  if (!strcmp(words[0], "call")) *op_p = sl_mapping_op(m, words[1]);
  if (!strcmp(words[0], "expect") && n == 3 && *op_p && (*op_p)->body) {
    const sl_op_t *answer = (*op_p)->reread ? (*op_p)->reread : *op_p;
    judge(folder, line, answer->response, SL_VIEW_ANSWER, words[2], true);
  }
}

static void run(const char *folder)
{
  char path[2048];
  size_t len;
  snprintf(path, sizeof path, "%s/case.map.xml", folder);
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *m = sl_mapping_load(path, diags);
  char *steps = m ? slurp(folder, "steps", &len) : NULL, *rest = steps;
  const sl_op_t *op = NULL;
  for (char *line; rest && (line = strsep(&rest, "\n"));) step(m, folder, line, &op);
  for (size_t i = 0; m && i < sl_mapping_op_count(m); i++) {
    sl_buf_t out;
    sl_err_t err;
    sl_buf_init(&out, 0);
    sl_openapi_operation(sl_mapping_op_at(m, i), true, &out);
    sl_arena_t *arena = sl_arena_new(0, 0);
    ok(sl_jvalue_parse(out.p ? out.p : "", out.len, arena, &err) != NULL, folder,
       sl_op_info(sl_mapping_op_at(m, i))->name, NULL);
    sl_arena_destroy(&arena);
    sl_buf_fini(&out);
  }
  free(steps);
  sl_mapping_destroy(&m);
  sl_diags_destroy(&diags);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
  char root[900], *names[256];
  size_t n = 0;
  const char *source = getenv("SL_SOURCE");
  snprintf(root, sizeof root, "%s/tests/golden/mapping", source ? source : ".");
  DIR *dir = opendir(root);
  for (struct dirent *e; dir && (e = readdir(dir)) && n < 256;)
    if (e->d_name[0] != '.') names[n++] = strdup(e->d_name);
  if (dir) closedir(dir);
  qsort(names, n, sizeof *names, by_name);
  for (size_t i = 0; i < n; i++) {
    char folder[1200];
    snprintf(folder, sizeof folder, "%s/%s", root, names[i]);
    run(folder);
    free(names[i]);
  }
  printf("# of %zu JSON texts that a mapping refuses, its schema refuses %zu\n", refused,
         refused_too);
  printf("1..%d\n", tests);
  return failures || !tests;
}

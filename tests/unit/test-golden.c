/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Golden cases: every folder of tests/golden/mapping/ is a mapping (case.map.xml) and a file
 * `steps`, one step a line (a test each, TAP), files named relative to the folder:
 *
 *     diags FILE                        loading prints exactly this; nothing else is tried then
 *     call OPERATION [END=VALUE …] [body=FILE]
 *     request FILE                      the message that is sent
 *     target TEXT                       REST: the path it is sent to
 *     base STATUS FILE                  what the legacy system says to the base operation, which
 *                                       comes first: request, target and answer are the write's
 *     asked FILE                        the base operation's message
 *     refused CODE FIELD TEXT…          the call is not sent: category, field, beginning of the
 * text answer STATUS FILE                what the legacy system says: given whole, and byte by byte
 *     expect STATUS [FILE]              what the consumer gets
 *     problem STATUS TYPE [DETAIL…]     or this
 *     header NAME VALUE                 of the answer
 *     garbage CODE FIELD TEXT…          or the answer is refused
 *     read SHAPE FILE FILE              legacy → JSON
 *     write SHAPE ROOT FILE FILE        JSON → legacy; ROOT - for the contract's own name
 *     over SHAPE ROOT BASE FILE FILE    the same, over the legacy record BASE
 *     patch SHAPE ROOT BASE FILE FILE   the same, as a PATCH
 *     unreadable SHAPE FILE FIELD TEXT…
 *     unwritable SHAPE FILE FIELD TEXT…
 *     unpatchable SHAPE BASE FILE FIELD TEXT…
 *
 * test-golden NAME runs one case, test-golden FOLDER MAPPING the steps of any folder.
 */
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mappings/engine/run.h"

enum { MAX_WORDS = 32 };

static int tests, failures;

static void ok(bool good, const char *folder, const char *step, const char *why)
{
  tests++;
  printf("%sok %d - %s: %s\n", good ? "" : "not ", tests, folder, step);
  if (good) return;
  failures++;
  for (const char *p = why; *p;) {
    size_t len = strcspn(p, "\n");
    printf("# %.*s\n", (int)len, p);
    p += len + (p[len] == '\n');
  }
}

static char *slurp(const char *path, size_t *len_p)
{
  FILE *f = fopen(path, "rb");
  char *text = calloc(1, 1 << 20);
  *len_p = f && text ? fread(text, 1, (1 << 20) - 1, f) : 0;
  if (f) fclose(f);
  return f ? text : (free(text), NULL);
}

/* Empty, or what differs between got and the file (whose last line end does not count). */
static const char *differs(sl_str_t got, const char *path)
{
  static char why[8192];
  size_t len;
  char *want = slurp(path, &len);
  if (!want) return snprintf(why, sizeof why, "cannot read %s", path), why;
  while (len && want[len - 1] == '\n') len--;
  while (got.len && got.p[got.len - 1] == '\n') got.len--;
  bool same = len == got.len && !memcmp(want, got.p ? got.p : "", len);
  snprintf(why, sizeof why, "expected: %.3500s\ngot:      %.*s", want,
           (int)(got.len < 3500 ? got.len : 3500), got.p ? got.p : "");
  free(want);
  return same ? "" : why;
}

/* --- one call
 * ---------------------------------------------------------------------------------------------------------
 */

struct outcome {
  sl_code_t code;
  sl_err_t err;
  sl_answer_t answer;
  sl_problem_t problem;
  sl_buf_t out, request, asked;
  char target[512], headers[1024];
};

struct call {
  const sl_op_t *op;
  sl_arg_t args[16];
  size_t n_args;
  char *body;
  char *words; /* what args point into */
  int base_status;
  char *base; /* the answer of the base operation */
  size_t base_len;
};

static void outcome_fini(struct outcome *o)
{
  sl_buf_fini(&o->out);
  sl_buf_fini(&o->request);
  sl_buf_fini(&o->asked);
}

static sl_code_t feed(sl_run_t *run, int status, const char *data, size_t len, size_t piece,
                      sl_err_t *err)
{
  sl_code_t code = SL_OK;
  for (size_t i = 0; !code; i += piece) {
    size_t n = piece && piece < len - i ? piece : len - i;
    code = sl_run_feed(run, status, data + i, n, i + n == len, err);
    if (i + n == len) break;
  }
  return code;
}

/* The exchange before the write's: false when it is the last one. */
static bool run_base(const struct call *c, sl_run_t *run, size_t piece, struct outcome *o)
{
  sl_buf_adds(&o->asked, sl_buf_str(&o->request));
  sl_buf_clear(&o->request);
  if (!c->base) return false;
  o->code = feed(run, c->base_status, c->base, c->base_len, piece, &o->err);
  if (o->code || !sl_run_again(run)) return false;
  o->code = sl_run_request(run, &o->request, &o->err);
  return !o->code && !sl_run_again(run) && sl_run_info(run) == sl_op_info(c->op);
}

/* Runs the call; data NULL: the request only. piece 0: all at once. */
static void run_call(const struct call *c, int status, const char *data, size_t len, size_t piece,
                     struct outcome *o)
{
  sl_arena_t *arena = sl_arena_new(4096, 8 << 20);
  sl_input_t in = {c->args, c->n_args, sl_str(c->body)};
  memset(o, 0, sizeof *o);
  sl_run_t *run = sl_run_new(c->op, arena, &in, &o->out);
  o->code = sl_run_request(run, &o->request, &o->err);
  bool writes = true;
  if (!o->code && sl_run_info(run) != sl_op_info(c->op)) writes = run_base(c, run, piece, o);
  snprintf(o->target, sizeof o->target, "%s", sl_run_target(run));
  if (data && !o->code && writes) o->code = feed(run, status, data, len, piece, &o->err);
  if (data && !o->code) o->code = sl_run_answer(run, &o->answer, &o->err);
  if (o->answer.problem) o->problem = *o->answer.problem;
  for (size_t i = 0, at = 0; i < o->answer.n_headers; i++)
    at += (size_t)snprintf(o->headers + at, sizeof o->headers - at, "%.*s %.*s\n",
                           SL_STR_ARG(o->answer.headers[i].name),
                           SL_STR_ARG(o->answer.headers[i].value));
  sl_run_fini(run);
  sl_arena_destroy(&arena);
}

/* --- steps
 * --------------------------------------------------------------------------------------------------------------
 */

struct state {
  const char *folder, *line;
  sl_mapping_t *mapping;
  struct call call;
  int status;
  char *answer;
  size_t answer_len;
  const char *words[MAX_WORDS];
  int n;
};

static const char *said(const sl_err_t *err, sl_code_t code)
{
  static char why[1024];
  snprintf(why, sizeof why, "got %s [%s] %s", sl_code_name(code), err->field, err->text);
  return why;
}

/* words from i on, as one text with blanks between */
static const char *rest(const struct state *s, int i)
{
  static char text[1024];
  text[0] = '\0';
  for (size_t at = 0; i < s->n; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", s->words[i]);
  return text;
}

static bool as_said(const struct state *s, int field, sl_code_t code, const sl_err_t *err)
{
  const char *text = rest(s, field + 1);
  const char *want = s->n > field ? s->words[field] : "-";
  return code && !strcmp(strcmp(want, "-") ? want : "", err->field) &&
         !strncmp(err->text, text, strlen(text));
}

static void start_call(struct state *s)
{
  struct call *c = &s->call;
  free(c->body);
  free(c->words);
  free(c->base);
  memset(c, 0, sizeof *c);
  c->op = sl_mapping_op(s->mapping, s->words[1]);
  size_t len;
  for (int i = 2; i < s->n; i++) {
    const char *eq = strchr(s->words[i], '=');
    if (!eq) continue;
    if (!strncmp(s->words[i], "body=", 5))
      c->body = slurp(eq + 1, &len);
    else
      c->args[c->n_args++] =
          (sl_arg_t){sl_strn(s->words[i], (size_t)(eq - s->words[i])), sl_str(eq + 1)};
  }
  /* The words die with the line: keep copies. */
  size_t need = 1;
  for (size_t i = 0; i < c->n_args; i++) need += c->args[i].name.len + c->args[i].value.len;
  char *at = c->words = malloc(need);
  for (size_t i = 0; i < c->n_args; i++) {
    sl_str_t *parts[] = {&c->args[i].name, &c->args[i].value};
    for (int k = 0; k < 2; k++) {
      memcpy(at, parts[k]->p, parts[k]->len);
      parts[k]->p = at;
      at += parts[k]->len;
    }
  }
  if (!c->op) ok(false, s->folder, s->line, "no such operation");
}

static void step_request(struct state *s)
{
  struct outcome o;
  run_call(&s->call, 0, NULL, 0, 0, &o);
  if (!strcmp(s->words[0], "refused"))
    ok(!strcmp(sl_code_name(o.code), s->words[1]) && as_said(s, 2, o.code, &o.err), s->folder,
       s->line, said(&o.err, o.code));
  else if (o.code)
    ok(false, s->folder, s->line, said(&o.err, o.code));
  else if (!strcmp(s->words[0], "target"))
    ok(!strcmp(o.target, s->words[1]), s->folder, s->line, o.target);
  else {
    bool asked = !strcmp(s->words[0], "asked");
    const char *why = differs(sl_buf_str(asked ? &o.asked : &o.request), s->words[1]);
    ok(!*why, s->folder, s->line, why);
  }
  outcome_fini(&o);
}

static void check_answer(struct state *s, const struct outcome *o)
{
  const char *what = s->words[0], *why = "";
  char seen[1400];
  int status = atoi(s->words[1]);
  snprintf(seen, sizeof seen, "got %s [%s] %s; status %d, problem %s %s", sl_code_name(o->code),
           o->err.field, o->err.text, o->answer.status, o->problem.type, o->problem.detail);
  if (!strcmp(what, "garbage")) {
    ok(!strcmp(sl_code_name(o->code), s->words[1]) && as_said(s, 2, o->code, &o->err), s->folder,
       s->line, seen);
  } else if (o->code) {
    ok(false, s->folder, s->line, seen);
  } else if (!strcmp(what, "problem")) {
    ok(o->answer.problem && o->answer.status == status && !strcmp(o->problem.type, s->words[2]) &&
           !strcmp(o->problem.detail, rest(s, 3)) && !o->out.len,
       s->folder, s->line, seen);
  } else if (!strcmp(what, "header")) {
    char want[600];
    snprintf(want, sizeof want, "%s %s\n", s->words[1], rest(s, 2));
    ok(strstr(o->headers, want), s->folder, s->line, o->headers);
  } else {
    if (s->n > 2) why = differs(sl_buf_str(&o->out), s->words[2]);
    ok(!o->answer.problem && o->answer.status == status && !*why && (s->n > 2 || !o->out.len),
       s->folder, s->line, *why ? why : seen);
  }
}

static void step_answer(struct state *s)
{
  for (size_t piece = 0; piece < 2; piece++) {
    struct outcome o;
    run_call(&s->call, s->status, s->answer ? s->answer : "", s->answer_len, piece, &o);
    check_answer(s, &o);
    outcome_fini(&o);
  }
}

static void step_shape(struct state *s)
{
  bool read = !strcmp(s->words[0], "read") || !strcmp(s->words[0], "unreadable");
  bool good = !strcmp(s->words[0], "read") || !strcmp(s->words[0], "write");
  const sl_shape_t *shape = sl_mapping_shape(s->mapping, s->words[1]);
  const char *file = s->words[!read && good ? 3 : 2];
  size_t len;
  char *text = slurp(file, &len);
  sl_arena_t *arena = sl_arena_new(0, 8 << 20);
  sl_buf_t out;
  sl_err_t err = {0};
  sl_buf_init(&out, 0);
  sl_code_t code = SL_BUG;
  if (shape && text)
    code = read ? sl_shape_read(shape, arena, sl_strn(text, len), &out, &err)
                : sl_shape_write(shape, arena, sl_strn(text, len),
                                 good && strcmp(s->words[2], "-") ? s->words[2] : NULL, &out, &err);
  if (!good)
    ok(as_said(s, 3, code, &err), s->folder, s->line, said(&err, code));
  else if (code)
    ok(false, s->folder, s->line, said(&err, code));
  else {
    const char *why = differs(sl_buf_str(&out), s->words[read ? 3 : 4]);
    ok(!*why, s->folder, s->line, why);
  }
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
  free(text);
}

static void step_over(struct state *s)
{
  bool good = strcmp(s->words[0], "unpatchable"), patch = strcmp(s->words[0], "over");
  const sl_shape_t *shape = sl_mapping_shape(s->mapping, s->words[1]);
  const char **w = s->words + (good ? 3 : 2);
  size_t base_len, len;
  char *base = slurp(w[0], &base_len), *text = slurp(w[1], &len);
  sl_arena_t *arena = sl_arena_new(0, 8 << 20);
  sl_buf_t out;
  sl_err_t err = {0};
  sl_buf_init(&out, 0);
  sl_code_t code = SL_BUG;
  if (shape && text && base)
    code = sl_shape_write_over(shape, arena, sl_strn(text, len), sl_strn(base, base_len), patch,
                               good && strcmp(s->words[2], "-") ? s->words[2] : NULL, &out, &err);
  if (!good)
    ok(as_said(s, 4, code, &err), s->folder, s->line, said(&err, code));
  else {
    const char *why = code ? said(&err, code) : differs(sl_buf_str(&out), s->words[5]);
    ok(!*why, s->folder, s->line, why);
  }
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
  free(text);
  free(base);
}

static void step(struct state *s)
{
  const char *w = s->words[0];
  if (!strcmp(w, "call")) {
    start_call(s);
  } else if (!strcmp(w, "request") || !strcmp(w, "refused") || !strcmp(w, "target") ||
             !strcmp(w, "asked")) {
    step_request(s);
  } else if (!strcmp(w, "base")) {
    free(s->call.base);
    s->call.base_status = atoi(s->words[1]);
    s->call.base = slurp(s->words[2], &s->call.base_len);
    if (!s->call.base) ok(false, s->folder, s->line, "cannot be read");
  } else if (!strcmp(w, "over") || !strcmp(w, "patch") || !strcmp(w, "unpatchable")) {
    step_over(s);
  } else if (!strcmp(w, "answer")) {
    free(s->answer);
    s->status = atoi(s->words[1]);
    s->answer = slurp(s->words[2], &s->answer_len);
    if (!s->answer) ok(false, s->folder, s->line, "cannot be read");
  } else if (!strcmp(w, "expect") || !strcmp(w, "problem") || !strcmp(w, "garbage") ||
             !strcmp(w, "header")) {
    step_answer(s);
  } else {
    step_shape(s);
  }
}

static void check_diags(struct state *s, sl_diags_t *diags)
{
  char *text = NULL;
  size_t len = 0;
  FILE *f = open_memstream(&text, &len);
  sl_diags_print(diags, f);
  fclose(f);
  const char *why = differs(sl_strn(text, len), s->words[1]);
  ok(!*why, s->folder, s->line, why);
  free(text);
}

static void run_case(const char *folder, const char *mapping)
{
  struct state s = {.folder = folder};
  sl_diags_t *diags = sl_diags_new();
  s.mapping = sl_mapping_load(mapping, diags);
  FILE *f = fopen("steps", "r");
  char line[2048], copy[2048];
  if (!f) ok(false, folder, "steps", "the file is missing");
  while (f && fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = '\0';
    snprintf(copy, sizeof copy, "%s", line);
    s.line = copy;
    s.n = 0;
    for (char *w = strtok(line, " \t"); w && s.n < MAX_WORDS; w = strtok(NULL, " \t"))
      s.words[s.n++] = w;
    for (int i = s.n; i < MAX_WORDS; i++) s.words[i] = "";
    if (!s.n || s.words[0][0] == '#') continue;
    if (!strcmp(s.words[0], "diags")) {
      check_diags(&s, diags);
      if (!s.mapping) break;
      continue;
    }
    if (!s.mapping) {
      sl_diags_print(diags, stderr);
      ok(false, folder, copy, "the mapping did not load");
      break;
    }
    step(&s);
  }
  if (f) fclose(f);
  free(s.answer);
  free(s.call.body);
  free(s.call.words);
  free(s.call.base);
  sl_mapping_destroy(&s.mapping);
  sl_diags_destroy(&diags);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int all_cases(const char *only)
{
  const char *source = getenv("SL_SOURCE");
  char golden[PATH_MAX], relative[1024];
  struct dirent **v;
  snprintf(relative, sizeof relative, "%s/tests/golden/mapping", source ? source : ".");
  if (!realpath(relative, golden)) return perror(relative), 1;
  int n = scandir(golden, &v, NULL, by_name);
  for (int i = 0; i < n; i++) {
    char path[PATH_MAX + 300];
    bool chosen = !only || !strcmp(only, v[i]->d_name);
    snprintf(path, sizeof path, "%s/%s", golden, v[i]->d_name);
    if (v[i]->d_name[0] != '.' && chosen && !chdir(path)) run_case(v[i]->d_name, "case.map.xml");
    free(v[i]);
  }
  if (n >= 0) free(v);
  return 0;
}

int main(int argc, char **argv)
{
  if (argc < 3) {
    if (all_cases(argv[1])) return 1;
  } else {
    if (chdir(argv[1])) return perror(argv[1]), 1;
    run_case(argv[1], argv[2]);
  }
  printf("1..%d\n", tests);
  return failures || !tests;
}

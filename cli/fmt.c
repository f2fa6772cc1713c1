/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/commands.h"
#include "cli/fmt_layout.h"
#include "cli/input.h"
#include "mappings/engine/xdoc.h"

typedef struct settings {
  bool check, print;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "check",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, check),
     .help = "change nothing; name the files whose layout is another, and exit with 1 if any is"},
    {.name = "stdout",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, print),
     .help = "write to standard output instead of the file"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice fmt",
    .usage = "[OPTION]… FILE…",
    .purpose = "Lays out mapping and deployment files: two blanks a level, one line an element (or "
               "with its only child, where that "
               "was written so), the ends of neighbouring lines in columns. Comments, text and "
               "values stay as they "
               "are. A file that is not well-formed is left alone. - is standard input.",
    .opts = options,
};

/* --- the same file but for its layout? ---------------------------------------------------------
 */

static bool same_attrs(const sl_xel_t *a, const sl_xel_t *b)
{
  if (a->n_attrs != b->n_attrs) return false;
  for (size_t i = 0; i < a->n_attrs; i++)
    if (strcmp(sl_xel_get(b, a->attrs[i].name, "\1"), a->attrs[i].value)) return false;
  return true;
}

static bool is_blank(const sl_xel_t *text)
{
  return !text->name && text->text[strspn(text->text, " \t\r\n")] == '\0';
}

static const sl_xel_t *solid(const sl_xel_t *el)
{
  while (el && is_blank(el)) el = el->next;
  return el;
}

static bool same(const sl_xel_t *a, const sl_xel_t *b)
{
  if (!a->name || !b->name) return !a->name && !b->name && !strcmp(a->text, b->text);
  if (strcmp(a->name, b->name) || strcmp(a->ns, b->ns) || !same_attrs(a, b)) return false;
  const sl_xel_t *x = solid(a->first), *y = solid(b->first);
  for (; x && y; x = solid(x->next), y = solid(y->next))
    if (!same(x, y)) return false;
  return !x && !y;
}

/* --- one file -----------------------------------------------------------------------------------
 */

static sl_xdoc_t *read_xml(const char *path, sl_str_t text)
{
  sl_diags_t *diags = sl_diags_new();
  sl_xdoc_t *doc = diags ? sl_xdoc_parse(path, text.p ? text.p : "", text.len, diags) : NULL;
  if (diags && !doc) sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  return doc;
}

static sl_code_t lay_out(const char *path, sl_str_t text, sl_buf_t *out, sl_err_t *err)
{
  sl_xdoc_t *before = read_xml(path, text), *after = NULL;
  sl_code_t code = before ? sl_fmt_layout(text, out, err)
                          : sl_err_set(err, SL_INVALID, "%s is not well-formed: left alone", path);
  if (!code) after = read_xml(path, sl_buf_str(out));
  /* Whatever this program gets wrong, a user's file must not suffer from it. */
  if (!code && (!after || !same(sl_xdoc_root(before), sl_xdoc_root(after))))
    code =
        sl_err_set(err, SL_BUG, "%s would not stay the same: left alone; please report it", path);
  sl_xdoc_destroy(&before);
  sl_xdoc_destroy(&after);
  return code;
}

/* In one step: a file beside it takes its place, so that a full disk leaves the old one whole. */
static sl_code_t replace(const char *path, const sl_buf_t *text, sl_err_t *err)
{
  char beside[4096];
  struct stat st;
  int n = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
  if (n < 0 || (size_t)n >= sizeof beside) return sl_err_set(err, SL_INVALID, "%s: too long", path);
  int fd = mkstemp(beside);
  FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
  bool done = f && !stat(path, &st) && !fchmod(fd, st.st_mode & 07777) &&
              fwrite(text->p, 1, text->len, f) == text->len && !fflush(f) && !fsync(fd);
  int saved = errno;
  if (f && fclose(f) && done) done = false, saved = errno;
  if (done && rename(beside, path)) done = false, saved = errno;
  if (!done && fd >= 0) unlink(beside);
  return done ? SL_OK
              : sl_err_set(err, SL_CONFIG, "%s cannot be written: %s", path, strerror(saved));
}

/* 0 done, 1 an error, 2 --check: its layout is another. */
static int one(const char *path, const settings_t *settings)
{
  sl_buf_t text, out;
  sl_err_t err;
  int status = 0;
  sl_buf_init(&text, SL_INPUT_MAX);
  sl_buf_init(&out, 0);
  bool print = settings->print || !strcmp(path, "-");
  sl_code_t code = sl_input_read(path, &text, &err);
  if (!code) code = lay_out(path, sl_buf_str(&text), &out, &err);
  bool changed = !code && !sl_str_eq(sl_buf_str(&text), sl_buf_str(&out));
  if (!code && settings->check)
    status = changed ? 2 : 0;
  else if (!code && print)
    fwrite(out.p, 1, out.len, stdout);
  else if (changed)
    code = replace(path, &out, &err);
  if (code) status = sl_cmd_failed(&table, &err);
  if (status == 2) printf("%s\n", path);
  sl_buf_fini(&text);
  sl_buf_fini(&out);
  return status;
}

int sl_cmd_fmt(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 0, &rest, &status))
    for (; rest < argc; rest++)
      if (one(argv[rest], &settings)) status = SL_EXIT_FAILED;
  if (fflush(stdout)) perror("sluice fmt: standard output"), status = SL_EXIT_FAILED;
  sl_opt_fini(&table, &settings);
  return status;
}

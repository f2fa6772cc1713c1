/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/opt.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "core/opt_value.h"

enum { MAX_OPTS = 256, HELP_COLUMN = 30, HELP_WIDTH = 96 };

/* What one sl_opt_parse knows of the options given so far. */
typedef struct parse {
  const sl_opt_table_t *table;
  void *base;
  bool here[MAX_OPTS]; /* given in the source being read: a second time is an error */
  bool ever[MAX_OPTS]; /* given in any: a list's preset is gone */
  bool help, version;
} parse_t;

static void *member(const sl_opt_t *opt, const void *base)
{
  return (char *)base + opt->offset;
}

static sl_code_t no_memory(sl_err_t *err)
{
  return sl_err_set(err, SL_CONFIG, "no memory for the options");
}

/* --- values ---------------------------------------------------------------------------------- */

static void list_clear(sl_opt_list_t *list)
{
  for (size_t i = 0; i < list->n; i++) free(list->v[i]);
  free(list->v);
  list->v = NULL;
  list->n = 0;
}

static bool list_take(sl_opt_list_t *list, char *value)
{
  char **v = realloc(list->v, (list->n + 1) * sizeof *v);
  if (!v) return false;
  list->v = v;
  list->v[list->n++] = value;
  return true;
}

static void range_text(const sl_opt_t *opt, char out[80])
{
  char min[32], max[32];
  sl_opt_number_show(opt->kind, opt->min, min);
  sl_opt_number_show(opt->kind, opt->max, max);
  if (opt->max)
    snprintf(out, 80, "%s to %s", min, max);
  else
    snprintf(out, 80, "%s or more", min);
}

static sl_code_t set_number(const sl_opt_t *opt, int64_t *out_p, const char *text, sl_err_t *err)
{
  static const char *const what[] = {
      [SL_OPT_INT] = "a whole number",
      [SL_OPT_SIZE] = "a size such as 4096, 16KiB, 8MiB or 1GiB",
      [SL_OPT_TIME] = "a time such as 250ms, 5s, 2min or 1h",
  };
  const char *shown = opt->secret ? "***" : text;
  int64_t n;
  if (!sl_opt_number(opt->kind, text, &n))
    return sl_err_set(err, SL_CONFIG, "%s: \"%s\" is not %s", opt->name, shown, what[opt->kind]);
  if (n < opt->min || (opt->max && n > opt->max)) {
    char range[80];
    range_text(opt, range);
    return sl_err_set(err, SL_CONFIG, "%s: \"%s\" is out of range: %s", opt->name, shown, range);
  }
  *out_p = n;
  return SL_OK;
}

static sl_code_t set_flag(const sl_opt_t *opt, bool *out_p, const char *text, sl_err_t *err)
{
  if (strcmp(text, "yes") && strcmp(text, "no"))
    return sl_err_set(err, SL_CONFIG, "%s: \"%s\" is neither yes nor no", opt->name, text);
  *out_p = !strcmp(text, "yes");
  return SL_OK;
}

static sl_code_t set_value(const sl_opt_t *opt, void *base, const char *written, sl_err_t *err)
{
  char *value = sl_opt_resolve(written, err);
  if (!value) {
    if (err) {
      char text[sizeof err->text];
      memcpy(text, err->text, sizeof text);
      sl_err_set(err, SL_CONFIG, "%s: %.400s", opt->name, text);
    }
    return SL_CONFIG;
  }
  sl_code_t code = SL_OK;
  char **text_p = member(opt, base);
  switch (opt->kind) {
  case SL_OPT_FLAG: code = set_flag(opt, member(opt, base), value, err); break;
  case SL_OPT_TEXT:
    free(*text_p);
    *text_p = value;
    return SL_OK;
  case SL_OPT_LIST:
    if (list_take(member(opt, base), value)) return SL_OK;
    code = no_memory(err);
    break;
  default: code = set_number(opt, member(opt, base), value, err);
  }
  free(value);
  return code;
}

/* --- finding --------------------------------------------------------------------------------- */

/* Levenshtein's distance of two short names; anything long counts as far. */
static unsigned distance(const char *a, const char *b)
{
  unsigned row[40];
  size_t n = strlen(b);
  if (n >= 40) return 40;
  for (unsigned i = 0; i <= n; i++) row[i] = i;
  for (unsigned i = 1; a[i - 1]; i++) {
    unsigned diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      unsigned best = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[n];
}

static sl_code_t unknown(const sl_opt_table_t *table, const char *name, sl_err_t *err)
{
  const char *nearest = NULL;
  unsigned least = (unsigned)strlen(name) / 3 + 2;
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++) {
    unsigned d = distance(name, opt->name);
    if (d < least) {
      least = d;
      nearest = opt->name;
    }
  }
  if (nearest)
    return sl_err_set(err, SL_CONFIG, "no option \"%s\": did you mean \"%s\"?", name, nearest);
  return sl_err_set(err, SL_CONFIG, "no option \"%s\" (see %s --help)", name, table->program);
}

static const sl_opt_t *find(const sl_opt_table_t *table, const char *name)
{
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++)
    if (!strcmp(opt->name, name)) return opt;
  return NULL;
}

static const sl_opt_t *find_letter(const sl_opt_table_t *table, char letter)
{
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++)
    if (opt->letter == letter) return opt;
  return NULL;
}

sl_code_t sl_opt_presets(const sl_opt_table_t *table, void *base, sl_err_t *err)
{
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++)
    if (opt->preset && set_value(opt, base, opt->preset, err)) return SL_CONFIG;
  return SL_OK;
}

static sl_code_t give(parse_t *self, const sl_opt_t *opt, const char *value, sl_err_t *err)
{
  size_t i = (size_t)(opt - self->table->opts);
  SL_ASSERT(i < MAX_OPTS);
  if (opt->kind != SL_OPT_LIST && self->here[i])
    return sl_err_set(err, SL_CONFIG, "%s: given twice", opt->name);
  if (opt->kind == SL_OPT_LIST && !self->ever[i]) list_clear(member(opt, self->base));
  self->here[i] = self->ever[i] = true;
  return set_value(opt, self->base, value, err);
}

/* --- the option file ------------------------------------------------------------------------- */

static char *trim(char *z)
{
  while (isspace((unsigned char)*z)) z++;
  char *end = z + strlen(z);
  while (end > z && isspace((unsigned char)end[-1])) end--;
  *end = '\0';
  return z;
}

static sl_code_t read_line(parse_t *self, char *line, sl_err_t *err)
{
  line = trim(line);
  if (!*line || *line == '#') return SL_OK;
  char *equals = strchr(line, '=');
  if (!equals) return sl_err_set(err, SL_CONFIG, "\"name = value\" was expected");
  *equals = '\0';
  char *name = trim(line);
  const sl_opt_t *opt = find(self->table, name);
  return opt ? give(self, opt, trim(equals + 1), err) : unknown(self->table, name, err);
}

static sl_code_t read_file(parse_t *self, const char *path, sl_err_t *err)
{
  FILE *f = fopen(path, "re");
  if (!f) return sl_err_set(err, SL_CONFIG, "--config %s: %s", path, strerror(errno));
  memset(self->here, 0, sizeof self->here);
  char *line = NULL;
  size_t cap = 0;
  sl_code_t code = SL_OK;
  for (int n = 1; !code && getline(&line, &cap, f) >= 0; n++) {
    code = read_line(self, line, err);
    if (code && err) {
      snprintf(err->file, sizeof err->file, "%s", path);
      err->line = n;
    }
  }
  if (!code && ferror(f))
    code = sl_err_set(err, SL_CONFIG, "--config %s: %s", path, strerror(errno));
  free(line);
  fclose(f);
  return code;
}

/* --- the command line ------------------------------------------------------------------------ */

/* One argument that begins with '-', taken apart. */
typedef struct argument {
  const sl_opt_t *opt; /* NULL: one of the three below */
  bool help, version, config;
  const char *value; /* NULL: none stood with it */
  bool negative;     /* --no-name */
  int used;          /* arguments that it takes up */
} argument_t;

static sl_code_t find_long(const sl_opt_table_t *table, const char *name, argument_t *arg,
                           sl_err_t *err)
{
  arg->opt = find(table, name);
  if (arg->opt) return SL_OK;
  arg->help = !strcmp(name, "help");
  arg->version = !strcmp(name, "version");
  arg->config = !strcmp(name, "config");
  if (arg->help || arg->version || arg->config) return SL_OK;
  const sl_opt_t *flag = strncmp(name, "no-", 3) ? NULL : find(table, name + 3);
  if (!flag || flag->kind != SL_OPT_FLAG) return unknown(table, name, err);
  arg->opt = flag;
  arg->negative = true;
  return SL_OK;
}

/* argv[0] begins with '-'; n arguments are left. */
static sl_code_t take_apart(const sl_opt_table_t *table, char **argv, int n, argument_t *arg,
                            sl_err_t *err)
{
  *arg = (argument_t){.used = 1};
  const char *text = argv[0];
  if (text[1] != '-') {
    arg->opt = find_letter(table, text[1]);
    arg->help = !arg->opt && text[1] == 'h';
    if (!arg->opt && !arg->help)
      return sl_err_set(err, SL_CONFIG, "no option \"-%c\" (see %s --help)", text[1],
                        table->program);
    if (text[2]) arg->value = text + 2;
  } else {
    const char *equals = strchr(text, '=');
    char name[64];
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - text - 2) : (int)sizeof name - 1,
             text + 2);
    if (find_long(table, name, arg, err)) return SL_CONFIG;
    if (equals) arg->value = equals + 1;
  }
  bool flag = arg->opt ? arg->opt->kind == SL_OPT_FLAG : !arg->config;
  if ((arg->negative || !arg->opt) && flag && arg->value)
    return sl_err_set(err, SL_CONFIG, "%s takes no value", text);
  if (flag || arg->value) return SL_OK;
  if (n < 2) return sl_err_set(err, SL_CONFIG, "%s needs a value", text);
  arg->value = argv[1];
  arg->used = 2;
  return SL_OK;
}

/* Moves what is no option behind what is one, as GNU programs do, and returns where it begins. */
static sl_code_t sort_arguments(const sl_opt_table_t *table, int argc, char **argv, int *rest_p,
                                sl_err_t *err)
{
  int front = 1;
  for (int i = 1; i < argc;) {
    if (argv[i][0] != '-' || !argv[i][1]) {
      i++;
      continue;
    }
    bool last = !strcmp(argv[i], "--");
    argument_t arg = {.used = 1};
    if (!last && take_apart(table, argv + i, argc - i, &arg, err)) return SL_CONFIG;
    char *taken[2] = {argv[i], arg.used == 2 ? argv[i + 1] : NULL};
    memmove(argv + front + arg.used, argv + front, (size_t)(i - front) * sizeof *argv);
    memcpy(argv + front, taken, (size_t)arg.used * sizeof *argv);
    front += arg.used;
    i += arg.used;
    if (last) break;
  }
  *rest_p = front;
  return SL_OK;
}

/* With files: only --config, --help and --version are looked at; without: only the rest. */
static sl_code_t walk(parse_t *self, char **argv, int n, bool files, sl_err_t *err)
{
  memset(self->here, 0, sizeof self->here);
  bool config = false;
  for (int i = 1; i < n && strcmp(argv[i], "--");) {
    argument_t arg;
    sl_code_t code = take_apart(self->table, argv + i, n - i, &arg, err);
    i += arg.used;
    if (!code && files) {
      self->help |= arg.help;
      self->version |= arg.version;
      if (arg.config && config)
        code = sl_err_set(err, SL_CONFIG, "--config: given twice");
      else if (arg.config)
        code = read_file(self, arg.value, err);
      config |= arg.config;
    } else if (!code && arg.opt) {
      code = give(self, arg.opt, arg.value ? arg.value : arg.negative ? "no" : "yes", err);
    }
    if (code) return code;
  }
  return SL_OK;
}

sl_code_t sl_opt_parse(const sl_opt_table_t *table, void *base, int argc, char **argv, int *rest_p,
                       bool *done_p, sl_err_t *err)
{
  parse_t self = {.table = table, .base = base};
  *done_p = false;
  *rest_p = argc;
  if (sl_opt_presets(table, base, err) || sort_arguments(table, argc, argv, rest_p, err) ||
      walk(&self, argv, *rest_p, true, err))
    return SL_CONFIG;
  if (self.help)
    sl_opt_help(table, stdout);
  else if (self.version)
    printf("%s %s\n", table->program, PACKAGE_VERSION);
  *done_p = self.help || self.version;
  return *done_p ? SL_OK : walk(&self, argv, *rest_p, false, err);
}

/* --- showing --------------------------------------------------------------------------------- */

static int columns(const char *p, size_t len)
{
  int n = 0;
  for (size_t i = 0; i < len; i++) n += (p[i] & 0xC0) != 0x80;
  return n;
}

/* text in lines of HELP_WIDTH, each from column `indent` on; the first line is at column `at`. */
static void wrap(FILE *out, int indent, int at, const char *text)
{
  while (*text) {
    size_t len = strcspn(text, " \n");
    int wide = columns(text, len);
    if (at > indent && at + 1 + wide > HELP_WIDTH) {
      fputc('\n', out);
      at = 0;
    }
    if (at < indent)
      at += fprintf(out, "%*s", indent - at, "");
    else if (at > indent)
      at += fprintf(out, " ");
    at += wide;
    fwrite(text, 1, len, out);
    text += len;
    text += strspn(text, " \n");
  }
  fputc('\n', out);
}

static void help_row(FILE *out, const sl_opt_t *opt)
{
  char head[160], tail[256] = "", range[80];
  char letter[] = {' ', ' ', ' ', ' ', '\0'};
  if (opt->letter) letter[0] = '-', letter[1] = opt->letter, letter[2] = ',';
  int len = snprintf(head, sizeof head, "  %s--%s%s%s", letter, opt->name,
                     opt->kind == SL_OPT_FLAG ? "" : " ", opt->argument ? opt->argument : "");
  bool bounded = opt->kind >= SL_OPT_INT && (opt->min || opt->max);
  if (bounded) range_text(opt, range);
  if (opt->preset && *opt->preset)
    snprintf(tail, sizeof tail, " (%s%sdefault %s)", bounded ? range : "", bounded ? "; " : "",
             opt->preset);
  else if (bounded)
    snprintf(tail, sizeof tail, " (%s)", range);
  fputs(head, out);
  int at = columns(head, (size_t)len);
  if (at >= HELP_COLUMN) {
    fputc('\n', out);
    at = 0;
  }
  char text[1024];
  snprintf(text, sizeof text, "%s%s%s", opt->help, opt->kind == SL_OPT_LIST ? " (repeatable)" : "",
           tail);
  wrap(out, HELP_COLUMN, at, text);
}

void sl_opt_help(const sl_opt_table_t *table, FILE *out)
{
  static const sl_opt_t always[] = {
      {.name = "config",
       .kind = SL_OPT_TEXT,
       .argument = "FILE",
       .help = "read options from FILE, lines of name = value; the command line wins"},
      {.name = "help", .letter = 'h', .kind = SL_OPT_FLAG, .help = "show this and exit"},
      {.name = "version", .kind = SL_OPT_FLAG, .help = "show the version and exit"},
  };
  fprintf(out, "Usage: %s %s\n", table->program, table->usage);
  wrap(out, 0, 0, table->purpose);
  fprintf(out, "\nOptions:\n");
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++) help_row(out, opt);
  for (size_t i = 0; i < sizeof always / sizeof *always; i++) help_row(out, &always[i]);
  fprintf(out, "\nA value may be ${env:NAME} or ${file:PATH}.\n");
}

static void show_row(const sl_opt_t *opt, const void *base, FILE *out)
{
  char number[32];
  const sl_opt_list_t *list = member(opt, base);
  const char *text;
  switch (opt->kind) {
  case SL_OPT_FLAG:
    fprintf(out, "%s = %s\n", opt->name, *(const bool *)member(opt, base) ? "yes" : "no");
    break;
  case SL_OPT_TEXT:
    text = *(char *const *)member(opt, base);
    fprintf(out, "%s = %s\n", opt->name, !text ? "" : opt->secret && *text ? "***" : text);
    break;
  case SL_OPT_LIST:
    for (size_t i = 0; i < list->n; i++)
      fprintf(out, "%s = %s\n", opt->name, opt->secret ? "***" : list->v[i]);
    break;
  default:
    sl_opt_number_show(opt->kind, *(const int64_t *)member(opt, base), number);
    fprintf(out, "%s = %s\n", opt->name, opt->secret ? "***" : number);
  }
}

void sl_opt_show(const sl_opt_table_t *table, const void *base, FILE *out)
{
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++) show_row(opt, base, out);
}

void sl_opt_fini(const sl_opt_table_t *table, void *base)
{
  for (const sl_opt_t *opt = table->opts; opt && opt->name; opt++) {
    char **text_p = member(opt, base);
    if (opt->kind == SL_OPT_LIST) list_clear(member(opt, base));
    if (opt->kind != SL_OPT_TEXT) continue;
    free(*text_p);
    *text_p = NULL;
  }
}

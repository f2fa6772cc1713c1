/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/opt.h"
#include "core/opt_value.h"

typedef struct settings {
  char *listen, *password;
  bool tls, debug;
  int64_t workers, max_body, timeout;
  sl_opt_list_t origins;
} settings_t;

#define AT(member) offsetof(settings_t, member)

static const sl_opt_t rows[] = {
    {.name = "listen",
     .letter = 'l',
     .kind = SL_OPT_TEXT,
     .offset = AT(listen),
     .preset = "127.0.0.1:8080",
     .argument = "ADDRESS:PORT",
     .help = "where to listen"},
    {.name = "password",
     .kind = SL_OPT_TEXT,
     .offset = AT(password),
     .argument = "TEXT",
     .help = "for the backend",
     .secret = true},
    {.name = "tls", .kind = SL_OPT_FLAG, .offset = AT(tls), .preset = "yes", .help = "use TLS"},
    {.name = "debug", .letter = 'd', .kind = SL_OPT_FLAG, .offset = AT(debug), .help = "say more"},
    {.name = "workers",
     .letter = 'w',
     .kind = SL_OPT_INT,
     .offset = AT(workers),
     .preset = "2",
     .min = 1,
     .max = 64,
     .argument = "N",
     .help = "worker processes"},
    {.name = "max-body",
     .kind = SL_OPT_SIZE,
     .offset = AT(max_body),
     .preset = "8MiB",
     .min = 1024,
     .argument = "BYTES",
     .help = "largest body"},
    {.name = "timeout",
     .kind = SL_OPT_TIME,
     .offset = AT(timeout),
     .preset = "5s",
     .min = 1,
     .max = 600000,
     .argument = "TIME",
     .help = "patience"},
    {.name = "origin",
     .kind = SL_OPT_LIST,
     .offset = AT(origins),
     .argument = "URL",
     .help = "allowed origin"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "test-opt", .usage = "[OPTION]… FILE", .purpose = "Tests.", .opts = rows};

enum { MAX_ARGS = 20 };

typedef struct parsed {
  settings_t s;
  char *argv[MAX_ARGS + 1];
  int argc, rest;
  bool done;
  sl_err_t err;
  sl_code_t code;
} parsed_t;

/* line: arguments separated by single spaces. */
static void parse(parsed_t *self, const char *line)
{
  memset(self, 0, sizeof *self);
  self->argv[self->argc++] = strdup("test-opt");
  for (size_t len; *line; line += len + (line[len] == ' ')) {
    len = strcspn(line, " ");
    assert_true(self->argc < MAX_ARGS);
    self->argv[self->argc++] = strndup(line, len);
  }
  self->code =
      sl_opt_parse(&table, &self->s, self->argc, self->argv, &self->rest, &self->done, &self->err);
}

static void fini(parsed_t *self)
{
  sl_opt_fini(&table, &self->s);
  for (int i = 0; i < self->argc; i++) free(self->argv[i]);
}

static char path[64];

static void write_config(const char *text)
{
  strcpy(path, "/tmp/test-opt-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
}

static void parse_config(parsed_t *self, const char *text, const char *more)
{
  char line[200];
  write_config(text);
  snprintf(line, sizeof line, "--config %s%s%s", path, *more ? " " : "", more);
  parse(self, line);
}

static void fini_config(parsed_t *self)
{
  unlink(path);
  fini(self);
}

/* --- */

static void opt_nothing_given_leaves_presets(void **state)
{
  parsed_t p;
  parse(&p, "");
  assert_int_equal(p.code, SL_OK);
  assert_string_equal(p.s.listen, "127.0.0.1:8080");
  assert_null(p.s.password);
  assert_true(p.s.tls);
  assert_false(p.s.debug);
  assert_int_equal(p.s.max_body, 8 << 20);
  assert_int_equal(p.s.timeout, 5000);
  assert_int_equal(p.rest, 1);
  fini(&p);
}

static void opt_every_spelling_is_read(void **state)
{
  parsed_t p;
  parse(&p, "-l a:1 --workers=7 -d --no-tls --timeout 2min --origin x --origin=y --max-body 16KiB");
  assert_int_equal(p.code, SL_OK);
  assert_string_equal(p.s.listen, "a:1");
  assert_int_equal(p.s.workers, 7);
  assert_true(p.s.debug);
  assert_false(p.s.tls);
  assert_int_equal(p.s.timeout, 120000);
  assert_int_equal(p.s.max_body, 16384);
  assert_int_equal(p.s.origins.n, 2);
  assert_string_equal(p.s.origins.v[1], "y");
  fini(&p);
}

static void opt_other_arguments_come_last(void **state)
{
  parsed_t p;
  parse(&p, "one -w3 two --debug - -- --three -l");
  assert_int_equal(p.code, SL_OK);
  assert_int_equal(p.s.workers, 3);
  static const char *const rest[] = {"one", "two", "-", "--three", "-l"};
  assert_int_equal(p.argc - p.rest, 5);
  for (int i = 0; i < 5; i++) assert_string_equal(p.argv[p.rest + i], rest[i]);
  fini(&p);
}

static void opt_command_line_wins_over_file(void **state)
{
  parsed_t p;
  parse_config(&p,
               "# a comment\n\n  listen = f:1  \nworkers=5\r\ntls = no\norigin = a\norigin = b\n"
               "timeout = 1h",
               "--workers 9 --origin c");
  assert_int_equal(p.code, SL_CONFIG); /* an hour is out of range */
  assert_string_equal(p.err.file, path);
  assert_int_equal(p.err.line, 8);
  fini_config(&p);
  parse_config(&p, "listen = f:1 # x \nworkers=5\r\ntls = no\norigin = a\norigin = b\n",
               "--workers 9 --origin c");
  assert_int_equal(p.code, SL_OK);
  assert_string_equal(p.s.listen, "f:1 # x");
  assert_int_equal(p.s.workers, 9);
  assert_false(p.s.tls);
  assert_int_equal(p.s.origins.n, 3);
  fini_config(&p);
}

typedef struct wrong {
  const char *line, *text;
} wrong_t;

static void opt_wrong_argument_names_it(void **state)
{
  static const wrong_t table_of_wrong[] = {
      {"--lisen x", "no option \"lisen\": did you mean \"listen\"?"},
      {"--zzzzzz", "no option \"zzzzzz\" (see test-opt --help)"},
      {"-x", "no option \"-x\" (see test-opt --help)"},
      {"--no-listen", "no option \"no-listen\": did you mean \"listen\"?"},
      {"--listen", "--listen needs a value"},
      {"--listen a --listen b", "listen: given twice"},
      {"--tls --no-tls", "tls: given twice"},
      {"--no-tls=yes", "--no-tls=yes takes no value"},
      {"--tls=maybe", "tls: \"maybe\" is neither yes nor no"},
      {"--workers 65", "workers: \"65\" is out of range: 1 to 64"},
      {"--workers 0", "workers: \"0\" is out of range: 1 to 64"},
      {"--workers 2x", "workers: \"2x\" is not a whole number"},
      {"--workers 99999999999999999999", "workers: \"99999999999999999999\" is not a whole number"},
      {"--max-body 1", "max-body: \"1\" is out of range: 1KiB or more"},
      {"--max-body 5KB", "max-body: \"5KB\" is not a size such as 4096, 16KiB, 8MiB or 1GiB"},
      {"--timeout 11min", "timeout: \"11min\" is out of range: 1ms to 10min"},
      {"--password ${env:SL_NOT_SET}",
       "password: ${env:SL_NOT_SET}: the environment variable is not set"},
      {"--config /nonexistent", "--config /nonexistent: No such file or directory"},
  };
  for (size_t i = 0; i < sizeof table_of_wrong / sizeof *table_of_wrong; i++) {
    parsed_t p;
    parse(&p, table_of_wrong[i].line);
    assert_int_equal(p.code, SL_CONFIG);
    assert_int_equal(p.err.code, SL_CONFIG);
    assert_string_equal(p.err.text, table_of_wrong[i].text);
    fini(&p);
  }
}

static void opt_wrong_line_names_file_and_line(void **state)
{
  static const wrong_t lines[] = {
      {"debug", "\"name = value\" was expected"},
      {"debig = yes", "no option \"debig\": did you mean \"debug\"?"},
      {"listen = b", "listen: given twice"},
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char text[100];
    parsed_t p;
    snprintf(text, sizeof text, "listen = a\n# comment\n%s\n", lines[i].line);
    parse_config(&p, text, "");
    assert_int_equal(p.code, SL_CONFIG);
    assert_string_equal(p.err.text, lines[i].text);
    assert_string_equal(p.err.file, path);
    assert_int_equal(p.err.line, 3);
    fini_config(&p);
  }
}

static void opt_reference_is_resolved(void **state)
{
  sl_err_t err;
  char value[200];
  setenv("SL_TEST_SECRET", "s3cret${env:X}", 1);
  write_config("from file\n");
  snprintf(value, sizeof value, "<${env:SL_TEST_SECRET}|${file:%s}|$5>", path);
  char *text = sl_opt_resolve(value, &err);
  assert_non_null(text);
  assert_string_equal(text, "<s3cret${env:X}|from file|$5>"); /* once, not again */
  free(text);
  assert_null(sl_opt_resolve("${file:/nonexistent}", &err));
  assert_string_equal(err.text, "${file:/nonexistent}: No such file or directory");
  assert_null(sl_opt_resolve("${open", &err));
  assert_null(sl_opt_resolve("${cmd:ls}", &err));
  assert_string_equal(err.text, "${cmd:ls}: only ${env:NAME} and ${file:PATH} are known");
  unlink(path);
}

static char *printed(void (*print)(FILE *, const void *), const void *ctx)
{
  char *text = NULL;
  size_t len;
  FILE *f = open_memstream(&text, &len);
  print(f, ctx);
  fclose(f);
  return text;
}

static void print_show(FILE *f, const void *ctx)
{
  sl_opt_show(&table, ctx, f);
}

static void print_help(FILE *f, const void *ctx)
{
  sl_opt_help(&table, f);
}

static void opt_show_hides_secrets(void **state)
{
  parsed_t p;
  parse(&p, "--password pw --origin a --origin b --timeout 1500");
  assert_int_equal(p.code, SL_OK);
  char *text = printed(print_show, &p.s);
  assert_string_equal(text, "listen = 127.0.0.1:8080\npassword = ***\ntls = yes\ndebug = no\n"
                            "workers = 2\nmax-body = 8MiB\ntimeout = 1500ms\norigin = a\n"
                            "origin = b\n");
  free(text);
  fini(&p);
}

static void opt_help_tells_range_and_default(void **state)
{
  char *text = printed(print_help, NULL);
  assert_non_null(strstr(text, "Usage: test-opt [OPTION]… FILE\nTests.\n"));
  assert_non_null(
      strstr(text, "  -w, --workers N             worker processes (1 to 64; default 2)\n"));
  assert_non_null(strstr(text, "      --origin URL            allowed origin (repeatable)\n"));
  assert_non_null(strstr(text, "--config FILE"));
  free(text);
}

static void opt_help_asked_for_is_done(void **state)
{
  parsed_t p;
  fflush(stdout);
  int keep = dup(1), null = fileno(fopen("/dev/null", "w"));
  dup2(null, 1); /* its text must not stand in the TAP stream */
  parse(&p, "--workers 3 --help");
  fflush(stdout);
  dup2(keep, 1);
  assert_int_equal(p.code, SL_OK);
  assert_true(p.done);
  fini(&p);
}

static void opt_number_shows_as_it_reads(void **state)
{
  static const int64_t numbers[] = {0,     1,       999,     1000, 1024,     60000,
                                    90000, 3600000, 1 << 20, -5,   INT64_MAX};
  static const sl_opt_kind_t kinds[] = {SL_OPT_INT, SL_OPT_SIZE, SL_OPT_TIME};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    for (size_t k = 0; k < 3; k++) {
      char text[32];
      int64_t n = 1;
      sl_opt_number_show(kinds[k], numbers[i], text);
      assert_true(sl_opt_number(kinds[k], text, &n));
      assert_int_equal(n, numbers[i]);
    }
  int64_t n;
  assert_false(sl_opt_number(SL_OPT_SIZE, "9007199254740993GiB", &n));
  assert_false(sl_opt_number(SL_OPT_INT, "", &n));
  assert_false(sl_opt_number(SL_OPT_INT, "5s", &n));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opt_nothing_given_leaves_presets),
      cmocka_unit_test(opt_every_spelling_is_read),
      cmocka_unit_test(opt_other_arguments_come_last),
      cmocka_unit_test(opt_command_line_wins_over_file),
      cmocka_unit_test(opt_wrong_argument_names_it),
      cmocka_unit_test(opt_wrong_line_names_file_and_line),
      cmocka_unit_test(opt_reference_is_resolved),
      cmocka_unit_test(opt_show_hides_secrets),
      cmocka_unit_test(opt_help_tells_range_and_default),
      cmocka_unit_test(opt_help_asked_for_is_done),
      cmocka_unit_test(opt_number_shows_as_it_reads),
  };
  return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}

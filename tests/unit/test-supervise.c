/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The children are one shell script; its "option file" is another script that says what this
 * child does. Each writes a line to a journal that the tests wait for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/supervise.h"
#include "core/clock.h"
#include "core/log.h"

enum { PATIENCE_MS = 30000 };

typedef struct house {
  char dir[64], program[96], journal[96];
  sl_loop_t *loop;
  sl_supervisor_t *supervisor;
  bool over;
} house_t;

static void write_file(const char *path, const char *text)
{
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void on_over(void *ctx)
{
  ((house_t *)ctx)->over = true;
}

static int set_up(void **state)
{
  house_t *h = calloc(1, sizeof *h);
  strcpy(h->dir, "/tmp/test-supervise-XXXXXX");
  assert_non_null(mkdtemp(h->dir));
  snprintf(h->program, sizeof h->program, "%s/program", h->dir);
  snprintf(h->journal, sizeof h->journal, "%s/journal", h->dir);
  write_file(h->program, "#!/bin/sh\n. \"$2\"\n");
  chmod(h->program, 0755);
  write_file(h->journal, "");
  sl_log_open("test", NULL, SL_LOG_ERROR, false);
  h->loop = sl_loop_new();
  h->supervisor = sl_supervisor_new(h->loop, 500, on_over, h);
  assert_non_null(h->supervisor);
  *state = h;
  return 0;
}

static int tear_down(void **state)
{
  house_t *h = *state;
  char command[128];
  sl_supervisor_destroy(&h->supervisor);
  sl_loop_destroy(&h->loop);
  snprintf(command, sizeof command, "rm -r '%s'", h->dir);
  int status = system(command);
  free(h);
  return status;
}

static void start(house_t *h, const char *name, int stage, const char *script)
{
  char config[128];
  sl_err_t err;
  snprintf(config, sizeof config, "%s/%s.conf", h->dir, name);
  write_file(config, script);
  sl_child_t child = {
      .name = name, .program = h->program, .config = config, .dir = h->dir, .stage = stage};
  assert_int_equal(sl_supervisor_start(h->supervisor, &child, &err), SL_OK);
}

static size_t lines(const house_t *h, const char *line)
{
  char text[128];
  size_t n = 0;
  FILE *f = fopen(h->journal, "r");
  while (fgets(text, sizeof text, f)) {
    text[strcspn(text, "\n")] = '\0';
    n += !strcmp(text, line);
  }
  fclose(f);
  return n;
}

/* Turns the loop until the journal has line n times. */
static void wait_for(house_t *h, const char *line, size_t n)
{
  int64_t end = sl_clock_ms() + PATIENCE_MS;
  while (lines(h, line) < n) {
    assert_true(sl_clock_ms() < end);
    sl_loop_turn(h->loop, 10);
  }
}

static void wait_over(house_t *h)
{
  int64_t end = sl_clock_ms() + PATIENCE_MS;
  while (!h->over) {
    assert_true(sl_clock_ms() < end);
    sl_loop_turn(h->loop, 100);
  }
}

static void journal(const house_t *h, char out[512])
{
  FILE *f = fopen(h->journal, "r");
  size_t n = fread(out, 1, 511, f);
  out[n] = '\0';
  fclose(f);
}

/* --- */

static void dead_child_is_back_soon_then_later(void **state)
{
  house_t *h = *state;
  int64_t begin = sl_clock_ms();
  start(h, "a", 0, "echo up >>journal; exit 3");
  wait_for(h, "up", 2); /* the loop's clock may lag by a turn, hence not exactly 100 ms */
  assert_true(sl_clock_ms() - begin >= 80);
  wait_for(h, "up", 4); /* after 100, 200 and 400 ms */
  assert_true(sl_clock_ms() - begin >= 640);
}

static void killed_child_is_back_even_before_all_is_settled(void **state)
{
  house_t *h = *state;
  start(h, "a", 0, "echo up >>journal; kill -9 $$");
  wait_for(h, "up", 2);
  assert_false(sl_supervisor_refused(h->supervisor));
}

static void refusal_before_settled_ends_all(void **state)
{
  house_t *h = *state;
  start(h, "good", 0,
        "trap 'echo good-stops >>journal; exit 0' TERM; echo up >>journal\n"
        "while :; do sleep 0.01; done");
  wait_for(h, "up", 1);
  start(h, "bad", 1, "exit 1");
  wait_over(h);
  assert_true(sl_supervisor_refused(h->supervisor));
  assert_int_equal(lines(h, "good-stops"), 1);
}

static void refusal_after_settled_is_tried_again(void **state)
{
  house_t *h = *state;
  sl_supervisor_settled(h->supervisor);
  start(h, "a", 0, "echo up >>journal; exit 1");
  wait_for(h, "up", 2);
  assert_false(h->over);
}

static void stop_goes_stage_by_stage(void **state)
{
  house_t *h = *state;
  static const char script[] = "trap 'sleep 0.05; echo %d-stops >>journal; exit 0' TERM\n"
                               "echo up >>journal; while :; do sleep 0.01; done";
  for (int stage = 2; stage >= 0; stage--) {
    char text[256], name[16];
    snprintf(name, sizeof name, "s%d", stage);
    snprintf(text, sizeof text, script, stage);
    start(h, name, stage, text);
  }
  wait_for(h, "up", 3);
  sl_supervisor_stop(h->supervisor);
  wait_over(h);
  char text[512];
  journal(h, text);
  assert_string_equal(text, "up\nup\nup\n0-stops\n1-stops\n2-stops\n");
}

static void child_that_does_not_stop_is_killed_with_its_workers(void **state)
{
  house_t *h = *state;
  start(h, "a", 0, "trap '' TERM; sleep 1000 & echo $! >worker; echo up >>journal; wait; wait");
  wait_for(h, "up", 1);
  char path[128];
  snprintf(path, sizeof path, "%s/worker", h->dir);
  int worker = 0;
  FILE *f = fopen(path, "r");
  assert_int_equal(fscanf(f, "%d", &worker), 1);
  fclose(f);
  assert_int_equal(kill(worker, 0), 0);
  sl_supervisor_stop(h->supervisor);
  wait_over(h);
  int64_t end = sl_clock_ms() + PATIENCE_MS; /* until whoever adopted it has reaped it */
  char stat[64];
  snprintf(stat, sizeof stat, "/proc/%d/stat", worker);
  for (char mark = 'S'; mark != 'Z' && (f = fopen(stat, "r"));) {
    if (fscanf(f, "%*d %*s %c", &mark) != 1) mark = 'Z';
    fclose(f);
    assert_true(sl_clock_ms() < end);
  }
}

static void child_has_no_descriptors_of_ours(void **state)
{
  house_t *h = *state;
  int fds[2];
  char path[64], ours[64] = "", script[512];
  assert_int_equal(pipe(fds), 0); /* without close-on-exec */
  snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
  assert_true(readlink(path, ours, sizeof ours - 1) > 0); /* pipe:[INODE]: the shell has its own */
  snprintf(
      script, sizeof script,
      "for fd in /proc/$$/fd/*; do [ \"$(readlink $fd)\" = '%s' ] && echo leak >>journal; done;"
      "readlink /proc/$$/fd/0 >>journal; echo up >>journal; sleep 1000",
      ours);
  start(h, "a", 0, script);
  wait_for(h, "up", 1);
  assert_int_equal(lines(h, "leak"), 0);
  assert_int_equal(lines(h, "/dev/null"), 1);
  close(fds[0]), close(fds[1]);
}

static void program_that_is_not_there_is_told(void **state)
{
  house_t *h = *state;
  sl_err_t err;
  sl_child_t child = {.name = "x", .program = "/nonexistent/x", .config = "y"};
  assert_int_equal(sl_supervisor_start(h->supervisor, &child, &err), SL_CONFIG);
  assert_string_equal(err.text, "/nonexistent/x: No such file or directory");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      CASE(dead_child_is_back_soon_then_later),
      CASE(killed_child_is_back_even_before_all_is_settled),
      CASE(refusal_before_settled_ends_all),
      CASE(refusal_after_settled_is_tried_again),
      CASE(stop_goes_stage_by_stage),
      CASE(child_that_does_not_stop_is_killed_with_its_workers),
      CASE(child_has_no_descriptors_of_ours),
      CASE(program_that_is_not_there_is_told),
  };
  return cmocka_run_group_tests_name("supervise", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sql-exchange MAPPING SCRIPT: calls of a database's operations as the documentation shows them,
 * held against what the engine does. A line of the script:
 *
 *     asked OPERATION [NAME=VALUE]…   a call begins; NAME is path:id, query:q, header:if-match
 *     with JSON                       its body
 *     executes SQL                    the next statement, white space as single blanks
 *     values A|B                      bound to it; ~ is NULL
 *     columns A|B                     what comes back; then row A|B for each row
 *     back A|B                        what a procedure gives back
 *     changed N                       rows changed (1 if not said)
 *     fails SQLSTATE                  the database refuses it
 *     commit SQLSTATE                 the database refuses to commit
 *     gets STATUS [JSON]              the answer; "problem TYPE" instead of JSON
 *     tells NAME: VALUE               a header of it
 *     refused TEXT                    the call ends with this error
 */
#include "tests/unit/sql_script.h"

static sl_mapping_t *mapping;
static call_t call;
static size_t steps;
static char rows[N(((call_t *)0)->steps)][4096];
static char line[16384];
static FILE *script;
static unsigned nth; /* line of the script */

static sl_arena_t *kept;

static const char *keep(const char *text)
{
  char *copy = sl_arena_strndup(kept, text, strlen(text));
  assert_non_null(copy);
  return copy;
}

static void finish_call(void)
{
  if (!call.operation) return;
  for (size_t i = 0; i < steps; i++)
    if (call.steps[i].labels) call.steps[i].rows = rows[i];
  if (!sl_mapping_op(mapping, call.operation)) fail_msg("no operation %s", call.operation);
  run_call(mapping, &call);
}

static void begin_call(char *rest)
{
  char *word[16];
  finish_call();
  memset(&call, 0, sizeof call);
  memset(rows, 0, sizeof rows);
  steps = 0;
  size_t n = split(rest, ' ', word, N(word));
  call.operation = keep(word[0]);
  for (size_t i = 1; i < n && 2 * i + 1 < N(call.args); i++) {
    char *equals = strchr(word[i], '=');
    if (!equals) fail_msg("line %u: NAME=VALUE was expected", nth);
    *equals = 0;
    call.args[2 * i - 2] = keep(word[i]);
    call.args[2 * i - 1] = keep(equals + 1);
  }
}

static void begin_step(const char *sql)
{
  if (steps == N(call.steps)) fail_msg("line %u: too many statements", nth);
  call.steps[steps++] = (step_t){.sql = keep(sql), .values = "", .changed = 1};
}

static void add_row(step_t *step, const char *row)
{
  char *to = rows[step - call.steps];
  snprintf(to + strlen(to), sizeof rows[0] - strlen(to), "%s%s", to[0] ? "\n" : "", row);
}

static void gets(char *rest)
{
  char *body = strchr(rest, ' ');
  call.status = atoi(rest);
  if (!body) return;
  if (!strncmp(body + 1, "problem ", 8))
    call.problem = keep(body + 9);
  else
    call.json = keep(body + 1);
}

static bool step_line(const char *word, const char *rest)
{
  step_t *step = steps ? &call.steps[steps - 1] : NULL;
  if (!step) return false;
  if (!strcmp(word, "values")) return step->values = keep(rest), true;
  if (!strcmp(word, "columns")) return step->labels = keep(rest), true;
  if (!strcmp(word, "row")) return add_row(step, rest), true;
  if (!strcmp(word, "back")) return step->out = keep(rest), true;
  if (!strcmp(word, "changed")) return step->changed = atol(rest), true;
  if (!strcmp(word, "fails")) return step->sqlstate = keep(rest), true;
  return false;
}

static void one_line(char *text)
{
  char *rest = text + strcspn(text, " ");
  if (*rest) *rest++ = 0;
  rest += strspn(rest, " ");
  if (!strcmp(text, "asked"))
    begin_call(rest);
  else if (!strcmp(text, "with"))
    call.body = keep(rest);
  else if (!strcmp(text, "executes"))
    begin_step(rest);
  else if (!strcmp(text, "commit"))
    call.commit = keep(rest);
  else if (!strcmp(text, "gets"))
    gets(rest);
  else if (!strcmp(text, "tells"))
    call.header = keep(rest);
  else if (!strcmp(text, "refused"))
    call.error = keep(rest);
  else if (!step_line(text, rest))
    fail_msg("line %u: unknown word %s", nth, text);
}

static void script_holds(void **state)
{
  while (fgets(line, sizeof line, script)) {
    nth++;
    line[strcspn(line, "\n")] = 0;
    if (line[0]) one_line(line);
  }
  finish_call();
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(script_holds)};
  if (argc != 3) {
    fputs("Usage: sql-exchange MAPPING SCRIPT\n", stderr);
    return 2;
  }
  mapping = load(argv[1]);
  script = fopen(argv[2], "r");
  kept = sl_arena_new(0, 0);
  if (!mapping || !script || !kept) return 2;
  int failed = cmocka_run_group_tests_name("script", tests, NULL, NULL);
  fclose(script);
  sl_mapping_destroy(&mapping);
  sl_arena_destroy(&kept);
  return failed ? 1 : 0;
}

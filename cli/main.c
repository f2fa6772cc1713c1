/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/commands.h"
#include "config.h"
#include "mappings/engine/xdoc.h"

typedef struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} command_t;

static const command_t commands[] = {
    {"run", sl_cmd_run, "start everything a deployment file names, and keep it running"},
    {"check", sl_cmd_check, "check mapping and deployment files, and tell all that is wrong"},
    {"map", sl_cmd_map, "translate records on standard input, legacy to JSON or back"},
    {"test", sl_cmd_test, "run the examples of mapping files"},
    {"explain", sl_cmd_explain, "tell where each member of a record's JSON comes from"},
    {"diff", sl_cmd_diff, "tell what two versions of a mapping do differently"},
    {"doc", sl_cmd_doc, "write what a mapping does as a page for people"},
    {"schema", sl_cmd_schema, "write what a mapping gives and takes as JSON Schema or OpenAPI"},
    {"fmt", sl_cmd_fmt, "lay out mapping and deployment files"},
    {"call", sl_cmd_call, "call one operation over the bus"},
    {"status", sl_cmd_status, "tell which systems are there, and how busy they are"},
    {"config", sl_cmd_config, "print the option file of one process of a deployment"},
    {"keygen", sl_cmd_keygen, "make a key pair for the bus over tcp"},
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static int usage(FILE *out, int status)
{
  fprintf(out, "Usage: sluice COMMAND [OPTION]… [ARGUMENT]…\n"
               "A REST/JSON front for SOAP services and ODBC databases.\n\nCommands:\n");
  for (int i = 0; i < N_COMMANDS; i++)
    fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
  fprintf(out, "\n`sluice help COMMAND` tells more; see also sluice(1).\n");
  return status;
}

static const command_t *find(const char *name)
{
  for (int i = 0; i < N_COMMANDS; i++)
    if (!strcmp(commands[i].name, name)) return &commands[i];
  return NULL;
}

static int unknown(const char *name)
{
  const char *names[N_COMMANDS];
  for (int i = 0; i < N_COMMANDS; i++) names[i] = commands[i].name;
  const char *near = sl_xdoc_nearest(name, names, N_COMMANDS);
  fprintf(stderr, "sluice: no command \"%s\"%s%s%s\n\n", name, near ? ": did you mean " : "",
          near ? near : "", near ? "?" : "");
  return usage(stderr, SL_EXIT_USAGE);
}

static int help(int argc, char **argv)
{
  if (argc < 3) return usage(stdout, SL_EXIT_OK);
  const command_t *command = find(argv[2]);
  char option[] = "--help", *args[] = {argv[2], option, NULL};
  return command ? command->run(2, args) : unknown(argv[2]);
}

int main(int argc, char **argv)
{
  if (argc < 2) return usage(stderr, SL_EXIT_USAGE);
  const char *name = argv[1];
  if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h"))
    return help(argc, argv);
  if (!strcmp(name, "--version")) {
    printf("sluice %s\n", PACKAGE_VERSION);
    return SL_EXIT_OK;
  }
  const command_t *command = find(name);
  return command ? command->run(argc - 1, argv + 1) : unknown(name);
}

bool sl_cmd_options(const sl_opt_table_t *table, void *base, int argc, char **argv, int min,
                    int max, int *rest_p, int *status_p)
{
  sl_err_t err;
  bool done = false;
  *status_p = SL_EXIT_OK;
  if (sl_opt_parse(table, base, argc, argv, rest_p, &done, &err)) {
    sl_cmd_failed(table, &err);
    *status_p = SL_EXIT_USAGE;
    return false;
  }
  if (done) return false;
  int n = argc - *rest_p;
  if (n >= min && (!max || n <= max)) return true;
  fprintf(stderr, "Usage: %s %s\n(%s --help tells more)\n", table->program, table->usage,
          table->program);
  *status_p = SL_EXIT_USAGE;
  return false;
}

int sl_cmd_failed(const sl_opt_table_t *table, const sl_err_t *err)
{
  if (err->file[0])
    fprintf(stderr, "%s:%d: ", err->file, err->line);
  else
    fprintf(stderr, "%s: ", table->program);
  if (err->field[0]) fprintf(stderr, "%s: ", err->field);
  fprintf(stderr, "%s\n", err->text);
  return SL_EXIT_FAILED;
}

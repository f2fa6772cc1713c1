/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * commands: one function per command of `sluice`, each in the file of its name. argv[0] is the
 * command's own name; the result is the exit status: 0 done, 1 it went wrong (and was said on
 * standard error), 2 the command line is wrong.
 */
#ifndef SL_CLI_COMMANDS_H
#define SL_CLI_COMMANDS_H

#include "core/opt.h"

enum { SL_EXIT_OK = 0, SL_EXIT_FAILED = 1, SL_EXIT_USAGE = 2 };

int sl_cmd_run(int argc, char **argv);
int sl_cmd_check(int argc, char **argv);
int sl_cmd_test(int argc, char **argv);
int sl_cmd_diff(int argc, char **argv);
int sl_cmd_doc(int argc, char **argv);
int sl_cmd_explain(int argc, char **argv);
int sl_cmd_fmt(int argc, char **argv);
int sl_cmd_schema(int argc, char **argv);
int sl_cmd_map(int argc, char **argv);
int sl_cmd_call(int argc, char **argv);
int sl_cmd_status(int argc, char **argv);
int sl_cmd_config(int argc, char **argv);
int sl_cmd_keygen(int argc, char **argv);

/* What every command does first: options into base, and at least min, at most max (0: any)
 * arguments behind them. False: the command is over, with *status_p. */
bool sl_cmd_options(const sl_opt_table_t *table, void *base, int argc, char **argv, int min,
                    int max, int *rest_p, int *status_p);
/* "sluice COMMAND: …" on standard error; returns SL_EXIT_FAILED. */
int sl_cmd_failed(const sl_opt_table_t *table, const sl_err_t *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log_opts: what an operator may say about a program's log, the same words in all of them.
 */
#ifndef SL_CORE_LOG_OPTS_H
#define SL_CORE_LOG_OPTS_H

#include <stdbool.h>
#include "core/err.h"
#include "core/opt.h"

/* Filled by the rows of SL_LOG_OPTIONS; its text is the option table's. */
typedef struct sl_log_opts {
  char *level;
  bool json;
} sl_log_opts_t;

/* Rows for an sl_opt_t table: member is the sl_log_opts_t inside struct type. */
#define SL_LOG_OPTIONS(type, member)                                                               \
  {.name = "log-level",                                                                            \
   .kind = SL_OPT_TEXT,                                                                            \
   .offset = offsetof(type, member.level),                                                         \
   .preset = "info",                                                                               \
   .argument = "LEVEL",                                                                            \
   .help = "error, warn, info or debug."},                                                         \
  {                                                                                                \
    .name = "log-json", .kind = SL_OPT_FLAG, .offset = offsetof(type, member.json),                \
    .help = "Log lines as JSON."                                                                   \
  }

/* Opens the log (see sl_log_open). SL_CONFIG: there is no such level. */
sl_code_t sl_log_start(const char *program, const char *system, const sl_log_opts_t *opts,
                       sl_err_t *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/log_opts.h"

#include "core/log.h"

sl_code_t sl_log_start(const char *program, const char *system, const sl_log_opts_t *opts,
                       sl_err_t *err)
{
  sl_level_t level;
  if (!sl_log_level(opts->level, &level))
    return sl_err_set(err, SL_CONFIG, "--log-level: \"%s\" is none of error, warn, info, debug",
                      opts->level);
  sl_log_open(program, system, level, opts->json);
  return SL_OK;
}

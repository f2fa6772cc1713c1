/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log: one line per event on standard error, as key=value or JSON. Libraries return errors,
 * daemons log them: never both. Never a payload, a credential or SQL text.
 *
 *     2026-11-20T23:40:01.123Z warn sluice-soap[412] crm request=01J… msg="backend refused" …
 */
#ifndef SL_CORE_LOG_H
#define SL_CORE_LOG_H

#include <stdbool.h>

typedef enum sl_level { SL_LOG_ERROR, SL_LOG_WARN, SL_LOG_INFO, SL_LOG_DEBUG } sl_level_t;

/* program: as in argv[0]; system: the legacy system served, or "" . Both are copied. */
void sl_log_open(const char *program, const char *system, sl_level_t level, bool json);
bool sl_log_on(sl_level_t level);

/* msg: a fixed sentence without values. Then pairs: key, printf format of its value…
 * are given by fmt as "key=%s other=%d" ; values with spaces are quoted for you when written as
 * key=%s. request: the request id or NULL. */
void sl_log(sl_level_t level, const char *request, const char *msg, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "error" … "debug" → level; false if it is none of them. */
bool sl_log_level(const char *name, sl_level_t *out_p);

#endif

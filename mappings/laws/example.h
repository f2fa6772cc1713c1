/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * example: the examples of a mapping, run. One of a shape is four checks:
 *   read    the legacy record gives the JSON
 *   write   the JSON gives the legacy record (canonical="false": another spelling of it)
 *   PutGet  what was written reads back as the same JSON
 *   GetPut  what was read writes back as the same legacy record
 * and one of an operation up to two: request (what the system is asked), answer (what the consumer
 * gets), or, with neither a request nor an answer of the system, refusal (what the consumer gets
 * while the system is not asked). Lines that go one way only are left out of the other.
 */
#ifndef SL_LAWS_EXAMPLE_H
#define SL_LAWS_EXAMPLE_H

#include "core/err.h"
#include "mappings/engine/plan.h"

/* One check: its name above, and why it failed (NULL: it passed). why lives until it returns. */
typedef void sl_example_report_t(void *context, const char *check, const char *why);

/* Runs all checks of x; reads its files, relative to the mapping's, and so blocks. A file that
 * cannot be read is a failed check. SL_TOO_LARGE without memory. */
sl_code_t sl_example_run(const sl_mapping_t *mapping, const sl_example_t *x,
                         sl_example_report_t *report, void *context);
/* How a report calls it: "Customer t/smith.xml" or "getCustomer line 80"; appended. */
void sl_example_name(const sl_example_t *x, sl_buf_t *out);
/* The text of a sample, appended to out. SL_CONFIG when its file cannot be read. */
sl_code_t sl_sample_read(const sl_mapping_t *mapping, const sl_sample_t *sample, sl_buf_t *out,
                         sl_err_t *err);

#endif

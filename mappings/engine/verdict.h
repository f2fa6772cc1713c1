/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * verdict: what a return code, a fault or a status means to the consumer: the mapping's <outcome>
 * and <fault> rows applied.
 */
#ifndef SL_ENGINE_VERDICT_H
#define SL_ENGINE_VERDICT_H

#include "core/problem.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/reader_xml.h"

/* The row of outcome that fits code (trimmed of blanks): in order, otherwise the last. */
const sl_when_t *sl_outcome_pick(const sl_outcome_t *outcome, sl_str_t code);
/* The row that fits a SOAP fault, or NULL. */
const sl_when_t *sl_fault_pick(const sl_op_t *op, const sl_soap_fault_t *fault);
/* The problem of a row that is no success; detail: text for it, or empty. */
void sl_when_problem(const sl_op_t *op, const sl_when_t *when, sl_str_t detail, sl_problem_t *out);

#endif

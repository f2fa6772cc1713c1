/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/verdict.h"

#include <stdio.h>
#include "mappings/engine/codec_impl.h"

static bool fits(const sl_when_t *when, sl_str_t code)
{
  if (!when->is) return true;
  if (when->prefix ? code.len < when->is_len : code.len != when->is_len) return false;
  return !when->is_len || !memcmp(code.p, when->is, when->is_len);
}

const sl_when_t *sl_outcome_pick(const sl_outcome_t *outcome, sl_str_t code)
{
  sl_str_t trimmed = sl_trim(code);
  for (size_t i = 0; i < outcome->n_whens; i++)
    if (fits(&outcome->whens[i], trimmed)) return &outcome->whens[i];
  return NULL;
}

/* The contract's name of the fault whose detail holds this element. */
static sl_str_t declared_name(const sl_op_t *op, sl_str_t detail)
{
  for (size_t i = 0; op->wsdl && i < op->wsdl->n_faults; i++) {
    const sl_wsdl_fault_t *f = &op->wsdl->faults[i];
    if (f->elem && sl_str_eqz(detail, f->elem->name)) return sl_str(f->name);
  }
  return (sl_str_t){NULL, 0};
}

const sl_when_t *sl_fault_pick(const sl_op_t *op, const sl_soap_fault_t *fault)
{
  sl_str_t names[] = {declared_name(op, fault->detail), fault->detail, fault->subcode, fault->code};
  for (size_t i = 0; i < op->n_faults; i++) {
    const sl_when_t *when = &op->faults[i];
    if (!when->is) return when;
    for (size_t k = 0; k < 4; k++)
      if (names[k].len && fits(when, names[k])) return when;
  }
  return NULL;
}

void sl_when_problem(const sl_op_t *op, const sl_when_t *when, sl_str_t detail, sl_problem_t *out)
{
  sl_str_t text = sl_trim(detail);
  memset(out, 0, sizeof *out);
  out->code = SL_LEGACY_ERROR;
  out->status = when->status;
  out->retry_after_s = when->retry ? 1 : 0;
  snprintf(out->type, sizeof out->type, "%s", when->problem);
  snprintf(out->system, sizeof out->system, "%s", op->mapping->system);
  size_t n = text.len < sizeof out->detail ? text.len : sizeof out->detail - 1;
  while (n && n < text.len && ((unsigned char)text.p[n] & 0xc0) == 0x80)
    n--; /* a whole character */
  if (n) memcpy(out->detail, text.p, n);
}

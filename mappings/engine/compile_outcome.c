/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

static size_t count(const sl_xel_t *el, const char *name)
{
  size_t n = 0;
  for (const sl_xel_t *c = el->first; (c = sl_xel_find(c, name)); c = c->next) n++;
  return n;
}

static void detail(sl_build_t *b, const sl_op_t *op, sl_at_t answer, const sl_xel_t *el, bool fault,
                   sl_when_t *when)
{
  const sl_xat_t *at = sl_xel_at(el, "detail");
  if (!at) return;
  if (!strcmp(at->value, "#text"))
    when->fault_text = true;
  else if (fault)
    sl_b_error(b, "R312", at->value_line, at->value_col, "detail=\"#text\"",
               "a fault's detail is its own text; paths lead into answers");
  else if (b->m->kind == SL_KIND_ODBC)
    when->detail = sl_b_sql_probe(b, op, answer, at);
  else
    when->detail = sl_b_probe(answer, at);
}

static void read_when(sl_build_t *b, const sl_op_t *op, sl_at_t answer, const sl_xel_t *el,
                      bool fault, sl_when_t *when)
{
  const sl_xat_t *is = sl_xel_at(el, "is"), *problem = sl_xel_at(el, "problem"),
                 *status = sl_xel_at(el, "status");
  when->status = status ? atoi(status->value) : 502;
  when->problem = sl_b_printf(b, "%s", problem ? problem->value : "");
  when->retry = !strcmp(sl_xel_get(el, "retry", ""), "true");
  if (is) {
    size_t len = strlen(is->value);
    when->prefix = len > 0 && is->value[len - 1] == '*';
    when->is_len = when->prefix ? len - 1 : len;
    when->is = sl_b_dup(b, is->value, when->is_len);
    bool http = el->parent && !strcmp(sl_xel_get(el->parent, "legacy", ""), "#status");
    if (!http && when->is && strpbrk(when->is, "?*")) /* of a status it is an error: R323 */
      sl_b_warn(b, "W302", is->value_line, is->value_col, "one <when> for each value, or NN*",
                "%c in \"%s\" stands for itself: only a * at the end takes what begins so",
                *strpbrk(when->is, "?*"), is->value);
  } else if (sl_xel_is(el, "when")) {
    when->is = ""; /* the schema said so: it takes something, and not all */
  }
  detail(b, op, answer, el, fault, when);
  if (el->wrong) return; /* its status, for one, may be another */
  if (problem && when->status < 300)
    sl_b_error(b, "R314", problem->value_line, problem->value_col, NULL,
               "a status of %d is a success: it has no problem", when->status);
  if (status && fault && when->status < 400)
    sl_b_error(b, "R315", status->value_line, status->value_col, "a status from 400 to 599",
               "a fault cannot be a success");
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!strcmp(words[i], word)) return true;
  return false;
}

static bool source_of(sl_build_t *b, const sl_op_t *op, sl_at_t answer, const sl_xat_t *at,
                      sl_outcome_t *out)
{
  static const struct {
    const char *name;
    sl_source_t source;
    unsigned kinds; /* 1 << sl_system_kind_t */
  } special[] = {{"#status", SL_FROM_STATUS, 1u << SL_KIND_REST | 1u << SL_KIND_SOAP},
                 {"#rows", SL_FROM_ROWS, 1u << SL_KIND_ODBC},
                 {"#sqlstate", SL_FROM_SQLSTATE, 1u << SL_KIND_ODBC}};
  const char *meant = at->value, *words[3];
  size_t n = 0;
  for (size_t i = 0; i < 3; i++)
    if (special[i].kinds & 1u << b->m->kind) words[n++] = special[i].name;
  if (at->value[0] == '#' && !is_one_of(at->value, words, n)) {
    const char *near = sl_xdoc_nearest(at->value, words, n);
    if (near) {
      sl_b_error(b, "R316", at->value_line, at->value_col, sl_b_printf(b, "did you mean %s?", near),
                 "\"%s\" is not a return code of this system", at->value);
      sl_b_guess(b, at);
      meant = near;
    }
  }
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(meant, special[i].name)) continue;
    if (!(special[i].kinds & 1u << b->m->kind)) {
      sl_b_error(b, "R316", at->value_line, at->value_col, n ? words[0] : NULL,
                 "a %s system has no %s", sl_system_kind_name(b->m->kind), at->value);
      out->source = special[b->m->kind == SL_KIND_ODBC].source; /* what it has instead */
      return true;
    }
    return out->source = special[i].source, true;
  }
  out->source = SL_FROM_FIELD;
  if (at->value[0] == '#')
    sl_b_error(b, "R316", at->value_line, at->value_col,
               b->m->kind == SL_KIND_ODBC
                   ? "#rows, #sqlstate, a column of the record, or a param that comes back"
                   : "an element of the answer, or #status",
               "\"%s\" is not a return code of this system", at->value);
  else if (b->m->kind == SL_KIND_ODBC)
    out->field = sl_b_sql_probe(b, op, answer, at);
  else if (op->response || answer.x || b->m->kind != SL_KIND_SOAP)
    out->field = sl_b_probe(answer, at);
  return out->field;
}

static void read_outcome(sl_build_t *b, const sl_op_t *op, sl_at_t answer, const sl_xel_t *el,
                         sl_outcome_t *out)
{
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  const sl_xel_t *otherwise = sl_xel_find(el->first, "otherwise");
  size_t n = count(el, "when"), i = 0;
  sl_when_t *v = sl_b_alloc(b, (n + 1) * sizeof *v);
  if (!legacy) sl_b_lose(answer); /* the schema said so */
  if (!v || !legacy) return;
  source_of(b, op, answer, legacy, out);
  for (const sl_xel_t *w = el->first; (w = sl_xel_find(w, "when")); w = w->next)
    read_when(b, op, answer, w, false, &v[i++]);
  if (otherwise)
    read_when(b, op, answer, otherwise, false, &v[i]);
  else if (!el->wrong)
    sl_b_error(b, "R311", el->line, el->col,
               "add <otherwise status=\"502\" problem=\"…\"/> at its end",
               "the outcome does not say what any other %s means", legacy->value);
  if (!otherwise && answer.x) answer.x->lost = true; /* it may read more of the answer */
  if (!otherwise && answer.lj) answer.lj->lost = true;
  out->whens = v;
  out->n_whens = n + 1;
  sl_check_outcome(b, out, el);
}

/* SOAP: nothing comes back but an HTTP status. */
static bool one_way(const sl_op_t *op)
{
  return op->wsdl && !op->wsdl->output;
}

/* An operation with outcomes of its own takes from the system's what every operation has (#…),
 * where it says nothing else about it; one without takes them all. */
static bool inherits(const sl_op_t *op, const sl_xel_t *el, const sl_xel_t *outcome)
{
  const char *code = sl_xel_get(outcome, "legacy", "");
  if (one_way(op) && code[0] != '#') return false;
  if (!count(el, "outcome")) return true;
  if (code[0] != '#') return false;
  for (const sl_xel_t *o = el->first; (o = sl_xel_find(o, "outcome")); o = o->next)
    if (!strcmp(sl_xel_get(o, "legacy", ""), code)) return false;
  return true;
}

static void read_outcomes(sl_build_t *b, sl_op_t *op, sl_at_t answer, const sl_xel_t *el)
{
  size_t n = count(el, "outcome") + count(b->system, "outcome"), i = 0;
  sl_outcome_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  for (const sl_xel_t *o = el->first; v && (o = sl_xel_find(o, "outcome")); o = o->next)
    read_outcome(b, op, answer, o, &v[i++]);
  for (const sl_xel_t *o = b->system->first; v && (o = sl_xel_find(o, "outcome")); o = o->next)
    if (inherits(op, el, o)) read_outcome(b, op, answer, o, &v[i++]);
  op->outcomes = v;
  op->n_outcomes = v ? i : 0;
  for (i = 0; i < op->n_outcomes; i++) op->info.judges_status |= v[i].source == SL_FROM_STATUS;
  if (!n && !op->info.safe && b->m->kind != SL_KIND_NULL && !one_way(op))
    sl_b_error(b, "R310", el->line, el->col,
               "add <outcome legacy=\"…\">, here or in <system> for all operations",
               "%s changes something and does not say how it is known whether that worked",
               op->info.name);
}

static void read_faults(sl_build_t *b, sl_op_t *op, sl_at_t answer, const sl_xel_t *el)
{
  size_t n = count(el, "fault") + count(b->system, "fault"), i = 0;
  sl_when_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  const sl_xel_t *from[] = {el, b->system};
  for (size_t k = 0; v && k < 2; k++)
    for (const sl_xel_t *f = from[k]->first; (f = sl_xel_find(f, "fault")); f = f->next)
      read_when(b, op, answer, f, true, &v[i++]);
  op->faults = v;
  op->n_faults = v ? n : 0;
  if (v && b->m->kind == SL_KIND_SOAP) sl_check_faults(b, op, el);
  const sl_xel_t *first = sl_xel_find(el->first, "fault");
  if (first && b->m->kind != SL_KIND_SOAP)
    sl_b_error(b, "R317", first->line, first->col,
               "use <outcome legacy=\"#status\"> or \"#sqlstate\"", "only SOAP has faults");
}

static bool covered(const sl_op_t *op, const sl_wsdl_fault_t *fault)
{
  for (size_t i = 0; i < op->n_faults; i++) {
    const char *is = op->faults[i].is;
    if (!is || !strcmp(is, fault->name) || (fault->elem && !strcmp(is, fault->elem->name)))
      return true;
  }
  return false;
}

void sl_b_outcomes(sl_build_t *b, sl_op_t *op, sl_at_t answer, const sl_xel_t *el)
{
  read_outcomes(b, op, answer, el);
  read_faults(b, op, answer, el);
  for (size_t i = 0; op->wsdl && i < op->wsdl->n_faults; i++)
    if (!covered(op, &op->wsdl->faults[i]))
      sl_b_error(
          b, "R313", el->line, el->col,
          sl_b_printf(b,
                      "add <fault is=\"%s\" status=\"…\" problem=\"…\"/>, or a <fault> without is= "
                      "for all others",
                      op->wsdl->faults[i].name),
          "the contract declares the fault %s, and nothing says what it means",
          op->wsdl->faults[i].name);
}

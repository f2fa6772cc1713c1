/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Procedures of a database: the params are their arguments, in order; what comes back are fields of
 * the response, and the rows of <result> a list of it. */
#include <string.h>
#include <strings.h>
#include "mappings/engine/compile.h"

/* What only makes sense beside a <call>. */
static void without_call(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el)
{
  const sl_xel_t *result = sl_xel_find(el->first, "result"), *p = el->first;
  if (result)
    sl_b_error(b, "R381", result->line, result->col, "add <call procedure=\"…\"/>",
               "a result is what a procedure returns, and none is called");
  for (size_t i = 0; i < op->n_params && (p = sl_xel_find(p, "param")); i++, p = p->next) {
    const sl_xat_t *mode = sl_xel_at(p, "mode");
    if (op->params[i].mode != SL_PARAM_IN && mode)
      sl_b_error(b, "R381", mode->value_line, mode->value_col, "add <call procedure=\"…\"/>",
                 "nothing comes back in :%s, as no procedure is called", op->params[i].name.p);
  }
}

static void beside_call(sl_build_t *b, const sl_xel_t *el)
{
  static const char *const names[] = {"select", "insert", "update", "page"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const sl_xel_t *other = sl_xel_find(el->first, names[i]);
    if (other)
      sl_b_error(b, "R382", other->line, other->col,
                 "make it an operation of its own, or part of the procedure",
                 "an operation calls a procedure, or it has a <%s>, not both", names[i]);
  }
}

static void check_modes(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el)
{
  const sl_xel_t *p = el->first;
  for (size_t i = 0; i < op->n_params && (p = sl_xel_find(p, "param")); i++, p = p->next)
    if (op->params[i].mode == SL_PARAM_RETURN && i)
      sl_b_error(b, "R383", p->line, p->col, "make it the first <param>",
                 "what a function returns comes before its arguments");
}

void sl_b_call(sl_build_t *b, sl_op_t *op, const sl_xel_t *el)
{
  const sl_xel_t *call = sl_xel_find(el->first, "call");
  if (!call) return without_call(b, op, el);
  const sl_xat_t *procedure = sl_xel_at(call, "procedure"), *method = sl_xel_at(call, "method"),
                 *path = sl_xel_at(call, "path");
  const sl_xat_t *rest = method ? method : path;
  if (rest)
    sl_b_error(b, "R380", rest->line, rest->col, "name the procedure: procedure=\"…\"",
               "%s is for REST systems, and this one is a database", rest->name);
  else if (!procedure)
    sl_b_error(b, "R380", call->line, call->col, "add procedure=\"…\"",
               "the call does not say which procedure");
  const sl_xel_t *again = sl_xel_find(call->next, "call");
  if (again) sl_b_error(b, "R382", again->line, again->col, NULL, "an operation has one <call>");
  beside_call(b, el);
  check_modes(b, op, el);
  const sl_xel_t *result = sl_xel_find(el->first, "result");
  if (result && op->n_params && op->params[0].mode == SL_PARAM_RETURN)
    sl_b_error(b, "R382", result->line, result->col,
               "read it: <select>SELECT … FROM FUNCTION(:name)</select>",
               "a function that gives rows back is not called");
  op->procedure = procedure ? sl_b_printf(b, "%s", procedure->value) : NULL;
  if (op->procedure) op->info.procedure = op->procedure;
}

/* --- what comes back
 * -------------------------------------------------------------------------------- */

static void add_out(sl_build_t *b, sl_param_t *param, sl_at_t response, const sl_xel_t *el)
{
  sl_field_t *out = sl_b_param(b, response, el, SL_READ_ONLY);
  if (!out) return;
  out->codec = param->field ? param->field->codec : sl_b_codec(b, el, NULL, NULL, SL_CODEC_TEXT);
  param->out = out;
  if (!param->field) param->field = out;
}

static void add_result(sl_build_t *b, sl_op_t *op, sl_at_t response, const sl_xel_t *result)
{
  size_t before = response.f->n_lists;
  sl_xel_t list = *result, holder = {.name = "response", .line = result->line, .col = result->col};
  list.name = "list";
  list.next = NULL;
  holder.first = &list;
  sl_b_members(response, &holder);
  sl_select_t *select = response.f->n_lists > before ? sl_b_alloc(b, sizeof *select) : NULL;
  if (!select) return;
  select->list = response.f->lists[before];
  op->selects = select;
  op->n_selects = 1;
}

/* A second one of its name has been told. */
static bool is_again(const sl_op_t *op, size_t i)
{
  for (size_t k = 0; k < i; k++)
    if (sl_str_eq(op->params[k].name, op->params[i].name)) return true;
  return false;
}

void sl_b_call_answer(sl_build_t *b, sl_op_t *op, sl_at_t response, const sl_xel_t *el)
{
  const sl_xel_t *result = sl_xel_find(el->first, "result"), *p = el->first;
  if (!op->procedure) return;
  sl_param_t *v = (sl_param_t *)op->params; /* still being built */
  for (size_t i = 0; i < op->n_params && (p = sl_xel_find(p, "param")); i++, p = p->next) {
    if (v[i].mode == SL_PARAM_IN || is_again(op, i)) continue;
    add_out(b, &v[i], response, p);
    op->body |= v[i].out && v[i].out->json[0];
  }
  if (!result) return;
  if (op->n_selects == 0) add_result(b, op, response, result);
  op->body = true;
  const sl_xel_t *again = sl_xel_find(result->next, "result");
  if (again) sl_b_error(b, "R382", again->line, again->col, NULL, "an operation has one <result>");
}

sl_field_t *sl_b_sql_probe(sl_build_t *b, const sl_op_t *op, sl_at_t response, const sl_xat_t *path)
{
  for (size_t i = 0; i < op->n_params; i++)
    if (op->params[i].out && sl_str_eqz(op->params[i].name, path->value))
      return (sl_field_t *)op->params[i].out;
  for (size_t i = 0; i < response.f->n_columns; i++)
    if (response.f->columns[i].field && !strcasecmp(response.f->columns[i].label.p, path->value))
      return (sl_field_t *)response.f->columns[i].field;
  if (!op->procedure && op->n_selects && !op->rows && !op->page) return sl_b_probe(response, path);
  const char *words[66];
  size_t n = 0;
  for (size_t i = 0; i < op->n_params; i++)
    if (!op->params[i].name.len) return NULL; /* the schema said so: it may be that one */
  words[n++] = "#rows", words[n++] = "#sqlstate";
  for (size_t i = 0; i < op->n_params && n < 66; i++)
    if (op->params[i].out) words[n++] = op->params[i].name.p;
  sl_b_error(b, "R316", path->value_line, path->value_col, sl_b_advice(b, path->value, words, n),
             op->procedure ? "\"%s\" is no param that comes back from the procedure"
                           : "\"%s\" is no return code: there is no record with such a column",
             path->value);
  return NULL;
}

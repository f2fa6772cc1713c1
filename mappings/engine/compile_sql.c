/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

static size_t count(const sl_xel_t *el, const char *name)
{
  size_t n = 0;
  for (const sl_xel_t *c = el->first; (c = sl_xel_find(c, name)); c = c->next) n++;
  return n;
}

/* --- parameters
 * ------------------------------------------------------------------------------------------- */

static const char *end_name(sl_build_t *b, const sl_xat_t *http)
{
  char *name = (char *)sl_b_dup(b, http->value, strlen(http->value));
  if (!strncmp(name, "header:", 7))
    for (char *p = name; *p; p++)
      if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
  return name;
}

/* Where a param stands in the consumer's input, or (out) in the answer. */
static void param_ends(sl_build_t *b, sl_at_t at, const sl_xel_t *el, sl_field_t *field)
{
  const sl_xat_t *http = sl_xel_at(el, "http"), *json = sl_xel_at(el, "json");
  if (http) {
    sl_b_check_pii(b, el, http, true); /* what is in a path finds the record */
    field->http = field->label = end_name(b, http);
    sl_bf_http(at.f, field->http, field);
  } else if (json) {
    sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_FIELD, (sl_access_t)field->access);
    if (j) j->field = field, field->json = field->label = j->pointer;
  }
}

sl_field_t *sl_b_param(sl_build_t *b, sl_at_t at, const sl_xel_t *el, sl_access_t access)
{
  sl_field_t *field = sl_bf_field(at.f, el);
  if (!field) return NULL;
  field->access = (uint8_t)access;
  field->legacy = field->label = sl_b_printf(b, "%s", sl_xel_get(el, "name", ""));
  field->nillable = true;
  field->required = access == SL_WRITE_ONLY && strcmp(sl_xel_get(el, "optional", ""), "true");
  param_ends(b, at, el, field);
  return field;
}

static void read_param(sl_build_t *b, sl_at_t at, const sl_xel_t *el, sl_param_t *param)
{
  static const char *const modes[] = {"in", "out", "inout", "return"};
  const sl_xat_t *http = sl_xel_at(el, "http"), *json = sl_xel_at(el, "json");
  const char *mode = sl_xel_get(el, "mode", "in");
  for (uint8_t i = 0; i < 4; i++)
    if (!strcmp(mode, modes[i])) param->mode = i;
  param->name = sl_str(sl_b_printf(b, "%s", sl_xel_get(el, "name", "")));
  param->optional = !strcmp(sl_xel_get(el, "optional", ""), "true");
  if ((http && json) || (!http && !json && sl_param_goes_in(param)))
    sl_b_error(b, "R230", el->line, el->col, NULL, "a param needs one of http= and json=");
  if (!sl_param_goes_in(param)) return;
  sl_field_t *field = sl_b_param(b, at, el, SL_WRITE_ONLY);
  if (!field) return;
  field->codec = sl_b_codec(b, el, NULL, NULL, SL_CODEC_TEXT);
  param->field = field;
}

static void read_params(sl_build_t *b, sl_op_t *op, sl_at_t at, const sl_xel_t *el)
{
  size_t n = count(el, "param"), i = 0;
  sl_param_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  for (const sl_xel_t *p = el->first; v && (p = sl_xel_find(p, "param")); p = p->next) {
    const sl_xat_t *name = sl_xel_at(p, "name");
    bool again = false;
    for (size_t k = 0; name && k < i; k++) again |= sl_str_eqz(v[k].name, name->value);
    if (again)
      sl_b_error(b, "R330", name->value_line, name->value_col, "choose another name, or remove it",
                 "a param %s is declared above", name->value);
    b->taken = again;
    read_param(b, at, p, &v[i++]);
    b->taken = false;
  }
  op->params = v;
  op->n_params = i;
}

/* --- statements
 * ------------------------------------------------------------------------------------------- */

/* What an <if> without present= can only mean: the param that it uses. */
static void first_named(const sl_op_t *op, sl_sql_piece_t *piece)
{
  for (size_t i = 0; i < op->n_params; i++) {
    const char *at =
        memmem(piece->text.p, piece->text.len, op->params[i].name.p, op->params[i].name.len);
    if (at && at > piece->text.p && at[-1] == ':')
      return (void)(piece->when = SL_IF_PARAM, piece->param = (uint16_t)i);
  }
}

static void condition(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el, sl_sql_piece_t *piece)
{
  const sl_xat_t *present = sl_xel_at(el, "present");
  piece->when = SL_IF_PAGE_AFTER;
  if (!present) {
    first_named(op, piece); /* the schema said so */
    return;
  }
  if (!strcmp(present->value, "page.after")) {
    if (!op->page)
      sl_b_error(b, "R331", present->value_line, present->value_col,
                 "add <page key=\"…\" size=\"…\" max=\"…\"/>", "page.after needs a <page>");
    return;
  }
  const char *words[64];
  bool nameless = false; /* the schema said so: it may be that one */
  piece->when = SL_IF_PARAM;
  for (size_t i = 0; i < op->n_params; i++) {
    if (!op->params[i].name.len) nameless = true, piece->param = (uint16_t)i;
    if (i < 64) words[i] = op->params[i].name.p;
    if (!sl_str_eqz(op->params[i].name, present->value)) continue;
    piece->param = (uint16_t)i;
    if (!op->params[i].optional)
      sl_b_error(b, "R332", present->value_line, present->value_col,
                 "add optional=\"true\" to the param", "the param %s is always present",
                 present->value);
    return;
  }
  if (nameless) return;
  sl_b_error(b, "R333", present->value_line, present->value_col,
             sl_b_advice(b, present->value, words, op->n_params < 64 ? op->n_params : 64),
             "no param %s", present->value);
  first_named(op, piece);
}

static void read_select(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el, sl_select_t *select)
{
  size_t n = 0, i = 0;
  for (const sl_xel_t *c = el->first; c; c = c->next) n++;
  sl_sql_piece_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  bool any = false;
  for (const sl_xel_t *c = el->first; v && c; c = c->next) {
    const sl_xel_t *text = c->text ? c : c->first;
    if (!text || !text->text) continue;
    const char *p = sl_b_printf(b, "%s", "");
    p = sl_b_dup(b, text->text, strlen(text->text));
    v[i] = (sl_sql_piece_t){
        .text = sl_str(p), .when = SL_IF_ALWAYS, .line = text->line, .col = text->col};
    if (c->name) condition(b, op, c, &v[i]);
    if (p[strspn(p, " \t\r\n")]) any = true;
    i++;
  }
  if (!any) sl_b_error(b, "R334", el->line, el->col, NULL, "the select is empty");
  select->pieces = v;
  select->n_pieces = i;
}

static void read_page(sl_build_t *b, sl_op_t *op, sl_at_t at, const sl_xel_t *el)
{
  const sl_xel_t *page = sl_xel_find(el->first, "page");
  sl_page_t *p = page ? sl_b_alloc(b, sizeof *p) : NULL;
  if (!p) return;
  const char **v = NULL;
  for (const char *w = sl_xel_get(page, "key", ""); *(w += strspn(w, " \t\r\n"));) {
    size_t len = strcspn(w, " \t\r\n");
    v = sl_b_grow(b, v, p->n_key, sizeof *v);
    if (!v) return;
    v[p->n_key++] = sl_b_dup(b, w, len);
    w += len;
  }
  p->key = v;
  p->json = sl_b_printf(b, "%s", sl_xel_get(page, "json", ""));
  p->line = page->line;
  p->col = page->col;
  p->size = (unsigned)atoi(sl_xel_get(page, "size", "0"));
  p->max = (unsigned)atoi(sl_xel_get(page, "max", "0"));
  const sl_xat_t *max = sl_xel_at(page, "max");
  if (page->wrong) at.f->broken = true;
  if (max && p->max < p->size && !page->wrong)
    sl_b_error(b, "R335", max->value_line, max->value_col, NULL, "max is less than size");
  op->page = p;
}

static sl_field_t *column_field(const sl_bf_t *f, const char *column)
{
  for (size_t i = 0; i < f->n_columns; i++)
    if (f->columns[i].field && !f->columns[i].place && !strcasecmp(f->columns[i].label.p, column))
      return (sl_field_t *)f->columns[i].field;
  return NULL;
}

/* The column at names; from its error on, the one that was meant. */
static sl_field_t *named_column(sl_build_t *b, const sl_bf_t *f, const sl_xat_t *at)
{
  sl_field_t *field = at ? column_field(f, at->value) : NULL;
  const char *words[64];
  size_t n = 0;
  if (field || !at) return field;
  for (size_t i = 0; i < f->n_columns && n < 64; i++) words[n++] = f->columns[i].label.p;
  sl_b_error(b, "R336", at->value_line, at->value_col, sl_b_advice(b, at->value, words, n),
             "the shape has no column %s", at->value);
  const char *near = sl_b_near(b, at, at->value, words, n);
  return near ? column_field(f, near) : NULL;
}

static void read_generated(sl_build_t *b, sl_op_t *op, sl_bf_t *f, const sl_xel_t *insert)
{
  size_t n = count(insert, "generated"), i = 0;
  sl_generated_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  for (const sl_xel_t *g = insert->first; v && (g = sl_xel_find(g, "generated")); g = g->next) {
    const sl_xat_t *legacy = sl_xel_at(g, "legacy");
    sl_field_t *field = named_column(b, f, legacy);
    if (!legacy) f->broken = true; /* the schema said so */
    const char *sql = sl_xel_text(g);
    sql += strspn(sql, " \t\r\n");
    if (!field) continue;
    field->generated = true;
    field->required = false;
    v[i++] = (sl_generated_t){field, sl_str(sl_b_dup(b, sql, strlen(sql))), g->line, g->col};
  }
  op->change.generated = v;
  op->change.n_generated = i;
}

/* A new row takes the column's DEFAULT for what the consumer leaves out; an update has none. */
static void leave_defaults(sl_bf_t *f)
{
  for (size_t i = 0; i < f->n_fields; i++)
    if (f->fields[i]->column && f->fields[i]->column->preset) f->fields[i]->required = false;
  for (size_t i = 0; i < f->n_lists; i++)
    if (f->items[i]) leave_defaults(f->items[i]);
}

static void read_change(sl_build_t *b, sl_op_t *op, sl_at_t at, const sl_xel_t *el)
{
  const sl_xel_t *insert = sl_xel_find(el->first, "insert"),
                 *update = sl_xel_find(el->first, "update");
  const sl_xel_t *change = insert ? insert : update;
  if (!change) return;
  const sl_xel_t *again = sl_xel_find(change->next, change->name);
  if ((insert && update) || again) {
    const sl_xel_t *second = again ? again : update;
    sl_b_error(b, "R337", second->line, second->col, NULL, "an operation has one insert or update");
  }
  if (sl_xel_find(el->first, "select"))
    sl_b_error(b, "R337", change->line, change->col, "read with reread=\"…\" on the response",
               "an operation selects or changes, not both");
  op->change.kind = insert ? SL_CHANGE_INSERT : SL_CHANGE_UPDATE;
  op->change.replace = !strcmp(sl_xel_get(change, "mode", ""), "replace");
  sl_b_members(at, change);
  if (!sl_xel_at(change, "shape")) at.f->broken = true; /* the schema said so */
  if (at.f->broken) return;
  /* A merge that leaves the kind out leaves it, and what depends on it, as it is. */
  for (size_t i = 0; update && !op->change.replace && i < at.f->n_choices; i++)
    at.f->choices[i]->choice->optional = true;
  if (insert) leave_defaults(at.f);
  if (insert) read_generated(b, op, at.f, insert);
  if (!at.f->frame->table[0])
    sl_b_error(b, "R338", change->line, change->col, "add table=\"…\" to the shape",
               "the shape %s names no table to write to", sl_xel_get(change, "shape", ""));
  const sl_xat_t *match = update ? sl_xel_at(update, "if-match") : NULL;
  op->change.if_match = named_column(b, at.f, match);
  bool key = false;
  for (size_t i = 0; i < at.f->n_fields; i++) key |= at.f->fields[i]->key;
  if (b->m->contract && at.f->frame->table[0])
    sl_check_change(at.f, sl_contract_table(b->m->contract, at.f->frame->table), change,
                    insert != NULL);
  if (update) sl_check_rows(at.f);
  if (update && !key)
    sl_b_error(b, "R339", change->line, change->col, "add key=\"true\" to a field of the shape",
               "nothing says which record is to be updated");
}

void sl_b_sql(sl_build_t *b, sl_op_t *op, sl_at_t request, const sl_xel_t *el)
{
  read_params(b, op, request, el);
  read_page(b, op, request, el);
  size_t n = count(el, "select"), i = 0;
  sl_select_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  for (const sl_xel_t *s = el->first; v && (s = sl_xel_find(s, "select")); s = s->next)
    read_select(b, op, s, &v[i++]);
  op->selects = v;
  op->n_selects = i;
  read_change(b, op, request, el);
  sl_b_call(b, op, el);
  if (!n && !op->change.kind && !sl_xel_find(el->first, "call"))
    sl_b_error(b, "R340", el->line, el->col, NULL,
               "the operation has no select, insert, update or call");
}

/* --- which list a further select fills
 * -------------------------------------------------------------------- */

static const sl_list_t *list_at(const sl_op_t *op, const sl_bf_t *response, const char *pointer)
{
  const sl_bf_t *f = op->rows ? response->items[op->rows->index] : response;
  size_t base = op->rows ? strlen(op->rows->json) : 0;
  for (size_t i = 0; i < f->n_lists; i++)
    if (!strcmp(f->lists[i]->json + base, pointer)) return f->lists[i];
  return NULL;
}

static void no_list(sl_build_t *b, const sl_op_t *op, const sl_bf_t *response, const sl_xat_t *at)
{
  const sl_bf_t *f = op->rows ? response->items[op->rows->index] : response;
  size_t base = op->rows ? strlen(op->rows->json) : 0, n = 0;
  const char *words[64];
  for (; n < f->n_lists && n < 64; n++) words[n] = f->lists[n]->json + base;
  sl_b_error(b, "R342", at->value_line, at->value_col, sl_b_advice(b, at->value, words, n),
             "the response has no list at %s", at->value);
}

void sl_b_sql_lists(sl_build_t *b, sl_op_t *op, sl_bf_t *response, const sl_xel_t *el)
{
  sl_select_t *v = (sl_select_t *)op->selects; /* still being built */
  size_t i = 0, plain = 0;
  for (const sl_xel_t *s = el->first; i < op->n_selects && (s = sl_xel_find(s, "select"));
       s = s->next, i++) {
    const sl_xat_t *at = sl_xel_at(s, "for");
    if (!at) {
      if (plain++)
        sl_b_error(b, "R341", s->line, s->col, "say for=\"/…\": which list its rows fill",
                   "a second select without for=");
      continue;
    }
    v[i].list = list_at(op, response, at->value);
    if (!v[i].list && !sl_bf_broken(response)) no_list(b, op, response, at);
    if (!v[i].list)
      response->broken = true;
    else if (!v[i].list->n_parent)
      sl_b_error(b, "R343", v[i].list->line, v[i].list->col, "add parent=\"COLUMN\"",
                 "a list that a select fills names the columns that join it to its record");
  }
}

/* --- what an update is based on
 * -------------------------------------------------------------------------- */

void sl_b_sql_base(sl_build_t *b, const sl_op_t *ops, size_t n, sl_op_t *op, const sl_xel_t *el)
{
  const sl_xat_t *at = sl_xel_at(el, "base");
  const char *words[64];
  if (!at) return;
  for (size_t i = 0; i < n; i++) {
    if (!strcmp(ops[i].info.name, at->value)) op->base = &ops[i];
    if (i < 64) words[i] = ops[i].info.name;
  }
  const sl_op_t *base = op->base;
  op->base = NULL;
  if (op->change.kind != SL_CHANGE_UPDATE)
    sl_b_error(b, "R390", at->line, at->col, "remove it, or use <update>",
               "%s changes no record that is there: it has nothing to be based on", op->info.name);
  else if (!base && sl_b_nameless(ops, n))
    return;
  else if (!base)
    sl_b_error(b, "R390", at->value_line, at->value_col,
               sl_b_advice(b, at->value, words, n < 64 ? n : 64), "no operation \"%s\"", at->value);
  else if (!base->info.safe || base->change.kind || base->procedure)
    sl_b_error(b, "R390", at->value_line, at->value_col, "name one that selects (GET)",
               "%s does not only read", at->value);
  else if (base->rows || base->page)
    sl_b_error(b, "R390", at->value_line, at->value_col, "name one that answers with one record",
               "%s answers with a list, and the base is one record", at->value);
  else
    op->base = base;
}

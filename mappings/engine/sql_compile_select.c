/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "mappings/engine/sql_build.h"
#include "mappings/engine/xdoc.h"

/* Parameters of one statement: databases take some thousands. */
enum { MAX_KEYS = 10000 };

/* --- names in statements -------------------------------------------------------------------------
 */

typedef struct place {
  const sl_select_t *select;
  const char *text; /* of the variant, all its pieces */
  unsigned mask;
} place_t;

static bool holds(const sl_select_plan_t *plan, unsigned mask, const sl_sql_piece_t *piece)
{
  for (unsigned i = 0; i < plan->n_conditions; i++) {
    const sl_condition_t *c = &plan->conditions[i];
    bool mine = piece->when == SL_IF_PARAM ? c->what == SL_COND_PARAM && c->param == piece->param
                                           : c->what == SL_COND_AFTER;
    if (mine) return mask >> i & 1;
  }
  return true;
}

/* Where in the mapping file the byte at stands that is `at` bytes into a variant's text. */
static void locate(const sl_select_t *select, const sl_select_plan_t *plan, unsigned mask,
                   size_t at, int *line_p, int *col_p)
{
  for (size_t i = 0; i < select->n_pieces; i++) {
    const sl_sql_piece_t *piece = &select->pieces[i];
    if (piece->when != SL_IF_ALWAYS && !holds(plan, mask, piece)) continue;
    if (at >= piece->text.len && i + 1 < select->n_pieces) {
      at -= piece->text.len;
      continue;
    }
    *line_p = piece->line;
    *col_p = piece->col;
    for (size_t k = 0; k < at && k < piece->text.len; k++) {
      (*col_p)++;
      if (piece->text.p[k] == '\n') (*line_p)++, *col_p = 1;
    }
    return;
  }
}

static bool bind_page(sl_sqlb_t *b, sl_str_t name, sl_bind_t *bind)
{
  const sl_page_t *page = b->op->page;
  if (sl_str_eqz(name, "page.limit")) {
    bind->from = SL_BIND_LIMIT;
    return true;
  }
  if (sl_str_eqz(name, "page.after") && page->n_key == 1) {
    bind->from = SL_BIND_AFTER;
    bind->field = b->plan->page_fields[0];
    return true;
  }
  for (size_t i = 0; i < page->n_key; i++) {
    char full[160];
    snprintf(full, sizeof full, "page.after.%s", page->key[i]);
    if (!sl_label_eq(name, full)) continue;
    *bind = (sl_bind_t){SL_BIND_AFTER, (uint16_t)i, b->plan->page_fields[i]};
    return true;
  }
  return false;
}

/* The param that was meant is used. */
static void use_near(sl_sqlb_t *b, const char *near)
{
  for (size_t i = 0; i < b->op->n_params; i++)
    if (!strcmp(b->op->params[i].name.p, near)) b->used[i] = true;
}

/* A param whose name is missing, as the schema said: the first name that is unknown is its. */
static bool use_nameless(sl_sqlb_t *b)
{
  bool any = false;
  for (size_t i = 0; i < b->op->n_params; i++)
    if (!b->op->params[i].name.len) any = b->used[i] = true;
  return any;
}

static void unknown_name(sl_sqlb_t *b, sl_str_t name, int line, int col)
{
  const char *words[64], *near;
  char word[128], fix[256] = "declare a <param> of this name";
  size_t n = 0;
  if (use_nameless(b)) return;
  snprintf(word, sizeof word, "%.*s", SL_STR_ARG(name));
  for (; n < b->op->n_params && n < 60; n++) words[n] = b->op->params[n].name.p;
  if (b->op->page) words[n++] = "page.after", words[n++] = "page.limit", words[n++] = "page.keys";
  near = sl_xdoc_nearest(word, words, n);
  if (near) snprintf(fix, sizeof fix, "did you mean :%s?", near);
  if (near) use_near(b, near);
  const char *const page = "page";
  if (b->op->page && !near && sl_xdoc_nearest(word, &page, 1))
    snprintf(fix, sizeof fix, "did you mean :page.after or :page.limit?");
  if (!strncmp(word, "page.", 5) && !b->op->page)
    snprintf(fix, sizeof fix, "add <page key=\"…\" size=\"…\" max=\"…\"/>");
  sl_sqlb_error(b, "R350", line, col, fix, "no value for :%s", word);
}

static bool bind_name(sl_sqlb_t *b, const sl_select_t *select, sl_str_t name, uint16_t nth,
                      sl_bind_t *bind)
{
  const sl_op_t *op = b->op;
  for (size_t i = 0; i < op->n_params; i++) {
    if (!sl_str_eq(op->params[i].name, name)) continue;
    *bind = (sl_bind_t){SL_BIND_PARAM, (uint16_t)i, op->params[i].field};
    b->used[i] = true;
    return true;
  }
  if (!op->page) return false;
  if (sl_str_eqz(name, "page.keys") && select->list) {
    *bind = (sl_bind_t){SL_BIND_KEYS, nth, b->plan->selects[select - op->selects].parent[0]};
    return true;
  }
  return bind_page(b, name, bind);
}

/* --- selects
 * ---------------------------------------------------------------------------------------- */

static void add_condition(sl_sqlb_t *b, sl_select_plan_t *plan, sl_condition_t c)
{
  for (unsigned i = 0; i < plan->n_conditions; i++)
    if (plan->conditions[i].what == c.what && plan->conditions[i].param == c.param) return;
  if (plan->n_conditions < SL_SQL_CONDITIONS) plan->conditions[plan->n_conditions++] = c;
}

static void find_conditions(sl_sqlb_t *b, const sl_select_t *select, sl_select_plan_t *plan)
{
  bool keys = false;
  for (size_t i = 0; i < select->n_pieces; i++) {
    const sl_sql_piece_t *piece = &select->pieces[i];
    if (memmem(piece->text.p, piece->text.len, ":page.keys", 10)) keys = true;
    if (piece->when == SL_IF_PARAM)
      add_condition(b, plan, (sl_condition_t){SL_COND_PARAM, piece->param});
    else if (piece->when == SL_IF_PAGE_AFTER)
      add_condition(b, plan, (sl_condition_t){SL_COND_AFTER, 0});
  }
  const sl_page_t *page = b->op->page;
  if (keys && page && (page->size > MAX_KEYS || page->max > MAX_KEYS))
    sl_sqlb_error(b, "R371", page->line, page->col, "max=\"1000\"",
                  "a page of more than %d records, and a select with :page.keys: that is a "
                  "parameter for each",
                  MAX_KEYS);
  if (keys && b->op->page && b->op->page->max > b->op->page->size)
    add_condition(b, plan, (sl_condition_t){SL_COND_MANY, 0});
}

static unsigned keys_of(const sl_sqlb_t *b, const sl_select_plan_t *plan, unsigned mask)
{
  if (!b->op->page) return 1;
  unsigned n = b->op->page->size;
  for (unsigned i = 0; i < plan->n_conditions; i++)
    if (plan->conditions[i].what == SL_COND_MANY && mask >> i & 1) n = b->op->page->max;
  return n < MAX_KEYS ? n : MAX_KEYS;
}

/* --- names that are not what they seem
 * ------------------------------------------------------------ */

static int find_param(const sl_op_t *op, sl_str_t name)
{
  for (size_t i = 0; i < op->n_params; i++)
    if (sl_str_eq(op->params[i].name, name)) return (int)i;
  return -1;
}

static void check_quoted(sl_sqlb_t *b, const sl_select_t *select, const sl_select_plan_t *plan,
                         unsigned mask, const sl_sql_cut_t *cut)
{
  const sl_sql_name_t *v = (const sl_sql_name_t *)(const void *)cut->quoted.p;
  for (size_t i = 0; i < cut->quoted.len / sizeof *v; i++) {
    int param = find_param(b->op, v[i].name), line = 0, col = 0;
    char fix[256];
    if (param < 0) continue;
    locate(select, plan, mask, v[i].at, &line, &col);
    snprintf(fix, sizeof fix, "write :%s without quotes; in a pattern '%%' || :%s || '%%'",
             b->op->params[param].name.p, b->op->params[param].name.p);
    sl_sqlb_error(b, "R386", line, col, fix, "':%s' is text here, not the value of the param",
                  b->op->params[param].name.p);
    b->used[param] = true;
  }
}

static bool word_at(const char *p, const char *end, const char *word)
{
  size_t n = strlen(word);
  return (size_t)(end - p) >= n && !strncasecmp(p, word, n) &&
         ((size_t)(end - p) == n || !isalnum((unsigned char)p[n]));
}

/* Does a comparison stand to the left or right of the name at `at`? A named argument (a => :x) is
 * none. */
static bool is_compared(sl_str_t text, size_t at, size_t len)
{
  static const char *const words[] = {"like", "ilike", "between"};
  const char *p = text.p + at, *from = p, *end = text.p + text.len, *next = p + 1 + len;
  while (from > text.p && isspace((unsigned char)from[-1])) from--;
  while (next < end && isspace((unsigned char)*next)) next++;
  if (from > text.p && strchr("=<>", from[-1])) {
    char before = from - 1 > text.p ? from[-2] : 0;
    return !(from[-1] == '>' && before == '=') && !(from[-1] == '=' && before == ':');
  }
  if (next < end && *next && strchr("=<>!", *next)) return true;
  for (size_t i = 0; i < 3; i++) {
    size_t n = strlen(words[i]);
    if ((size_t)(from - text.p) > n && word_at(from - n, p, words[i]) &&
        !isalnum((unsigned char)from[-1 - (int)n]))
      return true;
    if (word_at(next, end, words[i])) return true;
  }
  return false;
}

/* Does the statement say itself what holds without the value, as in (:x IS NULL OR …)? */
static bool asks_for_null(const sl_sql_name_t *names, size_t n, sl_str_t text, sl_str_t name)
{
  for (size_t i = 0; i < n; i++) {
    const char *p = text.p + names[i].at + 1 + names[i].name.len, *end = text.p + text.len;
    if (!sl_str_eq(names[i].name, name)) continue;
    while (p < end && isspace((unsigned char)*p)) p++;
    if (word_at(p, end, "is")) return true;
  }
  return false;
}

static bool is_given(const sl_select_plan_t *plan, unsigned mask, unsigned param)
{
  for (unsigned i = 0; i < plan->n_conditions; i++)
    if (plan->conditions[i].what == SL_COND_PARAM && plan->conditions[i].param == param)
      return mask >> i & 1;
  return false;
}

/* Without its value a comparison is with NULL, and never true: no rows, and nobody knows why. */
static void check_optional(sl_sqlb_t *b, const sl_select_t *select, const sl_select_plan_t *plan,
                           unsigned mask, sl_str_t text, const sl_sql_cut_t *cut)
{
  const sl_sql_name_t *v = (const sl_sql_name_t *)(const void *)cut->names.p;
  size_t n = sl_sql_cut_count(cut);
  for (size_t i = 0; i < n; i++) {
    int param = find_param(b->op, v[i].name), line = 0, col = 0;
    char fix[256];
    if (param < 0 || !b->op->params[param].optional || is_given(plan, mask, (unsigned)param))
      continue;
    if (!is_compared(text, v[i].at, v[i].name.len) || asks_for_null(v, n, text, v[i].name))
      continue;
    const char *name = b->op->params[param].name.p;
    locate(select, plan, mask, v[i].at, &line, &col);
    snprintf(fix, sizeof fix,
             "<if present=\"%s\">…</if> around the condition, or (:%s IS NULL OR …)", name, name);
    sl_sqlb_error(b, "R385", line, col, fix,
                  "without the optional param %s this compares with NULL, which is never true",
                  name);
  }
}

static void bind_names(sl_sqlb_t *b, const sl_select_t *select, const sl_select_plan_t *plan,
                       unsigned mask, const sl_sql_cut_t *cut, sl_variant_t *variant)
{
  size_t n = sl_sql_cut_count(cut);
  const sl_sql_name_t *names = (const sl_sql_name_t *)(const void *)cut->names.p;
  sl_bind_t *binds = sl_sqlb_alloc(b, (n + 1) * sizeof *binds);
  uint16_t nth = 0;
  for (size_t i = 0; binds && i < n; i++) {
    nth = i && names[i].at == names[i - 1].at ? (uint16_t)(nth + 1) : 0;
    if (bind_name(b, select, names[i].name, nth, &binds[i])) continue;
    int line = 0, col = 0;
    locate(select, plan, mask, names[i].at, &line, &col);
    unknown_name(b, names[i].name, line, col);
  }
  variant->binds = binds;
  variant->n_binds = binds ? n : 0;
}

static void compile_variant(sl_sqlb_t *b, const sl_select_t *select, const sl_select_plan_t *plan,
                            unsigned mask, sl_variant_t *variant)
{
  sl_buf_t text;
  sl_sql_cut_t cut;
  sl_buf_init(&text, 0);
  for (size_t i = 0; i < select->n_pieces; i++)
    if (select->pieces[i].when == SL_IF_ALWAYS || holds(plan, mask, &select->pieces[i]))
      sl_buf_adds(&text, select->pieces[i].text);
  sl_sql_cut(&cut, sl_buf_str(&text), keys_of(b, plan, mask));
  if (cut.problem) {
    int line = 0, col = 0;
    locate(select, plan, mask, cut.at, &line, &col);
    sl_sqlb_error(b, "R351", line, col, NULL, "%s", cut.problem);
  }
  bind_names(b, select, plan, mask, &cut, variant);
  check_quoted(b, select, plan, mask, &cut);
  if (!cut.problem) check_optional(b, select, plan, mask, sl_buf_str(&text), &cut);
  variant->key = (*b->keys)++;
  size_t skip = 0;
  while (skip < cut.text.len && strchr(" \t\r\n", cut.text.p[skip])) skip++;
  variant->text =
      sl_arena_strndup(b->arena, cut.text.p ? cut.text.p + skip : "", cut.text.len - skip);
  if (!variant->text || cut.text.failed || text.failed) b->failed = true;
  sl_sql_cut_fini(&cut);
  sl_buf_fini(&text);
}

static void find_parent(sl_sqlb_t *b, const sl_select_t *select, sl_select_plan_t *plan)
{
  const sl_list_t *list = select->list;
  const sl_frame_t *frame = sl_sqlb_row_frame(b->op);
  const sl_field_t **v = sl_sqlb_alloc(b, (list->n_parent + 1) * sizeof *v);
  plan->parent = v;
  for (size_t i = 0; v && i < list->n_parent; i++) {
    int column = sl_frame_column(frame, list->parent[i]);
    if (column >= 0)
      v[i] = frame->columns[column].field;
    else
      sl_sqlb_error_in(b, list, "R352", NULL,
                       "parent=\"%s\" is no column of the record that the list belongs to",
                       list->parent[i]);
  }
}

/* What the checks below look for is not worth a parser of SQL. */
bool sl_sql_mentions(const sl_select_t *select, const char *word)
{
  for (size_t i = 0; i < select->n_pieces; i++) {
    sl_str_t text = select->pieces[i].text;
    for (size_t from = 0; from < text.len; from++) {
      size_t at = from;
      const char *w = word;
      for (; *w && at < text.len; w++) {
        if (*w != ' ' && tolower((unsigned char)text.p[at]) != *w) break;
        if (*w != ' ')
          at++;
        else
          while (at < text.len && strchr(" \t\r\n", text.p[at])) at++;
      }
      if (!*w) return true;
    }
  }
  return false;
}

/* Mistakes that no single call shows: pages that repeat, skip or drag. */
static void check_paged(sl_sqlb_t *b, const sl_select_t *select)
{
  const sl_page_t *page = b->op->page;
  if (!page || select->list) return;
  if (!sl_sql_mentions(select, ".after"))
    sl_sqlb_error(b, "R368", page->line, page->col,
                  "add <if present=\"page.after\">AND KEY &gt; :page.after</if> to its WHERE",
                  "the select does not use :page.after: every page would be the first one");
  if (!sl_sql_mentions(select, "order by"))
    sl_diags_add(b->diags, SL_WARNING, "R369", b->file, page->line, page->col,
                 "order the rows by the key of the page",
                 "the select has no ORDER BY: pages may skip rows or repeat them");
  if (!sl_sql_mentions(select, ".limit"))
    sl_diags_add(b->diags, SL_WARNING, "R370", b->file, page->line, page->col,
                 "add LIMIT :page.limit, or what your database has for it",
                 "the select does not use :page.limit: the database makes all rows for each page");
}

void sl_sqlb_select(sl_sqlb_t *b, size_t i, sl_select_plan_t *plan)
{
  const sl_select_t *select = &b->op->selects[i];
  if (select->list) find_parent(b, select, plan);
  find_conditions(b, select, plan);
  check_paged(b, select);
  sl_variant_t *v = sl_sqlb_alloc(b, sizeof *v << plan->n_conditions);
  plan->variants = v;
  for (unsigned mask = 0; v && mask < 1u << plan->n_conditions; mask++)
    compile_variant(b, select, plan, mask, &v[mask]);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "mappings/engine/sql_impl.h"
#include "mappings/engine/xdoc.h"

typedef struct build {
  sl_op_t *op;
  sl_arena_t *arena;
  const char *file;
  unsigned *keys;
  sl_diags_t *diags;
  sl_sql_plan_t *plan;
  bool *used; /* by op->params: some statement names it */
  bool failed;
} build_t;

static void *alloc(build_t *b, size_t size)
{
  void *p = sl_arena_zalloc(b->arena, size);
  if (!p) b->failed = true;
  return p;
}

#define error(b, code, line, col, fix, ...)                                                        \
  sl_diags_add((b)->diags, SL_ERROR, code, (b)->file, line, col, fix, __VA_ARGS__)

bool sl_label_eq(sl_str_t a, const char *b)
{
  return strlen(b) == a.len && strncasecmp(a.p, b, a.len) == 0;
}

int sl_frame_column(const sl_frame_t *frame, const char *label)
{
  for (size_t i = 0; i < frame->n_columns; i++)
    if (frame->columns[i].field && sl_label_eq(frame->columns[i].label, label)) return (int)i;
  return -1;
}

/* The frame of one row's record. */
static const sl_frame_t *row_frame(const sl_op_t *op)
{
  return op->rows ? op->rows->item : op->response;
}

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

static bool bind_page(build_t *b, sl_str_t name, sl_bind_t *bind)
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

static void unknown_name(build_t *b, sl_str_t name, int line, int col)
{
  const char *words[64], *near;
  char word[128], fix[256] = "declare a <param> of this name";
  size_t n = 0;
  snprintf(word, sizeof word, "%.*s", SL_STR_ARG(name));
  for (; n < b->op->n_params && n < 60; n++) words[n] = b->op->params[n].name.p;
  if (b->op->page) words[n++] = "page.after", words[n++] = "page.limit", words[n++] = "page.keys";
  near = sl_xdoc_nearest(word, words, n);
  if (near) snprintf(fix, sizeof fix, "did you mean :%s?", near);
  if (!strncmp(word, "page.", 5) && !b->op->page)
    snprintf(fix, sizeof fix, "add <page key=\"…\" size=\"…\" max=\"…\"/>");
  error(b, "R350", line, col, fix, "no value for :%s", word);
}

static bool bind_name(build_t *b, const sl_select_t *select, sl_str_t name, uint16_t nth,
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

static void add_condition(build_t *b, sl_select_plan_t *plan, sl_condition_t c)
{
  for (unsigned i = 0; i < plan->n_conditions; i++)
    if (plan->conditions[i].what == c.what && plan->conditions[i].param == c.param) return;
  if (plan->n_conditions < SL_SQL_CONDITIONS) plan->conditions[plan->n_conditions++] = c;
}

static void find_conditions(build_t *b, const sl_select_t *select, sl_select_plan_t *plan)
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
  if (keys && b->op->page && b->op->page->max > b->op->page->size)
    add_condition(b, plan, (sl_condition_t){SL_COND_MANY, 0});
}

static unsigned keys_of(const build_t *b, const sl_select_plan_t *plan, unsigned mask)
{
  if (!b->op->page) return 1;
  for (unsigned i = 0; i < plan->n_conditions; i++)
    if (plan->conditions[i].what == SL_COND_MANY && mask >> i & 1) return b->op->page->max;
  return b->op->page->size;
}

static void bind_names(build_t *b, const sl_select_t *select, const sl_select_plan_t *plan,
                       unsigned mask, const sl_sql_cut_t *cut, sl_variant_t *variant)
{
  size_t n = sl_sql_cut_count(cut);
  const sl_sql_name_t *names = (const sl_sql_name_t *)(const void *)cut->names.p;
  sl_bind_t *binds = alloc(b, (n + 1) * sizeof *binds);
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

static void compile_variant(build_t *b, const sl_select_t *select, const sl_select_plan_t *plan,
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
    error(b, "R351", line, col, NULL, "%s", cut.problem);
  }
  bind_names(b, select, plan, mask, &cut, variant);
  variant->key = (*b->keys)++;
  size_t skip = 0;
  while (skip < cut.text.len && strchr(" \t\r\n", cut.text.p[skip])) skip++;
  variant->text =
      sl_arena_strndup(b->arena, cut.text.p ? cut.text.p + skip : "", cut.text.len - skip);
  if (!variant->text || cut.text.failed || text.failed) b->failed = true;
  sl_sql_cut_fini(&cut);
  sl_buf_fini(&text);
}

static void find_parent(build_t *b, const sl_select_t *select, sl_select_plan_t *plan)
{
  const sl_list_t *list = select->list;
  const sl_frame_t *frame = row_frame(b->op);
  const sl_field_t **v = alloc(b, (list->n_parent + 1) * sizeof *v);
  plan->parent = v;
  for (size_t i = 0; v && i < list->n_parent; i++) {
    int column = sl_frame_column(frame, list->parent[i]);
    if (column >= 0)
      v[i] = frame->columns[column].field;
    else
      error(b, "R352", list->line, list->col, NULL,
            "parent=\"%s\" is no column of the record that the list belongs to", list->parent[i]);
  }
}

/* Some piece of the statement holds word, its letters in any case and each blank in it any number
 * of them: what the checks below look for is not worth a parser of SQL. */
static bool mentions(const sl_select_t *select, const char *word)
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
static void check_paged(build_t *b, const sl_select_t *select)
{
  const sl_page_t *page = b->op->page;
  if (!page || select->list) return;
  if (!mentions(select, ":page.after"))
    error(b, "R368", page->line, page->col,
          "add <if present=\"page.after\">AND KEY &gt; :page.after</if> to its WHERE",
          "the select does not use :page.after: every page would be the first one");
  if (!mentions(select, "order by"))
    sl_diags_add(b->diags, SL_WARNING, "R369", b->file, page->line, page->col,
                 "order the rows by the key of the page",
                 "the select has no ORDER BY: pages may skip rows or repeat them");
  if (!mentions(select, ":page.limit"))
    sl_diags_add(b->diags, SL_WARNING, "R370", b->file, page->line, page->col,
                 "add LIMIT :page.limit, or what your database has for it",
                 "the select does not use :page.limit: the database makes all rows for each page");
}

static void compile_select(build_t *b, size_t i, sl_select_plan_t *plan)
{
  const sl_select_t *select = &b->op->selects[i];
  if (select->list) find_parent(b, select, plan);
  find_conditions(b, select, plan);
  check_paged(b, select);
  sl_variant_t *v = alloc(b, sizeof *v << plan->n_conditions);
  plan->variants = v;
  for (unsigned mask = 0; v && mask < 1u << plan->n_conditions; mask++)
    compile_variant(b, select, plan, mask, &v[mask]);
}

/* --- rows
 * ------------------------------------------------------------------------------------------- */

static bool has_select(const sl_op_t *op, const sl_list_t *list)
{
  for (size_t i = 0; i < op->n_selects; i++)
    if (op->selects[i].list == list) return true;
  return false;
}

static void level_key(build_t *b, sl_level_t *level)
{
  const sl_frame_t *frame = level->frame;
  const sl_list_t *list = level->list;
  uint16_t *key = alloc(b, (frame->n_columns + 1) * sizeof *key);
  level->key = key;
  if (!key) return;
  for (size_t i = 0; list && i < list->n_key; i++) {
    int column = sl_frame_column(frame, list->key[i]);
    if (column >= 0 && level->n_key < frame->n_columns)
      key[level->n_key++] = (uint16_t)column;
    else
      error(b, "R353", list->line, list->col, NULL, "key=\"%s\" is no column of the list",
            list->key[i]);
  }
  for (size_t i = 0; !list && i < frame->n_columns; i++)
    if (frame->columns[i].field && frame->columns[i].field->key) key[level->n_key++] = (uint16_t)i;
}

/* The list of frame whose rows are joined to it; NULL: none. */
static const sl_list_t *joined(build_t *b, const sl_frame_t *frame)
{
  const sl_list_t *found = NULL;
  for (size_t i = 0; i < frame->n_lists; i++) {
    const sl_list_t *list = frame->lists[i];
    if (list->access == SL_WRITE_ONLY || has_select(b->op, list)) continue;
    if (found)
      error(b, "R354", list->line, list->col, "give one of them a <select for=\"…\"> of its own",
            "two lists of rows in one select: their rows would be multiplied (line %d)",
            found->line);
    found = list;
  }
  return found;
}

static void build_levels(build_t *b, const sl_frame_t *frame, const sl_list_t *first,
                         sl_levels_t *levels)
{
  const sl_list_t *list = first;
  for (;;) {
    if (levels->n == SL_SQL_LEVELS) {
      error(b, "R355", list->line, list->col, NULL, "rows are nested more than %d deep",
            SL_SQL_LEVELS);
      return;
    }
    sl_level_t *level = &levels->v[levels->n++];
    *level = (sl_level_t){.frame = frame, .list = list};
    level_key(b, level);
    const sl_list_t *next = joined(b, frame);
    if (list && list != first && !list->n_key)
      error(b, "R356", list->line, list->col, "add key=\"COLUMN\"",
            "rows of a list need a key: it says which of them are the same, and NULL in it that "
            "there is none");
    if (!next) return;
    list = next;
    frame = next->item;
  }
}

static void check_joined(build_t *b)
{
  const sl_levels_t *levels = &b->plan->levels;
  for (unsigned i = 1; i < levels->n; i++) {
    const sl_list_t *list = levels->v[i].list;
    if (!list->n_key)
      error(b, "R356", list->line, list->col, "add key=\"COLUMN\"",
            "rows of a list need a key: it says which of them are the same, and NULL in it that "
            "there is none");
  }
  if (levels->n < 2 || !b->op->rows) return;
  const sl_list_t *list = levels->v[1].list;
  if (!levels->v[0].n_key)
    error(b, "R357", list->line, list->col, "add key=\"true\" to the fields that identify a record",
          "nothing says which of the joined rows belong to the same record");
  if (b->op->page)
    error(b, "R358", list->line, list->col, "give the list a <select for=\"…\"> of its own",
          "a page counts rows: a paged select cannot hold the rows of a list");
}

static void compile_rows(build_t *b)
{
  sl_sql_plan_t *plan = b->plan;
  const sl_op_t *op = b->op;
  build_levels(b, row_frame(op), NULL, &plan->levels);
  check_joined(b);
  plan->list_levels = alloc(b, (op->n_selects + 1) * sizeof *plan->list_levels);
  for (size_t i = 0; plan->list_levels && i < op->n_selects; i++)
    if (op->selects[i].list)
      build_levels(b, op->selects[i].list->item, op->selects[i].list, &plan->list_levels[i]);
}

static void compile_page(build_t *b)
{
  const sl_op_t *op = b->op;
  const sl_field_t **v = alloc(b, (op->page->n_key + 1) * sizeof *v);
  b->plan->page_fields = v;
  for (size_t i = 0; v && i < op->page->n_key; i++) {
    int column = op->rows ? sl_frame_column(op->rows->item, op->page->key[i]) : -1;
    if (column >= 0)
      v[i] = op->rows->item->columns[column].field;
    else
      error(b, "R359", op->line, op->col, "map it, or page by another column",
            "the page's key %s is no column of the rows", op->page->key[i]);
  }
  const char *json = op->page->json;
  const sl_jnode_t *root = op->response->json;
  bool taken =
      !json[0] ? false : strchr(json + 1, '/') || strchr(json, '~') || root->kind != SL_JN_OBJECT;
  for (size_t i = 0; json[0] && i < root->n_children; i++)
    taken |= sl_str_eqz(root->children[i].key, json + 1);
  if (taken)
    error(b, "R367", op->page->line, op->page->col,
          "json=\"/next\", and json=\"/items\" on the response",
          "the next cursor needs a member of its own beside the rows");
  uint32_t hash = 2166136261u;
  for (const char *p = op->info.name; *p; p++) hash = (hash ^ (unsigned char)*p) * 16777619u;
  for (const char *p = op->mapping->name; *p; p++) hash = (hash ^ (unsigned char)*p) * 16777619u;
  b->plan->binding = hash;
}

/* --- JSON around the rows ------------------------------------------------------------------------
 */

static bool leads_to(const sl_jnode_t *node, const sl_list_t *rows)
{
  if (node->kind == SL_JN_LIST) return node->list == rows;
  for (size_t i = 0; i < node->n_children; i++)
    if (leads_to(&node->children[i], rows)) return true;
  return false;
}

/* Members that are known beforehand stand before the rows, wherever the mapping has them: the rows
 * are then written as they come. */
static void around(const sl_jnode_t *node, const sl_list_t *rows, sl_buf_t *before, sl_buf_t *after)
{
  if (node->kind == SL_JN_LIST) {
    sl_buf_addc(before, '[');
    sl_buf_addc(after, ']');
    return;
  }
  sl_buf_addc(before, '{');
  bool comma = false;
  for (size_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *child = &node->children[i];
    if (child->kind != SL_JN_CONST) continue;
    if (comma) sl_buf_addc(before, ',');
    sl_buf_adds(before, child->quoted);
    sl_buf_adds(before, child->constant->text);
    comma = true;
  }
  for (size_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *child = &node->children[i];
    if (!leads_to(child, rows)) continue;
    if (comma) sl_buf_addc(before, ',');
    sl_buf_adds(before, child->quoted);
    around(child, rows, before, after);
    break;
  }
  sl_buf_addc(after, '}');
}

static void compile_around(build_t *b)
{
  sl_buf_t before, after;
  sl_buf_init(&before, 0);
  sl_buf_init(&after, 0);
  around(b->op->response->json, b->op->rows, &before, &after);
  b->plan->before = sl_arena_str(b->arena, sl_buf_str(&before));
  b->plan->after = sl_arena_str(b->arena, sl_buf_str(&after));
  if (!b->plan->before.p || !b->plan->after.p) b->failed = true;
  sl_buf_fini(&before);
  sl_buf_fini(&after);
}

/* --- insert and update
 * ------------------------------------------------------------------------------ */

static const sl_generated_t *generated(const sl_op_t *op, const sl_field_t *field)
{
  for (size_t i = 0; i < op->change.n_generated; i++)
    if (op->change.generated[i].field == field) return &op->change.generated[i];
  return NULL;
}

/* May this column stand in an insert or update? */
static bool writable(const sl_op_t *op, const sl_column_plan_t *column)
{
  const sl_field_t *field = column->field;
  if (!field) return column->constant != NULL;
  if (field->access == SL_READ_ONLY) return false;
  for (size_t i = 0; i < op->n_params; i++)
    if (op->params[i].field == field) return false;
  const sl_generated_t *g = generated(op, field);
  if (op->change.kind == SL_CHANGE_INSERT) return !field->generated || (g && g->sql.len);
  return !field->generated || field->key;
}

static void table_columns(build_t *b, sl_table_plan_t *table)
{
  const sl_frame_t *frame = table->frame;
  table->columns = alloc(b, (frame->n_columns + 1) * sizeof *table->columns);
  if (!table->columns) return;
  for (int keys = 1; keys >= 0; keys--)
    for (size_t i = 0; i < frame->n_columns; i++) {
      const sl_column_plan_t *column = &frame->columns[i];
      bool key = column->field && column->field->key;
      if (key != (keys == 1) || !writable(b->op, column)) continue;
      table->columns[table->n_columns++] = column;
      if (key) table->n_key++;
    }
  enum {
    OPTIONAL_MAX = 12
  }; /* 4096 statements of one table: further columns are NULL when left out */
  size_t rest = table->n_columns - table->n_key;
  table->n_optional = rest < OPTIONAL_MAX ? (unsigned)rest : OPTIONAL_MAX;
  table->key_insert = *b->keys;
  table->key_update = *b->keys + (1u << table->n_optional);
  table->key_match = *b->keys + (2u << table->n_optional);
  table->key_delete = *b->keys + (3u << table->n_optional);
  *b->keys += (3u << table->n_optional) + 1;
}

static void child_table(build_t *b, sl_table_plan_t *table, const sl_list_t *list)
{
  const sl_frame_t *frame = b->op->request;
  *table = (sl_table_plan_t){.list = list, .frame = list->item, .table = list->table};
  if (!list->table || !list->table[0])
    error(b, "R360", list->line, list->col, "add table=\"…\", or access=\"read-only\"",
          "the list names no table to write its rows to");
  if (!list->n_parent)
    error(b, "R361", list->line, list->col, "add parent=\"COLUMN\"",
          "the list does not say which columns join its rows to the record");
  for (size_t i = 0; i < list->item->n_lists; i++)
    if (list->item->lists[i]->access != SL_READ_ONLY)
      error(b, "R362", list->item->lists[i]->line, list->item->lists[i]->col,
            "access=\"read-only\"", "a list in a list is not written");
  table->parent = alloc(b, (list->n_parent + 1) * sizeof *table->parent);
  for (size_t i = 0; table->parent && i < list->n_parent; i++) {
    int column = sl_frame_column(frame, list->parent[i]);
    if (column >= 0)
      table->parent[table->n_parent++] = &frame->columns[column];
    else
      error(b, "R352", list->line, list->col, NULL,
            "parent=\"%s\" is no column of the record that the list belongs to", list->parent[i]);
  }
  table_columns(b, table);
}

/* What the database makes by itself is not known to us: a list's rows or the reread may need it. */
static void check_known(build_t *b)
{
  const sl_op_t *op = b->op;
  const char *needs = op->reread ? "the reread" : "a list";
  if (op->change.kind != SL_CHANGE_INSERT || (!op->reread && b->plan->n_tables < 2)) return;
  for (size_t i = 0; i < op->request->n_columns; i++) {
    const sl_field_t *field = op->request->columns[i].field;
    if (!field || !field->key || !field->generated) continue;
    const sl_generated_t *g = generated(op, field);
    if (!g || !g->sql.len)
      error(b, "R363", g ? g->line : op->line, g ? g->col : op->col,
            "add <generated legacy=\"…\"> with the SELECT that gives its next value",
            "%s has to be known before the insert: %s needs it", field->legacy, needs);
  }
}

static void check_generated(build_t *b)
{
  const sl_op_t *op = b->op;
  for (size_t i = 0; i < op->change.n_generated; i++) {
    const sl_generated_t *g = &op->change.generated[i];
    sl_sql_cut_t cut;
    sl_sql_cut(&cut, g->sql, 1);
    if (cut.problem) error(b, "R351", g->line, g->col, NULL, "%s", cut.problem);
    if (sl_sql_cut_count(&cut))
      error(b, "R350", g->line, g->col, NULL, "a generated value's select takes no values");
    sl_sql_cut_fini(&cut);
  }
}

static void compile_change(build_t *b)
{
  const sl_op_t *op = b->op;
  const sl_frame_t *frame = op->request;
  sl_table_plan_t *v = alloc(b, (frame->n_lists + 1) * sizeof *v);
  if (!v) return;
  v[0] = (sl_table_plan_t){.frame = frame, .table = frame->table};
  table_columns(b, &v[0]);
  b->plan->tables = v;
  b->plan->n_tables = 1;
  if (v[0].n_columns == (op->change.kind == SL_CHANGE_UPDATE ? v[0].n_key : 0))
    error(b, "R364", op->line, op->col, NULL, "no column of %s may be written", frame->table);
  for (size_t i = 0; i < frame->n_lists; i++)
    if (frame->lists[i]->access != SL_READ_ONLY)
      child_table(b, &v[b->plan->n_tables++], frame->lists[i]);
  b->plan->generated_key = *b->keys;
  *b->keys += (unsigned)op->change.n_generated;
  check_generated(b);
  check_known(b);
}

/* --- an operation
 * ----------------------------------------------------------------------------------- */

static void compile_selects(build_t *b)
{
  const sl_op_t *op = b->op;
  sl_select_plan_t *v = alloc(b, (op->n_selects + 1) * sizeof *v);
  if (!v) return;
  b->plan->selects = v;
  for (size_t i = 0; i < op->n_selects; i++) {
    if (!op->selects[i].list && b->plan->main_select < 0) b->plan->main_select = (int)i;
    compile_select(b, i, &v[i]);
  }
  if (op->n_selects && b->plan->main_select < 0)
    error(b, "R365", op->line, op->col, NULL, "no select reads the records: all of them have for=");
  for (size_t i = 0; i < op->n_params; i++)
    if (!b->used[i] && op->n_selects)
      sl_diags_add(b->diags, SL_WARNING, "R366", b->file, op->params[i].field->line,
                   op->params[i].field->col, "use it, or remove it",
                   "no statement uses the param %s", op->params[i].name.p);
}

bool sl_sql_compile(sl_op_t *op, sl_arena_t *arena, const char *file, unsigned *keys_p,
                    sl_diags_t *diags)
{
  build_t b = {.op = op, .arena = arena, .file = file, .keys = keys_p, .diags = diags};
  b.plan = alloc(&b, sizeof *b.plan);
  b.used = alloc(&b, (op->n_params + 1) * sizeof *b.used);
  if (!b.plan || !b.used || !op->request || !op->response) return !b.failed;
  b.plan->main_select = -1;
  if (op->page) compile_page(&b);
  if (b.failed) return false;
  compile_selects(&b);
  if (op->n_selects) compile_rows(&b);
  if (op->rows) compile_around(&b);
  if (op->change.kind) compile_change(&b);
  op->sql = b.plan;
  return !b.failed;
}

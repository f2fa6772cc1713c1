/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/sql_build.h"

/* --- rows
 * ------------------------------------------------------------------------------------------- */

static bool has_select(const sl_op_t *op, const sl_list_t *list)
{
  for (size_t i = 0; i < op->n_selects; i++)
    if (op->selects[i].list == list) return true;
  return false;
}

static void level_key(sl_sqlb_t *b, sl_level_t *level)
{
  const sl_frame_t *frame = level->frame;
  const sl_list_t *list = level->list;
  uint16_t *key = sl_sqlb_alloc(b, (frame->n_columns + 1) * sizeof *key);
  level->key = key;
  if (!key) return;
  for (size_t i = 0; list && i < list->n_key; i++) {
    int column = sl_frame_column(frame, list->key[i]);
    if (column >= 0 && level->n_key < frame->n_columns)
      key[level->n_key++] = (uint16_t)column;
    else
      sl_sqlb_error_in(b, list, "R353", NULL, "key=\"%s\" is no column of the list", list->key[i]);
  }
  for (size_t i = 0; !list && i < frame->n_columns; i++)
    if (frame->columns[i].field && frame->columns[i].field->key && !frame->columns[i].place)
      key[level->n_key++] = (uint16_t)i;
}

/* The list of frame whose rows are joined to it; NULL: none. */
static const sl_list_t *joined(sl_sqlb_t *b, const sl_frame_t *frame)
{
  const sl_list_t *found = NULL;
  for (size_t i = 0; i < frame->n_lists; i++) {
    const sl_list_t *list = frame->lists[i];
    if (list->access == SL_WRITE_ONLY || has_select(b->op, list) || !sl_list_has_rows(list))
      continue;
    if (found)
      sl_sqlb_error_in(b, list, "R354", "give one of them a <select for=\"…\"> of its own",
                       "two lists of rows in one select: their rows would be multiplied (line %d)",
                       found->line);
    found = list;
  }
  return found;
}

static void build_levels(sl_sqlb_t *b, const sl_frame_t *frame, const sl_list_t *first,
                         sl_levels_t *levels)
{
  const sl_list_t *list = first;
  for (;;) {
    if (levels->n == SL_SQL_LEVELS) {
      sl_sqlb_error_in(b, list, "R355", NULL, "rows are nested more than %d deep", SL_SQL_LEVELS);
      return;
    }
    sl_level_t *level = &levels->v[levels->n++];
    *level = (sl_level_t){.frame = frame, .list = list};
    level_key(b, level);
    const sl_list_t *next = joined(b, frame);
    if (list && list != first && !list->n_key)
      sl_sqlb_error_in(
          b, list, "R356", "add key=\"COLUMN\"",
          "rows of a list need a key: it says which of them are the same, and NULL in it that "
          "there is none");
    if (!next) return;
    list = next;
    frame = next->item;
  }
}

static void check_joined(sl_sqlb_t *b)
{
  const sl_levels_t *levels = &b->plan->levels;
  for (unsigned i = 1; i < levels->n; i++) {
    const sl_list_t *list = levels->v[i].list;
    if (!list->n_key)
      sl_sqlb_error_in(
          b, list, "R356", "add key=\"COLUMN\"",
          "rows of a list need a key: it says which of them are the same, and NULL in it that "
          "there is none");
  }
  if (levels->n < 2 || !b->op->rows) return;
  const sl_list_t *list = levels->v[1].list;
  if (!levels->v[0].n_key)
    sl_sqlb_error_in(b, list, "R357", "add key=\"true\" to the fields that identify a record",
                     "nothing says which of the joined rows belong to the same record");
  if (b->op->page)
    sl_sqlb_error_in(b, list, "R358", "give the list a <select for=\"…\"> of its own",
                     "a page counts rows: a paged select cannot hold the rows of a list");
}

void sl_sqlb_rows(sl_sqlb_t *b)
{
  sl_sql_plan_t *plan = b->plan;
  const sl_op_t *op = b->op;
  build_levels(b, sl_sqlb_row_frame(op), NULL, &plan->levels);
  check_joined(b);
  plan->list_levels = sl_sqlb_alloc(b, (op->n_selects + 1) * sizeof *plan->list_levels);
  for (size_t i = 0; plan->list_levels && i < op->n_selects; i++)
    if (op->selects[i].list)
      build_levels(b, op->selects[i].list->item, op->selects[i].list, &plan->list_levels[i]);
}

void sl_sqlb_page(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op;
  const sl_field_t **v = sl_sqlb_alloc(b, (op->page->n_key + 1) * sizeof *v);
  b->plan->page_fields = v;
  for (size_t i = 0; v && i < op->page->n_key; i++) {
    int column = op->rows ? sl_frame_column(op->rows->item, op->page->key[i]) : -1;
    if (column >= 0)
      v[i] = op->rows->item->columns[column].field;
    else
      sl_sqlb_error(b, "R359", op->line, op->col, "map it, or page by another column",
                    "the page's key %s is no column of the rows", op->page->key[i]);
  }
  const char *json = op->page->json;
  const sl_jnode_t *root = op->response->json;
  bool taken =
      !json[0] ? false : strchr(json + 1, '/') || strchr(json, '~') || root->kind != SL_JN_OBJECT;
  for (size_t i = 0; json[0] && i < root->n_children; i++)
    taken |= sl_str_eqz(root->children[i].key, json + 1);
  if (taken)
    sl_sqlb_error(b, "R367", op->page->line, op->page->col,
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

void sl_sqlb_around(sl_sqlb_t *b)
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

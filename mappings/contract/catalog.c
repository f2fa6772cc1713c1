/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/catalog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t count(const xmlNode *node, const char *name)
{
  size_t n = 0;
  for (const xmlNode *c = sl_cx_first(node, SL_NS_CATALOG); c; c = sl_cx_next(c, SL_NS_CATALOG))
    n += sl_cx_named(c, name);
  return n;
}

/* The first of node and its next siblings that has this name. */
static const xmlNode *from(const xmlNode *node, const char *name)
{
  while (node && !sl_cx_named(node, name)) node = sl_cx_next(node, SL_NS_CATALOG);
  return node;
}

#define EACH(child, node, kind)                                                                    \
  for (const xmlNode *child = from(sl_cx_first(node, SL_NS_CATALOG), kind); child;                 \
       child = from(sl_cx_next(child, SL_NS_CATALOG), kind))

static const char *required(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node,
                            const char *name)
{
  const char *value = sl_cx_attr(cx, node, name);
  if (value && value[0]) return value;
  sl_cx_error(cx, "C301", doc, node, NULL, "<%s> needs the attribute %s", (const char *)node->name,
              name);
  return "";
}

static int number(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, const char *name)
{
  const char *value = sl_cx_attr(cx, node, name);
  if (!value) return 0;
  size_t len = strlen(value);
  if (len && len < 10 && strspn(value, "0123456789") == len) return (int)strtol(value, NULL, 10);
  sl_cx_error(cx, "C302", doc, node, NULL, "%s=\"%.50s\" is not a whole number", name, value);
  return 0;
}

static bool flag(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, const char *name,
                 bool preset)
{
  const char *value = sl_cx_attr(cx, node, name);
  if (!value) return preset;
  if (!strcmp(value, "true") || !strcmp(value, "false")) return value[0] == 't';
  sl_cx_error(cx, "C302", doc, node, NULL, "%s=\"%.50s\" is neither true nor false", name, value);
  return preset;
}

/* SQL type names are compared in upper case, without their size: "varchar(30)" is VARCHAR. */
static const char *type_name(sl_cx_t *cx, const char *text)
{
  char name[64];
  size_t n = 0;
  for (; text[n] && text[n] != '(' && n < sizeof name - 1; n++)
    name[n] = (char)toupper((unsigned char)text[n]);
  while (n && name[n - 1] == ' ') n--;
  return sl_cx_internn(cx, name, n);
}

static void column(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, const sl_table_t *table,
                   sl_column_t *to)
{
  to->name = required(cx, doc, node, "name");
  to->type = type_name(cx, required(cx, doc, node, "type"));
  to->size = number(cx, doc, node, "size");
  to->scale = number(cx, doc, node, "scale");
  to->nullable = flag(cx, doc, node, "nullable", true);
  to->generated = flag(cx, doc, node, "generated", false);
  to->preset = flag(cx, doc, node, "default", false);
  to->where = sl_cx_where(doc, node);
  if (to->name[0] && sl_table_column(table, to->name))
    sl_cx_error(cx, "C303", doc, node, NULL, "table \"%.100s\" has two columns \"%.100s\"",
                table->name, to->name);
}

static void columns(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, sl_table_t *table)
{
  size_t n = count(node, "column");
  sl_column_t *v = n ? sl_cx_alloc(cx, n * sizeof *v) : NULL;
  if (!v) {
    sl_cx_error(cx, "C301", doc, node, NULL, "table \"%.100s\" has no columns", table->name);
    return;
  }
  table->columns = v;
  EACH(c, node, "column")
  {
    if (!sl_cx_spend(cx, table->n_columns + 1)) return;
    column(cx, doc, c, table, &v[table->n_columns]);
    table->n_columns++;
  }
}

/* The column that a key names, as the table spells it. */
static const char *key_column(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node,
                              const sl_table_t *table)
{
  const char *name = required(cx, doc, node, "name");
  const sl_column_t *col = sl_table_column(table, name);
  if (col) return col->name;
  if (name[0])
    sl_cx_error(cx, "C304", doc, node, NULL, "table \"%.100s\" has no column \"%.100s\"",
                table->name, name);
  return name;
}

static void primary_key(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, sl_table_t *table)
{
  size_t n = count(node, "column");
  const char **v = n ? sl_cx_alloc(cx, n * sizeof *v) : NULL;
  if (!v) return;
  table->key = v;
  EACH(c, node, "column") v[table->n_key++] = key_column(cx, doc, c, table);
}

static void foreign_key(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node,
                        const sl_table_t *table, sl_fkey_t *to)
{
  size_t n = count(node, "column");
  const char **here = n ? sl_cx_alloc(cx, n * sizeof *here) : NULL;
  const char **there = n ? sl_cx_alloc(cx, n * sizeof *there) : NULL;
  to->table = required(cx, doc, node, "table");
  if (!here || !there) return;
  to->columns = here;
  to->to = there;
  EACH(c, node, "column")
  {
    here[to->n] = key_column(cx, doc, c, table);
    there[to->n++] = required(cx, doc, c, "references");
  }
}

static void keys(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, sl_table_t *table)
{
  EACH(c, node, "primary-key") primary_key(cx, doc, c, table);
  size_t n = count(node, "foreign-key");
  sl_fkey_t *v = n ? sl_cx_alloc(cx, n * sizeof *v) : NULL;
  if (!v) return;
  table->fkeys = v;
  EACH(c, node, "foreign-key") foreign_key(cx, doc, c, table, &v[table->n_fkeys++]);
}

void sl_catalog_read(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root)
{
  size_t n = count(root, "table") + count(root, "view");
  sl_table_t *v = n ? sl_cx_alloc(cx, n * sizeof *v) : NULL;
  if (!v) {
    sl_cx_error(cx, "C301", doc, root, NULL, "the catalogue has no <table> and no <view>");
    return;
  }
  cx->contract->tables = v;
  for (const xmlNode *c = sl_cx_first(root, SL_NS_CATALOG); c && !cx->full;
       c = sl_cx_next(c, SL_NS_CATALOG)) {
    bool view = sl_cx_named(c, "view");
    if (!view && !sl_cx_named(c, "table")) {
      sl_cx_error(cx, "C301", doc, c, NULL, "<%.100s> is not part of a catalogue",
                  (const char *)c->name);
      continue;
    }
    sl_table_t *table = &v[cx->contract->n_tables++];
    const char *schema = sl_cx_attr(cx, c, "schema");
    table->view = view;
    table->schema = schema ? schema : "";
    table->name = required(cx, doc, c, "name");
    table->where = sl_cx_where(doc, c);
    columns(cx, doc, c, table);
    keys(cx, doc, c, table);
  }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/schema.h"

#include <stdlib.h>
#include <string.h>

static size_t find(sl_cx_t *cx, const sl_attrs_t *attrs, const char *ns, const char *name)
{
  size_t i = 0;
  sl_cx_spend(cx, attrs->n);
  while (i < attrs->n && (attrs->v[i].ns != ns || attrs->v[i].name != name)) i++;
  return i;
}

bool sl_attrs_put(sl_cx_t *cx, sl_attrs_t *attrs, const sl_xattr_t *attr)
{
  size_t at = find(cx, attrs, attr->ns, attr->name);
  if (cx->full) return false;
  if (at == attrs->cap) {
    size_t cap = attrs->cap ? 2 * attrs->cap : 16;
    sl_xattr_t *v = realloc(attrs->v, cap * sizeof *v);
    if (!v) return sl_cx_spend(cx, SIZE_MAX);
    attrs->v = v;
    attrs->cap = cap;
  }
  attrs->v[at] = *attr;
  if (at == attrs->n) attrs->n++;
  return true;
}

static void drop(sl_cx_t *cx, sl_attrs_t *attrs, const char *ns, const char *name)
{
  size_t at = find(cx, attrs, ns, name);
  if (at == attrs->n) return;
  memmove(attrs->v + at, attrs->v + at + 1, (attrs->n - at - 1) * sizeof *attrs->v);
  attrs->n--;
}

/* The type and value constraints of an attribute declaration, global or local. */
static void declare(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_xattr_t *attr)
{
  attr->type = sl_schema_type_of(cx, schema, node, sl_cx_attr(cx, node, "type"));
  if (!attr->type) {
    sl_qname_t any = {cx->schemas->ns_xsd, sl_cx_intern(cx, "anySimpleType")};
    const sl_comp_t *comp = sl_schema_find(cx, SL_COMP_TYPE, any);
    attr->type = comp ? &((sl_tbuild_t *)comp->built)->type : cx->schemas->any_type;
  }
  attr->fixed = sl_cx_attr_raw(cx, node, "fixed");
  attr->preset = sl_cx_attr_raw(cx, node, "default");
}

static const sl_xattr_t *global(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                                const char *ref)
{
  sl_comp_t *comp = sl_schema_ref(cx, schema, node, SL_COMP_ATTR, ref);
  if (!comp) return NULL;
  if (!comp->built) {
    sl_xattr_t *attr = sl_cx_alloc(cx, sizeof *attr);
    if (!attr) return NULL;
    attr->ns = comp->name.ns;
    attr->name = comp->name.name;
    declare(cx, comp->schema, comp->node, attr);
    comp->built = attr;
  }
  return comp->built;
}

static void attribute(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                      sl_attrs_t *attrs)
{
  sl_xattr_t attr = {0};
  const char *ref = sl_cx_attr(cx, node, "ref"), *name = sl_cx_attr(cx, node, "name");
  const char *use = sl_cx_attr(cx, node, "use"), *form = sl_cx_attr(cx, node, "form");
  if (ref) {
    const sl_xattr_t *to = global(cx, schema, node, ref);
    if (!to) return;
    attr = *to;
    const char *fixed = sl_cx_attr_raw(cx, node, "fixed");
    const char *preset = sl_cx_attr_raw(cx, node, "default");
    if (fixed) attr.fixed = fixed;
    if (preset) attr.preset = preset;
  } else if (name && name[0]) {
    bool qualified = form ? !strcmp(form, "qualified") : schema->attr_qualified;
    attr.ns = qualified ? schema->ns : cx->schemas->ns_empty;
    attr.name = name;
    declare(cx, schema, node, &attr);
  } else {
    sl_cx_error(cx, "C102", schema->doc, node, NULL, "an attribute needs a name or a ref");
    return;
  }
  attr.required = use && !strcmp(use, "required");
  if (use && !strcmp(use, "prohibited"))
    drop(cx, attrs, attr.ns, attr.name);
  else
    sl_attrs_put(cx, attrs, &attr);
}

void sl_schema_attrs(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_attrs_t *attrs,
                     int depth)
{
  if (depth > SL_SCHEMA_DEPTH) {
    sl_cx_error(cx, "C103", schema->doc, node, NULL, "attribute groups contain each other");
    return;
  }
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c && sl_cx_spend(cx, 1);
       c = sl_cx_next(c, SL_NS_XSD)) {
    if (sl_cx_named(c, "attribute")) {
      attribute(cx, schema, c, attrs);
    } else if (sl_cx_named(c, "anyAttribute")) {
      attrs->any = true;
    } else if (sl_cx_named(c, "attributeGroup")) {
      const char *ref = sl_cx_attr(cx, c, "ref");
      sl_comp_t *group = ref ? sl_schema_ref(cx, schema, c, SL_COMP_ATTR_GROUP, ref) : NULL;
      if (group && group->node && !group->busy) {
        group->busy = true;
        sl_schema_attrs(cx, group->schema, group->node, attrs, depth + 1);
        group->busy = false;
      } else if (group && group->node) {
        sl_cx_error(cx, "C103", schema->doc, c, NULL, "attribute group \"%.200s\" contains itself",
                    group->name.name);
      } else if (group) {
        attrs->any = true; /* built in */
      }
    }
  }
}

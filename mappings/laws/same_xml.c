/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include "mappings/laws/same.h"

struct compare {
  const sl_mapping_t *mapping;
  sl_same_scope_t scope;
  sl_buf_t *why;
};

static const char *text_of(xmlNodePtr n)
{
  return n && n->content ? (const char *)n->content : "";
}

static bool is_blank(const char *z)
{
  return z[strspn(z, " \t\r\n")] == '\0';
}

static bool has_elements(xmlNodePtr n)
{
  return xmlFirstElementChild(n) != NULL;
}

static const char *space(const xmlNs *ns)
{
  return ns && ns->href ? (const char *)ns->href : "";
}

static void place(sl_buf_t *out, xmlNodePtr n)
{
  if (n->parent && n->parent->type == XML_ELEMENT_NODE) {
    place(out, n->parent);
    sl_buf_addc(out, '/');
  }
  sl_buf_addz(out, (const char *)n->name);
}

static bool differ(struct compare *c, xmlNodePtr at, const char *what, const char *wanted,
                   const char *got)
{
  place(c->why, at);
  sl_buf_printf(c->why, "%s%s: ", what[0] ? "/" : "", what);
  sl_buf_printf(c->why, wanted ? "\"%.200s\" was expected, " : "%s",
                wanted ? wanted : "nothing was expected, ");
  sl_buf_printf(c->why, got ? "\"%.200s\" came" : "%s", got ? got : "nothing came");
  return false;
}

/* --- which parts count --------------------------------------------------------------------------
 */

static const sl_xnode_t *plan_of(const struct compare *c, const sl_xnode_t *plan, xmlNodePtr el)
{
  for (size_t i = 0; plan && i < plan->n_children; i++) {
    const sl_xnode_t *n = &plan->children[i];
    if (strcmp(c->mapping->names.v[n->name], (const char *)el->name)) continue;
    if (n->ns != SL_NS_ANY && strcmp(c->mapping->spaces.v[n->ns], space(el->ns))) continue;
    return n;
  }
  return NULL;
}

static const sl_xnode_t *inside(const sl_xnode_t *n)
{
  return n && n->list ? n->list->item->xml : n;
}

static bool goes_both_ways(const struct compare *c, const sl_field_t *field)
{
  return !field || c->scope != SL_SAME_BOTH || field->access != SL_WRITE_ONLY;
}

static bool is_written(const struct compare *c, const sl_xnode_t *plan, xmlNodePtr el)
{
  if (!c->mapping) return true;
  const sl_xnode_t *n = plan_of(c, plan, el);
  return n && !n->ignored && n->writable && goes_both_ways(c, n->field);
}

static bool attr_is_written(const struct compare *c, const sl_xnode_t *plan, xmlAttrPtr a)
{
  if (!c->mapping || !strcmp(space(a->ns), "http://www.w3.org/2001/XMLSchema-instance"))
    return true;
  for (size_t i = 0; plan && i < plan->n_attrs; i++) {
    const sl_xattr_plan_t *p = &plan->attrs[i];
    if (strcmp(c->mapping->names.v[p->name], (const char *)a->name)) continue;
    return p->constant ||
           (p->field && p->field->access != SL_READ_ONLY && goes_both_ways(c, p->field));
  }
  return false;
}

/* --- comparing ----------------------------------------------------------------------------------
 */

/* A QName's namespace and local name: prefixes do not count (xsi:type). */
static bool same_qname(xmlAttrPtr wanted, xmlAttrPtr got, const char *w, const char *g)
{
  const char *wl = strchr(w, ':'), *gl = strchr(g, ':');
  xmlChar *wp = wl ? xmlStrndup((const xmlChar *)w, (int)(wl - w)) : NULL;
  xmlChar *gp = gl ? xmlStrndup((const xmlChar *)g, (int)(gl - g)) : NULL;
  bool is = !strcmp(wl ? wl + 1 : w, gl ? gl + 1 : g) &&
            !strcmp(space(xmlSearchNs(wanted->doc, wanted->parent, wp)),
                    space(xmlSearchNs(got->doc, got->parent, gp)));
  xmlFree(wp);
  xmlFree(gp);
  return is;
}

static xmlAttrPtr find_attr(xmlNodePtr el, xmlAttrPtr like)
{
  for (xmlAttrPtr a = el->properties; a; a = a->next)
    if (!xmlStrcmp(a->name, like->name) && !strcmp(space(a->ns), space(like->ns))) return a;
  return NULL;
}

static bool same_attrs(struct compare *c, const sl_xnode_t *plan, xmlNodePtr wanted, xmlNodePtr got)
{
  char name[128];
  for (xmlAttrPtr w = wanted->properties; w; w = w->next) {
    xmlAttrPtr g = find_attr(got, w);
    const char *wt = text_of(w->children), *gt = g ? text_of(g->children) : NULL;
    if (!attr_is_written(c, plan, w)) continue;
    bool qname = !xmlStrcmp(w->name, (const xmlChar *)"type") && w->ns;
    if (g && (qname ? same_qname(w, g, wt, gt) : !strcmp(wt, gt))) continue;
    snprintf(name, sizeof name, "@%s", (const char *)w->name);
    return differ(c, wanted, name, wt, gt);
  }
  for (xmlAttrPtr g = got->properties; g; g = g->next) {
    snprintf(name, sizeof name, "@%s", (const char *)g->name);
    if (!find_attr(wanted, g)) return differ(c, got, name, NULL, text_of(g->children));
  }
  return true;
}

static xmlNodePtr next_written(const struct compare *c, const sl_xnode_t *plan, xmlNodePtr n)
{
  for (; n; n = n->next)
    if (n->type == XML_ELEMENT_NODE && is_written(c, plan, n)) return n;
  return NULL;
}

static bool same(struct compare *c, const sl_xnode_t *plan, xmlNodePtr wanted, xmlNodePtr got);

static bool same_content(struct compare *c, const sl_xnode_t *plan, xmlNodePtr wanted,
                         xmlNodePtr got)
{
  xmlNodePtr w = next_written(c, plan, wanted->children), g = xmlFirstElementChild(got);
  for (; w || g; w = next_written(c, plan, w->next), g = xmlNextElementSibling(g)) {
    const char *wn = w ? (const char *)w->name : NULL, *gn = g ? (const char *)g->name : NULL;
    if (!w || !g || strcmp(wn, gn)) return differ(c, wanted, "", wn, gn);
    if (strcmp(space(w->ns), space(g->ns)))
      return differ(c, w, "xmlns", space(w->ns), space(g->ns));
    if (!same(c, inside(plan_of(c, plan, w)), w, g)) return false;
  }
  return true;
}

static bool same(struct compare *c, const sl_xnode_t *plan, xmlNodePtr wanted, xmlNodePtr got)
{
  if (!same_attrs(c, plan, wanted, got)) return false;
  if (has_elements(wanted) || has_elements(got)) return same_content(c, plan, wanted, got);
  if (plan && c->mapping && !plan->constant &&
      (!plan->field || plan->field->access == SL_READ_ONLY))
    return true; /* its text is not written */
  xmlChar *w = xmlNodeGetContent(wanted), *g = xmlNodeGetContent(got);
  bool is = !xmlStrcmp(w, g) || (has_elements(wanted) && is_blank((const char *)g)) ||
            differ(c, wanted, "", (const char *)w, (const char *)g);
  xmlFree(w);
  xmlFree(g);
  return is;
}

static xmlDocPtr parse(sl_str_t text)
{
  return text.len > INT32_MAX ? NULL
                              : xmlReadMemory(text.p ? text.p : "", (int)text.len, NULL, NULL,
                                              XML_PARSE_NONET | XML_PARSE_NOCDATA |
                                                  XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

bool sl_same_xml(const sl_mapping_t *mapping, const sl_xnode_t *plan, sl_same_scope_t scope,
                 sl_str_t wanted, sl_str_t got, sl_buf_t *why)
{
  struct compare c = {plan ? mapping : NULL, scope, why};
  xmlDocPtr w = parse(wanted), g = w ? parse(got) : NULL;
  bool is = false;
  if (!w || !g) {
    sl_buf_printf(why, "what %s is not well-formed XML", w ? "came" : "was expected");
  } else {
    xmlNodePtr a = xmlDocGetRootElement(w), b = xmlDocGetRootElement(g);
    bool named = plan || (!xmlStrcmp(a->name, b->name) && !strcmp(space(a->ns), space(b->ns)));
    is = named ? same(&c, plan, a, b)
               : differ(&c, a, "", (const char *)a->name, (const char *)b->name);
  }
  xmlFreeDoc(w);
  xmlFreeDoc(g);
  return is;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/reader_xml_impl.h"

enum { SHOWN = 60 }; /* bytes of a foreign name in a message */

/* --- xsi:type
 * ----------------------------------------------------------------------------------------- */

static bool is_blank(xmlChar c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of xsi:type without white space around it; .p NULL: there is none. */
static sl_str_t type_attr(const sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  for (int i = 0; i < s->n_attrs; i++) {
    const xmlChar **a = s->attrs + (size_t)i * 5;
    if (a[2] != r->parser->xsi || a[0] != r->parser->type) continue;
    const xmlChar *p = a[3], *end = a[4];
    while (p < end && is_blank(*p)) p++;
    while (end > p && is_blank(end[-1])) end--;
    return sl_strn((const char *)p, (size_t)(end - p));
  }
  return sl_strn(NULL, 0);
}

/* The namespace of a prefix ("" the default one) in the scope of the start tag that is being
 * read, as the parser's dictionary has it; NULL: none. *found_p: it is declared. libxml2 has
 * pushed the tag's own declarations when it calls us. */
static const xmlChar *space_of(const sl_xml_reader_t *r, const char *prefix, size_t len,
                               bool *found_p)
{
  const xmlParserCtxt *ctxt = r->parser->ctxt;
  *found_p = true;
  for (int i = ctxt->nsNr - 2; i >= 0; i -= 2) {
    const char *p = (const char *)ctxt->nsTab[i];
    if (p ? strlen(p) != len || memcmp(p, prefix, len) : len > 0) continue;
    return ctxt->nsTab[i + 1] && ctxt->nsTab[i + 1][0] ? ctxt->nsTab[i + 1] : NULL;
  }
  *found_p = len == 0;
  return NULL;
}

static int type_case(const sl_xml_reader_t *r, const sl_choice_t *c, const xmlChar *ns,
                     sl_str_t name)
{
  for (unsigned i = 0; i < c->n_cases; i++) {
    const sl_case_t *k = &c->cases[i];
    const char *own = (const char *)r->parser->names[k->name];
    if ((k->ns == SL_NS_ANY || r->parser->spaces[k->ns] == ns) && strlen(own) == name.len &&
        !memcmp(own, name.p, name.len))
      return (int)i;
  }
  return SL_CHOICE_NONE;
}

static bool is_nil(const sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  for (int i = 0; i < s->n_attrs; i++)
    if (s->attrs[i * 5 + 2] == r->parser->xsi && s->attrs[i * 5] == r->parser->nil) return true;
  return false;
}

void sl_xml_take_type(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                      const sl_xml_start_t *s)
{
  const sl_choice_t *c = node->by_type;
  const char *where = node->path[0] ? node->path : r->mapping->names.v[node->name];
  sl_str_t type = type_attr(r, s);
  int i = c->base;
  char words[160];
  if (!sl_only_holds(&c->within, record)) return;
  if (type.p) {
    const char *colon = memchr(type.p, ':', type.len);
    size_t prefix = colon ? (size_t)(colon - type.p) : 0, skip = colon ? prefix + 1 : 0;
    bool found;
    const xmlChar *ns = space_of(r, type.p, prefix, &found);
    i = found ? type_case(r, c, ns, sl_strn(type.p + skip, type.len - skip)) : SL_CHOICE_NONE;
  }
  if (i >= 0) return sl_choice_set(c, record, (unsigned)i, SL_KIND_LEGACY);
  if (!type.p && is_nil(r, s)) return;
  if (type.p)
    sl_xml_fail(r, SL_GARBAGE, "the xsi:type \"%.*s\" of %s is no kind that the mapping knows",
                (int)(type.len < SHOWN ? type.len : SHOWN), type.p, where);
  else
    sl_xml_fail(r, SL_GARBAGE, "%s has no xsi:type, which tells its kind (one of: %s)", where,
                sl_choice_words(c, words, sizeof words));
}

/* --- elements
 * ----------------------------------------------------------------------------------------- */

bool sl_xml_fits(const sl_only_t *only, const sl_record_t *record)
{
  for (; only->choice; only = &only->choice->within) {
    bool known = sl_choice_case(only->choice, record) >= 0;
    if (only->choice->by == SL_BY_TYPE || (known && only->choice->by == SL_BY_CODE))
      return sl_only_holds(only, record);
  }
  return true;
}

bool sl_xml_take_element(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record)
{
  const sl_choice_t *c = node->only.choice;
  if (c->by != SL_BY_ELEMENT) return true;
  int is = sl_choice_case(c, record);
  unsigned i = 0;
  while (!(node->only.cases >> i & 1)) i++;
  if (is < 0) {
    sl_choice_set(c, record, i, SL_KIND_LEGACY);
  } else if (is != (int)i) {
    sl_xml_fail(r, SL_GARBAGE, "%s and %.*s are both there: a record is of one kind",
                node->path[0] ? node->path : r->mapping->names.v[node->name],
                SL_STR_ARG(c->cases[is].legacy));
    return false;
  }
  return true;
}

void sl_xml_stranger(sl_xml_reader_t *r, const sl_xnode_t *node, const sl_record_t *record)
{
  const sl_choice_t *c = node->only.choice;
  int is = c ? sl_choice_case(c, record) : -1;
  sl_xml_fail(r, SL_GARBAGE, "%s does not belong to a record of kind \"%.*s\"", node->path,
              is >= 0 ? (int)c->cases[is].json.len : 6, is >= 0 ? c->cases[is].json.p : "(none)");
}

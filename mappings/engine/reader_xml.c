/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libxml/parserInternals.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/lists.h"
#include "mappings/engine/reader_xml_impl.h"

/* Names of foreign messages that may pile up in a kept parser's dictionary before it is dropped,
 * and parsers kept: as many as calls are usually under way at once. */
enum { MAX_FOREIGN_NAMES = 512, MAX_KEPT = 16 };

struct sl_xml_pool {
  const sl_mapping_t *mapping;
  sl_xml_parser_t *free;
  int n;
};

void sl_xml_fail(sl_xml_reader_t *r, sl_code_t code, const char *fmt, ...)
{
  if (r->code) return;
  char text[300];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  r->code = sl_err_set(&r->err, code, "%s", text);
  xmlStopParser(r->parser->ctxt);
}

void sl_xml_full(sl_xml_reader_t *r)
{
  sl_xml_fail(r, SL_GARBAGE, "the answer is larger than a message may be");
}

/* --- text
 * -------------------------------------------------------------------------------------------------
 */

static inline void capture(sl_xml_reader_t *r, sl_slot_t *slot)
{
  *slot = (sl_slot_t){.p = "", .len = 0, .state = SL_L_TEXT, .flags = 0};
  r->text = slot;
  r->text_cap = 0;
}

void sl_xml_capture(sl_xml_reader_t *r, sl_slot_t *slot)
{
  capture(r, slot);
}

static void append_copy(sl_xml_reader_t *r, sl_slot_t *slot, const char *p, size_t len)
{
  size_t need = slot->len + len;
  if (need > UINT32_MAX / 4) return sl_xml_full(r);
  if (!(slot->flags & SL_SLOT_COPIED) || need > r->text_cap) {
    /* Twice as much as needed when it goes on, so that long text is not copied over and over. */
    uint32_t cap = (uint32_t)(slot->len ? need * 2 : need);
    char *copy = sl_arena_text(r->arena, cap);
    if (!copy) return sl_xml_full(r);
    memcpy(copy, slot->p, slot->len);
    slot->p = copy;
    slot->flags |= SL_SLOT_COPIED;
    r->text_cap = cap;
  }
  memcpy((char *)slot->p + slot->len, p, len);
  slot->len = (uint32_t)need;
}

static void on_characters(void *ctx, const xmlChar *ch, int n)
{
  sl_xml_reader_t *r = ctx;
  sl_slot_t *slot = r->text;
  const char *p = (const char *)ch;
  if (r->odd && r->capture && r->capture->open) {
    sl_xml_capture_chars(r->capture, p, (size_t)n);
    return;
  }
  if (!slot || (r->skip && r->where == SL_XW_PLAN)) return;
  bool stays = p >= r->own && p + n <= r->own_end;
  if (stays && slot->len == 0) {
    slot->p = p;
    slot->len = (uint32_t)n;
  } else if (stays && !(slot->flags & SL_SLOT_COPIED) && slot->p + slot->len == p) {
    slot->len += (uint32_t)n;
  } else {
    append_copy(r, slot, p, (size_t)n);
  }
}

/* --- elements against the plan
 * ----------------------------------------------------------------------------- */

static inline bool same(const sl_xml_parser_t *p, const sl_xnode_t *node, const sl_xml_start_t *s)
{
  return p->names[node->name] == s->name &&
         (node->ns == SL_NS_ANY || p->spaces[node->ns] == s->uri);
}

static const sl_xnode_t *match(const sl_xml_reader_t *r, sl_xml_level_t *level,
                               const sl_xml_start_t *s)
{
  const sl_xnode_t *node = level->node;
  uint32_t n = node->n_children, i = level->guess;
  for (uint32_t k = 0; k < n; k++, i++) {
    if (i >= n) i = 0;
    const sl_xnode_t *c = &node->children[i];
    if (!same(r->parser, c, s)) continue;
    if (c->odd && c->only.choice && !sl_xml_fits(&c->only, level->record)) continue;
    level->guess = c->list ? i : i + 1;
    return c;
  }
  return NULL;
}

static bool is_true(const xmlChar **a)
{
  size_t len = (size_t)(a[4] - a[3]);
  return (len == 1 && a[3][0] == '1') || (len == 4 && !memcmp(a[3], "true", 4));
}

static void take_attr(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                      const xmlChar **a)
{
  for (uint32_t i = 0; i < node->n_attrs; i++) {
    const sl_xattr_plan_t *plan = &node->attrs[i];
    if (r->parser->names[plan->name] != a[0] ||
        (plan->ns != SL_NS_ANY && r->parser->spaces[plan->ns] != a[2]))
      continue;
    if (plan->only.choice && !sl_only_holds(&plan->only, record)) continue;
    if (!plan->field) {
      if (r->base) sl_xml_carry_attr(r, node, plan, record, a);
      return;
    }
    sl_slot_t *slot = &record->slots[plan->field->slot];
    size_t len = (size_t)(a[4] - a[3]);
    slot->state = SL_L_TEXT;
    slot->p = "";
    slot->len = 0;
    slot->flags = 0;
    r->text_cap = 0;
    if (len) append_copy(r, slot, (const char *)a[3], len);
    return;
  }
  if (r->base) sl_xml_carry_attr(r, node, NULL, record, a);
}

/* Returns whether the element is xsi:nil. */
static bool take_attrs(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                       const sl_xml_start_t *s)
{
  bool nil = false;
  for (int i = 0; i < s->n_attrs; i++) {
    const xmlChar **a = s->attrs + (size_t)i * 5;
    if (a[2] == r->parser->xsi && a[0] == r->parser->nil)
      nil = is_true(a);
    else
      take_attr(r, node, record, a);
  }
  return nil;
}

/* The plain way of an element: most are never anything else, and this is the hottest path. */
static inline void push(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                        const sl_xml_start_t *s)
{
  if (r->depth == SL_XML_LEVELS) {
    sl_xml_fail(r, SL_GARBAGE, "the answer is nested too deeply");
    return;
  }
  r->levels[r->depth++] = (sl_xml_level_t){node, record, 0, s->n_attrs > 0};
  if (node->odd && node->by_type) sl_xml_take_type(r, node, record, s);
  bool nil = s->n_attrs && take_attrs(r, node, record, s);
  r->text = NULL;
  if (node->odd && r->base && node->place &&
      !sl_record_chunk(record, node->place, sl_str(""), r->arena))
    return sl_xml_full(r);
  if (!node->field) return;
  sl_slot_t *slot = &record->slots[node->field->slot];
  if (slot->state != SL_L_MISSING) {
    sl_xml_fail(r, SL_GARBAGE, "%s comes more than once, against the contract", node->path);
    return;
  }
  capture(r, slot);
  if (!nil) return;
  slot->state = SL_L_NIL;
  r->text = NULL;
}

static void unknown(sl_xml_reader_t *r, const sl_xnode_t *node, const sl_record_t *record,
                    const sl_xml_start_t *s)
{
  /* The right name in the wrong namespace is no extension: it is another version of the service. */
  for (uint32_t i = 0; i < node->n_children; i++)
    if (same(r->parser, &node->children[i], s) && !node->children[i].carry) {
      sl_xml_stranger(r, &node->children[i], record);
      return;
    }
  for (uint32_t i = 0; i < node->n_children; i++)
    if (r->parser->names[node->children[i].name] == s->name &&
        !same(r->parser, &node->children[i], s)) {
      sl_xml_fail(r, SL_GARBAGE, "%s is in the namespace \"%.100s\", the contract says \"%.100s\"",
                  node->children[i].path, s->uri ? (const char *)s->uri : "",
                  r->mapping->spaces.v[node->children[i].ns]);
      return;
    }
  r->skip = 1;
  r->unknown++;
  if (r->mapping->reject_unknown)
    sl_xml_fail(r, SL_GARBAGE, "the element %.60s in %s is unknown, and the mapping rejects such",
                (const char *)s->name, node->path[0] ? node->path : "the answer");
}

void sl_xml_enter_root(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  const sl_xnode_t *root = r->root->frame->xml;
  if (r->soap && r->parser->names[root->name] == s->name && !same(r->parser, root, s)) {
    sl_xml_fail(r, SL_GARBAGE, "%.60s is in the namespace \"%.100s\", the contract says \"%.100s\"",
                (const char *)s->name, s->uri ? (const char *)s->uri : "",
                r->mapping->spaces.v[root->ns]);
    return;
  }
  if (r->soap && !same(r->parser, root, s)) {
    sl_xml_fail(r, SL_GARBAGE, "the answer holds <%.60s>, the contract says <%s>",
                (const char *)s->name, r->mapping->names.v[root->name]);
    return;
  }
  r->found = true;
  r->where = SL_XW_PLAN;
  push(r, root, r->root, s);
}

static void start_item(sl_xml_reader_t *r, const sl_xml_level_t *level, const sl_xnode_t *node,
                       const sl_xml_start_t *s)
{
  sl_record_t *item = sl_record_add(level->record, node->list->index, r->arena);
  if (!item || (r->base && !sl_record_carry(item, r->arena))) return sl_xml_full(r);
  level->record->lists[node->list->index].state = SL_L_TEXT;
  push(r, node->list->item->xml, item, s);
}

/* Whatever is not the plain way. */
static void start_oddly(sl_xml_reader_t *r, const sl_xml_level_t *level, const sl_xnode_t *node,
                        const sl_xml_start_t *s)
{
  if (r->base && (!node || node->carry)) {
    if (node) return sl_xml_capture_into(r, s, level->record, node->carry, NULL);
    if (level->node->guarded) return sl_xml_carry_unknown(r, level->node, level->record, s);
  }
  if (!node || (node->carry && !node->ignored)) return unknown(r, level->node, level->record, s);
  if (node->ignored) {
    r->skip = 1;
    return;
  }
  if (node->kinds && node->only.choice && !sl_xml_take_element(r, node, level->record)) return;
  if (node->raw) return sl_xml_take_raw(r, node, level->record, s);
  if (node->list)
    start_item(r, level, node, s);
  else
    push(r, node, level->record, s);
}

static void start_in_plan(sl_xml_reader_t *r, const sl_xml_start_t *s)
{
  sl_xml_level_t *level = &r->levels[r->depth - 1];
  const sl_xnode_t *node = match(r, level, s);
  level->some = true;
  if (!node || node->odd || r->odd)
    start_oddly(r, level, node, s);
  else if (node->list)
    start_item(r, level, node, s);
  else
    push(r, node, level->record, s);
}

/* The child that is likely next, when it is a plain value or object without attributes and is
 * indeed what comes: most elements are. False: they are not. */
static inline bool start_plainly(sl_xml_reader_t *r, const xmlChar *name, const xmlChar *uri)
{
  sl_xml_level_t *level = &r->levels[r->depth - 1];
  if (level->guess >= level->node->n_children || r->depth == SL_XML_LEVELS) return false;
  const sl_xnode_t *node = &level->node->children[level->guess];
  const sl_xml_parser_t *p = r->parser;
  if (p->names[node->name] != name || node->odd || node->list ||
      (node->ns != SL_NS_ANY && p->spaces[node->ns] != uri))
    return false;
  sl_slot_t *slot = node->field ? &level->record->slots[node->field->slot] : NULL;
  if (slot && slot->state != SL_L_MISSING) return false;
  level->guess++;
  level[1] = (sl_xml_level_t){node, level->record, 0, false};
  r->depth++;
  r->text = NULL;
  if (slot) capture(r, slot);
  return true;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int n_ns, const xmlChar **ns, int n_attrs, int n_defaulted,
                     const xmlChar **attrs)
{
  sl_xml_reader_t *r = ctx;
  (void)n_defaulted;
  if (r->code) return;
  bool plain = !r->odd && !r->skip && r->where == SL_XW_PLAN;
  if (plain && !n_attrs && start_plainly(r, name, uri)) return;
  sl_xml_start_t s = {name, uri, n_attrs, attrs, prefix, n_ns, ns};
  if (plain) return start_in_plan(r, &s);
  if (r->capture) {
    if (!sl_xml_scope_push(r->capture, n_ns, ns)) {
      sl_xml_fail(r, SL_GARBAGE, "the answer is nested too deeply");
      return;
    }
    if (r->capture->open) return sl_xml_capture_into(r, &s, NULL, 0, NULL);
  }
  if (r->skip) {
    if (++r->skip + r->depth > SL_XML_MAX_DEPTH)
      sl_xml_fail(r, SL_GARBAGE, "the answer is nested too deeply");
    return;
  }
  if (r->alone)
    sl_xml_enter_alone(r, &s, same(r->parser, r->alone, &s));
  else if (r->where == SL_XW_PLAN)
    start_in_plan(r, &s);
  else if (r->soap)
    sl_soap_start(r, &s);
  else
    sl_xml_enter_root(r, &s);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
  sl_xml_reader_t *r = ctx;
  (void)uri;
  if (!r->odd && !r->skip && r->where == SL_XW_PLAN) {
    r->text = NULL;
    if (!--r->depth) r->where = r->soap ? SL_XW_BODY : SL_XW_DONE;
    return;
  }
  if (r->odd && r->capture && r->capture->open) {
    if (sl_xml_capture_end(r->capture, (sl_xml_name_t){name, prefix})) sl_xml_captured(r);
    sl_xml_scope_pop(r->capture);
    return;
  }
  if (r->capture) sl_xml_scope_pop(r->capture);
  if (r->skip) {
    if (!--r->skip && r->where != SL_XW_PLAN) r->text = NULL;
  } else if (r->where != SL_XW_PLAN) {
    sl_soap_end(r);
  } else {
    r->text = NULL;
    if (r->base) sl_xml_carry_hollow(r, &r->levels[r->depth - 1]);
    if (!--r->depth) r->where = r->soap ? SL_XW_BODY : SL_XW_DONE;
  }
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
  (void)name, (void)id, (void)system;
  sl_xml_fail(ctx, SL_GARBAGE, "the answer has a DOCTYPE, which is refused");
}

/* --- parsers
 * ------------------------------------------------------------------------------------------------
 */

static void parser_destroy(sl_xml_parser_t *p)
{
  if (!p) return;
  if (p->ctxt) xmlFreeParserCtxt(p->ctxt);
  free(p->names);
  free(p->spaces);
  free(p);
}

static bool intern(xmlDictPtr dict, const sl_names_t *names, const xmlChar ***out_p)
{
  const xmlChar **v = calloc((size_t)names->n + 1, sizeof *v);
  *out_p = v;
  for (size_t i = 1; v && i < names->n; i++) {
    v[i] = xmlDictLookup(dict, (const xmlChar *)names->v[i], -1);
    if (!v[i]) return false;
  }
  return v; /* index 0 stays NULL: libxml2's "no namespace" */
}

static sl_xml_parser_t *parser_new(const sl_mapping_t *mapping)
{
  sl_xml_parser_t *p = calloc(1, sizeof *p);
  if (!p || !(p->ctxt = xmlNewParserCtxt())) return parser_destroy(p), NULL;
  xmlDictPtr dict = p->ctxt->dict;
  xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                       .startElementNs = on_start,
                       .endElementNs = on_end,
                       .characters = on_characters,
                       .cdataBlock = on_characters,
                       .ignorableWhitespace = on_characters,
                       .internalSubset = on_doctype};
  *p->ctxt->sax = sax;
  p->xsi = xmlDictLookup(dict, (const xmlChar *)"http://www.w3.org/2001/XMLSchema-instance", -1);
  p->nil = xmlDictLookup(dict, (const xmlChar *)"nil", -1);
  p->type = xmlDictLookup(dict, (const xmlChar *)"type", -1);
  p->soap11 = xmlDictLookup(dict, (const xmlChar *)"http://schemas.xmlsoap.org/soap/envelope/", -1);
  p->soap12 = xmlDictLookup(dict, (const xmlChar *)"http://www.w3.org/2003/05/soap-envelope", -1);
  if (!intern(dict, &mapping->names, &p->names) || !intern(dict, &mapping->spaces, &p->spaces) ||
      !p->xsi || !p->nil || !p->type || !p->soap11 || !p->soap12)
    return parser_destroy(p), NULL;
  p->dict_size = xmlDictSize(dict);
  return p;
}

sl_xml_pool_t *sl_xml_pool_new(const sl_mapping_t *mapping)
{
  sl_xml_pool_t *self = calloc(1, sizeof *self);
  if (self) self->mapping = mapping;
  return self;
}

void sl_xml_pool_destroy(sl_xml_pool_t **self_p)
{
  if (!self_p || !*self_p) return;
  for (sl_xml_parser_t *p = (*self_p)->free, *next; p; p = next) {
    next = p->next;
    parser_destroy(p);
  }
  free(*self_p);
  *self_p = NULL;
}

static sl_xml_parser_t *pool_take(sl_xml_pool_t *pool)
{
  sl_xml_parser_t *p = pool->free;
  if (!p) return parser_new(pool->mapping);
  pool->free = p->next;
  pool->n--;
  return p;
}

static void pool_give(sl_xml_pool_t *pool, sl_xml_parser_t *p)
{
  bool keep = pool->n < MAX_KEPT && xmlDictSize(p->ctxt->dict) <= p->dict_size + MAX_FOREIGN_NAMES;
  if (!keep) return parser_destroy(p);
  xmlCtxtReset(p->ctxt); /* frees the message's buffers */
  p->next = pool->free;
  pool->free = p;
  pool->n++;
}

/* --- reading
 * ---------------------------------------------------------------------------------------------- */

sl_xml_reader_t *sl_xml_reader_new(const sl_mapping_t *mapping, sl_arena_t *arena,
                                   sl_record_t *root, bool soap)
{
  sl_xml_reader_t *r = sl_arena_alloc(arena, sizeof *r);
  if (!r) return NULL;
  memset(r, 0, offsetof(sl_xml_reader_t, levels));
  r->mapping = mapping;
  r->arena = arena;
  r->root = root;
  r->soap = soap;
  if (mapping->has_raw && !sl_xml_reader_captures(r)) return NULL;
  r->parser = pool_take(mapping->pool);
  if (!r->parser) return NULL;
  r->parser->ctxt->userData = r;
  /* Else an attribute's &amp; comes as "&#38;", for a tree builder to parse again. With DOCTYPE
   * refused there are no entities but XML's own. */
  r->parser->ctxt->replaceEntities = 1;
  return r;
}

void sl_xml_reader_fini(sl_xml_reader_t *self)
{
  if (!self || !self->parser) return;
  sl_xml_capture_fini(self->capture);
  pool_give(self->mapping->pool, self->parser);
  self->parser = NULL;
}

/* Plain UTF-8, by what the XML declaration says (XML 1.0 appendix F)? */
static bool is_utf8(const char *data, size_t len)
{
  if (len < 5 || data[0] != '<') return false;
  if (memcmp(data, "<?xml", 5)) return data[1] != '\0';
  const char *end = memchr(data, '>', len);
  size_t n = end ? (size_t)(end - data) : len;
  const char *at = memmem(data, n, "encoding", 8);
  if (!at) return true;
  at += 8;
  while (at < data + n && strchr(" \t\r\n='\"", *at)) at++;
  return (size_t)(data + n - at) >= 5 && !strncasecmp(at, "UTF-8", 5);
}

/* All of it is here: one pass over a copy in the arena that ends in a NUL, as the parser wants,
 * and that text is borrowed from. */
static void parse_whole(sl_xml_reader_t *r, const char *data, size_t len)
{
  xmlParserCtxtPtr ctxt = r->parser->ctxt;
  char *copy = sl_arena_strndup(r->arena, data, len);
  if (!copy || len > INT32_MAX) return sl_xml_full(r);
  r->own = copy;
  r->own_end = copy + len;
  xmlParserInputBufferPtr buf =
      xmlParserInputBufferCreateStatic(copy, (int)len, XML_CHAR_ENCODING_NONE);
  xmlParserInputPtr input = buf ? xmlNewIOInputStream(ctxt, buf, XML_CHAR_ENCODING_NONE) : NULL;
  if (!input) {
    if (buf) xmlFreeParserInputBuffer(buf);
    sl_xml_fail(r, SL_BUG, "out of memory");
    return;
  }
  inputPush(ctxt, input);
  /* Everything is in memory: nothing to grow, and shrinking would lose bytes of a static buffer
   * (libxml2 2.9.14). */
  ctxt->progressive = 1;
  xmlParseDocument(ctxt);
}

static void parse_piece(sl_xml_reader_t *r, const char *data, size_t len, bool final)
{
  xmlParserCtxtPtr ctxt = r->parser->ctxt;
  if (!r->pushed && xmlCtxtResetPush(ctxt, NULL, 0, NULL, NULL)) {
    sl_xml_fail(r, SL_BUG, "out of memory");
    return;
  }
  if (!r->pushed) ctxt->charset = XML_CHAR_ENCODING_NONE; /* find it out again (UTF-16) */
  r->pushed = true;
  while (len > 0 && !r->code && ctxt->wellFormed) {
    int n = len > 65536 ? 65536 : (int)len;
    xmlParseChunk(ctxt, data, n, 0);
    data += n;
    len -= (size_t)n;
  }
  if (!final || r->code || !ctxt->wellFormed) return;
  bool behind = ctxt->instate == XML_PARSER_EPILOG;
  xmlParseChunk(ctxt, NULL, 0, 1);
  /* libxml2 calls both what is missing and what is too much "extra content". */
  r->cut = !behind && ctxt->lastError.code == XML_ERR_DOCUMENT_END;
}

static void judge(sl_xml_reader_t *r, bool final)
{
  xmlParserCtxtPtr ctxt = r->parser->ctxt;
  if (r->code) return;
  if (!ctxt->wellFormed || !ctxt->nsWellFormed) {
    char what[160] = "";
    const xmlError *e = &ctxt->lastError;
    if (e->message) snprintf(what, sizeof what, ": %.150s", e->message);
    what[strcspn(what, "\n")] = '\0';
    if (r->cut) snprintf(what, sizeof what, ": it ends too early");
    sl_xml_fail(r, SL_GARBAGE, "the answer is not well-formed XML (line %d%s)", e->line, what);
  } else if (final) {
    sl_soap_finish(r);
  }
}

sl_code_t sl_xml_reader_feed(sl_xml_reader_t *r, const char *data, size_t len, bool final,
                             sl_err_t *err)
{
  if (!r->code) {
    r->odd = r->base || r->alone || r->capture;
    if (final && !r->started && is_utf8(data, len))
      parse_whole(r, data, len);
    else
      parse_piece(r, data, len, final);
    r->started = true;
    judge(r, final);
    if (final && !r->code && r->found)
      r->code =
          sl_lists_gather(r->root, r->arena, r->mapping->reject_unknown ? SL_GATHER_REJECT : 0,
                          &r->unknown, &r->err);
  }
  if (r->code && err) *err = r->err;
  return r->code;
}

const sl_soap_fault_t *sl_xml_reader_fault(const sl_xml_reader_t *self)
{
  return &self->fault;
}

bool sl_xml_reader_found(const sl_xml_reader_t *self)
{
  return self->found;
}

size_t sl_xml_reader_unknown(const sl_xml_reader_t *self)
{
  return self->unknown;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/xml_capture.h"

#include <string.h>

sl_xml_capture_t *sl_xml_capture_new(sl_arena_t *arena, size_t max)
{
  sl_xml_capture_t *self = sl_arena_zalloc(arena, sizeof *self);
  if (!self) return NULL;
  sl_buf_init(&self->body, max);
  sl_buf_init(&self->text, max);
  return self;
}

void sl_xml_capture_fini(sl_xml_capture_t *self)
{
  if (!self) return;
  sl_buf_fini(&self->body);
  sl_buf_fini(&self->text);
}

/* --- escapes -----------------------------------------------------------------------------------
 */

static const char *escape_of(char c, bool attr)
{
  switch (c) {
  case '&': return "&amp;";
  case '<': return "&lt;";
  case '>': return "&gt;";
  case '\r': return "&#13;"; /* a bare one would be read as a line end (XML 1.0 §2.11) */
  case '"': return attr ? "&quot;" : NULL;
  case '\n': return attr ? "&#10;" : NULL; /* and these as blanks (§3.3.3) */
  case '\t': return attr ? "&#9;" : NULL;
  default: return NULL;
  }
}

void sl_xml_escape(sl_buf_t *out, sl_str_t text, bool attr)
{
  const char *p = text.p, *end = p + text.len, *from = p;
  for (; p < end; p++) {
    if ((unsigned char)*p > '>') continue;
    const char *e = escape_of(*p, attr);
    if (!e) continue;
    sl_buf_add(out, from, (size_t)(p - from));
    sl_buf_addz(out, e);
    from = p + 1;
  }
  sl_buf_add(out, from, (size_t)(end - from));
}

/* --- scope -------------------------------------------------------------------------------------
 */

bool sl_xml_scope_push(sl_xml_capture_t *self, int n_ns, const xmlChar **ns)
{
  if (self->depth == SL_CAP_DEPTH || n_ns < 0 || (uint32_t)n_ns > SL_CAP_SPACES - self->n_spaces)
    return false;
  self->declared[self->depth++] = (uint8_t)n_ns;
  for (int i = 0; i < n_ns; i++) {
    const xmlChar *uri = ns[2 * i + 1];
    self->spaces[self->n_spaces].prefix = ns[2 * i];
    self->spaces[self->n_spaces++].uri = uri ? uri : (const xmlChar *)"";
  }
  return true;
}

void sl_xml_scope_pop(sl_xml_capture_t *self)
{
  if (self->depth) self->n_spaces -= self->declared[--self->depth];
}

/* --- events ------------------------------------------------------------------------------------
 */

static void qname(sl_buf_t *out, sl_xml_name_t name)
{
  if (name.prefix) {
    sl_buf_addz(out, (const char *)name.prefix);
    sl_buf_addc(out, ':');
  }
  sl_buf_addz(out, (const char *)name.name);
}

static void declare(sl_buf_t *out, const xmlChar *prefix, const xmlChar *uri)
{
  sl_buf_addz(out, " xmlns");
  if (prefix) {
    sl_buf_addc(out, ':');
    sl_buf_addz(out, (const char *)prefix);
  }
  sl_buf_addz(out, "=\"");
  if (uri) sl_xml_escape(out, sl_str((const char *)uri), true);
  sl_buf_addc(out, '"');
}

static void close_tag(sl_xml_capture_t *self)
{
  if (self->tag) sl_buf_addc(&self->body, '>');
  self->tag = false;
}

void sl_xml_capture_start(sl_xml_capture_t *self, sl_xml_name_t name, int n_ns, const xmlChar **ns,
                          int n_attrs, const xmlChar **attrs)
{
  sl_buf_t *out = &self->body;
  if (!self->open++) {
    sl_buf_clear(out);
    self->root = name;
  } else {
    close_tag(self);
    sl_buf_addc(out, '<');
    qname(out, name);
    for (int i = 0; i < n_ns; i++) declare(out, ns[2 * i], ns[2 * i + 1]);
  }
  for (int i = 0; i < n_attrs; i++) {
    const xmlChar **a = attrs + (size_t)i * 5;
    sl_xml_name_t attr = {a[0], a[1]};
    sl_buf_addc(out, ' ');
    qname(out, attr);
    sl_buf_addz(out, "=\"");
    sl_xml_escape(out, sl_strn((const char *)a[3], (size_t)(a[4] - a[3])), true);
    sl_buf_addc(out, '"');
  }
  self->tag = true;
}

void sl_xml_capture_chars(sl_xml_capture_t *self, const char *p, size_t len)
{
  if (!len) return;
  close_tag(self);
  sl_xml_escape(&self->body, sl_strn(p, len), false);
}

bool sl_xml_capture_end(sl_xml_capture_t *self, sl_xml_name_t name)
{
  if (self->tag) {
    sl_buf_addz(&self->body, "/>");
    self->tag = false;
  } else {
    sl_buf_addz(&self->body, "</");
    qname(&self->body, name);
    sl_buf_addc(&self->body, '>');
  }
  return !--self->open;
}

/* Is the prefix in the subtree? Once too often is no harm: a declaration nobody uses. */
static bool occurs(const sl_xml_capture_t *self, const xmlChar *prefix)
{
  size_t len = strlen((const char *)prefix);
  const char *p = self->body.p, *end = p + self->body.len;
  if (self->root.prefix && xmlStrEqual(self->root.prefix, prefix)) return true;
  while ((p = memmem(p, (size_t)(end - p), prefix, len))) {
    bool starts = p == self->body.p || strchr(" \t\r\n\"'<>/=;,|(", p[-1]);
    p += len;
    if (starts && p < end && *p == ':') return true;
  }
  return false;
}

/* The declaration at i is not hidden by a later one. */
static bool in_force(const sl_xml_capture_t *self, uint32_t i)
{
  for (uint32_t k = i + 1; k < self->n_spaces; k++)
    if (xmlStrEqual(self->spaces[k].prefix, self->spaces[i].prefix)) return false;
  return self->spaces[i].uri[0];
}

sl_str_t sl_xml_capture_take(sl_xml_capture_t *self, sl_arena_t *arena)
{
  sl_buf_t *out = &self->text;
  sl_str_t none = {NULL, 0};
  if (self->body.failed) return none;
  sl_buf_clear(out);
  sl_buf_addc(out, '<');
  qname(out, self->root);
  for (uint32_t i = 0; i < self->n_spaces; i++) {
    const xmlChar *prefix = self->spaces[i].prefix;
    if (in_force(self, i) && (!prefix || occurs(self, prefix)))
      declare(out, prefix, self->spaces[i].uri);
  }
  sl_buf_adds(out, sl_buf_str(&self->body));
  return out->failed ? none : sl_arena_str(arena, sl_buf_str(out));
}

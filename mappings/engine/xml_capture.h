/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xml_capture: a subtree of a message as text, that can stand anywhere else: closed over the
 * namespaces in scope where it stood. It is made from SAX events:
 *
 *     <TAG a="1">text</TAG>, <TAG/> when nothing is in it, double quotes, one blank before each
 *     attribute; its root declares the prefixes that occur in it (also in its text: they may be
 *     QNames) and the default namespace. Comments and processing instructions are dropped, CDATA
 *     becomes text. One form for each tree, whatever it looked like: taking it again changes
 *     nothing.
 *
 * The scope is told of every element from the message's root on, also when nothing is captured.
 * Memory: a buffer that the caller frees, bounded, and the result in the arena.
 */
#ifndef SL_ENGINE_XML_CAPTURE_H
#define SL_ENGINE_XML_CAPTURE_H

#include <libxml/xmlstring.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/buf.h"

/* Declarations in scope at once; elements within elements, the envelope's included. */
enum { SL_CAP_SPACES = 128, SL_CAP_DEPTH = 264 };

typedef struct sl_xml_name {
  const xmlChar *name, *prefix; /* prefix NULL: none; both live as long as the parser */
} sl_xml_name_t;

typedef struct sl_xml_capture {
  sl_buf_t body; /* of the subtree, behind its root's name */
  sl_buf_t text; /* the whole of it */
  uint32_t open; /* elements of the subtree that are open; 0: nothing is captured */
  bool tag;      /* the last start tag still lacks its ">" */
  sl_xml_name_t root;
  struct {
    const xmlChar *prefix, *uri; /* prefix NULL: the default; uri "": undeclared */
  } spaces[SL_CAP_SPACES];
  uint32_t n_spaces, depth;
  uint8_t declared[SL_CAP_DEPTH]; /* declarations of each open element */
} sl_xml_capture_t;

/* From arena; NULL when it is full. max: bytes of one subtree. */
sl_xml_capture_t *sl_xml_capture_new(sl_arena_t *arena, size_t max);
void sl_xml_capture_fini(sl_xml_capture_t *self);

/* An element starts and ends in the message; ns as SAX2 gives it. False: too many declarations, or
 * too deep. */
bool sl_xml_scope_push(sl_xml_capture_t *self, int n_ns, const xmlChar **ns);
void sl_xml_scope_pop(sl_xml_capture_t *self);

/* The element that starts, pushed already, is captured; attrs as SAX2 gives them. Within a capture,
 * its own declarations too. */
void sl_xml_capture_start(sl_xml_capture_t *self, sl_xml_name_t name, int n_ns, const xmlChar **ns,
                          int n_attrs, const xmlChar **attrs);
void sl_xml_capture_chars(sl_xml_capture_t *self, const char *p, size_t len);
/* Before it is popped. True: that was the root, and the subtree is whole. */
bool sl_xml_capture_end(sl_xml_capture_t *self, sl_xml_name_t name);
/* The whole subtree; .p NULL when it is too large. */
sl_str_t sl_xml_capture_take(sl_xml_capture_t *self, sl_arena_t *arena);

/* text as it is written in an element or an attribute, appended. */
void sl_xml_escape(sl_buf_t *out, sl_str_t text, bool attr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader_xml_impl: what reader_xml.c (the content, against a plan) and reader_soap.c (the envelope
 * around it) share.
 */
#ifndef SL_ENGINE_READER_XML_IMPL_H
#define SL_ENGINE_READER_XML_IMPL_H

#include <libxml/parser.h>
#include "mappings/engine/reader_xml.h"
#include "mappings/engine/xml_capture.h"

/* Levels of plan nodes; what is deeper than the plan is skipped by a counter. */
enum { SL_XML_LEVELS = 96, SL_XML_MAX_DEPTH = 256 };

typedef struct sl_xml_parser {
  struct sl_xml_parser *next; /* in the pool */
  xmlParserCtxtPtr ctxt;
  const xmlChar **names, **spaces; /* the mapping's, interned in ctxt->dict */
  const xmlChar *xsi, *nil, *type, *soap11, *soap12;
  int dict_size; /* when new */
} sl_xml_parser_t;

typedef struct sl_xml_level {
  const sl_xnode_t *node;
  sl_record_t *record;
  uint32_t guess; /* index of the child that is likely next */
  bool some;      /* it has attributes or children */
} sl_xml_level_t;

typedef enum sl_xml_where {
  SL_XW_TOP,
  SL_XW_PLAN,     /* in the content: levels are in use */
  SL_XW_ENVELOPE, /* the rest: SOAP */
  SL_XW_HEADER,
  SL_XW_BODY,
  SL_XW_FAULT,
  SL_XW_FAULT_CODE,
  SL_XW_FAULT_SUBCODE,
  SL_XW_FAULT_REASON,
  SL_XW_FAULT_DETAIL,
  SL_XW_DONE,
} sl_xml_where_t;

struct sl_xml_reader {
  const sl_mapping_t *mapping;
  sl_arena_t *arena;
  sl_record_t *root;
  sl_xml_parser_t *parser;
  bool soap, started, pushed, found;
  bool cut; /* the text ended within the root element */
  sl_xml_where_t where;
  uint32_t depth;            /* of levels */
  const sl_xnode_t *alone;   /* the document is one element, which is captured: this one */
  bool base;                 /* what is not mapped is carried */
  bool odd;                  /* one of base, alone, capture: not the plain way */
  sl_xml_capture_t *capture; /* NULL: nothing is ever captured */
  sl_record_t *carry_record; /* where what is captured goes: a carry of a record … */
  unsigned carry, n_any;     /* n_any: attributes of no node so far, for their prefixes */
  sl_slot_t *capture_slot;   /* … or a slot */
  uint32_t skip;             /* > 0: within an element that is skipped, so deep */
  sl_slot_t *text;           /* takes characters; NULL: they go nowhere */
  uint32_t text_cap;         /* bytes behind text->p when it is SL_SLOT_COPIED */
  const char *own, *own_end; /* bytes that stay: text in them is borrowed */
  size_t unknown;
  const xmlChar *envelope_ns;
  sl_slot_t fault_code, fault_subcode, fault_text, ignored_text;
  sl_soap_fault_t fault;
  sl_code_t code;
  sl_err_t err;
  sl_xml_level_t levels[SL_XML_LEVELS];
};

typedef struct sl_xml_start { /* what startElementNs gets */
  const xmlChar *name, *uri;
  int n_attrs;
  const xmlChar **attrs; /* name, prefix, URI, value, end */
  const xmlChar *prefix;
  int n_ns;
  const xmlChar **ns; /* prefix, URI */
} sl_xml_start_t;

void sl_xml_fail(sl_xml_reader_t *r, sl_code_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Start of the plan's root element. */
void sl_xml_enter_root(sl_xml_reader_t *r, const sl_xml_start_t *s);
void sl_xml_capture(sl_xml_reader_t *r, sl_slot_t *slot);
/* reader_carry.c: of a base, at the end of an element. */
void sl_xml_carry_hollow(sl_xml_reader_t *r, const sl_xml_level_t *level);

/* reader_choice.c: at the start tag s of node, whose xsi:type decides its choice. */
void sl_xml_take_type(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                      const sl_xml_start_t *s);
/* May node, which has the right name, be there in this record, as far as is known? */
bool sl_xml_fits(const sl_only_t *only, const sl_record_t *record);
/* An element came that decides a choice; false: it was refused. */
bool sl_xml_take_element(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record);
/* An element called as the child node, which is there in other cases only: refuses it. */
void sl_xml_stranger(sl_xml_reader_t *r, const sl_xnode_t *node, const sl_record_t *record);
/* reader_carry.c: the element that starts is captured, into a carry of record or into a slot. */
void sl_xml_capture_into(sl_xml_reader_t *r, const sl_xml_start_t *s, sl_record_t *record,
                         unsigned carry, sl_slot_t *slot);
/* The capture under way is whole. */
void sl_xml_captured(sl_xml_reader_t *r);
/* In a base: an attribute that no field takes; one without a node when plan is NULL. */
void sl_xml_carry_attr(sl_xml_reader_t *r, const sl_xnode_t *node, const sl_xattr_plan_t *plan,
                       sl_record_t *record, const xmlChar **a);
/* In a base: an element without a node. */
void sl_xml_carry_unknown(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                          const sl_xml_start_t *s);
/* A raw element that starts: its slot takes all of it. */
void sl_xml_take_raw(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                     const sl_xml_start_t *s);
/* The element that sl_xml_canonical is about. */
void sl_xml_enter_alone(sl_xml_reader_t *r, const sl_xml_start_t *s, bool same);
void sl_xml_full(sl_xml_reader_t *r);

/* From now on elements can be captured; false when the arena is full. */
bool sl_xml_reader_captures(sl_xml_reader_t *r);

void sl_soap_start(sl_xml_reader_t *r, const sl_xml_start_t *s);
void sl_soap_end(sl_xml_reader_t *r);
/* At the end of the message. */
void sl_soap_finish(sl_xml_reader_t *r);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader_xml: XML → record, in one pass of libxml2's SAX2, no tree. A SOAP envelope (1.1 or 1.2)
 * is read in the same pass: Header skipped (a mustUnderstand block is refused), Body's first
 * element against the plan, or Fault.
 *
 * Bounded: depth 256, names and attribute values by libxml2's own limits (no XML_PARSE_HUGE), text
 * by the arena. DOCTYPE is refused, hence entities too. Text is borrowed from the fed bytes where
 * it came in one piece from a message given whole, else copied to the arena.
 *
 * Matching compares interned names: libxml2 puts names into the dictionary of its parser, where
 * the plan's names stand already. Parsers are kept in a pool of the mapping for the next message.
 * Errors: SL_GARBAGE, also when the arena is full.
 */
#ifndef SL_ENGINE_READER_XML_H
#define SL_ENGINE_READER_XML_H

#include "core/arena.h"
#include "core/err.h"
#include "mappings/engine/plan.h"

typedef struct sl_xml_pool sl_xml_pool_t;
typedef struct sl_xml_reader sl_xml_reader_t;

sl_xml_pool_t *sl_xml_pool_new(const sl_mapping_t *mapping);
void sl_xml_pool_destroy(sl_xml_pool_t **self_p);

typedef struct sl_soap_fault {
  bool found;
  sl_str_t code, subcode; /* local names, without prefix: "Server", "Receiver" */
  sl_str_t detail;        /* local name of the first element in the detail */
  sl_str_t text;          /* faultstring, Reason/Text */
} sl_soap_fault_t;

/* root: the record to fill, whose frame->xml is the element wanted; soap: it comes in an envelope.
 * All memory from arena but the parser itself. NULL without memory. */
sl_xml_reader_t *sl_xml_reader_new(const sl_mapping_t *mapping, sl_arena_t *arena,
                                   sl_record_t *root, bool soap);
/* Before the first feed: the message holds a base (base.h), and what no line maps is carried in its
 * records. What cannot be carried, as nobody knows where it would go, is SL_GARBAGE. False when the
 * arena is full. */
bool sl_xml_reader_carry(sl_xml_reader_t *self);
/* xml, a document whose root is to be node's element, as reading node would give it
 * (xml_capture.h); SL_INVALID with a phrase. *out is in the arena. */
sl_code_t sl_xml_canonical(const sl_mapping_t *mapping, const sl_xnode_t *node, sl_str_t xml,
                           sl_arena_t *arena, sl_str_t *out, sl_err_t *err);
/* Gives the parser back. */
void sl_xml_reader_fini(sl_xml_reader_t *self);

/* Bytes of the message; they must stay until the record was used when all came in one final feed.
 */
sl_code_t sl_xml_reader_feed(sl_xml_reader_t *self, const char *data, size_t len, bool final,
                             sl_err_t *err);
/* After the final feed. */
const sl_soap_fault_t *sl_xml_reader_fault(const sl_xml_reader_t *self);
/* The root element was there. */
bool sl_xml_reader_found(const sl_xml_reader_t *self);
size_t sl_xml_reader_unknown(const sl_xml_reader_t *self);

#endif

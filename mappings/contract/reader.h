/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader: what all readers of contract files share while one contract is being loaded: the
 * documents (each file read once, parsed by libxml2 into a DOM, freed when loading ends), names
 * interned for the contract's life, a budget against hostile files, and diagnostics.
 *
 * Nothing here ever opens a network connection: a location that is a URL is an error.
 * Running out of memory, budget or limits sets `full` and is reported once (C007); functions go on
 * with harmless values after that, so that callers need not check each string.
 */
#ifndef SL_CONTRACT_READER_H
#define SL_CONTRACT_READER_H

#include <libxml/tree.h> /* first: dict.h and hash.h need its types */
#include <libxml/dict.h>
#include <libxml/hash.h>
#include <stdbool.h>
#include "core/arena.h"
#include "mappings/contract/contract.h"

#define SL_NS_XSD     "http://www.w3.org/2001/XMLSchema"
#define SL_NS_XML     "http://www.w3.org/XML/1998/namespace"
#define SL_NS_WSDL    "http://schemas.xmlsoap.org/wsdl/"
#define SL_NS_SOAP11  "http://schemas.xmlsoap.org/wsdl/soap/"
#define SL_NS_SOAP12  "http://schemas.xmlsoap.org/wsdl/soap12/"
#define SL_NS_SOAPENC "http://schemas.xmlsoap.org/soap/encoding/"
#define SL_NS_CATALOG "urn:sluice:catalog:1"

/* What a contract is made of; the lists are in the order of the files. */
struct sl_contract {
  sl_arena_t *arena;
  xmlDictPtr dict;         /* every name, namespace and value of the model */
  xmlHashTablePtr elems;   /* name, namespace → const sl_xelem_t * (global ones) */
  xmlHashTablePtr types;   /* name, namespace → const sl_xtype_t * */
  const sl_wsdl_op_t *ops; /* in the arena, as all below */
  size_t n_ops;
  const sl_table_t *tables;
  size_t n_tables;
  struct sl_jschemas *schemas; /* OpenAPI; owned, NULL: none */
  const struct sl_oop *oops;
  size_t n_oops;
};

typedef struct sl_cdoc {
  struct sl_cdoc *next;
  const char *file; /* as messages name it */
  const char *real; /* canonical path: the document's identity */
  xmlDocPtr xml;
} sl_cdoc_t;

typedef struct sl_qname {
  const char *ns, *name; /* interned: equal names are equal pointers */
} sl_qname_t;

struct sl_schemas; /* schema.h */

typedef struct sl_cx {
  sl_contract_t *contract;
  sl_diags_t *diags;
  sl_cdoc_t *docs;
  size_t n_docs, bytes;
  size_t budget; /* steps left; each bounds a bit of work that a file can ask for */
  bool full;     /* reported as C007 */
  struct sl_schemas *schemas;
} sl_cx_t;

/* Arena memory, cleared; NULL when full. */
void *sl_cx_alloc(sl_cx_t *cx, size_t len);
/* Never NULL; "" when full. */
const char *sl_cx_intern(sl_cx_t *cx, const char *text);
const char *sl_cx_internn(sl_cx_t *cx, const char *text, size_t len);
/* false (and full) when the budget is spent. */
bool sl_cx_spend(sl_cx_t *cx, size_t steps);

/* Reads and parses file; location: NULL for the contract itself, else as it stood in the file
 * that doc and node belong to (for messages). NULL with a diagnostic. A file named twice is read
 * once. */
sl_cdoc_t *sl_cx_open(sl_cx_t *cx, const char *file, const sl_cdoc_t *doc, const xmlNode *node);
void sl_cx_close_all(sl_cx_t *cx);
/* "types.xsd" beside doc's file; interned. */
const char *sl_cx_path(sl_cx_t *cx, const sl_cdoc_t *doc, const char *location);
bool sl_cx_is_url(const char *location);
/* The C004 diagnostic for location, which is a URL. */
void sl_cx_refuse_url(sl_cx_t *cx, const sl_cdoc_t *doc, int line, const char *location);

/* Error or warning at node. fix may be NULL. */
void sl_cx_error(sl_cx_t *cx, const char *code, const sl_cdoc_t *doc, const xmlNode *node,
                 const char *fix, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void sl_cx_warn(sl_cx_t *cx, const char *code, const sl_cdoc_t *doc, const xmlNode *node,
                const char *fix, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
sl_where_t sl_cx_where(const sl_cdoc_t *doc, const xmlNode *node);

/* --- the DOM, as the readers need it ------------------------------------------------------------
 */

/* First child element, next sibling element; in namespace ns only, unless it is NULL. */
xmlNode *sl_cx_first(const xmlNode *node, const char *ns);
xmlNode *sl_cx_next(const xmlNode *node, const char *ns);
bool sl_cx_is(const xmlNode *node, const char *ns, const char *name);
bool sl_cx_named(const xmlNode *node, const char *name);
/* Attribute without (with) namespace, white space trimmed, interned; NULL if it is not there. */
const char *sl_cx_attr(sl_cx_t *cx, const xmlNode *node, const char *name);
const char *sl_cx_attr_ns(sl_cx_t *cx, const xmlNode *node, const char *ns, const char *name);
/* The same as it stands, white space and all: for default values and enumerations. */
const char *sl_cx_attr_raw(sl_cx_t *cx, const xmlNode *node, const char *name);
bool sl_cx_attr_bool(sl_cx_t *cx, const xmlNode *node, const char *name);
/* "p:name" in the scope of node; false with a diagnostic when the prefix is not declared.
 * Without prefix and default namespace .ns is "". */
bool sl_cx_qname(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, const char *text,
                 sl_qname_t *out_p);

#endif

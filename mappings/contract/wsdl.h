/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wsdl: WSDL 1.1 definitions → operations of the model, with SOAP 1.1 and 1.2 over HTTP.
 *
 * Operations that SOAP cannot carry here (MIME parts, other transports, several body elements) are
 * left out with a warning each, so that one odd operation does not lock away the others.
 */
#ifndef SL_CONTRACT_WSDL_H
#define SL_CONTRACT_WSDL_H

#include "mappings/contract/reader.h"

/* root: a wsdl:definitions element of doc. Follows imports, builds the schemas, fills
 * cx->contract->ops. Everything that is wrong goes to the diagnostics. */
void sl_wsdl_read(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root);

/* --- between wsdl.c (definitions) and wsdl_op.c (operations)
 * --------------------------------------- */

typedef struct sl_wsdl_item {
  const sl_cdoc_t *doc;
  const xmlNode *node;
  const char *ns; /* target namespace of its definitions; interned */
} sl_wsdl_item_t;

typedef struct sl_wsdl_ops {
  sl_wsdl_op_t *v; /* malloc */
  size_t n, cap;
} sl_wsdl_ops_t;

typedef struct sl_wsdl sl_wsdl_t;

typedef enum sl_wsdl_kind {
  SL_WSDL_MESSAGE,
  SL_WSDL_PORT_TYPE,
  SL_WSDL_BINDING,
  SL_WSDL_KINDS
} sl_wsdl_kind_t;

/* What ref names in the scope of item; NULL with a diagnostic (C201). */
const sl_wsdl_item_t *sl_wsdl_ref(sl_cx_t *cx, const sl_wsdl_t *self, const sl_wsdl_item_t *at,
                                  const xmlNode *node, sl_wsdl_kind_t kind, const char *ref);
/* The operations of binding, as offered at port ("Service.Port") and endpoint. */
void sl_wsdl_add_ops(sl_cx_t *cx, const sl_wsdl_t *self, const sl_wsdl_item_t *binding,
                     const char *port, const char *endpoint, sl_wsdl_ops_t *ops);
/* 11 or 12: the SOAP version of the extension element under node; 0: it has none. */
int sl_wsdl_soap_version(const xmlNode *node, const char *name, const xmlNode **found_p);

#endif

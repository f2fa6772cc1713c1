/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * openapi: an OpenAPI 3.0 or 3.1 document (JSON) as a REST system's contract: its operations by
 * method and path, with the schemas of parameters and of JSON bodies. Other media types are known
 * to be there, and no more. Links, callbacks, security and servers are not read.
 *
 * All pointers belong to the contract that read them.
 */
#ifndef SL_CONTRACT_OPENAPI_H
#define SL_CONTRACT_OPENAPI_H

#include "mappings/contract/contract.h"
#include "mappings/contract/jschema.h"

typedef enum sl_oin { SL_O_PATH, SL_O_QUERY, SL_O_HEADER, SL_O_COOKIE } sl_oin_t;

typedef struct sl_oparam {
  const char *name;
  sl_oin_t in;
  bool required;
  const sl_jschema_t *schema; /* never NULL */
  sl_where_t where;
} sl_oparam_t;

typedef struct sl_oresponse {
  int status;                 /* 200; 4 for 4XX; 0 for default */
  const char *text;           /* "200", "4XX", "default" */
  const sl_jschema_t *schema; /* of its JSON; NULL: it has no JSON body */
  bool body;                  /* of any media type */
} sl_oresponse_t;

typedef struct sl_oop {
  const char *id, *method, *path; /* id: operationId, "" if none; method in upper case */
  const sl_oparam_t *params;      /* the path's own too */
  size_t n_params;
  const sl_jschema_t *request; /* JSON body; NULL: none */
  bool request_required;
  const sl_oresponse_t *responses; /* in the file's order */
  size_t n_responses;
  sl_where_t where;
} sl_oop_t;

size_t sl_contract_oop_count(const sl_contract_t *self);
const sl_oop_t *sl_contract_oop_at(const sl_contract_t *self, size_t i);
/* By method and path; the names in {} do not matter, nor does a query behind the path. */
const sl_oop_t *sl_contract_oop(const sl_contract_t *self, const char *method, const char *path);
/* {name} of a call's path → the contract's parameter at the same place; others by name (headers in
 * any case). NULL: none. */
const sl_oparam_t *sl_oop_param(const sl_oop_t *op, sl_oin_t in, const char *name,
                                const char *call_path);
/* The schemas that the contract was read into; NULL: it is no OpenAPI document. For
 * sl_jschema_member. */
sl_jschemas_t *sl_contract_schemas(const sl_contract_t *self);

struct sl_cx;
/* contract.c's: reads path into cx->contract; errors to cx->diags. */
void sl_openapi_read(struct sl_cx *cx, const char *path);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * contract: what a legacy system promises, read from its WSDL and XSD, its catalogue snapshot or
 * its OpenAPI document (openapi.h) into one model that the mapping compiler and checker ask.
 * Positions are kept, so that messages can point into both files. Types form a graph: they may be
 * recursive.
 *
 * All pointers belong to the contract and live as long as it does.
 */
#ifndef SL_CONTRACT_CONTRACT_H
#define SL_CONTRACT_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/diag.h"

typedef struct sl_contract sl_contract_t;

typedef struct sl_where {
  const char *file;
  int line;
} sl_where_t;

/* --- XML Schema (XSD 1.0) ----------------------------------------------------------------------
 */

typedef enum sl_xbase {
  SL_X_NONE, /* not a simple type */
  SL_X_ANY,  /* anySimpleType, anyType */
  SL_X_STRING,
  SL_X_BOOLEAN,
  SL_X_DECIMAL,
  SL_X_INTEGER, /* xs:integer and all derived from it; bounds are in the facets */
  SL_X_FLOAT,   /* float and double */
  SL_X_DATE,
  SL_X_TIME,
  SL_X_DATETIME,
  SL_X_DURATION,
  SL_X_GREGORIAN, /* gYear, gMonth, … */
  SL_X_BASE64,
  SL_X_HEX,
  SL_X_QNAME,
  SL_X_URI,
} sl_xbase_t;

typedef struct sl_facets {
  int64_t length, min_length, max_length; /* -1: none */
  int64_t items, min_items, max_items;    /* of a list type: how many; -1: none */
  int total_digits, fraction_digits;      /* -1: none */
  const char *min_inclusive, *max_inclusive, *min_exclusive, *max_exclusive; /* NULL: none */
  const char *const *enums;
  size_t n_enums;
  const char *const *patterns; /* all must match, as written */
  size_t n_patterns;
  bool collapse; /* whiteSpace=collapse */
} sl_facets_t;

typedef struct sl_xtype sl_xtype_t;
typedef struct sl_xelem sl_xelem_t;

#define SL_UNBOUNDED UINT32_MAX

typedef struct sl_xchild {
  const sl_xelem_t *elem;
  uint32_t min, max; /* effective: through its groups; SL_UNBOUNDED */
  uint32_t choice;   /* 0: none; equal numbers: alternatives of one choice (min is then 0), of
                        which one comes. A repeated choice, and a sequence inside a choice, give
                        optional children without a number. */
  bool demanded;     /* of a choice that has to be made, all of whose alternatives are numbered */
  uint32_t branch;   /* 0: none; equal numbers: of one sequence that may be left out, or is an
                        alternative of a choice: where one of them comes, so does what is needed */
  bool needed;       /* in its branch */
} sl_xchild_t;

typedef struct sl_xattr {
  const char *ns, *name; /* ns "" when unqualified */
  const sl_xtype_t *type;
  bool required;
  const char *fixed, *preset; /* NULL: none */
} sl_xattr_t;

struct sl_xtype {
  const char *ns, *name; /* name "" when anonymous */
  const sl_xtype_t *base;
  sl_where_t where;
  /* simple, or complex with simple content: */
  sl_xbase_t simple; /* SL_X_NONE: element content or empty */
  sl_facets_t facets;
  const sl_xtype_t *list_item; /* xs:list */
  bool is_union;
  const sl_xtype_t *const *members; /* of a union; NULL: not all are known, anything is taken */
  size_t n_members;
  /* complex: */
  bool complex;
  bool abstract, mixed, any_child, any_attr;
  size_t any_at;               /* any_child: how many of the children stand before it */
  const sl_xchild_t *children; /* in the order the schema wants, base type's first */
  size_t n_children;
  const sl_xattr_t *attrs;
  size_t n_attrs;
};

struct sl_xelem {
  const char *ns, *name; /* ns "" when it is in no namespace (elementFormDefault unqualified) */
  const sl_xtype_t *type;
  bool nillable, abstract;
  const char *head; /* name of what it may stand for (substitution group); NULL: nothing */
  const char *fixed, *preset;
  sl_where_t where;
};

/* Child or attribute by local name; ns NULL: any namespace (*ambiguous_p when two fit). */
const sl_xchild_t *sl_xtype_child(const sl_xtype_t *type, const char *ns, const char *name,
                                  bool *ambiguous_p);
const sl_xattr_t *sl_xtype_attr(const sl_xtype_t *type, const char *ns, const char *name);
/* "xs:string", "xs:integer", for messages. Static. */
const char *sl_xbase_name(sl_xbase_t base);

/* Is text a value of this simple type (lexical form and facets; white space treated as the type
 * wants)? If not, why gets a phrase that follows the value: "is longer than 30". A list is judged
 * item by item, a union by its members. why may be NULL. */
enum { SL_WHY = 160, SL_SKIP_BOUNDS = 1, SL_SKIP_ENUMS = 2, SL_SKIP_PATTERNS = 4 };
bool sl_xtype_accepts(const sl_xtype_t *type, const char *text, unsigned skip, char why[SL_WHY]);

/* --- WSDL 1.1 -------------------------------------------------------------------------------- */

typedef struct sl_wsdl_fault {
  const char *name;
  const sl_xelem_t *elem; /* of its detail; NULL: unknown */
} sl_wsdl_fault_t;

typedef struct sl_wsdl_op {
  const char *name, *port; /* port "Service.Port" */
  const char *action;      /* soapAction; "" if none */
  int soap_version;        /* 11, 12 */
  const char *endpoint;    /* soap:address */
  bool rpc, encoded;
  const char *body_ns;              /* rpc: namespace of the wrapper */
  const sl_xelem_t *input, *output; /* document: the element in the Body; NULL: none. rpc: a
                                       wrapper made from the parts */
  const sl_wsdl_fault_t *faults;
  size_t n_faults;
  const sl_xelem_t *const *input_headers; /* that soap:header declares; all may be left out */
  const sl_xelem_t *const *output_headers;
  size_t n_input_headers, n_output_headers;
  sl_where_t where;
} sl_wsdl_op_t;

/* --- database catalogue snapshot (xsd/catalog.xsd)
 * -------------------------------------------------- */

typedef struct sl_column {
  const char *name, *type; /* SQL type name, upper case: "VARCHAR", "DECIMAL", … */
  int size, scale;         /* characters or digits; 0 unknown */
  bool nullable;
  bool generated; /* identity, autoincrement, computed: the database gives the value */
  bool preset;    /* has a DEFAULT: an insert may leave it out */
  sl_where_t where;
} sl_column_t;

typedef struct sl_fkey {
  const char *table;          /* referenced */
  const char *const *columns; /* here, in order */
  const char *const *to;      /* there */
  size_t n;
} sl_fkey_t;

typedef struct sl_table {
  const char *schema, *name;
  bool view;
  const sl_column_t *columns;
  size_t n_columns;
  const char *const *key; /* primary key's columns, in order */
  size_t n_key;
  const sl_fkey_t *fkeys;
  size_t n_fkeys;
  sl_where_t where;
} sl_table_t;

const sl_column_t *sl_table_column(const sl_table_t *table, const char *name); /* any case */

/* Can the column hold text, as far as its type and size tell? why as above. */
bool sl_column_accepts(const sl_column_t *column, const char *text, char why[SL_WHY]);

/* --- reading -----------------------------------------------------------------------------------
 */

/* By content: WSDL, XSD, catalogue or OpenAPI. Follows imports and includes to local files only,
 * relative to the file that names them; a URL is an error that says so. Errors to diags, NULL then.
 */
sl_contract_t *sl_contract_load(const char *path, sl_diags_t *diags);
void sl_contract_destroy(sl_contract_t **self_p);

size_t sl_contract_op_count(const sl_contract_t *self);
const sl_wsdl_op_t *sl_contract_op_at(const sl_contract_t *self, size_t i);
/* By name; with several ports the first with SOAP 1.1, then 1.2; port ("Service.Port" or "Port")
 * may be NULL. */
const sl_wsdl_op_t *sl_contract_op(const sl_contract_t *self, const char *name, const char *port);
const sl_xelem_t *sl_contract_elem(const sl_contract_t *self, const char *ns, const char *name);
/* The only global element of that name, whatever its namespace; NULL: none, or several. */
const sl_xelem_t *sl_contract_elem_called(const sl_contract_t *self, const char *name);
const sl_xtype_t *sl_contract_type(const sl_contract_t *self, const char *ns, const char *name);
/* Is type derived from base (by extension or restriction, over any number of steps), or base
 * itself? xs:anyType is everybody's base. */
bool sl_xtype_derived(const sl_xtype_t *type, const sl_xtype_t *base);
/* The global types that are derived from base, itself left out, by namespace and name: what an
 * xsi:type may name where an element has the type base. The first max of them go to out; the
 * number of all comes back. */
size_t sl_contract_derived(const sl_contract_t *self, const sl_xtype_t *base,
                           const sl_xtype_t **out, size_t max);
size_t sl_contract_table_count(const sl_contract_t *self);
const sl_table_t *sl_contract_table_at(const sl_contract_t *self, size_t i);
const sl_table_t *sl_contract_table(const sl_contract_t *self, const char *name); /* any case */

#endif

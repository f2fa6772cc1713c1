/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schema: XML Schema 1.0 documents → the types and elements of the model.
 *
 * Three steps. Collecting reads all schema documents that are included or imported, and indexes
 * their global components by name. Building turns components into the model: a type starts as an
 * empty shell that others may already point to (so recursive types are no special case), and is
 * filled from a work list; only its base type has to be filled first, so the depth of recursion is
 * that of the derivation, not that of the data. Publishing puts the global ones where
 * sl_contract_elem and sl_contract_type find them.
 *
 * Read as far as the mapping needs it: identity constraints, notations, annotations, block and
 * final are skipped. xs:redefine is refused.
 */
#ifndef SL_CONTRACT_SCHEMA_H
#define SL_CONTRACT_SCHEMA_H

#include "mappings/contract/reader.h"

/* Derivations, nested groups and includes deeper than this are somebody's attack. */
enum { SL_SCHEMA_DEPTH = 200 };

typedef enum sl_comp_kind {
  SL_COMP_ELEM,
  SL_COMP_TYPE,
  SL_COMP_ATTR,
  SL_COMP_GROUP,
  SL_COMP_ATTR_GROUP,
  SL_COMP_KINDS,
} sl_comp_kind_t;

/* One schema document in the role of one namespace. A document without a target namespace that is
 * included takes the includer's (the "chameleon"), and may do so several times. */
typedef struct sl_schema {
  struct sl_schema *next;
  const sl_cdoc_t *doc;
  const xmlNode *root;
  const char *ns; /* interned */
  bool chameleon, elem_qualified, attr_qualified;
} sl_schema_t;

/* A global component; kept in the order of the documents. */
typedef struct sl_comp {
  struct sl_comp *next;
  sl_comp_kind_t kind;
  sl_qname_t name;
  const sl_schema_t *schema; /* NULL: built in */
  const xmlNode *node;
  void *built;             /* sl_xelem_t, struct sl_tbuild, sl_xattr_t once somebody asked */
  struct sl_comp *members; /* element: those that may stand for it, by next_member */
  struct sl_comp *next_member;
  bool busy; /* group: being expanded */
} sl_comp_t;

/* A type being built; the model's type is its first member, so that pointers to it are that. */
typedef struct sl_tbuild {
  sl_xtype_t type;
  enum { SL_T_SHELL, SL_T_BUSY, SL_T_DONE } state;
  const sl_schema_t *schema;
  const xmlNode *node;
  struct sl_tbuild *next; /* work list */
  bool soap_array;        /* soapenc:Array or derived from it */
} sl_tbuild_t;

/* An import by URL: well if the namespace comes from elsewhere. */
typedef struct sl_missing {
  struct sl_missing *next;
  const sl_schema_t *schema;
  const xmlNode *node;
  const char *ns, *location;
} sl_missing_t;

/* A namespace of which a part could not be read: that is reported once, and not again for each name
 * that is missed. */
typedef struct sl_refused {
  struct sl_refused *next;
  const char *ns;
} sl_refused_t;

typedef struct sl_schemas {
  sl_schema_t *first, **end_p;
  sl_comp_t *comps, **comps_end_p;
  xmlHashTablePtr index[SL_COMP_KINDS]; /* name, namespace → sl_comp_t * */
  sl_tbuild_t *work, **work_end_p;
  sl_missing_t *missing;
  sl_refused_t *refused;
  const sl_xtype_t *any_type;
  uint32_t choices, branches;                 /* numbers given to choices, branches so far */
  const char *ns_xsd, *ns_soapenc, *ns_empty; /* interned */
} sl_schemas_t;

bool sl_schemas_init(sl_cx_t *cx);
void sl_schemas_fini(sl_cx_t *cx);
/* Built-in types and attributes of XML Schema, XML and SOAP encoding. schema_builtin.c */
void sl_schema_add_builtins(sl_cx_t *cx);

/* The schema at root, and all that it includes and imports. schema_load.c */
void sl_schema_collect(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root);
void sl_schema_refuse(sl_cx_t *cx, const char *ns);
/* After the last collect: reports what is missing, builds and publishes everything. */
void sl_schema_build(sl_cx_t *cx);

/* A component that text names in the scope of node; NULL with a diagnostic (C101). */
sl_comp_t *sl_schema_ref(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                         sl_comp_kind_t kind, const char *text);
sl_comp_t *sl_schema_find(const sl_cx_t *cx, sl_comp_kind_t kind, sl_qname_t name);
/* Does a document read so far, or what is built in, have this target namespace (interned)? */
bool sl_schema_knows(const sl_cx_t *cx, const char *ns);
/* Puts a component into the index; false when there is one of that name. */
bool sl_schema_add(sl_cx_t *cx, sl_comp_t *comp);

/* Types and elements; never NULL except when full. schema_type.c */
const sl_xelem_t *sl_schema_elem(sl_cx_t *cx, sl_comp_t *comp);
sl_tbuild_t *sl_schema_type(sl_cx_t *cx, sl_comp_t *comp);
/* The type that node (an element, attribute, list, …) has by attribute `ref` or as an anonymous
 * child; NULL if it says none. */
const sl_xtype_t *sl_schema_type_of(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                                    const char *ref);
const sl_xelem_t *sl_schema_local_elem(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node);
/* Fills the shell; false (reported) when its derivation is circular or too deep. */
bool sl_schema_complete(sl_cx_t *cx, sl_tbuild_t *self, int depth);

/* schema_simple.c: the contents of <restriction>, <list>, <union> under node into self. */
void sl_schema_simple(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, int depth);
void sl_schema_facets(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *restriction);
void sl_facets_clear(sl_facets_t *self);

/* schema_content.c: the children that the particles under node make, appended to kids. */
typedef struct sl_kids {
  sl_xchild_t *v; /* malloc */
  size_t n, cap;
  bool any;
  size_t any_at; /* any: kids before it */
} sl_kids_t;
void sl_schema_content(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                       sl_kids_t *kids);
bool sl_kids_add(sl_cx_t *cx, sl_kids_t *kids, const sl_xchild_t *child);

/* schema_attr.c: the attributes under node (base's are in list already; the same name replaces,
 * prohibited removes). */
typedef struct sl_attrs {
  sl_xattr_t *v; /* malloc */
  size_t n, cap;
  bool any;
} sl_attrs_t;
void sl_schema_attrs(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_attrs_t *attrs,
                     int depth);
bool sl_attrs_put(sl_cx_t *cx, sl_attrs_t *attrs, const sl_xattr_t *attr);

#endif

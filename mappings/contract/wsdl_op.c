/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/wsdl.h"

#include <stdlib.h>
#include <string.h>
#include "mappings/contract/schema.h"

/* One operation while it is being put together. */
struct making {
  sl_cx_t *cx;
  const sl_wsdl_t *wsdl;
  const sl_wsdl_item_t *binding, *port_type;
  const xmlNode *bound;    /* wsdl:operation of the binding */
  const xmlNode *abstract; /* wsdl:operation of the portType */
  sl_wsdl_op_t op;
  const char *left_out; /* why it cannot be offered; NULL: it can */
};

static const xmlNode *named_child(sl_cx_t *cx, const xmlNode *node, const char *kind,
                                  const char *name)
{
  for (const xmlNode *c = sl_cx_first(node, SL_NS_WSDL); c; c = sl_cx_next(c, SL_NS_WSDL)) {
    if (!sl_cx_named(c, kind)) continue;
    const char *own = name ? sl_cx_attr(cx, c, "name") : NULL;
    if (!name || own == name) return c;
  }
  return NULL;
}

/* The portType's operation for a bound one; overloaded ones are told apart by their input's name.
 */
static const xmlNode *abstract_of(sl_cx_t *cx, const xmlNode *port_type, const xmlNode *bound)
{
  const char *name = sl_cx_attr(cx, bound, "name");
  const xmlNode *in = named_child(cx, bound, "input", NULL), *first = NULL;
  const char *in_name = in ? sl_cx_attr(cx, in, "name") : NULL;
  for (const xmlNode *c = sl_cx_first(port_type, SL_NS_WSDL); c; c = sl_cx_next(c, SL_NS_WSDL)) {
    if (!sl_cx_named(c, "operation") || sl_cx_attr(cx, c, "name") != name) continue;
    if (!first) first = c;
    const xmlNode *input = named_child(cx, c, "input", NULL);
    if (in_name && input && sl_cx_attr(cx, input, "name") == in_name) return c;
  }
  return first;
}

/* --- messages
 * ------------------------------------------------------------------------------------------ */

/* Is part in the blank-separated list? No list: all are. */
static bool listed(const char *list, const char *part)
{
  if (!list) return true;
  size_t len = strlen(part);
  for (const char *p = list; (p = strstr(p, part)); p += len)
    if ((p == list || strchr(" \t\r\n", p[-1])) && (!p[len] || strchr(" \t\r\n", p[len])))
      return true;
  return false;
}

/* Does a soap:header of ext carry this part of message? */
static bool is_header(struct making *m, const xmlNode *ext, const sl_wsdl_item_t *message,
                      const char *part)
{
  sl_cx_t *cx = m->cx;
  for (const xmlNode *c = sl_cx_first(ext, NULL); c; c = sl_cx_next(c, NULL)) {
    if (!sl_cx_named(c, "header") || sl_cx_attr(cx, c, "part") != part) continue;
    if (sl_wsdl_ref(cx, m->wsdl, m->binding, c, SL_WSDL_MESSAGE, sl_cx_attr(cx, c, "message")) ==
        message)
      return true;
  }
  return false;
}

/* A schema to resolve names in WSDL's own scope. */
static sl_schema_t scope_of(const sl_wsdl_item_t *item)
{
  sl_schema_t scope = {.doc = item->doc, .root = item->node, .ns = item->ns};
  return scope;
}

/* The element that a part is; for a part with a type one named as the part, in no namespace. */
static const sl_xelem_t *part_elem(struct making *m, const sl_wsdl_item_t *message,
                                   const xmlNode *part)
{
  sl_cx_t *cx = m->cx;
  sl_schema_t scope = scope_of(message);
  const char *elem_ref = sl_cx_attr(cx, part, "element"), *type_ref = sl_cx_attr(cx, part, "type");
  const char *name = sl_cx_attr(cx, part, "name");
  if (elem_ref) {
    sl_comp_t *comp = sl_schema_ref(cx, &scope, part, SL_COMP_ELEM, elem_ref);
    return comp ? sl_schema_elem(cx, comp) : NULL;
  }
  sl_comp_t *comp = type_ref ? sl_schema_ref(cx, &scope, part, SL_COMP_TYPE, type_ref) : NULL;
  if (!comp || !name) {
    if (!type_ref || !name)
      sl_cx_error(cx, "C202", message->doc, part, NULL,
                  "a part needs a name, and an element or a type");
    return NULL;
  }
  sl_tbuild_t *type = sl_schema_type(cx, comp);
  sl_xelem_t *elem = sl_cx_alloc(cx, sizeof *elem);
  if (!elem || !type) return NULL;
  elem->ns = cx->schemas->ns_empty;
  elem->name = name;
  elem->nillable = m->op.encoded; /* SOAP encoding lets any accessor be nil */
  elem->type = &type->type;
  elem->where = sl_cx_where(message->doc, part);
  return elem;
}

static void add_part(struct making *m, sl_kids_t *kids, const sl_xelem_t *elem)
{
  sl_xchild_t child = {.elem = elem, .min = 1, .max = 1};
  if (elem) sl_kids_add(m->cx, kids, &child);
}

/* rpc: the element that wraps the parts (WSDL 1.1 §3.5). */
static const sl_xelem_t *wrapper(struct making *m, const xmlNode *node, const sl_kids_t *kids,
                                 const char *ns, const char *name)
{
  sl_cx_t *cx = m->cx;
  sl_tbuild_t *type = sl_cx_alloc(cx, sizeof *type);
  sl_xelem_t *elem = sl_cx_alloc(cx, sizeof *elem);
  sl_xchild_t *children = kids->n ? sl_cx_alloc(cx, kids->n * sizeof *children) : NULL;
  if (!type || !elem) return NULL;
  if (children) {
    memcpy(children, kids->v, kids->n * sizeof *children);
    type->type.children = children;
    type->type.n_children = kids->n;
  }
  type->state = SL_T_DONE;
  type->type.ns = elem->ns = ns;
  type->type.name = cx->schemas->ns_empty;
  type->type.complex = true;
  type->type.any_attr = m->op.encoded;
  type->type.where = elem->where = sl_cx_where(m->binding->doc, node);
  sl_facets_clear(&type->type.facets);
  elem->name = name;
  elem->type = &type->type;
  return elem;
}

/* The parts that stand in the body. */
static void body_parts(struct making *m, const sl_wsdl_item_t *message, const xmlNode *ext,
                       const xmlNode *body, sl_kids_t *kids)
{
  sl_cx_t *cx = m->cx;
  const char *parts = sl_cx_attr(cx, body, "parts");
  for (const xmlNode *p = sl_cx_first(message->node, SL_NS_WSDL); p;
       p = sl_cx_next(p, SL_NS_WSDL)) {
    if (!sl_cx_named(p, "part")) continue;
    const char *name = sl_cx_attr(cx, p, "name");
    if (!name || !listed(parts, name) || is_header(m, ext, message, name)) continue;
    if (!m->op.rpc && !sl_cx_attr(cx, p, "element"))
      m->left_out = "its body is a part with a type, not an element";
    else
      add_part(m, kids, part_elem(m, message, p));
  }
}

static void headers(struct making *m, const xmlNode *ext, bool input)
{
  sl_cx_t *cx = m->cx;
  size_t n = 0, i = 0;
  for (const xmlNode *c = sl_cx_first(ext, NULL); c; c = sl_cx_next(c, NULL))
    n += sl_cx_named(c, "header");
  const sl_xelem_t **v = n ? sl_cx_alloc(cx, n * sizeof *v) : NULL;
  if (!v) return;
  for (const xmlNode *c = sl_cx_first(ext, NULL); c; c = sl_cx_next(c, NULL)) {
    if (!sl_cx_named(c, "header")) continue;
    const sl_wsdl_item_t *message =
        sl_wsdl_ref(cx, m->wsdl, m->binding, c, SL_WSDL_MESSAGE, sl_cx_attr(cx, c, "message"));
    const char *name = sl_cx_attr(cx, c, "part");
    const xmlNode *part = message && name ? named_child(cx, message->node, "part", name) : NULL;
    const sl_xelem_t *elem = part ? part_elem(m, message, part) : NULL;
    if (elem) v[i++] = elem;
  }
  if (input) {
    m->op.input_headers = v;
    m->op.n_input_headers = i;
  } else {
    m->op.output_headers = v;
    m->op.n_output_headers = i;
  }
}

static const char *response_name(sl_cx_t *cx, const char *name)
{
  const char *s = sl_arena_printf(cx->contract->arena, "%sResponse", name);
  return s ? sl_cx_intern(cx, s) : "";
}

/* The element in the Body of one direction; NULL: the direction does not exist, or is reported. */
static const sl_xelem_t *direction(struct making *m, const char *which)
{
  sl_cx_t *cx = m->cx;
  bool input = which[0] == 'i';
  const xmlNode *abstract = named_child(cx, m->abstract, which, NULL);
  const xmlNode *ext = named_child(cx, m->bound, which, NULL), *body = NULL;
  if (!abstract || !ext) return NULL;
  const sl_wsdl_item_t *message = sl_wsdl_ref(cx, m->wsdl, m->port_type, abstract, SL_WSDL_MESSAGE,
                                              sl_cx_attr(cx, abstract, "message"));
  if (!message) return NULL;
  if (!sl_wsdl_soap_version(ext, "body", &body)) {
    m->left_out = "its message is MIME multipart or has no soap:body";
    return NULL;
  }
  const char *use = sl_cx_attr(cx, body, "use"), *ns = sl_cx_attr(cx, body, "namespace");
  m->op.encoded |= use && !strcmp(use, "encoded");
  if (m->op.rpc && (input || !m->op.body_ns)) m->op.body_ns = ns ? ns : cx->schemas->ns_empty;
  headers(m, ext, input);

  sl_kids_t kids = {.n = 0};
  const sl_xelem_t *elem = NULL;
  body_parts(m, message, ext, body, &kids);
  if (m->op.rpc)
    elem = wrapper(m, ext, &kids, ns ? ns : cx->schemas->ns_empty,
                   input ? m->op.name : response_name(cx, m->op.name));
  else if (kids.n > 1)
    m->left_out = "its body has several elements";
  else if (kids.n)
    elem = kids.v[0].elem;
  free(kids.v);
  return elem;
}

/* --- faults
 * ---------------------------------------------------------------------------------------------- */

static void faults(struct making *m)
{
  sl_cx_t *cx = m->cx;
  size_t n = 0;
  for (const xmlNode *c = sl_cx_first(m->abstract, SL_NS_WSDL); c; c = sl_cx_next(c, SL_NS_WSDL))
    n += sl_cx_named(c, "fault");
  sl_wsdl_fault_t *v = n ? sl_cx_alloc(cx, n * sizeof *v) : NULL;
  if (!v) return;
  m->op.faults = v;
  for (const xmlNode *c = sl_cx_first(m->abstract, SL_NS_WSDL); c; c = sl_cx_next(c, SL_NS_WSDL)) {
    if (!sl_cx_named(c, "fault")) continue;
    sl_wsdl_fault_t *fault = &v[m->op.n_faults++];
    const char *name = sl_cx_attr(cx, c, "name");
    fault->name = name ? name : "";
    const sl_wsdl_item_t *message =
        sl_wsdl_ref(cx, m->wsdl, m->port_type, c, SL_WSDL_MESSAGE, sl_cx_attr(cx, c, "message"));
    const xmlNode *part = message ? named_child(cx, message->node, "part", NULL) : NULL;
    if (part) fault->elem = part_elem(m, message, part);
  }
}

/* --- the operation
 * ----------------------------------------------------------------------------------------- */

static bool push(sl_cx_t *cx, sl_wsdl_ops_t *ops, const sl_wsdl_op_t *op)
{
  if (ops->n == ops->cap) {
    size_t cap = ops->cap ? 2 * ops->cap : 32;
    sl_wsdl_op_t *v = realloc(ops->v, cap * sizeof *v);
    if (!v) return sl_cx_spend(cx, SIZE_MAX);
    ops->v = v;
    ops->cap = cap;
  }
  ops->v[ops->n++] = *op;
  return true;
}

static void operation(struct making *m, bool rpc_default, sl_wsdl_ops_t *ops)
{
  sl_cx_t *cx = m->cx;
  sl_wsdl_op_t *op = &m->op;
  const xmlNode *ext = NULL;
  sl_wsdl_soap_version(m->bound, "operation", &ext);
  const char *action = ext ? sl_cx_attr(cx, ext, "soapAction") : NULL;
  const char *style = ext ? sl_cx_attr(cx, ext, "style") : NULL;
  op->name = sl_cx_attr(cx, m->bound, "name");
  if (!op->name) op->name = "";
  op->action = action ? action : "";
  op->rpc = style ? !strcmp(style, "rpc") : rpc_default;
  op->where = sl_cx_where(m->binding->doc, m->bound);
  m->abstract = abstract_of(cx, m->port_type->node, m->bound);
  if (!m->abstract) {
    sl_cx_error(cx, "C201", m->binding->doc, m->bound, NULL,
                "the portType has no operation \"%.200s\"", op->name);
    return;
  }
  op->input = direction(m, "input");
  op->output = direction(m, "output");
  faults(m);
  if (!op->body_ns) op->body_ns = cx->schemas->ns_empty;
  if (m->left_out)
    sl_cx_warn(cx, "C203", m->binding->doc, m->bound, NULL, "operation \"%.200s\" is left out: %s",
               op->name, m->left_out);
  else
    push(cx, ops, op);
}

void sl_wsdl_add_ops(sl_cx_t *cx, const sl_wsdl_t *self, const sl_wsdl_item_t *binding,
                     const char *port, const char *endpoint, sl_wsdl_ops_t *ops)
{
  const xmlNode *soap = NULL;
  int version = sl_wsdl_soap_version(binding->node, "binding", &soap);
  if (!version) return;
  const char *transport = sl_cx_attr(cx, soap, "transport"), *style = sl_cx_attr(cx, soap, "style");
  if (transport && !strstr(transport, "http")) {
    sl_cx_warn(cx, "C203", binding->doc, soap, NULL,
               "the binding is left out: its transport is \"%.200s\", not HTTP", transport);
    return;
  }
  const sl_wsdl_item_t *port_type = sl_wsdl_ref(cx, self, binding, binding->node, SL_WSDL_PORT_TYPE,
                                                sl_cx_attr(cx, binding->node, "type"));
  if (!port_type) return;
  for (const xmlNode *c = sl_cx_first(binding->node, SL_NS_WSDL); c && sl_cx_spend(cx, 1);
       c = sl_cx_next(c, SL_NS_WSDL)) {
    if (!sl_cx_named(c, "operation")) continue;
    struct making m = {.cx = cx, .wsdl = self, .binding = binding, .port_type = port_type};
    m.bound = c;
    m.op.port = port;
    m.op.endpoint = endpoint;
    m.op.soap_version = version;
    operation(&m, style && !strcmp(style, "rpc"), ops);
  }
}

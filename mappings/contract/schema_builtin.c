/* SPDX-License-Identifier: GPL-3.0-or-later
 * The types of XML Schema Part 2 §3, and what schemas use without importing it from a file. */
#include "mappings/contract/schema.h"

#include <string.h>

struct row {
  const char *name, *base; /* base "" : anySimpleType */
  sl_xbase_t simple;
  const char *min, *max; /* inclusive; NULL: the base's */
  const char *item;      /* list of these */
};

/* Bases come before what is derived from them. */
static const struct row rows[] = {
    {"anySimpleType", NULL, SL_X_ANY, NULL, NULL, NULL},
    {"string", "", SL_X_STRING, NULL, NULL, NULL},
    {"normalizedString", "string", SL_X_STRING, NULL, NULL, NULL},
    {"token", "normalizedString", SL_X_STRING, NULL, NULL, NULL},
    {"language", "token", SL_X_STRING, NULL, NULL, NULL},
    {"Name", "token", SL_X_STRING, NULL, NULL, NULL},
    {"NCName", "Name", SL_X_STRING, NULL, NULL, NULL},
    {"ID", "NCName", SL_X_STRING, NULL, NULL, NULL},
    {"IDREF", "NCName", SL_X_STRING, NULL, NULL, NULL},
    {"ENTITY", "NCName", SL_X_STRING, NULL, NULL, NULL},
    {"NMTOKEN", "token", SL_X_STRING, NULL, NULL, NULL},
    {"IDREFS", "", SL_X_STRING, NULL, NULL, "IDREF"},
    {"ENTITIES", "", SL_X_STRING, NULL, NULL, "ENTITY"},
    {"NMTOKENS", "", SL_X_STRING, NULL, NULL, "NMTOKEN"},
    {"boolean", "", SL_X_BOOLEAN, NULL, NULL, NULL},
    {"decimal", "", SL_X_DECIMAL, NULL, NULL, NULL},
    {"integer", "decimal", SL_X_INTEGER, NULL, NULL, NULL},
    {"nonPositiveInteger", "integer", SL_X_INTEGER, NULL, "0", NULL},
    {"negativeInteger", "nonPositiveInteger", SL_X_INTEGER, NULL, "-1", NULL},
    {"long", "integer", SL_X_INTEGER, "-9223372036854775808", "9223372036854775807", NULL},
    {"int", "long", SL_X_INTEGER, "-2147483648", "2147483647", NULL},
    {"short", "int", SL_X_INTEGER, "-32768", "32767", NULL},
    {"byte", "short", SL_X_INTEGER, "-128", "127", NULL},
    {"nonNegativeInteger", "integer", SL_X_INTEGER, "0", NULL, NULL},
    {"unsignedLong", "nonNegativeInteger", SL_X_INTEGER, NULL, "18446744073709551615", NULL},
    {"unsignedInt", "unsignedLong", SL_X_INTEGER, NULL, "4294967295", NULL},
    {"unsignedShort", "unsignedInt", SL_X_INTEGER, NULL, "65535", NULL},
    {"unsignedByte", "unsignedShort", SL_X_INTEGER, NULL, "255", NULL},
    {"positiveInteger", "nonNegativeInteger", SL_X_INTEGER, "1", NULL, NULL},
    {"float", "", SL_X_FLOAT, NULL, NULL, NULL},
    {"double", "", SL_X_FLOAT, NULL, NULL, NULL},
    {"date", "", SL_X_DATE, NULL, NULL, NULL},
    {"time", "", SL_X_TIME, NULL, NULL, NULL},
    {"dateTime", "", SL_X_DATETIME, NULL, NULL, NULL},
    {"duration", "", SL_X_DURATION, NULL, NULL, NULL},
    {"gYear", "", SL_X_GREGORIAN, NULL, NULL, NULL},
    {"gYearMonth", "", SL_X_GREGORIAN, NULL, NULL, NULL},
    {"gMonth", "", SL_X_GREGORIAN, NULL, NULL, NULL},
    {"gMonthDay", "", SL_X_GREGORIAN, NULL, NULL, NULL},
    {"gDay", "", SL_X_GREGORIAN, NULL, NULL, NULL},
    {"base64Binary", "", SL_X_BASE64, NULL, NULL, NULL},
    {"hexBinary", "", SL_X_HEX, NULL, NULL, NULL},
    {"QName", "", SL_X_QNAME, NULL, NULL, NULL},
    {"NOTATION", "", SL_X_QNAME, NULL, NULL, NULL},
    {"anyURI", "", SL_X_URI, NULL, NULL, NULL},
};

const char *sl_xbase_name(sl_xbase_t base)
{
  static const char *const names[] = {
      [SL_X_NONE] = "element content",   [SL_X_ANY] = "xs:anySimpleType",
      [SL_X_STRING] = "xs:string",       [SL_X_BOOLEAN] = "xs:boolean",
      [SL_X_DECIMAL] = "xs:decimal",     [SL_X_INTEGER] = "xs:integer",
      [SL_X_FLOAT] = "xs:double",        [SL_X_DATE] = "xs:date",
      [SL_X_TIME] = "xs:time",           [SL_X_DATETIME] = "xs:dateTime",
      [SL_X_DURATION] = "xs:duration",   [SL_X_GREGORIAN] = "xs:gYear",
      [SL_X_BASE64] = "xs:base64Binary", [SL_X_HEX] = "xs:hexBinary",
      [SL_X_QNAME] = "xs:QName",         [SL_X_URI] = "xs:anyURI",
  };
  return (size_t)base < sizeof names / sizeof *names ? names[base] : "unknown";
}

static sl_tbuild_t *add_type(sl_cx_t *cx, const char *ns, const char *name)
{
  sl_tbuild_t *t = sl_cx_alloc(cx, sizeof *t);
  sl_comp_t *comp = sl_cx_alloc(cx, sizeof *comp);
  if (!t || !comp) return NULL;
  t->state = SL_T_DONE;
  t->type.ns = ns;
  t->type.name = sl_cx_intern(cx, name);
  t->type.where.file = "";
  sl_facets_clear(&t->type.facets);
  comp->kind = SL_COMP_TYPE;
  comp->name.ns = ns;
  comp->name.name = t->type.name;
  comp->built = t;
  sl_schema_add(cx, comp);
  return t;
}

static const sl_xtype_t *builtin(sl_cx_t *cx, const char *ns, const char *name)
{
  sl_qname_t q = {ns, sl_cx_intern(cx, name)};
  const sl_comp_t *comp = sl_schema_find(cx, SL_COMP_TYPE, q);
  return comp ? &((sl_tbuild_t *)comp->built)->type : NULL;
}

/* In XSD's namespace, and once more in SOAP encoding's, whose types are the same with attributes
 * id and href (SOAP 1.1 §5.2). */
static void add_simple(sl_cx_t *cx, const char *ns, const struct row *row)
{
  sl_tbuild_t *t = add_type(cx, ns, row->name);
  if (!t) return;
  sl_xtype_t *type = &t->type;
  if (row->base) type->base = builtin(cx, ns, row->base[0] ? row->base : "anySimpleType");
  if (type->base) type->facets = type->base->facets;
  type->simple = row->simple;
  if (row->min) type->facets.min_inclusive = row->min;
  if (row->max) type->facets.max_inclusive = row->max;
  if (row->simple == SL_X_INTEGER) type->facets.fraction_digits = 0;
  type->facets.collapse = row->simple != SL_X_STRING && row->simple != SL_X_ANY;
  if (row->simple == SL_X_STRING && row->base[0] && strcmp(row->name, "normalizedString"))
    type->facets.collapse = true;
  if (row->item) {
    type->list_item = builtin(cx, ns, row->item);
    type->facets.collapse = true;
  }
  type->any_attr = ns == cx->schemas->ns_soapenc;
}

static void add_attr(sl_cx_t *cx, const char *ns, const char *name, const char *type)
{
  sl_comp_t *comp = sl_cx_alloc(cx, sizeof *comp);
  sl_xattr_t *attr = sl_cx_alloc(cx, sizeof *attr);
  if (!comp || !attr) return;
  attr->ns = sl_cx_intern(cx, ns);
  attr->name = sl_cx_intern(cx, name);
  attr->type = builtin(cx, cx->schemas->ns_xsd, type);
  comp->kind = SL_COMP_ATTR;
  comp->name.ns = attr->ns;
  comp->name.name = attr->name;
  comp->built = attr;
  sl_schema_add(cx, comp);
}

/* An attribute group without a declaration of its own stands for any attribute. */
static void add_attr_group(sl_cx_t *cx, const char *ns, const char *name)
{
  sl_comp_t *comp = sl_cx_alloc(cx, sizeof *comp);
  if (!comp) return;
  comp->kind = SL_COMP_ATTR_GROUP;
  comp->name.ns = sl_cx_intern(cx, ns);
  comp->name.name = sl_cx_intern(cx, name);
  sl_schema_add(cx, comp);
}

void sl_schema_add_builtins(sl_cx_t *cx)
{
  sl_schemas_t *self = cx->schemas;
  sl_tbuild_t *any = add_type(cx, self->ns_xsd, "anyType");
  if (!any) return;
  any->type.simple = SL_X_ANY;
  any->type.complex = any->type.mixed = any->type.any_child = any->type.any_attr = true;
  self->any_type = &any->type;
  for (size_t i = 0; i < sizeof rows / sizeof *rows && !cx->full; i++) {
    add_simple(cx, self->ns_xsd, &rows[i]);
    add_simple(cx, self->ns_soapenc, &rows[i]);
  }
  static const struct row base64 = {"base64", "", SL_X_BASE64, NULL, NULL, NULL};
  add_simple(cx, self->ns_soapenc, &base64);

  sl_tbuild_t *array = add_type(cx, self->ns_soapenc, "Array");
  sl_tbuild_t *structure = add_type(cx, self->ns_soapenc, "Struct");
  if (!array || !structure) return;
  array->soap_array = true;
  array->type.complex = array->type.any_child = array->type.any_attr = true;
  structure->type.complex = structure->type.any_child = structure->type.any_attr = true;

  add_attr(cx, SL_NS_XML, "lang", "language");
  add_attr(cx, SL_NS_XML, "space", "NCName");
  add_attr(cx, SL_NS_XML, "base", "anyURI");
  add_attr(cx, SL_NS_XML, "id", "ID");
  add_attr(cx, SL_NS_SOAPENC, "arrayType", "string");
  add_attr(cx, SL_NS_SOAPENC, "offset", "string");
  add_attr(cx, SL_NS_SOAPENC, "position", "string");
  add_attr(cx, SL_NS_SOAPENC, "root", "boolean");
  add_attr(cx, SL_NS_SOAPENC, "encodingStyle", "anyURI");
  add_attr(cx, "http://www.w3.org/2005/05/xmlmime", "contentType", "string");
  add_attr_group(cx, SL_NS_XML, "specialAttrs");
  add_attr_group(cx, SL_NS_SOAPENC, "commonAttributes");
  add_attr_group(cx, SL_NS_SOAPENC, "arrayAttributes");
  add_attr_group(cx, SL_NS_SOAPENC, "arrayMemberAttributes");
}

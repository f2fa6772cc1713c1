/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a field's legacy value stands: "the contract demands it" is said relative to what is around
 * it. A demanded element in an optional one may be missing with it. */
#include <string.h>
#include "mappings/engine/derive.h"
#include "mappings/engine/schema_impl.h"

static bool in_xml(const sl_xnode_t *node, const sl_field_t *field, bool sure,
                   sl_legacy_place_t *out)
{
  for (size_t i = 0; i < node->n_attrs; i++)
    if (node->attrs[i].field == field) {
      *out = (sl_legacy_place_t){node, NULL, sure && node->attrs[i].required};
      return true;
    }
  for (size_t i = 0; i < node->n_children; i++) {
    const sl_xnode_t *c = &node->children[i];
    if (c->field == field) {
      *out = (sl_legacy_place_t){node, c, sure && c->required};
      return true;
    }
    if (in_xml(c, field, sure && c->required, out)) return true;
  }
  return false;
}

static bool in_json(const sl_jnode_t *node, const sl_field_t *field, bool sure,
                    sl_legacy_place_t *out)
{
  for (size_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (c->field == field) {
      *out = (sl_legacy_place_t){node, c, sure && field->required};
      return true;
    }
    if (in_json(c, field, false, out)) return true;
  }
  return false;
}

const sl_field_t *sl_scheme_carrier(const sl_field_t *field)
{
  return field->derive && field->derive->kind == SL_DERIVE_PART ? field->derive->record : field;
}

sl_legacy_place_t sl_scheme_place(const sl_frame_t *frame, const sl_field_t *field)
{
  sl_legacy_place_t out = {NULL, NULL, false};
  field = sl_scheme_carrier(field);
  if (frame->xml) {
    if (frame->xml->field == field) return (sl_legacy_place_t){frame->xml, NULL, true};
    in_xml(frame->xml, field, true, &out);
  } else if (frame->n_columns) {
    out = (sl_legacy_place_t){frame, NULL, field->required};
  } else if (frame->legacy_json) {
    if (frame->legacy_json->field == field)
      return (sl_legacy_place_t){frame->legacy_json, NULL, true};
    in_json(frame->legacy_json, field, true, &out);
  }
  return out;
}

static bool all_in(const sl_frame_t *frame, const sl_jnode_t *object, const void *element)
{
  for (uint16_t i = 0; element && i < object->n_children; i++) {
    const sl_jnode_t *c = &object->children[i];
    if (c->kind == SL_JN_CONST || c->kind == SL_JN_IGNORE) continue;
    if (c->kind != SL_JN_FIELD || !c->field) return false;
    sl_legacy_place_t place = sl_scheme_place(frame, c->field);
    if (place.parent != element && place.own != element) return false;
  }
  return element != NULL;
}

/* Do all values of a JSON object stand in one legacy element? Then they are there with it, or not
 * at all, and what is demanded in it is demanded in the object. */
const void *sl_scheme_common(const sl_frame_t *frame, const sl_jnode_t *object)
{
  for (uint16_t i = 0; i < object->n_children; i++) {
    const sl_jnode_t *c = &object->children[i];
    if (c->kind != SL_JN_FIELD || !c->field) continue;
    sl_legacy_place_t place = sl_scheme_place(frame, c->field);
    if (all_in(frame, object, place.own)) return place.own;
    return all_in(frame, object, place.parent) ? place.parent : NULL;
  }
  return NULL;
}

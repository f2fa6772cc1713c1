/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/legacy.h"

#include <stdio.h>
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/xml_capture.h"

struct make {
  const sl_made_t *made;
  sl_buf_t *out;
  bool failed;
};

static sl_legacy_t value_of(const struct make *m, const sl_field_t *f, size_t item)
{
  return f ? m->made->value(m->made->context, f, item) : (sl_legacy_t){SL_L_MISSING, {"", 0}};
}

static size_t items_of(const struct make *m, const sl_list_t *list)
{
  return m->made->items(m->made->context, list);
}

/* --- XML ----------------------------------------------------------------------------------------
 */

static const char xsi[] = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

static bool xml_element(struct make *m, const sl_xnode_t *node, size_t item, bool keep,
                        const sl_frame_t *root);

static bool xml_text(struct make *m, const sl_xnode_t *node, size_t item, const sl_frame_t *root)
{
  sl_legacy_t v = value_of(m, node->field, item);
  if (v.state == SL_L_NIL && !(root && root->xsi)) sl_buf_addz(m->out, xsi);
  if (v.state == SL_L_NIL) sl_buf_addz(m->out, " xsi:nil=\"true\"");
  if (v.state <= SL_L_NIL || !v.text.len) {
    sl_buf_addz(m->out, "/>");
  } else {
    sl_buf_addc(m->out, '>');
    sl_xml_escape(m->out, v.text, false);
    sl_buf_adds(m->out, node->close);
  }
  return v.state != SL_L_MISSING;
}

static bool xml_children(struct make *m, const sl_xnode_t *node, size_t item)
{
  bool any = false;
  sl_buf_addc(m->out, '>');
  for (uint16_t i = 0; i < node->n_children; i++) {
    const sl_xnode_t *c = &node->children[i];
    size_t n = c->list ? items_of(m, c->list) : 0;
    if (!c->list) any |= xml_element(m, c, item, false, NULL);
    for (size_t k = 0; k < n; k++) any |= xml_element(m, c->list->item->xml, k, true, NULL);
  }
  sl_buf_adds(m->out, node->close);
  return any;
}

static bool xml_element(struct make *m, const sl_xnode_t *node, size_t item, bool keep,
                        const sl_frame_t *root)
{
  size_t mark = m->out->len;
  bool any = keep;
  if (node->raw || node->by_type || node->only.choice) return m->failed = true, false;
  sl_buf_adds(m->out, node->open);
  if (root) sl_buf_adds(m->out, root->xmlns);
  for (uint16_t i = 0; i < node->n_attrs; i++) {
    sl_legacy_t v = value_of(m, node->attrs[i].field, item);
    if (v.state <= SL_L_NIL) continue;
    any = true;
    sl_buf_adds(m->out, node->attrs[i].open);
    sl_xml_escape(m->out, v.text, true);
    sl_buf_addc(m->out, '"');
  }
  any |= node->n_children ? xml_children(m, node, item) : xml_text(m, node, item, root);
  if (!any && !m->out->failed) m->out->len = mark;
  return any;
}

static void xml_record(struct make *m, const sl_shape_t *shape)
{
  char open[256], close[256];
  sl_xnode_t node = *shape->frame->xml;
  snprintf(open, sizeof open, "<%s", shape->name);
  snprintf(close, sizeof close, "</%s>", shape->name);
  node.open = sl_str(open);
  node.close = sl_str(close);
  xml_element(m, &node, 0, true, shape->frame);
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static bool json_node(struct make *m, const sl_jnode_t *node, size_t item);

static bool json_value(struct make *m, const sl_field_t *f, size_t item)
{
  sl_legacy_t v = value_of(m, f, item);
  bool number = f->spelled == SL_SPELLED_NUMBER && sl_json_is_number(v.text);
  if (v.state == SL_L_NIL) sl_buf_addz(m->out, "null");
  if (v.state > SL_L_NIL && number) sl_buf_adds(m->out, v.text);
  if (v.state > SL_L_NIL && !number) sl_json_quote(m->out, v.text);
  return v.state != SL_L_MISSING;
}

static bool json_object(struct make *m, const sl_jnode_t *node, size_t item)
{
  bool any = false;
  sl_buf_addc(m->out, '{');
  for (uint16_t i = 0; i < node->n_children; i++) {
    size_t mark = m->out->len;
    if (any) sl_buf_addc(m->out, ',');
    sl_buf_adds(m->out, node->children[i].quoted);
    if (json_node(m, &node->children[i], item))
      any = true;
    else
      m->out->len = mark;
  }
  sl_buf_addc(m->out, '}');
  return any || !node->key.len;
}

static bool json_list(struct make *m, const sl_list_t *list)
{
  size_t n = items_of(m, list);
  sl_buf_addc(m->out, '[');
  for (size_t i = 0; i < n; i++) {
    if (i) sl_buf_addc(m->out, ',');
    if (!json_node(m, list->item->legacy_json, i)) sl_buf_addz(m->out, "null");
  }
  sl_buf_addc(m->out, ']');
  return n > 0;
}

static bool json_node(struct make *m, const sl_jnode_t *node, size_t item)
{
  if (node->only.choice) return m->failed = true, false;
  switch (node->kind) {
  case SL_JN_FIELD: return json_value(m, node->field, item);
  case SL_JN_OBJECT: return json_object(m, node, item);
  case SL_JN_LIST: return json_list(m, node->list);
  case SL_JN_PLACE:
    return items_of(m, node->list) && json_node(m, node->list->item->legacy_json, 0);
  default: return false;
  }
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void csv_record(struct make *m, const sl_frame_t *frame)
{
  for (size_t i = 0; i < frame->n_lists; i++) m->failed |= sl_list_has_rows(frame->lists[i]);
  for (int row = 0; row < 2; row++) {
    for (size_t i = 0; i < frame->n_columns; i++) {
      const sl_column_plan_t *c = &frame->columns[i];
      bool there = row && (!c->place || items_of(m, c->place));
      sl_legacy_t v = value_of(m, there ? c->field : NULL, 0);
      if (i) sl_buf_addc(m->out, ',');
      if (!row) sl_buf_adds(m->out, c->label);
      if (v.state <= SL_L_NIL) continue;
      sl_buf_addc(m->out, '"');
      for (size_t k = 0; k < v.text.len; k++) {
        if (v.text.p[k] == '"') sl_buf_addc(m->out, '"');
        sl_buf_addc(m->out, v.text.p[k]);
      }
      sl_buf_addc(m->out, '"');
    }
    sl_buf_addc(m->out, '\n');
  }
}

bool sl_made_record(const sl_made_t *self, const sl_shape_t *shape, sl_buf_t *out)
{
  struct make m = {.made = self, .out = out};
  const sl_frame_t *frame = shape->frame;
  if (frame->n_choices) return false;
  if (frame->xml)
    xml_record(&m, shape);
  else if (frame->legacy_json)
    json_node(&m, frame->legacy_json, 0);
  else
    csv_record(&m, frame);
  return !m.failed && !out->failed;
}

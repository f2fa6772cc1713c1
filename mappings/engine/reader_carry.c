/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/reader_xml_impl.h"

/* Bytes of one captured subtree; messages are usually held to less. */
enum { MAX_CAPTURE = 64 * 1024 * 1024 };

bool sl_xml_reader_captures(sl_xml_reader_t *r)
{
  if (!r->capture) r->capture = sl_xml_capture_new(r->arena, MAX_CAPTURE);
  return r->capture;
}

bool sl_xml_reader_carry(sl_xml_reader_t *self)
{
  self->base = true;
  return sl_xml_reader_captures(self) &&
         (self->root->carries || sl_record_carry(self->root, self->arena));
}

void sl_xml_capture_into(sl_xml_reader_t *r, const sl_xml_start_t *s, sl_record_t *record,
                         unsigned carry, sl_slot_t *slot)
{
  sl_xml_name_t name = {s->name, s->prefix};
  if (!r->capture->open) {
    r->carry_record = record;
    r->carry = carry;
    r->capture_slot = slot;
    r->text = NULL;
  }
  sl_xml_capture_start(r->capture, name, s->n_ns, s->ns, s->n_attrs, s->attrs);
}

void sl_xml_captured(sl_xml_reader_t *r)
{
  sl_str_t xml = sl_xml_capture_take(r->capture, r->arena);
  if (!xml.p || xml.len > UINT32_MAX / 4) return sl_xml_full(r);
  if (r->capture_slot)
    *r->capture_slot = (sl_slot_t){xml.p, (uint32_t)xml.len, SL_L_TEXT, 0};
  else if (!sl_record_chunk(r->carry_record, r->carry, xml, r->arena))
    sl_xml_full(r);
}

void sl_xml_carry_hollow(sl_xml_reader_t *r, const sl_xml_level_t *level)
{
  if (level->some || !level->node->hollow) return;
  if (!sl_record_chunk(level->record, level->node->hollow, sl_str(""), r->arena)) sl_xml_full(r);
}

static void no_place(sl_xml_reader_t *r, const char *what, const xmlChar *name,
                     const sl_xnode_t *node)
{
  sl_xml_fail(
      r, SL_GARBAGE,
      "the record that is to be changed has the %s %.60s in %s, which the contract does not "
      "know: it would be lost",
      what, (const char *)name, node->path[0] ? node->path : "it");
}

void sl_xml_carry_unknown(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                          const sl_xml_start_t *s)
{
  if (node->rest) return sl_xml_capture_into(r, s, record, node->rest, NULL);
  no_place(r, "element", s->name, node);
}

/* An attribute of no node, as the writer emits it: with a namespace of its own. */
static void carry_any(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                      const xmlChar **a)
{
  sl_buf_t raw;
  sl_buf_init(&raw, MAX_CAPTURE);
  if (a[2]) {
    sl_buf_printf(&raw, " xmlns:c%u=\"", ++r->n_any);
    sl_xml_escape(&raw, sl_str((const char *)a[2]), true);
    sl_buf_printf(&raw, "\" c%u:%s=\"", r->n_any, (const char *)a[0]);
  } else {
    sl_buf_printf(&raw, " %s=\"", (const char *)a[0]);
  }
  sl_xml_escape(&raw, sl_strn((const char *)a[3], (size_t)(a[4] - a[3])), true);
  sl_buf_addc(&raw, '"');
  sl_str_t text = raw.failed ? sl_strn(NULL, 0) : sl_arena_str(r->arena, sl_buf_str(&raw));
  sl_buf_fini(&raw);
  if (!text.p || !sl_record_chunk(record, node->rest_attrs, text, r->arena)) sl_xml_full(r);
}

void sl_xml_carry_attr(sl_xml_reader_t *r, const sl_xnode_t *node, const sl_xattr_plan_t *plan,
                       sl_record_t *record, const xmlChar **a)
{
  if (a[2] == r->parser->xsi || !node->guarded) return;
  if (plan && plan->carry) {
    sl_str_t text = sl_arena_str(r->arena, sl_strn((const char *)a[3], (size_t)(a[4] - a[3])));
    if (!text.p || !sl_record_chunk(record, plan->carry, text, r->arena)) sl_xml_full(r);
  } else if (!plan && node->rest_attrs) {
    carry_any(r, node, record, a);
  } else if (!plan) {
    no_place(r, "attribute", a[0], node);
  }
}

/* --- elements that are values
 * --------------------------------------------------------------------------- */

void sl_xml_take_raw(sl_xml_reader_t *r, const sl_xnode_t *node, sl_record_t *record,
                     const sl_xml_start_t *s)
{
  sl_slot_t *slot = &record->slots[node->field->slot];
  if (slot->state == SL_L_MISSING) return sl_xml_capture_into(r, s, record, 0, slot);
  sl_xml_fail(r, SL_GARBAGE, "%s comes more than once, against the contract", node->path);
}

void sl_xml_enter_alone(sl_xml_reader_t *r, const sl_xml_start_t *s, bool same)
{
  if (same) return sl_xml_capture_into(r, s, NULL, 0, &r->fault_text);
  sl_xml_fail(r, SL_GARBAGE, "the element %s of the contract was expected, not %.60s%s",
              r->mapping->names.v[r->alone->name], (const char *)s->name,
              s->uri ? " of its namespace" : "");
}

sl_code_t sl_xml_canonical(const sl_mapping_t *mapping, const sl_xnode_t *node, sl_str_t xml,
                           sl_arena_t *arena, sl_str_t *out, sl_err_t *err)
{
  sl_err_t bad;
  sl_xml_reader_t *r = sl_xml_reader_new(mapping, arena, NULL, false);
  if (!r) return sl_err_set(err, SL_TOO_LARGE, "the request is larger than a message may be");
  r->alone = node;
  sl_code_t code = sl_xml_reader_feed(r, xml.p, xml.len, true, &bad);
  *out = sl_strn(r->fault_text.p, r->fault_text.len);
  bool own = r->parser && r->parser->ctxt->wellFormed && r->parser->ctxt->nsWellFormed;
  sl_xml_reader_fini(r);
  if (!code) return SL_OK;
  return sl_err_set(err, SL_INVALID, "%s",
                    own ? bad.text : "XML whose prefixes are declared in it was expected");
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The offers of bus/proto.h: rare messages, so plain code instead of tables. */
#include "bus/proto.h"
#include "bus/reader.h"
#include "bus/writer.h"

enum { MAX_ENDPOINTS = 16, MAX_PARAMS = 256 };

/* --- encoding ------------------------------------------------------------------------------ */

static void put_text(sl_buf_t *out, const char *lead, sl_str_t text)
{
  if (!text.len) return;
  sl_buf_addz(out, lead);
  sl_bus_write_text(out, text);
}

static void put_texts(sl_buf_t *out, const char *lead, const sl_str_t *texts, size_t n)
{
  if (!n) return;
  sl_buf_addz(out, lead);
  for (size_t i = 0; i < n; i++) {
    sl_buf_addc(out, i ? ',' : '[');
    sl_bus_write_text(out, texts[i]);
  }
  sl_buf_addc(out, ']');
}

static void encode_operation(const sl_bus_operation_t *op, sl_buf_t *out)
{
  put_text(out, "{\"name\":", op->name);
  put_text(out, ",\"method\":", op->method);
  put_text(out, ",\"path\":", op->path);
  sl_buf_addz(out, op->safe ? ",\"safe\":true" : "");
  sl_buf_addz(out, op->has_body ? ",\"has_body\":true" : "");
  put_texts(out, ",\"params\":", op->params, op->n_params);
  put_text(out, ",\"openapi\":", op->openapi);
  sl_buf_addc(out, '}');
}

void sl_bus_offer_encode(const sl_bus_offer_t *offer, sl_buf_t *out)
{
  sl_buf_addz(out, "{\"v\":1");
  put_text(out, ",\"instance\":", offer->instance);
  put_text(out, ",\"incarnation\":", offer->incarnation);
  put_text(out, ",\"system\":", offer->system);
  put_text(out, ",\"kind\":", offer->kind);
  put_text(out, ",\"version\":", offer->version);
  put_texts(out, ",\"endpoints\":", offer->endpoints, offer->n_endpoints);
  put_text(out, ",\"public_key\":", offer->public_key);
  sl_buf_addz(out, ",\"load\":");
  sl_bus_write_load(out, offer->load);
  sl_buf_addz(out, ",\"operations\":[");
  for (size_t i = 0; i < offer->n_operations; i++) {
    if (i) sl_buf_addc(out, ',');
    encode_operation(&offer->operations[i], out);
  }
  sl_buf_addz(out, "]}");
}

/* --- decoding ------------------------------------------------------------------------------ */

static bool decode_operation(sl_bus_reader_t *r, sl_bus_operation_t *op)
{
  sl_str_t name;
  while (sl_bus_reader_member(r, &name)) {
    bool ok = sl_str_eqz(name, "name")       ? sl_bus_reader_text(r, &op->name)
              : sl_str_eqz(name, "method")   ? sl_bus_reader_text(r, &op->method)
              : sl_str_eqz(name, "path")     ? sl_bus_reader_text(r, &op->path)
              : sl_str_eqz(name, "safe")     ? sl_bus_reader_bool(r, &op->safe)
              : sl_str_eqz(name, "has_body") ? sl_bus_reader_bool(r, &op->has_body)
              : sl_str_eqz(name, "openapi")  ? sl_bus_reader_text(r, &op->openapi)
              : sl_str_eqz(name, "params")
                  ? sl_bus_reader_texts(r, MAX_PARAMS, &op->params, &op->n_params)
                  : sl_bus_reader_skip(r);
    if (!ok) return false;
  }
  if (r->code == SL_OK && !op->name.len)
    return sl_bus_reader_fail(r, SL_INVALID, "an operation needs a name");
  return r->code == SL_OK;
}

static bool decode_operations(sl_bus_reader_t *r, sl_bus_offer_t *offer)
{
  void *items = NULL;
  size_t n = 0;
  sl_json_token_t tok;
  if (!sl_bus_reader_array(r)) return false;
  while (sl_bus_reader_item(r, &tok)) {
    if (tok.kind != SL_JSON_OBJECT)
      return sl_bus_reader_fail(r, SL_INVALID, "an operation is an object");
    if (!sl_bus_reader_grow(r, &items, n, sizeof(sl_bus_operation_t), SL_BUS_MAX_OPERATIONS))
      return false;
    if (!decode_operation(r, (sl_bus_operation_t *)items + n)) return false;
    n++;
  }
  offer->operations = items;
  offer->n_operations = n;
  return r->code == SL_OK;
}

static bool decode_version(sl_bus_reader_t *r)
{
  int64_t version;
  if (!sl_bus_reader_int(r, &version)) return false;
  if (version == SL_BUS_VERSION) return true;
  return sl_bus_reader_fail(r, SL_INVALID, "version %lld is not spoken here, only %d",
                            (long long)version, SL_BUS_VERSION);
}

static bool decode_member(sl_bus_reader_t *r, sl_str_t name, sl_bus_offer_t *offer)
{
  if (sl_str_eqz(name, "v")) return decode_version(r);
  if (sl_str_eqz(name, "instance")) return sl_bus_reader_text(r, &offer->instance);
  if (sl_str_eqz(name, "incarnation")) return sl_bus_reader_text(r, &offer->incarnation);
  if (sl_str_eqz(name, "system")) return sl_bus_reader_text(r, &offer->system);
  if (sl_str_eqz(name, "kind")) return sl_bus_reader_text(r, &offer->kind);
  if (sl_str_eqz(name, "version")) return sl_bus_reader_text(r, &offer->version);
  if (sl_str_eqz(name, "public_key")) return sl_bus_reader_text(r, &offer->public_key);
  if (sl_str_eqz(name, "load")) return sl_bus_reader_real(r, &offer->load);
  if (sl_str_eqz(name, "endpoints"))
    return sl_bus_reader_texts(r, MAX_ENDPOINTS, &offer->endpoints, &offer->n_endpoints);
  if (sl_str_eqz(name, "operations")) return decode_operations(r, offer);
  return sl_bus_reader_skip(r);
}

/* After the offer's opening brace. */
static bool decode_offer(sl_bus_reader_t *r, sl_bus_offer_t *offer)
{
  sl_str_t name;
  while (sl_bus_reader_member(r, &name))
    if (!decode_member(r, name, offer)) return false;
  if (r->code != SL_OK) return false;
  if (!offer->instance.len || !offer->incarnation.len || !offer->system.len)
    return sl_bus_reader_fail(r, SL_INVALID, "an offer needs instance, incarnation and system");
  return true;
}

sl_code_t sl_bus_offer_decode(sl_str_t json, sl_arena_t *arena, sl_bus_offer_t *offer,
                              sl_err_t *err)
{
  memset(offer, 0, sizeof *offer);
  sl_bus_reader_t r;
  sl_bus_reader_init(&r, json, "offer", arena, err);
  if (sl_bus_reader_object(&r) && decode_offer(&r, offer)) sl_bus_reader_end(&r);
  sl_bus_reader_fini(&r);
  return r.code;
}

sl_code_t sl_bus_offers_decode(sl_str_t json, sl_arena_t *arena, sl_bus_offer_t **offers_p,
                               size_t *n_p, sl_err_t *err)
{
  void *items = NULL;
  size_t n = 0;
  sl_json_token_t tok;
  sl_bus_reader_t r;
  sl_bus_reader_init(&r, json, "offers", arena, err);
  bool ok = sl_bus_reader_array(&r);
  while (ok && sl_bus_reader_item(&r, &tok)) {
    ok = tok.kind == SL_JSON_OBJECT ? true
                                    : sl_bus_reader_fail(&r, SL_INVALID, "an offer is an object");
    ok = ok && sl_bus_reader_grow(&r, &items, n, sizeof(sl_bus_offer_t), SL_BUS_MAX_OFFERS) &&
         decode_offer(&r, (sl_bus_offer_t *)items + n);
    n++;
  }
  if (ok) sl_bus_reader_end(&r);
  *offers_p = r.code == SL_OK ? items : NULL;
  *n_p = r.code == SL_OK ? n : 0;
  sl_bus_reader_fini(&r);
  return r.code;
}

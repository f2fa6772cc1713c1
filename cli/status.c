/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/buslink.h"
#include "cli/commands.h"
#include "core/clock.h"
#include "core/jsonw.h"

/* Connections on one machine take milliseconds; whoever takes longer than this is not well. */
enum { SETTLE_MS = 1000 };

typedef struct settings {
  sl_buslink_settings_t link;
  bool json;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "json",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, json),
     .help = "as JSON, for programs"},
    SL_BUSLINK_OPTIONS(settings_t, link, "3s"),
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice status",
    .usage = "[OPTION]…",
    .purpose = "Tells which systems are on the bus, their instances with their load, and their "
               "operations.",
    .opts = options,
};

/* --- walking ------------------------------------------------------------------------------------
 */

static const sl_bus_offer_t *offer_at(const sl_buslink_t *link, size_t i, bool *alive_p)
{
  return sl_bus_client_offer(link->client, i, alive_p);
}

static bool all_alive(const sl_buslink_t *link)
{
  bool alive = true;
  for (size_t i = 0; alive && offer_at(link, i, &alive); i++) {
  }
  return alive;
}

/* The directory tells who is there; whether they can be reached shows when they are connected. */
static void settle(sl_buslink_t *link)
{
  int64_t end = sl_clock_ms() + SETTLE_MS;
  if (link->end_ms > end) link->end_ms = end;
  while (!all_alive(link) && sl_buslink_turn(link)) {
  }
}

/* Is offer i the first of its system? Then it speaks for all of them. */
static bool first_of_system(const sl_buslink_t *link, size_t i)
{
  bool alive;
  sl_str_t system = offer_at(link, i, &alive)->system;
  for (size_t k = 0; k < i; k++)
    if (sl_str_eq(offer_at(link, k, &alive)->system, system)) return false;
  return true;
}

/* --- text ---------------------------------------------------------------------------------------
 */

static void print_instance(const sl_bus_offer_t *offer, bool alive)
{
  printf("  instance %.*s  version %.*s  ", SL_STR_ARG(offer->instance),
         SL_STR_ARG(offer->version));
  if (alive)
    printf("load %.0f %%\n", offer->load * 100);
  else
    printf("gone\n");
}

static void print_operation(const sl_bus_operation_t *op)
{
  printf("  %-6.*s %.*s  (%.*s", SL_STR_ARG(op->method), SL_STR_ARG(op->path),
         SL_STR_ARG(op->name));
  for (size_t i = 0; i < op->n_params; i++)
    printf("%s%.*s", i ? ", " : ": ", SL_STR_ARG(op->params[i]));
  printf("%s)\n", op->has_body ? ", body" : "");
}

static void print_text(const sl_buslink_t *link)
{
  bool alive;
  const sl_bus_offer_t *offer, *other;
  for (size_t i = 0; (offer = offer_at(link, i, &alive)); i++) {
    if (!first_of_system(link, i)) continue;
    printf("%s%.*s (%.*s)\n", i ? "\n" : "", SL_STR_ARG(offer->system), SL_STR_ARG(offer->kind));
    for (size_t k = i; (other = offer_at(link, k, &alive)); k++)
      if (sl_str_eq(other->system, offer->system)) print_instance(other, alive);
    for (size_t k = 0; k < offer->n_operations; k++) print_operation(&offer->operations[k]);
  }
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void member(sl_jsonw_t *w, const char *key, sl_str_t value)
{
  sl_jsonw_key(w, key);
  sl_jsonw_str(w, value);
}

static void write_instance(sl_jsonw_t *w, const sl_bus_offer_t *offer, bool alive)
{
  char load[32];
  snprintf(load, sizeof load, "%.3f", offer->load);
  sl_jsonw_object(w);
  member(w, "instance", offer->instance);
  member(w, "version", offer->version);
  sl_jsonw_key(w, "alive");
  sl_jsonw_bool(w, alive);
  sl_jsonw_key(w, "load");
  sl_jsonw_raw(w, sl_str(load));
  sl_jsonw_key(w, "endpoints");
  sl_jsonw_array(w);
  for (size_t i = 0; i < offer->n_endpoints; i++) sl_jsonw_str(w, offer->endpoints[i]);
  sl_jsonw_array_end(w);
  sl_jsonw_object_end(w);
}

static void write_operation(sl_jsonw_t *w, const sl_bus_operation_t *op)
{
  sl_jsonw_object(w);
  member(w, "name", op->name);
  member(w, "method", op->method);
  member(w, "path", op->path);
  sl_jsonw_key(w, "safe");
  sl_jsonw_bool(w, op->safe);
  sl_jsonw_key(w, "body");
  sl_jsonw_bool(w, op->has_body);
  sl_jsonw_key(w, "params");
  sl_jsonw_array(w);
  for (size_t i = 0; i < op->n_params; i++) sl_jsonw_str(w, op->params[i]);
  sl_jsonw_array_end(w);
  sl_jsonw_object_end(w);
}

static void write_system(sl_jsonw_t *w, const sl_buslink_t *link, size_t i)
{
  bool alive;
  const sl_bus_offer_t *offer = offer_at(link, i, &alive), *other;
  sl_jsonw_object(w);
  member(w, "system", offer->system);
  member(w, "kind", offer->kind);
  sl_jsonw_key(w, "instances");
  sl_jsonw_array(w);
  for (size_t k = i; (other = offer_at(link, k, &alive)); k++)
    if (sl_str_eq(other->system, offer->system)) write_instance(w, other, alive);
  sl_jsonw_array_end(w);
  sl_jsonw_key(w, "operations");
  sl_jsonw_array(w);
  for (size_t k = 0; k < offer->n_operations; k++) write_operation(w, &offer->operations[k]);
  sl_jsonw_array_end(w);
  sl_jsonw_object_end(w);
}

static void print_json(const sl_buslink_t *link)
{
  bool alive;
  sl_buf_t out;
  sl_jsonw_t w;
  sl_buf_init(&out, 0);
  sl_jsonw_init(&w, &out);
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "systems");
  sl_jsonw_array(&w);
  for (size_t i = 0; offer_at(link, i, &alive); i++)
    if (first_of_system(link, i)) write_system(&w, link, i);
  sl_jsonw_array_end(&w);
  sl_jsonw_object_end(&w);
  printf("%s\n", sl_buf_z(&out));
  sl_buf_fini(&out);
}

int sl_cmd_status(int argc, char **argv)
{
  settings_t settings = {0};
  sl_buslink_t link = {0};
  sl_err_t err;
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 0, 0, &rest, &status)) {
    sl_code_t code = sl_buslink_open(&link, &settings.link, &err);
    if (!code) settle(&link);
    if (code)
      status = sl_cmd_failed(&table, &err);
    else if (settings.json)
      print_json(&link);
    else
      print_text(&link);
  }
  sl_buslink_close(&link);
  sl_opt_fini(&table, &settings);
  return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
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

/* --- walking --------------------------------------------------------------------------------- */

typedef struct row {
  const sl_bus_offer_t *offer; /* the client's; borrowed until the next turn of its loop */
  bool alive;
} row_t;

typedef struct rows {
  row_t *v; /* by system, then instance */
  size_t n;
} rows_t;

static int compare_text(sl_str_t a, sl_str_t b)
{
  size_t n = a.len < b.len ? a.len : b.len;
  int d = n ? memcmp(a.p, b.p, n) : 0;
  return d ? d : (a.len > b.len) - (a.len < b.len);
}

static int compare_rows(const void *a, const void *b)
{
  const sl_bus_offer_t *x = ((const row_t *)a)->offer, *y = ((const row_t *)b)->offer;
  int d = compare_text(x->system, y->system);
  return d ? d : compare_text(x->instance, y->instance);
}

static bool collect(const sl_buslink_t *link, rows_t *rows)
{
  size_t n = 0;
  while (sl_bus_client_offer(link->client, n, NULL)) n++;
  rows->v = calloc(n + 1, sizeof *rows->v);
  if (!rows->v) return false;
  rows->n = n;
  for (size_t i = 0; i < n; i++)
    rows->v[i].offer = sl_bus_client_offer(link->client, i, &rows->v[i].alive);
  qsort(rows->v, n, sizeof *rows->v, compare_rows);
  return true;
}

static bool all_alive(const sl_buslink_t *link)
{
  bool alive = true;
  for (size_t i = 0; alive && sl_bus_client_offer(link->client, i, &alive); i++) {
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

/* The end of the rows of row i's system. */
static size_t system_end(const rows_t *rows, size_t i)
{
  size_t k = i + 1;
  while (k < rows->n && sl_str_eq(rows->v[k].offer->system, rows->v[i].offer->system)) k++;
  return k;
}

/* --- text ------------------------------------------------------------------------------------ */

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

static void print_text(const rows_t *rows)
{
  for (size_t i = 0, end; i < rows->n; i = end) {
    const sl_bus_offer_t *offer = rows->v[i].offer; /* its operations are those of all of them */
    end = system_end(rows, i);
    printf("%s%.*s (%.*s)\n", i ? "\n" : "", SL_STR_ARG(offer->system), SL_STR_ARG(offer->kind));
    for (size_t k = i; k < end; k++) print_instance(rows->v[k].offer, rows->v[k].alive);
    for (size_t k = 0; k < offer->n_operations; k++) print_operation(&offer->operations[k]);
  }
}

/* --- JSON ------------------------------------------------------------------------------------ */

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

static void write_system(sl_jsonw_t *w, const rows_t *rows, size_t i, size_t end)
{
  const sl_bus_offer_t *offer = rows->v[i].offer;
  sl_jsonw_object(w);
  member(w, "system", offer->system);
  member(w, "kind", offer->kind);
  sl_jsonw_key(w, "instances");
  sl_jsonw_array(w);
  for (size_t k = i; k < end; k++) write_instance(w, rows->v[k].offer, rows->v[k].alive);
  sl_jsonw_array_end(w);
  sl_jsonw_key(w, "operations");
  sl_jsonw_array(w);
  for (size_t k = 0; k < offer->n_operations; k++) write_operation(w, &offer->operations[k]);
  sl_jsonw_array_end(w);
  sl_jsonw_object_end(w);
}

static void print_json(const rows_t *rows)
{
  sl_buf_t out;
  sl_jsonw_t w;
  sl_buf_init(&out, 0);
  sl_jsonw_init(&w, &out);
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "systems");
  sl_jsonw_array(&w);
  for (size_t i = 0, end; i < rows->n; i = end) {
    end = system_end(rows, i);
    write_system(&w, rows, i, end);
  }
  sl_jsonw_array_end(&w);
  sl_jsonw_object_end(&w);
  printf("%s\n", sl_buf_z(&out));
  sl_buf_fini(&out);
}

static sl_code_t ask(sl_buslink_t *link, const settings_t *settings, sl_err_t *err)
{
  rows_t rows = {0};
  if (sl_buslink_open(link, &settings->link, err)) return err->code;
  settle(link);
  if (!collect(link, &rows)) return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  if (settings->json)
    print_json(&rows);
  else
    print_text(&rows);
  free(rows.v);
  return SL_OK;
}

int sl_cmd_status(int argc, char **argv)
{
  settings_t settings = {0};
  sl_buslink_t link = {0};
  sl_err_t err;
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 0, 0, &rest, &status) &&
      ask(&link, &settings, &err))
    status = sl_cmd_failed(&table, &err);
  sl_buslink_close(&link);
  sl_opt_fini(&table, &settings);
  return status;
}

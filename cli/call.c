/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/buslink.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "core/clock.h"

typedef struct settings {
  sl_buslink_settings_t link;
  char *body, *idempotency_key;
  bool show_wire, head;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "body",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, body),
     .argument = "FILE",
     .help = "send FILE's JSON as the body; - is standard input"},
    {.name = "show-wire",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, show_wire),
     .help = "show what went to the legacy system and came back, on standard error; secrets are "
             "left out"},
    {.name = "head",
     .letter = 'i',
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, head),
     .help = "show status and headers, on standard error"},
    {.name = "idempotency-key",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, idempotency_key),
     .argument = "KEY",
     .help = "a write with the same key is executed once"},
    SL_BUSLINK_OPTIONS(settings_t, link, "30s"),
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice call",
    .usage = "[OPTION]… SYSTEM.OPERATION [NAME=VALUE]…",
    .purpose = "Calls one operation over the bus and prints the JSON of its answer. NAME is a "
               "parameter of the operation (sluice status tells them), plain (id=42) or with its "
               "place (path:id=42, header:if-match=…). Exits with 1 when the answer is a problem.",
    .opts = options,
};

typedef struct call {
  settings_t settings;
  sl_buslink_t link;
  sl_buf_t body;
  sl_bus_pair_t args[SL_BUS_MAX_PAIRS];
  size_t n_args;
  bool over;
  int status;
} call_t;

/* --- arguments ------------------------------------------------------------------------------- */

static const sl_bus_operation_t *find_operation(const call_t *self, const char *full)
{
  bool alive;
  const sl_bus_offer_t *offer;
  const char *dot = strrchr(full, '.');
  for (size_t i = 0; dot && (offer = sl_bus_client_offer(self->link.client, i, &alive)); i++) {
    if (!sl_str_eq(offer->system, sl_strn(full, (size_t)(dot - full)))) continue;
    for (size_t k = 0; k < offer->n_operations; k++)
      if (sl_str_eqz(offer->operations[k].name, dot + 1)) return &offer->operations[k];
  }
  return NULL;
}

/* "id" → "path:id", by what the operation reads. */
static sl_code_t full_name(const sl_bus_operation_t *op, sl_str_t name, sl_str_t *out_p,
                           sl_err_t *err)
{
  *out_p = name;
  if (memchr(name.p, ':', name.len)) return SL_OK;
  size_t found = 0;
  for (size_t i = 0; i < op->n_params; i++) {
    sl_str_t param = op->params[i];
    const char *colon = memchr(param.p, ':', param.len);
    if (!colon) continue;
    size_t skip = (size_t)(colon + 1 - param.p);
    if (!sl_str_eq(sl_strn(colon + 1, param.len - skip), name)) continue;
    *out_p = param;
    found++;
  }
  if (found == 1) return SL_OK;
  if (found)
    return sl_err_set(err, SL_INVALID,
                      "\"%.*s\" is in more than one place: write path:… "
                      "or query:… or header:…",
                      SL_STR_ARG(name));
  return sl_err_set(err, SL_INVALID, "%.*s has no parameter \"%.*s\"", SL_STR_ARG(op->name),
                    SL_STR_ARG(name));
}

static sl_code_t read_args(call_t *self, const sl_bus_operation_t *op, int n, char **args,
                           sl_err_t *err)
{
  if (n > SL_BUS_MAX_PAIRS) return sl_err_set(err, SL_INVALID, "too many arguments");
  for (int i = 0; i < n; i++) {
    const char *equals = strchr(args[i], '=');
    if (!equals) return sl_err_set(err, SL_INVALID, "\"%s\" is not NAME=VALUE", args[i]);
    sl_bus_pair_t *arg = &self->args[self->n_args++];
    arg->value = sl_str(equals + 1);
    sl_str_t name = sl_strn(args[i], (size_t)(equals - args[i]));
    if (full_name(op, name, &arg->name, err)) return err->code;
  }
  return SL_OK;
}

/* --- the answer ------------------------------------------------------------------------------ */

static void print(sl_str_t text)
{
  if (text.len) fwrite(text.p, 1, text.len, stdout);
}

static void print_head(const sl_bus_reply_t *reply)
{
  fprintf(stderr, "status: %d\n", reply->status);
  for (size_t i = 0; i < reply->n_headers; i++)
    fprintf(stderr, "%.*s: %.*s\n", SL_STR_ARG(reply->headers[i].name),
            SL_STR_ARG(reply->headers[i].value));
}

static void print_problem(const sl_problem_t *problem)
{
  sl_problem_t whole = *problem;
  sl_buf_t out;
  sl_problem_complete(&whole);
  sl_buf_init(&out, 0);
  sl_problem_write(&whole, &out);
  print(sl_buf_str(&out));
  sl_buf_fini(&out);
}

static void finish(call_t *self)
{
  self->over = true;
  putchar('\n');
}

static void on_reply(void *ctx, sl_bus_call_t *call, const sl_bus_reply_t *reply)
{
  call_t *self = ctx;
  if (self->settings.head) print_head(reply);
  if (reply->wire.len) fprintf(stderr, "%.*s\n", SL_STR_ARG(reply->wire));
  if (reply->problem)
    print_problem(reply->problem);
  else
    print(reply->body);
  if (reply->problem || reply->status >= 400) self->status = SL_EXIT_FAILED;
  if (!reply->more)
    finish(self);
  else
    sl_bus_credit(call, (int64_t)reply->body.len);
}

static void on_error(void *ctx, sl_bus_call_t *call, const sl_err_t *err)
{
  call_t *self = ctx;
  sl_problem_t problem;
  sl_problem_from_err(&problem, err);
  print_problem(&problem);
  self->status = SL_EXIT_FAILED;
  finish(self);
}

static void on_chunk(void *ctx, sl_bus_call_t *call, sl_str_t data, bool last, const sl_err_t *err)
{
  call_t *self = ctx;
  print(data);
  if (!last) {
    sl_bus_credit(call, (int64_t)data.len);
    return;
  }
  finish(self);
  if (err) self->status = sl_cmd_failed(&table, err);
}

/* --- */

static sl_code_t run(call_t *self, const char *operation, int n, char **args, sl_err_t *err)
{
  static const sl_bus_call_handlers_t handlers = {on_reply, on_error, on_chunk};
  if (self->settings.body && sl_input_read(self->settings.body, &self->body, err)) return err->code;
  if (sl_buslink_open(&self->link, &self->settings.link, err)) return err->code;
  const sl_bus_operation_t *op = find_operation(self, operation);
  if (!op)
    return sl_err_set(err, SL_NOT_FOUND, "no operation \"%s\" (sluice status tells them)",
                      operation);
  if (read_args(self, op, n, args, err)) return err->code;
  char id[64];
  snprintf(id, sizeof id, "call-%d-%lld", (int)getpid(), (long long)sl_clock_wall_ms());
  sl_bus_request_t request = {.operation = sl_str(operation),
                              .id = sl_str(id),
                              .deadline_ms = self->link.end_ms - sl_clock_ms(),
                              .args = self->args,
                              .n_args = self->n_args,
                              .body = sl_buf_str(&self->body),
                              .idempotency_key = sl_str(self->settings.idempotency_key),
                              .show_wire = self->settings.show_wire};
  if (!sl_bus_call(self->link.client, &request, &handlers, self, err)) {
    on_error(self, NULL, err);
    return SL_OK;
  }
  /* The deadline is the client's business, and runs to the first byte only. */
  while (!self->over) sl_loop_turn(self->link.loop, 1000);
  return SL_OK;
}

int sl_cmd_call(int argc, char **argv)
{
  static call_t self; /* too large for a stack frame */
  sl_err_t err;
  int rest, status;
  sl_buf_init(&self.body, SL_INPUT_MAX);
  if (sl_cmd_options(&table, &self.settings, argc, argv, 1, 0, &rest, &status)) {
    sl_code_t code = run(&self, argv[rest], argc - rest - 1, argv + rest + 1, &err);
    status = code ? sl_cmd_failed(&table, &err) : self.status;
  }
  sl_buslink_close(&self.link);
  sl_buf_fini(&self.body);
  sl_opt_fini(&table, &self.settings);
  return status;
}

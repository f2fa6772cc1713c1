/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bus over tcp: who has an accepted key gets in, nobody else does, and nothing is served
 * without keys. Directory, adapter and clients live in one loop here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/client.h"
#include "bus/directory.h"
#include "bus/server.h"
#include "tests/unit/bus_aids.h"

typedef struct party {
  char file[128], public_key[41];
} party_t;

typedef struct fixture {
  char dir[64];
  party_t bus, adapter, gateway, reader, stranger;
  sl_loop_t *loop;
  sl_bus_directory_t *directory;
  sl_bus_server_t *server;
} fixture_t;

static sl_bus_operation_t operations[] = {{.name = SL_STR("echo"), .safe = true}};
static const sl_bus_offer_t offer = {
    .system = SL_STR("crm"), .operations = operations, .n_operations = 1};

static void on_call(void *ctx, sl_bus_incoming_t *in)
{
  sl_bus_header_t header = {.status = 200};
  sl_bus_answer(in, &header, sl_bus_incoming_body(in));
}

static void on_cancel(void *ctx, sl_bus_incoming_t *in)
{
  sl_bus_header_t header = {.status = 499};
  sl_bus_answer(in, &header, sl_strn("", 0));
}

static const sl_bus_server_handlers_t server_handlers = {on_call, on_cancel, NULL};

static void make_key(fixture_t *f, party_t *party, const char *name)
{
  snprintf(party->file, sizeof party->file, "%s/%s.key", f->dir, name);
  assert_int_equal(sl_bus_keygen(party->file, party->public_key, NULL), SL_OK);
}

/* The directory lets in adapter, gateway and reader; the adapter only the gateway. */
static int setup(void **state)
{
  fixture_t *f = calloc(1, sizeof *f);
  *state = f;
  strcpy(f->dir, "/tmp/sl-tcp-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  make_key(f, &f->bus, "bus");
  make_key(f, &f->adapter, "adapter");
  make_key(f, &f->gateway, "gateway");
  make_key(f, &f->reader, "reader");
  make_key(f, &f->stranger, "stranger");
  f->loop = sl_loop_new();
  char *known[] = {f->adapter.public_key, f->gateway.public_key, f->reader.public_key};
  sl_bus_keys_t keys = {.secret_file = f->bus.file, .allowed = {known, 3}};
  sl_bus_directory_opts_t opts = {.tcp = "127.0.0.1:0", .keys = &keys};
  f->directory = sl_bus_directory_new(f->loop, &opts, NULL);
  assert_non_null(f->directory);
  char *callers[] = {f->gateway.public_key};
  sl_bus_keys_t own = {f->adapter.file, f->bus.public_key, {callers, 1}};
  sl_bus_server_opts_t server = {.directory = sl_bus_directory_endpoint(f->directory, 0),
                                 .tcp = "127.0.0.1:0",
                                 .keys = &own,
                                 .offer = &offer};
  f->server = sl_bus_server_new(f->loop, &server, &server_handlers, NULL, NULL);
  assert_non_null(f->server);
  return 0;
}

static int teardown(void **state)
{
  fixture_t *f = *state;
  sl_bus_server_destroy(&f->server);
  sl_bus_directory_destroy(&f->directory);
  sl_loop_destroy(&f->loop);
  remove_dir(f->dir);
  free(f);
  return 0;
}

static sl_bus_client_t *client(fixture_t *f, party_t *party)
{
  sl_bus_keys_t keys = {.secret_file = party->file, .server_key = f->bus.public_key};
  sl_bus_client_opts_t opts = {.directory = sl_bus_directory_endpoint(f->directory, 0),
                               .keys = &keys};
  sl_bus_client_t *self = sl_bus_client_new(f->loop, &opts, NULL);
  assert_non_null(self);
  return self;
}

static bool sees(sl_bus_client_t *self, bool alive)
{
  bool is_alive;
  return sl_bus_client_offer(self, 0, &is_alive) && is_alive == alive;
}

typedef struct result {
  int replies, errors;
  char body[64], text[512];
} result_t;

static void on_reply(void *ctx, sl_bus_call_t *call, const sl_bus_reply_t *reply)
{
  result_t *r = ctx;
  r->replies++;
  snprintf(r->body, sizeof r->body, "%.*s", SL_STR_ARG(reply->body));
}

static void on_error(void *ctx, sl_bus_call_t *call, const sl_err_t *err)
{
  result_t *r = ctx;
  r->errors++;
  strcpy(r->text, err->text);
}

static void echo(sl_bus_client_t *self, result_t *r, sl_err_t *err)
{
  static const sl_bus_call_handlers_t handlers = {on_reply, on_error, NULL};
  static unsigned serial;
  char id[32];
  snprintf(id, sizeof id, "tcp-%u", ++serial);
  sl_bus_request_t request = {.operation = SL_STR("crm.echo"),
                              .id = sl_str(id),
                              .deadline_ms = 10000,
                              .body = SL_STR("over tcp")};
  sl_bus_call(self, &request, &handlers, r, err);
}

static void accepted_key_carries_calls(void **state)
{
  fixture_t *f = *state;
  result_t r = {0};
  sl_bus_client_t *self = client(f, &f->gateway);
  WAIT(f, sees(self, true));
  echo(self, &r, NULL);
  WAIT(f, r.replies + r.errors);
  assert_string_equal(r.body, "over tcp");
  sl_bus_client_destroy(&self);
}

static void key_that_the_directory_does_not_know_learns_nothing(void **state)
{
  fixture_t *f = *state;
  sl_bus_client_t *stranger = client(f, &f->stranger), *known = client(f, &f->gateway);
  /* What the known one gets in the meantime shows that the stranger has had its chance. */
  WAIT(f, sees(known, true));
  for (int i = 0; i < 50; i++) {
    result_t r = {0};
    echo(known, &r, NULL);
    WAIT(f, r.replies);
  }
  assert_false(sl_bus_client_ready(stranger));
  assert_null(sl_bus_client_offer(stranger, 0, NULL));
  sl_bus_client_destroy(&stranger);
  sl_bus_client_destroy(&known);
}

static void key_that_the_adapter_does_not_know_cannot_call(void **state)
{
  fixture_t *f = *state;
  sl_err_t err = {0};
  result_t r = {0};
  sl_bus_client_t *self = client(f, &f->reader);
  WAIT(f, sees(self, false));
  echo(self, &r, &err); /* held while the connection is tried, or refused at once */
  if (!err.code) WAIT(f, r.replies + r.errors);
  assert_int_equal(r.replies, 0);
  assert_true(sees(self, false));
  sl_bus_client_destroy(&self);
}

static void tcp_without_keys_is_refused(void **state)
{
  fixture_t *f = *state;
  char *callers[] = {f->gateway.public_key}, *broken[] = {f->dir};
  sl_bus_keys_t none = {0}, no_list = {.secret_file = f->adapter.file};
  sl_bus_keys_t bad_list = {.secret_file = f->adapter.file, .allowed = {broken, 1}};
  sl_bus_keys_t no_file = {.secret_file = f->dir, .allowed = {callers, 1}};
  const sl_bus_keys_t *rows[] = {NULL, &none, &no_list, &bad_list, &no_file};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_err_t err = {0};
    sl_bus_server_opts_t opts = {.tcp = "127.0.0.1:0", .keys = rows[i], .offer = &offer};
    assert_null(sl_bus_server_new(f->loop, &opts, &server_handlers, NULL, &err));
    assert_int_equal(err.code, SL_CONFIG);
    assert_true(err.text[0]);
  }
  sl_err_t err = {0};
  sl_bus_client_opts_t opts = {.directory = "tcp://127.0.0.1:1"};
  assert_null(sl_bus_client_new(f->loop, &opts, &err));
  assert_int_equal(err.code, SL_CONFIG);
}

static void key_file_that_others_read_is_refused(void **state)
{
  fixture_t *f = *state;
  sl_err_t err = {0};
  char *callers[] = {f->gateway.public_key};
  sl_bus_keys_t keys = {.secret_file = f->adapter.file, .allowed = {callers, 1}};
  sl_bus_server_opts_t opts = {.tcp = "127.0.0.1:0", .keys = &keys, .offer = &offer};
  assert_int_equal(chmod(f->adapter.file, 0644), 0);
  assert_null(sl_bus_server_new(f->loop, &opts, &server_handlers, NULL, &err));
  assert_int_equal(err.code, SL_CONFIG);
  assert_non_null(strstr(err.text, "chmod 0600"));
}

static void keygen_does_not_overwrite(void **state)
{
  fixture_t *f = *state;
  char key[41];
  sl_err_t err = {0};
  struct stat st;
  assert_int_equal(stat(f->gateway.file, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(sl_bus_keygen(f->gateway.file, key, &err), SL_CONFIG);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      CASE(accepted_key_carries_calls),
      CASE(key_that_the_directory_does_not_know_learns_nothing),
      CASE(key_that_the_adapter_does_not_know_cannot_call),
      CASE(tcp_without_keys_is_refused),
      CASE(key_file_that_others_read_is_refused),
      CASE(keygen_does_not_overwrite),
  };
  return cmocka_run_group_tests_name("bus-tcp", tests, NULL, NULL);
}

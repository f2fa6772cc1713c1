/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "adapters/gateway/routes.h"

typedef struct fixture {
  sl_routes_t *routes;
  sl_arena_t *arena;
  const char *offered[8]; /* operations that are; their systems are there */
} fixture_t;

static int set_up(void **state)
{
  sl_err_t err;
  fixture_t *f = calloc(1, sizeof *f);
  f->routes = sl_routes_new(NULL, &err);
  f->arena = sl_arena_new(0, 0);
  *state = f;
  return 0;
}

static int tear_down(void **state)
{
  fixture_t *f = *state;
  sl_routes_destroy(&f->routes);
  sl_arena_destroy(&f->arena);
  free(f);
  return 0;
}

static sl_route_presence_t presence(void *ctx, const char *operation)
{
  const fixture_t *f = ctx;
  size_t system = strcspn(operation, ".") + 1;
  sl_route_presence_t found = SL_ROUTE_AWAY;
  for (size_t i = 0; i < 8 && f->offered[i]; i++) {
    if (!strcmp(f->offered[i], operation)) return SL_ROUTE_OFFERED;
    if (!strncmp(f->offered[i], operation, system)) found = SL_ROUTE_DROPPED;
  }
  return found;
}

/* "GET /a/{id}" under its name; true: it got its route. */
static bool offer(fixture_t *f, sl_routes_t *routes, const char *system, const char *name,
                  const char *method, const char *path)
{
  char conflict[256];
  sl_str_t params[] = {SL_STR("path:id"), SL_STR("query:q")};
  sl_bus_operation_t operation = {.name = sl_str(name),
                                  .method = sl_str(method),
                                  .path = sl_str(path),
                                  .has_body = !strcmp(method, "POST"),
                                  .params = params,
                                  .n_params = 2};
  const sl_bus_offer_t o = {.system = sl_str(system), .operations = &operation, .n_operations = 1};
  sl_routes_offer(routes, &o, presence, f, conflict);
  return !conflict[0];
}

/* "crm.read id=7", or what else came out. */
static const char *ask(fixture_t *f, const sl_routes_t *routes, const char *method,
                       const char *path)
{
  static const char *const others[] = {
      [SL_ROUTE_NONE] = "none", [SL_ROUTE_METHOD] = "method", [SL_ROUTE_BAD_PATH] = "bad path"};
  sl_route_match_t match;
  sl_route_result_t result = sl_routes_match(routes, method, sl_str(path), f->arena, &match);
  sl_buf_t out;
  if (result != SL_ROUTE_FOUND)
    return result == SL_ROUTE_METHOD ? sl_arena_printf(f->arena, "method %s", match.allow)
                                     : others[result];
  sl_buf_init(&out, 0);
  sl_buf_addz(&out, match.route->operation);
  for (size_t i = 0; i < match.n; i++) {
    sl_buf_addc(&out, ' ');
    sl_buf_adds(&out, match.names[i]);
    sl_buf_addc(&out, '=');
    sl_buf_adds(&out, match.values[i]);
  }
  const char *text = sl_arena_strndup(f->arena, out.p, out.len);
  sl_buf_fini(&out);
  return text;
}

static void path_finds_its_operation_and_values(void **state)
{
  fixture_t *f = *state;
  sl_routes_t *r = f->routes;
  static const char *const routes[][3] = {
      {"root", "GET", "/"},
      {"list", "GET", "/customers"},
      {"create", "POST", "/customers"},
      {"read", "GET", "/customers/{id}"},
      {"change", "PUT", "/customers/{no}"},
      {"newest", "GET", "/customers/newest"},
      {"orders", "GET", "/customers/{id}/orders"},
      {"order", "GET", "/customers/{id}/orders/{order}"},
      {"none", "GET", "/customers/newest/none"},
  };
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
    assert_true(offer(f, r, "crm", routes[i][0], routes[i][1], routes[i][2]));
  assert_int_equal(sl_routes_count(r), 9);
  static const char *const rows[][3] = {
      {"GET", "/", "crm.root"},
      {"GET", "/customers", "crm.list"},
      {"HEAD", "/customers", "crm.list"},
      {"POST", "/customers", "crm.create"},
      {"GET", "/customers/7", "crm.read id=7"},
      {"PUT", "/customers/7", "crm.change no=7"},
      {"GET", "/customers/newest", "crm.newest"},
      /* The literal leads nowhere here, so the parameter is taken. */
      {"GET", "/customers/newest/orders", "crm.orders id=newest"},
      {"PUT", "/customers/newest", "crm.change no=newest"},
      {"GET", "/customers/7/orders/8", "crm.order id=7 order=8"},
      {"GET", "/customers/a%2Fb%20c", "crm.read id=a/b c"},
      {"GET", "/%63ustomers", "crm.list"},
      {"GET", "/customers/%C5%81", "crm.read id=\xC5\x81"},
      {"GET", "/customers/a+b", "crm.read id=a+b"},
      {"GET", "/customers/", "none"},
      {"GET", "/customers//orders", "none"},
      {"GET", "/Customers", "none"},
      {"GET", "/customers/7/orders/8/9", "none"},
      {"GET", "/customers/%", "bad path"},
      {"GET", "/customers/%4", "bad path"},
      {"GET", "/customers/%00", "bad path"},
      {"GET", "/customers/%ff", "bad path"},
      {"GET", "/customers/..", "bad path"},
      {"GET", "/customers/%2e%2E", "bad path"},
      {"DELETE", "/customers", "method GET, HEAD, POST"},
      {"POST", "/customers/7", "method GET, HEAD, PUT"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(ask(f, r, rows[i][0], rows[i][1]), rows[i][2]);
}

static void route_wanted_by_two_stays_with_the_first_while_it_is_there(void **state)
{
  fixture_t *f = *state;
  f->offered[0] = "one.read";
  f->offered[1] = "two.read";
  assert_true(offer(f, f->routes, "one", "read", "GET", "/x/{id}"));
  assert_false(offer(f, f->routes, "two", "read", "GET", "/x/{key}"));
  assert_true(offer(f, f->routes, "two", "write", "PUT", "/x/{key}"));
  assert_string_equal(ask(f, f->routes, "GET", "/x/1"), "one.read id=1");
  f->offered[0] = "two.read";
  assert_true(offer(f, f->routes, "two", "read", "GET", "/x/{key}"));
  assert_string_equal(ask(f, f->routes, "GET", "/x/1"), "two.read key=1");
  assert_int_equal(sl_routes_count(f->routes), 2);
}

static void route_is_forgotten_only_when_its_system_is_there_without_it(void **state)
{
  fixture_t *f = *state;
  assert_true(offer(f, f->routes, "crm", "read", "GET", "/a/{id}"));
  assert_true(offer(f, f->routes, "crm", "list", "GET", "/a"));
  assert_true(offer(f, f->routes, "erp", "list", "GET", "/b"));
  sl_routes_prune(f->routes, presence, f);
  assert_int_equal(sl_routes_count(f->routes), 3);
  f->offered[0] = "crm.list";
  sl_routes_prune(f->routes, presence, f);
  assert_string_equal(ask(f, f->routes, "GET", "/a/1"), "none");
  assert_string_equal(ask(f, f->routes, "GET", "/a"), "crm.list");
  assert_string_equal(ask(f, f->routes, "GET", "/b"), "erp.list");
}

static void path_that_cannot_be_a_template_gives_no_route(void **state)
{
  fixture_t *f = *state;
  char path[256] = "";
  for (int i = 0; i < SL_ROUTE_VALUES + 1; i++) strcat(path, "/{id}");
  assert_false(offer(f, f->routes, "crm", "a", "GET", path));
  assert_false(offer(f, f->routes, "crm", "b", "GET", "/{}"));
  assert_int_equal(sl_routes_count(f->routes), 0);
}

static void routes_survive_in_their_file(void **state)
{
  fixture_t *f = *state;
  sl_err_t err;
  char path[] = "/tmp/sl-routes-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  unlink(path);
  sl_routes_t *first = sl_routes_new(path, &err);
  assert_true(offer(f, first, "crm", "read", "GET", "/a/{id}"));
  assert_true(offer(f, first, "crm", "create", "POST", "/a"));
  assert_int_equal(sl_routes_save(first, &err), SL_OK);
  sl_routes_destroy(&first);
  sl_routes_t *second = sl_routes_new(path, &err);
  assert_int_equal(err.code, SL_OK);
  assert_string_equal(ask(f, second, "GET", "/a/1"), "crm.read id=1");
  assert_string_equal(ask(f, second, "POST", "/a"), "crm.create");
  sl_routes_destroy(&second);
  FILE *file = fopen(path, "w");
  fputs("[{\"v\":1,", file);
  fclose(file);
  sl_routes_t *third = sl_routes_new(path, &err);
  assert_non_null(third);
  assert_int_not_equal(err.code, SL_OK);
  assert_int_equal(sl_routes_count(third), 0);
  sl_routes_destroy(&third);
  unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(path_finds_its_operation_and_values, set_up, tear_down),
      cmocka_unit_test_setup_teardown(route_wanted_by_two_stays_with_the_first_while_it_is_there,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(route_is_forgotten_only_when_its_system_is_there_without_it,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(path_that_cannot_be_a_template_gives_no_route, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(routes_survive_in_their_file, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}

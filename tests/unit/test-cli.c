/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/deployment.h"
#include "cli/input.h"
#include "cli/rundir.h"

/* --- records --------------------------------------------------------------------------------- */

typedef struct split {
  sl_str_t (*next)(sl_str_t *text_p);
  const char *text, *records; /* each record in <> */
} split_t;

static void input_falls_into_records(void **state)
{
  static const split_t rows[] = {
      {sl_input_xml, "", ""},
      {sl_input_xml, " <a/> ", "<<a/>>"},
      {sl_input_xml, "<?xml version='1.0'?>\n<a><b/>x</a>\n<a b='>'/><c></c>",
       "<<?xml version='1.0'?>\n<a><b/>x</a>><<a b='>'/>><<c></c>>"},
      {sl_input_xml, "<a><!-- </a> --><![CDATA[</a>]]></a><b/>",
       "<<a><!-- </a> --><![CDATA[</a>]]></a>><<b/>>"},
      {sl_input_xml, "<a><b></a>", "<<a><b></a>>"},
      {sl_input_xml, "junk", "<junk>"},
      {sl_input_xml, "<a", "<<a>"},
      {sl_input_json, "", ""},
      {sl_input_json, "{\"a\":1}\n{\"b\":[2,\"}\"]}\n", "<{\"a\":1}><{\"b\":[2,\"}\"]}>"},
      {sl_input_json, "{}{} [] \"x\\\"y\" 12 true", "<{}><{}><[]><\"x\\\"y\"><12><true>"},
      {sl_input_json, "{\"a\": 1", "<{\"a\": 1>"},
      {sl_input_json, "\"open\\", "<\"open\\>"},
      {sl_input_json, "}1", "<}><1>"},
      {sl_input_row, "a,b\r\n1,2\n\n3,\"x\ny\"\"z\"\n", "<a,b\r><1,2><3,\"x\ny\"\"z\">"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_buf_t out;
    sl_buf_init(&out, 0);
    sl_str_t text = sl_str(rows[i].text), record;
    while ((record = rows[i].next(&text)).len) {
      sl_buf_addc(&out, '<');
      sl_buf_adds(&out, record);
      sl_buf_addc(&out, '>');
    }
    assert_string_equal(sl_buf_z(&out), rows[i].records);
    sl_buf_fini(&out);
  }
}

/* --- deployment files ------------------------------------------------------------------------ */

static char dir[64];

static const char *at(const char *name)
{
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}

static void write_file(const char *name, const char *text)
{
  FILE *f = fopen(at(name), "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void write_mapping(const char *name, const char *system, const char *kind)
{
  char text[512];
  snprintf(text, sizeof text,
           "<mapping xmlns=\"urn:sluice:mapping:1\" name=\"m\" version=\"1.0.0\">\n"
           "  <system name=\"%s\" kind=\"%s\"/>\n</mapping>\n",
           system, kind);
  write_file(name, text);
}

static int set_up(void **state)
{
  strcpy(dir, "/tmp/test-cli-XXXXXX");
  assert_non_null(mkdtemp(dir));
  write_mapping("crm.map.xml", "crm", "soap");
  write_mapping("erp.map.xml", "erp", "odbc");
  write_file("crm.password", "secret\n");
  return 0;
}

static int tear_down(void **state)
{
  static const char *const files[] = {"crm.map.xml", "erp.map.xml", "crm.password", "sluice.xml"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(at(files[i]));
  return rmdir(dir);
}

#define HEAD "<deployment xmlns=\"urn:sluice:deployment:1\">\n"

static void deployment_gives_each_process_its_options(void **state)
{
  static const char text[] = HEAD
      "  <gateway listen=\"127.0.0.1:0\"><option name=\"max-body\" value=\"1MiB\"/></gateway>\n"
      "  <adapter mapping=\"crm.map.xml\" instances=\"2\" address=\"http://127.0.0.1:9/\"\n"
      "           ca=\"ca.pem\" password=\"${file:crm.password}\" max-mapping=\"1MiB\"\n"
      "           max-message=\"8MiB\" max-response=\"2MiB\"/>\n"
      "  <adapter name=\"stock\" mapping=\"erp.map.xml\" dsn=\"erp\"/>\n</deployment>\n";
  static const char *const names[] = {"bus", "crm", "crm-2", "stock", "gateway"};
  static const char *const programs[] = {"sluice-bus", "sluice-soap", "sluice-soap", "sluice-odbc",
                                         "sluice-gateway"};
  write_file("sluice.xml", text);
  sl_diags_t *diags = sl_diags_new();
  sl_deployment_t *d = sl_deployment_load(at("sluice.xml"), true, diags);
  assert_string_equal(sl_diags_first(diags), "");
  assert_non_null(d);
  assert_int_equal(sl_deployment_count(d), 5);
  for (size_t i = 0; i < 5; i++) {
    assert_string_equal(sl_deployment_at(d, i)->name, names[i]);
    assert_string_equal(sl_deployment_at(d, i)->program, programs[i]);
  }
  assert_string_equal(sl_deployment_at(d, 3)->system, "erp");
  sl_buf_t out;
  char wanted[1024];
  sl_buf_init(&out, 0);
  sl_deployment_options(sl_deployment_at(d, 2), "/run/x", &out);
  snprintf(wanted, sizeof wanted,
           "# crm-2: options of sluice-soap, made by sluice\n"
           "bus = ipc:///run/x/bus\nipc-dir = /run/x/adapters\n"
           "endpoint = http://127.0.0.1:9/\nca = %s/ca.pem\n"
           "password = ${file:%s/crm.password}\nmax-mapping = 1MiB\nmax-message = 8MiB\n"
           "max-response = 2MiB\nmapping = %s/crm.map.xml\n",
           dir, dir, dir);
  assert_string_equal(sl_buf_z(&out), wanted);
  sl_buf_clear(&out);
  sl_deployment_options(sl_deployment_at(d, 4), "/run/x", &out);
  assert_string_equal(sl_buf_z(&out), "# gateway: options of sluice-gateway, made by sluice\n"
                                      "bus = ipc:///run/x/bus\n"
                                      "ready-file = /run/x/gateway.ready\n"
                                      "state = /run/x/gateway.state\n"
                                      "listen = 127.0.0.1:0\nmax-body = 1MiB\n");
  sl_buf_fini(&out);
  sl_deployment_destroy(&d);
  sl_diags_destroy(&diags);
}

typedef struct mistake {
  const char *line;  /* the third line of the file */
  const char *wrong; /* line:col: code text */
} mistake_t;

static void deployment_mistake_is_told_where_it_stands(void **state)
{
  static const mistake_t rows[] = {
      {"<adapter mapping=\"erp.map.xml\"/>",
       "3:1 D107 an adapter of kind odbc needs dsn or connection"},
      {"<adapter mapping=\"erp.map.xml\" dsn=\"x\" address=\"http://y\"/>",
       "3:40 D105 an adapter of kind odbc has no address"},
      {"<adapter mapping=\"erp.map.xml\" dsn=\"x\" max-response=\"1MiB\"/>",
       "3:40 D105 an adapter of kind odbc has no max-response"},
      {"<adapter mapping=\"crm.map.xml\" max-answer=\"1MiB\"/>",
       "3:32 D105 an adapter of kind soap has no max-answer"},
      {"<adapter mapping=\"crm.map.xml\" max-mapping=\"big\"/>",
       "3:45 S105 max-mapping=\"big\": expected bytes, such as 4096, 16KiB, 8MiB or 1GiB, or ${…}"},
      {"<adapter mapping=\"crm.map.xml\" adress=\"http://127.0.0.1/\"/>",
       "3:32 S101 <adapter> has no attribute \"adress\""},
      {"<adapter mapping=\"crm.map.xml\" address=\"127.0.0.1:9\"/>",
       "3:41 S105 address=\"127.0.0.1:9\": expected a URL, such as http://crm.example:8080/soap or "
       "https://crm.example/soap, or ${…}"},
      {"<adapter mapping=\"crm.map.xml\" timeout=\"5\"/>",
       "3:41 S105 timeout=\"5\": expected a time with its unit, such as 250ms, 5s, 2min or 1h, or "
       "${…}"},
      {"<bus tcp=\"127.0.0.1:65536\"/>",
       "3:11 S105 tcp=\"127.0.0.1:65536\": expected ADDRESS:PORT, such as 127.0.0.1:8080 or "
       "[::1]:8080; port 0 takes a free one"},
      {"<adapter mapping=\"crm.map.xml\" user=\"${USER}\"/>",
       "3:38 D104 ${USER}: only ${env:NAME} and ${file:PATH} are known"},
      {"<adapter mapping=\"gone.map.xml\"/>",
       "3:19 D110 the mapping gone.map.xml cannot be read: No such file or directory"},
      {"<adapter mapping=\"crm.map.xml\" password=\"clear\"/>",
       "3:42 D108 a credential must not stand here in clear"},
      {"<adapter mapping=\"crm.map.xml\" address=\"http://u:clear@127.0.0.1/soap\"/>",
       "3:41 D108 a credential must not stand here in clear"},
      {"<adapter mapping=\"erp.map.xml\" connection=\"Driver=X;PWD=clear\"/>",
       "3:44 D108 a credential must not stand here in clear"},
      {"<adapter mapping=\"crm.map.xml\" user=\" u\"/>",
       "3:38 D103 a value must not begin or end with white space, nor hold a line end"},
      {"<adapter mapping=\"crm.map.xml\" user=\"${env:SL_NOT_SET}\"/>",
       "3:38 D104 ${env:SL_NOT_SET}: the environment variable is not set"},
      {"<adapter mapping=\"crm.map.xml\" user=\"a\"><option name=\"user\" value=\"b\"/></adapter>",
       "3:41 D106 user is an attribute already"},
      {"<adapter mapping=\"crm.map.xml\"/><adapter mapping=\"crm.map.xml\"/>",
       "3:33 D102 there is a process named \"crm\" already"},
      {"<gateway listen=\"127.0.0.1:0\"/>",
       "3:1 D102 there is a process named \"gateway\" already"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[512], wrong[512];
    snprintf(text, sizeof text, HEAD "<gateway listen=\"127.0.0.1:0\"/>\n%s\n</deployment>\n",
             rows[i].line);
    write_file("sluice.xml", text);
    sl_diags_t *diags = sl_diags_new();
    assert_null(sl_deployment_load(at("sluice.xml"), true, diags));
    assert_int_equal(sl_diags_errors(diags), 1);
    const sl_diag_t *d = sl_diags_at(diags, 0);
    snprintf(wrong, sizeof wrong, "%d:%d %s %s", d->line, d->col, d->code, d->text);
    assert_string_equal(wrong, rows[i].wrong);
    sl_diags_destroy(&diags);
  }
}

/* What the schema finds, and all of it at once. */
static void deployment_with_many_mistakes_tells_all(void **state)
{
  write_file("sluice.xml", HEAD "<gateway listen=\"8080\" colour=\"red\"/>\n"
                                "<adapter mapping=\"crm.map.xml\" pool=\"0\" timeout=\"5\"/>\n"
                                "<adaptor/>\n"
                                "<adapter mapping=\"none.map.xml\"/>\n</deployment>\n");
  static const int lines[] = {2, 2, 3, 3, 3, 4, 4, 5};
  sl_diags_t *diags = sl_diags_new();
  assert_null(sl_deployment_load(at("sluice.xml"), true, diags));
  size_t n = sl_diags_count(diags);
  for (size_t i = 0; i < n && i < 8; i++) {
    const sl_diag_t *d = sl_diags_at(diags, i);
    assert_int_equal(d->line, lines[i]);
  }
  assert_int_equal(n, 8);
  sl_diags_destroy(&diags);
}

static void deployment_without_gateway_is_told(void **state)
{
  write_file("sluice.xml", HEAD "</deployment>\n");
  sl_diags_t *diags = sl_diags_new();
  assert_null(sl_deployment_load(at("sluice.xml"), true, diags));
  assert_string_equal(sl_diags_at(diags, 0)->text, "a deployment has a gateway");
  assert_int_equal(sl_diags_count(diags), 1);
  sl_diags_destroy(&diags);
}

static void deployment_unresolved_is_a_warning_when_checked(void **state)
{
  write_file("sluice.xml", HEAD "<gateway listen=\"${env:SL_NOT_SET}\"/>\n</deployment>\n");
  sl_diags_t *diags = sl_diags_new();
  sl_deployment_t *d = sl_deployment_load(at("sluice.xml"), false, diags);
  assert_non_null(d);
  assert_int_equal(sl_diags_count(diags), 1);
  assert_int_equal(sl_diags_at(diags, 0)->severity, SL_WARNING);
  sl_deployment_destroy(&d);
  sl_diags_destroy(&diags);
}

/* --- the runtime directory ------------------------------------------------------------------- */

static void rundir_is_private_and_goes(void **state)
{
  sl_rundir_t run, second;
  sl_err_t err;
  struct stat st;
  char path[PATH_MAX], line[32];
  snprintf(path, sizeof path, "%s/run", dir);
  assert_int_equal(sl_rundir_open(&run, path, &err), SL_OK);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0700);
  assert_int_equal(sl_rundir_open(&second, path, &err), SL_CONFIG);
  assert_int_equal(sl_rundir_write(path, "sluice-x.conf", sl_str("a\n"), &err), SL_OK);
  assert_int_equal(sl_rundir_write(path, "sluice-x.conf", sl_str("half"), &err), SL_OK);
  assert_false(sl_rundir_read_line(path, "sluice-x.conf", line, sizeof line));
  assert_int_equal(sl_rundir_write(path, "sluice-x.conf", sl_str("b\nc\n"), &err), SL_OK);
  assert_true(sl_rundir_read_line(path, "sluice-x.conf", line, sizeof line));
  assert_string_equal(line, "b");
  sl_rundir_close(&run);
  assert_int_equal(stat(path, &st), -1);
}

static void rundir_of_a_run_that_lives_is_found(void **state)
{
  sl_rundir_t run, second;
  sl_err_t err;
  sl_buf_t found;
  char wanted[PATH_MAX + 16];
  unsetenv("XDG_RUNTIME_DIR");
  setenv("TMPDIR", dir, 1);
  sl_buf_init(&found, 0);
  assert_int_equal(sl_rundir_open(&run, NULL, &err), SL_OK);
  assert_int_equal(sl_rundir_find(&found), 0);
  assert_int_equal(sl_rundir_write(run.path, "bus", sl_str(""), &err), SL_OK);
  assert_int_equal(sl_rundir_find(&found), 1);
  snprintf(wanted, sizeof wanted, "ipc://%s/bus", run.path);
  assert_string_equal(sl_buf_z(&found), wanted);
  assert_int_equal(sl_rundir_open(&second, NULL, &err), SL_OK);
  assert_int_equal(sl_rundir_write(second.path, "bus", sl_str(""), &err), SL_OK);
  assert_int_equal(sl_rundir_find(&found), 2);
  close(second.lock); /* it died */
  second.lock = -1;
  sl_buf_clear(&found);
  assert_int_equal(sl_rundir_find(&found), 1);
  assert_string_equal(sl_buf_z(&found), wanted);
  sl_rundir_close(&second);
  sl_rundir_close(&run);
  sl_buf_fini(&found);
  unsetenv("TMPDIR");
}

static void rundir_that_was_there_keeps_what_is_not_ours(void **state)
{
  sl_rundir_t run;
  sl_err_t err;
  char path[PATH_MAX], kept[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/home", dir);
  snprintf(kept, sizeof kept, "%s/diary.conf", path);
  assert_int_equal(mkdir(path, 0700), 0);
  write_file("home/diary.conf", "mine");
  assert_int_equal(sl_rundir_open(&run, path, &err), SL_OK);
  assert_int_equal(sl_rundir_write(path, "sluice-x.conf", sl_str("a\n"), &err), SL_OK);
  sl_rundir_close(&run);
  assert_int_equal(access(kept, F_OK), 0);
  assert_int_equal(unlink(kept), 0);
  assert_int_equal(rmdir(path), 0); /* nothing else is left */
}

static void rundir_others_may_enter_is_refused(void **state)
{
  sl_rundir_t run;
  sl_err_t err;
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/open", dir);
  assert_int_equal(mkdir(path, 0755), 0);
  chmod(path, 0755);
  assert_int_equal(sl_rundir_open(&run, path, &err), SL_CONFIG);
  assert_int_equal(rmdir(path), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(input_falls_into_records),
      cmocka_unit_test(deployment_gives_each_process_its_options),
      cmocka_unit_test(deployment_mistake_is_told_where_it_stands),
      cmocka_unit_test(deployment_with_many_mistakes_tells_all),
      cmocka_unit_test(deployment_without_gateway_is_told),
      cmocka_unit_test(deployment_unresolved_is_a_warning_when_checked),
      cmocka_unit_test(rundir_is_private_and_goes),
      cmocka_unit_test(rundir_of_a_run_that_lives_is_found),
      cmocka_unit_test(rundir_that_was_there_keeps_what_is_not_ours),
      cmocka_unit_test(rundir_others_may_enter_is_refused),
  };
  return cmocka_run_group_tests_name("cli", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "mappings/contract/jnumber.h"
#include "mappings/contract/jschema.h"
#include "mappings/contract/regex.h"

/* --- patterns ----------------------------------------------------------------------------------
 */

static void pattern_rows_match_as_ecma_says(void **state)
{
  static const struct {
    const char *pattern, *yes, *no; /* NULL: not asked */
  } rows[] = {
      {"a", "bab", "b"},
      {"^a", "ab", "ba"},
      {"a$", "ba", "ab"},
      {"^a$", "a", "aa"},
      {"^$", "", "x"},
      {"", "", NULL},
      {"^a|b$", "axx", "ba "},
      {"^(a|b)$", "b", "ab"},
      {"^-?\\d{1,11}\\.\\d{2}$", "-12345678901.23", "123456789012.23"},
      {"^\\d{3}$", "123", "12\u0663"},
      {"^[a-c-]+$", "a-b", "d"},
      {"^[^a-c]+$", "xyz", "xa"},
      {"^[\\d.]+$", "1.2", "1,2"},
      {"^[\\w-]+$", "a_-9", "a b"},
      {"^[^\\s]+$", "ab", "a\u00a0b"},
      {"^[\\S]$", "x", " "},
      {"^\\S(.*\\S)?$", "a b", "a b "},
      {"^.$", "\U0001f600", "\n"},
      {"^(?:ab)+?c$", "ababc", "abac"},
      {"^(?<year>\\d{4})$", "2024", "224"},
      {"^a{2,}$", "aaa", "a"},
      {"^a{,2}$", "a{,2}", "aa"},
      {"^a{0}$", "", "a"},
      {"^\\u00e4\\x41\\/$", "\u00e4A/", "aA/"},
      {"^\\u{1f600}$", "\U0001f600", "x"},
      {"^\\uD83D\\uDE00$", "\U0001f600", "x"},
      {"\\bcat\\b", "a cat!", "concat"},
      {"^(a*)*$", "aaaa", "b"},
      {"^(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
      {"^[^]$", "\n", ""},
      {"^[]$", NULL, "x"},
      {"^]$", "]", "["},
      {"^(|a)b$", "b", "aab"},
      {"^\\^\\$\\.$", "^$.", "a"},
      {"(^a$)|(^b$)", "b", "ab"},
      {"^[\\[\\]]$", "[", "a"},
      {"^\\cJ$", "\n", "J"},
  };
  sl_arena_t *arena = sl_arena_new(0, 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char why[SL_REGEX_WHY];
    const sl_regex_t *re = sl_regex_compile(sl_str(rows[i].pattern), arena, NULL, why);
    if (!re) fail_msg("%s: %s", rows[i].pattern, why);
    if (rows[i].yes && sl_regex_match(re, sl_str(rows[i].yes)) != 1)
      fail_msg("%s does not match \"%s\"", rows[i].pattern, rows[i].yes);
    if (rows[i].no && sl_regex_match(re, sl_str(rows[i].no)) != 0)
      fail_msg("%s matches \"%s\"", rows[i].pattern, rows[i].no);
    sl_str_t some = sl_regex_shortest(re, 100, arena);
    if (rows[i].yes && !strstr(rows[i].pattern, "\\b") && !some.p)
      fail_msg("%s: no text found that matches", rows[i].pattern);
    if (some.p) assert_int_equal(sl_regex_match(re, some), 1);
  }
  sl_arena_destroy(&arena);
}

static void pattern_not_understood_is_told(void **state)
{
  static const struct {
    const char *pattern, *why;
    bool wrong;
  } rows[] = {
      {"^(?=a)b", "a lookahead", false},
      {"(?!x)", "a lookahead", false},
      {"(?<=a)b", "a lookbehind", false},
      {"(a)\\1", "a backreference", false},
      {"\\p{L}", "a Unicode property", false},
      {"a{1,100000}", "its size", false},
      {"((a{1000}){1000}){1000}", "its size", false},
      {"((((()){9999}){9999}){9999}){9999}", NULL, false},
      {"(a", "a ( without its )", true},
      {"a)", "a ) without its (", true},
      {"[a", "a [ without its ]", true},
      {"*a", "a quantifier with nothing before it", true},
      {"a{3,2}", "a quantifier {n,m} with m less than n", true},
      {"[z-a]", "a range from a greater to a lesser character", true},
      {"\\", "a backslash at the end", true},
      {"\\u12", "an escape without its hexadecimal digits", true},
      {"\\e", "an escape that ECMA-262 does not know", true},
  };
  sl_arena_t *arena = sl_arena_new(0, 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char why[SL_REGEX_WHY];
    bool wrong;
    const sl_regex_t *re = sl_regex_compile(sl_str(rows[i].pattern), arena, &wrong, why);
    assert_true((re == NULL) == (rows[i].why != NULL));
    if (!re) assert_string_equal(why, rows[i].why);
    assert_int_equal(wrong, rows[i].wrong);
  }
  sl_arena_destroy(&arena);
}

/* --- numbers -----------------------------------------------------------------------------------
 */

static void numbers_compare_by_digits(void **state)
{
  static const struct {
    const char *a, *b;
    int order;
  } rows[] = {
      {"1", "1.0", 0},      {"1e2", "100", 0},
      {"0.001", "1e-3", 0}, {"-0", "0", 0},
      {"-0.0", "0e9", 0},   {"12345678901234567.8900", "12345678901234567.89", 0},
      {"2", "10", -1},      {"-2", "-10", 1},
      {"-1", "1", -1},      {"1.05", "1.5", -1},
      {"99", "99.5", -1},   {"1e400", "9e399", 1},
      {"100", "0.5", 1},    {"0.09", "0.1", -1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_jnumber_t a, b;
    assert_true(sl_jnumber_parse(sl_str(rows[i].a), &a) && sl_jnumber_parse(sl_str(rows[i].b), &b));
    assert_int_equal(sl_jnumber_compare(&a, &b), rows[i].order);
    assert_int_equal(sl_jnumber_compare(&b, &a), -rows[i].order);
  }
}

static void multiples_are_exact(void **state)
{
  static const struct {
    const char *number, *unit;
    int is;
  } rows[] = {
      {"0.3", "0.1", 1},   {"1.005", "0.01", 0}, {"12345678901234567890.01", "0.01", 1},
      {"7", "2", 0},       {"1e20", "3", 0},     {"0", "5", 1},
      {"-6", "3", 1},      {"4.5", "1.5", 1},    {"1", "1234567890123456789012", -1},
      {"1e308", "0.5", 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_jnumber_t n, unit;
    assert_true(sl_jnumber_parse(sl_str(rows[i].number), &n));
    assert_true(sl_jnumber_parse(sl_str(rows[i].unit), &unit));
    assert_int_equal(sl_jnumber_is_multiple(&n, &unit), rows[i].is);
  }
}

/* --- schemas -----------------------------------------------------------------------------------
 */

static sl_jschemas_t *schema_of(const char *text, sl_diags_t *diags)
{
  return sl_jschemas_parse("s.json", text, strlen(text), diags);
}

static void schema_rows_judge_values(void **state)
{
  static const struct {
    const char *schema, *value;
    sl_jverdict_t verdict;
  } rows[] = {
      {"true", "1", SL_JS_YES},
      {"false", "1", SL_JS_NO},
      {"{'type':'integer'}", "1.0", SL_JS_YES},
      {"{'type':'integer'}", "1.5", SL_JS_NO},
      {"{'type':'integer'}", "'1'", SL_JS_NO},
      {"{'type':['string','null']}", "null", SL_JS_YES},
      {"{'type':['string','null']}", "true", SL_JS_NO},
      {"{'minLength':2,'maxLength':3}", "'\u00e4\u00e4\u00e4'", SL_JS_YES},
      {"{'minLength':2,'maxLength':3}", "'a'", SL_JS_NO},
      {"{'minLength':2,'maxLength':3}", "'abcd'", SL_JS_NO},
      {"{'maxLength':1}", "12345", SL_JS_YES},
      {"{'pattern':'^a'}", "'ba'", SL_JS_NO},
      {"{'pattern':'^(?=a)'}", "'ba'", SL_JS_MAYBE},
      {"{'minimum':0.1,'maximum':0.3}", "0.30000000000000000001", SL_JS_NO},
      {"{'minimum':0.1,'maximum':0.3}", "0.3", SL_JS_YES},
      {"{'exclusiveMinimum':1}", "1.0", SL_JS_NO},
      {"{'exclusiveMaximum':1}", "0.999", SL_JS_YES},
      {"{'multipleOf':0.01}", "19.99", SL_JS_YES},
      {"{'multipleOf':0.01}", "19.999", SL_JS_NO},
      {"{'enum':['a',1,null]}", "1.00", SL_JS_YES},
      {"{'enum':['a',1,null]}", "'b'", SL_JS_NO},
      {"{'const':{'a':[1,2],'b':2}}", "{'b':2,'a':[1,2]}", SL_JS_YES},
      {"{'const':{'a':[1,2]}}", "{'a':[2,1]}", SL_JS_NO},
      {"{'format':'date'}", "'2023-02-29'", SL_JS_NO},
      {"{'format':'date'}", "'2024-02-29'", SL_JS_YES},
      {"{'format':'date-time'}", "'2024-02-29T10:00:00'", SL_JS_NO},
      {"{'format':'date-time'}", "'2024-02-29T10:00:00.5+01:00'", SL_JS_YES},
      {"{'format':'int32'}", "2147483648", SL_JS_NO},
      {"{'format':'colour'}", "'x'", SL_JS_YES},
      {"{'properties':{'a':{'type':'string'}},'additionalProperties':false}", "{'a':'x'}",
       SL_JS_YES},
      {"{'properties':{'a':{'type':'string'}},'additionalProperties':false}", "{'b':1}", SL_JS_NO},
      {"{'properties':{'a':true},'patternProperties':{'^x-':{'type':'integer'}},"
       "'additionalProperties':false}",
       "{'a':1,'x-b':2}", SL_JS_YES},
      {"{'patternProperties':{'^x-':{'type':'integer'}}}", "{'x-b':'2'}", SL_JS_NO},
      {"{'required':['a','b']}", "{'a':1}", SL_JS_NO},
      {"{'propertyNames':{'maxLength':2}}", "{'abc':1}", SL_JS_NO},
      {"{'minProperties':1}", "{}", SL_JS_NO},
      {"{'maxProperties':1}", "{'a':1,'b':2}", SL_JS_NO},
      {"{'items':{'type':'integer'},'minItems':1,'maxItems':2}", "[1,2]", SL_JS_YES},
      {"{'items':{'type':'integer'},'minItems':1,'maxItems':2}", "[1,2,3]", SL_JS_NO},
      {"{'items':{'type':'integer'},'minItems':1,'maxItems':2}", "['1']", SL_JS_NO},
      {"{'prefixItems':[{'type':'string'}],'items':false}", "['a']", SL_JS_YES},
      {"{'prefixItems':[{'type':'string'}],'items':false}", "['a',1]", SL_JS_NO},
      {"{'uniqueItems':true}", "[1,2,1.0]", SL_JS_NO},
      {"{'contains':{'type':'string'},'maxContains':1}", "['a','b']", SL_JS_NO},
      {"{'contains':{'type':'string'}}", "[1,'b']", SL_JS_YES},
      {"{'contains':{'type':'string'},'minContains':0}", "[1]", SL_JS_YES},
      {"{'allOf':[{'minimum':1},{'maximum':2}]}", "3", SL_JS_NO},
      {"{'anyOf':[{'minimum':10},{'type':'string'}]}", "3", SL_JS_NO},
      {"{'anyOf':[{'minimum':10},{'type':'string'}]}", "'a'", SL_JS_YES},
      {"{'oneOf':[{'minimum':1},{'maximum':2}]}", "1.5", SL_JS_NO},
      {"{'oneOf':[{'minimum':1},{'maximum':2}]}", "3", SL_JS_YES},
      {"{'oneOf':[{'pattern':'(?=x)'},{'maximum':2}]}", "3", SL_JS_YES},
      {"{'oneOf':[{'pattern':'(?=x)'},{'maximum':2}]}", "'a'", SL_JS_MAYBE},
      {"{'not':{'type':'string'}}", "'a'", SL_JS_NO},
      {"{'not':{'pattern':'(?=x)'}}", "'a'", SL_JS_MAYBE},
      {"{'if':{'minimum':10},'then':{'multipleOf':10},'else':{'multipleOf':2}}", "15", SL_JS_NO},
      {"{'if':{'minimum':10},'then':{'multipleOf':10},'else':{'multipleOf':2}}", "4", SL_JS_YES},
      {"{'dependentRequired':{'a':['b']}}", "{'a':1}", SL_JS_NO},
      {"{'dependentSchemas':{'a':{'required':['b']}}}", "{'a':1,'b':1}", SL_JS_YES},
      {"{'unevaluatedProperties':false}", "{'a':1}", SL_JS_MAYBE},
      {"{'$ref':'#/$defs/a','$defs':{'a':{'type':'string'}}}", "1", SL_JS_NO},
      {"{'$ref':'#/$defs/a','maxLength':1,'$defs':{'a':{'type':'string'}}}", "'ab'", SL_JS_NO},
      {"{'$schema':'http://json-schema.org/draft-07/schema#','$ref':'#/definitions/a',"
       "'maxLength':1,'definitions':{'a':{'type':'string'}}}",
       "'ab'", SL_JS_YES},
      {"{'$ref':'#x','$defs':{'a':{'$anchor':'x','type':'string'}}}", "1", SL_JS_NO},
      {"{'$defs':{'a~b/c%d':{'type':'string'}},'$ref':'#/$defs/a~0b~1c%25d'}", "1", SL_JS_NO},
      {"{'$ref':'#/$defs/a','$defs':{'a':{'$ref':'#/$defs/b'},'b':{'$ref':'#/$defs/a'}}}", "1",
       SL_JS_MAYBE},
      {"{'properties':{'next':{'$ref':'#'}},'required':['v']}", "{'v':1,'next':{'next':{'v':1}}}",
       SL_JS_NO},
      {"{'$id':'https://example.org/s.json','$ref':'https://example.org/s.json#/$defs/a',"
       "'$defs':{'a':{'type':'string'}}}",
       "1", SL_JS_NO},
      {"{'allOf':[{'$ref':'#/$defs/a'}],'$defs':{'a':{'allOf':[{'$ref':'#/$defs/a'},"
       "{'$ref':'#/$defs/a'}]}}}",
       "1", SL_JS_MAYBE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char schema[512], value[128];
    snprintf(schema, sizeof schema, "%s", rows[i].schema);
    snprintf(value, sizeof value, "%s", rows[i].value);
    for (char *p = schema; *p; p++) *p = *p == '\'' ? '"' : *p;
    for (char *p = value; *p; p++) *p = *p == '\'' ? '"' : *p;
    sl_diags_t *diags = sl_diags_new(), *told = sl_diags_new();
    sl_jschemas_t *s = schema_of(schema, diags);
    if (!s) fail_msg("%s: %s", schema, sl_diags_first(diags));
    sl_jverdict_t verdict =
        sl_jschema_validate(sl_jschemas_root(s), "v.json", value, strlen(value), told);
    if (verdict != rows[i].verdict)
      fail_msg("%s of %s: %d, not %d", value, schema, verdict, rows[i].verdict);
    assert_int_equal(sl_diags_errors(told) > 0, verdict == SL_JS_NO);
    sl_jschemas_destroy(&s);
    sl_diags_destroy(&diags);
    sl_diags_destroy(&told);
  }
}

static void schema_wrong_is_refused_with_its_place(void **state)
{
  static const struct {
    const char *schema, *code;
    int line, col;
  } rows[] = {
      {"{\"type\":\n 7}", "C402", 2, 2},
      {"{\"type\":\"strin\"}", "C402", 1, 9},
      {"{\"maxLength\":-1}", "C402", 1, 14},
      {"{\"maxLength\":\"1\"}", "C402", 1, 14},
      {"{\"properties\":{\"a\":7}}", "C402", 1, 20},
      {"{\"multipleOf\":0}", "C402", 1, 15},
      {"{\"pattern\":\"(a\"}", "C404", 1, 12},
      {"{\"$ref\":\"#/$defs/x\"}", "C403", 1, 9},
      {"{\"$ref\":\"http://h/x.json\"}", "C004", 1, 9},
      {"{\"$ref\":\"gone.json\"}", "C005", 1, 9},
      {"{\"type\":\"string\",}", "C401", 1, 18},
      {"{\"a\":1,\"a\":2}", "C401", 1, 8},
      {"7", "C402", 1, 1},
      {"", "C401", 1, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_diags_t *diags = sl_diags_new();
    sl_jschemas_t *s = schema_of(rows[i].schema, diags);
    assert_null(s);
    const sl_diag_t *d = sl_diags_at(diags, 0);
    if (strcmp(d->code, rows[i].code) || d->line != rows[i].line || d->col != rows[i].col)
      fail_msg("%s: %s %d:%d %s", rows[i].schema, d->code, d->line, d->col, d->text);
    sl_diags_destroy(&diags);
  }
}

static void schema_asked_for_members_tells_what_applies(void **state)
{
  static const char text[] =
      "{\"$defs\":{\"Base\":{\"properties\":{\"id\":{\"type\":\"integer\"}},\"required\":[\"id\"]}}"
      ","
      "\"allOf\":[{\"$ref\":\"#/$defs/Base\"}],"
      "\"properties\":{\"id\":{\"maximum\":9},\"name\":{\"type\":[\"string\",\"null\"]}},"
      "\"additionalProperties\":{\"type\":\"boolean\"},"
      "\"oneOf\":[{\"properties\":{\"kind\":{\"const\":\"a\"},\"x\":{\"type\":\"string\"}},"
      "\"required\":[\"kind\"]},"
      "{\"properties\":{\"kind\":{\"const\":\"b\"},\"x\":{\"type\":\"integer\"}},"
      "\"required\":[\"kind\"]}]}";
  char why[SL_WHY];
  sl_diags_t *diags = sl_diags_new();
  sl_jschemas_t *s = schema_of(text, diags);
  assert_non_null(s);
  const sl_jschema_t *root = sl_jschemas_root(s), *id = sl_jschema_member(s, root, sl_str("id"));
  assert_int_equal(sl_jschema_types(id), SL_JT_INTEGER);
  assert_int_equal(sl_jschema_accepts(id, SL_JSON_NUMBER, sl_str("9"), why), SL_JS_YES);
  assert_int_equal(sl_jschema_accepts(id, SL_JSON_NUMBER, sl_str("10"), why), SL_JS_NO);
  assert_string_equal(why, "is greater than 9");
  assert_true(sl_jschema_requires(root, sl_str("id")));
  assert_true(sl_jschema_requires(root, sl_str("kind")));
  assert_false(sl_jschema_requires(root, sl_str("name")));
  const sl_jschema_t *name = sl_jschema_member(s, root, sl_str("name"));
  assert_int_equal(sl_jschema_types(name), SL_JT_STRING | SL_JT_NULL);
  assert_int_equal(sl_jschema_accepts(name, SL_JSON_NULL, sl_str(""), why), SL_JS_YES);
  assert_int_equal(sl_jschema_types(sl_jschema_member(s, root, sl_str("other"))), SL_JT_BOOLEAN);
  sl_str_t names[8];
  assert_int_equal(sl_jschema_property_names(root, names, 8), 4);
  assert_int_equal(sl_jschemas_def_count(s), 1);
  assert_non_null(sl_jschemas_def(s, "Base"));
  sl_jschemas_destroy(&s);
  sl_diags_destroy(&diags);
}

struct counted {
  const sl_jschema_t *schema;
  size_t in, out;
};

static void count_sample(void *ctx, sl_json_kind_t kind, sl_str_t text)
{
  struct counted *c = ctx;
  char why[SL_WHY];
  if (sl_jschema_accepts(c->schema, kind, text, why) == SL_JS_NO)
    c->out++;
  else
    c->in++;
}

static void samples_stand_on_both_sides_of_each_edge(void **state)
{
  static const struct {
    const char *schema;
    size_t in, out;
  } rows[] = {
      {"{\"type\":\"string\",\"minLength\":2,\"maxLength\":5}", 2, 4},
      {"{\"type\":\"integer\",\"minimum\":10,\"maximum\":100}", 4, 5},
      {"{\"enum\":[\"a\",\"b\",3]}", 3, 0},
      {"{\"type\":[\"boolean\",\"null\"]}", 3, 0},
      {"{\"type\":\"string\",\"pattern\":\"^-?\\\\d{1,3}\\\\.\\\\d{2}$\"}", 1, 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_diags_t *diags = sl_diags_new();
    sl_jschemas_t *s = schema_of(rows[i].schema, diags);
    assert_non_null(s);
    struct counted c = {sl_jschemas_root(s), 0, 0};
    sl_jschema_samples(c.schema, count_sample, &c);
    if (c.in != rows[i].in || c.out != rows[i].out)
      fail_msg("%s: %zu in, %zu out", rows[i].schema, c.in, c.out);
    sl_jschemas_destroy(&s);
    sl_diags_destroy(&diags);
  }
}

static void violations_come_with_pointer_and_place(void **state)
{
  static const char schema[] = "{\"properties\":{\"a\":{\"items\":{\"maxLength\":1}}},"
                               "\"required\":[\"b\"]}",
                    value[] = "{\"a\":[\"x\",\n\"xy\"]}";
  sl_diags_t *diags = sl_diags_new();
  sl_jschemas_t *s = schema_of(schema, diags);
  assert_non_null(s);
  sl_jschema_validate(sl_jschemas_root(s), "v.json", value, strlen(value), diags);
  assert_int_equal(sl_diags_errors(diags), 2);
  assert_string_equal(sl_diags_at(diags, 0)->text,
                      "the value has no member \"b\", which is required");
  assert_string_equal(sl_diags_at(diags, 1)->text, "/a/1 is longer than 1");
  assert_int_equal(sl_diags_at(diags, 1)->line, 2);
  sl_jschemas_destroy(&s);
  sl_diags_destroy(&diags);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pattern_rows_match_as_ecma_says),
      cmocka_unit_test(pattern_not_understood_is_told),
      cmocka_unit_test(numbers_compare_by_digits),
      cmocka_unit_test(multiples_are_exact),
      cmocka_unit_test(schema_rows_judge_values),
      cmocka_unit_test(schema_wrong_is_refused_with_its_place),
      cmocka_unit_test(schema_asked_for_members_tells_what_applies),
      cmocka_unit_test(samples_stand_on_both_sides_of_each_edge),
      cmocka_unit_test(violations_come_with_pointer_and_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

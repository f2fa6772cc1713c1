/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists in other forms than a repeated element: slots, zip, pairs, predicates, keys; through a
 * shape of a SOAP and of a REST system, both ways. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "core/diag.h"
#include "mappings/engine/run.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const char soap_text[] =
    "<mapping xmlns='urn:sluice:mapping:1' name='s' version='1.0.0'>\n"
    " <system name='s' kind='soap'/>\n"
    " <type name='n5' kind='text' width='5' pad='right' null='blank' absent='blank'/>\n"
    " <shape name='S'>\n"
    "  <slots legacy='ADR/A{1..3}' json='/lines' type='n5'/>\n"
    "  <slots legacy='P{01..03}' json='/phones' gaps='close'>\n"
    "   <field legacy='T' json='/type'/><field legacy='N' json='/number'/>\n"
    "  </slots>\n"
    "  <slots legacy='X{8..11}/V' json='/x' gaps='null' type='integer'/>\n"
    "  <slots legacy='O{1..3}' json='/o' gaps='null'><field legacy='@v' json='/v'/></slots>\n"
    "  <zip legacy='CD AMT' json='/taxes'>\n"
    "   <field legacy='CD' json='/code'/><field legacy='AMT' json='/amount' type='integer'/>\n"
    "   <field legacy='AMT/@c' json='/currency'/>\n"
    "  </zip>\n"
    "  <zip legacy='U V' json='/uneven' uneven='absent'>\n"
    "   <field legacy='U' json='/u'/><field legacy='V' json='/v'/>\n"
    "  </zip>\n"
    "  <pairs legacy='EXT/PROP' name='@n' value='.' json='/extensions' type='text'/>\n"
    "  <pairs legacy='B' name='K' value='V' json='/b' type='integer' absent='missing'/>\n"
    "  <list legacy='C' json='/c' key='@id @t'>\n"
    "   <field legacy='@id' json='/id' type='integer'/><field legacy='@t' json='/t'/>\n"
    "   <slots legacy='L{1..2}' json='/l' type='text'/>\n"
    "  </list>\n"
    " </shape>\n"
    "</mapping>\n";

static const char rest_text[] =
    "<mapping xmlns='urn:sluice:mapping:1' name='r' version='1.0.0'>\n"
    " <system name='r' kind='rest'/>\n"
    " <type name='n5' kind='text' width='5' pad='right' null='blank' absent='blank'/>\n"
    " <shape name='R'>\n"
    "  <slots legacy='/adr/a{1..3}' json='/lines' type='n5'/>\n"
    "  <slots legacy='/p{01..02}' json='/phones' gaps='close'>\n"
    "   <field legacy='/t' json='/type'/><field legacy='/n' json='/number'/>\n"
    "  </slots>\n"
    "  <slots legacy='/x{8..11}/v' json='/x' gaps='null' type='integer'/>\n"
    "  <zip legacy='/cd /t/amt' json='/taxes' uneven='reject'>\n"
    "   <field legacy='/cd' json='/code'/><field legacy='/t/amt' json='/amount' type='integer'/>\n"
    "  </zip>\n"
    "  <pairs legacy='/meta' name='/k' value='/v' json='/labels' type='text'/>\n"
    "  <list legacy='/i' json='/i' single='object' key='/k'>\n"
    "   <field legacy='/k' json='/k' type='integer'/>\n"
    "  </list>\n"
    "  <list legacy='/w' json='/w' single='object' type='text'/>\n"
    " </shape>\n"
    "</mapping>\n";

static const char picked_text[] =
    "<mapping xmlns='urn:sluice:mapping:1' name='p' version='1.0.0'>\n"
    " <system name='p' kind='soap' unknown='%s'/>\n"
    " <shape name='P'>\n"
    "  <field legacy=\"EXT/PROP[@n='color']\" json='/color'/>\n"
    "  <field legacy=\"EXT/PROP[@n='size']\" json='/size' type='integer'/>\n"
    "  <field legacy=\"EXT/PROP[@n='size']/@unit\" json='/unit'/>\n"
    "  <ignore legacy=\"EXT/PROP[@n='old']\" reason='gone'/>\n"
    "  <pairs legacy='EXT/PROP' name='@n' value='.' json='/more'/>\n"
    "  <object legacy=\"ADR[KIND='home/x']\" json='/home'>\n"
    "   <field legacy='STREET' json='/street'/><field legacy='GEO/@lat' json='/lat'/>\n"
    "  </object>\n"
    "  <object legacy=\"ADR[KIND='work']\" json='/work'>\n"
    "   <field legacy='STREET' json='/street'/><const legacy='BY' value='us'/>\n"
    "  </object>\n"
    "  <field legacy=\"N[@t='a']/V\" json='/n' access='read-only'/>\n"
    "  <list legacy='N' json='/ns'><field legacy='V' json='/v'/></list>\n"
    "  <field legacy=\"Q[@i='1']\" json='/q'/>\n"
    "  <ignore legacy='Q' reason='others'/>\n"
    " </shape>\n"
    "</mapping>\n";

static sl_mapping_t *soap, *rest, *picked, *strict;

static sl_mapping_t *load(const char *text)
{
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *mapping = sl_mapping_parse("test.map.xml", text, strlen(text), diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  return mapping;
}

/* One direction; the result, or "!field: text" when it is refused. Free it. */
static char *convert(const sl_mapping_t *m, bool read, const char *from)
{
  sl_arena_t *arena = sl_arena_new(0, 64 << 20);
  const sl_shape_t *shape = sl_mapping_shape(m, m == soap ? "S" : m == rest ? "R" : "P");
  sl_buf_t out;
  sl_err_t err = {0};
  sl_buf_init(&out, 0);
  sl_code_t code = read ? sl_shape_read(shape, arena, sl_str(from), &out, &err)
                        : sl_shape_write(shape, arena, sl_str(from), NULL, &out, &err);
  if (code) {
    assert_int_equal(code, read ? SL_GARBAGE : SL_INVALID);
    sl_buf_clear(&out);
    sl_buf_printf(&out, "!%s: %s", err.field, err.text);
  }
  char *text = strdup(sl_buf_z(&out));
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
  return text;
}

static bool same(const char *got, const char *want)
{
  return want[0] == '!' ? got[0] == '!' && strstr(got, want + 1) : !strcmp(got, want);
}

#define EMPTY_ADR "<ADR><A1>     </A1><A2>     </A2><A3>     </A3></ADR>"

typedef struct example {
  const char *json, *legacy; /* within {} and <S></S> or {}; "!…" where it is refused */
  char way;                  /* '=' both, '>' only written, '<' only read */
} example_t;

static const example_t soap_examples[] = {
    /* slots of plain values: unused places have their absent state */
    {"\"lines\":[\"ab\",\"c\"]", "<ADR><A1>ab   </A1><A2>c    </A2><A3>     </A3></ADR>", '='},
    {"\"lines\":[\"a\",\"b\",\"c\"]", "<ADR><A1>a    </A1><A2>b    </A2><A3>c    </A3></ADR>", '='},
    {"\"lines\":[\"a\",\"b\"]", "<ADR><A2>b</A2><A1>a</A1></ADR>", '<'},
    {"!ADR/A2 is empty, and ADR/A3 is not", "<ADR><A1>a</A1><A3>c</A3></ADR>", '<'},
    {"!A1 comes more than once", "<ADR><A1>a</A1><A1>a</A1></ADR>", '<'},
    {"\"lines\":[\"a\",\"b\",\"c\",\"d\"]", "!/lines: has 4 items, there are 3 places", '>'},
    {"\"lines\":[\"a\",null]", "!/lines/1: null is no item", '>'},
    {"\"lines\":[\"\"]", "!/lines: text that is not empty", '>'},
    {"\"lines\":[7]", "!/lines: a string was expected", '>'},
    {"\"lines\":\"a\"", "!/lines: an array was expected", '>'},
    /* of objects; gaps close */
    {"\"phones\":[{\"type\":\"h\",\"number\":\"1\"},{\"number\":\"2\"}]",
     EMPTY_ADR "<P01><T>h</T><N>1</N></P01><P02><N>2</N></P02>", '='},
    {"\"phones\":[{\"type\":\"h\"},{\"number\":\"2\"}]",
     "<P03><N>2</N></P03><P01><T>h</T></P01><P02/>", '<'},
    {"\"phones\":[{}]", "!/phones/0: has no value", '>'},
    {"\"phones\":[{\"type\":null}]", "!/phones/0: has no value", '>'},
    {"\"phones\":[null]", "!/phones/0: an object was expected", '>'},
    {"\"phones\":[{\"kind\":\"h\"}]", "!/phones/0/kind: there is no such member", '>'},
    /* gaps are null items, but for those at the end */
    {"\"x\":[1,null,3]",
     EMPTY_ADR "<X8><V>1</V></X8><X9><V "
               "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
               "xsi:nil=\"true\"/></X9><X10><V>3</V></X10>",
     '='},
    {"\"x\":[null,4]", "<X9><V>4</V></X9>", '<'},
    {"\"x\":[]", "<X9/>", '<'},
    {"\"x\":[4,null]", "!/x/1: is the last item and null", '>'},
    {"\"o\":[null,{\"v\":\"a\"}]", EMPTY_ADR "<O2 v=\"a\"/>", '='},
    {"\"o\":[null]", "!/o/0: is the last item and null", '>'},
    {"\"o\":[{}]", "!/o/0: has no value", '>'},
    /* zip */
    {"\"taxes\":[{\"code\":\"A\",\"amount\":1,\"currency\":\"EUR\"},{\"code\":\"B\",\"amount\":2}]",
     EMPTY_ADR "<CD>A</CD><CD>B</CD><AMT c=\"EUR\">1</AMT><AMT>2</AMT>", '='},
    {"\"taxes\":[{\"code\":\"A\",\"amount\":1},{\"code\":\"B\",\"amount\":2}]",
     "<CD>A</CD><AMT>1</AMT><CD>B</CD><AMT>2</AMT>", '<'},
    {"\"taxes\":[{\"code\":null,\"amount\":1}]",
     EMPTY_ADR "<CD xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
               "xsi:nil=\"true\"/><AMT>1</AMT>",
     '='},
    {"!there are 2 of CD, and 1 of AMT", "<CD>A</CD><CD>B</CD><AMT>1</AMT>", '<'},
    {"\"taxes\":[{\"code\":\"A\",\"amount\":1},{\"code\":\"B\"}]",
     "!/taxes/1/amount: is required in each item", '>'},
    {"\"taxes\":[{\"code\":\"A\"},{\"code\":\"B\",\"amount\":2}]",
     "!/taxes/0/amount: is required in each item", '>'},
    {"\"uneven\":[{\"u\":\"1\",\"v\":\"a\"},{\"u\":\"2\"}]", EMPTY_ADR "<U>1</U><U>2</U><V>a</V>",
     '='},
    {"\"uneven\":[{\"u\":\"1\"},{\"v\":\"b\"}]", "!/uneven/0/v: is required in each item", '>'},
    {"\"uneven\":[{\"u\":\"1\"},{}]", "!/uneven/1: has no value", '>'},
    /* pairs: any name, in order */
    {"\"extensions\":{\"color\":\"red\",\"a b\":\"\",\"\":\"e\",\"<\\u00e9>\":\"&\"}",
     EMPTY_ADR "<EXT><PROP n=\"color\">red</PROP><PROP n=\"a b\"/><PROP n=\"\">e</PROP>"
               "<PROP n=\"&lt;\xc3\xa9&gt;\">&amp;</PROP></EXT>",
     '>'},
    {"\"extensions\":{\"color\":\"red\",\"a b\":\"\",\"\":\"e\",\"<\xc3\xa9>\":\"&\"}",
     "<EXT><PROP n=\"color\">red</PROP><PROP n=\"a b\"/><PROP n=\"\">e</PROP>"
     "<PROP n=\"&lt;\xc3\xa9&gt;\">&amp;</PROP></EXT>",
     '<'},
    {"\"extensions\":{\"a\":null}",
     EMPTY_ADR "<EXT><PROP n=\"a\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
               "xsi:nil=\"true\"/></EXT>",
     '='},
    {"!/extensions/a: comes twice", "<EXT><PROP n='a'/><PROP n='b'/><PROP n='a'/></EXT>", '<'},
    {"!/extensions: a name was expected in each EXT/PROP", "<EXT><PROP>x</PROP></EXT>", '<'},
    {"\"extensions\":{\"a\":\"1\",\"b\":\"2\",\"\\u0061\":\"3\"}", "!/extensions/a: comes twice",
     '>'},
    {"\"extensions\":{\"a\":{}}", "!/extensions/a: is an object", '>'},
    {"\"extensions\":{\"a\":[]}", "!/extensions/a: is an array", '>'},
    {"\"extensions\":{\"a\":1}", "!/extensions: a string was expected", '>'},
    {"\"extensions\":[]", "!/extensions: an object was expected", '>'},
    {"\"extensions\":{\"a\\u0001\":\"\"}", "!/extensions/a\x01: ", '>'},
    {"\"b\":{\"k\":7}", EMPTY_ADR "<B><K>k</K><V>7</V></B>", '='},
    {"\"b\":{\"k\":null}", "<B><K>k</K></B>", '<'},
    {"!/b: a name was expected in each B", "<B><V>7</V></B>", '<'},
    /* keys; slots within a list */
    {"\"c\":[{\"id\":1,\"t\":\"a\",\"l\":[\"x\"]},{\"id\":1,\"t\":\"b\",\"l\":[]}]",
     EMPTY_ADR "<C t=\"a\" id=\"1\"><L1>x</L1></C><C t=\"b\" id=\"1\"/>", '='},
    {"!/c/2: has a key that comes twice", "<C id='1' t='a'/><C id='1' t=''/><C id='01' t='a'/>",
     '<'},
    {"\"c\":[{\"id\":1,\"t\":\"\"},{\"id\":1.0,\"t\":\"\"}]", "!/c/1: has a key that comes twice",
     '>'},
    {"\"c\":[{\"id\":1,\"l\":[]},{\"id\":1,\"l\":[]}]", EMPTY_ADR "<C id=\"1\"/><C id=\"1\"/>",
     '='},
    {"!/c/l: L1 is empty, and L2 is not", "<C><L2>b</L2></C>", '<'},
};

static const example_t rest_examples[] = {
    {"\"lines\":[\"ab\"]", "\"adr\":{\"a1\":\"ab   \",\"a2\":\"     \",\"a3\":\"     \"}", '<'},
    {"\"lines\":[\"ab\"]", "\"adr\":{\"a3\":null,\"a1\":\"ab\"}", '<'},
    {"!/adr/a2 is empty, and /adr/a3 is not", "\"adr\":{\"a1\":\"x\",\"a3\":\"y\"}", '<'},
    {"!/adr/a1: comes twice", "\"adr\":{\"a1\":\"x\",\"a1\":\"y\"}", '<'},
    {"\"phones\":[{\"type\":\"h\"}]", "\"p01\":null,\"p02\":{\"t\":\"h\"}", '<'},
    {"!an object was expected", "\"p01\":\"h\"", '<'},
    {"\"x\":[null,2]", "\"x8\":{},\"x9\":{\"v\":\"2\"}", '<'},
    {"\"taxes\":[{\"code\":\"A\",\"amount\":1},{\"code\":null,\"amount\":2}]",
     "\"cd\":[\"A\",null],\"t\":{\"amt\":[1,2]}", '<'},
    {"!there are 1 of /cd, and 0 of /t/amt", "\"cd\":[\"A\"]", '<'},
    {"\"labels\":{\"a\":\"1\",\"b\":null}",
     "\"meta\":[{\"k\":\"a\",\"v\":\"1\"},{\"k\":\"b\",\"v\":null}]", '<'},
    {"\"labels\":{\"a\":null}", "\"meta\":[{\"k\":\"a\"}]", '<'},
    {"!/labels/a: comes twice", "\"meta\":[{\"k\":\"a\",\"v\":\"\"},{\"v\":\"\",\"k\":\"a\"}]",
     '<'},
    {"!/labels: a name was expected", "\"meta\":[{\"k\":null,\"v\":\"\"}]", '<'},
    /* a single item without its array */
    {"\"i\":[{\"k\":1}]", "\"i\":{\"k\":1}", '<'},
    {"\"i\":[{\"k\":1}]", "\"i\":[{\"k\":1}]", '<'},
    {"\"i\":[{}]", "\"i\":{}", '<'},
    {"\"i\":[]", "\"i\":null", '<'},
    {"\"i\":[]", "\"i\":[]", '<'},
    {"!an object was expected", "\"i\":7", '<'},
    {"!/i/1: has a key that comes twice", "\"i\":[{\"k\":1},{\"k\":1}]", '<'},
    {"\"w\":[\"a\"]", "\"w\":\"a\"", '<'},
    {"\"w\":[\"7\"]", "\"w\":7", '<'},
    {"\"w\":[null]", "\"w\":[null]", '<'},
    {"\"w\":[]", "\"w\":null", '<'},
    {"!is an object, a string was expected", "\"w\":{}", '<'},
    {"\"i\":{\"k\":1}", "!/i: an array was expected", '>'},
    {"\"i\":null", "!/i: an array was expected", '>'},
};

/* JSON of the whole, with the lists that the example does not name: they are read as empty. */
static const char *whole(const sl_mapping_t *m, const char *json)
{
  static const char *const of_soap[] = {"lines",  "phones",     "x", "o", "taxes",
                                        "uneven", "extensions", "b", "c"};
  static const char *const of_rest[] = {"lines", "phones", "x", "taxes", "labels", "i", "w"};
  static char out[4096];
  const char *const *names = m == soap ? of_soap : of_rest;
  size_t n = m == soap ? N(of_soap) : N(of_rest), o = 0;
  for (size_t i = 0; i < n; i++) {
    char start[32];
    int len = snprintf(start, sizeof start, "\"%s\":", names[i]);
    bool object =
        !strcmp(names[i], "extensions") || !strcmp(names[i], "b") || !strcmp(names[i], "labels");
    o += (size_t)snprintf(out + o, sizeof out - o, "%s", i ? "," : "{");
    if (!strncmp(json, start, (size_t)len))
      o += (size_t)snprintf(out + o, sizeof out - o, "%s", json);
    else
      o += (size_t)snprintf(out + o, sizeof out - o, "%s%s", start, object ? "{}" : "[]");
  }
  snprintf(out + o, sizeof out - o, "}");
  return out;
}

static void check(const sl_mapping_t *m, const example_t *e)
{
  char json[4096], legacy[4096];
  const char *open = m == soap ? "<S>" : "{", *close = m == soap ? "</S>" : "}";
  snprintf(json, sizeof json, "{%s}", e->json);
  snprintf(legacy, sizeof legacy, e->legacy[0] == '!' ? "%.0s%s" : "%s%s%s", open, e->legacy,
           close);
  if (e->way != '<') {
    char *got = convert(m, false, json);
    if (!same(got, legacy)) fail_msg("%s is written as\n  %s\nnot\n  %s", json, got, legacy);
    free(got);
  }
  if (e->way != '>') {
    const char *want = e->json[0] == '!' ? e->json : whole(m, e->json);
    char *got = convert(m, true, legacy);
    if (!same(got, want)) fail_msg("%s is read as\n  %s\nnot\n  %s", legacy, got, want);
    free(got);
  }
}

static void soap_lists_are_written_and_read(void **state)
{
  (void)state;
  for (size_t i = 0; i < N(soap_examples); i++) check(soap, &soap_examples[i]);
}

static void rest_lists_are_written_and_read(void **state)
{
  (void)state;
  for (size_t i = 0; i < N(rest_examples); i++) check(rest, &rest_examples[i]);
}

static void rest_lists_are_written_in_their_form(void **state)
{
  static const char json[] =
      "{\"lines\":[\"a\"],\"phones\":[{\"number\":\"1\"}],\"x\":[1,null,3],\"taxes\":[{\"code\":"
      "null,"
      "\"amount\":1}],\"labels\":{\"b\":null,\"a\":\"1\"},\"i\":[],\"w\":[]}";
  (void)state;
  char *got = convert(rest, false, json);
  assert_string_equal(got, "{\"adr\":{\"a1\":\"a    \",\"a2\":\"     \",\"a3\":\"     \"},"
                           "\"p01\":{\"n\":\"1\"},\"x8\":{\"v\":1},\"x9\":{\"v\":null},"
                           "\"x10\":{\"v\":3},\"cd\":[null],\"t\":{\"amt\":[1]},\"meta\":[{\"k\":"
                           "\"b\",\"v\":null},{\"k\":\"a\",\"v\":\"1\"}],\"i\":[],\"w\":[]}");
  char *back = convert(rest, true, got);
  assert_string_equal(back, json);
  free(got);
  free(back);
}

/* A single item goes bare, unless it would not come back. */
static void rest_single_items_go_without_their_array(void **state)
{
  static const struct {
    const char *json, *legacy;
  } rows[] = {{"{\"i\":[{\"k\":1}]}", "\"i\":{\"k\":1}"},
              {"{\"i\":[{}]}", "\"i\":{}"},
              {"{\"i\":[]}", "\"i\":[]"},
              {"{\"i\":[{\"k\":1},{\"k\":2}]}", "\"i\":[{\"k\":1},{\"k\":2}]"},
              {"{\"w\":[\"a\"]}", "\"w\":\"a\""},
              {"{\"w\":[\"[\"]}", "\"w\":\"[\""},
              {"{\"w\":[null]}", "\"w\":[null]"},
              {"{\"w\":[]}", "\"w\":[]"}};
  (void)state;
  for (size_t i = 0; i < N(rows); i++) {
    char *got = convert(rest, false, rows[i].json);
    if (!strstr(got, rows[i].legacy)) fail_msg("%s is written as %s", rows[i].json, got);
    free(got);
  }
}

/* --- predicates ----------------------------------------------------------------------------------
 */

/* json: of the whole; legacy: within <P>. */
static const example_t picked_examples[] = {
    {"{\"color\":\"red\",\"size\":7,\"unit\":\"cm\",\"more\":{\"a\":\"b\"},\"home\":{\"street\":"
     "\"A\","
     "\"lat\":\"1\"},\"work\":{\"street\":\"B\"},\"ns\":[]}",
     "<EXT><PROP n=\"color\">red</PROP><PROP unit=\"cm\" n=\"size\">7</PROP><PROP n=\"a\">b</PROP>"
     "</EXT><ADR><KIND>home/x</KIND><STREET>A</STREET><GEO lat=\"1\"/></ADR>"
     "<ADR><KIND>work</KIND><STREET>B</STREET><BY>us</BY></ADR>",
     '='},
    /* what is tested stands behind the values; the old one is ignored */
    {"{\"size\":9,\"unit\":\"m\",\"more\":{\"x\":\"1\"},\"work\":{\"street\":\"W\"},\"ns\":[]}",
     "<ADR><STREET>W</STREET><BY>it</BY><KIND>work</KIND></ADR><EXT><PROP n='x'>1</PROP>"
     "<PROP n='old'>5</PROP><PROP n='size' unit='m'>9</PROP></EXT>",
     '<'},
    {"{\"more\":{},\"ns\":[],\"q\":\"a\"}", "<Q i='2'>b</Q><Q i='1'>a</Q><Q>c</Q>", '<'},
    {"{\"color\":null,\"more\":{},\"ns\":[]}",
     "<EXT><PROP n=\"color\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
     "xsi:nil=\"true\"/></EXT>",
     '='},
    {"{\"more\":{},\"n\":\"1\",\"ns\":[{\"v\":\"2\"},{\"v\":\"3\"}]}",
     "<N><V>2</V></N><N t='a'><V>1</V></N><N t='b'><V>3</V></N>", '<'},
    {"{\"ns\":[{\"v\":\"2\"}]}", "<N><V>2</V></N>", '>'},
    {"!EXT/PROP[@n='color']: comes more than once",
     "<EXT><PROP n='color'>a</PROP><PROP n='size'>1</PROP><PROP n='color'>a</PROP></EXT>", '<'},
    {"!ADR[KIND='work']: comes more than once",
     "<ADR><KIND>work</KIND></ADR><ADR><KIND>work</KIND></ADR>", '<'},
    {"!/size: an integer was expected", "<EXT><PROP n='size'>x</PROP></EXT>", '<'},
    {"{\"more\":{\"color\":\"red\"}}", "!/more/color: belongs elsewhere", '>'},
    {"{\"unit\":\"cm\"}", "!/size: is required", '>'},
};

static void check_picked(const sl_mapping_t *m, const example_t *e)
{
  char legacy[4096];
  snprintf(legacy, sizeof legacy, e->legacy[0] == '!' ? "%s" : "<P>%s</P>", e->legacy);
  if (e->way != '<') {
    char *got = convert(m, false, e->json);
    if (!same(got, legacy)) fail_msg("%s is written as\n  %s\nnot\n  %s", e->json, got, legacy);
    free(got);
  }
  if (e->way != '>') {
    char *got = convert(m, true, legacy);
    if (!same(got, e->json)) fail_msg("%s is read as\n  %s\nnot\n  %s", legacy, got, e->json);
    free(got);
  }
}

static void predicates_pick_their_occurrence(void **state)
{
  (void)state;
  for (size_t i = 0; i < N(picked_examples); i++) {
    check_picked(picked, &picked_examples[i]);
    check_picked(strict, &picked_examples[i]);
  }
}

/* An occurrence that nothing names is unknown input, unless a list or an ignore has it. */
static void occurrences_that_nothing_picks_are_unknown(void **state)
{
  static const char legacy[] = "<P><ADR><KIND>summer</KIND><STREET>S</STREET></ADR></P>";
  (void)state;
  char *got = convert(picked, true, legacy);
  assert_string_equal(got, "{\"more\":{},\"ns\":[]}");
  free(got);
  got = convert(strict, true, legacy);
  assert_true(same(got, "!a ADR that no predicate names is unknown"));
  free(got);
}

/* --- the laws, on records made by chance ---------------------------------------------------------
 */

static uint64_t seed = 88172645463325252ULL;

static unsigned chance(unsigned n)
{
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed >> 11) % n;
}

static const char *word(void)
{
  static const char *const words[] = {"\"\"", "\"a\"", "null", "\"b c\"", "\" \"", "1",
                                      "0",    "\"d\"", "-12",  "\"<&>\"", "true"};
  return words[chance(N(words))];
}

static void put_items(sl_buf_t *b, const char *name, const char *const *members, size_t n)
{
  sl_buf_printf(b, ",\"%s\":[", name);
  for (unsigned i = 0, count = chance(5); i < count; i++) {
    bool comma = false;
    if (i) sl_buf_addc(b, ',');
    if (!n || !chance(9)) {
      sl_buf_addz(b, word());
      continue;
    }
    sl_buf_addc(b, '{');
    for (size_t k = 0; k < n; k++) {
      if (!chance(4)) continue;
      sl_buf_printf(b, "%s\"%s\":%s", comma ? "," : "", members[k], word());
      comma = true;
    }
    sl_buf_addc(b, '}');
  }
  sl_buf_addc(b, ']');
}

static void put_record(sl_buf_t *b)
{
  static const char *const phone[] = {"type", "number"}, *const tax[] = {"code", "amount"},
                           *const uneven[] = {"u", "v"}, *const o[] = {"v"};
  sl_buf_addz(b, "{\"lines\":[]");
  if (chance(2)) put_items(b, "phones", phone, 2);
  if (chance(2)) put_items(b, "x", NULL, 0);
  if (chance(2)) put_items(b, "o", o, 1);
  if (chance(2)) put_items(b, "taxes", tax, 2);
  if (chance(2)) put_items(b, "uneven", uneven, 2);
  if (chance(2)) {
    sl_buf_addz(b, ",\"extensions\":{");
    for (unsigned i = 0, n = chance(4); i < n; i++)
      sl_buf_printf(b, "%s\"n%u\":%s", i ? "," : "", chance(6), word());
    sl_buf_addc(b, '}');
  }
  sl_buf_addc(b, '}');
}

/* What is accepted reads back, and is then written as the same message. */
static void accepted_records_read_back(void **state)
{
  unsigned accepted = 0;
  (void)state;
  for (unsigned i = 0; i < 20000; i++) {
    sl_buf_t json;
    sl_buf_init(&json, 0);
    put_record(&json);
    char *written = convert(soap, false, sl_buf_z(&json));
    if (written[0] != '!') {
      char *read = convert(soap, true, written);
      char *again = read[0] == '!' ? strdup("") : convert(soap, false, read);
      if (strcmp(written, again)) fail_msg("%s\n%s\n%s\n%s", sl_buf_z(&json), written, read, again);
      accepted++;
      free(read);
      free(again);
    }
    free(written);
    sl_buf_fini(&json);
  }
  assert_true(accepted > 1000);
}

/* --- many names ----------------------------------------------------------------------------------
 */

/* 200,000 names take well under a second; comparing each with each would take minutes. */
static void pairs_with_very_many_names_are_quick(void **state)
{
  enum { MANY = 200000 };
  sl_buf_t json;
  (void)state;
  sl_buf_init(&json, 0);
  sl_buf_addz(&json, "{\"extensions\":{");
  for (unsigned i = 0; i < MANY; i++)
    sl_buf_printf(&json, "%s\"name-of-some-length-%08u\":\"\"", i ? "," : "", i * 7919 % MANY);
  sl_buf_addz(&json, "}}");
  clock_t start = clock();
  char *written = convert(soap, false, sl_buf_z(&json));
  assert_true(written[0] == '<');
  char *read = convert(soap, true, written);
  assert_non_null(strstr(read, "\"name-of-some-length-00000000\":\"\""));
  assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 20);
  free(written);
  free(read);
  sl_buf_fini(&json);
}

/* --- mistakes ------------------------------------------------------------------------------------
 */

static const struct {
  const char *kind, *members, *code, *text;
} mistakes[] = {
    {"soap", "<slots legacy='A' json='/a'/>", "R212", "does not say which places"},
    {"soap", "<slots legacy='A{3..1}' json='/a'/>", "R212", "counts backwards"},
    {"soap", "<slots legacy='A{1..2}_{1..2}' json='/a'/>", "R212", "counts twice"},
    {"soap", "<slots legacy='A{1..501}' json='/a'/>", "R212", "more than 500"},
    {"soap", "<slots legacy='B/@A{1..2}' json='/a'/>", "R212", "numbers attributes"},
    {"soap", "<slots legacy='A{1..2}/B' json='/a'><field legacy='C' json='/c'/></slots>", "R212",
     "goes on behind"},
    {"soap", "<slots legacy='A{1..2}' json='/a'/><field legacy='A2' json='/b'/>", "R211", "A2"},
    {"soap", "<field legacy='A2' json='/b'/><slots legacy='A{1..2}' json='/a'/>", "R211", "A2"},
    {"soap", "<slots legacy='A{1..2}' json='/a'/><slots legacy='A{2..3}' json='/b'/>", "R211", ""},
    {"soap", "<slots legacy='A{1..2}' json='/a'/><field legacy='B' json='/a'/>", "R210", "/a"},
    {"soap", "<slots legacy='A{1..2}'/>", "R230", "needs json="},
    {"soap", "<zip legacy='A B' json='/a'><field legacy='A' json='/a'/></zip>", "R214",
     "no field takes its value from B"},
    {"soap", "<zip legacy='A B' json='/a'><field legacy='C' json='/a'/></zip>", "R214",
     "C is none of the zip's lists: A B"},
    {"soap",
     "<zip legacy='A B' json='/a'><field legacy='A' json='/a'/><field legacy='A' json='/b'/>"
     "<field legacy='B' json='/c'/></zip>",
     "R211", "A is mapped already"},
    {"soap", "<list legacy='A' json='/a' key='X'><field legacy='B' json='/b'/></list>", "R353",
     "key=\"X\" is no field"},
    {"soap", "<list legacy='A' json='/a' on-write='align'><field legacy='B' json='/b'/></list>",
     "R219", "needs a key"},
    {"soap", "<pairs legacy='A' name='@n' value='@n' json='/a'/>", "R211", "@n"},
    {"soap", "<field legacy=\"P[@n='a']\" json='/a'/><field legacy=\"P[@n='a']\" json='/b'/>",
     "R211", "P[@n='a'] is mapped already"},
    {"soap", "<field legacy=\"P[@n='a']\" json='/a'/><field legacy=\"P[@m='a']\" json='/b'/>",
     "R215", "could be both"},
    {"soap", "<field legacy=\"P[@n='a']\" json='/a'/><field legacy='P' json='/b'/>", "R211",
     "without a predicate"},
    {"soap", "<field legacy='P' json='/b'/><field legacy=\"P[@n='a']\" json='/a'/>", "R211",
     "without a predicate"},
    {"soap",
     "<zip legacy='P' json='/b'><field legacy='P' json='/b'/></zip><field "
     "legacy=\"P[@n='a']\" json='/a'/>",
     "R211", "without a predicate"},
    {"soap", "<field legacy='P[@n=a]' json='/a'/>", "R200", "predicate of another form"},
    {"soap", "<field legacy='P[1]' json='/a'/>", "R200", "predicate of another form"},
    {"soap", "<field legacy=\"P[@n='a\" json='/a'/>", "R200", "predicate of another form"},
    {"soap", "<field legacy=\"P[@n='a'][@m='b']\" json='/a'/>", "R200", "of another form"},
    {"soap", "<field legacy=\"P[Q/@n='a']\" json='/a'/>", "R200", "of another form"},
    {"soap", "<field legacy=\"P[@n='a']/Q[@m='b']\" json='/a'/>", "R200", "where none may be"},
    {"soap", "<field legacy=\"@p[Q='a']\" json='/a'/>", "R200", "where none may be"},
    {"soap", "<list legacy=\"P[@n='a']\" json='/a'/>", "R216", ""},
    {"soap", "<list legacy=\"P[@n='a']/Q\" json='/a'/>", "R216", ""},
    {"soap", "<slots legacy=\"P[@n='a']/Q{1..2}\" json='/a'/>", "R216", ""},
    {"soap", "<field legacy=\"P[@n='a']/@n\" json='/a'/>", "R211", "@n"},
    {"rest", "<pairs legacy='/a' name='n' value='/v' json='/a'/>", "R200", "not a JSON pointer"},
    {"odbc", "<zip legacy='A B' json='/a'><field legacy='A' json='/a'/></zip>", "R217", ""},
    {"odbc", "<slots legacy='A{1..2}' json='/a'><const legacy='X' value='1'/></slots>", "R218",
     "always written"},
    {"odbc", "<slots legacy='A{1..2}' json='/a'><slots legacy='B{1..2}' json='/b'/></slots>",
     "R218", "no slots"},
    {"odbc", "<slots legacy='A{1..2}' json='/a'/><slots legacy='A{2..3}' json='/b'/>", "R211",
     "A2 is mapped already"},
};

static void mistakes_are_told(void **state)
{
  (void)state;
  for (size_t i = 0; i < N(mistakes); i++) {
    char text[2048];
    snprintf(text, sizeof text,
             "<mapping xmlns='urn:sluice:mapping:1' name='m' version='1.0.0'>"
             "<system name='m' kind='%s'/><shape name='S'>%s</shape></mapping>",
             mistakes[i].kind, mistakes[i].members);
    sl_diags_t *diags = sl_diags_new();
    sl_mapping_t *m = sl_mapping_parse("m.map.xml", text, strlen(text), diags);
    if (m || sl_diags_count(diags) != 1) {
      sl_diags_print(diags, stderr);
      fail_msg("%s: %zu messages", mistakes[i].members, sl_diags_count(diags));
    }
    const sl_diag_t *d = sl_diags_at(diags, 0);
    if (strcmp(d->code, mistakes[i].code) || !strstr(d->text, mistakes[i].text))
      fail_msg("%s: %s %s", mistakes[i].members, d->code, d->text);
    sl_diags_destroy(&diags);
  }
}

static int set_up(void **state)
{
  (void)state;
  char text[4096];
  soap = load(soap_text);
  snprintf(text, sizeof text, picked_text, "count");
  picked = load(text);
  snprintf(text, sizeof text, picked_text, "reject");
  strict = load(text);
  rest = load(rest_text);
  return soap && rest && picked && strict ? 0 : -1;
}

static int tear_down(void **state)
{
  (void)state;
  sl_mapping_destroy(&soap);
  sl_mapping_destroy(&rest);
  sl_mapping_destroy(&picked);
  sl_mapping_destroy(&strict);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(soap_lists_are_written_and_read),
      cmocka_unit_test(rest_lists_are_written_and_read),
      cmocka_unit_test(rest_lists_are_written_in_their_form),
      cmocka_unit_test(rest_single_items_go_without_their_array),
      cmocka_unit_test(predicates_pick_their_occurrence),
      cmocka_unit_test(occurrences_that_nothing_picks_are_unknown),
      cmocka_unit_test(accepted_records_read_back),
      cmocka_unit_test(pairs_with_very_many_names_are_quick),
      cmocka_unit_test(mistakes_are_told),
  };
  return cmocka_run_group_tests_name("lists", tests, set_up, tear_down);
}

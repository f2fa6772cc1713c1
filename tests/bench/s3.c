/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * S3: the mapping alone. Envelopes of about 2 KB (a customer of 24 fields with 5 orders, made here
 * with a fixed seed) go through sl_run_feed with the crm example's mapping, and through a bare
 * libxml2 SAX2 parse of the same bytes, in turns; medians over the rounds are printed.
 *
 *     s3-map [--rounds N] [--messages N] [--mapping FILE]
 *
 * CPU time of the process, so that what else runs on the machine disturbs less. */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "mappings/engine/run.h"

enum { ORDERS = 5, MAX_PASSES = 101 };

/* --- envelopes
 * ---------------------------------------------------------------------------------------------------
 */

static unsigned long seed = 4711;

static unsigned pick(unsigned n)
{
  seed = seed * 6364136223846793005ul + 1442695040888963407ul; /* Knuth's MMIX generator */
  return (unsigned)(seed >> 33) % n;
}

static const char *one(const char *const *words, unsigned n)
{
  return words[pick(n)];
}

static void day(sl_buf_t *out, const char *tag, unsigned from)
{
  sl_buf_printf(out, "<c:%s>%04u%02u%02u</c:%s>", tag, from + pick(20), 1 + pick(12), 1 + pick(28),
                tag);
}

static void text(sl_buf_t *out, const char *tag, const char *value)
{
  sl_buf_printf(out, "<c:%s>%s</c:%s>", tag, value, tag);
}

static void order(sl_buf_t *out, unsigned number)
{
  static const char *const states[] = {"N", "S", "C", "R"};
  sl_buf_printf(out, "<c:ORDER><c:ORD_NO>%010u</c:ORD_NO>", number);
  day(out, "ORD_DT", 2004);
  text(out, "ORD_ST", one(states, 4));
  sl_buf_printf(out, "<c:AMOUNT>%u.%02u</c:AMOUNT><c:QTY>%u</c:QTY></c:ORDER>", pick(9000),
                pick(100), 1 + pick(99));
}

static void envelope(sl_buf_t *out, unsigned id)
{
  static const char *const
      titles[] = {"01", "02", "03"},
      *const firsts[] = {"Jürgen", "Anna", "François", "Mia"},
      *const lasts[] = {"Müller &amp; Söhne \"Nord\"", "Weber", "O\\Neil", "Schmidt-Rottluff"},
      *const states[] = {"A", "I", "B"}, *const segments[] = {"P1", "P2", "P3"},
      *const flags[] = {"Y", "N"}, *const streets[] = {"Lange Straße", "Am Alten Markt"},
      *const cities[] = {"Düsseldorf", "Wien", "Zürich", "Łódź"},
      *const countries[] = {"276", "040", "756"}, *const languages[] = {"D", "F", "E"};
  sl_buf_addz(
      out,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>"
      "<c:GetCustomerResponse xmlns:c=\"urn:legacy:crm:customer:v1\"><c:RC>00</c:RC><c:CUSTOMER>");
  sl_buf_printf(out, "<c:CUST_NO>%010u</c:CUST_NO>", id);
  text(out, "TITLE_CD", one(titles, 3));
  text(out, "FIRST_NM", one(firsts, 4));
  text(out, "LAST_NM", one(lasts, 4));
  day(out, "BIRTH_DT", 1950);
  day(out, "SINCE_DT", 2003);
  text(out, "STATUS_CD", one(states, 3));
  text(out, "SEGM_CD", one(segments, 3));
  text(out, "VIP_FLG", one(flags, 2));
  text(out, "STREET", one(streets, 2));
  sl_buf_printf(out, "<c:HOUSE_NO>%u</c:HOUSE_NO><c:ZIP_CD>%05u</c:ZIP_CD>", 1 + pick(199),
                pick(99999));
  text(out, "CITY_NM", one(cities, 4));
  text(out, "CTRY_CD", one(countries, 3));
  sl_buf_printf(out, "<c:EMAIL>kunde%06u@example.com</c:EMAIL><c:PHONE>+49 211 %07u</c:PHONE>", id,
                pick(9999999));
  text(out, "LANG_CD", one(languages, 3));
  text(out, "CURR_CD", "EUR");
  sl_buf_printf(out, "<c:CREDIT_LIM>%013u</c:CREDIT_LIM><c:BALANCE>-%u.%02u</c:BALANCE>",
                pick(5000000), pick(5000), pick(100));
  sl_buf_printf(out, "<c:RISK_SC>%u</c:RISK_SC><c:BRANCH>%04u</c:BRANCH>", 1 + pick(100),
                pick(999));
  day(out, "LAST_DT", 2005);
  if (id % 3)
    day(out, "TERM_DT", 2005);
  else
    text(out, "TERM_DT", "00000000");
  sl_buf_addz(out, "<c:ORDERS>");
  for (unsigned i = 0; i < ORDERS; i++) order(out, id * 10 + i);
  sl_buf_addz(out,
              "</c:ORDERS></c:CUSTOMER></c:GetCustomerResponse></soapenv:Body></soapenv:Envelope>");
}

/* --- the two loops
 * ------------------------------------------------------------------------------------------------
 */

struct messages {
  sl_buf_t bytes;
  size_t *start; /* n + 1 */
  size_t n;
};

static double cpu_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t map_all(const struct messages *m, const sl_op_t *op, sl_arena_t *arena, sl_buf_t *out)
{
  static const sl_input_t none = {NULL, 0, {NULL, 0}};
  size_t bytes = 0;
  for (size_t i = 0; i < m->n; i++) {
    sl_err_t err;
    sl_answer_t answer;
    sl_arena_reset(arena);
    sl_buf_clear(out);
    sl_run_t *run = sl_run_new(op, arena, &none, out);
    if (!run ||
        sl_run_feed(run, 200, m->bytes.p + m->start[i], m->start[i + 1] - m->start[i], true,
                    &err) ||
        sl_run_answer(run, &answer, &err) || answer.status != 200) {
      fprintf(stderr, "s3-map: message %zu: %s %s\n", i, run ? err.field : "",
              run ? err.text : "out of memory");
      exit(1);
    }
    sl_run_fini(run);
    bytes += out->len;
  }
  return bytes;
}

static unsigned long events;

static void on_start(void *ctx, const xmlChar *a, const xmlChar *b, const xmlChar *c, int d,
                     const xmlChar **e, int f, int g, const xmlChar **h)
{
  (void)ctx, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  events++;
}

static void on_end(void *ctx, const xmlChar *a, const xmlChar *b, const xmlChar *c)
{
  (void)ctx, (void)a, (void)b, (void)c;
}

static void on_text(void *ctx, const xmlChar *p, int n)
{
  (void)ctx, (void)p;
  events += (unsigned)n;
}

static void sax_all(const struct messages *m)
{
  xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                       .startElementNs = on_start,
                       .endElementNs = on_end,
                       .characters = on_text};
  for (size_t i = 0; i < m->n; i++)
    if (xmlSAXUserParseMemory(&sax, NULL, m->bytes.p + m->start[i],
                              (int)(m->start[i + 1] - m->start[i]))) {
      fprintf(stderr, "s3-map: message %zu is not well-formed\n", i);
      exit(1);
    }
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *v, int n)
{
  qsort(v, (size_t)n, sizeof *v, by_value);
  return v[n / 2];
}

static void measure(const struct messages *m, const sl_op_t *op, int passes)
{
  double ours[MAX_PASSES], bare[MAX_PASSES], ratio[MAX_PASSES];
  sl_arena_t *arena = sl_arena_new(32 * 1024, 1024 * 1024);
  sl_buf_t out;
  size_t json = 0;
  sl_buf_init(&out, 0);
  for (int i = -1; i < passes; i++) { /* the first pass warms up */
    int k = i < 0 ? 0 : i;
    double t0 = cpu_seconds();
    json = map_all(m, op, arena, &out);
    double t1 = cpu_seconds();
    sax_all(m);
    double t2 = cpu_seconds();
    ours[k] = t1 - t0, bare[k] = t2 - t1, ratio[k] = bare[k] / ours[k];
  }
  double a = median(ours, passes), b = median(bare, passes), n = (double)m->n,
         mb = (double)m->bytes.len / 1e6;
  printf("s3.message_bytes: %.0f\ns3.json_bytes: %.0f\n", (double)m->bytes.len / n,
         (double)json / n);
  printf("s3.map_us: %.2f\ns3.sax_us: %.2f\n", a / n * 1e6, b / n * 1e6);
  printf("s3.map_mb_s: %.0f\ns3.sax_mb_s: %.0f\n", mb / a, mb / b);
  printf("s3.speed_ratio: %.3f\n", median(ratio, passes));
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
}

/* The example's mapping: in $SL_SOURCE, or in the source tree that the build is in. */
static void find_mapping(char *path, size_t size)
{
  const char *source = getenv("SL_SOURCE");
  char exe[512];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(exe, '/');
  if (slash) *slash = '\0';
  if (source)
    snprintf(path, size, "%s/mappings/examples/crm/crm.map.xml", source);
  else
    snprintf(path, size, "%s/../../../mappings/examples/crm/crm.map.xml", exe);
}

int main(int argc, char **argv)
{
  char path[1024];
  struct messages m = {.n = 2000};
  int rounds = 15;
  find_mapping(path, sizeof path);
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--rounds")) rounds = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--messages")) m.n = (size_t)atol(argv[i + 1]);
    if (!strcmp(argv[i], "--mapping")) snprintf(path, sizeof path, "%s", argv[i + 1]);
  }
  if (rounds < 1 || rounds > MAX_PASSES || !m.n) return 2;
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *mapping = sl_mapping_load(path, diags);
  sl_diags_print(diags, stderr);
  const sl_op_t *op = mapping ? sl_mapping_op(mapping, "getCustomer") : NULL;
  m.start = calloc(m.n + 1, sizeof *m.start);
  if (!op || !m.start) return 1;
  for (size_t i = 0; i < m.n; i++) {
    envelope(&m.bytes, (unsigned)i + 42);
    m.start[i + 1] = m.bytes.len;
  }
  measure(&m, op, rounds);
  free(m.start);
  sl_buf_fini(&m.bytes);
  sl_mapping_destroy(&mapping);
  sl_diags_destroy(&diags);
  return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fakes/crm_store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The text members of a customer, in the order of the contract and of a line of the state file. */
#define F(name) offsetof(struct crm__Customer, name)
static const size_t fields[] = {
    F(CUST_USCORENO),  F(TITLE_USCORECD),  F(FIRST_USCORENM),   F(LAST_USCORENM), F(BIRTH_USCOREDT),
    F(SINCE_USCOREDT), F(STATUS_USCORECD), F(SEGM_USCORECD),    F(STREET),        F(HOUSE_USCORENO),
    F(ZIP_USCORECD),   F(CITY_USCORENM),   F(CTRY_USCORECD),    F(EMAIL),         F(PHONE),
    F(LANG_USCORECD),  F(CURR_USCORECD),   F(CREDIT_USCORELIM), F(BALANCE),       F(RISK_USCORESC),
    F(BRANCH),         F(LAST_USCOREDT),   F(TERM_USCOREDT),
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static char **field(const struct crm__Customer *c, size_t i)
{
  return (char **)((char *)c + fields[i]);
}

static struct {
  pthread_mutex_t lock;
  struct crm__Customer **v; /* by number */
  size_t n, cap;
  int state, journal;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER, .state = -1, .journal = -1};

static void die(const char *what)
{
  perror(what);
  exit(1);
}

/* --- copies: with soap into its memory, without into malloc's ------------------------------- */

static void *take(struct soap *soap, size_t size)
{
  void *p = soap ? soap_malloc(soap, size) : malloc(size);
  if (!p) die("memory");
  return memset(p, 0, size);
}

static char *copy_text(struct soap *soap, const char *z)
{
  return z ? strcpy(take(soap, strlen(z) + 1), z) : NULL;
}

static void copy_into(struct soap *soap, struct crm__Customer *to, const struct crm__Customer *from)
{
  for (size_t i = 0; i < N_FIELDS; i++) *field(to, i) = copy_text(soap, *field(from, i));
  to->VIP_USCOREFLG = from->VIP_USCOREFLG;
  to->ORDERS = take(soap, sizeof *to->ORDERS);
  int n = from->ORDERS ? from->ORDERS->__sizeORDER : 0;
  to->ORDERS->__sizeORDER = n;
  to->ORDERS->ORDER = take(soap, sizeof(struct crm__Order) * (size_t)(n + 1));
  for (int i = 0; i < n; i++) {
    const struct crm__Order *o = &from->ORDERS->ORDER[i];
    to->ORDERS->ORDER[i] =
        (struct crm__Order){copy_text(soap, o->ORD_USCORENO), copy_text(soap, o->ORD_USCOREDT),
                            copy_text(soap, o->ORD_USCOREST), copy_text(soap, o->AMOUNT), o->QTY};
  }
}

static void release(struct crm__Customer *c)
{
  for (size_t i = 0; i < N_FIELDS; i++) free(*field(c, i));
  for (int i = 0; i < c->ORDERS->__sizeORDER; i++) {
    struct crm__Order *o = &c->ORDERS->ORDER[i];
    free(o->ORD_USCORENO), free(o->ORD_USCOREDT), free(o->ORD_USCOREST), free(o->AMOUNT);
  }
  free(c->ORDERS->ORDER);
  free(c->ORDERS);
  free(c);
}

/* --- the table ----------------------------------------------------------------------------------
 */

/* Ten digits, whatever was asked with. */
static void normal(const char *no, char out[32])
{
  while (*no == '0' || *no == ' ') no++;
  snprintf(out, 32, "%0*d%.20s", (int)(strlen(no) < 10 ? 10 - strlen(no) : 0), 0, no);
  if (strlen(no) >= 10) snprintf(out, 32, "%.20s", no);
}

/* Where no is, or would be. */
static size_t place(const char *no, bool *found_p)
{
  size_t lo = 0, hi = store.n;
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    int c = strcmp(store.v[mid]->CUST_USCORENO, no);
    if (!c) return *found_p = true, mid;
    if (c < 0)
      lo = mid + 1;
    else
      hi = mid;
  }
  return *found_p = false, lo;
}

/* Takes c over. */
static void keep(struct crm__Customer *c)
{
  bool found;
  size_t at = place(c->CUST_USCORENO, &found);
  if (found) {
    release(store.v[at]);
  } else {
    if (store.n == store.cap) {
      store.cap = store.cap ? store.cap * 2 : 1024;
      store.v = realloc(store.v, store.cap * sizeof *store.v);
      if (!store.v) die("memory");
    }
    memmove(&store.v[at + 1], &store.v[at], (store.n - at) * sizeof *store.v);
    store.n++;
  }
  store.v[at] = c;
}

/* --- what they look like ------------------------------------------------------------------------
 */

static unsigned rnd_state;
static int rnd(int n)
{
  rnd_state = rnd_state * 1103515245u + 12345u;
  return (int)((rnd_state >> 8) % (unsigned)n);
}

static char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *fmt, ...)
{
  char *out;
  va_list ap;
  va_start(ap, fmt);
  if (vasprintf(&out, fmt, ap) < 0) die("memory");
  va_end(ap);
  return out;
}

/* Padded with blanks to thirty characters, not bytes, as the old system does. */
static char *padded(const char *name)
{
  int chars = 0;
  for (const char *p = name; *p; p++) chars += (*p & 0xc0) != 0x80;
  return text("%s%*s", name, 30 - chars, "");
}

static char *day(int from, int years)
{
  return text("%04d%02d%02d", from + rnd(years), 1 + rnd(12), 1 + rnd(28));
}

static struct crm__Customer *make_up(int i)
{
  static const char *const first[] = {"J\u00fcrgen", "Anna", "Fran\u00e7ois",
                                      "Mia",         "Karl", "Zo\u00eb"};
  static const char *const last[] = {"M\u00fcller & S\u00f6hne \"Nord\"", "Weber", "O\\Neil",
                                     "Schmidt-Rottluff", "Dupont & Cie"};
  static const char *const city[] = {"D\u00fcsseldorf", "Wien", "Z\u00fcrich",
                                     "\u0141\u00f3d\u017a"};
  static const char *const country[] = {"276", "040", "756", "616"};
  struct crm__Customer *c = take(NULL, sizeof *c);
  rnd_state = (unsigned)i * 7919u + 1u;
  c->CUST_USCORENO = text("%010d", i);
  c->TITLE_USCORECD = text("%02d", 1 + rnd(3));
  c->FIRST_USCORENM = padded(first[i % 6]);
  c->LAST_USCORENM = padded(last[i % 5]);
  c->BIRTH_USCOREDT = i % 7 ? day(1950, 50) : text("00000000");
  c->SINCE_USCOREDT = day(2003, 12);
  c->STATUS_USCORECD = text("%c", "AAIB"[rnd(4)]);
  c->SEGM_USCORECD = text("P%d", 1 + rnd(3));
  c->VIP_USCOREFLG = rnd(5) ? crm__Flag__N : crm__Flag__Y;
  c->STREET = text("Lange Stra\u00dfe");
  c->HOUSE_USCORENO = text("%d%s", 1 + rnd(199), rnd(2) ? "" : "a");
  c->ZIP_USCORECD = text("%05d", 1000 + rnd(98000));
  c->CITY_USCORENM = text("%s", city[i % 4]);
  c->CTRY_USCORECD = text("%s", country[i % 4]);
  c->EMAIL = i % 5 ? text("kunde%06d@example.com", i) : NULL;
  c->PHONE = i % 3 ? text("+49 211 %07d", 1000000 + rnd(8999999)) : i % 2 ? text("%s", "") : NULL;
  c->LANG_USCORECD = text("%c", "DFE"[rnd(3)]);
  c->CURR_USCORECD = text("EUR");
  c->CREDIT_USCORELIM = text("%013d%s", (10 + rnd(490)) * 10000, i % 13 ? "" : "-");
  c->BALANCE = text("%s%d.%02d", rnd(3) ? "" : "-", rnd(9000), rnd(100));
  c->RISK_USCORESC = text("%d", 1 + rnd(100));
  c->BRANCH = text("%04d", 1 + rnd(999));
  c->LAST_USCOREDT = day(2022, 3);
  c->TERM_USCOREDT = i % 3 ? text("00000000") : day(2024, 2);
  c->ORDERS = take(NULL, sizeof *c->ORDERS);
  int n = i % 11 == 10 ? i % 2 : 5; /* some have one order or none */
  c->ORDERS->__sizeORDER = n;
  c->ORDERS->ORDER = take(NULL, sizeof(struct crm__Order) * 6);
  for (int k = 0; k < n; k++)
    c->ORDERS->ORDER[k] =
        (struct crm__Order){text("%010d", i * 10 + k), day(2020, 5), text("%c", "NSCR"[rnd(4)]),
                            text("%d.%02d", 1 + rnd(9999), rnd(100)), 1 + rnd(120)};
  return c;
}

/* --- the state file: one line a write, fields between tabs -------------------------------------
 */

static void put_field(FILE *f, const char *z)
{
  if (!z) fputs("\\N", f);
  for (; z && *z; z++) {
    if (*z == '\t')
      fputs("\\t", f);
    else if (*z == '\n')
      fputs("\\n", f);
    else if (*z == '\\')
      fputs("\\\\", f);
    else
      fputc(*z, f);
  }
  fputc('\t', f);
}

static char *line_of(const struct crm__Customer *c, size_t *len_p)
{
  char *line;
  FILE *f = open_memstream(&line, len_p);
  if (!f) die("memory");
  for (size_t i = 0; i < N_FIELDS; i++) put_field(f, *field(c, i));
  fprintf(f, "%c\t%d\t", c->VIP_USCOREFLG, c->ORDERS->__sizeORDER);
  for (int i = 0; i < c->ORDERS->__sizeORDER; i++) {
    const struct crm__Order *o = &c->ORDERS->ORDER[i];
    put_field(f, o->ORD_USCORENO), put_field(f, o->ORD_USCOREDT), put_field(f, o->ORD_USCOREST);
    put_field(f, o->AMOUNT);
    fprintf(f, "%d\t", o->QTY);
  }
  fputc('\n', f);
  fclose(f);
  return line;
}

static char *get_field(char **at_p)
{
  char *p = *at_p, *out = p, *start = p;
  bool null = !strncmp(p, "\\N\t", 3);
  for (; *p && *p != '\t'; p++) {
    if (*p == '\\' && p[1])
      *out++ = *++p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
    else
      *out++ = *p;
  }
  *at_p = *p ? p + 1 : p;
  *out = '\0';
  return null ? NULL : strdup(start);
}

static struct crm__Customer *customer_of(char *line)
{
  struct crm__Customer *c = take(NULL, sizeof *c);
  for (size_t i = 0; i < N_FIELDS; i++) *field(c, i) = get_field(&line);
  char *vip = get_field(&line), *count = get_field(&line);
  c->VIP_USCOREFLG = vip && *vip == 'Y' ? crm__Flag__Y : crm__Flag__N;
  int n = count ? atoi(count) : 0;
  free(vip), free(count);
  c->ORDERS = take(NULL, sizeof *c->ORDERS);
  c->ORDERS->__sizeORDER = n;
  c->ORDERS->ORDER = take(NULL, sizeof(struct crm__Order) * (size_t)(n + 1));
  for (int i = 0; i < n; i++) {
    struct crm__Order *o = &c->ORDERS->ORDER[i];
    o->ORD_USCORENO = get_field(&line), o->ORD_USCOREDT = get_field(&line);
    o->ORD_USCOREST = get_field(&line), o->AMOUNT = get_field(&line);
    char *qty = get_field(&line);
    o->QTY = qty ? atoi(qty) : 0;
    free(qty);
  }
  return c;
}

static void replay(const char *path)
{
  FILE *f = fopen(path, "r");
  char *line = NULL;
  size_t cap = 0;
  if (!f) return; /* the first start */
  for (ssize_t len; (len = getline(&line, &cap, f)) > 0;) {
    if (line[len - 1] != '\n') break; /* cut by a kill: was never acknowledged */
    line[len - 1] = '\0';
    keep(customer_of(line));
  }
  free(line);
  fclose(f);
}

static int open_append(const char *path)
{
  int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
  if (path && fd < 0) die(path);
  return fd;
}

void crm_store_open(int customers, const char *state, const char *journal)
{
  for (int i = 1; i <= customers; i++) keep(make_up(i));
  if (state) replay(state);
  store.state = open_append(state);
  store.journal = open_append(journal);
}

struct crm__Customer *crm_store_get(struct soap *soap, const char *no)
{
  char key[32];
  bool found;
  struct crm__Customer *out = NULL;
  normal(no, key);
  pthread_mutex_lock(&store.lock);
  size_t at = place(key, &found);
  if (found) copy_into(soap, out = take(soap, sizeof *out), store.v[at]);
  pthread_mutex_unlock(&store.lock);
  return out;
}

void crm_store_put(struct soap *soap, const char *op, const struct crm__Customer *customer)
{
  (void)soap;
  struct crm__Customer *c = take(NULL, sizeof *c);
  char key[32], note[160];
  struct timespec now;
  size_t len;
  copy_into(NULL, c, customer);
  normal(c->CUST_USCORENO ? c->CUST_USCORENO : "", key);
  free(c->CUST_USCORENO);
  c->CUST_USCORENO = strdup(key);
  pthread_mutex_lock(&store.lock);
  char *line = line_of(c, &len);
  if (store.state >= 0 && write(store.state, line, len) != (ssize_t)len) die("state");
  free(line);
  clock_gettime(CLOCK_REALTIME, &now);
  int n = snprintf(note, sizeof note, "%lld.%03ld %s %s %.60s\n", (long long)now.tv_sec,
                   now.tv_nsec / 1000000, op, key, c->STREET ? c->STREET : "");
  if (store.journal >= 0 && write(store.journal, note, (size_t)n) != n) die("journal");
  keep(c);
  pthread_mutex_unlock(&store.lock);
}

char *crm_store_next_no(struct soap *soap)
{
  char no[32];
  pthread_mutex_lock(&store.lock);
  long last = store.n ? atol(store.v[store.n - 1]->CUST_USCORENO) : 0;
  pthread_mutex_unlock(&store.lock);
  snprintf(no, sizeof no, "%010ld", last + 1);
  return copy_text(soap, no);
}

static bool hit(const struct crm__Customer *c, const crm_query_t *q)
{
  if (q->after && strcmp(c->CUST_USCORENO, q->after) <= 0) return false;
  if (q->name && strncmp(c->LAST_USCORENM, q->name, strlen(q->name))) return false;
  if (q->city && strcmp(c->CITY_USCORENM, q->city)) return false;
  return !q->status || !strcmp(c->STATUS_USCORECD, q->status);
}

int crm_store_search(struct soap *soap, const crm_query_t *query, struct crm__Customer **hits_p,
                     bool *more_p)
{
  int n = 0, max = query->max > 0 && query->max < 500 ? query->max : 50;
  *hits_p = take(soap, sizeof **hits_p * (size_t)max);
  *more_p = false;
  pthread_mutex_lock(&store.lock);
  for (size_t i = 0; i < store.n && !*more_p; i++) {
    if (!hit(store.v[i], query)) continue;
    if (n == max)
      *more_p = true;
    else
      copy_into(soap, &(*hits_p)[n++], store.v[i]);
  }
  pthread_mutex_unlock(&store.lock);
  return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-fake-customer: the legacy service of mappings/examples/customer, a gSOAP server made from
 * its WSDL. It keeps customers in memory as it was given them: elements that no mapping names,
 * spellings that nobody would write today. It keeps to its contract strictly, counts the changes
 * of each record, refuses an update of an older one, and misbehaves when told to (crm_faults.h).
 */
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soapH.h"
#include "CustomerBinding.nsmap"
#include "tests/fakes/crm_faults.h"
#include "tests/fakes/soap_fake.h"

enum { MODE = SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE | SOAP_XML_STRICT | SOAP_XML_TREE };

/* One state of one customer. Older ones stay, as an answer may still be written from them. */
struct customer {
  struct customer *next; /* newest first */
  struct soap *memory;   /* that cust lives in */
  struct cust__Customer *cust;
  char *text; /* as it is spelled on the wire */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct customer *customers;
static int journal = -1;
static unsigned changes; /* our clock: each change is a minute later */

/* --- the contract's patterns, which gSOAP leaves to its user ------------------------------------
 */

static int validate(struct soap *soap, const char *pattern, const char *text)
{
  char whole[256];
  regex_t re;
  snprintf(whole, sizeof whole, "^(%s)$", pattern);
  if (regcomp(&re, whole, REG_EXTENDED | REG_NOSUB)) soap_fake_die(pattern);
  int no = regexec(&re, text, 0, NULL, 0);
  regfree(&re);
  return no ? soap->error = SOAP_TYPE : SOAP_OK;
}

static struct soap *new_soap(void)
{
  struct soap *soap = soap_new1(MODE);
  if (!soap) soap_fake_die("memory");
  soap->fsvalidate = validate;
  return soap;
}

/* --- records ------------------------------------------------------------------------------------
 */

/* As it is spelled on the wire; to be freed. */
static char *text_of(const struct cust__Customer *c)
{
  struct soap *soap = new_soap();
  const char *text = NULL;
  soap->os = &text;
  if (soap_begin_send(soap)) soap_fake_die("send");
  soap_serialize_cust__Customer(soap, c);
  if (soap_put_cust__Customer(soap, c, "cust:CUSTOMER", NULL) || soap_end_send(soap) || !text)
    soap_fake_die("serialize");
  const char *from = strstr(text, "<cust:CUSTOMER"); /* behind the XML declaration */
  char *copy = from ? strdup(from) : NULL;
  if (!copy) soap_fake_die("memory");
  soap_destroy(soap);
  soap_end(soap);
  soap_free(soap);
  return copy;
}

/* text in memory of its own; NULL: it is against the contract. */
static struct customer *customer_of(const char *text)
{
  struct customer *self = calloc(1, sizeof *self);
  if (!self) soap_fake_die("memory");
  self->memory = new_soap();
  self->memory->is = text;
  if (!soap_begin_recv(self->memory))
    self->cust = soap_get_cust__Customer(self->memory, NULL, "cust:CUSTOMER", NULL);
  if (!self->cust || soap_end_recv(self->memory)) {
    soap_print_fault(self->memory, stderr);
    return NULL;
  }
  self->text = text_of(self->cust);
  return self;
}

static struct customer *find(const char *no)
{
  struct customer *c = customers;
  while (c && strcmp(c->cust->CUST_USCORENO, no)) c = c->next;
  return c;
}

static void keep(const char *text)
{
  struct customer *c = customer_of(text);
  if (!c) soap_fake_die("a record that is against the contract");
  c->next = customers;
  customers = c;
}

static char *read_file(const char *path)
{
  enum { MAX = 1 << 16 };
  char *text = calloc(1, MAX);
  FILE *f = fopen(path, "r");
  if (!f || !text) soap_fake_die(path);
  size_t n = fread(text, 1, MAX - 1, f);
  fclose(f);
  return n < MAX - 1 ? text : (soap_fake_die(path), NULL);
}

/* One line: the operation, the path that was posted to, what was received. */
static void note(struct soap *soap, const char *op, const char *what)
{
  char *line;
  int n = asprintf(&line, "%s %s %s\n", op, soap->path, what);
  if (n < 0) soap_fake_die("memory");
  if (journal >= 0 && write(journal, line, (size_t)n) != n) soap_fake_die("journal");
  free(line);
}

/* --- operations ---------------------------------------------------------------------------------
 */

static char *answer(struct soap *soap, const char *text)
{
  return soap_strdup(soap, text);
}

/* The fault that the contract declares. */
static int locked(struct soap *soap)
{
  struct _cust__Locked *detail = soap_malloc(soap, sizeof *detail);
  detail->BY = answer(soap, "BATCH07");
  soap_sender_fault(soap, "Customer is locked", NULL);
  soap_faultdetail(soap);
  struct SOAP_ENV__Detail *d = soap_malloc(soap, sizeof *d);
  memset(d, 0, sizeof *d);
  d->cust__Locked = detail;
  soap->fault->detail = d;
  return soap->error;
}

/* SOAP_OK to go on; anything else ends the operation. *rc_p is set when it is over. */
static int before(struct soap *soap, const char *op, char **rc_p)
{
  switch (crm_faults_before(soap, op)) {
  case CRM_503: return 503;
  case CRM_LOCKED: return locked(soap);
  case CRM_FAULT: return soap_receiver_fault(soap, "ORA-00600: internal error code", NULL);
  case CRM_HANG: return soap->error = SOAP_STOP;
  case CRM_RC: *rc_p = crm_faults_rc(soap); return SOAP_OK;
  default: return SOAP_OK;
  }
}

static int after(struct soap *soap)
{
  return crm_faults_after(soap) == CRM_HANG_AFTER ? (soap->error = SOAP_STOP) : SOAP_OK;
}

int __cust__GetCustomer(struct soap *soap, struct _cust__GetCustomer *in,
                        struct _cust__GetCustomerResponse *out)
{
  out->RC = NULL;
  int rc = before(soap, "GetCustomer", &out->RC);
  note(soap, "GetCustomer", in->CUST_USCORENO);
  if (rc) return rc;
  out->MSG = out->RC ? answer(soap, "TOLD TO FAIL") : NULL;
  if (out->RC) return SOAP_OK;
  pthread_mutex_lock(&lock);
  struct customer *c = find(in->CUST_USCORENO);
  pthread_mutex_unlock(&lock);
  out->CUSTOMER = c ? c->cust : NULL;
  out->RC = answer(soap, c ? "00" : "08");
  if (!c) out->MSG = answer(soap, "CUSTOMER NOT ON FILE");
  return after(soap);
}

/* The next state of a customer: counted, and with a time of change where it had one. */
static void change(struct soap *soap, struct cust__Customer *c)
{
  char stamp[32], rev[32];
  changes++;
  if (c->UPD_USCORETS && *c->UPD_USCORETS) {
    snprintf(stamp, sizeof stamp, "2027-01-%02u-%02u.%02u.00", 1 + changes / 1440 % 28,
             changes / 60 % 24, changes % 60);
    c->UPD_USCORETS = answer(soap, stamp);
  }
  if (c->rev) {
    snprintf(rev, sizeof rev, "%d", atoi(c->rev) + 1);
    c->rev = answer(soap, rev);
  }
  char *text = text_of(c);
  keep(text);
  free(text);
}

/* The return code of an update, under the lock. One that changes nothing is none. */
static const char *update(struct soap *soap, struct cust__Customer *c)
{
  const struct customer *now = find(c->CUST_USCORENO);
  if (!now) return "08";
  const char *rev = now->cust->rev;
  if (rev && c->rev && strcmp(rev, c->rev)) return "12";
  char *text = text_of(c);
  if (strcmp(text, now->text)) change(soap, c);
  free(text);
  return "00";
}

int __cust__UpdCustomer(struct soap *soap, struct _cust__UpdCustomer *in,
                        struct _cust__UpdCustomerResponse *out)
{
  out->RC = NULL;
  int rc = before(soap, "UpdCustomer", &out->RC);
  char *text = text_of(in->CUSTOMER);
  note(soap, "UpdCustomer", text);
  free(text);
  if (rc) return rc;
  out->MSG = out->RC ? answer(soap, "TOLD TO FAIL") : NULL;
  if (out->RC) return SOAP_OK;
  pthread_mutex_lock(&lock);
  out->RC = answer(soap, update(soap, in->CUSTOMER));
  pthread_mutex_unlock(&lock);
  if (!strcmp(out->RC, "08")) out->MSG = answer(soap, "CUSTOMER NOT ON FILE");
  if (!strcmp(out->RC, "12")) out->MSG = answer(soap, "CUSTOMER WAS CHANGED MEANWHILE");
  return after(soap);
}

static void usage(void)
{
  fputs("usage: sluice-fake-customer [--port N] [--journal FILE] [--control FILE] RECORD.xml…\n"
        "The legacy service of the customer example, with the records given. Prints\n"
        "\"ready URL\" when it listens. --control FILE holds one line of misbehaviour: locked,\n"
        "fault, rc CODE, raw FILE, …; \"GetCustomer:\" before it for one operation.\n",
        stderr);
}

int main(int argc, char **argv)
{
  static const struct option options[] = {{"port", 1, NULL, 'p'},
                                          {"journal", 1, NULL, 'j'},
                                          {"control", 1, NULL, 'c'},
                                          {NULL, 0, NULL, 0}};
  int port = 0;
  for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (o == 'p')
      port = atoi(optarg);
    else if (o == 'j')
      journal = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    else if (o == 'c')
      crm_faults_open(optarg);
    else
      return usage(), 2;
  }
  for (int i = optind; i < argc; i++) {
    char *text = read_file(argv[i]);
    keep(text);
    free(text);
  }
  return soap_fake_run(new_soap(), port, "customer");
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-fake-crm: the demo's and the tests' legacy SOAP service: a gSOAP server made from
 * wsdl/crm.wsdl. It keeps to its contract strictly (SOAP_XML_STRICT), keeps its state, and
 * misbehaves when told to (crm_faults.h).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soapH.h"
#include "CrmSoap11.nsmap"
#include "tests/fakes/crm_faults.h"
#include "tests/fakes/crm_store.h"
#include "tests/fakes/soap_fake.h"

static char *answer(struct soap *soap, const char *text)
{
  return soap_strdup(soap, text);
}

/* The fault that the contract declares. */
static int locked(struct soap *soap, const char *no)
{
  struct _crm__LockedFault *detail = soap_malloc(soap, sizeof *detail);
  detail->CUST_USCORENO = soap_strdup(soap, no ? no : "");
  detail->LOCKED_USCOREBY = soap_strdup(soap, "BATCH07");
  soap_sender_fault(soap, "Customer is locked", NULL);
  soap_faultdetail(soap);
  struct SOAP_ENV__Detail *d = soap_malloc(soap, sizeof *d);
  memset(d, 0, sizeof *d);
  d->crm__LockedFault = detail;
  if (soap->version == 2)
    soap->fault->SOAP_ENV__Detail = d;
  else
    soap->fault->detail = d;
  return soap->error;
}

/* SOAP_OK to go on; anything else ends the operation. */
static int before(struct soap *soap, const char *op, const char *no)
{
  switch (crm_faults_before(soap, op)) {
  case CRM_503: return 503;
  case CRM_LOCKED: return locked(soap, no);
  case CRM_FAULT: return soap_receiver_fault(soap, "ORA-00600: internal error code", NULL);
  case CRM_HANG: return soap->error = SOAP_STOP;
  default: return SOAP_OK;
  }
}

static int after(struct soap *soap)
{
  return crm_faults_after(soap) == CRM_HANG_AFTER ? (soap->error = SOAP_STOP) : SOAP_OK;
}

int __crm__GetCustomer(struct soap *soap, struct _crm__GetCustomer *in,
                       struct _crm__GetCustomerResponse *out)
{
  int rc = before(soap, "GetCustomer", in->CUST_USCORENO);
  if (rc) return rc;
  out->CUSTOMER = crm_store_get(soap, in->CUST_USCORENO);
  out->RC = answer(soap, out->CUSTOMER ? "00" : "08");
  out->MSG = out->CUSTOMER ? NULL : answer(soap, "CUSTOMER NOT ON FILE");
  return after(soap);
}

int __crm__SearchCustomers(struct soap *soap, struct _crm__SearchCustomers *in,
                           struct _crm__SearchCustomersResponse *out)
{
  int rc = before(soap, "SearchCustomers", NULL);
  if (rc) return rc;
  crm_query_t q = {in->NAME, in->CITY_USCORENM, in->STATUS_USCORECD, in->AFTER_USCORENO,
                   in->MAX_USCORECNT ? *in->MAX_USCORECNT : 0};
  bool more;
  out->__sizeHIT = crm_store_search(soap, &q, &out->HIT, &more);
  out->RC = answer(soap, "00");
  out->MORE_USCOREFLG = more ? crm__Flag__Y : crm__Flag__N;
  return after(soap);
}

int __crm__CreateCustomer(struct soap *soap, struct _crm__CreateCustomer *in,
                          struct _crm__CreateCustomerResponse *out)
{
  int rc = before(soap, "CreateCustomer", NULL);
  if (rc) return rc;
  struct crm__Customer *c = in->CUSTOMER;
  if (!c->CUST_USCORENO || strspn(c->CUST_USCORENO, "0 ") == strlen(c->CUST_USCORENO))
    c->CUST_USCORENO = crm_store_next_no(soap);
  if (crm_store_get(soap, c->CUST_USCORENO)) {
    out->RC = answer(soap, "12");
    out->MSG = answer(soap, "CUSTOMER NUMBER ALREADY IN USE");
    return after(soap);
  }
  crm_store_put(soap, "CreateCustomer", c);
  out->RC = answer(soap, "00");
  out->CUSTOMER = crm_store_get(soap, c->CUST_USCORENO);
  return after(soap);
}

int __crm__UpdateCustomer(struct soap *soap, struct _crm__UpdateCustomer *in,
                          struct _crm__UpdateCustomerResponse *out)
{
  int rc = before(soap, "UpdateCustomer", in->KEY_USCORENO);
  if (rc) return rc;
  if (!crm_store_get(soap, in->KEY_USCORENO)) {
    out->RC = answer(soap, "08");
    out->MSG = answer(soap, "CUSTOMER NOT ON FILE");
    return after(soap);
  }
  in->CUSTOMER->CUST_USCORENO = in->KEY_USCORENO;
  crm_store_put(soap, "UpdateCustomer", in->CUSTOMER);
  out->RC = answer(soap, "00");
  out->CUSTOMER = crm_store_get(soap, in->KEY_USCORENO);
  return after(soap);
}

/* The contract's second port (SOAP 1.2) has operations of the same names: soapcpp2 wants functions
 * for them, though gSOAP serves both versions by the first ones. */
int __crm__GetCustomer_(struct soap *s, struct _crm__GetCustomer *i,
                        struct _crm__GetCustomerResponse *o)
{
  return __crm__GetCustomer(s, i, o);
}
int __crm__SearchCustomers_(struct soap *s, struct _crm__SearchCustomers *i,
                            struct _crm__SearchCustomersResponse *o)
{
  return __crm__SearchCustomers(s, i, o);
}
int __crm__CreateCustomer_(struct soap *s, struct _crm__CreateCustomer *i,
                           struct _crm__CreateCustomerResponse *o)
{
  return __crm__CreateCustomer(s, i, o);
}
int __crm__UpdateCustomer_(struct soap *s, struct _crm__UpdateCustomer *i,
                           struct _crm__UpdateCustomerResponse *o)
{
  return __crm__UpdateCustomer(s, i, o);
}

static void usage(void)
{
  fputs("usage: sluice-fake-crm [--port N] [--customers N] [--state FILE] [--journal FILE]\n"
        "                       [--control FILE]\n"
        "A legacy SOAP service to try Sluice on. Prints \"ready URL\" when it listens.\n"
        "--control FILE holds one line of misbehaviour: delay MS, hang, hang-after, close,\n"
        "drip MS, 503, locked, fault, raw FILE; \"GetCustomer:\" before it for one operation.\n",
        stderr);
}

int main(int argc, char **argv)
{
  static const struct option options[] = {{"port", 1, NULL, 'p'},    {"customers", 1, NULL, 'n'},
                                          {"state", 1, NULL, 's'},   {"journal", 1, NULL, 'j'},
                                          {"control", 1, NULL, 'c'}, {NULL, 0, NULL, 0}};
  int port = 0, customers = 1000;
  const char *state = NULL, *journal = NULL;
  for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (o == 'p')
      port = atoi(optarg);
    else if (o == 'n')
      customers = atoi(optarg);
    else if (o == 's')
      state = optarg;
    else if (o == 'j')
      journal = optarg;
    else if (o == 'c')
      crm_faults_open(optarg);
    else
      return usage(), 2;
  }
  crm_store_open(customers, state, journal);
  return soap_fake_run(soap_new1(SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE | SOAP_XML_STRICT), port,
                       "crm");
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm_store: the customers of the fake legacy CRM. Kept in memory, and in a state file so that a
 * killed server comes back with what it had acknowledged; every write it executes is one line of
 * its journal, which tests hold against what the consumers were told.
 */
#ifndef SL_FAKES_CRM_STORE_H
#define SL_FAKES_CRM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include "soapStub.h"

/* customers: how many to make up (numbers 1 …), the same ones every time. state, journal: files,
 * NULL for none. Exits with a message when they cannot be used. */
void crm_store_open(int customers, const char *state, const char *journal);

/* Copies into soap's memory; NULL when there is none. no: with or without leading zeros. */
struct crm__Customer *crm_store_get(struct soap *soap, const char *no);
/* Replaces or adds, and writes state and journal before it returns. */
void crm_store_put(struct soap *soap, const char *op, const struct crm__Customer *customer);
/* A number that is not taken yet, ten digits. */
char *crm_store_next_no(struct soap *soap);

typedef struct crm_query {
  const char *name, *city, *status, *after; /* NULL: any */
  int max;
} crm_query_t;

/* Hits in the order of their numbers; *more_p: there are others behind them. */
int crm_store_search(struct soap *soap, const crm_query_t *query, struct crm__Customer **hits_p,
                     bool *more_p);

#endif

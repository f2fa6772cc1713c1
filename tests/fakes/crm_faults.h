/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crm_faults: misbehaviour on demand. A control file holds one line, read anew for each request;
 * no file, or an empty one: none. `OPERATION:` before it limits it to one operation.
 *
 *     delay MS        answers after MS milliseconds
 *     hang            never answers, and executes nothing
 *     hang-after      executes, and never answers
 *     close           executes, and closes in the middle of the answer
 *     drip MS         sends its answer one byte every MS milliseconds
 *     503             refuses with HTTP 503, and executes nothing
 *     locked          the declared LockedFault
 *     fault           a SOAP fault that nobody declared
 *     rc CODE         does nothing, and answers with that return code
 *     raw FILE        answers 200 with the bytes of FILE as body, whatever they are
 */
#ifndef SL_FAKES_CRM_FAULTS_H
#define SL_FAKES_CRM_FAULTS_H

#include "stdsoap2.h"

typedef enum crm_mode {
  CRM_NORMAL,
  CRM_DELAY,
  CRM_HANG,
  CRM_HANG_AFTER,
  CRM_CLOSE,
  CRM_DRIP,
  CRM_503,
  CRM_LOCKED,
  CRM_FAULT,
  CRM_RAW,
  CRM_RC,
} crm_mode_t;

void crm_faults_open(const char *control);
/* For a connection's soap: its sending goes through the faults. */
void crm_faults_attach(struct soap *soap);
/* At the start of an operation: reads the control file, delays or hangs if told to (then, when the
 * peer or the test gives up, returns CRM_HANG: the operation ends the connection). */
crm_mode_t crm_faults_before(struct soap *soap, const char *op);
/* CRM_RC: the code of this request; in soap's memory. */
char *crm_faults_rc(struct soap *soap);
/* After it was executed: hangs if told to. */
crm_mode_t crm_faults_after(struct soap *soap);

#endif

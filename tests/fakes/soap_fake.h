/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * soap_fake: what the fake SOAP services have in common: listening on loopback, a thread for each
 * connection, faults on demand (crm_faults.h). Each is linked with its own generated soap_serve.
 */
#ifndef SL_FAKES_SOAP_FAKE_H
#define SL_FAKES_SOAP_FAKE_H

#include "stdsoap2.h"

/* Made by soapcpp2: reads requests of a connection and answers them, until it ends. */
SOAP_FMAC5 int SOAP_FMAC6 soap_serve(struct soap *soap);

/* Listens on 127.0.0.1:port (0: any), prints "ready http://127.0.0.1:PORT/PATH" and serves for
 * ever. Returns only when it cannot listen; then soap has printed why. */
int soap_fake_run(struct soap *soap, int port, const char *path);

/* Tells of a mistake of ours, and ends the process. */
void soap_fake_die(const char *what);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * carrier: what the soap and the rest adapter have in common: it takes a call from the host, lets
 * the engine make the request, carries it over HTTP, feeds the answer to the engine and hands the
 * outcome back. A write with a base takes two exchanges, one after the other within the call's
 * deadline: the first one is a read, so that whatever becomes of it, nothing was executed; only the
 * second one counts as sent. What differs between the two is in an sl_carrier_way_t.
 *
 * What an answer's HTTP status means where the engine does not read it (sl_carrier_judge):
 *
 *     status            means                                        consumer gets
 *     408, 503          refused before it was executed               503 with Retry-After
 *     429               asked too often                              429 with Retry-After
 *     401, 403, 407     our credentials are refused                  502 legacy-refuses-us
 *     502, 504          something between us lost it                 as if no answer had come
 *     the rest          not what was agreed upon                     502 legacy-status
 *
 * 503 counts as "not executed", for writes as well: it is how a server or the balancer before it
 * turns a request away (RFC 9110 §15.6.4). A legacy system that answers 503 after it has executed
 * a write must say so by a fault or a return code, which the mapping can name.
 */
#ifndef SL_CARRIER_CARRIER_H
#define SL_CARRIER_CARRIER_H

#include "adapters/host/host.h"
#include "adapters/http_client/http_client.h"

typedef struct sl_carrier sl_carrier_t;

typedef struct sl_carrier_way {
  /* Method, address and headers of the exchange that run is at (sl_run_info): a call may take two.
   * The body is there, safe is set. What it points to lives in the call's arena or with ctx. */
  sl_code_t (*address)(void *ctx, sl_host_call_t *call, const sl_run_t *run,
                       sl_http_request_t *request, sl_err_t *err);
  /* Does the engine read answers to op like this? content_type may be NULL. */
  bool (*reads)(const sl_op_info_t *op, int status, const char *content_type);
  /* What the engine is to read instead of the first bytes of the answer: appended to out; returns
   * how many bytes of first it stands for. May be NULL. */
  size_t (*prolog)(const char *content_type, sl_str_t first, sl_buf_t *out);
} sl_carrier_way_t;

/* way and opts are borrowed. SL_CONFIG: see sl_http_new. */
sl_carrier_t *sl_carrier_new(sl_host_t *host, const sl_http_opts_t *opts,
                             const sl_carrier_way_t *way, void *ctx, sl_err_t *err);
void sl_carrier_destroy(sl_carrier_t **self_p);
/* For header lines that many calls share. Borrowed. */
sl_http_t *sl_carrier_http(sl_carrier_t *self);
/* As given to sl_carrier_new. */
void *sl_carrier_ctx(sl_carrier_t *self);

/* The adapter's functions of the same names: self is the sl_carrier_t, which is what the start of
 * such an adapter hands out. */
void sl_carrier_call(void *self, sl_host_call_t *call);
void sl_carrier_cancel(void *self, sl_host_call_t *call);

/* The problem of an answer that the engine does not read, by the table above. safe: the operation
 * changes nothing. */
void sl_carrier_judge(int status, int64_t retry_after_s, bool safe, sl_problem_t *problem);

/* text with the values of members, elements and header lines that look like credentials replaced
 * by ***, appended to out. Errs on the side of hiding. */
void sl_carrier_redact(sl_str_t text, sl_buf_t *out);

#endif

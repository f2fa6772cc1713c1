/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "adapters/carrier/carrier.h"

/* When the legacy system does not say when to come back. */
enum { RETRY_AFTER_S = 5 };

static void set(sl_problem_t *p, sl_code_t code, int status, const char *type, const char *detail)
{
  p->code = code;
  p->status = status;
  snprintf(p->type, sizeof p->type, "%s", type);
  snprintf(p->detail, sizeof p->detail, "%s", detail);
}

static void lost(sl_problem_t *p, bool safe, int status)
{
  if (!safe)
    set(p, SL_IN_DOUBT, 504, "",
        "something between us and the legacy system lost its answer; whether it did what was asked "
        "is unknown");
  else if (status == 504)
    set(p, SL_TIMED_OUT, 504, "", "the legacy system did not answer in time");
  else
    set(p, SL_UNAVAILABLE, 503, "", "the legacy system cannot be reached");
}

void sl_carrier_judge(int status, int64_t retry_after_s, bool safe, sl_problem_t *p)
{
  char detail[128];
  memset(p, 0, sizeof *p);
  switch (status) {
  case 408:
  case 503: set(p, SL_UNAVAILABLE, 503, "", "the legacy system refuses requests for now"); break;
  case 429: set(p, SL_LIMITED, 429, "", "the legacy system is asked too often"); break;
  case 401:
  case 403:
  case 407:
    set(p, SL_LEGACY_ERROR, 502, "legacy-refuses-us", "the legacy system refuses our credentials");
    break;
  case 502:
  case 504: lost(p, safe, status); break;
  default:
    snprintf(detail, sizeof detail, "the legacy system answered with HTTP status %d", status);
    set(p, SL_LEGACY_ERROR, 502, "legacy-status", detail);
  }
  if (p->code == SL_UNAVAILABLE || p->code == SL_LIMITED) {
    p->retry_after_s = RETRY_AFTER_S;
    if (retry_after_s > 0) p->retry_after_s = retry_after_s < 86400 ? (int)retry_after_s : 86400;
  }
  sl_problem_complete(p);
}

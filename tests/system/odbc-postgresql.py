#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ODBC adapter over a PostgreSQL that the test starts itself."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from erp_cases import *


def away(t, w):
    """The server goes and comes back: 503 meanwhile, and then service, without a restart of ours."""
    w.db.stop()
    replies = [get(w.gateway, "/orders/1") for _ in range(6)]
    t.ok(all(is_problem(r, 503) for r in replies), "server_away_503", replies)
    t.ok(any(r.header("Retry-After") for r in replies), "server_away_retry-after", replies[-1])
    w.db.start()
    t.ok(wait_for(lambda: get(w.gateway, "/orders/1").status == 200, "service"), "server_back_served")
    # The others were idle when it went.
    t.ok(all(get(w.gateway, "/orders/%d" % i).status == 200 for i in range(1, 9)), "server_back_no-call-spoilt")


def orphans(t, w):
    """A worker that was killed leaves no statement running in the server."""
    sleeping = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()"
    t.ok(wait_for(lambda: w.db.sql(sleeping) == [("0",)], "killed workers' sessions to end"), "killed-workers_sessions-ended")


def extra(t, w):
    orphans(t, w)
    away(t, w)


database_tests(Postgres, orders=10000, waits=True, extra=extra)

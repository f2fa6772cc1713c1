#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ODBC adapter over SQLite."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from erp_cases import *


def late(t, w):
    """A database that is not there yet: 503, and service once it is."""
    there, away = w.db.path, w.db.path + ".away"
    missing = "Driver=SQLite3;Database=%s;NoCreat=1" % work("later", "erp.db")
    a = start_adapter("odbc", write("quick.map.xml", SLOW.replace("slow", "late").replace("/quick", "/late").replace("/hang", "/never") % "SELECT 1 AS N"),
                      "--connection", missing, "--pool", 1)
    r = wait_for(lambda: (lambda r: r.status == 503 and r)(get(w.gateway, "/late")), "503")
    t.ok(is_problem(r, 503), "database_not-there_503", r)
    os.makedirs(work("later"))
    shutil.copy(there, work("later", "erp.db"))
    t.ok(wait_for(lambda: get(w.gateway, "/late").status == 200, "service"), "database_there_served")
    a.stop()


extra = late


database_tests(Sqlite, orders=10000, waits=False, extra=extra)

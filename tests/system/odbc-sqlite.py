#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ODBC adapter over SQLite."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from erp_cases import *


NOTES = """<mapping xmlns="urn:sluice:mapping:1" name="notes" version="1.0.0">
  <system name="notes" kind="odbc"/>
  <type name="whole" kind="integer" as="number" sql-type="BIGINT"/>
  <type name="long" kind="text" width="50000" pad="none" sql-type="VARCHAR"/>
  <shape name="Note" table="NOTES">
    <field legacy="ID" json="/id" type="whole" key="true"/>
    <field legacy="TXT" json="/text" type="long"/>
  </shape>
  <operation name="getNote" method="GET" path="/notes/{id}">
    <param name="id" http="path:id" type="whole"/>
    <select>SELECT ID, TXT FROM NOTES WHERE ID = :id</select>
    <outcome legacy="#rows"><when is="0" status="404" problem="none"/><otherwise status="200"/></outcome>
    <response shape="Note"/>
  </operation>
  <operation name="createNote" method="POST" path="/notes">
    <insert shape="Note"/>
    <outcome legacy="#sqlstate"><when is="23*" status="409" problem="conflict"/><otherwise status="502" problem="database-error"/></outcome>
    <response status="201" reread="getNote"/>
  </operation>
</mapping>
"""


def too_long_to_tell(t, w):
    """What cannot be answered is found before the commit: an error must not hide a change."""
    w.db.sql("CREATE TABLE NOTES (ID INTEGER PRIMARY KEY, TXT TEXT)")
    w.db.sql("INSERT INTO NOTES VALUES (0, 'first')")
    a = start_adapter("odbc", write("notes.map.xml", NOTES), "--connection", w.db.connection, "--pool", 1,
                      "--max-answer", "64KiB")
    wait_route(w.gateway, "/notes/0")
    short = post(w.gateway, "/notes", {"id": 1, "text": '"' * 20000})
    t.ok(short.status == 201 and short.json["text"] == '"' * 20000, "insert_answer-fits_201", short)
    r = post(w.gateway, "/notes", {"id": 2, "text": '"' * 40000})
    t.ok(is_problem(r, 502), "insert_answer-too-large_502", r)
    t.equal(w.db.sql("SELECT ID FROM NOTES"), [("0",), ("1",)], "insert_answer-too-large_rolled-back")
    a.stop()


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


def extra(t, w):
    too_long_to_tell(t, w)
    late(t, w)


database_tests(Sqlite, orders=10000, waits=False, extra=extra)

# SPDX-License-Identifier: GPL-3.0-or-later
"""The erp database of the system tests: the same tables in SQLite and in a PostgreSQL of the test's own."""
import glob, os, pwd, shutil, socket, sqlite3, subprocess, tempfile
from sluice_test import *


class Sqlite:
    name = "sqlite"
    interrupts = False  # no SQLCancel: its workers are killed at the deadline
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS N FROM n"

    def __init__(self):
        self.path = work("erp.db")
        self.connection = "Driver=SQLite3;Database=" + self.path

    @staticmethod
    def why_not():
        drivers = subprocess.run(["odbcinst", "-q", "-d"], capture_output=True, text=True).stdout
        return None if "[SQLite3]" in drivers else "the ODBC driver SQLite3 is not installed"

    def seed(self, *args):
        rc, out, err = run(program("sluice-fake-erp"), *args, self.path, seconds=300)
        if rc:
            raise RuntimeError("sluice-fake-erp: " + err)

    def sql(self, text):
        """Rows as tuples of text or None."""
        with sqlite3.connect(self.path, timeout=10) as c:
            return [tuple(None if v is None else str(v) for v in row) for row in c.execute(text).fetchall()]

    def lock(self):
        """Something that holds every write up until it is called."""
        c = sqlite3.connect(self.path, isolation_level=None)
        c.execute("BEGIN IMMEDIATE")
        return lambda: (c.execute("ROLLBACK"), c.close())


class Postgres:
    name = "postgresql"
    interrupts = True
    forever = "SELECT 1 AS N FROM (SELECT pg_sleep(3600)) s"

    def __init__(self):
        # Its own directory: the server's user must own it, and a socket's path has 107 bytes.
        self.dir = tempfile.mkdtemp(prefix="sl-pg-", dir="/tmp")
        self.bin = self.programs()
        self.as_user = []
        if os.getuid() == 0:
            os.chown(self.dir, pwd.getpwnam("postgres").pw_uid, -1)
            self.as_user = ["runuser", "-u", "postgres", "--"]
        self.user = "postgres" if self.as_user else pwd.getpwuid(os.getuid()).pw_name
        self.connection = "Driver=PostgreSQL Unicode;Server=%s;Port=5432;Database=postgres;Uid=%s" % (self.dir, self.user)
        self.ctl("initdb", "-o", "-A trust -E UTF8 --locale=C.UTF-8 --no-sync")

    @staticmethod
    def programs():
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"))
        return os.path.dirname(found[-1]) if found else None

    @classmethod
    def why_not(cls):
        drivers = subprocess.run(["odbcinst", "-q", "-d"], capture_output=True, text=True).stdout
        if not cls.programs():
            return "PostgreSQL is not installed"
        return None if "[PostgreSQL Unicode]" in drivers else "the ODBC driver of PostgreSQL is not installed"

    def ctl(self, *args):
        argv = self.as_user + [os.path.join(self.bin, "pg_ctl"), "-s", "-D", os.path.join(self.dir, "data")] + list(args)
        subprocess.run(argv, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)

    def start(self):
        self.ctl("start", "-w", "-l", os.path.join(self.dir, "log"), "-o",
                 "-c listen_addresses='' -c unix_socket_directories=%s -c fsync=off" % self.dir)

    def stop(self):
        self.ctl("stop", "-m", "immediate", "-w")

    def remove(self):
        try:
            self.stop()
        except subprocess.CalledProcessError:
            pass
        shutil.rmtree(self.dir, ignore_errors=True)

    def seed(self, *args):
        rc, out, err = run(program("sluice-fake-erp"), *args, "--connection", self.connection, seconds=300)
        if rc:
            raise RuntimeError("sluice-fake-erp: " + err)

    def psql(self):
        return [os.path.join(self.bin, "psql"), "-h", self.dir, "-U", self.user, "-qAtX", "-v", "ON_ERROR_STOP=1",
                "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", "postgres"]

    def sql(self, text):
        p = subprocess.run(self.psql() + ["-c", text], capture_output=True, text=True, timeout=60)
        if p.returncode:
            raise RuntimeError(p.stderr)
        out = p.stdout[:-1] if p.stdout.endswith("\n") else p.stdout
        rows = [r.rstrip("\x1e") for r in out.split("\x1e")] if out else []
        return [tuple(None if v == "\x1d" else v for v in r.split("\x1f")) for r in rows]

    def lock(self):
        p = subprocess.Popen(self.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        p.stdin.write("BEGIN; LOCK TABLE ORDERS IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n")
        p.stdin.flush()
        assert "locked" in p.stdout.readline()

        def unlock():
            p.stdin.close()
            p.wait(10)
        return unlock

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use whom: the table of CONTRIBUTING.md, held against every include of the tree."""
import os, re, sys

root = os.environ.get("SL_SOURCE") or os.getcwd()

ADAPTER = ["core", "mappings/engine", "adapters/host", "adapters/http_client"]
MAY = {  # folder: (our folders, libraries)
    "core": ([], ["event2"]),
    "mappings/contract": (["core"], ["libxml"]),
    "mappings/engine": (["core", "mappings/contract"], ["libxml", "iconv.h"]),
    "mappings/laws": (["core", "mappings/contract", "mappings/engine"], ["libxml"]),
    "bus": (["core"], ["zmq.h", "sqlite3.h"]),
    "adapters/host": (["core", "bus", "mappings/engine"], []),
    "adapters/http_client": (["core"], ["curl"]),
    "adapters/gateway": (["core", "bus"], ["event2", "openssl"]),
    "adapters/carrier": (ADAPTER, []),
    "adapters/soap": (ADAPTER + ["adapters/carrier"], []),
    "adapters/rest": (ADAPTER + ["adapters/carrier"], []),
    "adapters/null": (["core", "mappings/engine", "adapters/host"], []),
    "adapters/odbc": (["core", "mappings/engine", "adapters/host"], ["sql.h", "sqlext.h", "sqltypes.h", "sqlucode.h"]),
    "cli": (["core", "mappings/engine", "mappings/laws", "mappings/contract", "bus"], []),
}
# Every library that is somebody's own: an include of it anywhere else is an error.
LIBRARIES = ["event2", "libxml", "iconv.h", "zmq.h", "sqlite3.h", "curl", "openssl", "sql.h", "sqlext.h",
             "sqltypes.h", "sqlucode.h", "stdsoap2.h", "soapH.h", "cmocka.h"]


def folder_of(path, folders):
    return next((f for f in sorted(folders, key=len, reverse=True) if path.startswith(f + "/")), None)


def violations(path, text):
    """[(line, sentence)] for a file of a folder in the table."""
    home = folder_of(path, MAY)
    ours, libraries = MAY[home]
    found = []
    for i, line in enumerate(text.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not m:
            continue
        name = m.group(2)
        if name == "config.h":
            continue  # configure's own
        if m.group(1) == '"':
            to = folder_of(name, list(MAY) + ["tests"])
            if to is None:
                found.append((i, 'include "%s" with its path from the root' % name))
            elif to != home and to not in ours:
                found.append((i, "%s may not use %s" % (home, to)))
        elif name.split("/")[0] in LIBRARIES and name.split("/")[0] not in libraries:
            found.append((i, "%s may not use <%s>" % (home, name)))
    return found


def main():
    n = bad = 0
    # The check itself must be able to fail.
    probe = violations("core/x.c", '#include "bus/proto.h"\n#include <zmq.h>\n#include <stdio.h>\n')
    lines = ["%sok 1 - a forbidden include is seen" % ("" if len(probe) == 2 else "not ")]
    bad += len(probe) != 2
    n = 1
    seen = 0
    for home in sorted(MAY):
        wrong = []
        for base, dirs, files in os.walk(os.path.join(root, home)):
            dirs[:] = [d for d in dirs if folder_of(os.path.relpath(os.path.join(base, d), root) + "/x", MAY) == home]
            for f in sorted(files):
                if not f.endswith((".c", ".h")):
                    continue
                seen += 1
                path = os.path.relpath(os.path.join(base, f), root)
                wrong += ["%s:%d: %s" % (path, i, s) for i, s in violations(path, open(os.path.join(base, f)).read())]
        n += 1
        bad += bool(wrong)
        lines += ["%sok %d - includes of %s keep to the table" % ("not " if wrong else "", n, home)]
        lines += ["#   " + w for w in wrong]
    n += 1
    bad += seen < 20
    lines.append("%sok %d - %d files were read" % ("not " if seen < 20 else "", n, seen))
    print("\n".join(lines + ["1..%d" % n]))
    return 1 if bad else 0


sys.exit(main())

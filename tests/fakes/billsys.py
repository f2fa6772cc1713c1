#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""billsys: the legacy system of mappings/examples/invoice, in the words of its billing.openapi.json.

    GET  /v1/inv/NO           one invoice, 404 if unknown
    GET  /v1/inv?tsFrom=&max= {"cnt": "2", "inv": [...]}; one is an object, none is no inv at all
    POST /v1/inv              201; 409 if the number is known; 200 with /err if an item's p is
                              "GONE". The X-Request-Id of an earlier 201 gets that answer again
    PUT  /v1/inv/NO           200, or 404
    GET  /journal             the requests, in order: [{"line": "POST /v1/inv", "id": "X-Request-Id"
                              or null, "body": the text as it came}, ...]
    POST /seed                stores the body as the invoice that it is, byte by byte

What it stores it gives back as it came, with `dunLvl` and `_links` of its own where they are missing.
Prints "ready http://ADDRESS" once it listens. It misbehaves as rest_peer.py does, by the control file, and

    METHOD:answer STATUS FILE    executes, and sends that file's bytes
"""
import argparse
import http.server
import json
import os
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rest_peer  # noqa: E402


def error(code, text):
    return {"err": {"cd": code, "txt": text}}


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.invoices = {}
        self.journal = []
        self.answered = {}

    @staticmethod
    def shown(invoice):
        return {"dunLvl": 2, "_links": {"self": {"href": "/v1/inv/" + invoice["invNo"]}}, **invoice}

    def keep(self, invoice):
        self.invoices[invoice["invNo"]] = self.shown(invoice)
        return self.invoices[invoice["invNo"]]

    def post(self, invoice, request_id):
        if request_id in self.answered:
            return 201, self.answered[request_id]
        if invoice["invNo"] in self.invoices:
            return 409, error("DUP", invoice["invNo"])
        items = invoice.get("itm") or []
        for item in [items] if isinstance(items, dict) else items:
            if item["p"] == "GONE":
                return 200, error("R17", "sku GONE is not sold any more")
        kept = self.keep(invoice)
        if request_id:
            self.answered[request_id] = kept
        return 201, kept

    def list(self, query):
        found = [i for i in self.invoices.values() if i["ts"] >= int(query.get("tsFrom", "-99999999999999"))]
        found = found[: int(query.get("max", "500"))]
        page = {"cnt": str(len(found)), "_links": {}}
        if found:
            page["inv"] = found if len(found) > 1 else found[0]
        return 200, page

    def put(self, no, invoice):
        if no not in self.invoices:
            return 404, error("NF", "no invoice " + no)
        return 200, self.keep(invoice)


class Handler(rest_peer.Handler):
    def execute(self, body):
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(p) for p in url.path.strip("/").split("/")]
        store = self.server.store
        with store.lock:
            if parts == ["journal"]:
                return 200, store.journal
            if parts == ["seed"]:
                return 200, store.keep(json.loads(body))
            store.journal.append({"line": self.command + " " + self.path, "id": self.headers.get("X-Request-Id"),
                                  "body": body.decode()})
            if parts[:2] != ["v1", "inv"] or len(parts) > 3:
                return 404, error("URL", "no such resource")
            if self.command == "GET":
                if len(parts) == 2:
                    return store.list(dict(urllib.parse.parse_qsl(url.query)))
                found = store.invoices.get(parts[2])
                return (200, found) if found else (404, error("NF", "no invoice " + parts[2]))
            invoice = json.loads(body)
            if self.command == "POST":
                return store.post(invoice, self.headers.get("X-Request-Id"))
            return store.put(parts[2], invoice)

    def serve(self):
        answer = self.told_answer()
        if not answer:
            return super().serve()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.execute(body)
        with open(answer[1], "rb") as f:
            sent = f.read()
        self.send_response(int(answer[0]))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)
        return None

    def fault(self):
        return super().fault() if not self.path.startswith(("/journal", "/seed")) else ("", 0)

    def told_answer(self):
        """Status and file, where the control file says so for this method."""
        try:
            with open(self.server.control) as f:
                text = f.read().strip()
        except (OSError, TypeError):
            return None
        method, colon, rest = text.partition(":answer ")
        if not colon or method != self.command or self.path.startswith(("/journal", "/seed")):
            return None
        return rest.split(" ", 1)

    do_GET = do_POST = do_PUT = rest_peer.Handler.do_GET


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", help="file that says how to misbehave")
    args = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    server.daemon_threads = True
    server.store, server.control, server.over = Store(), args.control, threading.Event()
    print(f"ready http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever(0.1)
    except KeyboardInterrupt:
        pass
    server.over.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())

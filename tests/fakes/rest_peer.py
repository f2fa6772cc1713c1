#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""rest_peer: the demo's and the tests' REST backend: a billing service with invoices, as odd as
grown ones are: abbreviated names, amounts as cents in text, dates as yyyyMMdd, flags as Y and N,
status codes of its own, errors under /err.

    GET  /v1/inv/NO            one invoice, 404 if unknown
    GET  /v1/inv?st=&cust=&max=  {"inv": [...], "more": "Y"|"N"}
    POST /v1/inv               201 with the invoice and its new number; 409 if extRef is known;
                               422 if it has no lines
    PUT  /v1/inv/NO            200, or 404
    GET  /journal              what was executed, in order: {"log": ["POST 1001", ...]}

Prints "ready http://ADDRESS" once it listens. It misbehaves as the control file says (one line,
read for each request; no file or an empty one: it behaves), optionally for one method alone:

    [METHOD:]delay MS | hang | hang-after | close | truncate | drip MS | status N | garbage

`hang` executes nothing, `hang-after`, `close`, `truncate`, `drip` and `garbage` have executed.
"""
import argparse
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse


class Store:
    def __init__(self, size):
        self.lock = threading.Lock()
        self.invoices = {}
        self.log = []
        self.next_no = 1001
        for n in range(size):
            self.add(self.sample(n))
        self.log.clear()

    @staticmethod
    def sample(n):
        lines = [{"pos": str(i + 1), "art": f"A-{n % 7 + i:03d}", "txt": f"Artikel {i + 1}",
                  "qty": i + 1, "amt": str(100 * (i + 1) + n)} for i in range(n % 3 + 1)]
        return {"custNo": f"{n % 50 + 1:010d}", "dt": "20250131" if n % 4 else "00000000",
                "st": ("O", "P", "X")[n % 3], "cur": "EUR",
                "tot": str(sum(int(line["amt"]) for line in lines)),
                "paidFl": "Y" if n % 3 == 1 else "N", "extRef": f"R-{n}", "rem": None, "itm": lines}

    def add(self, invoice):
        no = str(self.next_no)
        self.next_no += 1
        self.invoices[no] = dict(invoice, invNo=no)
        self.log.append(f"POST {no}")
        return self.invoices[no]

    def get(self, no):
        with self.lock:
            found = self.invoices.get(no)
        return (200, found) if found else (404, {"err": {"cd": "NF", "txt": f"no invoice {no}"}})

    def list(self, query):
        limit = int(query.get("max", "100"))
        with self.lock:
            found = [i for i in self.invoices.values()
                     if query.get("st", i["st"]) == i["st"]
                     and query.get("cust", i["custNo"]) == i["custNo"]]
        return 200, {"inv": found[:limit], "more": "Y" if len(found) > limit else "N"}

    def post(self, invoice):
        with self.lock:
            ref = invoice.get("extRef")
            if ref and any(i.get("extRef") == ref for i in self.invoices.values()):
                return 409, {"err": {"cd": "DUP", "txt": f"reference {ref} is known"}}
            if not invoice.get("itm"):
                return 422, {"err": {"cd": "EMPTY", "txt": "an invoice needs a line"}}
            return 201, self.add(invoice)

    def put(self, no, invoice):
        with self.lock:
            if no not in self.invoices:
                return 404, {"err": {"cd": "NF", "txt": f"no invoice {no}"}}
            self.invoices[no] = dict(invoice, invNo=no)
            self.log.append(f"PUT {no}")
            return 200, self.invoices[no]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def fault(self):
        """The mode and its number that the control file asks for, for this method."""
        try:
            with open(self.server.control) as f:
                text = f.read().strip()
        except (OSError, TypeError):
            return "", 0
        method, colon, rest = text.partition(":")
        if colon and method != self.command:
            return "", 0
        words = (rest if colon else text).split()
        return (words[0], int(words[1]) if len(words) > 1 else 0) if words else ("", 0)

    def execute(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = [urllib.parse.unquote(p) for p in url.path.strip("/").split("/")]
        store = self.server.store
        if self.command == "GET" and parts == ["journal"]:
            return 200, {"log": store.log}
        if parts[:2] != ["v1", "inv"] or len(parts) > 3:
            return 404, {"err": {"cd": "URL", "txt": "no such resource"}}
        if self.command == "GET":
            return store.get(parts[2]) if len(parts) == 3 else store.list(query)
        try:
            invoice = json.loads(body)
        except ValueError:
            return 400, {"err": {"cd": "JSON", "txt": "not JSON"}}
        if self.command == "POST" and len(parts) == 2:
            return store.post(invoice)
        if self.command == "PUT" and len(parts) == 3:
            return store.put(parts[2], invoice)
        return 405, {"err": {"cd": "MTH", "txt": "method not allowed"}}

    def hang(self):
        self.server.over.wait()
        self.close_connection = True

    def say(self, status, document, mode, number):
        body = json.dumps(document).encode()
        if mode == "garbage":
            body = b"<html>this is not JSON"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status in (429, 503):
            self.send_header("Retry-After", "3")
        self.end_headers()
        if mode == "truncate":
            body = body[: len(body) // 2]
            self.close_connection = True
        if mode != "drip":
            self.wfile.write(body)
            return
        for i in range(len(body)):
            self.wfile.write(body[i : i + 1])
            if self.server.over.wait(number / 1000):
                return

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mode, number = self.fault()
        if mode == "hang":
            return self.hang()
        if mode == "status":
            return self.say(number, {"err": {"cd": str(number), "txt": "as told"}}, "", 0)
        if mode == "delay":
            time.sleep(number / 1000)
        status, document = self.execute(body)
        if mode == "hang-after":
            return self.hang()
        if mode == "close":
            self.close_connection = True
            return None
        return self.say(status, document, mode, number)

    def do_GET(self):
        try:
            self.serve()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_GET


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", help="file that says how to misbehave")
    parser.add_argument("--invoices", type=int, default=20, help="how many there are at first")
    parser.add_argument("--cert", help="server certificate and key (PEM): speak TLS")
    parser.add_argument("--client-ca", help="demand a client certificate of this CA (PEM)")
    args = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    server.daemon_threads = True
    server.store = Store(args.invoices)
    server.control = args.control
    server.over = threading.Event()
    scheme = "http"
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert)
        if args.client_ca:
            context.load_verify_locations(args.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    print(f"ready {scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever(0.1)
    except KeyboardInterrupt:
        pass
    server.over.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())

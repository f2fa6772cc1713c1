# SPDX-License-Identifier: GPL-3.0-or-later
"""The SOAP adapter between gateway and crm: what goes over the wire, and what a failing crm becomes."""
import os, re, select, socket, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

MAPPING = os.path.join(SOURCE, "mappings", "examples", "crm", "crm.map.xml")
LIMITS = ("--timeout", "400ms", "--min-rate-time", "400ms", "--connect-timeout", "1s", "--max-response", "1MiB")


class Recorder(threading.Thread):
    """A forward proxy that keeps the requests' bytes: what the adapter really sends."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.sent = self.received = b""
        self.start()

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=self.listener.accept()[:1], daemon=True).start()

    def serve(self, client):
        server = None
        try:
            while True:
                for s in select.select([client] + ([server] if server else []), [], [])[0]:
                    piece = s.recv(65536)
                    if not piece:
                        return
                    if s is client:
                        self.sent += piece
                        if not server:
                            host, port = piece.split()[1].decode().split("/")[2].split(":")
                            server = socket.create_connection((host, int(port)))
                    else:
                        self.received += piece
                    (server if s is client else client).sendall(piece)
        except OSError:
            pass
        finally:
            client.close()
            if server:
                server.close()


def journal(crm):
    return open(crm.journal).read().splitlines() if os.path.exists(crm.journal) else []


def test_wire(t, gateway, recorder):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    reply = get(gateway, "/customers/1", headers={"traceparent": trace})
    t.ok(reply.status == 200 and reply.json["id"] == "1", "get_known-customer_200", reply)
    head = recorder.sent.decode()
    t.ok('\r\nSOAPAction: "' in head, "wire_soap11_action-quoted", head)
    t.ok("\r\nContent-Type: text/xml; charset=utf-8\r\n" in head, "wire_soap11_media-type", head)
    t.ok("0af7651916cd43dd8448eb211c80319c" in head, "wire_trace_passed-on", head)
    t.ok("\r\nUser-Agent: sluice\r\n" in head and "Expect:" not in head, "wire_expect_not-sent", head)
    t.ok("<" in head and "0000000001" in head, "wire_envelope_holds-the-legacy-spelling", head)
    reply = get(gateway, "/customers/999999")
    t.ok(is_problem(reply, 404, "customer-not-found"), "get_unknown-customer_404", reply)


class Latin1(threading.Thread):
    """Answers every request with one envelope in ISO-8859-1, which only its media type says."""

    def __init__(self, envelope):
        super().__init__(daemon=True)
        self.body = envelope.encode("iso-8859-1")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d/" % self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client = self.listener.accept()[0]
            request = b""
            while b"</" not in request or not request.rstrip().endswith(b"Envelope>"):
                request += client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=ISO-8859-1\r\nContent-Length: %d\r\n"
                           b"Connection: close\r\n\r\n" % len(self.body) + self.body)
            client.close()


def test_encoding(t, gateway, envelope):
    envelope = envelope[envelope.index("<", envelope.index("?>")) if "?>" in envelope else 0:]
    changed = re.sub(r"(<[^<>]*STREET[^<>]*>)[^<]*<", r"\1Königsallée<", envelope, count=1)
    adapter = start_adapter("soap", MAPPING, "--endpoint", Latin1(changed).url, *LIMITS)
    reply = wait_route(gateway, "/customers/1")
    t.ok(reply.status == 200 and reply.json["address"]["street"] == "Königsallée", "read_latin-1_as-utf-8", reply)
    adapter.stop()


def fails(t, gateway, crm, mode, read, written):
    """GET and PUT while crm does mode; (status, problem type) of each."""
    name = mode.split()[0] + ("-" + os.path.basename(mode.split()[1]) if "raw" in mode else "")
    write("crm.control", "")
    customer = get(gateway, "/customers/2").json
    before = len(journal(crm))
    write("crm.control", mode)
    begun = time.monotonic()
    reply = get(gateway, "/customers/2")
    t.ok(is_problem(reply, *read), "read_%s_%d-%s" % (name, *read), reply)
    reply_w = put(gateway, "/customers/2", plain(customer))
    t.ok(is_problem(reply_w, *written), "write_%s_%d-%s" % (name, *written), reply_w)
    t.ok(time.monotonic() - begun < 4, "both_%s_within-their-deadline" % name, time.monotonic() - begun)
    write("crm.control", "")
    return reply, len(journal(crm)) - before


def plain(value):
    """A reply's JSON as it can be sent: numbers as numbers."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return int(value) if isinstance(value, Digits) else value


def test_faults(t, gateway, crm):
    timed_out, doubt, garbage = (504, "timed-out"), (504, "in-doubt"), (502, "legacy-garbage")
    _, executed = fails(t, gateway, crm, "hang", timed_out, doubt)
    t.equal(executed, 0, "write_hang_not-executed")
    _, executed = fails(t, gateway, crm, "hang-after", timed_out, doubt)
    t.equal(executed, 1, "write_hang-after_was-executed-once")
    _, executed = fails(t, gateway, crm, "close", garbage, doubt)
    t.equal(executed, 1, "write_close_was-executed-once")
    fails(t, gateway, crm, "drip 300", timed_out, doubt)
    refused, executed = fails(t, gateway, crm, "503", (503, "unavailable"), (503, "unavailable"))
    t.ok(int(refused.header("Retry-After") or 0) > 0, "read_503_retry-after", refused)
    t.equal(executed, 0, "write_503_not-executed")
    fails(t, gateway, crm, "fault", (502, "crm-error"), (502, "crm-error"))
    fails(t, gateway, crm, "locked", (409, "customer-locked"), (409, "customer-locked"))
    env = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">%s</e:Envelope>'
    header, body = env % "<e:Header>%s</e:Header><e:Body/>", env % "<e:Body>%s</e:Body>"
    bodies = {
        "empty": "",
        "text": "this is no XML",
        "html": "<html><body>It works!</body></html>",
        "half": body[: len(body) // 2],
        "foreign": body % "<other/>",
        "doctype": '<!DOCTYPE x [<!ENTITY a "b">]>' + body % "&a;",
        "deep": header % ("<a>" * 100000 + "</a>" * 100000),
        "long": header % ("<a>" + "x" * (2 << 20) + "</a>"),
    }
    for name, text in bodies.items():
        reads_as = garbage
        # What is over --max-response is cut by us: nobody can know what it would have said.
        written_as = doubt if name == "long" else garbage
        fails(t, gateway, crm, "raw " + write(name, text), reads_as, written_as)


def test_outage(t, gateway, crm, adapter):
    crm.kill()
    reply = get(gateway, "/customers/1")
    t.ok(is_problem(reply, 503, "unavailable") and int(reply.header("Retry-After")) > 0, "get_crm-is-down_503", reply)
    reply = put(gateway, "/customers/1", {"id": "1"})
    t.ok(reply.status in (400, 503), "put_crm-is-down_not-in-doubt", reply)
    start_crm("--port", str(crm.port))
    reply = wait_for(lambda: (lambda r: r.status == 200 and r)(get(gateway, "/customers/1")), "crm to be back")
    t.equal(reply.json["id"], "1", "get_crm-is-back_200")
    t.ok(adapter.alive(), "adapter_after-all-that_alive")
    t.ok(adapter.memory() < 8192 or SANITIZED, "adapter_after-all-that_8MB", adapter.memory())


with Tap() as t:
    crm, bus, recorder = start_crm(), start_bus(), Recorder()
    adapter = start_adapter("soap", MAPPING, "--endpoint", crm.url, "--proxy", recorder.url, *LIMITS)
    gateway = start_gateway()
    wait_route(gateway, "/customers/1")
    recorder.sent = recorder.received = b""
    test_wire(t, gateway, recorder)
    adapter.stop()
    head, _, body = recorder.received.partition(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    test_encoding(t, gateway, body[:length].decode())
    adapter = start_adapter("soap", MAPPING, "--endpoint", crm.url, *LIMITS)
    wait_route(gateway, "/customers/1")
    test_faults(t, gateway, crm)
    test_outage(t, gateway, crm, adapter)
    t.equal(adapter.stop(), 0, "adapter_sigterm_exit-0")
    for options, what in ((("--endpoint", "ftp://h/"), "--endpoint"), (("--ca", "/absent"), "--ca"),
                          (("--header", "no colon"), "--header")):
        p = start_adapter("soap", MAPPING, *options)
        t.ok(p.p.wait(15) == 1 and what in p.err(), "start_bad%s_exit-1" % what, p.err())

# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client as a program (http-probe) against servers with TLS, a proxy, and a peer that fails."""
import base64, os, select, socket, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

PROBE = os.path.join(BUILD, "tests", "system", "http-probe")


def probe(url, *options):
    """(exit status, what it printed)."""
    status, out, err = run(PROBE, *options, url, seconds=30)
    return status, (out + err).strip()


def openssl(*argv):
    status, out, err = run("openssl", *argv)
    if status:
        raise RuntimeError(err)


def make_ca(name):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
            "-keyout", work(name + ".key"), "-out", work(name + ".pem"))
    return work(name + ".pem")


def make_cert(name, ca, alt):
    """A certificate of ca and its key in one file."""
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", work(name + ".key"),
            "-out", work(name + ".csr"))
    ext = write(name + ".ext", "subjectAltName=" + alt + "\n")
    openssl("x509", "-req", "-days", "2", "-in", work(name + ".csr"), "-CA", work(ca + ".pem"), "-CAkey",
            work(ca + ".key"), "-CAcreateserial", "-extfile", ext, "-out", work(name + ".crt"))
    return write(name + ".pem", open(work(name + ".crt")).read() + open(work(name + ".key")).read())


def start_peer(*options):
    p = Process([sys.executable, "-B", os.path.join(SOURCE, "tests", "fakes", "rest_peer.py"), *options],
                name="rest-peer")
    p.url = p.wait_out(r"^ready (\S+)$").group(1)
    return p


class Proxy(threading.Thread):
    """A forward proxy: CONNECT, and absolute addresses. Keeps the heads of what it was asked."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.heads = []
        self.start()

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=self.listener.accept()[:1], daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return client.close()
            head += piece
        self.heads.append(head.decode())
        target = head.split()[1].decode()
        tunnel = head.startswith(b"CONNECT")
        host, port = (target if tunnel else target.split("/")[2]).split(":")
        server = socket.create_connection((host, int(port)))
        if tunnel:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            server.sendall(head.replace(target.encode(), b"/" + target.split("/", 3)[3].encode(), 1))
        while True:
            for s in select.select([client, server], [], [])[0]:
                piece = s.recv(65536)
                if not piece:
                    client.close(), server.close()
                    return
                (server if s is client else client).sendall(piece)


def test_tls(t):
    ca, other = make_ca("ca"), make_ca("other-ca")
    server = make_cert("server", "ca", "IP:127.0.0.1")
    client = make_cert("client", "ca", "DNS:client")
    peer = start_peer("--cert", server, "--client-ca", ca)
    url = peer.url + "/v1/inv/1001"
    status, out = probe(url, "--ca", ca, "--cert", client)
    t.ok(status == 0 and out.startswith("ok 200 sent"), "tls_own-ca-and-client-certificate_200", out)
    status, out = probe(url, "--ca", ca, "--cert", work("client.crt"), "--key", work("client.key"))
    t.ok(status == 0 and out.startswith("ok 200 sent"), "tls_key-in-a-file-of-its-own_200", out)
    status, out = probe(url, "--cert", client)
    t.ok(out.startswith("unavailable 0 unsent"), "tls_unknown-ca_unavailable-unsent", out)
    status, out = probe(url, "--ca", other, "--cert", client)
    t.ok(out.startswith("unavailable 0 unsent"), "tls_wrong-ca_unavailable-unsent", out)
    status, out = probe(url.replace("127.0.0.1", "localhost"), "--ca", ca, "--cert", client)
    t.ok(out.startswith("unavailable 0 unsent"), "tls_wrong-name_unavailable-unsent", out)
    status, out = probe(url.replace("127.0.0.1", "localhost"), "--no-tls-verify", "--cert", client)
    t.ok(status == 0, "tls_verification-switched-off_200", out)
    # TLS 1.3 lets the server refuse the client only after the request may have left: for a write
    # that is in doubt, for a read it is not.
    status, out = probe(url, "--ca", ca, "--safe")
    t.ok(out.startswith("unavailable 0"), "tls_no-client-certificate_unavailable", out)
    status, out = probe(url, "--ca", work("absent.pem"))
    t.ok(status == 1 and "--ca" in out, "tls_unreadable-ca_refused-at-start", out)
    plain = start_peer()
    status, out = probe(plain.url.replace("http:", "https:") + "/", "--ca", ca)
    t.ok(out.startswith("unavailable 0 unsent"), "tls_peer-speaks-plain-http_unavailable-unsent", out)


def test_proxy(t):
    ca = work("ca.pem")
    proxy, plain, tls = Proxy(), start_peer(), start_peer("--cert", work("server.pem"))
    status, out = probe(plain.url + "/v1/inv/1001", "--proxy", proxy.url)
    t.ok(status == 0 and proxy.heads[-1].startswith("GET http://127.0.0.1:"), "proxy_plain_absolute-address", out)
    status, out = probe(tls.url + "/v1/inv/1001", "--proxy", proxy.url, "--ca", ca)
    t.ok(status == 0 and proxy.heads[-1].startswith("CONNECT 127.0.0.1:"), "proxy_tls_tunnel", out)
    secret = write("proxy.url", proxy.url.replace("//", "//u:pw@"))
    status, out = probe(plain.url + "/v1/inv/1001", "--proxy", "${file:%s}" % secret)
    t.ok("Basic " + base64.b64encode(b"u:pw").decode() in proxy.heads[-1], "proxy_credentials-in-a-file_sent", out)
    n = len(proxy.heads)
    os.environ["http_proxy"] = os.environ["HTTP_PROXY"] = os.environ["all_proxy"] = proxy.url
    status, out = probe(plain.url + "/v1/inv/1001")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        del os.environ[name]
    t.ok(status == 0 and len(proxy.heads) == n, "proxy_in-environment_ignored", out)
    closed = socket.create_server(("127.0.0.1", 0))
    url = "http://127.0.0.1:%d" % closed.getsockname()[1]
    closed.close()
    status, out = probe(plain.url + "/v1/inv/1001", "--proxy", url)
    t.ok(out.startswith("unavailable 0 unsent"), "proxy_refuses_unavailable-unsent", out)


def test_peer_faults(t):
    control = work("peer.control")
    peer = start_peer("--control", control)
    url = peer.url + "/v1/inv/1001"
    write_options = ("-X", "PUT", "-d", "{}")
    cases = [  # what the peer does, a read's fate, a write's
        ("hang", "timed-out 0 sent", "in-doubt 0 sent"),
        ("hang-after", "timed-out 0 sent", "in-doubt 0 sent"),
        ("close", "unavailable 0 sent", "in-doubt 0 sent"),
        ("truncate", "legacy-garbage 200 sent", "in-doubt 200 sent"),
        ("drip 200", "timed-out 200 sent", "in-doubt 200 sent"),
        ("status 503", "ok 503 sent", "ok 503 sent"),
    ]
    for mode, read, written in cases:
        write("peer.control", mode)
        options = ("--deadline", "300ms", "--min-rate-time", "300ms")
        begun = time.monotonic()
        _, out = probe(url, "--safe", *options)
        t.ok(out.startswith(read), "read_%s_%s" % (mode.replace(" ", "-"), read.split()[0]), out)
        _, out = probe(url, *options, *write_options)
        t.ok(out.startswith(written), "write_%s_%s" % (mode.replace(" ", "-"), written.split()[0]), out)
        t.ok(time.monotonic() - begun < 4, "both_%s_in-time" % mode.replace(" ", "-"))


with Tap() as t:
    test_tls(t)
    test_proxy(t)
    test_peer_faults(t)

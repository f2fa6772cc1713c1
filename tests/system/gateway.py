# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway as its clients see it: routes, problems, limits, hostile bytes, streams, restarts, drain, TLS."""
import os, ssl, struct, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

MAPPING = """<?xml version="1.0"?>
<mapping xmlns="urn:sluice:mapping:1" name="echo" version="1.2.3">
  <system name="echo" kind="null"/>
  <operation name="read" method="GET" path="/things/{id}">
    <request>
      <field legacy="/id" http="path:id"/>
      <field legacy="/colour" http="query:colour"/>
      <field legacy="/size" http="query:size"/>
      <field legacy="/match" http="header:if-match"/>
    </request>
    <response><field legacy="/id" json="/id"/></response>
  </operation>
  <operation name="write" method="POST" path="/things">
    <request><field legacy="/name" json="/name"/></request>
    <response><field legacy="/id" json="/id"/></response>
  </operation>
</mapping>
"""
HOST = b"Host: a\r\n"


def start_peer(system="peer"):
    return Process([os.path.join(BUILD, "tests", "system", "bus-peer"), bus_endpoint(), work("ipc"), system],
                   name="bus-peer")


def first_line(data):
    return data.split(b"\r\n", 1)[0].decode("latin-1")


def connect(gateway, timeout=10):
    return socket.create_connection((gateway.host, gateway.port), timeout=timeout)


def receive(s, until):
    got = b""
    while until not in got:
        piece = s.recv(65536)
        if not piece:
            break
        got += piece
    return got


def peer_state(gateway, key):
    return int(re.search(key + r"=(\d+)", get(gateway, "/state").text).group(1))


# --- what it says of itself ----------------------------------------------------------------------------


def test_openapi(t, gw):
    r = get(gw, "/openapi.json")
    api = r.json if r.status == 200 else {}
    t.ok(r.header("Content-Type") == "application/json" and api.get("openapi") == "3.1.0", "openapi_served", r)
    t.ok(api["info"]["title"] and "Problem" in api["components"]["schemas"], "openapi_title-and-problem", api.get("info"))
    read, write = api["paths"]["/things/{id}"]["get"], api["paths"]["/things"]["post"]
    ends = [(p["in"], p["name"], p.get("required", False)) for p in read["parameters"]]
    t.equal(ends, [("path", "id", True), ("query", "colour", False), ("query", "size", False), ("header", "if-match", False)],
            "openapi_parameters")
    body = write["requestBody"]["content"]["application/json"]["schema"]
    t.equal([sorted(body["properties"]), body["additionalProperties"]], [["name"], False], "openapi_request-schema")
    answer = read["responses"]["200"]["content"]["application/json"]["schema"]
    t.equal(answer["properties"]["id"]["type"], ["string", "null"], "openapi_response-schema")
    t.equal(read["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"],
            "#/components/schemas/Problem", "openapi_problems")
    r = post(gw, "/openapi.json", "{}")
    t.ok(is_problem(r, 404, "not-found"), "openapi_post_404", r)


# --- what is asked for, and what cannot be ------------------------------------------------------------


def test_routes(t, gw):
    r = get(gw, "/things/a%2Fb?colour=dark+red", headers={"If-Match": '"7"', "X-Other": "1"})
    t.ok(r.status == 200 and r.json == {
        "operation": "read", "arguments": {"path:id": "a/b", "query:colour": "dark red", "header:if-match": '"7"'}},
        "get_path-query-header_reach-the-adapter", r)
    t.equal(r.header("Content-Type"), "application/json", "get_content-type_json")
    t.ok(r.header("Date") and r.header("Server") == "sluice", "get_date-and-server_there", r)
    r = post(gw, "/things", '{"name": 12345678901234567.8900}')
    t.ok(r.status == 200 and '"body":{"name": 12345678901234567.8900}' in r.text, "post_body_passes-untouched", r)
    t.equal(get(gw, "/things/1", headers={"X-Request-Id": "mine-1"}).header("X-Request-Id"), "mine-1",
            "request-id_given_echoed")
    made = get(gw, "/things/1").header("X-Request-Id")
    t.ok(made and made != get(gw, "/things/1").header("X-Request-Id"), "request-id_none_made", made)
    r = get(gw, "/nowhere", headers={"X-Request-Id": "mine-2"})
    t.ok(is_problem(r, 404, "not-found") and r.json["instance"].endswith(":mine-2"), "unknown-path_404", r)
    rows = [
        ("no-such-query-parameter", "GET", "/things/1?color=red", None, {}, 400, "query:color"),
        ("query-parameter-twice", "GET", "/things/1?colour=a&colour=b", None, {}, 400, "query:colour"),
        ("bad-escape-in-query", "GET", "/things/1?colour=%zz", None, {}, 400, None),
        ("query-not-utf8", "GET", "/things/1?colour=%ff", None, {}, 400, None),
        ("bad-escape-in-path", "GET", "/things/%4", None, {}, 400, None),
        ("nul-in-path", "GET", "/things/a%00b", None, {}, 400, None),
        ("empty-parameter", "GET", "/things/", None, {}, 404, None),
        ("body-where-none-is-read", "GET", "/things/1", "{}", {}, 400, None),
        ("body-of-another-type", "POST", "/things", "a=1", {"Content-Type": "text/plain"}, 415, None),
        ("body-of-json-kind", "POST", "/things", "{}", {"Content-Type": "application/merge-patch+json"}, 200, None),
        ("body-in-latin-1", "POST", "/things", "{}", {"Content-Type": "application/json; charset=latin1"}, 415, None),
        ("body-compressed", "POST", "/things", "{}", {"Content-Encoding": "gzip"}, 415, None),
        ("accept-html-only", "GET", "/things/1", None, {"Accept": "text/html"}, 406, None),
        ("accept-json-refused", "GET", "/things/1", None, {"Accept": "application/json;q=0, text/html"}, 406, None),
        ("accept-anything", "GET", "/things/1", None, {"Accept": "text/html, */*;q=0.1"}, 200, None),
    ]
    for name, method, path, body, headers, status, field in rows:
        r = http_(gw, method, path, body, headers)
        good = r.status == 200 if status == 200 else is_problem(r, status)
        if field:
            good = good and r.json.get("field") == field
        t.ok(good, "%s_%d" % (name, status), r)
    r = http_(gw, "DELETE", "/things/1")
    t.ok(is_problem(r, 405, "method-not-allowed") and r.header("Allow") == "GET, HEAD", "unknown-method_405-allow", r)
    r = http_(gw, "HEAD", "/things/1")
    full = get(gw, "/things/1")
    t.ok(r.status == 200 and not r.body and r.header("Content-Length") == str(len(full.body)), "head_get-without-body", r)
    r = get(gw, "/health")
    systems = {s["name"]: int(s["instances"]) for s in r.json["systems"]}
    t.ok(r.status == 200 and r.json["status"] == "ok" and systems.get("echo") == 1, "health_systems-and-instances", r)


# --- bytes that two servers could read differently ----------------------------------------------------


def hostile_rows():
    """(name, bytes, status): answered so, as a problem, and the connection closed."""
    get_ = b"GET /things/1 HTTP/1.1\r\n"
    post_ = b"POST /things HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    chunked = post_ + b"Transfer-Encoding: chunked\r\n\r\n"
    return [
        ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
        ("request-line-empty", b"\r\n\r\n", 400),
        ("request-line-two-spaces", b"GET  /things/1 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        ("request-line-no-version", b"GET /things/1\r\n" + HOST + b"\r\n", 400),
        ("version-2", b"GET /things/1 HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        ("method-unknown", b"BREW /things/1 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        ("method-lower-case", b"get /things/1 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        ("method-connect", b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        ("path-without-slash", b"GET things HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        ("path-with-fragment", b"GET /things/1#x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        ("path-not-ascii", b"GET /things/\xc5\x81 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        ("path-two-slashes", b"GET //a/b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        ("host-missing", get_ + b"\r\n", 400),
        ("host-twice", get_ + HOST + b"Host: b\r\n\r\n", 400),
        ("name-with-space", get_ + HOST + b"X Y: 1\r\n\r\n", 400),
        ("name-space-before-colon", get_ + HOST + b"X : 1\r\n\r\n", 400),
        ("name-empty", get_ + HOST + b": 1\r\n\r\n", 400),
        ("line-without-colon", get_ + HOST + b"hello\r\n\r\n", 400),
        ("line-folded", get_ + HOST + b"X: 1\r\n  2\r\n\r\n", 400),
        ("value-with-nul", get_ + HOST + b"X: a\x00b\r\n\r\n", 400),
        ("value-with-bare-cr", get_ + HOST + b"X: a\rb\r\n\r\n", 400),
        ("line-with-bare-lf", get_ + HOST + b"X: a\nY: b\r\n\r\n", 400),
        ("head-ended-by-bare-lf", b"GET /things/1 HTTP/1.1\nHost: a\n\n", 400),
        ("length-twice", post_ + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
        ("length-signed", post_ + b"Content-Length: +2\r\n\r\n{}", 400),
        ("length-negative", post_ + b"Content-Length: -2\r\n\r\n{}", 400),
        ("length-hexadecimal", post_ + b"Content-Length: 0x2\r\n\r\n{}", 400),
        ("length-list", post_ + b"Content-Length: 2, 2\r\n\r\n{}", 400),
        ("length-empty", post_ + b"Content-Length: \r\n\r\n{}", 400),
        ("length-beyond-64-bits", post_ + b"Content-Length: 18446744073709551618\r\n\r\n{}", 400),
        ("length-and-coding", post_ + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("coding-unknown", post_ + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        ("coding-misspelt", post_ + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        ("coding-behind-tab", post_ + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 400),
        ("coding-twice", post_ + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("coding-in-1.0", b"POST /things HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("head-with-body", b"HEAD /things/1 HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}", 400),
        ("chunk-size-prefixed", chunked + b"0x2\r\n{}\r\n0\r\n\r\n", 400),
        ("chunk-size-signed", chunked + b"+2\r\n{}\r\n0\r\n\r\n", 400),
        ("chunk-size-empty", chunked + b"\r\n{}\r\n0\r\n\r\n", 400),
        ("chunk-size-spaced", chunked + b"2 \r\n{}\r\n0\r\n\r\n", 400),
        ("chunk-extension", chunked + b"2;a=b\r\n{}\r\n0\r\n\r\n", 400),
        ("chunk-longer-than-said", chunked + b"2\r\n{ }\r\n0\r\n\r\n", 400),
        ("chunk-ended-by-bare-lf", chunked + b"2\n{}\n0\n\n", 400),
        ("trailer", chunked + b"2\r\n{}\r\n0\r\nIf-Match: 1\r\n\r\n", 400),
        ("expectation-unknown", post_ + b"Content-Length: 2\r\nExpect: magic\r\n\r\n{}", 417),
        ("path-too-long", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        ("headers-too-large", get_ + HOST + b"X: " + b"a" * 40000 + b"\r\n\r\n", 431),
        ("headers-too-many", get_ + HOST + b"X: a\r\n" * 9000 + b"\r\n", 431),
        ("body-too-large-by-length", post_ + b"Content-Length: 2000000\r\n\r\n", 413),
        ("body-too-large-by-length-expecting", post_ + b"Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n", 413),
        ("body-too-large-by-chunk", chunked + b"1E8480\r\n", 413),
        ("body-too-large-by-chunks", chunked + (b"10000\r\n" + b"1" * 65536 + b"\r\n") * 17, 413),
    ]


def test_hostile(t, gw):
    for name, data, status in hostile_rows():
        for way, pieces in (("whole", [data]), ("bytewise", [data[i:i + 1] for i in range(len(data))])):
            if way == "bytewise" and len(data) > 400:
                continue
            s, got = connect(gw), b""
            try:
                for p in pieces:
                    s.sendall(p)
                got = receive(s, b"\0never\0")
            except (ConnectionResetError, BrokenPipeError):
                pass
            except socket.timeout:
                got += b" and the connection stayed open"
            s.close()
            head, _, body = got.partition(b"\r\n\r\n")
            try:
                problem = json.loads(body)
            except ValueError:
                problem = {}
            good = (first_line(got).startswith("HTTP/1.1 %d " % status) and problem.get("status") == status and
                    b"application/problem+json" in head and problem.get("instance", "").startswith("urn:"))
            t.ok(good, "hostile_%s_%s_%d-and-closed" % (name, way, status), got[:300])


def test_well_formed(t, gw):
    rows = [
        ("absolute-form", b"GET http://a/things/7 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", b'"path:id":"7"'),
        ("http-1.0", b"GET /things/8 HTTP/1.0\r\n\r\n", b'"path:id":"8"'),
        ("chunked-in-pieces", b"POST /things HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
         b"Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n{\r\n00A\r\n\"name\":\"a\"\r\n1\r\n}\r\n0\r\n\r\n",
         b'"body":{"name":"a"}'),
        ("length-zero", b"GET /things/9 HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nConnection: close\r\n\r\n",
         b'"path:id":"9"'),
        ("three-pipelined", b"GET /things/1 HTTP/1.1\r\n" + HOST + b"\r\nGET /things/2 HTTP/1.1\r\n" + HOST +
         b"\r\nGET /things/3 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", b'"path:id":"3"'),
        ("pipelined-before-garbage", b"GET /things/1 HTTP/1.1\r\n" + HOST + b"\r\nGARBAGE\x00\r\n\r\n", b'"path:id":"1"'),
    ]
    for name, data, wanted in rows:
        for way, pieces in (("whole", [data]), ("bytewise", [data[i:i + 1] for i in range(len(data))])):
            s = connect(gw)
            try:
                for p in pieces:
                    s.sendall(p)
            except (ConnectionResetError, BrokenPipeError):
                pass
            try:
                got = receive(s, b"\0never\0")
            except OSError as e:
                got = repr(e).encode()
            s.close()
            t.ok(first_line(got).endswith("200 OK") and wanted in got, "wellformed_%s_%s_200" % (name, way), got)
    s = connect(gw)
    s.sendall(b"POST /things HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 2\r\n"
              b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
    first = receive(s, b"\r\n\r\n")
    s.sendall(b"{}")
    rest = receive(s, b"\0never\0")
    t.ok(first_line(first).startswith("HTTP/1.1 100") and first_line(rest).endswith("200 OK"), "expect_continue_100-then-200",
         (first, rest))
    s.close()
    c = http.client.HTTPConnection(gw.host, gw.port, timeout=10)
    seen = []
    for i in range(50):
        c.request("GET", "/things/%d" % i)
        r = c.getresponse()
        seen.append((r.status, b'"path:id":"%d"' % i in r.read()))
    t.ok(all(x == (200, True) for x in seen), "keep-alive_50-requests_answered-in-order", seen)
    c.close()


# --- time, memory, and clients that leave -------------------------------------------------------------


def test_slow(t):
    gw = start_gateway("--header-timeout", "300ms", "--idle-timeout", "700ms", "--max-connections", "8")
    wait_route(gw, "/things/1")
    began = time.monotonic()
    s = connect(gw)
    got = b""
    try:
        for c in b"GET /things/1 HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":
            s.sendall(bytes([c]))
            s.settimeout(0.02)
            try:
                got += s.recv(4096)
            except socket.timeout:
                pass
            if got:
                break
        s.settimeout(5)
        got += receive(s, b"\0never\0")
    except OSError:
        pass
    t.ok(first_line(got).startswith("HTTP/1.1 408") and time.monotonic() - began < 3, "slowloris_head-drips_408", got)
    s = connect(gw)
    began = time.monotonic()
    t.ok(s.recv(10) == b"" and time.monotonic() - began < 3, "slowloris_nothing-sent_closed")
    s = connect(gw)
    s.sendall(b"GET /things/1 HTTP/1.1\r\n" + HOST + b"\r\n")
    receive(s, b"}}")
    began = time.monotonic()
    t.ok(s.recv(10) == b"" and 0.4 < time.monotonic() - began < 3, "idle_kept-connection_closed-in-time")
    s = connect(gw)
    s.sendall(b"POST /things HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    got = receive(s, b"\0never\0")
    t.ok(first_line(got).startswith("HTTP/1.1 408"), "slow_body-never-comes_408", got)
    # More connections than allowed wait, and are served when others go.
    held = [connect(gw) for _ in range(20)]
    r = get(gw, "/things/1", seconds=20)
    t.equal(r.status, 200, "connections_more-than-allowed_wait-their-turn")
    for s in held:
        s.close()
    gw.stop()


def test_stream(t, gw):
    size = 40 << 20
    r = get(gw, "/things/1?size=%d" % size, seconds=60)
    t.ok(r.status == 200 and len(r.body) == size and r.body[:1] == b'"' and r.body[-1:] == b'"', "stream_40MB_whole",
         (r.status, len(r.body)))
    t.equal(r.header("Transfer-Encoding"), "chunked", "stream_length-unknown_chunked")
    got = raw(gw, b"GET /things/1?size=300000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    t.equal(len(got.partition(b"\r\n\r\n")[2]), 300000, "stream_http-1.0_ends-with-the-connection")
    r = http_(gw, "HEAD", "/things/1?size=300000")
    t.ok(r.status == 200 and not r.body, "stream_head_no-body", r)
    before = gw.memory()
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    s.settimeout(20)
    s.connect((gw.host, gw.port))
    s.sendall(b"GET /things/1?size=%d HTTP/1.1\r\n" % (200 << 20) + HOST + b"\r\n")
    got = receive(s, b"\r\n\r\n")
    peak = 0
    for _ in range(200):
        got = s.recv(4096)
        peak = max(peak, gw.memory())
        assert got
    quick = time.monotonic()
    t.equal(get(gw, "/things/1").status, 200, "slow-reader_others_served")
    t.ok(time.monotonic() - quick < 2, "slow-reader_others_not-delayed")
    if before > 50000:
        t.skip("slow-reader_memory_bounded", "a sanitizer keeps what was freed")
    else:
        t.ok(peak - before <= 1024, "slow-reader_memory_bounded", "%d kB before, %d kB at most" % (before, peak))
    s.close()
    s = connect(gw)
    s.sendall(b"GET /breakoff HTTP/1.1\r\n" + HOST + b"\r\n")
    got = receive(s, b"\0never\0")
    t.ok(b"half" in got and not got.endswith(b"0\r\n\r\n"), "stream_breaks-off_no-final-chunk", got)
    s.close()


def test_leaving(t, gw):
    before = peer_state(gw, "cancels")
    for how in ("close", "reset"):
        s = connect(gw)
        s.sendall(b"GET /hang HTTP/1.1\r\n" + HOST + b"\r\n")
        time_ = time.monotonic()
        # The call is with the adapter once a request after it was answered: one connection, one order.
        get(gw, "/state")
        if how == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        before += 1
        done = wait_for(lambda: peer_state(gw, "cancels") >= before, "the call to be cancelled")
        t.ok(done and time.monotonic() - time_ < 5, "client-leaves_by-%s_call-cancelled" % how)
    s = connect(gw)
    s.sendall(b"GET /stream?size=100000000 HTTP/1.1\r\n" + HOST + b"\r\n")
    receive(s, b"\r\n\r\n")
    s.close()
    before += 1
    t.ok(wait_for(lambda: peer_state(gw, "cancels") >= before, "the stream to be cancelled"),
         "client-leaves_in-mid-stream_call-cancelled")


def test_problems(t, gw):
    r = get(gw, "/hang", headers={"Prefer": "wait=1"})
    t.ok(is_problem(r, 504, "timed-out") and r.json["system"] == "peer", "no-answer_safe-request_504-timed-out", r)
    r = post(gw, "/hangput", "{}", headers={"Prefer": "wait=1"})
    t.ok(is_problem(r, 415) or is_problem(r, 400), "body_write-that-takes-none_refused", r)
    r = http_(gw, "POST", "/hangput", headers={"Prefer": "wait=1"})
    t.ok(is_problem(r, 504, "in-doubt"), "no-answer_write_504-in-doubt", r)
    r = get(gw, "/problem")
    t.ok(is_problem(r, 404, "customer-not-found") and r.json["field"] == "/id" and r.json["instance"].startswith("urn:"),
         "adapter's-problem_passes_with-instance", r)
    r = get(gw, "/refuse")
    t.ok(is_problem(r, 503) and r.header("Retry-After"), "adapter-refuses_503-retry-after", r)


# --- restarts and the end -----------------------------------------------------------------------------


def test_restart(t):
    state = work("state")
    gw = start_gateway("--state", state)
    wait_route(gw, "/things/1")
    null = start_adapter("null", write("gone.map.xml", MAPPING.replace('"echo"', '"gone"').replace("/things", "/gone")))
    wait_route(gw, "/gone/1")
    null.stop()
    wait_for(lambda: get(gw, "/gone/1").status == 503, "the route to be 503")
    r = get(gw, "/gone/1")
    t.ok(is_problem(r, 503, "unavailable") and r.header("Retry-After"), "adapter-gone_503-retry-after", r)
    t.equal(gw.stop(), 0, "sigterm_idle_exit-0")
    gw = start_gateway("--state", state)
    r = get(gw, "/gone/1")
    t.ok(is_problem(r, 503, "unavailable"), "gateway-restarted_known-route-absent_503", r)
    t.ok(is_problem(get(gw, "/never"), 404), "gateway-restarted_unknown_404")
    gw.stop()
    write("state", "this is no state")
    gw = start_gateway("--state", state)
    wait_route(gw, "/things/1")
    t.ok(True, "gateway-restarted_state-damaged_serves")
    gw.stop()


def test_drain(t):
    gw = start_gateway("--drain", "10s")
    wait_route(gw, "/hang", headers={"Prefer": "wait=1"})
    idle = connect(gw)
    idle.sendall(b"GET /things/1 HTTP/1.1\r\n" + HOST + b"\r\n")
    receive(idle, b"}}")
    s = connect(gw)
    s.sendall(b"GET /things/1?size=30000000 HTTP/1.1\r\n" + HOST + b"\r\n")
    got = receive(s, b"\r\n\r\n")
    gw.signal(signal.SIGTERM)
    t.equal(idle.recv(10), b"", "drain_idle-connection_closed")
    refused = wait_for(lambda: not can_connect(gw), "the port to be closed")
    t.ok(refused and gw.alive(), "drain_new-connection_refused")
    n, tail = len(got), b""
    while tail[-7:] != b"\r\n0\r\n\r\n":
        piece = s.recv(1 << 20)
        if not piece:
            break
        n, tail = n + len(piece), (tail + piece)[-7:]
    t.ok(n > 30000000 and tail.endswith(b"0\r\n\r\n"), "drain_answer-under-way_finished", (n, tail))
    t.equal(gw.p.wait(10), 0, "drain_done_exit-0")
    gw = start_gateway("--drain", "300ms")
    wait_route(gw, "/things/1")
    s = connect(gw)
    s.sendall(b"GET /hang HTTP/1.1\r\n" + HOST + b"\r\n")
    get(gw, "/state")
    gw.signal(signal.SIGTERM)
    t.equal(gw.p.wait(10), 0, "drain_request-hangs_ends-in-time")


def can_connect(gw):
    try:
        connect(gw).close()
        return True
    except OSError:
        return False


def test_tls(t):
    status, _, err = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                         "/CN=localhost", "-keyout", work("tls.key"), "-out", work("tls.pem"))
    if status:
        return t.skip("tls", err)
    gw = start_gateway("--tls-cert", work("tls.pem"), "--tls-key", work("tls.key"))
    t.ok(gw.url.startswith("https://"), "tls_url_https", gw.url)
    context = ssl.create_default_context(cafile=work("tls.pem"))
    context.check_hostname = False
    context.set_alpn_protocols(["h2", "http/1.1"])

    def ask(path):
        c = http.client.HTTPSConnection(gw.host, gw.port, timeout=20, context=context)
        c.request("GET", path)
        r = c.getresponse()
        body, alpn = r.read(), c.sock and c.sock.selected_alpn_protocol()
        c.close()
        return r.status, body, alpn

    wait_for(lambda: ask("/things/1")[0] == 200, "the route over TLS")
    t.equal(ask("/things/1")[2], "http/1.1", "tls_alpn_http/1.1")
    status, body, _ = ask("/things/1?size=3000000")
    t.ok(status == 200 and len(body) == 3000000, "tls_stream_whole", (status, len(body)))
    s = context.wrap_socket(connect(gw))
    s.sendall(b"GET /things/1 HTTP/1.1\r\n" + HOST + b"X Y: 1\r\n\r\n")
    t.ok(first_line(receive(s, b"}")).startswith("HTTP/1.1 400"), "tls_hostile_400")
    s.close()
    s = context.wrap_socket(connect(gw))
    before = peer_cancels_tls(ask)
    s.sendall(b"GET /hang HTTP/1.1\r\n" + HOST + b"\r\n")
    ask("/state")
    s.close()
    t.ok(wait_for(lambda: peer_cancels_tls(ask) > before, "the call to be cancelled"), "tls_client-leaves_call-cancelled")
    got = raw(gw, b"GET /things/1 HTTP/1.1\r\n" + HOST + b"\r\n", seconds=5)
    t.ok(b"200 OK" not in got and ask("/things/1")[0] == 200, "tls_plain-http_refused", got[:100])
    gw.stop()


def peer_cancels_tls(ask):
    return int(re.search(rb"cancels=(\d+)", ask("/state")[1]).group(1))


with Tap() as t:
    start_bus()
    start_adapter("null", write("echo.map.xml", MAPPING))
    start_peer()
    gw = start_gateway("--max-body", "1MiB", "--max-headers", "16KiB")
    wait_route(gw, "/things/1")
    wait_route(gw, "/state")
    only = sys.argv[1:]
    for name, test in (("openapi", lambda: test_openapi(t, gw)), ("routes", lambda: test_routes(t, gw)), ("hostile", lambda: test_hostile(t, gw)),
                       ("well_formed", lambda: test_well_formed(t, gw)), ("slow", lambda: test_slow(t)),
                       ("stream", lambda: test_stream(t, gw)), ("leaving", lambda: test_leaving(t, gw)),
                       ("problems", lambda: test_problems(t, gw)), ("restart", lambda: test_restart(t)),
                       ("drain", lambda: test_drain(t)), ("tls", lambda: test_tls(t))):
        if not only or name in only:
            test()
    t.equal(gw.stop(), 0, "sigterm_after-everything_exit-0")

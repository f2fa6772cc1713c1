# SPDX-License-Identifier: GPL-3.0-or-later
"""What system tests share: real processes, conditions instead of sleeps, raw sockets, TAP.

    import os, sys
    sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
    from sluice_test import *

    with Tap() as t:                    # plan, clean-up of every process, exit status
        bus = start_bus()
        ...
        t.ok(reply.status == 200, "get_known-customer_200", reply)

Everything lives in one temporary directory (work()) that goes with the test. All waits are bounded.
"""
import atexit, http.client, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time, traceback

BUILD = os.environ.get("SL_BUILD") or os.path.abspath("_build")
SOURCE = os.environ.get("SL_SOURCE") or os.path.abspath(".")
# Built with AddressSanitizer: memory figures mean nothing then, and everything takes longer.
SANITIZED = b"__asan_init" in open(os.path.join(BUILD, "bin", "sluice-bus"), "rb").read() \
    if os.path.exists(os.path.join(BUILD, "bin", "sluice-bus")) else False
_work = None
_procs = []


def work(*names):
    """The test's own directory, or a path in it. Short, as an ipc path has 107 bytes."""
    global _work
    if _work is None:
        _work = tempfile.mkdtemp(prefix="sl-", dir=os.environ.get("TMPDIR", "/tmp"))
    return os.path.join(_work, *names)


def write(name, text):
    path = work(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    mode = "wb" if isinstance(text, bytes) else "w"
    with open(path + ".new", mode) as f:
        f.write(text)
    os.rename(path + ".new", path)  # readers see all of it or none
    return path


def wait_for(condition, what, seconds=15.0):
    """Until condition() is true; its value. Fails the test with what after seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError("waited %.0f s for: %s" % (seconds, what))
        time.sleep(0.01)


# --- processes -------------------------------------------------------------------------------------


class Process:
    """A real program. Its stdout and stderr go to files in work(); .out() and .err() read them."""

    def __init__(self, argv, name=None, env=None, cwd=None):
        self.name = name or os.path.basename(argv[0])
        n = len(_procs)
        self.out_path, self.err_path = work("%02d-%s.out" % (n, self.name)), work("%02d-%s.err" % (n, self.name))
        self.argv = argv
        with open(self.out_path, "wb") as o, open(self.err_path, "wb") as e:
            self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=o, stderr=e, cwd=cwd,
                                      env=dict(os.environ, **(env or {})))
        _procs.append(self)

    @property
    def pid(self):
        return self.p.pid

    def alive(self):
        return self.p.poll() is None

    def out(self):
        return open(self.out_path, errors="replace").read()

    def err(self):
        return open(self.err_path, errors="replace").read()

    def wait_out(self, pattern, seconds=15.0):
        """The first match of the regular expression in stdout; fails early if the process ends."""
        def look():
            m = re.search(pattern, self.out(), re.M)
            if not m and not self.alive():
                m = re.search(pattern, self.out(), re.M)
                if not m:
                    raise RuntimeError("%s ended with %s before it printed %r:\n%s%s" %
                                       (self.name, self.p.returncode, pattern, self.out(), self.err()))
            return m
        return wait_for(look, "%s to print %r" % (self.name, pattern), seconds)

    def signal(self, sig):
        if self.alive():
            self.p.send_signal(sig)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.p.wait()

    def stop(self, seconds=15.0):
        """SIGTERM, and its exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.p.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError("%s did not end within %.0f s of SIGTERM" % (self.name, seconds))

    def memory(self, field="RssAnon"):
        """Kilobytes, of /proc/PID/status."""
        return memory(self.pid, field)


def memory(pid, field="RssAnon"):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^%s:\s+(\d+)" % field, f.read(), re.M).group(1))


def children(pid):
    """Pids of the processes that pid started, and theirs."""
    found = []
    for p in os.listdir("/proc"):
        if not p.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % p) as f:
                ppid = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if ppid == pid:
            found.append(int(p))
            found += children(int(p))
    return found


def program(name):
    return os.path.join(BUILD, "bin", name)


def start(name, *args, **kw):
    """One of our programs, by name."""
    return Process([program(name)] + [str(a) for a in args], name=name, **kw)


def run(*argv, input=None, seconds=60):
    """A program to its end: (status, stdout, stderr)."""
    data = input.encode() if isinstance(input, str) else input
    p = subprocess.run([str(a) for a in argv], input=data, capture_output=True, timeout=seconds)
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def sluice(*args, **kw):
    return run(program("sluice"), *args, **kw)


# --- the daemons, wired together --------------------------------------------------------------------


def bus_endpoint():
    return "ipc://" + work("bus")


def start_bus(*args):
    p = start("sluice-bus", "--ipc-endpoint", bus_endpoint(), *args)
    wait_for(lambda: os.path.exists(work("bus")) or not p.alive(), "the bus's socket")
    return p


def start_adapter(kind, mapping, *args):
    return start("sluice-" + kind, "--mapping", mapping, "--bus", bus_endpoint(), "--ipc-dir", work("ipc"), *args)


def start_gateway(*args, listen="127.0.0.1:0", ready=True):
    """.url, .host, .port are set once it is ready."""
    n = len(_procs)
    path = work("ready-%d" % n)
    p = start("sluice-gateway", "--listen", listen, "--bus", bus_endpoint(), "--ready-file", path, *args)
    if ready:
        def look():
            if not p.alive():
                raise RuntimeError("sluice-gateway ended:\n" + p.err())
            return os.path.exists(path) and open(path).read().strip()
        p.url = wait_for(look, "the gateway to be ready")
        p.host, p.port = re.match(r"https?://(.*):(\d+)$", p.url).groups()
        p.port = int(p.port)
    return p


def start_crm(*args):
    """The fake legacy SOAP service; .url, .control (write a line of misbehaviour to it), .journal."""
    control, journal, state = work("crm.control"), work("crm.journal"), work("crm.state")
    p = start("sluice-fake-crm", "--control", control, "--journal", journal, "--state", state, *args)
    p.url = p.wait_out(r"^ready (\S+)$").group(1)
    p.port = int(p.url.split(":")[2].split("/")[0])
    p.control, p.journal, p.state = control, journal, state
    return p


def wait_route(gateway, path, seconds=15.0, method="GET", **kw):
    """Until the route answers anything but 404 and 503: the adapter behind it has announced itself."""
    return wait_for(lambda: (lambda r: r.status not in (404, 503) and r)(http_(gateway, method, path, **kw)),
                    "%s %s to be served" % (method, path), seconds)


# --- HTTP ------------------------------------------------------------------------------------------


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        # Digits stay digits: a test that compares numbers must not go through a double.
        return json.loads(self.text, parse_float=lambda s: Digits(s), parse_int=lambda s: Digits(s))

    def __repr__(self):
        return "%d %r %s" % (self.status, self.headers, self.text[:400])


class Digits(str):
    """A JSON number as it was written; equal to the same digits, or to an int of the same value."""

    def __eq__(self, other):
        return str(self) == str(other)

    __hash__ = str.__hash__


def http_(gateway, method, path, body=None, headers=None, seconds=30):
    """One request over a connection of its own. body: bytes, str, or something to be made JSON."""
    c = http.client.HTTPConnection(gateway.host, gateway.port, timeout=seconds)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body, ensure_ascii=False)
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    try:
        c.request(method, path, body, headers)
        r = c.getresponse()
        return Reply(r.status, r.getheaders(), r.read())
    finally:
        c.close()


def get(gateway, path, **kw):
    return http_(gateway, "GET", path, **kw)


def post(gateway, path, body, **kw):
    return http_(gateway, "POST", path, body, **kw)


def put(gateway, path, body, **kw):
    return http_(gateway, "PUT", path, body, **kw)


def patch(gateway, path, body, **kw):
    return http_(gateway, "PATCH", path, body, **kw)


def raw(gateway, data, seconds=10, half_close=False):
    """Bytes as they are over a new connection; everything that came back until it closed, or seconds."""
    s = socket.create_connection((gateway.host, gateway.port), timeout=seconds)
    got = b""
    try:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
    except (socket.timeout, ConnectionResetError, BrokenPipeError):
        pass
    finally:
        s.close()
    return got


def is_problem(reply, status, type_=None):
    """An RFC 9457 problem of that status (and type's last part)."""
    if reply.status != status or (reply.header("Content-Type") or "").split(";")[0] != "application/problem+json":
        return False
    p = reply.json
    return p.get("status") == str(status) and bool(p.get("title")) and (
        type_ is None or p.get("type", "").endswith(":" + type_))


# --- TAP -------------------------------------------------------------------------------------------


class Tap:
    def __init__(self):
        self.n = self.failed = 0
        self.lock = threading.Lock()

    def ok(self, good, name, shown=None):
        with self.lock:
            self.n += 1
            print("%sok %d - %s" % ("" if good else "not ", self.n, name))
            if not good:
                self.failed += 1
                for line in (repr(shown) if shown is not None else "").splitlines()[:40]:
                    print("#   " + line[:2000])
            sys.stdout.flush()
        return bool(good)

    def equal(self, got, wanted, name):
        return self.ok(got == wanted, name, None if got == wanted else "got %r\nwanted %r" % (got, wanted))

    def skip(self, name, why):
        with self.lock:
            self.n += 1
            print("ok %d - %s # SKIP %s" % (self.n, name, why))

    def note(self, text):
        print("# " + str(text).replace("\n", "\n# "))

    def skip_all(self, why):
        print("1..0 # SKIP " + why)
        clean_up(True)
        os._exit(0)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        if kind is not None:
            self.n += 1
            self.failed += 1
            print("not ok %d - the test ran to its end" % self.n)
            for line in "".join(traceback.format_exception(kind, value, tb)).splitlines():
                print("#   " + line)
        if self.failed:
            for p in _procs:
                tail = p.err().splitlines()[-15:]
                print("# --- %s (%s)" % (p.name, "alive" if p.alive() else "exit %s" % p.p.returncode))
                for line in tail:
                    print("#   " + line)
        self.sanitizers()
        print("1..%d" % self.n)
        sys.stdout.flush()
        clean_up(not self.failed)
        os._exit(1 if self.failed else 0)

    def sanitizers(self):
        """Whatever ASan or UBSan said of our programs is a failure, also when nothing else was."""
        for p in _procs:
            if p.alive():
                p.signal(signal.SIGTERM)
        for p in _procs:
            try:
                p.p.wait(15)
            except subprocess.TimeoutExpired:
                p.kill()
            said = re.search(r"(ERROR: (Address|Leak)Sanitizer.*|runtime error:.*|our own bug.*)", p.err())
            if said:
                self.ok(False, "%s_sanitizers_silent" % p.name, said.group(0) + "\n" + p.err()[-3000:])


def clean_up(remove):
    for p in _procs:
        if p.alive():
            for pid in children(p.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            p.kill()
    if _work and remove and not os.environ.get("SL_KEEP"):
        shutil.rmtree(_work, ignore_errors=True)
    elif _work:
        print("# files are kept in " + _work)


atexit.register(lambda: clean_up(False) if any(p.alive() for p in _procs) else None)

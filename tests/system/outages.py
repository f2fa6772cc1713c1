# SPDX-License-Identifier: GPL-3.0-or-later
"""What dies, and what it may take with it: the directory, the gateway, an adapter, each by kill -9 under
load; and sluice run, which has it back."""
import os, sys, threading
sys.path[:0] = [os.path.join(os.environ.get("SL_SOURCE", "."), "tests", d) for d in ("harness",)]
from sluice_test import *

MAPPING = os.path.join(SOURCE, "mappings", "examples", "crm", "crm.map.xml")
DEPLOYMENT = """<deployment xmlns="urn:sluice:deployment:1">
  <gateway listen="127.0.0.1:0"/>
  <adapter mapping="%s" address="%s"/>
</deployment>
"""


class Load:
    """Consumers that never stop asking; .log is a list of (began, ended, method, status, problem type, mark)."""

    def __init__(self, gateway, readers=6, writers=2):
        self.gateway, self.log, self.going, self.lock = gateway, [], True, threading.Lock()
        base = get(gateway, "/customers/7").json
        self.threads = [threading.Thread(target=self.read, args=(n,)) for n in range(readers)]
        self.threads += [threading.Thread(target=self.write, args=(n, base)) for n in range(writers)]
        for th in self.threads:
            th.start()

    def note(self, *what):
        with self.lock:
            self.log.append(what)

    def ask(self, method, path, body=None, mark=None):
        began = time.monotonic()
        try:
            r = http_(self.gateway, method, path, body, seconds=20)
            kind = r.json.get("type", "").rsplit(":", 1)[-1] if r.status >= 400 else ""
            self.note(began, time.monotonic(), method, r.status, kind, mark)
        except (OSError, http.client.HTTPException, ValueError) as e:
            self.note(began, time.monotonic(), method, 0, repr(e), mark)

    def read(self, n):
        i = n
        while self.going:
            i += 1
            self.ask("GET", "/customers/%d" % (i % 900 + 1))

    def write(self, n, base):
        i = 0
        while self.going:
            i += 1
            mark = "mark-%d-%d" % (n, i)
            body = json.loads(json.dumps(base))
            body["address"]["street"] = mark
            body["id"] = str(901 + n)
            body["account"]["riskScore"] = int(body["account"]["riskScore"])
            for o in body["orders"]:
                o["quantity"] = int(o["quantity"])
            self.ask("PUT", "/customers/%d" % (901 + n), body, mark)

    def many(self, n, seconds=15):
        start_ = len(self.log)
        wait_for(lambda: len(self.log) >= start_ + n, "%d more answers" % n, seconds)

    def stop(self):
        self.going = False
        for th in self.threads:
            th.join(30)
        return self.log


def failures(log):
    return [e for e in log if e[3] != 200]


def directory_dies(t):
    bus = start_bus()
    crm = start_crm()
    adapter = start_adapter("soap", MAPPING, "--endpoint", crm.url)
    gateway = start_gateway("--state", work("routes"))
    wait_route(gateway, "/customers/1")
    load = Load(gateway)
    load.many(100)
    bus.kill()
    load.many(300)
    t.equal(failures(load.log), [], "bus_killed-under-load_no-request-fails")
    bus = start_bus()
    load.many(300)
    log = load.stop()
    t.equal(failures(log), [], "bus_back_no-request-fails")
    bus.kill()

    # While it is down: a new gateway finds the living adapter from its state, a new adapter waits for the bus.
    load = Load(gateway)
    load.many(100)
    load.stop()
    port = gateway.port
    gateway.stop()
    gateway = start_gateway("--state", work("routes"), ready=False, listen="127.0.0.1:%d" % port)
    gateway.host, gateway.port = "127.0.0.1", port
    wait_for(lambda: try_get(gateway, "/nothing"), "the new gateway to listen")
    r = wait_for(lambda: (lambda r: r if r.status != 503 else None)(get(gateway, "/customers/1")),
                 "the living adapter to be found again")
    t.ok(r.status == 200, "gateway_restarted-without-bus_living-adapter-serves", r)
    t.ok(is_problem(get(gateway, "/nothing"), 404), "gateway_restarted-without-bus_unknown-404")
    load = Load(gateway)
    load.many(200)
    t.equal(failures(load.stop()), [], "gateway_restarted-without-bus_no-request-fails")
    adapter.stop()
    r = get(gateway, "/customers/1")
    t.ok(is_problem(r, 503) and r.header("Retry-After"), "adapter_stopped-without-bus_known-route-503", r)
    adapter = start_adapter("soap", MAPPING, "--endpoint", crm.url)
    bus = start_bus()
    r = wait_route(gateway, "/customers/1")
    t.ok(r.status == 200, "bus_back_gateway-and-adapter-meet-again", r)
    for p in (gateway, adapter, bus, crm):
        p.stop()
    for name in ("crm.state", "crm.journal"):
        os.unlink(work(name))


def try_get(gateway, path):
    try:
        return get(gateway, path)
    except OSError:
        return None


def adapter_dies(t):
    crm = start_crm()
    path = write("d.xml", DEPLOYMENT % (MAPPING, crm.url))
    sluice_ = start("sluice", "run", "--run-dir", work("run"), path)
    url = sluice_.wait_out(r"^ready http://(\S+)", 30).group(1)
    gateway = sluice_
    gateway.host, gateway.port = url.rsplit(":", 1)[0], int(url.rsplit(":", 1)[1])
    load = Load(gateway)
    for round_ in range(5):
        load.many(60)
        (pid,) = [p for p in children(sluice_.pid) if program_of(p) == "sluice-soap"]
        before = len(load.log)
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        wait_for(lambda: any(e[3] == 200 and e[0] > killed for e in load.log[before:]), "an answer after the kill", 10)
        back = min(e[1] for e in load.log[before:] if e[3] == 200 and e[0] > killed) - killed
        t.ok(back < 2.0, "adapter_killed-under-load_back-within-2s", back)
    log = load.stop()
    bad = failures(log)
    t.ok(bad, "adapter_killed-under-load_it-was-noticed", len(log))
    t.ok(all(e[3] in (503, 504) for e in bad), "adapter_killed-under-load_only-503-and-504", bad[:5])
    t.ok(all(e[4] in ("unavailable", "in-doubt", "timed-out") for e in bad), "adapter_killed_each-a-problem", bad[:5])
    journal = open(crm.journal).read()
    executed = set(re.findall(r"mark-\d+-\d+", journal))
    refused = {e[5] for e in bad if e[2] == "PUT" and e[3] == 503}
    t.equal(sorted(refused & executed), [], "adapter_killed_no-write-executed-after-its-503")
    acknowledged = {e[5] for e in log if e[2] == "PUT" and e[3] == 200}
    t.equal(sorted(acknowledged - executed), [], "adapter_killed_no-acknowledged-write-lost")
    marks = re.findall(r"mark-\d+-\d+", journal)
    t.equal(len(marks), len(set(marks)), "adapter_killed_no-write-twice")
    t.note("%d requests, %d failed by 5 kills, %d writes acknowledged, %d refused, %d in doubt" %
           (len(log), len(bad), len(acknowledged), len(refused), len([e for e in bad if e[4] == "in-doubt"])))
    t.equal(sluice_.stop(), 0, "run_sigterm_ends-with-0")
    t.equal(children(sluice_.pid), [], "run_sigterm_leaves-nobody-behind")


def program_of(pid):
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return ""


with Tap() as t:
    directory_dies(t)
    adapter_dies(t)

# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice run` with the real bus, adapters that know only the bus, and a gateway that only listens.

The programs lie in a folder of the test's own, as `sluice` takes them from beside itself."""
import json, os, shutil, signal, stat, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

BIN = work("bin")
RUN = work("run")
BUS = "ipc://" + RUN + "/bus"
ENV = {"SL_XSD_DIR": os.path.join(SOURCE, "xsd"), "SL_TEST_USER": "front"}
os.environ.update(ENV)

OPTION = "option() { sed -n \"s/^$1 = //p\" \"$config\"; }\nconfig=$2\n"
MAPPING = """<mapping xmlns="urn:sluice:mapping:1" name="%s" version="1.0.0">
  <system name="%s" kind="null"/>
</mapping>
"""
GATEWAY = """#!/usr/bin/env python3
import os, signal, socket, sys
if sys.argv[3:] == ["--version"]:
    sys.exit(0)
options = dict(line.rstrip("\\n").split(" = ", 1) for line in open(sys.argv[2]) if " = " in line)
listener = socket.create_server(("127.0.0.1", int(options["listen"].rsplit(":", 1)[1])))  # with SO_REUSEADDR
def stop(*_):
    with open(os.path.dirname(sys.argv[0]) + "/../stopped", "a") as f:
        f.write("gateway\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
if "request-log" in options:
    sys.stderr.write("gateway: request-log: no such option\\n")
    sys.exit(1)
with open(options["ready-file"], "w") as f:
    f.write("http://127.0.0.1:%d\\n" % listener.getsockname()[1])
while True:
    signal.pause()
"""
DEPLOYMENT = """<deployment xmlns="urn:sluice:deployment:1">
  <bus log-level="debug"/>
  <gateway listen="127.0.0.1:0"/>
  <adapter mapping="crm.map.xml" instances="2"/>
  <adapter mapping="erp.map.xml"><option name="echo" value="${env:SL_TEST_USER}"/></adapter>
</deployment>
"""


def script(name, text):
    os.chmod(write("bin/" + name, text), 0o755)


def lay_out():
    os.makedirs(BIN)
    for name in ("sluice", "sluice-bus"):
        shutil.copy2(program(name), BIN)
    peer = os.path.join(BUILD, "tests", "system", "bus-peer")
    script("sluice-null", "#!/bin/sh\n[ \"$3\" = --version ] && exit 0\n" + OPTION + "mapping=$(option mapping)\n"
           "%s \"$(option bus)\" \"$(option ipc-dir)\" \"$(basename \"$mapping\" .map.xml)\" &\npeer=$!\n"
           # It leaves the bus at SIGTERM, and ends at SIGUSR1.
           "trap 'kill -TERM $peer; while kill -USR1 $peer; do sleep 0.02; done 2>/dev/null' TERM\n"
           "wait $peer; wait $peer; exit 0\n" % peer)
    script("sluice-gateway", GATEWAY)
    for system in ("crm", "erp"):
        write("d/%s.map.xml" % system, MAPPING % (system, system))
    write("d/sluice.xml", DEPLOYMENT)


def command(*args, **kw):
    return run(os.path.join(BIN, "sluice"), *args, **kw)


def start_run(*args, deployment="d/sluice.xml"):
    return Process([os.path.join(BIN, "sluice"), "run", *args, work(deployment)], name="sluice-run")


def processes(p):
    """{program or peer's system: [pid]} of what p started."""
    found = {}
    for pid in children(p.pid):
        try:
            argv = open("/proc/%d/cmdline" % pid).read().split("\0")
        except OSError:
            continue
        if argv[0] in ("/bin/sh", "sleep"):
            continue
        name = argv[3] if argv[0].endswith("bus-peer") else os.path.basename(argv[1] if "python" in argv[0] else argv[0])
        found.setdefault(name, []).append(pid)
    return found


def gone(pid):
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def alive_instances(system):
    status, out, _ = command("status", "--json", "--bus", BUS)
    if status:
        return []
    found = [s for s in json.loads(out)["systems"] if s["system"] == system]
    return [i["instance"] for s in found for i in s["instances"] if i["alive"]]


with Tap() as t:
    lay_out()
    r = start_run("--run-dir", RUN)
    url = r.wait_out(r"^ready (http://127\.0\.0\.1:\d+)$").group(1)
    host, port = url[7:].split(":")
    with socket.create_connection((host, int(port)), timeout=5):
        t.ok(True, "run_port-0_tells-the-real-address")
    t.equal(sorted((k, len(v)) for k, v in processes(r).items()),
            [("crm", 2), ("erp", 1), ("sluice-bus", 1), ("sluice-gateway", 1)], "run_ready_everything-is-there")

    modes = {n: stat.S_IMODE(os.stat(os.path.join(RUN, n)).st_mode) for n in os.listdir(RUN) if n.endswith(".conf")}
    t.ok(len(modes) == 5 and set(modes.values()) == {0o600}, "run_option-files_0600", modes)
    t.equal(stat.S_IMODE(os.stat(RUN).st_mode), 0o700, "run_directory_0700")
    conf = open(os.path.join(RUN, "sluice-erp.conf")).read()
    t.ok("echo = ${env:SL_TEST_USER}\n" in conf and "front" not in conf, "run_secret_stays-a-reference", conf)
    second = start_run("--run-dir", RUN)
    t.ok(second.p.wait(15) == 1 and "another sluice run" in second.err(), "run_same-directory-twice_refused", second.err())

    # --- the other commands, over this bus
    t.equal(len(alive_instances("crm")), 2, "status_json_two-instances")
    status, out, err = command("status", "--bus", BUS)
    t.ok(status == 0 and out.startswith("crm (") and "GET    /echo  (echo" in out, "status_text_systems-and-operations", out + err)
    status, out, err = command("call", "erp.echo", "query:x=1", "--body", write("name.json", '"Łódź"'), "--bus", BUS)
    t.ok(status == 0 and out == '"Łódź"\n', "call_known-operation_answered", (status, out, err))
    body = write("body.json", '{"a":[1,2]}')
    status, out, err = command("call", "erp.put", "--body", body, "-i", "--bus", BUS)
    t.ok(status == 0 and "status: " in err, "call_with-body-and-head", (status, out, err))
    status, out, err = command("call", "erp.put", "--body", "-", "--bus", BUS, input='{"b":1}')
    t.equal(status, 0, "call_body-from-standard-input")
    status, out, err = command("call", "erp.problem", "--bus", BUS)
    t.ok(status == 1 and json.loads(out)["status"] == 404, "call_problem_printed-and-exit-1", (status, out, err))
    status, out, err = command("call", "erp.stream", "query:bytes=1000000", "--bus", BUS)
    t.ok(status == 0 and len(out) >= 1000000, "call_chunked-answer", (status, len(out), err))
    status, out, err = command("call", "erp.nothing", "--bus", BUS)
    t.ok(status == 1 and "erp.nothing" in err, "call_unknown-operation_told", err)
    status, out, err = command("call", "erp.hang", "--deadline", "300ms", "--bus", BUS)
    t.ok(status == 1 and json.loads(out)["status"] == 504, "call_deadline-over_504", (status, out, err))
    status, out, err = command("status", "--bus", "ipc://" + work("nobody"), "--deadline", "200ms")
    t.ok(status == 1 and "no directory answers" in err, "status_without-bus_told", err)

    # --- deaths
    victim = processes(r)["erp"][0]
    announced = 'msg="adapter announced" instance=erp@'
    wait_for(lambda: r.err().count(announced) == 1, "the bus to tell of erp")
    began = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: r.err().count(announced) == 2, "erp to be back")
    took = time.monotonic() - began
    wait_for(lambda: len(alive_instances("erp")) == 1, "the new erp to be reached")
    t.ok(took < 2, "kill-adapter_back-within-2-s", took)
    t.note("an adapter that was killed was back after %.2f s" % took)
    victim = processes(r)["sluice-bus"][0]
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(alive_instances("crm")) == 2, "the bus to be back and to know crm")
    t.ok(processes(r)["sluice-bus"] != [victim], "kill-bus_back-and-relearned")

    victim = processes(r)["sluice-gateway"][0]
    os.kill(victim, signal.SIGKILL)

    def listens():
        try:
            return processes(r).get("sluice-gateway", [victim]) != [victim] and socket.create_connection((host, int(port)), timeout=5)
        except OSError:
            return None
    wait_for(listens, "the gateway to listen again at its port").close()
    t.ok(True, "kill-gateway_back-at-the-same-port")

    # --- the end
    pids = sum(processes(r).values(), [])
    t.equal(r.stop(), 0, "sigterm_exit-0")
    t.ok(all(gone(p) for p in pids), "sigterm_no-process-left", pids)
    t.ok(open(work("stopped")).read() == "gateway\n", "sigterm_gateway-drained")
    t.ok(not os.path.exists(RUN), "sigterm_directory-gone")
    t.equal(r.out().count("ready"), 1, "run_ready_told-once")

    r = start_run("--run-dir", RUN)
    r.wait_out(r"^ready ")
    pids = sum(processes(r).values(), [])
    r.kill()
    wait_for(lambda: all(gone(p) for p in pids), "the children to end with sluice run")
    t.ok(True, "kill-supervisor_children-end")
    stale = open(os.path.join(RUN, "gateway.ready")).read().strip()
    r = start_run("--run-dir", RUN)
    url = r.wait_out(r"^ready (\S+)").group(1)
    t.ok(url != stale, "run_after-a-crash_tells-the-new-address", (url, stale))
    t.equal(r.stop(), 0, "run_after-a-crash_takes-its-directory-again")
    t.equal(os.listdir(RUN), [], "sigterm_directory-that-was-there_stays-empty")
    os.rmdir(RUN)

    r = Process([os.path.join(BIN, "sluice"), "run", work("d/sluice.xml")], name="sluice-run", env={"XDG_RUNTIME_DIR": "", "TMPDIR": work()})
    r.wait_out(r"^ready ")
    made = [n for n in os.listdir(work()) if n.startswith("sluice-")]
    r.signal(signal.SIGINT)
    t.equal(r.p.wait(15), 0, "sigint_exit-0")
    t.ok(len(made) == 1 and not os.path.exists(work(made[0])), "run_own-directory_made-and-removed", made)

    # --- refusals
    write("d/bad.xml", DEPLOYMENT.replace('0"/>', '0"><option name="request-log" value="x"/></gateway>', 1))
    r = start_run("--run-dir", RUN, deployment="d/bad.xml")
    t.ok(r.p.wait(20) == 1 and "request-log: no such option" in r.err() and not r.out(), "child-refuses_ends-with-its-message", r.err())
    write("d/wrong.xml", DEPLOYMENT.replace("SL_TEST_USER", "SL_NOT_SET").replace("<gateway", "<gatewy"))
    r = start_run("--run-dir", RUN, deployment="d/wrong.xml")
    t.ok(r.p.wait(20) == 1 and "wrong.xml:3:" in r.err() and "wrong.xml:5:" in r.err(), "wrong-deployment_all-told", r.err())
    t.ok(not os.path.exists(RUN), "wrong-deployment_nothing-made")

    # --- a mapping that loses data: two codes for one value
    os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")
    right = open(work("d/crm.map.xml")).read()
    at = right.index("<operation") if "<operation" in right else right.index("</mapping>")
    write("d/crm.map.xml", right[:at] + '<code-table name="c" unmapped="reject"><code legacy="A" json="x"/><code legacy="B" json="x"/></code-table>'
          '<shape name="S"><field legacy="/v" json="/v" type="c"/></shape>' + right[at:])
    r = start_run("--run-dir", RUN)
    t.ok(r.p.wait(20) == 1 and "error L202 GetPut refuted" in r.err() and not os.path.exists(RUN), "lossy-mapping_refused-before-anything-starts", r.err())
    r = start_run("--run-dir", RUN, "--no-laws")
    t.ok(r.wait_out(r"^ready "), "lossy-mapping_no-laws_starts")
    t.equal(r.stop(), 0, "lossy-mapping_no-laws_stops")
    write("d/crm.map.xml", right)

    # --- option files for a service manager
    status, out, err = command("config", work("d/sluice.xml"))
    t.equal(out, "bus sluice-bus\ncrm sluice-null\ncrm-2 sluice-null\nerp sluice-null\ngateway sluice-gateway\n", "config_without-name_lists")
    status, out, err = command("config", work("d/sluice.xml"), "erp")
    t.ok(status == 0 and "bus = ipc:///run/sluice/bus\n" in out and "mapping = %s\n" % os.path.realpath(work("d/erp.map.xml")) in out,
         "config_of-a-process", out + err)
    status, out, err = command("config", work("d/sluice.xml"), "hr")
    t.ok(status == 1 and '"hr"' in err, "config_unknown-process_told", err)

    # --- the command line
    status, out, err = command("help")
    t.ok(status == 0 and "keygen" in out, "help_lists-commands")
    for name in ("run", "check", "map", "test", "explain", "schema", "doc", "diff", "fmt", "call", "status", "config", "keygen"):
        status, out, err = command("help", name)
        t.ok(status == 0 and out.startswith("Usage: sluice %s " % name), "help_%s" % name, out + err)
    t.ok(command("--version")[1].startswith("sluice "), "version")
    t.ok(command("frobnicate")[0] == 2 and command()[0] == 2 and command("run")[0] == 2, "wrong-command-line_exit-2")
    key = work("key")
    status, out, err = command("keygen", key)
    t.ok(status == 0 and len(out.strip()) == 40 and stat.S_IMODE(os.stat(key).st_mode) == 0o600, "keygen_public-key_and-0600", out + err)
    t.ok(command("keygen", key)[0] == 1, "keygen_existing-file_refused")

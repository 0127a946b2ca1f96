"""The HTTP API over the Unix socket and over loopback, with friendly and with hostile clients."""

import concurrent.futures
import json
import os
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.parse

import harness
from devices import HOT, Probes

UNITS = range(1, 9)
HOT_ID = "hot:probe-1/ambient.temperature"
RACK = """
layouts:
  edge: [{name: 路由器, u: 40, height: 2, outlets: A1}, {kind: blank, u: 30..39}]
halls:
  - {name: h1, rows: [{name: r1, racks: [{name: k1, rated: 3 kW, contents: edge}]}]}
"""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def parse(data):
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        whole, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            count = int(size, 16)
            whole, rest = whole + rest[:count], rest[count + 2:]
            if count == 0:
                break
        body = whole
    elif "content-length" in headers:
        assert len(body) == int(headers["content-length"]), "cut short"
    return Answer(int(lines[0].split()[1]), headers, body)


class API(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(harness.workspace())
        cls.probes = Probes()
        cls.addClassCleanup(cls.probes.stop)
        cls.probes.celsius = {1: 35}
        cls.data = os.path.join(folder, "data")
        os.mkdir(cls.data)
        cls.path = os.path.join(folder, "site.yaml")
        with open(cls.path, "w") as f:
            f.write(cls.probes.site(UNITS, extra=HOT + RACK))
        cls.sock = os.path.join(cls.data, "frostline.sock")
        cls.port = harness.free_port()
        cls.child = harness.Child(
            harness.BINARY, "serve", "--config", cls.path, "--data", cls.data, "--socket",
            cls.sock, "--port", cls.port)
        cls.addClassCleanup(cls.child.kill)
        harness.wait_for("the alarm", lambda: cls.raised(), 30, cls.child)
        time.sleep(3)

    @classmethod
    def raised(cls):
        try:
            return b"probe-1" in cls.ask("/api/v1/alarms").body
        except OSError:
            return False

    @classmethod
    def connect(cls, over="unix"):
        if over == "unix":
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            try:
                s.connect(cls.sock)
            except OSError:
                s.close()
                raise
        else:
            s = socket.create_connection(("127.0.0.1", cls.port), 10)
        return s

    @classmethod
    def exchange(cls, request, over="unix"):
        """Everything the server says until it closes."""
        with cls.connect(over) as s:
            s.sendall(request)
            data = b""
            while part := s.recv(65536):
                data += part
            return data

    @classmethod
    def ask(cls, path, over="unix", method="GET", body=None, host="localhost", headers=""):
        content = b"" if body is None else json.dumps(body).encode()
        request = "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s" % (
            method, path, host, headers)
        if body is not None:
            request += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(content)
        return parse(cls.exchange(request.encode() + b"\r\n" + content, over))

    def tearDown(self):
        # Whatever a test did: the daemon is there and answers at once.
        self.assertTrue(self.child.running, self.child.output()[-2000:])
        begun = time.monotonic()
        self.assertEqual(self.ask("/healthz").status, 200)
        self.assertLess(time.monotonic() - begun, 2)

    def test_the_same_documents_over_both(self):
        for over in ("unix", "loopback"):
            view = self.ask("/api/v1/snapshot", over).json()
            self.assertEqual(view["site"], "probes")
            self.assertEqual(view["displayName"], "探头")
            self.assertEqual(len(view["devices"]), len(UNITS))
            self.assertEqual(view["health"]["devicesAnswering"], len(UNITS))
            self.assertLess(abs(view["timeMS"] / 1000 - time.time()), 5)
            device = self.ask("/api/v1/devices/probe-3", over).json()
            self.assertEqual(device["summary"]["name"], "probe-3")
            self.assertEqual({p["name"] for p in device["points"]},
                             {"ambient.temperature", "ambient.humidity"})
            missing = self.ask("/api/v1/devices/nobody", over)
            self.assertEqual(missing.status, 404)
            self.assertIn(b"nobody", missing.body)
            rack = self.ask("/api/v1/racks/h1-r1-k1", over).json()
            self.assertEqual(rack["heightUnits"], 42)
            self.assertEqual(rack["items"], [
                {"name": "路由器", "unit": 40, "units": 2, "outlets": ["A1"]},
                {"kind": "blank", "unit": 30, "units": 10}])
            for name in ("h1-r1-k9", "h1-r1", "..%2fk1"):
                self.assertEqual(self.ask("/api/v1/racks/" + name, over).status, 404)
            last = self.ask("/api/v1/last?glob=" + urllib.parse.quote("*/ambient.humidity"),
                            over).json()
            self.assertEqual([(p["device"], p["text"]) for p in last if p["device"] != "site"],
                             [("probe-%d" % u, "%.1f" % ((400 + u) / 10)) for u in UNITS])
            self.assertEqual(self.ask("/api/v1/last?glob=nobody/*", over).json(), [])
            self.assertEqual(self.ask("/api/v1/nothing", over).status, 404)
            self.assertIn(self.ask("/api/v1/snapshot", over, method="DELETE").status, (404, 405))
            health = self.ask("/healthz", over)
            self.assertEqual(health.status, 200)
            self.assertIn(b"8 of 8 devices answering", health.body)

    def test_series(self):
        now = int(time.time() * 1000)
        path = "/api/v1/series?points=probe-1/ambient.temperature,probe-2/ambient.humidity"
        span = "&from=%d&to=%d&step=1000" % (now - 10_000, now)
        view = self.ask(path + span).json()
        self.assertEqual(len(view["timesMS"]), 10)
        self.assertEqual([x["point"] for x in view["lines"]],
                         ["probe-1/ambient.temperature", "probe-2/ambient.humidity"])
        self.assertEqual({v for v in view["lines"][0]["values"] if v is not None}, {35.0})
        self.assertEqual({v for v in view["lines"][1]["values"] if v is not None}, {40.2})
        # One that is not known has no line; of none that is known nothing is answered.
        some = self.ask("/api/v1/series?points=probe-1/no.such,nobody/x,probe-2/ambient.humidity"
                        + span).json()
        self.assertEqual([x["point"] for x in some["lines"]], ["probe-2/ambient.humidity"])
        self.assertEqual(len(some["timesMS"]), 10)
        none = self.ask("/api/v1/series?points=probe-1/no.such,nobody/x" + span)
        self.assertEqual(none.status, 404)
        self.assertIn(b"probe-1/no.such", none.body)
        for wrong in ("", "?points=", path[14:], "?points=a&from=1&to=2&step=1",
                      "?points=a/b&from=2&to=1&step=1", "?points=a/b&from=1&to=2&step=0",
                      "?points=a/b&from=0&to=99999999999&step=1",
                      "?points=a/b&from=x&to=y&step=z",
                      "?points=a/b&from=-9223372036854775808&to=9223372036854775807&step=1",
                      "?points=" + ",".join("a/%d" % n for n in range(101))
                      + "&from=1&to=2&step=1"):
            answer = self.ask("/api/v1/series" + wrong)
            self.assertIn(answer.status, (400, 404), wrong)
            self.assertEqual(answer.body.count(b"\n"), 1, answer.body)

    def test_events_come_once_a_second(self):
        for over in ("unix", "loopback"):
            with self.connect(over) as s:
                s.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                data, times = b"", []
                begun = time.monotonic()
                while len(times) < 5 and time.monotonic() - begun < 12:
                    data += s.recv(1 << 20)
                    while data.count(b"event: snapshot") > len(times):
                        times.append(time.monotonic())
            self.assertGreaterEqual(len(times), 5)
            # The first comes at once, the others with the steps.
            self.assertLess(times[0] - begun, 1.5)
            self.assertTrue(2 < times[-1] - times[1] < 4.5, times)
            self.assertIn(b"text/event-stream", data)
            frames = re.findall(rb"data: (\{.*?\})\n\n", data)
            numbers = [json.loads(f)["sequence"] for f in frames]
            self.assertGreaterEqual(len(numbers), 3)
            self.assertEqual(numbers, sorted(set(numbers)))

    def events(self, path, count, pause=0.0):
        """So many events of a stream, each its name and document; slowly where asked."""
        with self.connect() as s:
            s.settimeout(20)
            s.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
            # Chunks have their sizes between them: lines of hexadecimal digits.
            data = b""
            while True:
                found = re.findall(rb"event: (\w+)\r?\n?data: (\{.*?\})\n\n",
                                   re.sub(rb"\r\n[0-9a-f]+\r\n", b"", data))
                if len(found) >= count:
                    return [(name.decode(), json.loads(body)) for name, body in found[:count]]
                data += s.recv(1 << 16)
                time.sleep(pause)

    @classmethod
    def apply(cls, view, change):
        """What docs/API.md says of a change, in another language."""
        def merge(old, new):
            for key, value in new.items():
                if value is None:
                    old.pop(key, None)
                elif isinstance(value, dict) and isinstance(old.get(key), dict):
                    merge(old[key], value)
                else:
                    old[key] = value
        change = dict(change)
        assert (change.pop("fromSequence"), change.pop("fromMS")) == (
            view["sequence"], view["timeMS"])
        racks = [rack for row in view["rows"] for rack in row["racks"]]
        for rack in racks:
            if "ageMS" in rack:
                rack["readMS"] = view["timeMS"] - rack.pop("ageMS")
        for name, items in (("racks", racks), ("devices", view["devices"]),
                            ("cooling", view["cooling"]), ("chain", view["chain"])):
            for place, new in change.pop(name, {}).items():
                merge(items[int(place)], new)
        merge(view, change)
        for rack in racks:
            if "readMS" in rack:
                rack["ageMS"] = view["timeMS"] - rack.pop("readMS")
        return view

    def test_changes_make_the_picture_that_everybody_gets(self):
        events = self.events("/api/v1/events?changes=1", 5)
        self.assertEqual([name for name, _ in events], ["snapshot"] + ["change"] * 4)
        view, sizes = events[0][1], []
        seen = {}
        for _, change in events[1:]:
            self.assertEqual(change["fromSequence"], view["sequence"])
            view = self.apply(view, change)
            seen[view["sequence"]] = json.loads(json.dumps(view))
            sizes.append(len(json.dumps(change)))
        self.assertLess(max(sizes), len(json.dumps(view)))
        # Beside one who is sent whole pictures.
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            whole = pool.submit(self.events, "/api/v1/events", 4)
            changed = pool.submit(self.events, "/api/v1/events?changes=1", 4)
            whole = {view["sequence"]: view for _, view in whole.result()}
            changed = changed.result()
        view, same = changed[0][1], 0
        for name, change in changed:
            view = change if name == "snapshot" else self.apply(view, change)
            if view["sequence"] in whole:
                self.assertEqual(view, whole[view["sequence"]])
                same += 1
        self.assertGreaterEqual(same, 2)
        self.assertEqual(self.ask("/api/v1/events?changes=yes").status, 400)

    def test_many_listeners_and_one_that_never_reads(self):
        lazy = self.connect()
        lazy.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        sockets = [self.connect() for _ in range(40)]
        try:
            for s in sockets:
                s.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for s in sockets:
                self.assertIn(b"200 OK", s.recv(65536))
            time.sleep(2)
        finally:
            for s in sockets:
                s.close()
        time.sleep(1)
        lazy.close()

    def test_acknowledgements(self):
        ack = "/api/v1/alarms/ack"
        unknown = self.ask(ack, method="POST", body={"id": "x:y/z", "by": "me"})
        self.assertEqual(unknown.status, 404)
        self.assertEqual(self.ask(ack, method="POST", body={"id": HOT_ID, "by": ""}).status, 400)
        self.assertEqual(self.ask(ack, method="POST", body=[1]).status, 400)
        self.assertEqual(
            self.ask(ack, method="POST", body={"id": HOT_ID, "by": "x" * 101}).status, 400)
        big = self.ask(ack, method="POST",
                       body={"id": HOT_ID, "by": "me", "comment": "x" * 100_000})
        self.assertIn(big.status, (400, 413))
        self.assertEqual(self.ask("/api/v1/alarms").json()[0]["state"], "UNACK")
        for _ in range(2):
            done = self.ask(ack, method="POST",
                            body={"id": HOT_ID, "by": "李工", "comment": "\x1b[2Jseen"})
            self.assertEqual((done.status, done.body), (204, b""))
        history = harness.run("alarms", "history", "--data", self.data, check=0).stdout
        self.assertIn("seen", history)
        self.assertNotIn("\x1b", history)
        alarm = self.ask("/api/v1/alarms").json()[0]
        self.assertEqual((alarm["state"], alarm["acknowledgedBy"]), ("ACKED", "李工"))

    def test_only_localhost_is_answered_on_the_port(self):
        for host in ("evil.example", "evil.example:%d" % self.port, "127.0.0.1.evil.example",
                     "localhost.evil.example", "[::1]evil", ""):
            self.assertIn(self.ask("/api/v1/snapshot", "loopback", host=host).status, (400, 421),
                          host)
        for host in ("localhost", "127.0.0.1:%d" % self.port, "localhost:%d" % self.port):
            self.assertEqual(self.ask("/api/v1/snapshot", "loopback", host=host).status, 200)
        # The port is bound to loopback only, the socket open to owner and group only.
        with open("/proc/net/tcp") as f:
            listening = [x.split()[1] for x in f if x.split()[3] == "0A"]
        self.assertIn("0100007F:%04X" % self.port, listening)
        self.assertNotIn("00000000:%04X" % self.port, listening)
        self.assertEqual(os.stat(self.sock).st_mode & 0o007, 0)

    def test_pages_of_other_sites_are_refused_on_the_port(self):
        for origin, status in (("https://evil.example", 403), ("null", 403),
                               ("http://localhost.evil.example", 403),
                               ("http://evil.example/localhost", 403),
                               ("http://localhost:3000", 404), ("http://127.0.0.1", 404)):
            answer = self.ask("/api/v1/alarms/ack", "loopback", method="POST",
                              body={"id": "no:such/alarm", "by": "me"},
                              headers="Origin: %s\r\n" % origin)
            self.assertEqual(answer.status, status, origin)

    def test_queries_at_once_are_bounded(self):
        path = ("/api/v1/series?points=probe-1/ambient.temperature&from=0&to=%d&step=%d"
                % (time.time() * 1000, time.time() / 9))
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _: self.ask(path).status, range(256)))
        self.assertEqual(set(answers) - {200, 503}, set())
        self.assertIn(200, answers)

    def test_metrics(self):
        answer = self.ask("/metrics", "loopback")
        self.assertIn("openmetrics-text", answer.headers["content-type"])
        text = answer.body.decode()
        samples = self.strict(text)
        celsius = {v for (name, labels), v in samples.items()
                   if 'device="probe-1"' in labels and "celsius" in name}
        self.assertEqual(celsius, {35.0})
        self.assertGreater(len(samples), 2 * len(UNITS))
        tool = shutil.which("promtool")
        verdict = "not installed"
        if tool:
            done = subprocess.run([tool, "check", "metrics"], input=text, text=True,
                                  capture_output=True, timeout=20)
            # 3 is a remark on style; what cannot be parsed is 1.
            self.assertIn(done.returncode, (0, 3), done.stdout + done.stderr)
            self.assertNotIn("error while", done.stderr)
            verdict = "parses it, %d remarks" % len(done.stderr.splitlines())
        print("api: %d samples of metrics; promtool %s" % (len(samples), verdict))

    def strict(self, text):
        """OpenMetrics 1.0, by its grammar: families whole and once, units last, samples unique."""
        self.assertTrue(text.endswith("\n# EOF\n"))
        lines = text.split("\n")[:-2]
        samples, families, current = {}, set(), None
        sample = re.compile(
            r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
            r'(?:,(?!\}))?)*)\})? (-?[0-9.]+(?:[eE][+-]?[0-9]+)?|NaN|[+-]Inf)(?: [0-9.]+)?$')
        for line in lines:
            if match := re.match(r"^# (HELP|TYPE|UNIT) (\S+) ?(.*)$", line):
                word, name, value = match.groups()
                if name != current:
                    self.assertNotIn(name, families, "a family in two pieces")
                    families.add(name)
                    current, kind = name, None
                if word == "TYPE":
                    kind = value
                    self.assertIn(kind, ("gauge", "counter", "info", "stateset", "unknown"))
                elif word == "UNIT":
                    self.assertTrue(name.endswith("_" + value), line)
                continue
            match = sample.match(line)
            self.assertIsNotNone(match, line)
            name, labels, value = match.groups()
            self.assertEqual(name, current + ("_total" if kind == "counter" else ""), line)
            self.assertNotIn((name, labels), samples, line)
            samples[name, labels or ""] = float(value)
        return samples

    def test_hostile_requests_harm_nobody(self):
        requests = [
            b"\x00" * 1000, b"\x16\x03\x01\x02\x00" + os.urandom(500), os.urandom(4096),
            b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"y" * 500_000 + b"\r\n\r\n",
            b"POST /api/v1/alarms/ack HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
            b"POST /api/v1/alarms/ack HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            b"99999999999999999999\r\n\r\n",
            b"POST /api/v1/alarms/ack HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked"
            b"\r\n\r\nZZ\r\n",
            b"GET /api/v1/devices/%FF%00%0A HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: close\r\n\r\n",
            b"GET /api/v1/last?glob=" + b"*" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: close\r\n\r\n",
            b"GET /api/v1/last?glob=" + b"*a" * 2000 + b"b HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: close\r\n\r\n",
            b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ]
        for over in ("unix", "loopback"):
            for request in requests:
                with self.connect(over) as s:
                    s.settimeout(3)
                    try:
                        s.sendall(request)
                        s.shutdown(socket.SHUT_WR)
                        answer = b""
                        while part := s.recv(65536):
                            answer += part
                        self.assertNotIn(b"root:", answer)
                    except OSError:
                        pass  # hung up on, or left waiting: both are fine
                self.assertEqual(self.ask("/healthz", over).status, 200, request[:60])

    def test_slow_and_idle_clients_hold_nobody_up(self):
        sockets = [self.connect("loopback") for _ in range(60)]
        try:
            for s in sockets:
                s.sendall(b"GET /api/v1/snapshot HTTP/1.1\r\nHost: loc")
            begun = time.monotonic()
            for _ in range(10):
                self.assertEqual(self.ask("/api/v1/snapshot", "loopback").status, 200)
            self.assertLess(time.monotonic() - begun, 3)
            # A request that comes in bytes is answered all the same.
            slow = sockets[0]
            for byte in b"alhost\r\nConnection: close\r\n\r\n":
                slow.sendall(bytes([byte]))
                time.sleep(0.02)
            data = b""
            while part := slow.recv(65536):
                data += part
            self.assertEqual(parse(data).status, 200)
        finally:
            for s in sockets:
                s.close()

    def memory(self):
        """MiB resident."""
        with open("/proc/%d/status" % self.child.process.pid) as f:
            return int(next(x for x in f if x.startswith("VmRSS")).split()[1]) / 1024

    def test_a_body_longer_than_allowed_is_not_kept(self):
        before, sent = self.memory(), 0
        with self.connect() as s:
            s.sendall(b"POST /api/v1/alarms/ack HTTP/1.1\r\nHost: localhost\r\n"
                      b"Content-Length: 1000000000\r\n\r\n")
            s.settimeout(3)
            try:
                while sent < 128 << 20:
                    sent += s.send(b"x" * 65536)
            except OSError:
                pass  # hung up on
            self.assertLess(self.memory() - before, 40)


if __name__ == "__main__":
    harness.main()

"""Readings leave for other engines: VictoriaMetrics and Prometheus get every sample once, in order,
after a day's outage and through kill -9; versions, refusals, imports."""

import contextlib
import ctypes
import ctypes.util
import http.server
import json
import os
import random
import shutil
import ssl
import struct
import subprocess
import threading
import time
import unittest
import urllib.parse
import urllib.request

import harness
from devices import Probes

STEP_MS = 10_000
DAY_MS = 86_400_000
STALE = 0x7FF0000000000002
SITE = "site: {name: probes, displayName: 探头, offset: \"+08:00\"}\n"


def needs(program):
    if shutil.which(program) is None:
        raise unittest.SkipTest("skipped: %s is not installed" % program)
    return program


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode()


def up(url):
    try:
        get(url)
        return True
    except OSError:
        return False


class Engine:
    """A receiver of remote write that can be stopped and started on the same data."""

    def __init__(self, folder):
        self.folder = folder
        self.port = harness.free_port()
        self.child = None

    @property
    def base(self):
        return "http://127.0.0.1:%d" % self.port

    @property
    def write(self):
        return self.base + "/api/v1/write"

    def start(self):
        self.child = harness.Child(*self.command())
        harness.wait_for("the engine answers", lambda: up(self.base + self.ready), 60, self.child)

    def stop(self):
        if self.child and self.child.running:
            self.child.stop(60)


class VictoriaMetrics(Engine):
    ready = "/health"

    def command(self):
        # What is sent twice has the same times and values, and is kept once.
        return [needs("victoria-metrics"), "-httpListenAddr=127.0.0.1:%d" % self.port,
                "-storageDataPath=" + os.path.join(self.folder, "vm"), "-retentionPeriod=12",
                "-dedup.minScrapeInterval=1ms", "-loggerLevel=ERROR"]

    def samples(self, **labels):
        """`point` and further labels -> [(ms, text)], in the order they are told."""
        selector = ",".join("%s=\"%s\"" % x for x in labels.items())
        # What has just come in is flushed about once a second.
        get(self.base + "/internal/force_flush")
        text = get(self.base + "/api/v1/export?" + urllib.parse.urlencode(
            {"match[]": "{__name__=~\"frostline_.*\",%s}" % selector}))
        found = {}
        for line in text.splitlines():
            row = json.loads(line, parse_float=str, parse_int=str)
            found[key(row["metric"])] = [
                (int(t), v) for t, v in zip(row["timestamps"], row["values"]) if v is not None]
        return found


class Prometheus(Engine):
    ready = "/-/ready"

    def command(self):
        config = os.path.join(self.folder, "prometheus.yml")
        with open(config, "w") as f:
            f.write("global: {}\n")
        return [needs("prometheus"), "--config.file", config, "--web.listen-address",
                "127.0.0.1:%d" % self.port, "--storage.tsdb.path",
                os.path.join(self.folder, "prometheus"), "--web.enable-remote-write-receiver",
                "--log.level=warn"]

    def samples(self, start, end, **labels):
        selector = ",".join("%s=\"%s\"" % x for x in labels.items())
        found = {}
        # A range of an instant query is both ends included; an hour keeps the answers small.
        for begin in range(start, end, 3_600_000):
            stop = min(begin + 3_600_000, end) - 1
            text = get(self.base + "/api/v1/query?" + urllib.parse.urlencode(
                {"query": "{__name__=~\"frostline_.*\",%s}[%dms]" % (selector, stop - begin),
                 "time": "%.3f" % (stop / 1000)}))
            for row in json.loads(text, parse_float=str)["data"]["result"]:
                found.setdefault(key(row["metric"]), []).extend(
                    (round(float(t) * 1000), v) for t, v in row["values"])
        return found


def key(metric):
    return (metric["device"], metric["point"], metric.get("code", ""))


def iso(milliseconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds // 1000))


def made(devices, start, end, dice):
    """History as a CSV file has it: rows, and what a receiver is to have of them."""
    rows, expected = [], {}
    for device in range(devices):
        name = "meter-%d" % device
        watts, counter, state = 4000, 10**9 + device, "on"
        time_ms = start + device * 137
        while time_ms < end:
            watts += dice.randint(-30, 30)
            counter += max(0, watts) // 360
            # The first hour knows both.
            if dice.random() < 0.002 or time_ms - start in range(30_000, 39_000):
                state = "off" if state == "on" else "on"
            silent = dice.random() < 0.01
            for point, unit, kind, value in (
                    ("input.power", "W", "gauge", str(watts)),
                    ("input.current", "A", "gauge", "%.2f" % (watts / 230)),
                    ("input.energy", "Wh", "counter", str(counter)),
                    ("system.state", "", "state", state)):
                rows.append("%s/%s,%d,%s,%s,%s,%s" % (
                    name, point, time_ms, "" if silent else value, unit, kind,
                    "absent" if silent else "good"))
                if silent:
                    continue
                code = "" if point != "system.state" else value
                expected.setdefault((name, point, code), []).append(
                    (time_ms, "1" if code else value))
            time_ms += STEP_MS + dice.randint(-40, 40)
    return rows, expected


def write_csv(path, rows):
    with open(path, "w") as f:
        f.write("point,time,value,unit,kind,quality\n")
        f.write("\n".join(rows) + "\n")


def by_state(found, names):
    """Codes of states as their names, for the comparison."""
    return {(d, p, names.get(c, c)): v for (d, p, c), v in found.items()}


@contextlib.contextmanager
def daemon(site_file, data):
    """As the harness's, with time for a busy machine."""
    sock = os.path.join(data, "frostline.sock")
    child = harness.Child(harness.BINARY, "serve", "--config", site_file, "--data", data,
                          "--socket", sock)
    child.socket = sock
    try:
        harness.wait_for("the daemon answers", lambda: harness.run(
            "status", "--socket", sock).returncode == 0, 120, child)
        yield child
    finally:
        if child.running:
            child.stop(60)


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.path = os.path.join(self.folder, "site.yaml")
        self.dice = random.Random(4)

    def site(self, *receivers, extra=""):
        lines = ["  - " + x for x in receivers]
        with open(self.path, "w") as f:
            f.write(SITE + ("forward:\n" + "\n".join(lines) + "\n" if lines else "") + extra)

    def load(self, rows, name="history.csv"):
        path = os.path.join(self.folder, name)
        write_csv(path, rows)
        return harness.run("store", "import", path, "--data", self.data, "--config", self.path,
                           check=0, timeout=600).stdout

    def forwards(self, child):
        return {x["receiver"]: x for x in harness.run_json("status", "--socket", child.socket)[
            "health"].get("forwards", [])}

    def wait_current(self, child, *names, seconds=240):
        def current():
            views = self.forwards(child)
            return all(views[n]["state"] == "current" and views[n]["lagSeconds"] < 30
                       and "againSinceMS" not in views[n] and views[n]["sent"] > 0 for n in names)
        harness.wait_for("the receivers have everything", current, seconds, child)

    def same(self, found, expected, what):
        self.assertEqual(sorted(found), sorted(expected), what)
        count = 0
        for name, samples in expected.items():
            got = found[name]
            self.assertEqual(got, sorted(got), "%s: order of %s" % (what, name))
            self.assertEqual([t for t, _ in got], [t for t, _ in samples], "%s %s" % (what, name))
            for (t, a), (_, b) in zip(got, samples):
                self.assertEqual(float(a), float(b), "%s %s at %d" % (what, name, t))
            count += len(samples)
        return count


class Outage(Site):
    DEVICES = 3

    def test_a_day_without_receivers_is_followed_by_every_sample_in_order(self):
        vm, prometheus = VictoriaMetrics(self.folder), Prometheus(self.folder)
        for engine in (vm, prometheus):
            needs(engine.command()[0])
            self.addCleanup(engine.stop)
        now = int(time.time() * 1000)
        start = now - DAY_MS - 3_600_000
        rows, expected = made(self.DEVICES, start, now - 60_000, self.dice)
        # Slow enough to be killed in the middle.
        self.site(
            "{name: vm, url: \"%s\", order: live, history: 2d, rate: 10000}" % vm.write,
            "{name: prom, url: \"%s\", history: 2d, rate: 10000}" % prometheus.write)
        self.load(rows)
        # The day is over before they are there.
        with daemon(self.path, self.data) as child:
            harness.wait_for("the receivers are missed", lambda: all(
                x["state"] == "waiting" for x in self.forwards(child).values()), 60, child)
            for engine in (vm, prometheus):
                engine.start()
            begun = time.monotonic()
            # Killed in the middle, where confirmations are lost.
            harness.wait_for("both get something", lambda: all(
                x["sent"] > 3_000 for x in self.forwards(child).values()), 120, child)
            middle = self.forwards(child)
            child.kill()
        for view in middle.values():
            self.assertLess(view["sent"], len(rows) * 0.9, "killed in the middle")
        with daemon(self.path, self.data) as child:
            self.wait_current(child, "vm", "prom")
            seconds = time.monotonic() - begun
            views = self.forwards(child)
        labels = {"0": "on", "1": "off"}
        count = self.same(self.named(vm.samples(site="probes"), labels), expected, "vm")
        found = self.named(prometheus.samples(start, now, site="probes"), labels)
        self.same(found, expected, "prometheus")
        self.assertEqual(views["vm"]["refused"], 0)
        print("remote: %d samples of a day's outage complete and in order at both, %.1f s; killed "
              "after %s" % (count, seconds, {n: v["sent"] for n, v in middle.items()}))
        for engine in (vm, prometheus):
            engine.stop()

    def named(self, found, labels):
        return {k: v for k, v in by_state(found, labels).items() if k[0] != "site"}


def libsnappy():
    name = ctypes.util.find_library("snappy") or "libsnappy.so.1"
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise unittest.SkipTest("skipped: libsnappy is not installed")


def uncompress(data):
    """By Google's own library."""
    library = libsnappy()
    size = ctypes.c_size_t()
    if library.snappy_uncompressed_length(data, len(data), ctypes.byref(size)) != 0:
        raise ValueError("no snappy")
    out = ctypes.create_string_buffer(size.value)
    if library.snappy_uncompress(data, len(data), out, ctypes.byref(size)) != 0:
        raise ValueError("no snappy")
    return out.raw[:size.value]


def fields(message):
    """(number, value) of a protobuf message; bytes for what has a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        elif tag & 7 == 1:
            yield tag >> 3, message[at:at + 8]
            at += 8
        elif tag & 7 == 2:
            length = varint()
            yield tag >> 3, message[at:at + length]
            at += length
        else:
            raise ValueError("wire type %d" % (tag & 7))


def packed(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0


def sample(message):
    parts = dict(fields(message))
    return parts.get(2, 0), struct.unpack("<Q", parts.get(1, bytes(8)))[0]


def first_version(body):
    for number, series in fields(body):
        assert number == 1, number
        labels, samples = [], []
        for n, part in fields(series):
            if n == 1:
                pair = dict(fields(part))
                labels.append((pair[1].decode(), pair.get(2, b"").decode()))
            elif n == 2:
                samples.append(sample(part))
        yield labels, samples


def second_version(body):
    parts = list(fields(body))
    assert all(number in (4, 5) for number, _ in parts)
    symbols = [text.decode() for number, text in parts if number == 4]
    assert symbols[0] == "" and len(set(symbols)) == len(symbols)
    for number, series in parts:
        if number != 5:
            continue
        labels, samples = [], []
        for n, part in fields(series):
            if n == 1:
                texts = [symbols[x] for x in packed(part)]
                labels = list(zip(texts[::2], texts[1::2]))
            elif n == 2:
                samples.append(sample(part))
        yield labels, samples


class Receiver(http.server.ThreadingHTTPServer):
    """A receiver of remote write that says what the test wants it to say."""

    daemon_threads = True

    def __init__(self, second=True, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.second = second
        self.script = []
        self.refuse = lambda labels, samples: False
        self.series = {}
        self.headers = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "%s://127.0.0.1:%d/api/v1/write" % (self.scheme, self.server_port)

    def values(self, device, point):
        with self.lock:
            return [s for k, v in self.series.items()
                    if dict(k)["device"] == device and dict(k)["point"] == point for s in v]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with server.lock:
            server.headers.append(dict(self.headers))
            status, extra = server.script.pop(0) if server.script else (None, {})
            is_second = "v2" in self.headers["Content-Type"]
            if status is None:
                assert self.headers["Content-Encoding"] == "snappy"
                if is_second and not server.second:
                    status = 415
                else:
                    decode = second_version if is_second else first_version
                    series = list(decode(uncompress(body)))
                    if any(server.refuse(dict(n), s) for n, s in series):
                        status = 400
                    else:
                        status, count = 204, 0
                        for labels, samples in series:
                            names = [n for n, _ in labels]
                            assert names == sorted(names) and names[0] == "__name__", names
                            server.series.setdefault(tuple(labels), []).extend(samples)
                            count += len(samples)
                        if is_second:
                            extra = {"X-Prometheus-Remote-Write-Samples-Written": str(count)}
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


def signed(folder, host):
    """A new authority's PEM file, and a server's key and certificate that it has signed."""
    def openssl(*arguments):
        subprocess.run([needs("openssl"), *arguments], cwd=folder, check=True, capture_output=True)

    name = "authority-%s" % host
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", name + ".key", "-out", name + ".pem", "-days", "2",
            "-subj", "/CN=" + name)
    openssl("req", *key, "-keyout", host + ".key", "-out", host + ".csr", "-subj", "/CN=receiver")
    with open(os.path.join(folder, host + ".ext"), "w") as f:
        f.write("subjectAltName=IP:%s\n" % host)
    openssl("x509", "-req", "-in", host + ".csr", "-CA", name + ".pem", "-CAkey", name + ".key",
            "-CAcreateserial", "-days", "2", "-extfile", host + ".ext", "-out", host + ".pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, host + ".pem"), os.path.join(folder, host + ".key"))
    return os.path.join(folder, name + ".pem"), context


class Protocol(Site):
    def setUp(self):
        super().setUp()
        libsnappy()
        self.probes = Probes()
        self.addCleanup(self.probes.stop)

    def probes_site(self, receiver, more=""):
        with open(self.path, "w") as f:
            f.write(self.probes.site([1, 2], extra="forward:\n  - {name: r, url: \"%s\"%s}\n"
                                     % (receiver.url, more)))

    def stored(self):
        found = {}
        for line in harness.run("query", "probe-*/*", "--from", "-1h", "--json", "--data",
                                self.data, "--config", self.path, check=0).stdout.splitlines():
            row = json.loads(line)
            found.setdefault(tuple(row["point"].split("/")), []).append(row)
        return found

    def compare(self, receiver):
        """Every reading of the store as far as the receiver is; returns how many."""
        count = 0
        for (device, point), rows in self.stored().items():
            got = receiver.values(device, point)
            times = [t for t, _ in got]
            self.assertEqual(times, sorted(set(times)), "once and in order")
            good = [r for r in rows if r["quality"] == "good"]
            numbers = [b for _, b in got if b != STALE]
            self.assertGreaterEqual(len(numbers), 1)
            for row, bits in zip(good, numbers):
                self.assertEqual(float(row["value"]), struct.unpack("<d", struct.pack("<Q", bits))[0])
            self.assertLess(len(good) - len(numbers), 30)
            count += len(numbers)
        return count

    def test_version_2_is_spoken_where_it_is_understood(self):
        receiver = Receiver()
        token = os.path.join(self.folder, "token")
        with open(token, "w") as f:
            f.write("s3cret")
        self.probes_site(receiver, ", token: \"${file:%s}\", labels: {province: shanxi}" % token)
        with daemon(self.path, self.data) as child:
            harness.wait_for("samples", lambda: len(receiver.values("probe-1", "ambient.humidity"))
                             > 10, 40, child)
            harness.wait_for("2.0", lambda: self.forwards(child)["r"]["version"] == "2.0", 10,
                             child)
        self.compare(receiver)
        self.assertTrue(all(h["Authorization"] == "Bearer s3cret" for h in receiver.headers))
        self.assertTrue(all(h["X-Prometheus-Remote-Write-Version"] == "2.0.0"
                            for h in receiver.headers))
        labels = dict(next(iter(receiver.series)))
        self.assertEqual((labels["province"], labels["site"]), ("shanxi", "probes"))

    def test_over_https_only_who_the_authority_has_signed_is_sent_anything(self):
        authority, tls = signed(self.folder, "127.0.0.1")
        # Signed, but for another address.
        _, other = signed(self.folder, "127.0.0.2")
        wrong = os.path.join(self.folder, "authority-127.0.0.2.pem")
        named = Receiver(tls=other)
        right = Receiver(tls=tls)
        cases = [(right, ""), (right, ", authority: " + wrong), (named, ", authority: " + wrong)]
        for receiver, more in cases:
            self.probes_site(receiver, more)
            with daemon(self.path, self.data) as child:
                harness.wait_for("it is not trusted", lambda: self.forwards(child)["r"][
                    "state"] == "waiting", 40, child)
                view = self.forwards(child)["r"]
            self.assertIn("certificate", view["note"].lower(), view)
            self.assertEqual((view["sent"], view["refused"], receiver.headers), (0, 0, []), more)
        # What waited comes with what is new.
        self.probes_site(right, ", authority: " + authority)
        with daemon(self.path, self.data) as child:
            harness.wait_for("samples", lambda: len(right.values("probe-1", "ambient.humidity"))
                             > 10, 40, child)
        self.compare(right)

    def test_415_and_a_silent_old_receiver_get_version_1(self):
        receiver = Receiver(second=False)
        self.probes_site(receiver)
        with daemon(self.path, self.data) as child:
            harness.wait_for("samples", lambda: len(receiver.values("probe-2", "ambient.humidity"))
                             > 5, 40, child)
            harness.wait_for("1.0", lambda: self.forwards(child)["r"]["version"] == "1.0", 10,
                             child)
        self.compare(receiver)

    def test_load_and_wrong_passwords_lose_nothing_and_a_bad_moment_only_itself(self):
        receiver = Receiver()
        receiver.script = [(503, {}), (429, {"Retry-After": "2"}), (401, {}), (500, {}), (404, {})]
        self.probes_site(receiver, ", protocol: 2.0")
        with daemon(self.path, self.data) as child:
            harness.wait_for("samples", lambda: len(receiver.values("probe-1", "ambient.humidity"))
                             > 5, 90, child)
            self.assertEqual(self.forwards(child)["r"]["refused"], 0)
            self.compare(receiver)
            # One moment of one device is refused, however it is sent.
            bad = []

            def refuse(labels, samples):
                if labels["device"] != "probe-2":
                    return False
                if not bad:
                    bad.append(samples[len(samples) // 2][0])
                return any(t == bad[0] for t, _ in samples)

            receiver.refuse = refuse
            harness.wait_for("a refusal", lambda: self.forwards(child)["r"]["refused"] > 0, 40,
                             child)
            after = len(receiver.values("probe-2", "ambient.humidity"))
            harness.wait_for("what follows", lambda: len(receiver.values(
                "probe-2", "ambient.humidity")) > after + 5, 40, child)
            view = self.forwards(child)["r"]
        self.assertEqual(view["refused"], 2, view)
        times = {t for t, _ in receiver.values("probe-2", "ambient.humidity")}
        self.assertNotIn(bad[0], times)
        stored = self.stored()[("probe-2", "ambient.humidity")]
        self.assertLess(len([r for r in stored if r["quality"] == "good"]) - len(times), 30)
        self.assertEqual(harness.run_json("store", "info", "--data", self.data)["incidents"], 1)

    def test_a_silent_device_ends_its_series_with_a_stale_marker(self):
        receiver = Receiver()
        self.probes_site(receiver)
        with daemon(self.path, self.data) as child:
            harness.wait_for("samples", lambda: receiver.values("probe-2", "ambient.humidity"),
                             40, child)
            self.probes.silent.add(2)
            harness.wait_for("the end", lambda: STALE in [
                b for _, b in receiver.values("probe-2", "ambient.humidity")], 60, child)
            time.sleep(12)
            self.probes.silent.clear()
            count = len(receiver.values("probe-2", "ambient.humidity"))
            harness.wait_for("the return", lambda: len(receiver.values(
                "probe-2", "ambient.humidity")) > count, 90, child)
        bits = [b for _, b in receiver.values("probe-2", "ambient.humidity")]
        self.assertEqual(bits.count(STALE), 1, "one marker, not one a poll")
        self.assertNotEqual(bits[-1], STALE)


class ReadBack(Site):
    def answers(self, engine):
        """What commands say of this store, and of the engine that has been sent all of it."""
        now = int(time.time() * 1000)
        rows, _ = made(3, now - 3 * 3_600_000, now - 120_000, self.dice)
        receiver = "{name: r, url: \"%s\", history: 1d, rate: 2000000}" % engine.write
        self.site(receiver)
        self.load(rows)
        engine.start()
        with daemon(self.path, self.data) as child:
            self.wait_current(child, "r")
        self.site(receiver, extra="store: {remote: \"%s\"}\n" % engine.base)
        local, remote = ["--data", self.data], []
        pairs = []
        span = ["--from", iso(now - 4 * 3_600_000), "--to", iso(now - 180_000)]
        for question in (
                ["query", "meter-*/*", *span, "--csv"],
                ["query", "meter-1/input.current", *span, "--step", "15m", "--csv"],
                ["query", "meter-?/input.p*", *span, "--step", "1h", "--agg", "max", "--json"]):
            said = [harness.run(*question, "--config", self.path, *where, check=0).stdout
                    for where in (local, remote)]
            pairs.append((question, said[0].splitlines(), said[1].splitlines()))
        last = [harness.run("last", "meter-*/*", "--config", self.path, *where, "--json",
                            check=0).stdout for where in (local, remote)]
        engine.stop()
        gone = harness.run("query", "meter-*/*", "--config", self.path)
        self.assertEqual(gone.returncode, 3, gone.stderr)
        return pairs, [json.loads(x) for x in last]

    def check(self, engine):
        needs(engine.command()[0])
        self.addCleanup(engine.stop)
        pairs, last = self.answers(engine)
        for question, local, remote in pairs:
            # The engine has no readings without a value.
            local = [x for x in local if ",absent" not in x]
            # The order of points is the store's own.
            self.assertEqual(sorted(remote), sorted(local), question)
            self.assertGreater(len(local), 3)
        values = [{(x["device"], x["name"]): (x["text"], x["timeMS"]) for x in rows
                   if x["quality"] == "good"} for rows in last]
        self.assertTrue(set(values[1].items()) >= set(values[0].items()))
        print("remote: %d lines of `query` the same from the store and from %s"
              % (sum(len(x[2]) for x in pairs), type(engine).__name__))

    def test_victoriametrics_gives_back_what_it_was_given(self):
        self.check(VictoriaMetrics(self.folder))

    def test_prometheus_gives_back_what_it_was_given(self):
        self.check(Prometheus(self.folder))


class Energy(Site):
    def test_pue_of_readings_that_left_is_that_of_the_ledger_here(self):
        vm = VictoriaMetrics(self.folder)
        needs(vm.command()[0])
        self.addCleanup(vm.stop)
        demo = os.path.join(self.folder, "demo")
        harness.run("demo", "--racks", 2, "--history", "1d", "--headless", "--for", "2s", "--dir",
                    demo, check=0, timeout=300)
        vm.start()
        with open(os.path.join(demo, "site.yaml")) as f:
            text = f.read()
        with open(self.path, "w") as f:
            f.write(text + "\nforward:\n  - {name: vm, url: \"%s\", order: live, history: 3d, "
                    "rate: 1000000}\nstore: {remote: \"%s\"}\n" % (vm.write, vm.base))
        with daemon(self.path, demo) as child:
            self.wait_current(child, "vm")
        now = int(time.time() * 1000)
        question = ["energy", "pue", "--from", iso(now - 20 * 3_600_000), "--to",
                    iso(now - 2 * 3_600_000), "--config", self.path]
        here = harness.run(*question, "--data", demo, check=0).stdout
        there = harness.run(*question, check=0).stdout
        self.assertEqual(there, here)
        print("remote: %s" % " ".join(there.split("\n")))


class Imports(Site):
    def test_nothing_of_a_file_with_mistakes_is_taken_and_each_is_told(self):
        self.site()
        path = os.path.join(self.folder, "bad.csv")
        write_csv(path, ["a/power,1793433600000,1,W,gauge,good", "a/power,then,1,W,gauge,good",
                         "a/power,1793433700000,x,W,gauge,good", "b,1793433600000,1,W,gauge,good"])
        done = harness.run("store", "import", path, "--data", self.data, "--config", self.path)
        self.assertEqual(done.returncode, 1)
        for line in (3, 4, 5):
            self.assertIn("%s:%d: " % (path, line), done.stderr)
        self.assertIn("nothing was imported", done.stderr)
        self.assertEqual(os.listdir(self.data), [])

    def test_what_was_exported_comes_in_again_as_it_was_and_twice_is_once(self):
        self.site()
        now = int(time.time() * 1000)
        rows, _ = made(2, now - 3_600_000, now - 60_000, self.dice)
        self.load(rows)
        question = ["query", "*", "--from", "-2h", "--csv", "--config", self.path]
        first = harness.run(*question, "--data", self.data, check=0).stdout
        self.load(rows, "again.csv")
        self.assertEqual(harness.run(*question, "--data", self.data, check=0).stdout, first)
        path = os.path.join(self.folder, "out.csv")
        with open(path, "w") as f:
            f.write(first)
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        harness.run("store", "import", path, "--data", other, "--config", self.path, check=0)
        self.assertEqual(harness.run(*question, "--data", other, check=0).stdout, first)

    def test_metrics_and_line_protocol_come_in(self):
        self.site()
        lines = os.path.join(self.folder, "telegraf.influx")
        with open(lines, "w") as f:
            f.write("snmp,agent_host=pdu-1 power=12.5,energy=7i 1793433600000000000\n"
                    "snmp,agent_host=pdu-1 power=13 1793433610000000000\n")
        metrics = os.path.join(self.folder, "node.prom")
        with open(metrics, "w") as f:
            f.write("# TYPE inlet_celsius gauge\n"
                    "inlet_celsius{instance=\"probe-9\"} 2.25e1 1793433600000\n")
        where = ["--data", self.data, "--config", self.path]
        harness.run("store", "import", lines, "--device-label", "agent_host", *where, check=0)
        harness.run("store", "import", metrics, *where, check=0)
        rows = [json.loads(x) for x in harness.run(
            "query", "*", "--from", "2026-10-31", "--to", "2026-11-02", "--json", *where,
            check=0).stdout.splitlines()]
        self.assertEqual([(r["point"], r["value"], r["unit"]) for r in rows], [
            ("pdu-1/snmp.power", "12.5", ""), ("pdu-1/snmp.power", "13.0", ""),
            ("pdu-1/snmp.energy", "7", ""), ("probe-9/inlet.celsius", "22.5", "°C")])

    def test_a_store_in_use_is_left_alone(self):
        self.site()
        path = os.path.join(self.folder, "a.csv")
        write_csv(path, ["a/power,1793433600000,1,W,gauge,good"])
        with daemon(self.path, self.data):
            done = harness.run("store", "import", path, "--data", self.data, "--config", self.path)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("stop the daemon", done.stderr)


if __name__ == "__main__":
    harness.main()

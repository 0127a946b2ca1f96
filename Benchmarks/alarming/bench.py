"""A daemon that polls 100,000 points with a rule each, and a receiver that notes when it is told."""
import contextlib
import http.server
import json
import os
import random
import subprocess
import sys
import threading
import time

from measuring.session import ROOT, Missing, Session, end
from polling.collector import processor_seconds, resident_megabytes

# The devices of the integration tests, and how they ask the daemon.
sys.path.append(f"{ROOT}/Tests/Integration")
from devices import Outlets  # noqa: E402
from harness import ask_json  # noqa: E402

PORTS, UNITS = 10, 200
DEVICES = PORTS * UNITS
POINTS = DEVICES * Outlets.COUNT
INTERVAL = 10
SITE = """site: {{name: bench, displayName: bench, offset: "+08:00"}}
defaults: {{interval: {interval}s, timeout: 2s, retries: 1}}
alarms:
  - name: heavy
    points: pdu-*/*.power
    above: 500 W
    priority: critical
    cause: c
    consequence: q
    action: a
hooks:
  - {{name: bench, kind: webhook, url: "{url}", format: plain, limit: 6000}}
devices:
"""


class Arrivals(http.server.ThreadingHTTPServer):
    """When each alarm was told, wall clock, by device and outlet."""

    def __init__(self):
        # By alarm: when it arrived, and when it was read as the notice has it.
        self.seen = {}
        self.told = threading.Condition()
        super().__init__(("127.0.0.1", 0), Post)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait(self, count, seconds):
        with self.told:
            self.told.wait_for(lambda: len(self.seen) >= count, seconds)


class Post(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def parse_request(self):
        self.arrived = time.time()
        return super().parse_request()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.told:
            for notice in body["notices"]:
                key = (notice["device"], notice["point"])
                self.server.seen.setdefault(key, (self.arrived, notice["timeMS"] / 1000))
            self.server.told.notify_all()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Bench(Session):
    def __init__(self):
        super().__init__("bench-alarms", runs=(1, 3), minutes=(4, 15))
        self.alarms = int(os.environ.get("ALARMS", 100 if self.quick else 300))

    def build(self):
        self.frostline = self.product("frostline", "FROSTLINE")
        self.begin()

    def latency(self):
        for run in self.repeats(90 + self.alarms * 0.3):
            with contextlib.ExitStack() as stack:
                self._measure(stack, run)

    def _measure(self, stack, run):
        devices = [Outlets(UNITS, f"pdu-{number}") for number in range(PORTS)]
        for each in devices:
            stack.callback(each.stop)
        receiver = Arrivals()
        stack.callback(receiver.server_close)
        stack.callback(receiver.shutdown)
        daemon = self._daemon(stack, devices, receiver.url)
        self._settle(daemon)
        dice = random.Random(20261122 + run)
        before, begun = processor_seconds(daemon.pid), time.monotonic()
        places = dice.sample(range(POINTS), self.alarms)
        for count, place in enumerate(places):
            port, rest = divmod(place, UNITS * Outlets.COUNT)
            unit, outlet = divmod(rest, Outlets.COUNT)
            devices[port].watts[unit + 1, outlet] = 2000
            time.sleep(min(2, dice.expovariate(4)))
            if daemon.poll() is not None:
                raise Missing(f"the daemon ended after {count} alarms")
        receiver.wait(self.alarms, 3 * INTERVAL)
        passed = time.monotonic() - begun
        used = (processor_seconds(daemon.pid) - before) / passed
        health = ask_json(self.socket, "/api/v1/snapshot")["health"]
        late = sorted(arrived - read for arrived, read in receiver.seen.values())
        if not late:
            return self.failed("alarms", "frostline", run, "no alarm was told")
        self.note(
            "alarms", "frostline", run, told=len(late), lost=self.alarms - len(late),
            p50=round(quantile(late, 0.5), 4), p99=round(quantile(late, 0.99), 4),
            most=round(late[-1], 4), rate=round(health["readingsPerSecond"]),
            processor=round(used, 3), memory=round(resident_megabytes(daemon.pid)))

    def _daemon(self, stack, devices, url):
        folder = f"{self.work}/site"
        data = f"{self.work}/data"
        for path in (folder, data):
            subprocess.run(["rm", "-rf", path], check=True)
        os.makedirs(f"{folder}/profiles")
        os.makedirs(data)
        with open(f"{folder}/profiles/outlets49.yaml", "w", encoding="utf-8") as file:
            file.write(Outlets.PROFILE)
        with open(f"{folder}/site.yaml", "w", encoding="utf-8") as file:
            file.write(SITE.format(url=url, interval=INTERVAL))
            file.writelines(each.lines() for each in devices)
        self.socket = f"{self.work}/frostline.sock"
        log = stack.enter_context(open(f"{self.work}/serve.log", "w", encoding="utf-8"))
        daemon = subprocess.Popen(
            [self.frostline, "serve", "--config", f"{folder}/site.yaml", "--data", data,
             "--socket", self.socket, "--log-level", "warning"],
            stdout=log, stderr=log, env=dict(os.environ, FROSTLINE_RESOURCES=ROOT))
        stack.callback(end, daemon)
        return daemon

    def _settle(self, daemon):
        """Until all are polled, and at their pace."""
        limit = time.monotonic() + 90
        while time.monotonic() < limit:
            time.sleep(1)
            if daemon.poll() is not None:
                break
            view = ask_json(self.socket, "/api/v1/snapshot")
            if view and view["health"]["devicesAnswering"] == DEVICES:
                time.sleep(2 * INTERVAL)
                return
        raise Missing(f"not all devices answered; see {self.work}/serve.log")


def quantile(ascending, share):
    """The smallest value that so large a share of all does not exceed."""
    count = len(ascending)
    return ascending[min(count - 1, max(0, -int(-share * count // 1) - 1))]

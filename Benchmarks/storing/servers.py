"""The peers as servers of their own: Debian's victoria-metrics and prometheus."""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse

from measuring.session import Missing

from .bench import bytes_below
WRITE_HEADERS = {
    "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0"}
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """User and system time, of threads that have ended too."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(pid, name):
    """A line of /proc/PID/status: VmHWM is the most that was resident."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    raise Missing(f"no {name} of process {pid}")


def forget_peak(pid):
    """VmHWM begins again with what is resident now."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


class Server:
    """Runs while the `with` block does; on the loopback interface only."""
    name = ""
    program = ""
    ready = ""
    caches = ()

    def __init__(self, bench, folder):
        self._bench = bench
        self.folder = folder
        self._process = None
        self._connection = None
        self._log = None
        self._used = 0.0
        self._path = bench.installed(self.program)
        if not self._path:
            raise Missing(f"no {self.program}: scripts/install-packages {self.program}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self._process:
            self.stop()

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        """Returns the seconds until it answers that it is ready."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        begun = time.monotonic()
        self._log = open(f"{self._bench.work}/{self.name}.log", "ab")
        self._process = subprocess.Popen(
            self.command(), stdout=self._log, stderr=self._log, cwd=self._bench.work)
        while time.monotonic() - begun < 300:
            if self._process.poll() is not None:
                raise Missing(f"{self.name} ended at once; see {self._bench.work}/{self.name}.log")
            try:
                self.get(self.ready)
                return time.monotonic() - begun
            except Missing:
                time.sleep(0.01)
        raise Missing(f"{self.name} is not ready after 300 s")

    def stop(self):
        self._end(self._process.terminate)

    def kill(self):
        self._end(self._process.kill)

    def _end(self, signal):
        self._connection = None
        signal()
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._log.close()

    # HTTP

    def _request(self, method, path, body=None, headers=None):
        if not self._connection:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        try:
            self._connection.request(method, path, body, headers or {})
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            raise Missing(f"{self.name} does not answer: {error!r}") from None
        if answer.status >= 300:
            raise Missing(f"{self.name} answers {path[:60]} with {answer.status}: {content[:200]}")
        return content

    def get(self, path, **query):
        return self._request("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path):
        return self._request("POST", path)

    def write(self, body):
        self._request("POST", "/api/v1/write", body, WRITE_HEADERS)

    def count(self, milliseconds):
        """Series that have a value at that time."""
        answer = json.loads(self.get(
            "/api/v1/query", query='count({__name__=~"dcim_.+"})', time=milliseconds / 1000,
            nocache=1))["data"]["result"]
        return int(answer[0]["value"][1]) if answer else 0

    # Measuring

    def processor_seconds(self):
        return processor_seconds(self.pid)

    def peak_megabytes(self):
        return megabytes(self.pid, "VmHWM")

    def bytes(self):
        """Of all files, those apart that it could do without."""
        return bytes_below(self.folder) - sum(
            bytes_below(f"{self.folder}/{name}") for name in self.caches)

    def packed_bytes(self):
        """Of what is packed alone, where that is another figure than all; None else."""
        return None

    def own_figure(self, name):
        """The sum of what it says of itself under that name."""
        return sum(
            float(line.rsplit(b" ", 1)[1]) for line in self.get("/metrics").splitlines()
            if re.match(name.encode() + rb"[ {]", line))

    def wait_until(self, is_done, seconds=300):
        """Until it is so three times in a row, a second apart."""
        end = time.monotonic() + seconds
        times = 0
        while times < 3:
            if time.monotonic() > end:
                self._bench.leave_out(f"{self.name}: not at rest after {seconds} s")
                return
            time.sleep(1)
            times = times + 1 if is_done() else 0

    def is_idle(self):
        """Whether it has used little of its last second."""
        before, self._used = self._used, self.processor_seconds()
        return self._used - before < 0.05


class VictoriaMetrics(Server):
    name = "VictoriaMetrics"
    program = "victoria-metrics"
    ready = "/health"
    # Written when it ends.
    caches = ("cache",)

    def command(self):
        return [
            self._path, f"-storageDataPath={self.folder}",
            f"-httpListenAddr=127.0.0.1:{self._port}", "-retentionPeriod=100y",
            "-search.maxPointsPerTimeseries=100000", "-search.maxSamplesPerQuery=1000000000",
            "-search.maxQueryDuration=10m", "-loggerLevel=WARN"]

    def flush(self):
        """What is in memory goes to its files."""
        self.get("/internal/force_flush")

    def merge(self):
        # It merges when it sees fit. Being asked for one merge of all makes this day larger, 1.02
        # bytes a sample instead of 0.78, or nothing at all where some parts are being merged.
        time.sleep(10)
        self.wait_until(lambda: self.own_figure("vm_active_merges") == 0 and self.is_idle())


class Prometheus(Server):
    name = "Prometheus"
    program = "prometheus"
    ready = "/-/ready"

    def command(self):
        settings = f"{self._bench.work}/prometheus.yml"
        with open(settings, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 1h}\n")
        return [
            self._path, f"--config.file={settings}", f"--storage.tsdb.path={self.folder}",
            f"--web.listen-address=127.0.0.1:{self._port}", "--web.enable-remote-write-receiver",
            "--web.enable-admin-api", "--storage.tsdb.retention.time=100y",
            "--query.max-samples=500000000", "--query.timeout=10m", "--log.level=warn"]

    def flush(self):
        """Its write-ahead log is written with every request."""

    def merge(self):
        # Once a minute it makes blocks of what is older than three hours.
        self.wait_until(lambda: self._head_milliseconds() <= 10_800_000 and self.is_idle())

    def _head_milliseconds(self):
        return (self.own_figure("prometheus_tsdb_head_max_time")
                - self.own_figure("prometheus_tsdb_head_min_time"))

    def packed_bytes(self):
        """Of blocks alone, without the write-ahead log: of a snapshot, which is gone again."""
        name = json.loads(self.post("/api/v1/admin/tsdb/snapshot"))["data"]["name"]
        size = bytes_below(f"{self.folder}/snapshots/{name}")
        shutil.rmtree(f"{self.folder}/snapshots")
        return size


PEERS = (VictoriaMetrics, Prometheus)

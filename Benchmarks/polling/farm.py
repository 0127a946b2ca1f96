"""The farm: one process that plays thousands of devices."""
import json
import os
import signal
import socket
import subprocess
import time

from measuring.session import end

from .bench import MODBUS_PORT, SNMP_PORT, Missing


class Farm:
    """Runs while the `with` block does."""

    def __init__(self, bench, *arguments):
        self._bench = bench
        self._command = [
            bench.program("farm"), "--stats", bench.stats_path, "--snmp-port", SNMP_PORT,
            "--mb-port", MODBUS_PORT, *arguments]

    @classmethod
    def snmp(cls, bench, points, *arguments, count=2400):
        table = bench.source(f"pdu{points}.snmprec")
        return cls(bench, "--snmp", count, "--table", table, *arguments)

    @classmethod
    def modbus(cls, bench, count, *arguments):
        image = bench.source("mb60.img")
        return cls(bench, "--modbus", count, "--image", image, *arguments)

    def __enter__(self):
        # The farm shares its ports with whoever asks: two farms would share the requests.
        for port, kind in ((SNMP_PORT, socket.SOCK_DGRAM), (MODBUS_PORT, socket.SOCK_STREAM)):
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    # Connections of the farm before this one may linger.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("", port))
                except OSError as error:
                    raise Missing(f"port {port} is taken ({error.strerror})") from None
        self._process = subprocess.Popen(
            [str(word) for word in self._command], stderr=subprocess.PIPE, text=True)
        ready = self._process.stderr.readline()
        if not ready.startswith("farm: pid"):
            self._process.wait()
            raise Missing(f"the farm did not start: {ready.strip()}")
        self.counters()
        return self

    def __exit__(self, *_):
        end(self._process)
        self._process.stderr.close()

    def counters(self):
        """What the farm has counted since it was asked last."""
        path = self._bench.stats_path
        before = os.path.getsize(path) if os.path.exists(path) else 0
        self._process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            time.sleep(0.02)
            if os.path.exists(path) and os.path.getsize(path) > before:
                with open(path, encoding="utf-8") as file:
                    line = file.read()[before:]
                if line.endswith("\n"):
                    return json.loads(line.strip().splitlines()[-1])
        raise Missing("the farm gives no counters")

"""One run of the benchmark of polling: the farm and what asks it."""
import os
import re
import subprocess

from measuring.session import ROOT, Missing, Session

# Ports of the farm, other than its own defaults so that another farm may run beside.
SNMP_PORT = 11161
MODBUS_PORT = 11502
EXPORTER_PORT = 19117


class Bench(Session):
    def __init__(self):
        super().__init__("bench-poll", runs=(2, 5), minutes=(3, 15))
        self.farm_sources = os.path.abspath(
            os.environ.get("FROSTLINE_FARM") or f"{ROOT}/../shared/bench/pollers")
        if not os.path.isfile(f"{self.farm_sources}/farm.c"):
            raise Missing(
                f"no farm in {self.farm_sources}; set FROSTLINE_FARM to the folder with farm.c")
        self.stats_path = f"{self.work}/farm.stats"

    # Programs

    def build(self):
        self.poll = self.product("PollBenchmark", "POLL_BENCHMARK")
        self.modbus = self.product("ModbusBenchmark", "MODBUS_BENCHMARK")
        netsnmp = subprocess.run(
            ["net-snmp-config", "--libs"], capture_output=True, text=True, check=True)
        self.compile(self.source("farm.c"), ["-lcrypto"])
        self.compile(self.source("cpoll.c"), netsnmp.stdout.split() + ["-lpthread"])
        self.compile(self.source("mpoll.c"), ["-lmodbus", "-lpthread"])
        # The exporter's driver has the agents' port in its text.
        self.compile(self.source("hdrv.c"), [], changes=[(":1161", f":{SNMP_PORT}")])
        self.begin()

    def source(self, name):
        return f"{self.farm_sources}/{name}"


def pairs(text):
    """`a=1 b=x` as a dictionary of numbers and texts."""
    found = {}
    for key, value in re.findall(r"(\S+?)=(\S*)", text):
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = value
    return found

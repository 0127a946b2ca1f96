"""One run of the benchmark: its programs, its time, and what it has measured."""
import os
import re
import shutil
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Ports of the farm, other than its own defaults so that another farm may run beside.
SNMP_PORT = 11161
MODBUS_PORT = 11502
EXPORTER_PORT = 19117


class Missing(Exception):
    """What the benchmark needs is not here."""


class Bench:
    def __init__(self):
        self.quick = os.environ.get("QUICK", "0") not in ("", "0")
        self.runs = int(os.environ.get("RUNS", "2" if self.quick else "5"))
        minutes = float(os.environ.get("MINUTES", "3" if self.quick else "15"))
        self.farm_sources = os.path.abspath(
            os.environ.get("FROSTLINE_FARM") or f"{ROOT}/../shared/bench/pollers")
        if not os.path.isfile(f"{self.farm_sources}/farm.c"):
            raise Missing(
                f"no farm in {self.farm_sources}; set FROSTLINE_FARM to the folder with farm.c")
        self.work = f"{ROOT}/.build/bench-poll"
        os.makedirs(self.work, exist_ok=True)
        self.stats_path = f"{self.work}/farm.stats"
        self.measurements = []
        self.left_out = []
        self.loads = []
        self._minutes = minutes
        self._deadline = float("inf")
        self._part = ""

    # Programs

    def build(self):
        self.poll = os.environ.get("POLL_BENCHMARK")
        self.modbus = os.environ.get("MODBUS_BENCHMARK")
        for attribute, product in (("poll", "PollBenchmark"), ("modbus", "ModbusBenchmark")):
            if getattr(self, attribute):
                continue
            build = ["swift", "build", "-c", "release", "--product", product]
            subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            setattr(self, attribute, f"{ROOT}/.build/release/{product}")
        netsnmp = subprocess.run(
            ["net-snmp-config", "--libs"], capture_output=True, text=True, check=True)
        self._compile("farm", ["-lcrypto"])
        self._compile("cpoll", netsnmp.stdout.split() + ["-lpthread"])
        self._compile("mpoll", ["-lmodbus", "-lpthread"])
        self._compile("hdrv", [])
        # The time to build is not counted.
        self._deadline = time.monotonic() + self._minutes * 60

    def _compile(self, name, libraries):
        with open(f"{self.farm_sources}/{name}.c", encoding="utf-8") as file:
            text = file.read()
        if name == "hdrv":
            # The exporter's driver has the agents' port in its text.
            text = text.replace(":1161", f":{SNMP_PORT}")
        source = f"{self.work}/{name}.c"
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        compiler = ["cc", "-O2", "-w", "-o", f"{self.work}/{name}", source]
        subprocess.run(compiler + libraries, check=True)

    def source(self, name):
        return f"{self.farm_sources}/{name}"

    def program(self, name):
        return f"{self.work}/{name}"

    def installed(self, *names):
        """The first of these programs that is installed; None is noted as left out."""
        for name in names:
            path = shutil.which(name)
            if path:
                return path
        self.leave_out(f"{names[0]}: not installed")
        return None

    # Time

    def part(self, name, measure):
        self._part = name
        if self.seconds_left() < 20:
            self.leave_out(f"{name}: no time left")
            return
        print(f"# {name} (load {os.getloadavg()[0]:.1f})", flush=True)
        try:
            measure(self)
        except Missing as missing:
            self.leave_out(f"{name}: {missing}")

    def seconds_left(self):
        return self._deadline - time.monotonic()

    def repeats(self, seconds):
        """Numbers of the runs, each of which takes about so many seconds, while there is time."""
        for run in range(self.runs):
            if run > 0 and self.seconds_left() < seconds:
                self.leave_out(f"{self._part}: {self.runs - run} of {self.runs} runs, no time left")
                return
            yield run

    def leave_out(self, what):
        if what in self.left_out:
            return
        self.left_out.append(what)
        print(f"  left out: {what}", flush=True)

    # Measuring

    def run(self, command, seconds=60):
        """What a program prints, or None and why."""
        try:
            result = subprocess.run(
                [str(word) for word in command], capture_output=True, text=True, cwd=self.work,
                timeout=max(1, min(seconds, self.seconds_left() + 30)), check=False)
        except subprocess.TimeoutExpired:
            return None, f"took more than {seconds} s"
        if result.returncode:
            return None, f"ended with {result.returncode}: {result.stderr.strip()[-200:]}"
        return result.stdout, ""

    def note(self, work, tool, run, **values):
        """Keeps one measurement. Values are numbers, or texts for the file only."""
        self.loads.append(os.getloadavg()[0])
        entry = {"work": work, "tool": tool, "run": run, "load": round(self.loads[-1], 2)}
        entry.update(values)
        self.measurements.append(entry)
        shown = " ".join(f"{key}={value}" for key, value in values.items())
        print(f"  {work} | {tool} | {run} | {shown}", flush=True)

    def failed(self, work, tool, run, why):
        self.note(work, tool, run, failed=why)


def pairs(text):
    """`a=1 b=x` as a dictionary of numbers and texts."""
    found = {}
    for key, value in re.findall(r"(\S+?)=(\S*)", text):
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = value
    return found

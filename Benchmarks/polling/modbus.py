"""Modbus/TCP: a farm of meters with 60 registers in 8 blocks, each holding its own address."""
import json
import subprocess
import sys

from .bench import MODBUS_PORT, pairs
from .collector import collectd_cost
from .farm import Farm
from .instructions import instructions_per_point

DEVICES = 1000


def frostline(bench, work, tool, run, cycles, devices=DEVICES, seconds=90):
    text, why = bench.run([bench.modbus, devices, cycles, MODBUS_PORT], seconds)
    if text is None:
        return bench.failed(work, tool, run, why)
    found = json.loads(text)
    return bench.note(
        work, tool, run, cpu=found["cpuSecondsPerMillionPoints"], wall=found["wallMedian"],
        requests=round(found["requests"] / max(1, found["polls"]), 2),
        checked=found["points"], wrong=found["wrong"], failures=found["failed"],
        connections=found["connections"], memory=found["maxResidentKilobytes"] / 1024)


def c_poller(bench, work, tool, run, cycles, *arguments, devices=DEVICES, seconds=90):
    command = [bench.program("mpoll"), "--quiet", 1, "--port", MODBUS_PORT, "--n", devices,
               "--regs", bench.source("mb60.regs"), "--cycles", cycles, *arguments]
    text, why = bench.run(command, seconds)
    found = pairs(text or "")
    if "cpu_s/Mpt" not in found:
        return bench.failed(work, tool, run, why or "no figures")
    return bench.note(
        work, tool, run, cpu=found["cpu_s/Mpt"], wall=found["wall"], requests=found["req/dev"],
        checked=found["pts/cyc"] * cycles, wrong=found["mism"],
        failures=found["timeouts"] + found["errs"], memory=found["rss_kb"] / 1024)


def throughput(bench):
    with Farm.modbus(bench, DEVICES):
        for run in bench.repeats(10):
            frostline(bench, "modbus", "frostline", run, 10)
            c_poller(bench, "modbus", "C own framing", run, 10, "--mode", "own")
            c_poller(bench, "modbus", "C libmodbus framing", run, 10, "--mode", "ev")


def latency(bench):
    with Farm.modbus(bench, DEVICES, "--mb-latency", 20):
        for run in bench.repeats(10):
            frostline(bench, "modbus20", "frostline", run, 5)
            c_poller(bench, "modbus20", "C own framing", run, 5, "--mode", "own")
            if not bench.quick or run == 0:
                c_poller(bench, "modbus20", "libmodbus, 64 threads", run, 2, "--mode", "pool",
                         "--threads", 64)


def faults(bench):
    """Answers spoilt in nine ways; a register's value is its address."""
    late = ("--late-ms", 1300)
    cases = {
        "5 % in two parts": ("--mb-partial", 5, "--partial-ms", 300),
        "2 % truncated": ("--mb-trunc", 2), "2 % late": ("--mb-late", 2, *late),
        "3 % wrong transaction": ("--mb-badtid", 3), "3 % garbage": ("--mb-garbage", 3),
        "3 % closed": ("--mb-close", 3), "3 % twice": ("--mb-dup", 3),
        "3 % exception": ("--mb-exc", 3), "3 % wrong unit": ("--mb-badunit", 3),
        "all of them": (
            "--mb-partial", 1, "--mb-trunc", 1, "--mb-late", 1, *late, "--mb-badtid", 1,
            "--mb-garbage", 1, "--mb-close", 1, "--mb-dup", 1, "--mb-exc", 1, "--mb-badunit", 1),
        "3 % lost": ("--mb-loss", 3)}
    cycles = 2 if bench.quick else 5
    for name, arguments in cases.items():
        with Farm.modbus(bench, DEVICES, *arguments):
            frostline(bench, "faults", f"frostline: Modbus, {name}", 0, cycles)
            if name in ("2 % late", "3 % twice", "all of them"):
                c_poller(bench, "faults", f"C libmodbus framing: {name}", 0, cycles,
                         "--mode", "ev", "--noclose", 1, seconds=40)


def connections(bench):
    devices = 1500
    with Farm.modbus(bench, devices):
        frostline(bench, "connections", "frostline", 0, 3, devices)
        c_poller(bench, "connections", "C own framing", 0, 3, "--mode", "own", devices=devices)
        c_poller(bench, "connections", "C libmodbus framing", 0, 3, "--mode", "ev",
                 devices=devices)


def collectd(bench):
    if bench.quick:
        return
    devices, interval = 250, 12
    with Farm.modbus(bench, devices) as farm:
        made = subprocess.run(
            [sys.executable, bench.source("mkcollectd.py"), "modbus", str(devices), "60", "64",
             str(interval)],
            capture_output=True, text=True, check=True, cwd=bench.farm_sources)
        text = made.stdout.replace('"1502"', f'"{MODBUS_PORT}"')
        collectd_cost(bench, farm, "modbus", text, devices, 60, interval, "mb_rx")


def instructions(bench):
    with Farm.modbus(bench, DEVICES):
        devices = 200
        instructions_per_point(
            bench, "modbus", "frostline", devices * 60,
            lambda cycles: [bench.modbus, devices, cycles, MODBUS_PORT])
        for tool, mode in (("C own framing", "own"), ("C libmodbus framing", "ev")):
            instructions_per_point(
                bench, "modbus", tool, devices * 60,
                lambda cycles, mode=mode: [
                    bench.program("mpoll"), "--port", MODBUS_PORT, "--n", devices, "--regs",
                    bench.source("mb60.regs"), "--mode", mode, "--cycles", cycles])

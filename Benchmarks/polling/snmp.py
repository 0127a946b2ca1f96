"""SNMP: a farm of rack PDUs, asked by Frostline and by its peers."""
import json
import statistics
import subprocess
import sys
import time

from measuring.session import end

from .bench import EXPORTER_PORT, ROOT, SNMP_PORT, pairs
from .collector import collectd_cost
from .farm import Farm
from .instructions import instructions_per_point

DEVICES = 2400
V3 = ("--user", "mon", "--auth", "SHA", "--auth-pass", "authpass123",
      "--priv", "AES", "--priv-pass", "privpass123")


def frostline_command(bench, points, cycles, *more, devices=DEVICES, warm_up=2):
    return [
        bench.poll, "--vocabulary", f"{ROOT}/DeviceProfiles/NAMES.yaml",
        "--profile", f"{ROOT}/Benchmarks/PollBenchmark/pdu{points}.yaml",
        "--walk", bench.source(f"pdu{points}.walk"), "--port", SNMP_PORT, "--count", devices,
        "--cycles", cycles, "--warm-up", warm_up, *more]


def frostline(bench, work, tool, run, points, cycles, *more, devices=DEVICES):
    text, why = bench.run(frostline_command(bench, points, cycles, *more, devices=devices))
    if text is None:
        return bench.failed(work, tool, run, why)
    found = json.loads(text)
    warm = found["cpuSecondsPerCycle"]
    walls = found["wallSeconds"]
    values = {
        "cpu": found["cpuSecondsPerMillionPoints"], "wall": statistics.median(walls),
        "last": statistics.median(found["lastSuccessSeconds"]),
        "requests": found["requestsPerDevice"], "points": found["pointsPerCycle"],
        "readings": found["readingsPerCycle"], "cycleCpu": warm,
        "memory": (found["residentKilobytes"] - found["idleKilobytes"]) / 1024,
        "peakMemory": (found["peakKilobytes"] - found["idleKilobytes"]) / 1024,
        "firstCpuRatio": round(found["firstCycleCpuSeconds"] / max(warm, 1e-9), 2),
        "firstWallRatio": round(
            found["firstCycleWallSeconds"] / max(statistics.median(walls), 1e-9), 2),
        "failures": sum(found["failures"])}
    if "checkedValues" in found:
        values["checked"] = found["checkedValues"]
        values["wrong"] = found["wrongValues"]
    return bench.note(work, tool, run, **values)


def c_poller(bench, work, tool, run, arguments, cycles, devices=DEVICES, seconds=60):
    command = [bench.program("cpoll"), "--quiet", 1, "--port", SNMP_PORT, "--n", devices,
               "--cycles", cycles, *arguments]
    text, why = bench.run(command, seconds)
    found = pairs(text or "")
    if "cpu_s/Mpt" not in found:
        return bench.failed(work, tool, run, why or "no figures")
    return bench.note(
        work, tool, run, cpu=found["cpu_s/Mpt"], wall=found["wall"], last=found["live_last"],
        requests=found["pdu/dev"], points=found["pts/cyc"], cycleCpu=found["cpu/cyc"],
        memory=found["rss_kb"] / 1024, failures=found["timeouts"] + found["errs"],
        wrong=found["mism"],
        firstCpuRatio=round(found["first_cpu"] / max(found["cpu/cyc"], 1e-9), 2),
        firstWallRatio=round(found["first_wall"] / max(found["wall"], 1e-9), 2))


def bulk(bench, points, mode, window):
    walk = bench.source(f"pdu{points}.walk")
    return ["--mode", mode, "--bulk", 1, "--walk", walk, "--reps", 24 if points == 120 else 12,
            "--w", window]


def exporter(bench, farm, work, run, points, devices=DEVICES, cycles=1):
    program = bench.installed("prometheus-snmp-exporter", "snmp_exporter")
    if not program:
        return
    process = subprocess.Popen(
        [program, f"--config.file={bench.source('snmp.yml')}", "--log.level=error",
         f"--web.listen-address=127.0.0.1:{EXPORTER_PORT}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        farm.counters()
        text, why = bench.run(
            [bench.program("hdrv"), EXPORTER_PORT, f"pdu{points}", devices, 64, cycles,
             process.pid], 120)
        asked = farm.counters()["snmp_rx"] / devices / (cycles + 1)
    finally:
        end(process)
    found = pairs(text or "")
    if "cpu_s/Mpt" not in found:
        return bench.failed(work, "snmp_exporter", run, why or "no figures")
    bench.note(
        work, "snmp_exporter", run, cpu=found["cpu_s/Mpt"], wall=found["wall"],
        last=found["wall"], requests=round(asked, 2), points=found["pts/cyc"],
        memory=found["rss_kb"] / 1024, failures=found["bad"])


def throughput(bench, points):
    work = f"snmp{points}"
    cycles = 5 if bench.quick else 10
    with Farm.snmp(bench, points) as farm:
        for run in bench.repeats(25):
            frostline(bench, work, "frostline", run, points, cycles)
            for tool, mode in (("C async GETBULK", "async"), ("C prepared bytes", "codec"),
                               ("C own BER", "raw")):
                c_poller(bench, work, tool, run, bulk(bench, points, mode, 64), cycles)
            if not bench.quick or run == 0:
                exporter(bench, farm, work, run, points)


def latency(bench):
    with Farm.snmp(bench, 50, "--latency", 20) as farm:
        for run in bench.repeats(20):
            frostline(bench, "latency", "frostline", run, 50, 5)
            c_poller(bench, "latency", "C prepared bytes, 256 in flight", run,
                     bulk(bench, 50, "codec", 256), 4)
            c_poller(bench, "latency", "C async GETBULK, 256 in flight", run,
                     bulk(bench, 50, "async", 256), 4)
            if not bench.quick or run == 0:
                exporter(bench, farm, "latency", run, 50)


def bad_day(bench):
    devices = 1000
    common = ("--latency", 20)
    for run in bench.repeats(40):
        # What dead devices cost the others: the same farm with all alive and with 5 % dead.
        with Farm.snmp(bench, 50, *common):
            frostline(bench, "alive", "frostline", run, 50, 4, devices=devices)
        with Farm.snmp(bench, 50, *common, "--dead-every", 20):
            frostline(bench, "dead", "frostline", run, 50, 2, devices=devices)
        with Farm.snmp(bench, 50, *common, "--dead-every", 20, "--loss", 1) as farm:
            frostline(bench, "badday", "frostline", run, 50, 3, devices=devices)
            c_poller(bench, "badday", "C async GETBULK, 1,024 in flight", run,
                     bulk(bench, 50, "async", 1024), 2, devices)
            if not bench.quick or run == 0:
                exporter(bench, farm, "badday", run, 50, devices)


def secured(bench):
    with Farm.snmp(bench, 50, "--v3-auth", "SHA"):
        for run in bench.repeats(25):
            frostline(bench, "v2c", "frostline", run, 50, 5)
            frostline(bench, "v3", "frostline", run, 50, 5, *V3)
            oids = ["--mode", "async", "--w", 32, "--oids", bench.source("pdu50.oids"), "--vb", 50]
            c_poller(bench, "v2c", "libsnmp async GET", run, oids, 3)
            c_poller(bench, "v3", "libsnmp async GET", run,
                     oids + ["--v3", 3, "--v3auth", "SHA", "--adisc", 1], 3)
            if run == 0 and not bench.quick:
                # libsnmp's own discovery, which blocks: 1,000 devices say enough.
                c_poller(bench, "v3blocking", "libsnmp async GET", run,
                         oids + ["--v3", 3, "--v3auth", "SHA", "--adisc", 0], 1, 1000)


def faults(bench):
    """Agents that answer badly; each value is compared with what its agent has."""
    cases = {
        "3 % lost": ("--loss", 3), "jitter 0 to 300 ms": ("--latency", 1, "--jitter", 300),
        "late, 900 to 1,300 ms": ("--latency", 900, "--jitter", 400, "--parallel"),
        "tooBig over 600 bytes": ("--max-size", 600),
        "12 variables at most, silent": ("--max-vb", 12, "--max-vb-action", 0),
        "12 variables at most, tooBig": ("--max-vb", 12, "--max-vb-action", 1),
        "12 variables at most, genErr": ("--max-vb", 12, "--max-vb-action", 2),
        "5 repetitions at most": ("--rep-cap", 5), "silent over 8 repetitions": ("--rep-break", 8),
        "no GETBULK": ("--no-bulk",)}
    for name, arguments in cases.items():
        with Farm.snmp(bench, 50, *arguments):
            frostline(
                bench, "faults", f"frostline: SNMP, {name}", 0, 50, 1 if bench.quick else 2,
                "--expect", bench.source("pdu50.snmprec"), devices=400)


def collectd(bench):
    if bench.quick:
        return
    devices, interval = 400, 12
    with Farm.snmp(bench, 50) as farm:
        made = subprocess.run(
            [sys.executable, bench.source("mkcollectd.py"), "snmp", str(devices), "50", "25",
             "64", str(interval)],
            capture_output=True, text=True, check=True, cwd=bench.farm_sources)
        text = made.stdout.replace(":1161", f":{SNMP_PORT}")
        # It cannot keep the five texts of the fifty.
        collectd_cost(bench, farm, "snmp50", text, devices, 45, interval, "snmp_rx")


def instructions(bench):
    with Farm.snmp(bench, 50):
        devices = 240
        instructions_per_point(
            bench, "snmp50", "frostline", devices * 50,
            lambda cycles: frostline_command(bench, 50, cycles, devices=devices))
        for tool, mode in (("C async GETBULK", "async"), ("C prepared bytes", "codec"),
                           ("C own BER", "raw")):
            instructions_per_point(
                bench, "snmp50", tool, devices * 50,
                lambda cycles, mode=mode: [
                    bench.program("cpoll"), "--quiet", 1, "--port", SNMP_PORT, "--n", devices,
                    "--cycles", cycles, *bulk(bench, 50, mode, 64)])

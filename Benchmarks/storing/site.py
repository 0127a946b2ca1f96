"""100,000 series at 12,000 samples a second: memory while they come in, and the start after
kill -9."""
import os
import shutil
import subprocess
import time

from measuring.session import Missing

from .data import DAY_START_MS, FRAME_SAMPLES, SITE_100_000, WHOLE_SITE, Dataset
from .servers import PEERS, forget_peak, megabytes

SERIES = 100_000
RATE = 12_000
INTERVAL = round(SERIES / RATE, 3)


class Plan:
    """What is in the store before memory is looked at, and for how long it is."""

    def __init__(self, bench):
        minutes = float(os.environ.get("FILL", "5" if bench.quick else "40"))
        self.fill_frames = int(minutes * 60 * RATE / FRAME_SAMPLES)
        self.seconds = 20 if bench.quick else 60
        hours = (minutes * 60 + self.seconds * 2 + 30) / 3600
        self.data = Dataset(
            bench, "site", "L", round(hours, 3), INTERVAL, int(hours * 3600 * RATE),
            changes=[(WHOLE_SITE, SITE_100_000)])

    @property
    def fill_samples(self):
        return self.fill_frames * FRAME_SAMPLES


def measure(bench):
    plan = Plan(bench)
    bench.need_time("the large site", plan.fill_samples * 1e-5 + plan.seconds * 4)
    plan.data.make()
    if plan.data.series != SERIES:
        raise Missing(f"the generator made {plan.data.series} series instead of {SERIES}")
    bench.need_disk("the large site", plan.data.samples * 20)
    try:
        frostline(bench, plan)
        for kind in PEERS:
            if bench.seconds_left() < plan.fill_samples * 1.2e-5 + plan.seconds + 60:
                bench.leave_out(f"site, {kind.name}: no time left")
                continue
            try:
                peer(bench, plan, kind)
            except Missing as missing:
                bench.leave_out(f"site: {missing}")
    finally:
        plan.data.remove()


# Frostline

def frostline(bench, plan):
    folder = bench.folder("store")
    paths = (plan.data.series_path, plan.data.records, folder)
    calibration = bench.calibrate()
    try:
        written = bench.ask("site", 0, "ingest", *paths, plan.fill_samples)
        if not written:
            return
        command = [bench.store, "pace", *paths, RATE, int(written["samples"])]
        process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, text=True)
        try:
            values = paced(process, plan.seconds)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        restart(bench, plan, folder, values)
        bench.note("site", "frostline", 0, fill=int(written["samples"]), **values,
                   calibration=calibration)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def paced(process, seconds):
    """Memory of a process that says every second what it has written."""
    line = process.stdout.readline().split()
    if line[:1] != ["ready"]:
        raise Missing(f"StoreBenchmark pace does not begin: {line}")
    values = {"startMemory": megabytes(process.pid, "VmHWM"), "own": float(line[2])}
    forget_peak(process.pid)
    for _ in range(seconds):
        line = process.stdout.readline().split()
        if line[:1] != ["paced"]:
            raise Missing(f"StoreBenchmark pace ended early: {line}")
    _, sent, committed, dropped, open_bytes = line
    values.update(
        memory=megabytes(process.pid, "VmHWM"), anonymous=megabytes(process.pid, "RssAnon"),
        rate=int(sent) / seconds, committed=int(committed), dropped=int(dropped),
        openMegabytes=int(open_bytes) / (1 << 20))
    return values


def restart(bench, plan, folder, values):
    """What the benchmark takes to read the names of all points from its table does not count."""
    found = bench.ask("site", 0, "start", plan.data.series_path, folder, seconds=120)
    if not found:
        return
    values.update(
        start=found["open_s"] + found["register_s"] + found["last_s"], open=found["open_s"],
        register=found["register_s"], last=found["last_s"], known=int(found["ready"]),
        headRowsDamaged=int(found["head_rows_damaged"]))


# Peers

def peer(bench, plan, kind):
    folder = bench.folder("peer")
    calibration = bench.calibrate()
    try:
        with kind(bench, folder) as server:
            fill(server, plan)
            # Another process, so that the memory of the quick filling does not count.
            server.stop()
            server.start()
            values = {"startMemory": server.peak_megabytes()}
            forget_peak(server.pid)
            sent, seconds = pace(server, plan)
            values.update(
                rate=sent / seconds, memory=server.peak_megabytes(),
                anonymous=megabytes(server.pid, "RssAnon"))
            newest = DAY_START_MS + (plan.fill_samples + sent) / RATE * 1000
            server.kill()
            begun = time.monotonic()
            server.start()
            values["known"] = server.count(newest)
            values["start"] = time.monotonic() - begun
            bench.note("site", server.name, 0, fill=plan.fill_samples, **values,
                       calibration=calibration)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(server, plan):
    """As fast as it is taken."""
    for body, _ in zip(plan.data.frames(), range(plan.fill_frames)):
        server.write(body)
    server.flush()


def pace(server, plan):
    """Sends what a collector would at that rate; returns how many samples, and in what time."""
    begun = time.monotonic()
    sent = 0
    for body in plan.data.frames(skip=plan.fill_frames):
        server.write(body)
        sent += FRAME_SAMPLES
        ahead = sent / RATE - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)
        if time.monotonic() - begun >= plan.seconds:
            break
    return sent, time.monotonic() - begun

"""`frostline store verify` on a month of the site with 1,200 racks: time, and planted damage."""
import collections
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

from measuring.session import Missing

from .damage import Planter
from .data import Dataset
from .settle import settle

DAYS = 30
SEED = 20_261_121
# All 158,680 points of the site would be 41 billion samples at 10 s, 20 GB and hours of generating.
# So it is all racks with their cooling and meters and 40 of the 2,400 PDUs, and a reading a minute:
# what the generator's memory allows. Much coarser, rollups would be larger than the readings.
INTERVALS = (60, 120, 300)
SERIES = {"S": 1_000, "M": 10_000, "L": 158_680}
RACKS = {"S": 120, "M": 1200, "L": 1200}
BYTES_PER_VALUE = 8
# With rollups of readings that are five minutes apart.
DISK_BYTES_PER_SAMPLE = 6
# About; with QUICK=1, and else.
SECONDS = (90, 900)
FLIPS = 200
FLIPPED = "flipped bits, one a chunk"


def measure(bench):
    bench.need_time("the month", SECONDS[0] if bench.quick else SECONDS[1])
    size = os.environ.get("MONTH_SIZE", "S" if bench.quick else "M")
    interval = int(os.environ.get(
        "MONTH_INTERVAL", 300 if bench.quick else choose_interval(SERIES[size])))
    samples = SERIES[size] * DAYS * 86_400 // interval
    bench.need_disk("the month", samples * DISK_BYTES_PER_SAMPLE)
    data = Dataset(bench, "month", size, DAYS * 24, interval, samples)
    folder = bench.folder("month")
    try:
        known = make(bench, data, folder, size)
        if not known:
            return
        bench.note("month", "frostline", 0, racks=RACKS[size], interval=interval,
                   days=DAYS, **known)
        timing(bench, folder, known)
        planted(bench, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        data.remove()


def choose_interval(series):
    """The finest for which all values fit into half of the memory that is free."""
    with open("/proc/meminfo", encoding="ascii") as file:
        free = int(re.search(r"MemAvailable:\s+(\d+)", file.read()).group(1)) * 1024
    for interval in INTERVALS:
        if series * DAYS * 86_400 // interval * BYTES_PER_VALUE < free * 0.6:
            return interval
    raise Missing(f"the generator needs more than the {free / 1e9:.1f} GB of memory that are free")


def make(bench, data, folder, size):
    """Generator to chunks, then rollups and hash chain; what it came to, or None."""
    points = Dataset(bench, "month", size, 1, INTERVALS[-1], 0)
    points.make_series()
    with data.stream() as generator:
        done = subprocess.run(
            [bench.store, "import", points.series_path, "/dev/stdin", folder],
            stdin=generator.stdout, capture_output=True, text=True, check=False)
        # Where the import has ended early, so does the generator.
        generator.stdout.close()
        told = generator.stderr.read().decode()
    written = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    counted = re.search(r"samples (\d+)", told)
    if done.returncode or not counted or int(counted.group(1)) != int(written["samples"]):
        return bench.failed("month", "frostline", 0, f"{done.stderr[-200:]} {told}")
    settled = settle(bench, "month", 0, folder, 1800)
    if not settled:
        return None
    with sqlite3.connect(f"file:{folder}/frostline.db?mode=ro", uri=True) as db:
        counts = {
            name: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for name, table in (("chunks", "chunk"), ("rollups", "rollup"), ("links", "proof"))}
    db.close()
    return {
        "series": points.series, "samples": int(written["samples"]),
        "importCPU": float(written["import_cpu_s_per_M"]), "bytes": int(settled["folder_bytes"]),
        "settleCPU": settled["settle_cpu_s"], **counts}


def verify(bench, folder, *words):
    """Exit code, what it prints, and processor seconds."""
    process = subprocess.Popen(
        [bench.frostline, "store", "verify", "--data", folder, *words], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        text = process.stdout.read()
    except BaseException:
        process.kill()
        raise
    finally:
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def timing(bench, folder, known):
    """Of the whole store: nothing may be named."""
    for run in bench.repeats(60):
        calibration = bench.calibrate()
        begun = time.monotonic()
        code, text, used, memory = verify(bench, folder)
        wall = time.monotonic() - begun
        print("  " + text.strip().replace("\n", "\n  "), flush=True)
        shown = re.search(r" s, ([0-9,]+) MB/s", text)
        if code or "everything is whole" not in text or not shown:
            bench.say_wrong(f"store verify of a whole store ends with {code}: {text.strip()[:300]}")
            continue
        bench.note(
            "verify", "frostline", run, wall=wall, cpu=used, memory=memory,
            rate=float(shown.group(1).replace(",", "")),
            nanoseconds=used / known["samples"] * 1e9, calibration=calibration)


def planted(bench, folder):
    planter = Planter(folder, SEED)
    flips = 20 if bench.quick else FLIPS
    cases = (
        (FLIPPED, lambda: planter.flipped_bits(flips), min(flips, len(planter.chunks))),
        ("a page half written", planter.torn_page, 1),
        ("the file cut in its last page", planter.cut_file, 1),
        ("an entry of an index lost", planter.lost_entry, 1),
        ("an entry of an index wrong", planter.wrong_entry, 1))
    for title, plant, count in cases:
        with plant():
            hurt = {planter.name(number) for number in planter.hurt()}
            code, text, _, _ = verify(bench, folder, "--json")
        judge(bench, title, count, hurt, code, text)
    if planter.hurt():
        bench.say_wrong("planted damage was not undone")
    code, text, _, _ = verify(bench, folder)
    if code:
        bench.say_wrong(f"after all damage was undone verify ends with {code}: {text[:300]}")


def judge(bench, title, count, hurt, code, text):
    """What is hurt must be named, and nothing else."""
    try:
        damage = json.loads(text)["damage"]
    except (ValueError, KeyError):
        return bench.say_wrong(f"{title}: verify ends with {code} and no answer: {text[:200]}")
    named = set()
    for entry in damage:
        number = re.match(r"chunk (\d+) is lost", entry["detail"])
        if entry["kind"] == "chunk" and number:
            named.add((entry.get("device"), int(number.group(1))))
    kinds = collections.Counter(entry["kind"] for entry in damage)
    missed = len(hurt - named)
    if title == FLIPPED:
        found = len(hurt & named)
    else:
        # A chunk that SQLite cannot reach any more is lost with its page, which is named.
        found = 1 if damage and code == 1 and (not missed or kinds["file"]) else 0
    bench.note(
        "damage", "frostline", 0, case=title, planted=count, found=found, hurt=len(hurt),
        named=len(named & hurt), whole=len(named - hurt),
        said=", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    if found < count:
        bench.say_wrong(f"{title}: {found} of {count} found")
    if named - hurt:
        bench.say_wrong(f"{title}: chunks named that are whole: {sorted(named - hurt)[:5]}")

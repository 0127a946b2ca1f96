"""A day of 1,000 or 10,000 series: written, kept, asked."""
import shutil

from measuring.session import Missing

from . import answers
from .data import Dataset
from .servers import PEERS
from .settle import settle

OURS = "frostline"
# About, for the run that is begun last.
SECONDS = {"S": 150, "M": 1300}
# Of both engines beside, in bytes per sample, while they work.
DISK_BYTES_PER_SAMPLE = 20


def measure(bench, size):
    bench.need_time(f"size {size}", SECONDS[size])
    data = Dataset.day(bench, size).make()
    bench.need_disk(f"size {size}", data.samples * DISK_BYTES_PER_SAMPLE)
    known = None
    for run in bench.repeats(SECONDS[size]):
        found = frostline(bench, data, run)
        if run == 0:
            known = found
        for kind in PEERS:
            try:
                peer(bench, data, kind, run, known if run == 0 else None)
            except Missing as missing:
                bench.leave_out(f"size {size}: {missing}")
    if size != "S":
        data.remove()


# Frostline

def frostline(bench, data, run):
    """Returns the answers, with those from rollups, and when each series was read last."""
    calibration = bench.calibrate()
    folder = bench.folder("store")
    try:
        written = bench.ask(data.name, run, "ingest", data.series_path, data.records, folder)
        if not written:
            return None
        if written["samples"] != data.samples or written["dropped"]:
            bench.say_wrong(
                f"{data.name}: {data.samples} samples were made, {written['samples']:.0f} written,"
                f" {written['dropped']:.0f} dropped")
        bench.note(
            data.name, OURS, run, cpu=written["ingest_cpu_s_per_M"],
            cpuAll=written["closed_cpu_s_per_M"], disk=written["folder_bytes_per_sample"],
            live=written["live_bytes_per_sample"], memory=written["peak_rss_mb_ingest"],
            rate=written["ingest_samples_per_s"], commits=written["commits"],
            calibration=round((calibration + bench.calibrate()) / 2, 4))
        first = ask(bench, data, folder, run, "")
        rolled = roll_up(bench, data, folder, run)
        return [first, rolled] if first and rolled else None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def roll_up(bench, data, folder, run):
    made = settle(bench, data.name, run, folder, 600)
    if not made:
        return None
    bench.note(
        f"{data.name} rolled up", OURS, run, cpu=made["settle_cpu_s"] / data.samples * 1e6,
        disk=made["folder_bytes"] / data.samples, memory=made["peak_rss_mb_settle"])
    return ask(bench, data, folder, run, " rolled up")


def ask(bench, data, folder, run, suffix):
    asked = bench.ask(
        data.name, run, "query", data.series_path, folder, 15 if bench.quick else 50)
    if not asked:
        return None
    bench.note(
        f"{data.name}{suffix} questions", OURS, run,
        **{name: asked[f"{name}_cpu_ms"] for name in answers.TITLES},
        memory=asked["peak_rss_mb_query"])
    bench.note(
        f"{data.name}{suffix} questions, first", OURS, run,
        **{name: asked[f"{name}_first_cpu_ms"] for name in answers.TITLES})
    if run > 0:
        return None
    text, why = bench.run([bench.store, "answers", data.series_path, folder], 600)
    if text is None:
        return bench.failed(data.name, OURS, run, why)
    return answers.of_store(text)


# Peers

def peer(bench, data, kind, run, known):
    calibration = bench.calibrate()
    folder = bench.folder("peer")
    try:
        with kind(bench, folder) as server:
            before = server.processor_seconds()
            for body in data.frames():
                server.write(body)
            server.flush()
            used = server.processor_seconds() - before
            calibration = round((calibration + bench.calibrate()) / 2, 4)
            server.merge()
            all_used = server.processor_seconds() - before
            values = {
                "cpu": used / data.samples * 1e6, "cpuAll": all_used / data.samples * 1e6,
                "live": server.bytes() / data.samples, "memory": server.peak_megabytes(),
                "calibration": calibration}
            answers.measure_server(bench, data.name, server, run)
            if known:
                compare(bench, data, server, known)
            packed = server.packed_bytes()
            if packed:
                values["packed"] = packed / data.samples
            server.stop()
            values["disk"] = server.bytes() / data.samples
            bench.note(data.name, server.name, run, **values)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def compare(bench, data, server, known):
    theirs = answers.of_server(server, data.numbers())
    for suffix, (ours, newest) in zip(("", " rolled up"), known):
        answers.compare(bench, data.name + suffix, ours, newest, theirs, server.name)

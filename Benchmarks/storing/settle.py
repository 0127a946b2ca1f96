"""Rollups and the hash chain, which the daemon makes in the background."""
import sqlite3
import subprocess
import time

from .bench import figures

DUE = "SELECT (SELECT count(*) FROM rollup_due) + (SELECT count(*) FROM proof_due)"


def settle(bench, work, run, folder, seconds):
    """What it took, as figures; None after noting that it could not be done."""
    process = subprocess.Popen(
        [bench.store, "settle", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        due = wait_for_none(process, f"{folder}/frostline.db", seconds)
        text, error = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if due or process.returncode:
        return bench.failed(
            work, "frostline", run,
            f"settle ended with {process.returncode}, {due} are due: {error[-200:]}")
    return figures(text)


def wait_for_none(process, path, seconds):
    """How many windows and days are due when nothing is, or the time is over."""
    end = time.monotonic() + seconds
    due = -1
    while due != 0 and time.monotonic() < end and process.poll() is None:
        time.sleep(0.3)
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            due = db.execute(DUE).fetchone()[0]
        finally:
            db.close()
    # Free pages go back to the file system after all else.
    time.sleep(2)
    return due

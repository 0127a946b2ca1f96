"""Faults of processes, disks and files, against the product's store."""

import concurrent.futures
import errno
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import time

import lab
import powerloss
from lab import Fault, Place

WORKERS = os.cpu_count() or 1


def scaled(full, quick):
    return quick if lab.QUICK else full


def spread(count, limit):
    """At most `limit` of the numbers 1…count, the first and the last among them."""
    if count <= limit:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / (limit - 1)) for i in range(limit)})


def in_parallel(work, items, mode="check"):
    """Deals the items to the workers; each has a checker of its own."""
    shares = [items[i::WORKERS] for i in range(WORKERS)]

    def share(mine):
        checker = lab.Checker(mode)
        try:
            for item in mine:
                work(item, checker)
        finally:
            checker.close()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for future in [pool.submit(share, mine) for mine in shares if mine]:
            future.result()


# One life of a store: opened and closed twice, with chunks, rollups, readings thrown away, the log
# checkpointed every 8 pages, and two backups.
LIFE = dict(readings=42, rounds=2, settle=90, backups=True, checkpoint=8)


def check_backups(place, said, checker):
    """The newest backup that was told is there, and is what the store was then."""
    if not said.backups:
        return
    target = os.path.join(place.top, "restored")
    shutil.rmtree(target, ignore_errors=True)
    done = subprocess.run([lab.SUBJECT, "restore", place.backup, target], capture_output=True,
                          text=True, timeout=60)
    number, counts = said.backups[-1]
    words = done.stdout.split()
    if done.returncode != 0 or int(words[-1]) < number:
        raise Fault("backup %d: %s" % (number, done.stdout))
    then = lab.Acknowledged()
    then.counts = counts
    checker.check(target, place, then)


# ---- processes ----

def kills_at_random(result, cycles=None, lies=0):
    cycles = cycles or scaled(1000, 60)
    lives = 10

    def series(seed, checker):
        dice = random.Random(seed)
        with Place(seed, days=60) as place:
            said = lab.Acknowledged()
            for _ in range(lives):
                with result.trial(place, "seed %d" % seed):
                    child = place.start(readings=1_000_000, settle=0, checkpoint=64,
                                        **({"lies": 1} if lies else {}))
                    # Of most of them the opening is over when the moment comes.
                    first = child.stdout.readline() if dice.random() < 0.8 else ""
                    time.sleep(dice.uniform(0, 0.1))
                    said.take(first + lab.killed(child))
                    said.take("r %d" % checker.check(place.data, place, said)[0])
            result.count("readings acknowledged", said.counts["r"])
    in_parallel(series, list(range(1, cycles // lives + 1)))


def kills_at_calls(result):
    """At every call that changes a file: before it, and with half of a write done."""
    with Place(2) as place:
        place.control.set(mask=lab.CHANGES)
        place.write(**LIFE)
        calls = place.control.get("calls")
    with Place(2) as place:
        place.control.set(mask=1 << lab.WRITE)
        place.write(**LIFE)
        writes = place.control.get("calls")
    trials = [(lab.CHANGES, lab.KILL_BEFORE, n) for n in spread(calls, scaled(5000, 40))]
    trials += [(1 << lab.WRITE, lab.KILL_WITHIN, n) for n in spread(writes, scaled(5000, 20))]

    def one(trial, checker):
        mask, action, n = trial
        with Place(2) as place, result.trial(place, "call %d, action %d" % (n, action)):
            place.control.set(mask=mask, first=n, last=n, action=action)
            said = place.write(**LIFE)
            result.count("killed", said.code == -9)
            checker.check(place.data, place, said)
            check_backups(place, said, checker)
    in_parallel(one, trials)
    result.count("calls in a run", calls)


# Alarms come, are acknowledged, shelved and end; three receivers hear of them or do not.
ALARMS = dict(mode="alarms", steps=30)


def alarms_at_calls(result, torn=0, limit=None):
    """Alarms and their delivery, killed before each call that changes a file, and within writes."""
    seeds = [70] if torn else list(range(70, scaled(72, 71)))
    life = dict(ALARMS, **({"torn": 1} if torn else {}))
    trials = []
    for seed in seeds:
        for mask, action in ((lab.CHANGES, lab.KILL_BEFORE),
                             (1 << lab.WRITE, lab.KILL_WITHIN)):
            with Place(seed) as place:
                place.control.set(mask=mask)
                place.write(**life)
                calls = place.control.get("calls")
            chosen = spread(calls, limit or scaled(1500, 40))
            trials += [(seed, mask, action, n) for n in chosen]

    def one(trial, checker):
        seed, mask, action, n = trial
        with Place(seed) as place, result.trial(place, "seed %d, call %d, action %d" % (
                seed, n, action)):
            place.control.set(mask=mask, first=n, last=n, action=action)
            said = place.write(**life)
            result.count("killed", said.code == -9)
            place.control.set(first=0)
            changes, told = checker.check_alarms(place.data, place, said)
            result.count("changes", changes)
            result.count("told", told)
    in_parallel(one, trials, "alarms-check")


def alarms_and_power(result):
    """The same, and the power goes after any write, sync or name."""
    def one(seed, checker):
        with Place(seed) as place:
            said = place.write(record=True, timeout=120, **ALARMS)
            if not said.done:
                raise Fault("the run to record did not end: %s" % said.failures)
            replay(result, place, scaled(400, 60), (False, True, None), seed, checker,
                   look=checker.check_alarms)
    in_parallel(one, list(range(80, scaled(84, 81))), "alarms-check")


def two_writers(result):
    checker = lab.Checker()
    for _ in range(scaled(20, 5)):
        with Place(3) as place, result.trial(place):
            first = place.start(readings=1_000_000, settle=0, pause=1)
            first.stdout.readline()
            second = place.write(readings=6)
            said = lab.Acknowledged().take(lab.killed(first))
            if second.code != 1 or "in use" not in str(second.failures):
                raise Fault("a second writer was let in: %s" % second.failures)
            checker.check(place.data, place, said)
    checker.close()


def held_reader(result):
    """A reader that never ends keeps the log from being used again: who writes goes on."""
    checker = lab.Checker()
    with Place(4, days=100) as place, result.trial(place):
        place.write(readings=60)
        said = place.write(readings=scaled(6000, 900), settle=0, hold=1, checkpoint=64)
        if not said.done:
            raise Fault("the writer did not go on: %s" % said.failures)
        log = os.path.getsize(os.path.join(place.data, "frostline.db-wal"))
        checker.check(place.data, place, said)
        result.count("readings written beside it", said.counts["r"])
        result.count("KiB of log kept", log >> 10)
    checker.close()


# ---- calls that fail ----

ONCE = [
    (lab.WRITE, lab.FAIL, errno.EIO), (lab.WRITE, lab.FAIL, errno.ENOSPC),
    (lab.WRITE, lab.SHORT, 0), (lab.WRITE, lab.FAIL, errno.EINTR), (lab.SYNC, lab.FAIL, errno.EIO),
    (lab.SYNC, lab.FAIL, errno.ENOSPC), (lab.TRUNCATE, lab.FAIL, errno.EIO),
    (lab.OPEN, lab.FAIL, errno.EIO), (lab.OPEN, lab.FAIL, errno.EMFILE),
    (lab.UNLINK, lab.FAIL, errno.EIO), (lab.RENAME, lab.FAIL, errno.EIO),
    (lab.READ, lab.FAIL, errno.EIO), (lab.READ, lab.SHORT, 0),
]


def finish(place, said, checker, *more):
    """After the fault: who could not go on can now, and everything is there."""
    if not said.done:
        checker.check(place.data, place, said, *more)
        again = place.write(readings=6)
        if not again.done:
            raise Fault("it cannot be opened any more: %s" % again.failures)
        said.take("r %d" % again.counts["r"])
    else:
        gave_up = [x for x in said.failures if "gave up" in x]
        if gave_up:
            raise Fault("writing did not go on: %s" % said.failures[-3:])
    found = checker.check(place.data, place, said, *more)
    if said.done and found[0] < said.counts["r"]:
        raise Fault("%d of %d readings" % (found[0], said.counts["r"]))


def failing_calls(result):
    """The n-th call of a kind fails, once; everything must be there in the end."""
    trials = []
    for kind, action, error in ONCE:
        with Place(5) as place:
            place.control.set(mask=1 << kind)
            place.write(**LIFE)
            calls = place.control.get("calls")
        trials += [(kind, action, error, n) for n in spread(calls, scaled(60, 4))]

    def one(trial, checker):
        kind, action, error, n = trial
        what = "%s %d: %s" % (
            lab.KINDS[kind], n, errno.errorcode[error] if error else "short")
        with Place(5) as place, result.trial(place, what):
            place.control.set(mask=1 << kind, first=n, last=n, action=action, error=error)
            said = place.write(**LIFE)
            result.count("befallen", place.control.get("acted"))
            place.control.set(first=0)
            # SQLite takes a page that cannot be read for a damaged one, and so does the store.
            finish(place, said, checker, *(["repaired"] if kind == lab.READ else []))
            check_backups(place, said, checker)
    in_parallel(one, trials)


def failing_for_long(result):
    """All that would change a file fails for some hundred calls, then no more."""
    trials = [(error, n) for error in (errno.EIO, errno.ENOSPC, errno.EROFS)
              for n in spread(400, scaled(40, 4))]

    def one(trial, checker):
        error, n = trial
        what = "%s from call %d" % (errno.errorcode[error], n)
        with Place(6) as place, result.trial(place, what):
            place.control.set(mask=lab.CHANGES, first=n, last=n + 200, action=lab.FAIL, error=error)
            said = place.write(**LIFE)
            result.count("befallen", place.control.get("acted"))
            place.control.set(first=0)
            finish(place, said, checker)
    in_parallel(one, trials)


# ---- power ----

def replay(result, place, points, kinds, seed, checker, only_after=None, look=None):
    """Rebuilds what the disk may hold at `points` moments of the record, and looks at each."""
    look = look or checker.check
    records = list(powerloss.operations(place.record))
    moments = [i for i, x in enumerate(records) if x[0] != "A"]
    if only_after:
        first = next((i for i, x in enumerate(records) if x[0] == only_after), len(records))
        moments = [i for i in moments if i >= first]
    chosen = {moments[n - 1] for n in spread(len(moments), points)} if moments else set()
    dice = random.Random(seed)
    disk, said = powerloss.Disk(), lab.Acknowledged()
    for index, (op, path, offset, data) in enumerate(records):
        if op == "A":
            said.take(data.decode())
            continue
        disk.take(op, path, offset, data)
        if index not in chosen:
            continue
        for kind in kinds:
            with lab.folder() as target, result.trial(place, "after operation %d of %d (%s)" % (
                    index, len(records), kind)):
                powerloss.lay_out(disk.after_crash(dice, kind), place.root, target)
                data_folder = os.path.join(target, "data")
                os.makedirs(data_folder, exist_ok=True)
                look(data_folder, place, said)
                if index % 7 == 0 and said.backups:
                    check_restored(target, place, said, checker)


def check_restored(target, place, said, checker):
    moved = Place.__new__(Place)
    moved.top, moved.backup = target, os.path.join(target, "backup")
    moved.seed, moved.base = place.seed, place.base
    check_backups(moved, said, checker)


def power_loss(result, pretend=0, seeds=None, points=None):
    """No power after any write, sync or name: what was acknowledged is there."""
    def one(seed, checker):
        with Place(seed) as place:
            place.control.set(pretend_sync=pretend)
            said = place.write(record=True, timeout=120, **LIFE)
            if not said.done:
                raise Fault("the run to record did not end: %s" % said.failures)
            replay(result, place, points or scaled(400, 60), (False, True, None, None), seed,
                   checker)
    in_parallel(one, seeds or list(range(10, scaled(16, 11))))


def power_loss_after_failed_sync(result):
    """A sync fails; what it was to write is not written by a later one, and then the power goes."""
    with Place(20) as place:
        place.control.set(mask=1 << lab.SYNC)
        place.write(**LIFE)
        syncs = place.control.get("calls")

    def one(n, checker):
        with Place(20) as place, result.trial(place, "sync %d" % n):
            place.control.set(
                mask=1 << lab.SYNC, first=n, last=n, action=lab.FAIL, error=errno.EIO)
            place.write(record=True, timeout=120, **LIFE)
            replay(result, place, scaled(24, 12), (False, None), n, checker, only_after="F")
    in_parallel(one, spread(syncs, scaled(200, 6)))


# ---- room ----

def disk_full(result):
    """No room for long, with more coming than memory may hold; then there is room again."""
    checker = lab.Checker()
    for seed in range(30, scaled(33, 31)):
        with Place(seed, days=200) as place, result.trial(place, "seed %d" % seed):
            before = place.write(readings=120, settle=60)
            size = sum(os.path.getsize(os.path.join(place.data, x))
                       for x in os.listdir(place.data))
            place.control.set(quota=size + 150_000, used=size)
            child = place.start(readings=9000, settle=0, pause=1, buffer=20_000)
            time.sleep(scaled(15, 6))
            place.control.set(quota=0)
            out, _ = child.communicate(timeout=120)
            said = lab.Acknowledged().take(out)
            if "disk-full" not in said.health or said.health[-1] != "ok":
                raise Fault("the health was %s" % said.health)
            if not said.done:
                raise Fault("the writer did not go on: %s" % said.failures[-2:])
            if said.dropped == 0:
                raise Fault("the buffer was never full: nothing is proved")
            # All before the disk was full; afterwards only what it said it gave up is missing.
            told = lab.Acknowledged().take("r %d" % before.counts["r"])
            told.take("l %d" % said.counts["l"]).take("a %d" % said.counts["a"])
            found = checker.check(place.data, place, told, "dropped=%d" % said.dropped)
            result.count("readings", found[0])
            result.count("given up and told", said.dropped)
    checker.close()


# ---- files ----

def whole_store(place):
    """A closed store with everything in it, and what it holds."""
    said = place.write(**dict(LIFE, readings=90))
    return os.path.join(place.data, "frostline.db"), said


def flipped_bits(result):
    """One bit anywhere in the file: told, or nothing that is answered changes."""
    with Place(40) as place:
        path, said = whole_store(place)
        with open(path, "rb") as f:
            original = f.read()
        flips = scaled(10_000, 600)

        def one(seed, _):
            looker = lab.Checker("look")
            dice = random.Random(seed)
            with lab.folder() as folder:
                for _ in range(flips // 20):
                    bit = dice.randrange(len(original) * 8)
                    with result.trial(None, "bit %d" % bit):
                        changed = bytearray(original)
                        changed[bit // 8] ^= 1 << bit % 8
                        for name in os.listdir(folder):
                            os.remove(os.path.join(folder, name))
                        with open(os.path.join(folder, "frostline.db"), "wb") as f:
                            f.write(changed)
                        answer = looker.ask("%s %d %d %s" % (
                            folder, place.seed, place.base, said.words))
                        if answer not in ("found", "same"):
                            raise Fault(answer)
                        result.count(answer)
            looker.close()
        in_parallel(one, list(range(20)))


def future_schema(result):
    """A store of a newer program is refused and not touched, by who writes and by who reads."""
    def digest(folder):
        return {x: hashlib.sha256(open(os.path.join(folder, x), "rb").read()).hexdigest()
                for x in os.listdir(folder) if x.startswith("frostline.db")}
    looker = lab.Checker("look")
    for version in (1, 2, 99):
        with Place(50) as place, result.trial(place, "version %d" % version):
            path, said = whole_store(place)
            with sqlite3.connect(path) as db:
                known = db.execute("PRAGMA user_version").fetchone()[0]
                db.execute("PRAGMA journal_mode=DELETE")
                db.execute("PRAGMA user_version=%d" % (known + version))
            db.close()
            before = digest(place.data)
            again = place.write(readings=6)
            if again.code != 1 or "install the newer" not in str(again.failures):
                raise Fault("it was not refused: %s" % again.failures)
            answer = looker.ask("%s %d %d %s" % (place.data, place.seed, place.base, said.words))
            if answer != "found" or digest(place.data) != before:
                raise Fault("%s, and the file has changed: %s" % (
                    answer, digest(place.data) != before))
    looker.close()


# ---- what shows that these tests can fail ----

def planted(result, what, body):
    """Runs a fault with something that is truly broken: it must be noticed."""
    inner = lab.Result(what)
    body(inner)
    result.runs += 1
    result.count("%s: %d of %d runs told" % (what, len(inner.problems), inner.runs), 1)
    if not inner.problems:
        result.problems.append("%s: nobody noticed" % what)


def counter_proofs(result):
    planted(result, "acknowledged before the commit",
            lambda x: kills_at_random(x, cycles=scaled(40, 20), lies=1))
    planted(result, "syncs that do nothing",
            lambda x: power_loss(x, pretend=1, seeds=[60], points=25))
    planted(result, "a write that is not done and not told", lying_writes)
    planted(result, "bits, with SQLite's own checks alone", sqlite_flips)
    planted(result, "no lock", without_lock)
    planted(result, "notices written after their changes",
            lambda x: alarms_at_calls(x, torn=1, limit=scaled(200, 60)))


def lying_writes(result):
    def one(n, checker):
        with Place(61) as place, result.trial(place, "write %d" % n):
            place.control.set(mask=1 << lab.WRITE, first=n, last=n, action=lab.LIE)
            finish(place, place.write(**LIFE), checker)
    in_parallel(one, list(range(40, 60)))


def sqlite_flips(result):
    """Flips that PRAGMA integrity_check does not find and that change a stored value."""
    with Place(62) as place:
        path, _ = whole_store(place)
        with open(path, "rb") as f:
            original = f.read()
        question = "SELECT id, data, head FROM chunk ORDER BY id"
        right = sqlite3.connect(path).execute(question).fetchall()
        dice = random.Random(62)
        copy = os.path.join(place.top, "copy.db")
        for _ in range(300):
            bit = dice.randrange(len(original) * 8)
            changed = bytearray(original)
            changed[bit // 8] ^= 1 << bit % 8
            with open(copy, "wb") as f:
                f.write(changed)
            with result.trial(None, "bit %d" % bit):
                db = sqlite3.connect(copy)
                try:
                    whole = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                    if whole and db.execute(question).fetchall() != right:
                        raise Fault("a changed value")
                # What SQLite complains of may quote a name with a flipped bit.
                except (sqlite3.DatabaseError, UnicodeDecodeError):
                    pass
                finally:
                    db.close()


def without_lock(result):
    with Place(63) as place, result.trial(place):
        first = place.start(readings=1_000_000, settle=0, pause=1)
        first.stdout.readline()
        os.remove(os.path.join(place.data, "frostline.lock"))
        second = place.write(readings=6)
        lab.killed(first)
        if second.code != 1 or "in use" not in str(second.failures):
            raise Fault("a second writer was let in")


CASES = [
    ("kill -9 at a random moment", kills_at_random),
    ("kill -9 at every call that changes a file", kills_at_calls),
    ("alarms: kill -9 at every call that changes a file", alarms_at_calls),
    ("alarms: power loss after any operation", alarms_and_power),
    ("power loss after any operation", power_loss),
    ("power loss after a sync that failed", power_loss_after_failed_sync),
    ("the n-th call fails, once", failing_calls),
    ("all changes fail for 200 calls", failing_for_long),
    ("disk full for long, then room", disk_full),
    ("one flipped bit", flipped_bits),
    ("two writers of one store", two_writers),
    ("a reader that never ends", held_reader),
    ("a schema of the future", future_schema),
    ("counter-proofs", counter_proofs),
]

"""What the fault tests share: the program under test, the page that tells it what to suffer, and
the process that looks afterwards."""

import contextlib
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "..", ".."))
SUBJECT = os.path.realpath(
    os.environ.get("FAULT_SUBJECT") or os.path.join(ROOT, ".build", "debug", "FaultSubject"))
QUICK = bool(os.environ.get("QUICK"))

# As in preload.c.
WRITE, SYNC, TRUNCATE, OPEN, UNLINK, RENAME, READ = range(7)
KINDS = ["write", "sync", "truncate", "open", "unlink", "rename", "read"]
NOTHING, FAIL, SHORT, KILL_BEFORE, KILL_WITHIN, LIE = range(6)
CHANGES = 1 << WRITE | 1 << SYNC | 1 << TRUNCATE | 1 << OPEN | 1 << UNLINK | 1 << RENAME


class Fault(Exception):
    """The store did what it must not."""


def scratch():
    """A folder in memory where there is room: what survives is decided here, not by a disk."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.mkdtemp(prefix="frostline-faults-", dir=place)


@contextlib.contextmanager
def folder():
    path = scratch()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


_library = None


def library():
    """preload.c, compiled once."""
    global _library
    if not _library:
        _library = os.path.join(scratch(), "preload.so")
        subprocess.run(
            ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", _library,
             os.path.join(HERE, "preload.c"), "-ldl", "-lpthread"], check=True)
    return _library


def forget_library():
    if _library:
        shutil.rmtree(os.path.dirname(_library), ignore_errors=True)


class Control:
    """The page that preload.c reads."""

    FIELDS = ["calls", "mask", "first", "last", "action", "error", "quota", "used", "clock",
              "pretend_sync", "acted"]

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(b"\0" * 4096)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)

    def set(self, **fields):
        for name, value in fields.items():
            struct.pack_into("<q", self.page, 8 * self.FIELDS.index(name), value)

    def get(self, name):
        return struct.unpack_from("<q", self.page, 8 * self.FIELDS.index(name))[0]

    def close(self):
        self.page.close()


class Acknowledged:
    """What a writer has said, line by line."""

    def __init__(self):
        self.counts = {"r": 0, "l": 0, "a": 0}
        self.backups = []  # (number, counts when it was said)
        self.told = []  # what receivers have got, and what they refuse for good
        self.failures, self.dropped, self.done, self.health = [], 0, False, []

    def take(self, text):
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word in self.counts:
                self.counts[word] = max(self.counts[word], int(rest))
            elif word in ("o", "x"):
                self.told.append(line)
            elif word == "b":
                self.backups.append((int(rest), dict(self.counts)))
            elif word in ("f", "error"):
                self.failures.append(rest)
            elif word == "h":
                self.health.append(rest)
            elif word == "dropped":
                self.dropped = int(rest)
            elif word == "done":
                self.done = True
        return self

    @property
    def words(self):
        return " ".join(str(self.counts[x]) for x in "rla")


class Place:
    """A folder with a store, its backups, and the page for its writer."""

    def __init__(self, seed, days=8):
        self.top = scratch()
        self.root = os.path.join(self.top, "root")
        self.data = os.path.join(self.root, "data")
        self.backup = os.path.join(self.root, "backup")
        self.record = os.path.join(self.top, "record")
        os.makedirs(self.data)
        self.control = Control(os.path.join(self.top, "control"))
        self.seed = seed
        # Days ago, so that days of the story are over and their readings expire.
        self.base = (int(time.time()) // 3600 * 3600 - days * 86400) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.control.close()
        shutil.rmtree(self.top, ignore_errors=True)

    def environment(self, record=False, checkpoint=None):
        env = dict(os.environ, LD_PRELOAD=library(), FAULT_ROOT=self.root,
                   FAULT_CONTROL=self.control.path)
        if record:
            env["FAULT_RECORD"] = self.record
        if checkpoint:
            env["FAULT_CHECKPOINT"] = str(checkpoint)
        return env

    def start(self, record=False, checkpoint=None, mode="write", **options):
        """The writer, running."""
        if options.pop("backups", False):
            options["backup"] = self.backup
        return subprocess.Popen(
            [SUBJECT, mode, self.data, str(self.seed), str(self.base),
             *("%s=%s" % x for x in options.items())],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            text=True, env=self.environment(record, checkpoint))

    def write(self, timeout=60, **options):
        """Runs the writer to its end, or until something ends it."""
        child = self.start(**options)
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
            raise Fault("the writer stands still: %s" % out[-500:])
        said = Acknowledged().take(out)
        said.code = child.returncode
        # SIGKILL is ours; anything else is a crash of the program.
        if child.returncode not in (0, 1, -9):
            raise Fault("the writer ended with %d: %s" % (child.returncode, out[-500:]))
        return said


def killed(child):
    """Ends a writer with kill -9; what it has said and nobody has read."""
    child.kill()
    with child.stdout:
        said = child.stdout.read()
    child.wait()
    return said


class Checker:
    """The process that looks at stores, one a line."""

    def __init__(self, mode="check"):
        self.mode, self.child = mode, None

    def ask(self, line):
        if self.child is None:
            self.child = subprocess.Popen(
                [SUBJECT, self.mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, bufsize=1)
        try:
            self.child.stdin.write(line + "\n")
            self.child.stdin.flush()
            answer = self.child.stdout.readline().strip()
        except OSError:
            answer = ""
        if not answer:
            code = self.child.wait()
            self.child = None
            raise Fault("looking at the store ended with %d" % code)
        return answer

    def check(self, path, place, said, *more):
        """How far the store came; raises where anything acknowledged is missing, or wrong."""
        line = "%s %d %d %s" % (path, place.seed, place.base, said.words)
        answer = self.ask(" ".join([line, *more]))
        if not answer.startswith("ok "):
            raise Fault("%s (acknowledged %s)" % (answer, said.words))
        return [int(x) for x in answer.split()[1:]]

    def check_alarms(self, path, place, said):
        """No notice is lost, none invented, and each alarm told in order."""
        told = os.path.join(place.top, "told-%d" % id(self))
        with open(told, "w") as f:
            f.writelines(line + "\n" for line in said.told)
        answer = self.ask("%s %d %d %d %s" % (
            path, place.seed, place.base, said.counts["a"], told))
        if not answer.startswith("ok "):
            raise Fault("%s (acknowledged %d)" % (answer, said.counts["a"]))
        return [int(x) for x in answer.split()[1:]]

    def close(self):
        if self.child:
            self.child.stdin.close()
            self.child.wait()
            self.child.stdout.close()
            self.child = None


def keep(place, name):
    """Puts a store that a fault was found in where it can be looked at; its path."""
    target = os.environ.get("FAULT_KEEP")
    if not target:
        return ""
    path = os.path.join(target, "%s-%d" % (name, time.time_ns()))
    shutil.copytree(place.top, path)
    return " kept in " + path


class Result:
    """One fault of the table."""

    def __init__(self, name):
        self.name, self.begun = name, time.monotonic()
        self.runs = self.faults = 0
        self.problems, self.notes = [], {}

    def count(self, name, more=1):
        self.notes[name] = self.notes.get(name, 0) + more

    @contextlib.contextmanager
    def trial(self, place=None, what=""):
        """One run: what it finds wrong is kept, and the others go on."""
        self.runs += 1
        try:
            yield
        except Fault as fault:
            # A few are enough to see what it was.
            few = place and len(self.problems) < 3
            where = keep(place, self.name.split()[0]) if few else ""
            self.problems.append("%s: %s%s" % (what, fault, where))

    def finish(self):
        self.seconds = time.monotonic() - self.begun
        notes = ", ".join("%s %s" % (v, k) for k, v in self.notes.items())
        print("%-4s %-44s %6d runs %7.1f s  %s" % (
            "ok" if not self.problems else "BAD", self.name, self.runs, self.seconds, notes),
            flush=True)
        for problem in self.problems[:5]:
            print("     " + problem[:600], flush=True)
        return self

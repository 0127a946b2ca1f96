"""What dcimgen makes: a day of some thousand series, or the large site for some time."""
import contextlib
import csv
import hashlib
import os
import re
import struct
import subprocess

from measuring.session import Missing

# Of the day that is made when nothing else is asked for.
DAY_START_MS = 1_781_481_600_000
DAY_MS = 86_400_000
# Samples in a body of remote write.
FRAME_SAMPLES = 5000
RECORD_BYTES = 24
# About; bodies of generated data compress alike.
BODY_BYTES_PER_SAMPLE = 20
# The largest size as it stands in the generator, and so much less of it that 100,000 are left.
WHOLE_SITE = "pdus=2400;crac=60;mtr=200;ups=12;total=0;"
SITE_100_000 = "pdus=1468;crac=60;mtr=200;ups=12;total=100000;"


class Dataset:
    def __init__(self, bench, name, size, hours, interval, samples, changes=()):
        """`samples` is about how many it will be, for the disk."""
        self._bench = bench
        self.name = name
        self._arguments = ["--size", size, "--hours", hours, "--interval", interval]
        self._changes = changes
        self._estimate = samples
        self._folder = f"{bench.work}/data"
        self.series_path = f"{self._folder}/{name}.series.csv"
        self.records = f"{self._folder}/{name}.rec"
        self.bodies = f"{self._folder}/{name}.rw"
        self.samples = 0
        self.series = 0

    @classmethod
    def day(cls, bench, size):
        return cls(bench, size, size, 24, 10, {"S": 9_000_000, "M": 90_000_000}[size])

    def make(self):
        """Makes the files that are not there yet from the same source of the generator."""
        os.makedirs(self._folder, exist_ok=True)
        program = self._compile()
        kinds = [(self.records, "rec"), (self.bodies, "rw"), (self.series_path, "series")]
        stamp = f"{self._folder}/{self.name}.made"
        identity = f"{self._identity()} "
        known = ""
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as file:
                known = file.read()
        if not known.startswith(identity) or not all(os.path.exists(path) for path, _ in kinds):
            self._bench.need_disk(
                f"the data of {self.name}",
                self._estimate * (RECORD_BYTES + BODY_BYTES_PER_SAMPLE))
            for path, kind in kinds:
                told = self._run(program, ["--format", kind, "--out", path])
            known = identity + told
            with open(stamp, "w", encoding="utf-8") as file:
                file.write(known)
        counts = re.search(r"series (\d+) ticks \d+ samples (\d+)", known)
        if not counts:
            raise Missing(f"the generator does not say what it made: {known}")
        self.series, self.samples = int(counts.group(1)), int(counts.group(2))
        return self

    def stream(self):
        """A process that writes the records to its standard output."""
        return subprocess.Popen(
            [self._compile(), *map(str, self._arguments), "--format", "rec"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def make_series(self):
        os.makedirs(self._folder, exist_ok=True)
        self._run(self._compile(), ["--format", "series", "--out", self.series_path])
        with open(self.series_path, "rb") as file:
            self.series = sum(1 for _ in file) - 1

    def remove(self):
        for kind in ("series.csv", "rec", "rw", "made"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(f"{self._folder}/{self.name}.{kind}")

    def _identity(self):
        with open(f"{self._bench.sources}/dcimgen.c", "rb") as file:
            text = file.read() + repr((self._arguments, self._changes)).encode()
        return hashlib.sha256(text).hexdigest()

    def _compile(self):
        self._bench.compile(
            f"{self._bench.sources}/dcimgen.c", ["-lsnappy", "-lm"], changes=self._changes,
            options=["-DWITH_SNAPPY"])
        return self._bench.program("dcimgen")

    def _run(self, program, arguments):
        command = [program, *map(str, self._arguments), "--frame", str(FRAME_SAMPLES), *arguments]
        if "rec" in arguments:
            # Frames are lengths between the records.
            command[command.index("--frame") + 1] = "0"
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"the generator ended with {done.returncode}: {done.stderr.strip()}")
        return done.stderr.strip()

    # What is in it

    def frames(self, skip=0):
        """Bodies of remote write, after the first `skip`."""
        with open(self.bodies, "rb", buffering=1 << 20) as file:
            while head := file.read(4):
                body = file.read(struct.unpack("<I", head)[0])
                if skip > 0:
                    skip -= 1
                else:
                    yield body

    def numbers(self):
        """(metric, labels) -> number of the series."""
        found = {}
        with open(self.series_path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                labels = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', row["labels"])))
                found[(row["metric"], labels)] = int(row["id"])
        return found

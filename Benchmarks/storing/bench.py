"""One run of the benchmark of the store: generator, programs, and how fast the machine is now."""
import os
import shutil
import subprocess

from measuring.session import ROOT, Missing, Session

# Kept free beside what is written.
SPARE_BYTES = 4 << 30


class Bench(Session):
    def __init__(self):
        super().__init__("bench-store", runs=(1, 3), minutes=(10, 60))
        self.sources = os.path.abspath(
            os.environ.get("FROSTLINE_GENERATOR") or f"{ROOT}/../shared/bench/store")
        if not os.path.isfile(f"{self.sources}/dcimgen.c"):
            raise Missing(
                f"no generator in {self.sources}; set FROSTLINE_GENERATOR to the folder with"
                " dcimgen.c and calib.c")
        self.wrong = []
        self.calibrations = []

    def build(self, parts):
        self.store = self.product("StoreBenchmark", "STORE_BENCHMARK")
        if "month" in parts:
            self.frostline = self.product("frostline", "FROSTLINE")
        self.compile(f"{self.sources}/calib.c", [])
        self.begin()

    # The machine

    def calibrate(self):
        """Processor seconds of a fixed piece of work: neighbours make it dearer."""
        done = subprocess.run(
            [self.program("calib")], capture_output=True, text=True, check=True)
        self.calibrations.append(float(done.stdout.split()[0]))
        return self.calibrations[-1]

    def folder(self, name):
        """A new empty folder; one of that name before is gone."""
        path = f"{self.work}/{name}"
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def need_disk(self, what, needed):
        free = shutil.disk_usage(self.work).free
        if free < needed + SPARE_BYTES:
            raise Missing(
                f"{what} takes {needed / 1e9:.1f} GB and {SPARE_BYTES / 1e9:.0f} GB to spare;"
                f" {free / 1e9:.1f} GB are free")

    def need_time(self, what, seconds):
        if self.seconds_left() < seconds:
            raise Missing(
                f"{what} takes about {seconds / 60:.0f} minutes and"
                f" {self.seconds_left() / 60:.0f} are left; MINUTES=N gives more")

    # Programs

    def ask(self, work, run, *words, seconds=600):
        """What StoreBenchmark prints, as figures; None after noting a failure."""
        text, why = self.run([self.store, *words], seconds)
        if text is None:
            self.failed(work, "frostline", run, why)
            return None
        return figures(text)

    def say_wrong(self, what):
        self.wrong.append(what)
        print(f"  WRONG: {what}", flush=True)


def figures(text):
    """`name value` lines with one number each."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        try:
            found[name] = float(value)
        except ValueError:
            continue
    return found


def bytes_below(folder):
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                continue
    return total

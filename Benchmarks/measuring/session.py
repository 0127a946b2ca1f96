"""One run of a benchmark: its time, its programs, and what it has measured."""
import os
import shutil
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Missing(Exception):
    """What the benchmark needs is not here."""


def end(process):
    """Asks a program to end, and waits until it has."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Session:
    def __init__(self, name, runs, minutes):
        """`runs` and `minutes` are (QUICK=1, else)."""
        self.quick = os.environ.get("QUICK", "0") not in ("", "0")
        self.runs = int(os.environ.get("RUNS", runs[0] if self.quick else runs[1]))
        self._minutes = float(os.environ.get("MINUTES", minutes[0] if self.quick else minutes[1]))
        self.work = f"{ROOT}/.build/{name}"
        os.makedirs(self.work, exist_ok=True)
        self.measurements = []
        self.left_out = []
        self.loads = []
        self._deadline = float("inf")
        self._part = ""

    # Programs

    def product(self, name, variable):
        """A program of this repository: what the variable names, or a release build."""
        if os.environ.get(variable):
            return os.environ[variable]
        build = ["swift", "build", "-c", "release", "--product", name]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return f"{ROOT}/.build/release/{name}"

    def compile(self, source, libraries, changes=(), options=()):
        """A program of one file of C, with texts in it changed to others."""
        with open(source, encoding="utf-8") as file:
            text = file.read()
        for before, after in changes:
            if before not in text:
                raise Missing(f"{source} is another than is known here: no `{before}` in it")
            text = text.replace(before, after)
        name = os.path.basename(source)
        with open(f"{self.work}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        program = self.program(name.removesuffix(".c"))
        compiler = ["cc", "-O2", "-w", *options, "-o", program, f"{self.work}/{name}"]
        subprocess.run(compiler + list(libraries), check=True)

    def program(self, name):
        return f"{self.work}/{name}"

    def installed(self, *names):
        """The first of these programs that is installed; None is noted as left out."""
        for name in names:
            path = shutil.which(name)
            if path:
                return path
        self.leave_out(f"{names[0]}: not installed")
        return None

    # Time

    def begin(self):
        """What was done before, as building, is not counted."""
        self._deadline = time.monotonic() + self._minutes * 60

    def part(self, name, measure):
        self._part = name
        if self.seconds_left() < 20:
            self.leave_out(f"{name}: no time left")
            return
        print(f"# {name} (load {os.getloadavg()[0]:.1f})", flush=True)
        try:
            measure(self)
        except (Missing, OSError, subprocess.SubprocessError) as error:
            # What has been measured before is kept.
            self.leave_out(f"{name}: {error}")

    def seconds_left(self):
        return self._deadline - time.monotonic()

    def repeats(self, seconds):
        """Numbers of the runs, each of which takes about so many seconds, while there is time."""
        for run in range(self.runs):
            if run > 0 and self.seconds_left() < seconds:
                self.leave_out(f"{self._part}: {self.runs - run} of {self.runs} runs, no time left")
                return
            yield run

    def leave_out(self, what):
        if what in self.left_out:
            return
        self.left_out.append(what)
        print(f"  left out: {what}", flush=True)

    # Measuring

    def run(self, command, seconds=60):
        """What a program prints, or None and why."""
        try:
            result = subprocess.run(
                [str(word) for word in command], capture_output=True, text=True, cwd=self.work,
                timeout=max(1, min(seconds, self.seconds_left() + 30)), check=False)
        except subprocess.TimeoutExpired:
            return None, f"took more than {seconds} s"
        if result.returncode:
            return None, f"ended with {result.returncode}: {result.stderr.strip()[-200:]}"
        return result.stdout, ""

    def note(self, work, tool, run, **values):
        """Keeps one measurement. Values are numbers, or texts for the file only."""
        self.loads.append(os.getloadavg()[0])
        entry = {"work": work, "tool": tool, "run": run, "load": round(self.loads[-1], 2)}
        entry.update(values)
        self.measurements.append(entry)
        shown = " ".join(f"{key}={value}" for key, value in values.items())
        print(f"  {work} | {tool} | {run} | {shown}", flush=True)

    def failed(self, work, tool, run, why):
        self.note(work, tool, run, failed=why)


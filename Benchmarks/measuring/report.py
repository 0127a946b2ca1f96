"""A table of goals and figures, and the files with every measurement."""
import csv
import json
import os
import statistics
import time

# Who is measured; all others are peers.
OURS = "frostline"


class Figure:
    """A median with its spread."""

    def __init__(self, values):
        self.values = sorted(values)

    def __bool__(self):
        return bool(self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, unit=""):
        shown = f"{number(self.median)}{unit}"
        if len(self.values) > 1:
            shown += f" ({number(self.values[0])} to {number(self.values[-1])})"
        return shown

    def json(self):
        return {"median": self.median, "least": self.values[0], "most": self.values[-1],
                "runs": len(self.values)}


def number(value):
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"


class Table:
    """Rows of figures beside those of peers; `make_rows` adds them."""
    # Tools that have a column of their own; with none of them one column names all peers.
    columns = ()

    def __init__(self, bench):
        self._bench = bench
        self._rows = []

    def make_rows(self):
        raise NotImplementedError

    def machine_note(self):
        """What else is to be known of the machine, after what is printed of it anyway."""
        return ""

    def remarks(self):
        """Lines below the table."""
        return []

    # What was measured

    def _figure(self, work, key, tool=OURS):
        return Figure([
            entry[key] for entry in self._bench.measurements
            if entry["work"] == work and entry["tool"] == tool and key in entry])

    def _tools(self, work):
        seen = []
        for entry in self._bench.measurements:
            if entry["work"] == work and entry["tool"] not in seen:
                seen.append(entry["tool"])
        return [tool for tool in seen if tool != OURS]

    # Rows

    def _row(self, title, limit, figure, peers, unit="", atLeast=False):
        if not figure:
            return
        met = figure.median >= limit if atLeast else figure.median <= limit
        self._rows.append({
            "work": title, "goal": limit, "unit": unit.strip(), "frostline": figure.json(),
            "peers": {name: peer.json() for name, peer in peers if peer}, "met": met,
            "shown": (
                title, ("≥ " if atLeast else "≤ ") + number(limit) + unit, figure.text(unit),
                *self._cells(peers), "yes" if met else "no")})

    def _cells(self, peers):
        if self.columns:
            figures = dict(peers)
            return [figures[name].text() if figures.get(name) else "–" for name in self.columns]
        return ["; ".join(f"{name} {peer.text()}" for name, peer in peers if peer) or "–"]

    def _plain(self, title, limit, work, key, unit="", **options):
        peers = [(tool, self._figure(work, key, tool)) for tool in self._tools(work)]
        self._row(title, limit, self._figure(work, key), peers, unit, **options)

    def _note_row(self, title, figure, unit="", peers=()):
        """A row without a goal."""
        if not figure:
            return
        self._rows.append({
            "work": title, "unit": unit.strip(), "frostline": figure.json(),
            "peers": {name: peer.json() for name, peer in peers if peer},
            "shown": (title, "", figure.text(unit), *self._cells(peers), "")})

    # Files

    def publish(self):
        self.make_rows()
        loads = self._bench.loads or [0.0]
        machine = (
            f"{os.cpu_count()} cores ({processor_name()}), load {min(loads):.1f} to "
            f"{max(loads):.1f}, {time.strftime('%Y-%m-%d')}, runs: {self._bench.runs}"
            + self.machine_note())
        headings = ("work", "goal", "Frostline", *(self.columns or ("peers",)), "met")
        lines = [machine, "", "| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
        lines += ["| " + " | ".join(row["shown"]) + " |" for row in self._rows]
        lines += self.remarks()
        if self._bench.left_out:
            lines += ["", "Left out: " + "; ".join(self._bench.left_out) + "."]
        table = "\n".join(lines) + "\n"
        print("\n" + table)
        with open(f"{self._bench.work}/table.md", "w", encoding="utf-8") as file:
            file.write(table)
        for row in self._rows:
            del row["shown"]
        result = {
            "machine": machine, "rows": self._rows, "leftOut": self._bench.left_out,
            "measurements": self._bench.measurements}
        with open(f"{self._bench.work}/results.json", "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1, ensure_ascii=False)
            file.write("\n")
        self._write_measurements()

    def _write_measurements(self):
        keys = []
        for entry in self._bench.measurements:
            keys += [key for key in entry if key not in keys]
        path = f"{self._bench.work}/measurements.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, keys)
            writer.writeheader()
            writer.writerows(self._bench.measurements)
        print(f"Every measurement: {self._bench.work}/measurements.csv and results.json")


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"

"""The table of the goals, from all that was measured."""
import csv
import json
import os
import statistics
import time

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


class Report:
    def __init__(self, bench):
        self._bench = bench
        self._rows = []

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

    def _ratio(self, upper, lower, key, tool=OURS):
        """Of measurements of the same run: what slowed one has slowed the other."""
        runs = {}
        for entry in self._bench.measurements:
            if entry["tool"] == tool and entry.get(key):
                runs.setdefault(entry["run"], {})[entry["work"]] = entry[key]
        return Figure([
            run[upper] / run[lower] for run in runs.values() if upper in run and lower in run])

    def _against(self, peer, work, key):
        """Each run's figure over that of the peer right after it."""
        runs = {}
        for entry in self._bench.measurements:
            if entry["work"] == work and entry.get(key):
                runs.setdefault(entry["run"], {})[entry["tool"]] = entry[key]
        return Figure([
            run[OURS] / run[peer] for run in runs.values() if OURS in run and peer in run])

    # Rows

    def _row(self, title, limit, figure, peers, unit="", atLeast=False):
        if not figure:
            return
        met = figure.median >= limit if atLeast else figure.median <= limit
        self._rows.append({
            "work": title, "goal": limit, "unit": unit.strip(), "frostline": figure.json(),
            "peers": {name: peer.json() for name, peer in peers if peer}, "met": met,
            "shown": (
                title, ("> " if atLeast else "≤ ") + number(limit) + unit, figure.text(unit),
                "; ".join(f"{name} {peer.text()}" for name, peer in peers if peer) or "–",
                "yes" if met else "no")})

    def _plain(self, title, limit, work, key, unit="", **options):
        peers = [(tool, self._figure(work, key, tool)) for tool in self._tools(work)]
        self._row(title, limit, self._figure(work, key), peers, unit, **options)

    def _make_rows(self):
        self._plain("2,400 PDUs × 50 points, CPU seconds per million points", 0.63, "snmp50", "cpu")
        self._plain("the same × 120 points", 0.52, "snmp120", "cpu")
        self._plain("requests per device and cycle, 50 points", 1, "snmp50", "requests")
        self._plain("requests per device and cycle, 120 points", 2, "snmp120", "requests")
        self._plain("a cycle of 2,400 at 20 ms, wall", 0.35, "latency", "wall", " s")
        self._plain("bad day: last live device", 1.5, "badday", "last", " s")
        added = [("wall", "last"), ("CPU", "cpu")]
        for name, key in added:
            ratio = self._ratio("dead", "alive", key)
            percent = Figure([(value - 1) * 100 for value in ratio.values])
            self._row(f"5 % dead devices add to the others, {name}", 10, percent, [], " %")
        peer = "libsnmp async GET"
        self._row(
            "v3 authPriv (SHA, AES), 2,400 engines, warm: CPU against v2c", 2,
            self._ratio("v3", "v2c", "cpu"), [(peer, self._ratio("v3", "v2c", "cpu", peer))], " ×")
        for name, key in (("CPU", "firstCpuRatio"), ("wall", "firstWallRatio")):
            self._row(
                f"v3, first cycle against a warm one: {name}", 3, self._figure("v3", key),
                [(peer, self._figure("v3", key, peer)),
                 (f"{peer}, blocking", self._figure("v3blocking", key, peer))], " ×")
        self._plain("1,000 Modbus/TCP × 60 points, CPU seconds per million points", 0.42,
                    "modbus", "cpu")
        for name, key, work in (("CPU", "cpu", "modbus"), ("at 20 ms, wall", "wall", "modbus20")):
            self._note_row(
                f"Modbus against C own framing in the same run, {name}",
                self._against("C own framing", work, key), " ×")
        self._plain("requests per device and cycle", 2, "modbus", "requests")
        self._plain("the same at 20 ms, wall", 0.12, "modbus20", "wall", " s")
        self._wrong_values()
        self._plain("connections open at once", 1024, "connections", "connections", atLeast=True)
        self._plain("resident memory for 2,400 devices × 50 points", 30, "snmp50", "memory", " MB")
        self._plain("the same × 120 points", 30, "snmp120", "memory", " MB")
        for work, title in (("snmp50", "SNMP"), ("modbus", "Modbus")):
            name = f"{title}: instructions per point, outside the kernel"
            peers = [(tool, self._figure(work, "instructions", tool))
                     for tool in self._tools(work)]
            self._note_row(name, self._figure(work, "instructions"), peers=peers)

    def _wrong_values(self):
        ours, checked, peers = 0, 0, {}
        for entry in self._bench.measurements:
            if entry["work"] != "faults" or "wrong" not in entry:
                continue
            if entry["tool"].startswith(OURS):
                ours += entry["wrong"]
                checked += entry["checked"]
            else:
                name = entry["tool"].split(":")[0]
                peers[name] = peers.get(name, 0) + entry["wrong"]
        if checked:
            self._row(
                f"wrong values under all faults, of {checked:,}", 0, Figure([ours]),
                [(name, Figure([count])) for name, count in peers.items()])

    def _note_row(self, title, figure, unit="", peers=()):
        """A row without a goal."""
        if not figure:
            return
        shown = "; ".join(f"{name} {peer.text()}" for name, peer in peers if peer)
        self._rows.append({
            "work": title, "unit": unit.strip(), "frostline": figure.json(),
            "peers": {name: peer.json() for name, peer in peers if peer},
            "shown": (title, "", figure.text(unit), shown, "")})

    # Files

    def publish(self):
        self._make_rows()
        loads = self._bench.loads or [0.0]
        machine = (
            f"{os.cpu_count()} cores ({processor_name()}), load {min(loads):.1f} to "
            f"{max(loads):.1f}, {time.strftime('%Y-%m-%d')}, runs: {self._bench.runs}")
        lines = [machine, "", "| work | goal | Frostline | peers | met |", "|---|---|---|---|---|"]
        lines += ["| " + " | ".join(row["shown"]) + " |" for row in self._rows]
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

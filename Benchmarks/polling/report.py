"""The table of the goals of polling."""
from measuring.report import OURS, Figure, Table


class Report(Table):
    # What was measured

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

    def make_rows(self):
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

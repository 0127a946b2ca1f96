"""The table of the goals of the store."""
from measuring.report import Figure, Table

from .answers import TITLES
from .servers import PEERS

# Size -> question -> milliseconds.
QUESTION_GOALS = {
    "S": {"q1": 0.5, "q2": 0.8, "q3": 0.4, "q4": 8, "q5": 0.2, "q6": 4},
    "M": {"q1": 4, "q2": 0.8, "q3": 0.4, "q4": 80, "q5": 1, "q6": 25}}
SIZES = {"S": "1,000 series", "M": "10,000 series"}


class Report(Table):
    columns = tuple(kind.name for kind in PEERS)

    def machine_note(self):
        found = self._bench.calibrations
        if not found:
            return ""
        return f", a fixed piece of work took {min(found):.2f} to {max(found):.2f} s"

    def make_rows(self):
        for size in SIZES:
            self._day(size)
        self._plain(
            "memory while 12,000 samples/s come in, 100,000 series", 120, "site", "memory", " MB")
        self._note("of that anonymous", "site", "anonymous", " MB")
        self._note("the benchmark's own tables before the store is opened", "site", "own", " MB")
        self._plain(
            "start after kill -9 with 100,000 series, until it answers", 3, "site", "start", " s")
        self._note("series it then knows", "site", "known")
        self._plain("decode, million values/s on one core", 100, "codec", "decode", atLeast=True)
        self._plain("encode, million values/s on one core", 30, "codec", "encode", atLeast=True)
        self._month()

    def _day(self, size):
        title = f"{size}, {SIZES[size]}"
        self._plain(f"{title}: ingest, CPU s per million samples", 0.25, size, "cpu")
        self._note("the same with merges and the end", size, "cpuAll")
        self._note("rollups and hash chain on top", f"{size} rolled up", "cpu")
        self._plain("bytes per sample on disk, closed", 0.55, size, "disk")
        self._note("the same while running", size, "live")
        self._plain("the same with rollups and hash chain", 0.55, f"{size} rolled up", "disk")
        self._note("blocks alone, no log", size, "packed")
        self._note("peak memory while it is written", size, "memory", " MB")
        for name, goal in QUESTION_GOALS[size].items():
            self._plain(f"{title}: {TITLES[name]}, CPU", goal, f"{size} questions", name, " ms")
            self._note("the same, not asked before", f"{size} questions, first", name, " ms")
            self._note("the same from rollups", f"{size} rolled up questions", name, " ms")

    def _month(self):
        made = [entry for entry in self._bench.measurements
                if entry["work"] == "month" and "samples" in entry]
        if not made:
            return
        site = f"{made[0]['racks']:,} racks, 30 days"
        self._note(f"store verify, {site}: wall", "verify", "wall", " s")
        self._note("the same, MB/s", "verify", "rate")
        self._note("the same, CPU ns per sample", "verify", "nanoseconds")
        self._note("the same, peak memory", "verify", "memory", " MB")
        cases = [entry for entry in self._bench.measurements if entry["work"] == "damage"]
        if cases:
            total = sum(entry["planted"] for entry in cases)
            self._row(
                f"planted damage found, of {total:,}", total,
                Figure([sum(entry["found"] for entry in cases)]), [], atLeast=True)
            self._row(
                "whole chunks named as damaged", 0,
                Figure([sum(entry["whole"] for entry in cases)]), [])

    def _note(self, title, work, key, unit=""):
        """A row without a goal, where anybody has that figure."""
        peers = [(tool, self._figure(work, key, tool)) for tool in self._tools(work)]
        self._note_row(title, self._figure(work, key), unit, peers)

    def remarks(self):
        lines = [""]
        lines += [
            f"{entry['racks']:,} racks, a reading every {entry['interval']} s for {entry['days']}"
            f" days: {entry['samples']:,} samples of {entry['series']:,} series,"
            f" {entry['chunks']:,} chunks, {entry['bytes']:,} bytes."
            for entry in self._bench.measurements
            if entry["work"] == "month" and "samples" in entry]
        lines += [
            f"{entry['case'].capitalize()}: {entry['found']} of {entry['planted']} found"
            f" ({entry['said']}); {entry['hurt']} chunks hurt, {entry['named']} of them named,"
            f" and {entry['whole']} that are whole."
            for entry in self._bench.measurements if entry["work"] == "damage"]
        compared = [entry for entry in self._bench.measurements if "question" in entry]
        if compared:
            lines.append(
                f"{sum(entry['values'] for entry in compared):,} answers compared with those of"
                f" the peers; {len(self._bench.wrong)} differ from what is allowed.")
        failed = [f"{entry['work']}, {entry['tool']}: {entry['failed']}"
                  for entry in self._bench.measurements if "failed" in entry]
        lines += [f"**FAILED: {text}**" for text in failed]
        lines += [f"**WRONG: {text}**" for text in self._bench.wrong]
        return lines

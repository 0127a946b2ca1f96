"""The six questions, put to every engine in its own words, and whether the answers are the same."""
import json
import time

from .data import DAY_MS, DAY_START_MS

TITLES = {
    "q1": "last value of all series", "q2": "one series, raw, 24 h",
    "q3": "5-min means of one series, 24 h", "q4": "sum of all rack powers at 1 min, 24 h",
    "q5": "increase of the energy counters over a day",
    "q6": "hourly maximum over all inlets, a day"}
# Values and times as they were sent are the same in every engine. A mean, or what grew in a day, is
# not to the last digit: an engine says which of two steps a reading on their border belongs to, and
# Prometheus draws the line out to the borders of the day.
TOLERANCE = {"q1": 1e-9, "q2": 1e-9, "q3": 1e-3, "q4": 1e-3, "q5": 1e-3, "q6": 1e-9}
# A series that has been silent for longer has no last value in PromQL.
LOOK_BACK_MS = 300_000
END = (DAY_START_MS + DAY_MS) // 1000
START = DAY_START_MS // 1000
POWER = "dcim_rack_power_watts"
METERS = "dcim_meter_energy_kilowatthours_total"
INLETS = "dcim_rack_inlet_temp_celsius"


def requests():
    """Path and parameters by question; nocache: VictoriaMetrics keeps answers."""
    def at(query):
        return "/api/v1/query", {"query": query, "time": END, "nocache": 1}

    def over(query, step):
        return "/api/v1/query_range", {
            "query": query, "start": START + step, "end": END, "step": f"{step}s", "nocache": 1}

    return {
        "q1": at('{__name__=~"dcim_.+"}'), "q2": at(POWER + '{device="r0072"}[24h]'),
        "q3": over("avg_over_time(" + POWER + '{device="r0072"}[5m])', 300),
        "q4": over(f"sum(avg_over_time({POWER}[1m]))", 60),
        "q5": at(f"increase({METERS}[24h])"),
        "q6": over(f"max(max_over_time({INLETS}[1h]))", 3600)}


def of_server(server, numbers):
    """question -> {key: value}; keys are numbers of series, or milliseconds."""
    found = {}
    for name, (path, query) in requests().items():
        result = json.loads(server.get(path, **query))["data"]["result"]
        if name in ("q1", "q5"):
            found[name] = {
                _number(row["metric"], numbers): float(row["value"][1]) for row in result}
        else:
            rows = result[0]["values"] if result else []
            found[name] = {round(at * 1000): float(value) for at, value in rows}
    return found


def _number(metric, numbers):
    labels = dict(metric)
    # increase() leaves the name out.
    name = labels.pop("__name__", METERS)
    return numbers[(name, tuple(sorted(labels.items())))]


def of_store(text):
    """The same of what `StoreBenchmark answers` prints; and when each series was read last."""
    found = {name: {} for name in TITLES}
    newest = {}
    for line in text.splitlines():
        name, key, value, *more = line.split()
        found[name][int(key)] = float(value)
        if more:
            newest[int(key)] = int(more[0])
    return found, newest


def compare(bench, work, ours, newest, theirs, tool):
    """Says loudly where an engine answers otherwise; returns the questions."""
    wrong = []
    for name, tolerance in TOLERANCE.items():
        mine, other = ours[name], theirs[name]
        if name == "q1":
            silent = DAY_START_MS + DAY_MS - LOOK_BACK_MS
            mine = {key: mine[key] for key in mine if key in other or newest[key] > silent}
        missing = len(mine.keys() ^ other.keys())
        worst, where = 0.0, None
        for key in mine.keys() & other.keys():
            scale = max(abs(mine[key]), abs(other[key]), 1e-12)
            if abs(mine[key] - other[key]) / scale > worst:
                worst, where = abs(mine[key] - other[key]) / scale, key
        bench.note(
            f"{work} answers", tool, 0, question=name, values=len(mine.keys() & other.keys()),
            missing=missing, difference=worst)
        if missing or worst > tolerance or not mine:
            wrong.append(name)
            detail = f"{missing} of {len(mine)} values are in one only" if missing else (
                f"at {where} {mine[where]!r} here and {other[where]!r} there, a difference of"
                f" {worst:.2g} (allowed: {tolerance:g})" if mine else "nothing")
            bench.say_wrong(f"{work}, {TITLES[name]}: frostline against {tool}: {detail}")
    return wrong


def measure_server(bench, work, server, run):
    """Processor milliseconds of a question, its HTTP and JSON with it: the mean of many in a row,
    so that memory that is cleaned up later counts too."""
    least, most, seconds = (5, 100, 0.7) if bench.quick else (9, 400, 2.0)
    values = {}
    for name, (path, query) in requests().items():
        server.get(path, **query)
        before, begun, count = server.processor_seconds(), time.monotonic(), 0
        while count < least or (count < most and time.monotonic() - begun < seconds):
            server.get(path, **query)
            count += 1
        values[name] = round((server.processor_seconds() - before) / count * 1000, 3)
    bench.note(f"{work} questions", server.name, run, **values)

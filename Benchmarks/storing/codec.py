"""Values a second through the codec alone, in memory, on one core."""
from .data import Dataset

POLLS = 360


def measure(bench):
    data = Dataset.day(bench, "S").make()
    for run in bench.repeats(10):
        calibration = bench.calibrate()
        found = bench.ask("codec", run, "codec", data.series_path, data.records, POLLS)
        if found:
            bench.note(
                "codec", "frostline", run, encode=found["encode_values_per_s"] / 1e6,
                decode=found["decode_values_per_s"] / 1e6, bytes=found["codec_bytes_per_value"],
                values=found["codec_values"], calibration=calibration)

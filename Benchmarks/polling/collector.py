"""collectd, which polls at an interval of its own: its processor time is read from outside."""
import os
import subprocess
import time

from measuring.session import end


def processor_seconds(pid):
    """Of all threads, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        except OSError:
            continue
    return total / 1e9


def resident_megabytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def collectd_cost(bench, farm, work, configuration, devices, points, interval, counter):
    """Two of its intervals, from shortly before the second on: the first one sets up."""
    program = bench.installed("collectd")
    if not program:
        return
    folder = f"{bench.work}/collectd"
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/collectd.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(configuration)
    process = subprocess.Popen(
        [program, "-f", "-C", path], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        time.sleep(interval * 0.95)
        farm.counters()
        before = processor_seconds(process.pid)
        time.sleep(interval * 2)
        used = processor_seconds(process.pid) - before
        memory = resident_megabytes(process.pid)
        asked = farm.counters()[counter]
    except OSError as error:
        return bench.failed(work, "collectd", 0, f"it has ended ({error.strerror})")
    finally:
        end(process)
    requests = asked / devices / 2
    if requests < 1:
        return bench.failed(work, "collectd", 0, f"only {asked} requests in two intervals")
    bench.note(
        work, "collectd", 0, cpu=round(used / (2 * devices * points) * 1e6, 2),
        requests=round(requests, 2), memory=memory)

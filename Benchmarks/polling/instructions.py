"""Instructions a point takes outside the kernel: a figure that other load does not change."""
import os
import re
import shutil
import subprocess


def instructions_per_point(bench, work, tool, points, command):
    """The difference between a run of few and one of more cycles, under callgrind."""
    if not shutil.which("valgrind"):
        bench.leave_out(f"instructions of {tool}: valgrind is not installed")
        return
    few, many = 2, 6
    counts = [_count(bench, [str(word) for word in command(cycles)]) for cycles in (few, many)]
    if None in counts:
        return bench.failed(work, tool, 0, "callgrind gave no count")
    bench.note(
        work, tool, 0, instructions=round((counts[1] - counts[0]) / ((many - few) * points)))


def _count(bench, command):
    stripped = f"{bench.work}/stripped-{os.path.basename(command[0])}"
    # valgrind 3.19 cannot read the debug information of Swift 6.
    subprocess.run(["strip", "-g", "-o", stripped, command[0]], check=True)
    arguments = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={bench.work}/callgrind.out"]
    try:
        result = subprocess.run(
            arguments + [stripped] + command[1:], capture_output=True, text=True, timeout=120,
            cwd=bench.work, check=False)
    except subprocess.TimeoutExpired:
        return None
    found = re.search(r"Collected : (\d+)", result.stderr)
    return int(found.group(1)) if found and result.returncode == 0 else None

"""The machine: what it is, what its processes use, and on which core they run."""

import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

SERVER_CORE = 0
LOAD_CORE = 1


def describe() -> list[str]:
    """The machine in a few lines for people, with the load that was on it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"server on core {SERVER_CORE}, load generator on core {LOAD_CORE}, loopback",
    ]


def load_average() -> float:
    """Of the last minute."""
    return os.getloadavg()[0]


def cores() -> int:
    """How many there are."""
    return os.cpu_count() or 1


def pinned(core: int) -> Callable[[], None]:
    """For `subprocess.Popen(preexec_fn=…)`: the process and its children run on this core alone."""
    return lambda: os.sched_setaffinity(0, {core})


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in family(int(child)))]


def cpu_seconds(pids: list[int]) -> float:
    """Processor time of these processes so far, of all their threads."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except (OSError, IndexError):
                continue  # a thread that has just ended
    return total / 1e9


def resident_kib(pids: list[int]) -> int:
    """Resident memory of these processes."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def commit() -> str:
    """Which state of the project was measured; the page that the figures are written into is no part of it."""

    def git(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)

    try:
        named = git("rev-parse", "--short", "HEAD").stdout.strip()
        changed = git("diff", "--quiet", "HEAD", "--", ".", ":!docs/performance.md").returncode == 1
    except OSError:
        return "unknown"
    return f"{named}-dirty" if named and changed else named or "unknown"

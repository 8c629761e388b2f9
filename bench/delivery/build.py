"""The bench's own programs, built from C when their source is newer, and node's peers."""

import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Kept from run to run: the compiled programs and node's packages.
WORK = Path(os.environ.get("BENCH_DIR") or Path(tempfile.gettempdir()) / f"windsock-bench-{os.getuid()}")


class Missing(Exception):
    """Something is not installed here; the text says what."""


@lru_cache
def program(name: str) -> str:
    """The path of the program `name`, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("a C compiler (gcc) is not installed")
    source, target = HERE / f"{name}.c", WORK / name
    WORK.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([compiler, "-O2", "-Wall", "-o", str(target), str(source)], check=True)
    return str(target)


def installed(name: str, hint: str) -> str:
    """The path of an installed program."""
    found = shutil.which(name) or next(
        (path for folder in ("/usr/sbin", "/usr/local/sbin") if (path := shutil.which(name, path=folder))),
        None,
    )
    if found is None:
        raise Missing(f"{name} is not installed ({hint})")
    return found


@lru_cache
def node_packages() -> Path:
    """The folder in which node finds the peers' packages; installed there on first use."""
    folder = WORK / "node"
    if not (folder / "node_modules" / "socket.io").exists():
        npm = installed("npm", "apt install npm")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "peers/package.json", folder)
        done = subprocess.run(
            [npm, "install", "--silent"], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Missing(f"npm could not install ws and socket.io: {done.stderr.strip()[:200]}")
    return folder

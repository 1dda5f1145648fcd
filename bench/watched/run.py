#!/usr/bin/env python3
"""Runs the server and the library that runs Python under a watcher, and prints what the watcher finds.

    bench/watched/run.py memcheck|asan|tsan target/WATCHER/…/wsgi-serve [PYTHON]

The server and its library are built for that watcher by `bench/watched/build`, without the allocator of our own, and CPython uses
malloc too, so that each block is seen. Clients ask for every way to answer, in daemon and in embedded mode, in the main
interpreter, in sub-interpreters and in those with a GIL of their own; they leave in the middle; scripts are asked who may come in and where
a request runs; requests are interrupted, scripts change and the server is reloaded: see `load.py`. Exit status 1: something was
found, or an answer did not come.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import load
from watchers import WATCHERS

SHIM = """#!/bin/sh
{words} {python} "$@"
"""


def serve(watcher, server, python, orders, rounds):
    """What became of the requests, and what the watcher wrote."""
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        home = pathlib.Path(root, "home/bin")
        home.mkdir(parents=True)
        shim = home / "python"
        shim.write_text(SHIM.format(words=watcher.before_python(root), python=python))
        shim.chmod(0o755)
        port = 20_000 + os.getpid() % 10_000
        conf = load.lay_out(root, port, home.parent, orders)
        words = [server, "-f", str(conf)] + (["--allow-root"] if os.geteuid() == 0 else [])
        environment = {**os.environ, "PYTHONMALLOC": "malloc", **watcher.environment(root)}
        done = load.run(words, environment, root, port, orders, rounds)
        logs = sorted(pathlib.Path(root).glob("watcher.*"))
        return done, [error for log in logs for error in watcher.errors(log.read_text(errors="replace"))]


def main():
    watcher = WATCHERS[sys.argv[1]]
    server = os.path.abspath(sys.argv[2])
    python = shutil.which(sys.argv[3] if len(sys.argv) > 3 else "python3")
    python = subprocess.run(
        [python, "-c", "import os, sys; print(os.path.realpath(sys.executable))"], check=True, capture_output=True, text=True
    ).stdout.strip()
    failed = False
    for name, orders in [("with embedded mode", load.ORDERS), ("daemons alone", load.ORDERS_OF_DAEMONS)][: watcher.LAYOUTS]:
        done, found = serve(watcher, server, python, orders, watcher.ROUNDS)
        ours = [error for error in found if watcher.is_ours(error)]
        print(f"{name}: {done.sent} requests, {len(done.failures)} without an answer; {len(found)} errors, {len(ours)} of ours")
        for text in [*ours[:20], *done.failures]:
            print(text, "\n")
        failed |= bool(ours or done.failures)
    sys.exit(failed)


if __name__ == "__main__":
    main()

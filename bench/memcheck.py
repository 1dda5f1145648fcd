#!/usr/bin/env python3
"""Runs the library that runs Python under valgrind, and prints what valgrind finds in it.

    bench/memcheck.py target/memcheck/debug/wsgi-serve [PYTHON]

The server and its library are built without the allocator of our own (`make memcheck`), and CPython uses malloc too, so that
valgrind sees each block. Four clients at a time ask for every way to answer that `tests/cases/beside/site/app.wsgi` knows, in
daemon and in embedded mode, in the main interpreter, in sub-interpreters and in those with a GIL of their own, while the
script changes. Exit status 1: an invalid access, a use of memory that nobody wrote, or a lost block, that comes from our
library.
"""

import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SITE = ROOT / "tests/cases/beside/site"
ROUNDS = 3
OURS = re.compile(r"wsgi_python|wsgi_httpd|libwsgi_python")

CONF = """
ServerRoot "{root}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{root}/httpd.pid"
ErrorLog "{root}/error.log"
ServerLimit 1
ThreadsPerChild 4
Timeout 300
WSGIPythonHome "{home}"
WSGIDaemonProcess app threads=4 python-home="{home}" shutdown-timeout=60
WSGIScriptAlias /main "{root}/app.wsgi" process-group=app application-group=%{{GLOBAL}}
WSGIScriptAlias /sub "{root}/app.wsgi" process-group=app application-group=sub
WSGIScriptAlias /own "{root}/app.wsgi" process-group=app application-group=own
WSGIScriptAlias /embedded "{root}/app.wsgi" application-group=%{{GLOBAL}}
WSGIScriptAlias /within "{root}/app.wsgi" application-group=within
<WSGIInterpreterOptions application-group=own>
    WSGIPerInterpreterGIL On
</WSGIInterpreterOptions>
<Directory "{root}">
    Require all granted
</Directory>
<Location />
    WSGIChunkedRequest On
</Location>
"""

SHIM = """#!/bin/sh
exec valgrind --quiet --trace-children=no --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \\
    --num-callers=40 --fair-sched=yes --max-stackframe=8000000 --log-file={root}/valgrind.%p {python} "$@"
"""


def requests():
    """Method, path and body of every request that the comparison with Apache knows for this script."""
    for name in ["responses.conf", "bodies.conf"]:
        for line in (ROOT / "tests/cases/beside" / name).read_text().splitlines():
            found = re.match(r"#: (GET|HEAD|POST|PUT) (\S+)(?: \| (.*))?$", line)
            if found:
                method, path, body = found.groups()
                path = re.sub(r"^/(chunked|closed)", "", path)
                chunks = body.split(" | ") if body else []
                yield method, path, [chunk.encode() for chunk in chunks]


def ask(port, mounts, failures):
    for mount in mounts:
        for method, path, chunks in requests():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
            try:
                body = iter(chunks) if len(chunks) > 1 else b"".join(chunks) or None
                connection.request(method, mount + path, body=body, encode_chunked=len(chunks) > 1)
                connection.getresponse().read()
            except (http.client.HTTPException, ConnectionError):
                # Some of these answers are cut, which is how they are meant.
                pass
            except TimeoutError:
                failures.append(f"{method} {mount}{path}: no answer")
            finally:
                connection.close()


def is_ours(error):
    """Whether it is for us to mend.

    An invalid access is, whoever makes it: but for the title of a process, since valgrind's process lies elsewhere than the
    kernel says. A value that nobody wrote is, where our own code uses it: CPython's `int.from_bytes` makes such, and hands them
    on. A lost block is, where no code of Python's stands between it and ours.
    """
    frames = [line for line in error.splitlines() if re.match(r" *(at|by) 0x", line)]
    if "Invalid " in error:
        return "wsgi_python::title::" not in error
    if "uninitialised" in error:
        return bool(OURS.search(frames[0]))
    for frame in frames:
        if OURS.search(frame):
            return True
        if "_PyEval_" in frame or "PyImport_" in frame:
            return False
    return False


def errors(text):
    """The errors of a log: paragraphs of lines that begin with the process's number."""
    lines = [re.sub(r"^==\d+==? ?", "", line) for line in text.splitlines()]
    return [paragraph for paragraph in re.split(r"\n\s*\n", "\n".join(lines)) if " at 0x" in paragraph]


def main():
    server = os.path.abspath(sys.argv[1])
    python = shutil.which(sys.argv[2] if len(sys.argv) > 2 else "python3")
    python = subprocess.run(
        [python, "-c", "import os, sys; print(os.path.realpath(sys.executable))"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        shutil.copytree(SITE, root, dirs_exist_ok=True)
        home = pathlib.Path(root, "home/bin")
        home.mkdir(parents=True)
        shim = home / "python"
        shim.write_text(SHIM.format(root=root, python=python))
        shim.chmod(0o755)
        port = 20_000 + os.getpid() % 10_000
        conf = pathlib.Path(root, "httpd.conf")
        conf.write_text(CONF.format(root=root, port=port, home=home.parent))
        words = [server, "-f", str(conf)] + (["--allow-root"] if os.geteuid() == 0 else [])
        child = subprocess.Popen(words, env={**os.environ, "PYTHONMALLOC": "malloc"})
        failures = []
        try:
            for _ in range(1200):
                try:
                    http.client.HTTPConnection("127.0.0.1", port, timeout=300).connect()
                    break
                except ConnectionRefusedError:
                    if child.poll() is not None:
                        raise SystemExit("the server does not start")
                    time.sleep(0.1)
            script = pathlib.Path(root, "app.wsgi")
            for round in range(ROUNDS):
                # Each changes the other's threads as little as real clients do.
                orders = [["/main", "/sub"], ["/own", "/embedded"], ["/within", "/main"], ["/sub", "/own"]]
                clients = [threading.Thread(target=ask, args=(port, mounts, failures)) for mounts in orders]
                for client in clients:
                    client.start()
                for client in clients:
                    client.join()
                draft = script.with_suffix(".draft")
                draft.write_text(script.read_text() + f"# {round}\n")
                os.utime(draft, (1_800_000_000 + round, 1_800_000_000 + round))
                draft.rename(script)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(300)
        logs = sorted(pathlib.Path(root).glob("valgrind.*"))
        found = [error for log in logs for error in errors(log.read_text(errors="replace"))]
        ours = [error for error in found if is_ours(error)]
        print(f"{len(logs)} processes, {len(found)} errors, {len(ours)} of our library, {len(failures)} without an answer")
        for error in ours[:20]:
            print(error, "\n")
        for failure in failures:
            print(failure)
        sys.exit(bool(ours or failures or not logs))


main()

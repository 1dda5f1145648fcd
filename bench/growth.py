#!/usr/bin/env python3
"""Whether memory grows: ten thousand loads of a changed script, and ten thousand requests to a sub-interpreter.

    bench/growth.py 'target/release/wsgi-serve -f {conf}' [PYTHON]

Each part serves a site of its own. What its processes hold (their proportional share, PSS) after each tenth of the requests is
printed. A changed script leaves its old module as garbage, which Python collects when it sees fit: so the most of the last
three tenths is compared with the most of the three after the first. Exit status 1: it is larger by a twentieth and 1 MiB.

The kernel rounds what a process holds up to huge pages, 2 MiB each, when it sees fit: they are switched off here.
"""

import ctypes
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

APP = """
import json, re, logging, decimal
TABLE = {number: str(number) * 10 for number in range(2000)}

class Application:
    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [json.dumps({"version": VERSION, "path": environ["PATH_INFO"]}).encode()]

VERSION = %d
application = Application()
"""

BASE = """
ServerRoot "{root}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{root}/httpd.pid"
ErrorLog /dev/null
ServerLimit 1
<Directory "{root}">
    Require all granted
</Directory>
"""

PARTS = {
    "embedded mode, each request loads the script anew": (
        'WSGIPythonHome "{home}"\nWSGIScriptAlias / "{root}/app.wsgi" application-group=%{{GLOBAL}}\n',
        10_000,
        True,
    ),
    "the same in a sub-interpreter": (
        'WSGIPythonHome "{home}"\nWSGIScriptAlias / "{root}/app.wsgi" application-group=shop\n',
        10_000,
        True,
    ),
    "daemon mode, ten requests, then a new process for the changed script": (
        'WSGIDaemonProcess app threads=2 python-home="{home}"\n'
        'WSGIScriptAlias / "{root}/app.wsgi" process-group=app application-group=%{{GLOBAL}}\n',
        1_000,
        10,
    ),
    "daemon mode, a sub-interpreter": (
        'WSGIDaemonProcess app threads=2 python-home="{home}"\n'
        'WSGIScriptAlias / "{root}/app.wsgi" process-group=app application-group=shop\n',
        10_000,
        False,
    ),
    "daemon mode, twenty sub-interpreters in turn": (
        'WSGIDaemonProcess app threads=2 python-home="{home}"\nWSGIProcessGroup app\n'
        + "".join(
            f'WSGIScriptAlias /{number} "{{root}}/app.wsgi" application-group=shop{number}\n' for number in range(20)
        ),
        10_000,
        20,
    ),
}


def family(pid):
    """A process and those below it."""
    found = [pid]
    for member in found:
        for thread in os.listdir(f"/proc/{member}/task"):
            with open(f"/proc/{member}/task/{thread}/children") as children:
                found += [int(child) for child in children.read().split()]
    return found


def held(pid):
    """KiB of a process and those below it."""
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def without_huge_pages():
    """`prctl(PR_SET_THP_DISABLE)`, which children inherit."""
    if ctypes.CDLL(None).prctl(41, 1, 0, 0, 0) != 0:
        raise OSError("this kernel does not know PR_SET_THP_DISABLE")


class Site:
    def __init__(self, command, text, root, home):
        self.root, self.port = root, free_port()
        self.script = os.path.join(root, "app.wsgi")
        self.version = 0
        self.clock = int(time.time())
        self.change()
        conf = os.path.join(root, "httpd.conf")
        with open(conf, "w") as file:
            file.write((BASE + text).format(root=root, port=self.port, home=home))
        words = [word.format(conf=conf) for word in shlex.split(command)]
        if os.geteuid() == 0 and "wsgi-serve" in words[0]:
            words.insert(1, "--allow-root")
        self.server = subprocess.Popen(words, stdout=subprocess.DEVNULL, preexec_fn=without_huge_pages)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for _ in range(600):
            try:
                self.connection.connect()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise SystemExit("the server does not start")

    def change(self):
        """Writes the script with another time than it ever had."""
        self.version += 1
        draft = self.script + ".draft"
        with open(draft, "w") as file:
            file.write(APP % self.version)
        os.utime(draft, (self.clock + self.version, self.clock + self.version))
        os.rename(draft, self.script)

    def ask(self, path):
        try:
            self.connection.request("GET", path)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError):
            self.connection.close()
            self.connection.request("GET", path)
            answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or f'"version": {self.version},'.encode() not in body:
            raise SystemExit(f"{path}: {answer.status} {body!r}, not version {self.version}")

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(60)


def run(name, command, home):
    text, requests, changes = PARTS[name]
    paths = ["/x"]
    if changes == 20:
        paths, changes = [f"/{number}" for number in range(20)], False
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        site = Site(command, text, root, home)
        try:
            sizes = []
            for number in range(1, requests + 1):
                if changes and number % (1 if changes is True else changes) == 0:
                    site.change()
                site.ask(paths[number % len(paths)])
                if number % (requests // 10) == 0:
                    sizes.append(held(site.server.pid))
        finally:
            site.stop()
    before, after = max(sizes[1:4]), max(sizes[-3:])
    grew = after - before
    shown = " ".join(f"{size / 1024:.1f}" for size in sizes)
    print(f"{name}: {requests} requests, {site.version - 1} loads: {shown} MiB", flush=True)
    return grew > 1024 and grew > before / 20


def main():
    command = sys.argv[1]
    python = sys.argv[2] if len(sys.argv) > 2 else "python3"
    home = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], check=True, capture_output=True, text=True
    ).stdout.strip()
    grown = [name for name in PARTS if run(name, command, home)]
    for name in grown:
        print(f"grew: {name}", file=sys.stderr)
    sys.exit(bool(grown))


main()

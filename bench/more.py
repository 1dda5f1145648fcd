#!/usr/bin/env python3
"""Two figures that the harness has no workload for. Standard library only; Linux.

    bench/more.py static 'target/release/wsgi-serve -f {conf}'
    bench/more.py memory 'target/release/wsgi-serve -f {conf}'
    bench/more.py static 'apache2 -D FOREGROUND -f {conf}'

static: one process of eight threads, all of them asleep for 50 ms in each request, asked over 16 connections; meanwhile a static
file on the same listener, over one more connection. memory: the whole tree of processes after ten requests and a second of rest.

BENCH_HOME is the virtual environment of the process group. It must be readable by the account `nobody` when run as root.
"""
import http.client
import multiprocessing
import os
import pwd
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CONF = """\
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/httpd.pid"
ErrorLog "{folder}/error.log"
LogLevel warn
KeepAlive On
MaxKeepAliveRequests 0
{modules}{account}<IfModule mpm_event_module>
    ServerLimit 2
    StartServers 2
    ThreadsPerChild 32
    MaxRequestWorkers 64
</IfModule>
WSGIDaemonProcess bench processes=1 threads={threads} python-home="{home}"
WSGIProcessGroup bench
WSGIApplicationGroup %{{GLOBAL}}
WSGIScriptAlias /app "{folder}/app.wsgi"
Alias /static/ "{folder}/static/"
<Directory "{folder}">
    Require all granted
</Directory>
"""

APP = """\
import time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/sleep":
        time.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"Hello world!"]
"""

MODULES = {
    "mpm_event_module": "mod_mpm_event.so",
    "authz_core_module": "mod_authz_core.so",
    "alias_module": "mod_alias.so",
}


def modules(home: Path) -> str:
    """What Apache must load; a server that has it built in skips the lines."""
    folder = Path(os.environ.get("BENCH_APACHE_MODULES", "/usr/lib/apache2/modules"))
    files = {name: folder / file for name, file in MODULES.items()}
    own = sorted(home.glob("lib/python3*/site-packages/mod_wsgi/server/mod_wsgi-*.so"))
    files["wsgi_module"] = own[0] if own else folder / "mod_wsgi.so"
    return "".join(f"<IfModule !{name}>\n    LoadModule {name} {file}\n</IfModule>\n" for name, file in files.items())


def get(connection: http.client.HTTPConnection, path: str) -> float:
    """Milliseconds that a request takes."""
    begin = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, f"GET {path}: {answer.status}"
    return (time.perf_counter() - begin) * 1000


def sleepers(port: int, seconds: float, result: multiprocessing.SimpleQueue) -> None:
    """Sixteen clients of the sleeping application; a process of their own, so that they do not disturb the clock."""
    stop = time.monotonic() + seconds
    counts = [0] * 16

    def client(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < stop:
            get(connection, "/app/sleep")
            counts[index] += 1

    threads = [threading.Thread(target=client, args=(index,)) for index in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.put(sum(counts))


def measure_static(port: int, seconds: float) -> None:
    result = multiprocessing.SimpleQueue()
    load = multiprocessing.Process(target=sleepers, args=(port, seconds, result))
    load.start()
    time.sleep(0.5)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times = []
    stop = time.monotonic() + seconds - 1
    while time.monotonic() < stop:
        times.append(get(connection, "/static/file.txt"))
        time.sleep(0.01)
    load.join()
    times.sort()
    p99 = times[int(len(times) * 0.99)]
    print(f"sleep50 at 1x8: {result.get() / seconds:.0f} requests/s of 160 that the threads allow")
    print(f"static file meanwhile: median {statistics.median(times):.2f} ms, p99 {p99:.2f} ms, "
          f"max {times[-1]:.2f} ms, {len(times)} requests")


def measure_memory(port: int, session: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(10):
        get(connection, "/app")
    connection.close()
    time.sleep(1)
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            rollup = (entry / "smaps_rollup").read_text()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:60]
        except OSError:
            continue
        pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        total += pss
        print(f"  {pss / 1024:6.1f} MiB  {command}")
    print(f"PSS of the tree at rest: {total / 1024:.1f} MiB")


def wait_for(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 15
    while True:
        assert server.poll() is None, "the server ended at once"
        try:
            get(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/app")
            return
        except (OSError, AssertionError, http.client.HTTPException):
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in ("static", "memory"):
        print(__doc__)
        return 2
    what, command = sys.argv[1:]
    home = Path(os.environ.get("BENCH_HOME", sys.prefix))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "static").mkdir()
        (folder / "static" / "file.txt").write_text("x" * 1000)
        (folder / "app.wsgi").write_text(APP)
        account = ""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            account = f"User nobody\nGroup #{nobody.pw_gid}\n"
        conf = folder / "httpd.conf"
        conf.write_text(CONF.format(
            folder=folder, port=port, home=home, modules=modules(home), account=account,
            threads=8 if what == "static" else 1))
        runtime = f"<IfModule !wsgi_httpd_module>\nDefaultRuntimeDir {folder}\nWSGISocketPrefix {folder}/wsgi\n</IfModule>\n"
        conf.write_text(conf.read_text() + runtime)
        argv = [word.format(conf=conf, port=port) for word in shlex.split(command)]
        server = subprocess.Popen(argv, start_new_session=True)
        try:
            wait_for(port, server)
            if what == "static":
                measure_static(port, 5.0)
            else:
                measure_memory(port, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A site in which the library does all that it can do, and clients that have it do so at once."""

import base64
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent.parent / "tests/cases/beside"
# Under a watcher all takes long.
PATIENCE = 300

CONF = """
ServerRoot "{root}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{root}/httpd.pid"
ErrorLog "{root}/error.log"
CustomLog "{root}/access.log" "%h %r %>s"
ServerLimit 1
ThreadsPerChild 4
Timeout 300
WSGIPythonHome "{home}"
WSGITelemetryService unix:{root}/telemetry.sock interval=0.5
WSGISlowRequests 0.1
WSGIDaemonProcess app threads=4 python-home="{home}" shutdown-timeout=60
WSGIDaemonProcess single threads=1 python-home="{home}" shutdown-timeout=60 maximum-requests=500
WSGIDaemonProcess hasty threads=2 python-home="{home}" shutdown-timeout=60 request-timeout=1 interrupt-timeout=60
<WSGIInterpreterOptions application-group=own>
    WSGIPerInterpreterGIL On
</WSGIInterpreterOptions>
{mounts}
{asked}
WSGIScriptAlias /hasty "{root}/more.wsgi" process-group=hasty application-group=%{{GLOBAL}}
WSGIScriptAlias /hurried "{root}/more.wsgi" process-group=hasty application-group=sub
Alias /static "{root}/static"
<Directory "{root}">
    Require all granted
</Directory>
<Location />
    WSGIChunkedRequest On
</Location>
<Location /static>
    AuthType Basic
    AuthName test
    AuthUserFile "{root}/passwords"
    Require valid-user
</Location>
"""
# Scripts are asked where Python runs beside the front.
ASKED_SCRIPTS = """
<LocationMatch ^/[^/]+/chosen>
    WSGIDispatchScript "{root}/asked.py"
</LocationMatch>
<LocationMatch ^/[^/]+/asked>
    WSGIAccessScript "{root}/asked.py"
</LocationMatch>
<LocationMatch ^/[^/]+/inside>
    AuthType Basic
    AuthName test
    AuthBasicProvider wsgi
    WSGIAuthUserScript "{root}/asked.py"
    WSGIAuthGroupScript "{root}/asked.py"
    Require wsgi-group staff
</LocationMatch>
"""
MOUNTS = {
    "main": "process-group=app application-group=%{GLOBAL}",
    "sub": "process-group=app application-group=sub",
    "own": "process-group=app application-group=own",
    "single": "process-group=single application-group=%{GLOBAL}",
    "embedded": "application-group=%{GLOBAL}",
    "within": "application-group=within",
    "apart": "application-group=own",
}
# Each client goes through mounts of its own; together they meet in each interpreter.
ORDERS = [["main", "single", "sub"], ["own", "embedded", "apart"], ["within", "main", "own"], ["sub", "apart", "embedded"]]
# Where nothing is embedded, the process that accepts HTTP is another program.
ORDERS_OF_DAEMONS = [["main", "single", "sub"], ["own", "single"], ["main", "own"], ["sub", "main"]]
ASKED = [
    *["/subscribe", "/data", "/data?raise", "/metrics", "/logs", "/replaced", "/slow", "/nothing"],
    *["/chosen", "/chosen?callable=other", "/chosen?process=single&application=x", "/chosen?application=raise", "/chosen?process=no"],
    *["/asked", "/asked?no"],
]
USERS = ["yes", "no", "none", "other", "raises"]
# Written by `htpasswd -B`; the password is `secret`.
PASSWORDS = "joe:$2y$05$FHknCk39QTlRflt4t5CD3.EpLUQdHbQctFpzYvzlGjbZNr3tqTmsm\n"


class Load:
    """The requests, and what became of them."""

    def __init__(self, port, orders):
        self.port = port
        self.orders = orders
        self.sent = 0
        self.failures = []
        self.lock = threading.Lock()

    def count(self):
        with self.lock:
            self.sent += 1

    def ask(self, method, path, chunks=(), headers=()):
        self.count()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            body = iter(chunks) if len(chunks) > 1 else b"".join(chunks) or None
            connection.request(method, path, body=body, encode_chunked=len(chunks) > 1, headers=dict(headers))
            connection.getresponse().read()
        except (http.client.HTTPException, ConnectionError):
            # Some of these answers are cut, which is how they are meant.
            pass
        except TimeoutError:
            self.failures.append(f"{method} {path}: no answer")
        finally:
            connection.close()

    def leave(self, sent, read=0):
        """Sends what is no whole request, or does not wait for the whole answer."""
        self.count()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connection.sendall(sent)
                while read > 0 and (got := connection.recv(read)):
                    read -= len(got)
        except TimeoutError:
            self.failures.append(f"{sent[:60]!r}: no answer")
        except ConnectionError:
            pass

    def client(self, mounts):
        for mount in mounts:
            for method, path, chunks in answers():
                self.ask(method, f"/{mount}{path}", chunks)
            more = f"/more-{mount}"
            for path in ASKED:
                self.ask("GET", more + path)
            for user in USERS:
                self.ask("GET", more + "/inside", headers=[credentials(user, "x")])
            self.ask("POST", more + "/reads", [b"some ", b"thing " * 5000, b"more"])
            self.broken(f"/{mount}", more)
        for password in ["secret", "wrong", "secret"]:
            self.ask("GET", "/static/hello.txt", headers=[credentials("joe", password), ("Range", "bytes=1-3")])

    def broken(self, mount, more):
        post = f"POST {mount}/echo HTTP/1.1\r\nHost: localhost\r\n".encode()
        get = f"GET {more}/endless HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self.leave(get[:20])
        self.leave(post + b"Content-Length: 100\r\n\r\nsome")
        self.leave(post + b"Content-Length: 200000\r\n\r\n" + b"x" * 150_000)
        self.leave(post + b"Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\nno number\r\n", 1000)
        self.leave(post.replace(b"/echo", b"/echo_generator") + b"Content-Length: 9\r\n\r\nabcd")
        self.leave(get)
        self.leave(get, 100_000)
        # Several behind one another, which are read ahead.
        self.leave(get.replace(b"/endless", b"/logs") * 5, 1)

    def late(self):
        """Requests that are interrupted, two at a time."""
        for path in ["/hasty/late", "/hurried/late"]:
            both = [threading.Thread(target=self.ask, args=("GET", path)) for _ in range(2)]
            for one in both:
                one.start()
            for one in both:
                one.join()
        self.ask("GET", "/hasty/leaves")

    def round(self):
        clients = [threading.Thread(target=self.client, args=(mounts,)) for mounts in self.orders]
        clients.append(threading.Thread(target=self.late))
        for client in clients:
            client.start()
        for client in clients:
            client.join()


def credentials(user, password):
    return "Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def answers():
    """Method, path and body of every request that the comparison with Apache knows for `app.wsgi`."""
    for name in ["responses.conf", "bodies.conf"]:
        for line in (CASES / name).read_text().splitlines():
            found = re.match(r"#: (GET|HEAD|POST|PUT) (\S+)(?: \| (.*))?$", line)
            if found:
                method, path, body = found.groups()
                path = re.sub(r"^/(chunked|closed)", "", path)
                yield method, path, [chunk.encode() for chunk in body.split(" | ")] if body else []


def lay_out(root, port, home, orders):
    """Writes the site with the mounts that the clients go through, and gives its configuration."""
    shutil.copytree(CASES / "site", root, dirs_exist_ok=True)
    shutil.copytree(HERE / "site", root, dirs_exist_ok=True)
    alias = 'WSGIScriptAlias /{prefix}{name} "{root}/{script}" {where}'
    mounts = [
        alias.format(prefix=prefix, name=name, root=root, script=script, where=where)
        for name, where in MOUNTS.items()
        if any(name in order for order in orders)
        for prefix, script in [("more-", "more.wsgi"), ("", "app.wsgi")]
    ]
    conf = pathlib.Path(root, "httpd.conf")
    asked = ASKED_SCRIPTS.format(root=root) if orders == ORDERS else ""
    conf.write_text(CONF.format(root=root, port=port, home=home, mounts="\n".join(mounts), asked=asked))
    pathlib.Path(root, "passwords").write_text(PASSWORDS)
    return conf


def touch(script, round):
    """Changes a script."""
    draft = script.with_suffix(".draft")
    draft.write_text(script.read_text() + f"# {round}\n")
    os.utime(draft, (1_800_000_000 + round, 1_800_000_000 + round))
    draft.rename(script)


def wait_until_ready(server, port):
    for _ in range(PATIENCE * 10):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
            return
        except ConnectionRefusedError:
            if server.poll() is not None:
                raise SystemExit("the server does not start")
            time.sleep(0.1)
    raise SystemExit("the server does not listen")


def run(words, environment, root, port, orders, rounds):
    """Starts the server, sends the load, and stops it; gives what was sent, and what failed."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(pathlib.Path(root, "telemetry.sock")))
    server = subprocess.Popen(words, env=environment)
    load = Load(port, orders)
    try:
        wait_until_ready(server, port)
        for round in range(rounds):
            clients = threading.Thread(target=load.round)
            clients.start()
            if round:
                # New processes take over while the old ones finish what they have.
                server.send_signal(signal.SIGUSR1)
            clients.join()
            for name in ["app.wsgi", "more.wsgi", "asked.py"]:
                touch(pathlib.Path(root, name), round)
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(PATIENCE)
        receiver.close()
    if status:
        load.failures.append(f"the server's exit status is {status}")
    return load

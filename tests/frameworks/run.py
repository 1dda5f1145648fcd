#!/usr/bin/env python3
"""Runs real applications in wsgi-serve and asks for their pages. Standard library only; Linux.

    tests/frameworks/run.py RECIPES TARGET [--python PYTHON] [--serve SERVER] [NAME...]

RECIPES has a folder for each application: app.wsgi, requirements.txt, httpd.conf, perhaps prepare.sh; in it urls.tsv, posts.tsv and
all.conf, which mounts them all. TARGET gets their virtual environments and data, and keeps them. Each application is asked
twice: as `all.conf` has it, in the main interpreter of a daemon process, and alone in a sub-interpreter with a name.
"""
import argparse
import csv
import hashlib
import http.client
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

# What makes the data of an application whose recipe leaves that open.
PREPARED_HERE = {"web2py": Path(__file__).resolve().parent / "web2py.sh"}
# Those that `all.conf` mounts at the root of a host of their own, where the name is defined.
HOSTS = {"web2py": "web2py.test"}
DEFINED = "FW_WEB2PY"
# C extensions that do not bear a sub-interpreter of that version, whoever the host is: zope.interface recurses without an end,
# in mod_wsgi 6.1.1 too.
NOT_ALONE = {"python3.13": {"zope"}}
# What the server itself asks for, by the file of passwords of the recipe: the application has the rest.
LOGINS = [
    {"name": "trac", "url": "/login", "status": "401", "text": ""},
    {"name": "trac", "url": "/login", "header": "Authorization: Basic am9lOndyb25n", "status": "401", "text": ""},
    {"name": "trac", "url": "/login", "header": "Authorization: Basic am9lOnNlY3JldA==", "status": "200", "text": "Welcome to Trac"},
]
PASSWORDS = {"trac": "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"}
START_LIMIT = 120
REQUEST_LIMIT = 120


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipes", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--python")
    parser.add_argument("--serve", type=Path, default=Path("target/release/wsgi-serve"))
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_intermixed_args()
    site = Site(arguments)
    known = sorted(path.parent.name for path in site.recipes.glob("*/app.wsgi"))
    wanted = arguments.names or known
    ready = [name for name in wanted if site.prepare(name)]
    left_out = sorted(set(known) - set(ready))
    failures = [f"{name}: cannot be installed" for name in wanted if name not in ready]
    asked = [request for request in site.requests() if request["name"] in ready]
    failures += site.ask_all(ready, asked, whole=not arguments.names)
    alone = [name for name in ready if name not in NOT_ALONE.get(site.version, ())]
    for name in alone:
        failures += site.ask_alone(name, [request for request in asked if request["name"] == name])
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{site.version}: {len(ready)} applications, {len(alone)} of them alone in a sub-interpreter too, {len(asked)} requests,"
          f" {len(failures)} failures; left out: {', '.join(left_out) or 'none'}")
    return 1 if failures else 0


class Site:
    def __init__(self, arguments):
        self.recipes = arguments.recipes.resolve()
        # Daemon processes leave root; a person's own stay the person's.
        self.user = "www-data" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.serve = arguments.serve.resolve()
        self.python, self.version = self.python_for(arguments.python)
        self.target = arguments.target.resolve() / self.version
        self.venvs, self.data, self.run = (self.target / name for name in ("venvs", "data", "run"))
        for folder in (self.venvs, self.data, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()

    def python_for(self, wanted):
        """The program and version of a Python that the account may execute: the one that is wanted, else the first there is."""
        ask = "import os, sys; print('python%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"
        for candidate in [wanted] if wanted else ["python3", "/usr/bin/python3"]:
            said = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=True).stdout.rstrip("\n")
            version, program = said.split(" ", 1)
            if os.geteuid() != 0 or may_execute(self.user, program):
                return program, version
        sys.exit(f"{candidate}: {self.user} may not execute it: let that account enter the folders above, or name another Python")

    def prepare(self, name: str) -> bool:
        """Installs what an application needs, once for each state of its requirements."""
        requirements = self.recipes / name / "requirements.txt"
        stamp = self.venvs / name / "installed"
        state = hashlib.sha256(requirements.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == state:
            return True
        venv, script = self.venvs / name, PREPARED_HERE.get(name, self.recipes / name / "prepare.sh")
        steps = [[self.python, "-m", "venv", "--clear", venv],
                 [venv / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", requirements]]
        if script.exists():
            # It makes the folder, and may refuse one that is there.
            steps.append(["sh", script, venv, self.data / name])
        else:
            (self.data / name).mkdir(exist_ok=True)
        if os.geteuid() == 0:
            steps.append(["chown", "-R", self.user, self.data / name])
        for step in steps:
            done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                print(f"{name}: {' '.join(map(str, step))}\n{done.stdout}")
                return False
        stamp.write_text(state)
        return True

    def requests(self):
        for file in ("urls.tsv", "posts.tsv"):
            with open(self.recipes / file, newline="") as rows:
                yield from csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)

    def ask_all(self, names, requests, whole):
        for name in names:
            if name in PASSWORDS:
                (self.data / f"{name}.htpasswd").write_text(PASSWORDS[name])
        requests = requests + [login for login in LOGINS if login["name"] in names]
        text = f"Include {self.recipes}/all.conf\n"
        if not whole:
            # The others have no Python, and nothing would start.
            fragments = "".join(f"Include {self.recipes}/{name}/httpd.conf\n" for name in names)
            text = f"Listen 127.0.0.1:{self.port}\nServerName localhost\nWSGIRestrictEmbedded On\n{fragments}"
        return self.ask(self.write("all", text), requests, "as its recipe has it", HOSTS)

    def ask_alone(self, name, requests):
        conf = self.write(name, f"""\
Listen 127.0.0.1:{self.port}
ServerName localhost
WSGIRestrictEmbedded On
WSGIDaemonProcess {name} user={self.user} group={self.user} threads=4 python-home={self.venvs}/{name} home={self.data} \\
    lang=C.UTF-8 locale=C.UTF-8
WSGIScriptAlias /{name} {self.recipes}/{name}/app.wsgi process-group={name} application-group=alone \\
    pass-authorization=On
<Directory "{self.recipes}/{name}">
    Require all granted
</Directory>
<Location "/{name}">
    SetEnv {name}.env_path {self.data}/{name}
</Location>
""")
        return self.ask(conf, requests, "in a sub-interpreter")

    def write(self, name, text) -> Path:
        define = {"FW_ROOT": self.recipes, "FW_VENVS": self.venvs, "FW_DATA": self.data, "FW_RUN": self.run,
                  "FW_PORT": self.port, "FW_USER": self.user, "FW_GROUP": self.user, "FW_PYTHON": self.version}
        lines = [f'ServerRoot "{self.run}"', f'PidFile "{self.run}/{name}.pid"', f'ErrorLog "{self.run}/{name}.log"']
        if os.geteuid() == 0:
            lines += [f"User {self.user}", f"Group {self.user}"]
        lines += [f'Define {key} "{value}"' for key, value in define.items()] + [f"Define {DEFINED}"]
        path = self.run / f"{name}.conf"
        path.write_text("\n".join(lines) + "\n" + text)
        return path

    def ask(self, conf, requests, how, hosts=()):
        log = open(conf.with_suffix(".out"), "w")
        server = subprocess.Popen([self.serve, "-f", conf], stdout=log, stderr=subprocess.STDOUT,
                                  env={**os.environ, "FW_DATA": str(self.data)})
        try:
            if not self.is_up(server):
                return [f"{how}: {conf}: does not start, see {log.name}"]
            return [f"{how}: {failure}" for failure in (self.request(row, hosts) for row in requests) if failure]
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def is_up(self, server) -> bool:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def request(self, row, hosts):
        """What is wrong with the answer to a request, if anything is. `hosts` has the names of those with one of their own."""
        name, method, url = row["name"], row.get("method") or "GET", row["url"]
        host = hosts[name] if name in hosts else "localhost"
        url = url if name in hosts else f"/{name}{url}"
        headers = {"Host": f"{host}:{self.port}"}
        if row.get("header"):
            field, value = row["header"].split(": ", 1)
            headers[field] = value
        body = (row.get("body") or "").encode() or None
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_LIMIT)
        try:
            for _ in range(5):
                connection.request(method, url, body, headers)
                answer = connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                if answer.status not in (301, 302, 303, 307):
                    break
                method, body, url = "GET", None, path_of(answer.getheader("Location"))
        except (OSError, http.client.HTTPException) as error:
            return f"{method} {url}: {error!r}"
        finally:
            connection.close()
        if answer.status != int(row["status"]):
            return f"{method} {url}: status {answer.status}, not {row['status']}"
        if row["text"] not in text:
            return f"{method} {url}: no '{row['text']}' in the page"
        return None


def may_execute(user: str, python: str) -> bool:
    try:
        return subprocess.run([python, "-c", ""], user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[],
                              stderr=subprocess.DEVNULL).returncode == 0
    except (KeyError, OSError):
        return False


def path_of(location: str) -> str:
    rest = location.split("://", 1)[-1]
    return location if location.startswith("/") else "/" + rest.partition("/")[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


sys.exit(main())

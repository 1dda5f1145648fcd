#!/usr/bin/env python3
"""Gives a checker configurations that nobody would write, and looks at its time, its memory and its answer.

    bench/stress.py target/release/wsgi-check [NAME…]

Each must be answered: no signal, no panic, within LIMIT seconds of CPU, within MEMORY bytes for each byte of input above FLOOR:
100,000 findings, which are the most that are kept, take some 100 MB by themselves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

LIMIT = 10.0
MEMORY = 40
FLOOR = 128 << 20
MIB = 1 << 20

CASES: dict[str, Callable[[Path], None]] = {}


def case(make: Callable[[], Iterator[str]]) -> Callable[[], Iterator[str]]:
    """A configuration of one file."""

    def write(folder: Path) -> None:
        with open(folder / "httpd.conf", "w") as file:
            file.writelines(make())

    CASES[make.__name__] = write
    return make


def files(make: Callable[[], dict[str, str]]) -> Callable[[], dict[str, str]]:
    """A configuration of several files."""

    def write(folder: Path) -> None:
        for name, text in make().items():
            (folder / name).write_text(text)

    CASES[make.__name__] = write
    return make


def numbered(line: str, times: int) -> Iterator[str]:
    return (line.replace("@", str(number)) for number in range(times))


@case
def million_lines():
    yield from numbered("SetEnv NAME@ value\n", 1_000_000)


@case
def file_of_60_mib():
    yield from numbered('SetEnvIf Request_URI "^/path/to/number/@$" it_is_there\n', 60 * MIB // 60)


@case
def file_of_100_mib():
    yield from numbered("# " + "x" * 97 + "\n", MIB)


@case
def line_of_60_mib():
    yield "SetEnv NAME " + "x" * (60 * MIB) + "\n"


@case
def line_of_100_mib():
    yield "SetEnv NAME " + "x" * (100 * MIB) + "\n"


@case
def line_of_15_mib_of_words():
    yield "ServerAlias" + " a" * (7 * MIB) + "\n"


@case
def continued_million_times():
    yield "ServerAlias\\\n" + " a\\\n" * 1_000_000 + " b\n"


@case
def spaces():
    yield " " * (15 * MIB) + "\n" + "\n" * (15 * MIB)


@case
def one_quote():
    yield 'SetEnv A "' + "\\" * (15 * MIB) + "\n"


@case
def nested_unclosed():
    yield "<Directory />\n" * 10_000


@case
def nested_closed():
    yield "<IfModule !none.c>\n" * 10_000 + "</IfModule>\n" * 10_000


@case
def nested_of_many_kinds():
    yield from numbered("<Location /@>\n<Files f@>\n<If true>\n", 10_000)
    yield "</Directory>\n" * 10_000


@case
def closings():
    yield "</Directory>\n" * 100_000


@case
def unknown_directives():
    yield from numbered("ServreName@ x\n", 100_000)


@case
def misspelt_directives():
    yield "WSGIScriptAlais / /srv/app.wsgi\n" * 100_000


@case
def misspelt_differently():
    yield from numbered("WSGIScriptAlais@ / /srv/app.wsgi\n", 100_000)


@case
def heavy_patterns():
    yield from numbered('SetEnvIf Request_URI "(\\w{100}){@}" a\n', 10_000)
    yield from numbered('<LocationMatch "(\\w{100}){@}$">\n</LocationMatch>\n', 1_000)


@case
def conditions_that_are_off():
    yield "<IfModule mod_dav.c>\nServerAlias a\n</IfModule>\n"
    yield from numbered("<IfModule mod_dav.c>\nSetEnv A@ b\n</IfModule>\nSetEnv B@ c\n", 100_000)


@case
def invalid_values():
    yield from numbered("Timeout soon@\n", 100_000)


@case
def unclosed_quotes():
    yield from numbered('ServerAlias "a@\n', 100_000)


@case
def misplaced():
    yield from numbered("<Directory /srv/@>\nListen 80\n</Directory>\n", 100_000)


@case
def undefined_variables():
    yield from numbered("SetEnv A ${NONE@}\n", 100_000)


@case
def long_lines_of_errors():
    yield from numbered("Servername a" + " b" * 2_000 + "\n", 5_000)


@case
def hosts():
    for number in range(10_000):
        yield f"<VirtualHost *:80>\nServerName host{number}.example\nServerAlias www.host{number}.example\n"
        yield f"WSGIDaemonProcess group{number}\nWSGIProcessGroup group{number}\n"
        yield f"WSGIScriptAlias / /srv/{number}/app.wsgi\nAlias /static /srv/{number}/static\n"
        yield f"<Directory /srv/{number}>\nRequire all granted\n</Directory>\n</VirtualHost>\n"
    yield "Listen 80\n"


@case
def hosts_of_one_name():
    yield "Listen 80\n" + "<VirtualHost *:80>\nServerName a.example\n</VirtualHost>\n" * 10_000


@case
def groups_without_use():
    yield from numbered("WSGIDaemonProcess group@\n", 10_000)


@case
def unknown_groups():
    yield from numbered("WSGIDaemonProcess groop@\n", 5_000)
    yield from numbered("WSGIScriptAlias /@ /srv/app.wsgi process-group=group@\n", 5_000)


@case
def mounts():
    yield from numbered("WSGIScriptAlias /a@ /srv/@/app.wsgi\n", 10_000)
    yield from numbered("<Directory /srv/@>\nRequire all granted\n</Directory>\n", 10_000)


@case
def aliases():
    yield from numbered("Alias /a@ /srv/@\nAlias /a@/b /srv/@/b\n", 10_000)


@case
def one_alias_many_times():
    yield "Alias /a /srv/a\nWSGIScriptAlias /a /srv/app.wsgi\n" * 10_000


@case
def locations():
    yield from numbered("<Location /a@>\nRequire all denied\nWSGIProcessGroup %{GLOBAL}\n</Location>\n", 10_000)
    yield from numbered("WSGIScriptAlias /a@ /srv/app.wsgi\n", 1_000)


@case
def listens():
    yield from (f"Listen 10.{number >> 16}.{number >> 8 & 255}.{number & 255}:80\n" for number in range(10_000))


@case
def definitions():
    yield from numbered("Define NAME@ value\nSetEnv NAME@ ${NAME@}\n", 50_000)


@case
def log_formats():
    yield from numbered('LogFormat "%h %l @" format@\nCustomLog /var/log/@ format@\n', 10_000)


@case
def define_bomb():
    yield "Define A xxxxxxxxxxxxxxxx\n" + "Define A ${A}${A}\n" * 64 + "SetEnv A ${A}\n" * 1_000


@case
def large_value_many_times():
    yield "Define A " + "x" * MIB + "\n" + "SetEnv A ${A}\n" * 10_000


@case
def macro_bomb():
    yield "<Macro M0>\nSetEnv A b\n</Macro>\n"
    for number in range(1, 64):
        yield f"<Macro M{number}>\nUse M{number - 1}\nUse M{number - 1}\n</Macro>\n"
    yield "Use M63\n"


@case
def macro_of_growing_arguments():
    yield "<Macro M0 $a>\nSetEnv A $a\n</Macro>\n"
    for number in range(1, 64):
        yield f"<Macro M{number} $a>\nUse M{number - 1} $a$a\n</Macro>\n"
    yield "Use M63 xxxxxxxxxxxxxxxx\n"


@case
def macros_around_themselves():
    yield "<Macro A>\nUse B\n</Macro>\n<Macro B>\nUse A\n</Macro>\nUse A\n"


@files
def include_cycle():
    return {"httpd.conf": "Include a.conf\n", "a.conf": "Include b.conf\n", "b.conf": "Include a.conf\n" * 1_000}


@files
def include_bomb():
    bomb = {f"{number}.conf": f"Include {number + 1}.conf\n" * 100 for number in range(20)}
    return {"httpd.conf": "Include 0.conf\n", **bomb, "20.conf": "SetEnv A b\n"}


@files
def one_file_many_times():
    large = "".join(numbered("SetEnv NAME@ value\n", 50_000))
    return {"httpd.conf": "Include large.conf\n" * 1_000, "large.conf": large}


@files
def conditions_in_files():
    return {"httpd.conf": "Include a.conf\n" * 1_000, "a.conf": "<IfModule none.c>\nSetEnv A b\n</IfModule>\n" * 100}


def run(command: list[str], folder: Path) -> tuple[float, int, int, str]:
    """Seconds of CPU, peak bytes, exit status, and the last line that was said."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([*command, "-d", folder, folder / "httpd.conf"], stdout=said, stderr=said)
        signal.signal(signal.SIGALRM, lambda *_: child.kill())
        signal.alarm(int(60 * LIMIT))
        _, status, used = os.wait4(child.pid, 0)
        signal.alarm(0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4096))
        lines = [line for line in said.read().decode(errors="replace").split("\n") if line.strip()]
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, child.returncode, lines[-1] if lines else ""


def main() -> int:
    if sys.argv[1] == "--write":
        CASES[sys.argv[2]](Path(sys.argv[3]))
        return 0
    command, wanted = [sys.argv[1]], sys.argv[2:] or list(CASES)
    failed = 0
    print("| configuration | MiB | CPU s | peak MiB | exit | last line |\n|---|---:|---:|---:|---:|---|")
    for name in wanted:
        with tempfile.TemporaryDirectory() as path:
            folder = Path(path)
            # By another process: what this one has used would count as used by its children.
            subprocess.run([sys.executable, __file__, "--write", name, folder], check=True)
            size = sum(file.stat().st_size for file in folder.iterdir())
            seconds, peak, status, last = run(command, folder)
        wrong = status not in (0, 1, 2) or seconds > LIMIT or peak > FLOOR + MEMORY * size
        failed += wrong
        mark = " **" if wrong else ""
        figures = f"{size / MIB:.1f} | {seconds:.2f} | {peak / MIB:.0f} | {status}"
        print(f"| {name}{mark} | {figures} | {last.strip()[:90]} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

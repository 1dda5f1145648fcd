#!/bin/sh
# Makes what an example needs before it can be served: examples/prepare.sh NAME, or `all`.
#
#   target/venvs/NAME          from examples/NAME/requirements.txt
#   target/venvs/NAME-PART     from examples/NAME/requirements-PART.txt
#   target/venvs/two-pythons-old, -new    the oldest and the newest Python from 3.9 on
#   target/data/NAME           what examples/NAME/prepare.py makes
#   target/venvs/tests         from tests/requirements.txt: what validates report formats; NAME is `tests`
#   target/venvs/telemetry     from tests/requirements-telemetry.txt: what receives telemetry; NAME is `telemetry`
#
# PYTHON names the Python to use; else it is the first on PATH that is 3.9 or later. What is there and still fits is left
# alone. Exit status 3: something cannot be had here, and the last line says what.
set -eu
cd "$(dirname "$0")/.."
examples=$PWD/examples
venvs=$PWD/target/venvs
data=$PWD/target/data

give_up() {
    echo "skipped: $1: $2"
    exit 3
}

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 9) or sys.implementation.name != "cpython")' 2>/dev/null
}

# All Pythons that suit, as lines `3.11.7 /path/of/python`, oldest first, one for each minor version.
pythons() {
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 \
        $(printf 'python3.%s ' 9 10 11 12 13 14) python3 /usr/bin/python3; do
        command -v "$candidate" >/dev/null 2>&1 && suits "$candidate" || continue
        "$candidate" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3], sys.executable)'
    done | sort -t. -k1,1n -k2,2n -u
}

the_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.10 python3.9 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

# Debian's Python comes without ensurepip: root may install it.
new_venv() {
    rm -rf "$2"
    "$1" -m venv "$2" >"$2.log" 2>&1 && return
    version=$("$1" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        (apt-get update && apt-get install -y --no-install-recommends "$version-venv") >>"$2.log" 2>&1 || true
        rm -rf "$2"
        "$1" -m venv "$2" >>"$2.log" 2>&1 && return
    fi
    rm -rf "$2"
    give_up "$name" "$1 -m venv failed: see $2.log (Debian: install $version-venv)"
}

# venv PYTHON FOLDER REQUIREMENTS
venv() {
    wanted="$("$1" -c 'import sys; print(sys.version, sys.base_prefix)') $(cat "$3")"
    [ -x "$2/bin/python" ] && [ "$(cat "$2/made-from" 2>/dev/null)" = "$wanted" ] && return
    echo "making $2"
    new_venv "$1" "$2"
    if ! "$2/bin/python" -m pip install --quiet --disable-pip-version-check -r "$3" >>"$2.log" 2>&1; then
        rm -rf "$2"
        give_up "$name" "pip install -r $3 failed: see $2.log"
    fi
    printf '%s\n' "$wanted" >"$2/made-from"
}

two_pythons() {
    found=$(pythons)
    old=$(echo "$found" | head -n 1 | cut -d' ' -f2-)
    new=$(echo "$found" | tail -n 1 | cut -d' ' -f2-)
    [ -n "$old" ] && [ "$old" != "$new" ] || give_up "$name" "only one version of Python is installed"
    venv "$old" "$venvs/two-pythons-old" /dev/null
    venv "$new" "$venvs/two-pythons-new" /dev/null
}

# tests NAME REQUIREMENTS
tests() {
    mkdir -p "$venvs"
    python=$(the_python)
    [ -n "$python" ] || give_up "$name" "no Python 3.9 or later on PATH"
    venv "$python" "$venvs/$1" "tests/$2"
}

prepare() {
    name=$1
    case $name in
        tests) tests tests requirements.txt; return ;;
        telemetry) tests telemetry requirements-telemetry.txt; return ;;
    esac
    [ -d "$examples/$name" ] || give_up "$name" "there is no such example"
    mkdir -p "$venvs" "$data/$name"
    if [ "$name" = two-pythons ]; then
        two_pythons
        return
    fi
    for requirements in "$examples/$name"/requirements*.txt; do
        [ -e "$requirements" ] || continue
        part=$(basename "$requirements" .txt)
        python=$(the_python)
        [ -n "$python" ] || give_up "$name" "no Python 3.9 or later on PATH"
        venv "$python" "$venvs/$name${part#requirements}" "$requirements"
    done
    if [ -e "$examples/$name/prepare.py" ]; then
        (cd "$examples/$name" && DATA=$data/$name PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1 \
            "$venvs/$name/bin/python" prepare.py) || give_up "$name" "prepare.py failed"
    fi
}

# One at a time, whoever asks.
if [ "${PREPARE_LOCKED:-}" = "" ] && command -v flock >/dev/null; then
    mkdir -p target
    PREPARE_LOCKED=yes exec flock target/prepare.lock "$examples/prepare.sh" "$@"
fi

[ $# = 1 ] || { echo "usage: examples/prepare.sh NAME|all" >&2; exit 2; }
if [ "$1" != all ]; then
    prepare "$1"
    exit
fi
status=0
for name in tests telemetry $(cd "$examples" && printf '%s\n' */); do
    (prepare "${name%/}") || status=$?
done
exit "$status"

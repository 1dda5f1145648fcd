#!/bin/sh
# Builds what the comparison with Apache uses, into target/apache: mod_wsgi 6, and mod_each, by which one Apache judges many
# configurations. Exit status 3: it cannot be had here.
set -eu
cd "$(dirname "$0")/../.."
folder=$PWD/target/apache
wanted=mod_wsgi==6.1.1

give_up() {
    echo "skipped: mod_wsgi 6 for the comparison with Apache: $1"
    exit 3
}

# What root lacks here is installed. It starts no service.
install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    mkdir -p "$folder"
    (apt-get update && apt-get install -y --no-install-recommends "$@") >"$folder/log" 2>&1 || true
}

apxs() { command -v apxs || command -v apxs2; }

# Apache leaves root: mod_wsgi has to run a Python that the account it becomes may execute.
may_execute() {
    # A shell between, since setpriv itself still executes with root's rights.
    [ "$(id -u)" != 0 ] || setpriv --reuid=nobody --regid=nogroup --clear-groups -- sh -c '"$0" -c ""' "$1" 2>/dev/null
}

the_python() {
    for candidate in python3 /usr/bin/python3; do
        found=$("$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null) || continue
        if may_execute "$found"; then
            echo "$found"
            return
        fi
    done
}

# Debian's own mod_wsgi is compared with, too.
apxs >/dev/null && [ -e /usr/lib/apache2/modules/mod_wsgi.so ] || install apache2-dev libapache2-mod-wsgi-py3
apxs=$(apxs) || give_up "there is no apxs (Debian: install apache2-dev)"
mkdir -p "$folder"
if [ ! -e "$folder/mod_each.so" ] || [ tests/apache/mod_each.c -nt "$folder/mod_each.so" ]; then
    rm -rf "$folder/each"
    mkdir "$folder/each"
    cp tests/apache/mod_each.c "$folder/each"
    if (cd "$folder/each" && "$apxs" -Wc,-Wall -Wc,-Werror -c mod_each.c) >"$folder/each/log" 2>&1; then
        cp "$folder/each/.libs/mod_each.so" "$folder/mod_each.so"
    else
        echo "skipped: mod_each, without which the comparison takes longer: see $folder/each/log"
    fi
fi

python=$(the_python)
[ -n "$python" ] || give_up "there is no Python that the account nobody may execute"
[ -e "$folder/mod_wsgi.so" ] && [ "$(cat "$folder/made-from" 2>/dev/null)" = "$wanted $python" ] && exit 0
echo "building $wanted"
version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
case $python in
    # Debian's comes without what builds extensions.
    /usr/bin/*) "$python" -c 'import ensurepip' 2>/dev/null && [ -e "/usr/include/$version/Python.h" ] || install "$version-dev" "$version-venv" ;;
esac
rm -rf "$folder/venv"
"$python" -m venv "$folder/venv" >"$folder/log" 2>&1 || give_up "no virtual environment: see $folder/log"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted" >>"$folder/log" 2>&1 ||
    give_up "pip install $wanted failed: see $folder/log"
ln -sf "$("$folder/venv/bin/mod_wsgi-express" module-location)" "$folder/mod_wsgi.so"
echo "$wanted $python" >"$folder/made-from"

#!/bin/sh
# Builds mod_wsgi 6 for the comparison with Apache: target/apache/mod_wsgi.so. Exit status 3: it cannot be had here.
set -eu
cd "$(dirname "$0")/../.."
folder=$PWD/target/apache
wanted=mod_wsgi==6.1.1

give_up() {
    echo "skipped: mod_wsgi 6 for the comparison with Apache: $1"
    exit 3
}

[ -e "$folder/mod_wsgi.so" ] && [ "$(cat "$folder/made-from" 2>/dev/null)" = "$wanted" ] && exit 0
command -v apxs >/dev/null || command -v apxs2 >/dev/null || give_up "there is no apxs (Debian: install apache2-dev)"
mkdir -p "$folder"
echo "building $wanted"
python3 -m venv "$folder/venv" >"$folder/log" 2>&1 || give_up "no virtual environment: see $folder/log"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted" >>"$folder/log" 2>&1 ||
    give_up "pip install $wanted failed: see $folder/log"
ln -sf "$("$folder/venv/bin/mod_wsgi-express" module-location)" "$folder/mod_wsgi.so"
echo "$wanted" >"$folder/made-from"

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

apxs=$(command -v apxs || command -v apxs2) || give_up "there is no apxs (Debian: install apache2-dev)"
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

[ -e "$folder/mod_wsgi.so" ] && [ "$(cat "$folder/made-from" 2>/dev/null)" = "$wanted" ] && exit 0
echo "building $wanted"
python3 -m venv "$folder/venv" >"$folder/log" 2>&1 || give_up "no virtual environment: see $folder/log"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted" >>"$folder/log" 2>&1 ||
    give_up "pip install $wanted failed: see $folder/log"
ln -sf "$("$folder/venv/bin/mod_wsgi-express" module-location)" "$folder/mod_wsgi.so"
echo "$wanted" >"$folder/made-from"

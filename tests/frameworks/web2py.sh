#!/bin/sh
# Makes a source tree of web2py: web2py.sh VENV DIRECTORY
#
# web2py itself has no release that can be installed. Its modules and the controllers of its applications come as web2py-gluon;
# what is no Python is missing there, and what the page that is asked for needs of it is written here: a version, a
# configuration and a view. Its neighbours have gone on since: pydal has dropped a name, Python 3.13 two modules.
set -eu
venv=$1
directory=$2
"$venv/bin/pip" install -q --disable-pip-version-check --no-deps --target "$directory" web2py-gluon==2.26.1
"$venv/bin/pip" install -q --disable-pip-version-check 'legacy-cgi; python_version >= "3.13"' 'zombie-imp; python_version >= "3.12"'
echo 'Version 2.26.1-stable+timestamp.2023.11.16.00.00.00' >"$directory/VERSION"
cat >>"$directory/gluon/_compat.py" <<'PYTHON'

try:
    from urllib.request import FancyURLopener
except ImportError:
    FancyURLopener = object
PYTHON
welcome=$directory/applications/welcome
mkdir -p "$welcome/private" "$welcome/views/default"
echo '{"db": {"uri": "sqlite://storage.sqlite", "pool_size": 10, "migrate": true}, "host": {"names": ["*"]}}' \
    >"$welcome/private/appconfig.json"
echo '{{=message}}' >"$welcome/views/default/index.html"

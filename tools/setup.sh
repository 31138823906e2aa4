#!/bin/sh
# Makes .venv: what requirements.lock pins, and this project, editable. `make setup` calls it when the stamp is stale.
# Packages are installed anew only if the lock or the Python differs from what the stamp remembers.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1; }

python=
for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if fits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "make setup needs Python 3.11, 3.12 or 3.13 with venv and ssl; ${PYTHON:-python3.11 to python3.13 and python3} will not do." >&2
    echo "Install one (Debian: apt-get install python3 python3-venv) or name it: make setup PYTHON=/path/to/python3.12" >&2
    exit 1
fi

stamp=.venv/.stamp
wanted=$(echo "$PWD"; "$python" -VV; cat requirements.lock)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ] || ! fits .venv/bin/python; then
    echo "Making .venv with $("$python" -V) and the packages of requirements.lock; a minute or two."
    "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check -r requirements.lock
fi
.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps --no-build-isolation --editable .
.venv/bin/python -m compileall -q autograder coursekit # as pip does with what it copies: graders start sooner
cp -R tools/jupyter/. .venv/ # JupyterLab opens the start page and asks nothing
MPLCONFIGDIR=.venv/share/matplotlib .venv/bin/python -c "import matplotlib.font_manager" # its list of fonts, for graders
echo "$wanted" >"$stamp"

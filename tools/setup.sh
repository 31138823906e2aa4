#!/bin/sh
# Makes .venv: what requirements.lock pins, and this project, editable. `make setup` calls it when the stamp is stale.
# Packages are installed anew only if the lock or the Python differs from what the stamp remembers.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1; }

say() { echo "setup: $*"; }

# Install with uv what the arguments name. It reads none of pip's settings, so it may fail where pip does not.
# Its output is passed on as it comes, but for the list of packages at its end.
with_uv() {
    rm -f "$done"
    { .venv/bin/uv pip install --python .venv/bin/python "$@" 2>&1 && : >"$done"; } | while IFS= read -r line; do
        case $line in
        " + "* | " - "* | " ~ "* | "Using Python "*) ;;
        *) echo "    $line" ;;
        esac
    done
    [ -f "$done" ]
}

# Install with pip what the arguments name. Of its many lines every twentieth package is told.
with_pip() {
    rm -f "$done"
    { .venv/bin/python -m pip install --no-input --disable-pip-version-check --progress-bar off "$@" && : >"$done"; } | {
        found=0
        while IFS= read -r line; do
            case $line in
            "Collecting "*)
                found=$((found + 1))
                [ $((found % 20)) -ne 0 ] || echo "    $found packages found"
                ;;
            "Installing collected packages"*) echo "    all found; copying them into .venv" ;;
            esac
        done
    }
    [ -f "$done" ]
}

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
done=.venv/.installed # is there when the last installer succeeded; a pipe passes no exit status on
wanted=$(pwd -P; "$python" -VV; cat requirements.lock)
rm -f .venv/.compiled # by tools/compile.sh, when all is installed

if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ] || ! fits .venv/bin/python; then
    uv=$(grep '^uv==' requirements.lock)
    count=$(grep -c == requirements.lock)
    say "making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv
    say "getting $uv, which is faster than pip"
    if ! .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary :all: "$uv"; then
        say "uv is not to be had here; pip installs $count packages instead, which takes some minutes"
        with_pip -r requirements.lock
    elif say "installing $count packages" && ! with_uv -r requirements.lock; then
        say "uv cannot install them, perhaps because it reads none of pip's settings; pip tries, which takes some minutes"
        with_pip -r requirements.lock
    fi
fi

say "installing the project itself"
project="--no-deps --no-build-isolation --editable ."
# shellcheck disable=SC2086 # words, not one argument
if [ ! -x .venv/bin/uv ] || ! with_uv --quiet $project; then
    with_pip --quiet $project
fi
say "copying JupyterLab's settings" # it opens the start page and asks nothing
cp -R tools/jupyter/. .venv/
echo "$wanted" >"$stamp"

#!/bin/sh
# Writes requirements.lock: the newest packages that the ranges in pyproject.toml allow, found in a throw-away venv.
# Some packages want a late 3.11, so lock with an early one (Debian 12 has 3.11.2): make lock PYTHON=/usr/bin/python3.11
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.11}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "setuptools>=77"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
{
    echo "# Every package of the course and of its tests, pinned. Made by \`make lock\` from the ranges in pyproject.toml"
    echo "# with $("$python" -V); not edited by hand. The project itself is installed beside it, editable."
    "$folder/bin/python" -m pip freeze --all --exclude-editable --exclude pip --exclude wheel |
        grep -E '^[A-Za-z0-9._-]+==[^ ]+$' | LC_ALL=C sort -f
} >requirements.lock.new
mv requirements.lock.new requirements.lock
echo "requirements.lock: $(grep -c == requirements.lock) packages."

#!/bin/sh
# JupyterLab in the course's folder, on the start page (tools/jupyter) of study/, which is brought up to date before.
# Arguments go to JupyterLab.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH" # nbgrader finds its alembic there
export PATH

if [ "$(id -u)" -eq 0 ]; then
    set -- --allow-root "$@"
fi
# Where there is no screen, a browser on the terminal would take it over.
if [ -n "${CI:-}" ] || { [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }; then
    set -- --no-browser "$@"
fi
if [ ! -f .venv/.compiled ]; then
    echo "setup: compiling for faster starts goes on behind the page, for a minute"
    (JOBS=1 nice -n 10 sh tools/compile.sh >/dev/null 2>&1 &) # cut short, it begins again at the next start
fi
autograder update || true # why not is said; what is there can be worked on
echo "Starting JupyterLab"
exec .venv/bin/jupyter lab --ServerApp.root_dir="$PWD" "$@"

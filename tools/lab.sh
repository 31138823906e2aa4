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
autograder update || true # why not is said; what is there can be worked on
exec .venv/bin/jupyter lab --ServerApp.root_dir="$PWD" "$@"

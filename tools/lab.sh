#!/bin/sh
# JupyterLab in the course's folder; it opens the start page (tools/jupyter). Arguments go to JupyterLab.
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
exec .venv/bin/jupyter lab --ServerApp.root_dir="$PWD" "$@"

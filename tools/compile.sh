#!/bin/sh
# Bytecode of what .venv holds and of the project, and matplotlib's list of fonts: JupyterLab, kernels and graders start
# sooner with them, and a box cannot write its own. pip compiles while it installs, uv does not.
# `make lab` lets this run behind the open page; every other target waits for it.
set -eu
cd "$(dirname "$0")/.."

# What does not compile are templates and tests for other Pythons; nobody imports them.
.venv/bin/python -W ignore -m compileall -qq -j "${JOBS:-0}" .venv/lib autograder coursekit || true
MPLCONFIGDIR=.venv/share/matplotlib .venv/bin/python -c "import matplotlib.font_manager" # for graders
: >.venv/.compiled

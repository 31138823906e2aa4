# Everything runs in .venv, which is made anew when requirements.lock or pyproject.toml is newer than it, and gets
# JupyterLab's settings again when tools/jupyter is.

BIN := .venv/bin
INSTALLED := .venv/.stamp
STAMP := .venv/.compiled
# two at once, each file in one process: what it sets up is made once
BY_FILE := -n 2 --dist loadfile --no-loadscope-reorder
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup moved lab test drift lint types laws whole notebooks build diagrams slips proof demo mutants bank repeats stock limits bench libraries screenshot lock binder clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /make \1: /p' Makefile

# No process that they start outlives the tests.
laws notebooks: export AUTOGRADER_WARM = 0

setup: $(STAMP) ## make .venv from requirements.lock (needs Python 3.11 to 3.13; name one with PYTHON=...)

# Also when the folder was moved or the Python that .venv was made with is gone.
MOVED := $(shell [ "$$(head -n 1 $(INSTALLED) 2>/dev/null)" = "$$(pwd -P)" ] && [ -x $(BIN)/python ] || echo moved)

$(INSTALLED): requirements.lock pyproject.toml tools/setup.sh $(shell find tools/jupyter -type f) $(MOVED)
	@PYTHON='$(PYTHON)' sh tools/setup.sh

$(STAMP): $(INSTALLED) tools/compile.sh
	@echo "setup: compiling what was installed"
	@sh tools/compile.sh

lab: $(INSTALLED) ## JupyterLab on the course's start page; more for it with LAB_ARGS='...'
	@sh tools/lab.sh $(LAB_ARGS)

test: drift lint types laws notebooks ## everything that CI runs

drift: $(STAMP) ## do source/, release/, notebooks/ and lessons/slips/ hold what lessons and answers give?
	$(BIN)/autograder build --check
	$(BIN)/python -m tests.slips --check

lint: $(STAMP) ## ruff, and the import rules between rooms
	$(BIN)/ruff check autograder coursekit lessons tests tools $(wildcard benchmarks)
	$(BIN)/ruff format --check autograder coursekit lessons tests tools $(wildcard benchmarks)
	$(BIN)/lint-imports

types: $(STAMP) ## mypy: strict for the packages; of lessons what a learner reads
	$(BIN)/mypy
	$(BIN)/mypy --config-file lessons/mypy.ini lessons/*/*.py

laws: $(STAMP) ## pytest: unit tests, the laws of the answer bank, the real browser
	$(BIN)/pytest $(BY_FILE) --ignore tests/hostile/test_limits.py

whole: export AUTOGRADER_WARM = 0
whole: $(STAMP) ## all of what the laws take a sample of: lessons, answers, terminals, kills (half an hour)
	WHOLE=all LAWS=all $(BIN)/pytest $(BY_FILE) --ignore tests/hostile/test_limits.py

limits: $(STAMP) ## bombs and floods against the box's limits; they need a quiet machine
	$(BIN)/pytest tests/hostile/test_limits.py

notebooks: $(STAMP) ## every cell of every notebook runs to its end
	$(BIN)/pytest -n 2 --dist loadfile --nbval-lax source notebooks

build: $(STAMP) ## source/, release/ and notebooks/ from lessons/
	$(BIN)/autograder build

diagrams: $(STAMP) ## draw the diagrams whose text has changed (needs Chromium and npm)
	$(BIN)/autograder diagrams

slips: $(STAMP) ## lessons/slips/ from the wrong answers; of one lesson with make slips LESSON=02_coding/04_cache_features
	$(BIN)/python -m tests.slips $(LESSON)

proof: $(STAMP) ## docs/proof.md: what is out of date of it; of one lesson with make proof LESSON=02_coding/04_cache_features
	$(BIN)/python -m tests.proof $(LESSON)

demo: $(STAMP) ## a class of bank answers, graded
	$(BIN)/python -m tests.demo

mutants: $(STAMP) ## mutants of every solution die; of one with make mutants LESSON=02_coding/04_cache_features
	$(BIN)/python -m tests.mutants $(LESSON)

bank: $(STAMP) ## the laws over the whole answer bank; make test takes what loses every criterion once
	LAWS=all $(BIN)/pytest -n 2 tests/test_laws.py

repeats: $(STAMP) ## the same answers 200 times in random order: no verdict changes
	$(BIN)/python -m tests.repeat 200

stock: $(STAMP) ## stock nbgrader beside ours, two submissions of every lesson; make test takes a few lessons
	WHOLE=all $(BIN)/pytest tests/record/test_stock.py

bench: $(STAMP) ## the numbers in docs/
	$(BIN)/python -m benchmarks.run

libraries: $(STAMP) ## benchmarks/LIBRARIES.md: the solutions beside libraries that do the same
	$(BIN)/python -m benchmarks.libraries

screenshot: $(STAMP) ## docs/screenshot.png, from a solved lesson in JupyterLab (needs Chromium)
	$(BIN)/python -m tools.screenshot

lock: ## requirements.lock: the newest packages that pyproject.toml allows
	PYTHON='$(PYTHON)' sh tools/lock.sh

binder: $(STAMP) ## what Binder would do with this folder (no Docker needed)
	$(BIN)/jupyter-repo2docker --no-build --debug .

clean: ## remove .venv and caches; built notebooks stay
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache *.egg-info

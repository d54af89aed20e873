# make serve   the book, in your browser           make test   every test
# make book    build only                          make lint   style, types, spelling
# make bench   measurements                        make clean  remove what was built
# make bench-peers   other simulators for make bench, in their own environment (_build/peers)
# make lock    refresh the pinned versions         make preview CHAPTERS=07-concentration
#
# Needed beforehand: Python >= 3.11, git, make. Everything else is installed into .venv and node_modules.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
RUN := PATH="$(BIN):$$PATH" PYTHONUNBUFFERED=1
NPM := $(RUN) "$(BIN)/npm"
INSTALLED := $(VENV)/.installed
FRONTEND := code/explorer/frontend
SITE := code/site
PORT ?= 8000
CHAPTERS ?=
PYTEST ?=

.PHONY: help serve book preview test test-library test-book lint format bench bench-peers lock clean

help:
	@sed -n 's/^# //p' Makefile | head -5

# ---- the environment: installed again only when its description has changed -----------------------------

$(INSTALLED): requirements.lock pyproject.toml $(SITE)/find_python.sh
	@python="$$(bash $(SITE)/find_python.sh)" && \
	if [ ! -x "$(BIN)/python" ]; then echo "[make] creating $(VENV)"; "$$python" -m venv "$(VENV)"; fi
	@echo "[make] installing the Python packages of requirements.lock"
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(SITE)/node_modules/.installed: $(SITE)/package-lock.json | $(INSTALLED)
	@echo "[make] installing the fonts and MathJax"
	@cd $(SITE) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

ifneq ($(wildcard $(FRONTEND)/package-lock.json),)
EXPLORER := $(FRONTEND)/dist/explorer.js

$(FRONTEND)/node_modules/.installed: $(FRONTEND)/package-lock.json | $(INSTALLED)
	@echo "[make] installing the front end's packages"
	@cd $(FRONTEND) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(EXPLORER): $(FRONTEND)/node_modules/.installed $(FRONTEND)/package.json \
             $(shell find $(FRONTEND) -name node_modules -prune -o -name dist -prune -o -type f \( -name '*.js' -o -name '*.mjs' -o -name '*.css' \) -print)
	@echo "[make] bundling the sliders"
	@cd $(FRONTEND) && $(NPM) run --silent build
	@touch $@
endif

READY := $(INSTALLED) $(SITE)/node_modules/.installed $(EXPLORER)

# ---- the book -------------------------------------------------------------------------------------------

book: $(READY)
	@$(RUN) python $(SITE)/build.py

preview: $(READY)
	@$(RUN) python $(SITE)/build.py --lenient --build _build/preview --only $(CHAPTERS)

serve: book
	@$(RUN) python $(SITE)/serve.py --port $(PORT)

# ---- the checks -----------------------------------------------------------------------------------------

test: book
	@$(RUN) OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m pytest -n auto --dist worksteal $(PYTEST)
ifneq ($(wildcard $(FRONTEND)/package-lock.json),)
	@cd $(FRONTEND) && $(NPM) test --silent
endif

lint: $(READY)
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@$(RUN) codespell
ifneq ($(wildcard $(FRONTEND)/package-lock.json),)
	@cd $(FRONTEND) && $(NPM) run --silent lint
endif

format: $(INSTALLED)
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

bench: book
	@set -- benchmarks/*.py; for script; do if [ -e "$$script" ]; then echo "[make] $$script"; $(RUN) python "$$script"; fi; done

# The peers need an older NumPy than the book, and are never a dependency of it.
bench-peers: $(INSTALLED)
	@"$(BIN)/python" -m venv _build/peers/venv
	@_build/peers/venv/bin/python -m pip install --quiet --disable-pip-version-check "numpy<2" scipy setuptools numba brian2
	@_build/peers/venv/bin/python -m pip install --quiet --disable-pip-version-check nest-simulator || echo "[make] NEST does not install here: its line of the benchmark will fail"
	@$(RUN) python benchmarks/simulator.py

# ---- upkeep ---------------------------------------------------------------------------------------------

lock: $(INSTALLED)
	@"$(BIN)/python" -m venv _build/locking
	@_build/locking/bin/python -m pip install --quiet --disable-pip-version-check uv
	@_build/locking/bin/uv pip compile pyproject.toml --extra notebook --extra sweeps --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --upgrade --quiet -o requirements.lock
	@for folder in $(SITE) $(FRONTEND); do (cd $$folder && $(NPM) update --package-lock-only --no-audit --no-fund); done

clean:
	rm -rf _build dist $(FRONTEND)/dist $(FRONTEND)/node_modules $(SITE)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

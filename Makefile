# The one command set, on a desk and in CI. `make` alone says what there is.

VENV ?= .venv
PORT ?= 8000
DATA ?= var
PYTEST_ARGS ?=
FEED ?= all
SECONDS ?= 60

BIN := $(VENV)/bin
export VENV

# Three runs: what computes, with servers of its own; what starts servers and kills them. Both wait for part of their time,
# so that three share two cores; what holds a server to a time in milliseconds, which must not meet the load of others.
# Whole files, as their tests share servers; the longest first (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest -q
SHARED_OUT := --dist loadfile --no-loadscope-reorder
DAYS := tests/acceptance/test_feed_days.py tests/acceptance/test_replay_day.py
COMPUTING := tests/unit tests/contract tests/docs tests/js $(filter-out %/live,$(wildcard tests/integration/[a-z]*)) $(DAYS)
SERVING := tests/integration/live tests/acceptance tests/browser $(DAYS:%=--ignore=%)
TESTS = $(if $(PYTEST_ARGS),$(PYTEST) $(PYTEST_ARGS),\
	$(PYTEST) -n 3 $(SHARED_OUT) $(COMPUTING) \
	&& $(PYTEST) -n 3 $(SHARED_OUT) -m "not timed" $(SERVING) \
	&& $(PYTEST) -n 2 $(SHARED_OUT) -m timed $(SERVING))

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-matrix check fmt lint types imports templates migrations spelling bench bench-delivery fuzz docs screenshots lock clean

help:  ## This list
	@echo "Windsock. The first two are all that a newcomer needs:"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "PORT=9000 make demo takes another port; PYTHON=/path/to/python3.12 another Python for $(VENV)."

demo:  ## A real day of flights, live on http://127.0.0.1:8000 (sets everything up)
	@bin/setup demo
	@exec $(BIN)/windsock demo --data $(DATA) --port $(PORT)

test:  ## All tests; sets everything up. What is not installed (PostgreSQL, Redis, Chromium) is skipped and said
	@bin/setup test
	@$(TESTS)

setup:  ## The environment for development, everything locked and hashed
	@bin/setup dev

serve:  ## The service on the database in var/, without a replay
	@bin/setup demo
	@exec $(BIN)/windsock serve --data $(DATA) --port $(PORT)

check: setup lint types imports templates migrations spelling docs  ## Exactly what CI runs: every check below, then all tests
	@$(TESTS)

fmt:  ## Puts code and imports into order
	@bin/setup dev
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup  ## mypy, strict, with Django's types
	$(BIN)/mypy

imports: setup  ## Layers (import-linter), import cycles and the length of modules
	$(BIN)/lint-imports
	$(BIN)/python tools/structure.py

templates: setup  ## djlint
	$(BIN)/djlint --quiet --lint src/windsock

migrations: setup  ## No model has changed without its migration
	$(BIN)/python -m django makemigrations --check --dry-run --settings tests.settings

spelling: setup  ## codespell
	$(BIN)/codespell

test-matrix:  ## The fast tests (no processes, no browser) on every Python 3.11 to 3.14 found here
	@bin/test-matrix $(PYTEST_ARGS)

bench: setup bench-delivery  ## Measures: delivery beside its peers (docs/performance.md), and what else is in bench/
	@for each in bench/*.py; do echo "== $$each"; $(BIN)/python "$$each" || exit 1; done

bench-delivery: setup  ## Only delivery: Windsock, the limit in C and the peers, into docs/performance.md
	@$(BIN)/python -m bench.delivery

fuzz: setup  ## Damaged input for the parsers of feeds; FEED=mvt SECONDS=60 chooses
	@$(BIN)/python tools/fuzz_feeds.py $(FEED) --seconds $(SECONDS) $$($(BIN)/python -c 'import atheris' 2>/dev/null || echo --hypothesis)

docs: setup  ## The documentation as HTML, in docs/_build
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

screenshots: setup  ## Every page, on phone and desktop, light and dark, English and Arabic, into docs/images/pages/
	@$(BIN)/python -m tools.screenshots $(SHOTS)

lock: setup  ## Resolves requirements/*.txt afresh from pyproject.toml
	@bin/lock

clean:  ## Removes environments, caches and built files; keeps var/ (your data)
	rm -rf .venv .venv-3.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Everything here works in a clean clone with nothing but Python 3.11, pip and make.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# Who forbids Python to keep what it has compiled waits for it in each process that a test starts.
unexport PYTHONDONTWRITEBYTECODE
# Each process begins with a half of the tests in their order, so that it makes what the tests of a
# module share once; who is done first takes over some of what the other has left.
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal -q

.DEFAULT_GOAL := help
.PHONY: help setup test deep check format demo bench growth oldest clean

help: ## say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 16

setup: $(READY) ## make .venv, with the project and its tools in it

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

test: $(READY) ## run every quick test; the last line is pytest's own
	@$(PYTEST)

deep: $(READY) ## run the long campaigns
	@$(PYTEST) -m deep

check: $(READY) ## style, formatting, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## format, and repair what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

demo: $(READY) ## ask real questions of a sample and show the answers
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh samples/demo.sh

bench: $(READY) ## measure, the million interfaces too (SIZE=10000: small ones, quickly)
	@$(BIN)/python -m bench.run $(if $(SIZE),--size $(SIZE)) $(if $(ONLY),--only $(ONLY)) \
	  $(if $(LIMIT),--limit $(LIMIT)) $(if $(MINUTES),--minutes $(MINUTES))

growth: $(READY) ## measure how costs grow along each axis, and draw it in docs/growth
	@$(BIN)/python -m bench.growth $(if $(SIZE),--size $(SIZE)) $(if $(AXES),--axes $(AXES)) \
	  $(if $(LIMIT),--limit $(LIMIT))

# The pins are read from pyproject.toml, so that a bound is stated once.
oldest: ## run the tests on the oldest dependencies that are promised
	$(PYTHON) -m venv build/oldest
	sed -n '/^dependencies/,/^]/p; /^capture/p; /^cluster/p' pyproject.toml \
	  | grep -oE '[a-z0-9.-]+>=[0-9.]+' | sed 's/>=/==/' > build/oldest/pinned.txt
	build/oldest/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint build/oldest/pinned.txt --editable '.[dev]'
	@build/oldest/bin/python -m pytest -n 2 --dist worksteal -q

clean: ## remove whatever this file has made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

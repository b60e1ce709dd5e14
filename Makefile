# Two commands: `make verify` and `make test`. Each sets up .venv first; nothing has to be installed by hand
# but Python >= 3.11 and make.
#
#   PYTHON   the interpreter that makes the environment       make verify PYTHON=python3.13
#   TORCH    the torch requirement; point it at a CPU build   make setup TORCH="torch==2.13.0"
#   PIP      extra arguments of pip (an index, a cache)       make setup PIP="--no-cache-dir"
#   JOBS     processes of the test suite

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
TORCH ?= torch==2.13.0
PIP ?=
JOBS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup verify prove test lint report bench clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) ## make .venv with everything that the project was tested with

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP) "$(TORCH)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP) -c constraints.txt -e ".[dev]"
	touch $@

verify: setup ## check every claim; writes paper_checks.md and out/
	$(BIN)/gda verify

prove: setup ## have Coq check every derivation again; skipped where coqc is not installed
	$(BIN)/gda prove --all --jobs $(JOBS)

lint: setup ## style, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## lint, then the whole suite
	$(BIN)/python -m pytest -n $(JOBS)

report: verify ## verify, then renew the pictures that the README shows
	cp out/predicted_curve.png out/panels.png out/best_gamma.png docs/

bench: setup ## measure speed as ratios to a baseline in the same run; writes out/bench.json
	$(BIN)/python benchmarks/run.py

clean: ## remove the environment and all output
	rm -rf .venv out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

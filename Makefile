# The two commands you need: `make lab` to learn, `make test` to see that everything works.
.DEFAULT_GOAL := help
.PHONY: help setup up lab test matrix check notebooks recordings bench clean lock

PYTHON ?= python3
BIN := .venv/bin

help:  ## what you can ask for
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

setup:  ## the Python environment in .venv, exactly as locked
	@$(PYTHON) scripts/bootstrap.py

up: setup  ## find or start a Docker engine, prepare base images and wheels, prove it with a tiny pair
	@$(BIN)/mldocker-lab up

lab: up  ## everything above, then JupyterLab on the first lesson
	@$(BIN)/mldocker-lab lab

test: setup  ## all tests on a real engine: units, builds, notebooks, exercises, the page
	@$(PYTHON) scripts/bootstrap.py --tests
	@$(BIN)/python scripts/test.py

matrix: up  ## the tests of builds, sizes, context and secrets on four engines: 20.10, 26.1, 28.5 twice
	@$(PYTHON) scripts/bootstrap.py --tests
	@$(BIN)/python scripts/test.py --matrix

check: setup  ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

notebooks: up  ## run all lessons and keep their outputs
	@$(BIN)/python scripts/execute_notebooks.py

recordings: up  ## build the lessons' pairs and keep them for readers without an engine
	@MLDOCKER_LIVE=0 $(BIN)/python scripts/record_lessons.py

bench: setup  ## benchmarks; they print, they do not judge
	@for file in tests/bench/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: setup  ## resolve requirements.lock anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
	  --no-header --python-version 3.11 --group dev pyproject.toml --output-file requirements.lock $(UPGRADE)

clean:  ## remove what the lab made on the engine and in its cache, then the environment
	@if [ -x $(BIN)/mldocker-lab ]; then $(BIN)/mldocker-lab clean --everything --yes; fi
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

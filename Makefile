# `make demo` sets up and runs the main job; `make test` sets up and passes the tests. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CORES ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup known demo test quick test-slow check format browser bench schema validation lock dist clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Set up .venv with the versions of requirements.lock

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Equipoise needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[report,fast,cluster]' --group dev
	$(BIN)/python -m equipoise.files.kernels
	@touch $@

known: $(STAMP) ## What NORTH could have known (out/known/page.html)
	$(BIN)/equipoise simulate north --grid trials/north/grids/could-have-known.toml --out out/known

demo: $(STAMP) ## NORTH, from its file to a decision and a report (out/demo/report.html)
	$(BIN)/equipoise demo

test: $(STAMP) browser ## Run the tests (random order, warnings are errors)
	$(BIN)/python -m pytest -n $(CORES)

quick: $(STAMP) ## The tests that are quick, with few examples: under a minute on two cores
	$(BIN)/python -m pytest -n $(CORES) -q --hypothesis-profile=quick -m "not (slow or thorough or process or browser)"

test-slow: $(STAMP) browser ## Run the tests that take longer: clusters, whole pages, thousands of reference trials
	$(BIN)/python -m pytest -n $(CORES) -m slow

browser: ## Install Chromium for the browser tests (when root, on Debian); else they skip aloud
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; } || \
	  echo "No Chromium here: the browser tests will be skipped."

check: $(STAMP) ## Lint, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP) ## Run the benchmarks: ratios to a named peer in the same run
	for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b; done

dist: $(STAMP) ## Build the wheel, with the simulator compiled for machines of this kind
	$(BIN)/python -m equipoise.files.kernels
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

schema: $(STAMP) ## Write the JSON Schemas beside the bundled trials
	$(BIN)/equipoise schema --out trials/trial.schema.json
	$(BIN)/equipoise schema --of scenario --out trials/scenario.schema.json
	$(BIN)/equipoise schema --of grid --out trials/grid.schema.json
	$(BIN)/equipoise schema --of history --out trials/history.schema.json

validation: $(STAMP) ## Write docs/validation.md anew
	$(BIN)/equipoise validation --markdown > docs/validation.md

lock: $(STAMP) ## Write requirements.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra report --extra fast --extra cluster --group dev --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate --upgrade pyproject.toml --output-file requirements.lock

clean: ## Remove what was built
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis

# `make demo` sets up and runs the main job; `make test` sets up and passes the tests. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Three set-ups of one .venv, each a part of the next: what the main job needs; pyarrow for grids; developers' tools.
LEAN := $(VENV)/.lean
GRID := $(VENV)/.grid
SITE := $(VENV)/.site
READY := $(VENV)/.ready
DOCS := $(VENV)/.docs
SMOKE := out/smoke
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --constraint requirements.lock
KERNELS := $(BIN)/python -m equipoise.files.kernels
CORES ?= 2

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup known demo serve test quick test-slow check audit format browser postgres bench schema validation conformance lock dist smoke docs clean simulator

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Set up .venv for developers, with the versions of requirements.lock; targets do it when they need it

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Equipoise needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Compiled to bytecode when first imported: most of it never is.
$(LEAN): pyproject.toml requirements.lock | $(BIN)/python
	$(INSTALL) --no-compile --editable '.[report]'
	@touch $@

$(GRID): pyproject.toml requirements.lock | $(BIN)/python
	$(INSTALL) --no-compile --editable '.[report,grid]'
	@touch $(LEAN) $@

# Groups need pip 25.1.
$(READY): pyproject.toml requirements.lock | $(BIN)/python
	@$(BIN)/python -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))' || \
	  $(PIP) install --upgrade 'pip>=25.1'
	$(INSTALL) --editable '.[report,fast,cluster,postgres,sign,site,documents]' --group dev
	$(KERNELS)
	@touch $(LEAN) $(GRID) $(SITE) $@

# numba and LLVM (190 MB) are needed once, to compile the simulator. Without a linker they stay.
simulator: $(LEAN)
	@$(KERNELS) --ready || { \
	  echo "Compiling the simulator, once …"; \
	  $(INSTALL) --no-compile --no-deps --target $(VENV)/numba numba llvmlite && \
	  PYTHONPATH=$(VENV)/numba $(KERNELS) --library; rm -rf $(VENV)/numba; $(KERNELS) --ready; } || \
	  { $(INSTALL) numba && $(KERNELS); }

known: $(GRID) simulator ## What NORTH could have known (out/known/page.html, and of the dose dose.html and exposure.html)
	$(BIN)/equipoise simulate north --grid trials/north/grids/could-have-known.toml --out out/known
	$(BIN)/equipoise simulate north --grid trials/north/grids/dose-for-phase2.toml --out out/known
	$(BIN)/equipoise drug dose north --scenario exposure/none --scenario exposure/weak --scenario exposure/strong --out out/known/exposure.html

demo: simulator ## NORTH, from its file to a decision and a report (out/demo/report.html)
	$(BIN)/equipoise demo

$(DOCS): pyproject.toml requirements.lock | $(BIN)/python
	@$(BIN)/python -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))' || \
	  $(PIP) install --upgrade 'pip>=25.1'
	$(INSTALL) --no-compile --editable . --group docs
	@touch $(LEAN) $@

# Beside what the main job needs: Django and what goes with it.
$(SITE): pyproject.toml requirements.lock | $(BIN)/python
	$(INSTALL) --no-compile --editable '.[report,site]'
	@touch $(LEAN) $@

serve: $(SITE) ## The site app of NORTH at http://localhost:8000/ (make serve ARGS=--demo: with people and virtual patients)
	$(BIN)/equipoise serve north $(ARGS)

test: $(READY) browser postgres ## Run the tests (random order, warnings are errors)
	$(BIN)/python -m pytest -n $(CORES)

quick: $(READY) ## The tests that are quick, with few examples: under a minute on two cores
	$(BIN)/python -m pytest -n $(CORES) --hypothesis-profile=quick -m "not (slow or thorough or process or browser)"

test-slow: $(READY) browser postgres ## Run the tests that take longer: clusters, whole pages, thousands of reference trials, campaigns on the log
	$(BIN)/python -m pytest -n $(CORES) -m slow
	$(BIN)/python -m pytest -n $(CORES) -m "property and not slow" --hypothesis-profile=many

browser: ## Install Chromium for the browser tests (when root, on Debian); else they skip aloud
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; } || \
	  echo "No Chromium here: the browser tests will be skipped."

postgres: ## Install PostgreSQL for the tests of logs in a database (when root, on Debian); else they skip aloud
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; }; } || \
	  echo "No PostgreSQL here: the tests that need it will be skipped."

check: $(READY) ## Lint, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

audit: $(READY) ## The code by bandit, requirements.lock against published advisories (aloud where they cannot be reached)
	$(BIN)/python .ci/audit.py

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## Run the benchmarks: ratios to a named peer in the same run
	for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b; done

# numba for as long as it compiles, and no other developer's tool.
dist: $(LEAN) ## Build the wheel in dist/, with the simulator compiled for machines of this kind
	@$(BIN)/python -c 'import numba' 2>/dev/null && $(KERNELS) || { \
	  $(INSTALL) --no-compile --no-deps --target $(VENV)/numba numba llvmlite && \
	  PYTHONPATH=$(VENV)/numba $(KERNELS); rm -rf $(VENV)/numba; }
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

smoke: dist ## Install the wheel in an environment of its own, with the versions of requirements.lock, and try what it is for
	rm -rf $(SMOKE)
	$(PYTHON) -m venv $(SMOKE)
	$(SMOKE)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --constraint requirements.lock dist/equipoise-*.whl
	cd $(SMOKE) && bin/python -I $(CURDIR)/.ci/smoke.py

docs: $(DOCS) ## The documentation as a site, in out/docs/site
	$(BIN)/python docs_site/build.py out/docs

schema: $(LEAN) ## Write the JSON Schemas beside the bundled trials
	$(BIN)/equipoise schema --out trials/trial.schema.json
	$(BIN)/equipoise schema --of scenario --out trials/scenario.schema.json
	$(BIN)/equipoise schema --of grid --out trials/grid.schema.json
	$(BIN)/equipoise schema --of history --out trials/history.schema.json
	$(BIN)/equipoise schema --of amendment --out trials/amendment.schema.json
	$(BIN)/equipoise schema --of drug --out trials/drug.schema.json

validation: $(LEAN) ## Write docs/validation.md anew
	$(BIN)/equipoise validation --markdown > docs/validation.md

conformance: $(LEAN) simulator ## Run CDISC's CORE on our SDTM, three validators on our USDM, and write docs/conformance*.md anew (Python 3.12, the network, an hour)
	$(BIN)/python conformance/core_run.py
	$(BIN)/python conformance/usdm_run.py

lock: $(READY) ## Write requirements.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra report --extra fast --extra cluster --extra postgres --extra sign --extra site --extra documents --group dev --group docs --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate --upgrade pyproject.toml --output-file requirements.lock

clean: ## Remove what was built
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis

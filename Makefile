# Needs: make, Python 3.11 or newer, and the Python package index on the first run. `make` alone lists the targets.
PYTHON ?= python3
EXTRAS ?=
WORKERS ?= auto
BIN := .venv/bin
DATA := $(or $(AFFILIATE_DATA_DIR),data)
BOOTSTRAP = $(PYTHON) .ci/bootstrap.py $(EXTRAS:%=--extra=%)
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --maxprocesses=4 --dist=loadfile

# Here byte code may be written: without it every process compiles all it loads, and pytest every test anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test test-slow screenshots check bench clean python

help: ## show this list
	@echo 'make TARGET, where TARGET is one of:'
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14
	@echo 'Variables: PYTHON=python3.12  EXTRAS=postgres (for install, run)  WORKERS=2 (for test)  ARGS="-k links" (for test)'

install: python ## create .venv with the command .venv/bin/affiliate
	@$(BOOTSTRAP)

run: install ## serve on this machine, with the demo newsroom when there is no data yet
	@[ -f '$(DATA)/demo-login.txt' ] || $(BIN)/affiliate demo
	@exec $(BIN)/affiliate serve

test: python ## run all tests but the slow ones, in a real browser too
	@$(BOOTSTRAP) --group test
	@$(BIN)/python .ci/browser.py >/dev/null
	@$(PYTEST) -m 'not slow' $(ARGS)

test-slow: python ## run the tests that take minutes
	@$(BOOTSTRAP) --group test
	@$(PYTEST) -m slow $(ARGS)

screenshots: python ## take the pictures of the README anew, into docs/images
	@$(BOOTSTRAP) --group test
	@AFFILIATE_SCREENSHOTS=docs/images $(BIN)/python -m pytest --quiet tests/browser/test_pictures.py

check: python ## lint, types, import arrows, templates, spelling
	@$(BOOTSTRAP) --group test --group lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/codespell

bench: python ## measure: every bench/*.py in turn
	@$(BOOTSTRAP) --group test
	@set -e; for each in bench/[a-z]*.py; do echo "== $$each"; $(BIN)/python $$each; done

clean: ## remove what make made; the data folder stays
	rm -rf .venv .uv .browser test-results dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find affiliate tests bench .ci -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@command -v $(PYTHON) >/dev/null || { echo 'No $(PYTHON) here. Debian, Ubuntu: apt-get install python3. Or: make PYTHON=/path/to/python3.12' >&2; exit 1; }

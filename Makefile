# Thin: each target makes .venv when it is missing or setup.cfg has changed, then runs one command.
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SPHINX := -W --keep-going -n -q -b html
METADATA := setup.cfg pyproject.toml replica/_version.py

.PHONY: demo test lowest lint bench notebooks docs docs-fast package clean

demo: .venv/installed  ## a figure and its data, written into ./demo
	$(BIN)/replica demo --output demo

test: .venv/installed-tools
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

lowest:  ## the quick tests with the lowest versions that setup.cfg allows (newer companions of theirs warn)
	$(PYTHON) -m venv build/lowest
	sed -n 's/^    \([a-z][a-z0-9-]*\)[^>]*>=/\1==/p' setup.cfg | grep -v -e mypy -e ruff > build/lowest/versions.txt
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check -c build/lowest/versions.txt -e ".[test]"
	OMP_NUM_THREADS=1 build/lowest/bin/python -m pytest -q -n $(JOBS) --dist loadfile -m "not slow and not bench" \
		-W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning -W ignore::FutureWarning

lint: .venv/installed-tools
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/installed-tools
	$(BIN)/python -m pytest -q -s -m bench benchmarks tests

notebooks: .venv/installed-tools
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb

docs: .venv/installed-docs  ## build/docs, with gallery and notebooks run (kept until they change)
	$(BIN)/sphinx-build $(SPHINX) docs build/docs

docs-fast: .venv/installed-docs  ## the same without running anything
	$(BIN)/sphinx-build $(SPHINX) -D nb_execution_mode=off -D plot_gallery=False docs build/docs-fast

package:  ## wheel and archive in dist; the wheel is installed into an environment of its own and asked
	rm -rf dist build/package
	$(PYTHON) -m venv build/package
	build/package/bin/python -m pip install --quiet --disable-pip-version-check build
	build/package/bin/pyproject-build
	build/package/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cd build && package/bin/python -m pip check && package/bin/replica capacity perceptron --weights binary

clean:
	rm -rf .venv demo build docs/generated dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .coverage htmlcov
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/installed: $(METADATA)
	@echo "installing into .venv"
	@$(PYTHON) -m venv .venv
	@$(PIP) -e .
	@$(BIN)/replica warm
	@touch $@

.venv/installed-tools: .venv/installed
	@echo "installing test and lint tools into .venv"
	@$(PIP) -e ".[test,lint]"
	@touch $@

.venv/installed-docs: .venv/installed
	@echo "installing documentation tools into .venv"
	@$(PIP) -e ".[docs]"
	@touch $@

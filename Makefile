# One runner for everything. `make` alone lists the commands.
# Everything lives in .venv-dev, apart from the .venv that the README's first command makes.

PYTHON ?= python3
WORKERS ?= auto
VENV := .venv-dev
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help:  ## list the commands
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | awk -F ':.*  ## ' '{printf "make %-9s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(STAMP)  ## make .venv-dev and install the library with everything its tests need

# The lightfm adapter needs a C compiler; without one its tests are skipped by name.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "recsys needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0] + ". Name another: make test PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@if command -v cc >/dev/null || command -v gcc >/dev/null; then \
		echo "$(BIN)/pip install 'recsys-engine[lightfm]'"; \
		$(BIN)/pip install --quiet --editable '.[lightfm]'; \
	else echo "no C compiler here: the tests of the lightfm adapter will be skipped"; fi
	@touch $@

.PHONY: format
format: $(STAMP)  ## format the code and repair what ruff can repair
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: lint
lint: $(STAMP)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

.PHONY: layers
layers: $(STAMP)  ## import-linter: data flows one way
	$(BIN)/lint-imports

.PHONY: unit
unit: $(STAMP)  ## tests, doctests, docs code and examples, without the rest of check
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

.PHONY: docs
docs: $(STAMP)  ## build the pages into site/, warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: pages
pages: $(STAMP)  ## write the generated pages anew: API, commands, benchmarks
	$(BIN)/python docs/render.py
	$(BIN)/python benchmarks/render.py

.PHONY: smoke
smoke: $(STAMP)  ## build the wheel, install it alone in an empty environment, run recsys demo
	$(BIN)/python tests/smoke/wheel.py

.PHONY: check
check: lint types layers docs smoke unit  ## lint + types + layers + docs + smoke + unit

.PHONY: test
test: check  ## what a fresh clone runs: setup, then check

.PHONY: bench
bench: $(STAMP)  ## run every benchmark and write benchmarks/results/ and its page (long)
	@for script in benchmarks/speed/*.py benchmarks/quality/embedded.py benchmarks/quality/run.py; do \
		test -e "$$script" || continue; \
		echo "$$script"; $(BIN)/python "$$script" || exit 1; \
	done
	$(BIN)/python -m benchmarks.quality.pictures
	$(BIN)/python benchmarks/speed/pictures.py
	$(BIN)/python benchmarks/render.py

.PHONY: clean
clean:  ## remove what the commands above made
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

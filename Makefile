# make demo         scan the example project (needs python3 alone)
# make test         everything that must pass before a change is merged; pytest's summary comes last
# make test-matrix  real Django judges cases and rows, on every Python and Django found on this machine
# make site         the documentation as a site, in docs/_build (links and generated parts are checked by make test)
# make bench        speed and memory beside other tools (downloads what it measures)
# make format       lay the code out
# make clean        remove what these commands made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint types layers wheel unit test-matrix site bench format clean
# The parts of "make test" run in this order, pytest last.
.NOTPARALLEL:

# A stamp, so that an environment is made again when what it holds has changed.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[dev]'
	touch $(VENV)/installed $@

# Exit code 1 says that findings are left: that is what the example is for.
demo: $(VENV)/installed
	$(BIN)/django-async-migrate scan fixtures/legacy_project || test $$? -eq 1

test: lint types layers wheel unit

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy
	$(BIN)/mypy --strict benchmarks scripts/check_wheel.py scripts/generate_docs.py scripts/run_tutorial.py

layers: $(VENV)/installed-dev
	$(BIN)/lint-imports

wheel: $(VENV)/installed-dev
	$(BIN)/python scripts/check_wheel.py

# Two workers, each with whole files: what real Django says of all cases is asked once a file.
unit: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-matrix: $(VENV)/installed-dev
	$(BIN)/python tests/oracle/matrix.py
	$(BIN)/python tests/oracle/rows_matrix.py

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

site: $(VENV)/installed
	$(PIP) --editable '.[docs]'
	$(BIN)/python -m sphinx -q -W -b html docs docs/_build

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venvs build dist docs/_build

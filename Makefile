# Two commands: `make run` serves the app, `make test` passes all tests. Both set up what they need.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: run test check format bench quality chaos setup-run setup-dev clean
.DEFAULT_GOAL := run

run: setup-run
	$(BIN)/python app.py

test: setup-dev
	$(BIN)/python -m tests.find_chromium --install
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev
	$(BIN)/python -m bench.registry

quality: setup-dev
	$(BIN)/python -m bench.quality $(EVAL)

chaos: setup-dev
	$(BIN)/python -m bench.chaos

setup-run:
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh requirements.txt

setup-dev:
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh requirements-dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

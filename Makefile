# Two commands: `make run` serves the app, `make test` passes all tests. Both set up what they need.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: run test check format bench quality chaos corpus flood audit lock setup-run setup-dev clean
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

corpus: setup-dev
	$(BIN)/python -m bench.corpus $(CORPUS)

flood: setup-dev
	$(BIN)/python -m bench.flood

# pip-audit has an environment of its own: it is no part of the program. Both of these reach the package index.
audit:
	[ -x .audit/bin/pip-audit ] || { $(PYTHON) -m venv .audit && .audit/bin/pip install --quiet pip-audit; }
	.audit/bin/pip-audit --require-hashes --disable-pip -r requirements.lock

lock:
	[ -x .lock/bin/pip-compile ] || { $(PYTHON) -m venv .lock && .lock/bin/pip install --quiet pip-tools; }
	.lock/bin/pip-compile --quiet --generate-hashes --no-header --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links -o requirements.lock requirements.txt
	.lock/bin/pip-compile --quiet --generate-hashes --no-header --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links -o requirements-dev.lock -c requirements.lock requirements-dev.txt

setup-run:
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh requirements.txt

setup-dev:
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh requirements-dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

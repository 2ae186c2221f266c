# `make demo` and `make test` work on a fresh machine with Python 3.11 to 3.13, git and make.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo service-demo setup test test-all check format clean

demo: setup  ## a real study, from nothing
	$(BIN)/automl run studies/digits.yaml --fresh

service-demo: setup  ## a study service on this machine: PostgreSQL, MLflow, a server, two workers, one of them killed
	$(BIN)/python benchmarks/service_demo.py

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq --constraint constraints.txt --editable ".[dev,excel,jax,postgres,remote]"
	touch $(INSTALLED)

test: setup  ## everything but the slow tests, and a third of the examples of properties that take long
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations 25 -m "not slow"

test-all: setup
	XLA_FLAGS= AUTOML_TESTS=all $(BIN)/python -m pytest -n 2 --dist loadfile

check: setup  ## lint, format, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build *.egg-info

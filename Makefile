# Every target makes its own environment: a machine with Python >= 3.11 and nothing else is enough.
#   make PYTHON=/path/to/python3.12 test     chooses the Python
#   DATABASE_URL=postgresql://… make demo    chooses the database

PY := .venv/bin/python
ARGS ?=
export PYTHON

.PHONY: help demo test lint types bench soak twins clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    load real data, serve it from async views, run a legacy script on it"
	@echo "make test    every test (ARGS='-k name' narrows it)"
	@echo "make lint    ruff"
	@echo "make types   mypy --strict, then pyright"
	@echo "make bench   this library against raw drivers and other ORMs, as ratios"
	@echo "make soak    five minutes of load on a private PostgreSQL server that is cut, killed and restarted"
	@echo "make twins   write the generated blocking forms"
	@echo "make clean   remove .venv and caches"

.venv/.installed-%: pyproject.toml .ci/venv
	@sh .ci/venv $*

demo: .venv/.installed-demo
	@$(PY) -m migrations_demo $(ARGS)

test: .venv/.installed-dev
	@$(PY) -m pytest $(ARGS)

lint: .venv/.installed-dev
	@$(PY) -m ruff check .

types: .venv/.installed-dev
	@$(PY) -m mypy
	@$(PY) -m pyright

bench: .venv/.installed-bench
	@$(PY) -m benchmarks $(ARGS)

soak: .venv/.installed-bench
	@$(PY) -m benchmarks.soak $(ARGS)

twins: .venv/.installed-dev
	@$(PY) -m orm.bridge.generate

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

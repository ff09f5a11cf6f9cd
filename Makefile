# Every target makes its own environment: a machine with Python >= 3.11 and nothing else is enough.
#   make PYTHON=/path/to/python3.12 test     chooses the Python
#   make VENV=.venv-3.13 test                keeps the environment in another folder, beside .venv
#   DATABASE_URL=postgresql://… make demo    chooses the database

VENV ?= .venv
PY := $(VENV)/bin/python
ARGS ?=
export PYTHON VENV

.PHONY: help demo docs test test-slow test-other django-tests lint types bench soak twins clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    load real data, serve it from async views, run a legacy script on it"
	@echo "make test    every test but the slow ones (ARGS='-k name' narrows it)"
	@echo "make test-slow    those: an exception at every single line, the soak, streaming replicas"
	@echo "make test-other   the tests of db, bridge, routing, testing, observability, newcomer on another Python, where there is one"
	@echo "make docs    the documentation as a site, in build/site"
	@echo "make django-tests  Django's own tests of its ORM, against the legacy names, on both databases"
	@echo "make lint    ruff"
	@echo "make types   mypy --strict, then pyright"
	@echo "make bench   this library against raw drivers and other ORMs, as ratios"
	@echo "make soak    five minutes of load on a private PostgreSQL server that is cut, killed and restarted"
	@echo "make twins   write the generated blocking forms and the list of legacy names"
	@echo "make clean   remove .venv and caches"

$(VENV)/.installed-%: pyproject.toml .ci/venv
	@sh .ci/venv $*

demo: $(VENV)/.installed-demo
	@$(PY) -m migrations_demo $(ARGS)

# Files are shared out among a few processes; WORKERS= runs them in one. More than four would ask a PostgreSQL server with
# its usual limit for too many sessions.
WORKERS ?= -n auto --maxprocesses 4 --dist loadfile

test: $(VENV)/.installed-dev
	@$(PY) -m pytest -m "not slow" $(WORKERS) $(ARGS)

test-slow: $(VENV)/.installed-dev
	@$(PY) -m pytest -m slow $(ARGS)

# What depends on the version of Python: tasks, threads, loops, cancellation. What makes servers of its own is left out for
# the time it takes.
ACROSS_VERSIONS := --ignore=tests/db/outages tests/db tests/bridge tests/routing tests/testing tests/observability tests/newcomer

test-other: .venv/.installed-dev
	@other=$$(sh .ci/other-python); if [ -n "$$other" ]; then \
		version=$$("$$other" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		$(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON="$$other" ARGS='-m "not slow" $(ARGS) $(ACROSS_VERSIONS)'; \
	else echo "NOT RUN: no second Python (3.11 to 3.13) was found on the PATH, with pyenv or with uv."; fi

# Django's own tests of its ORM, on both databases; ARGS=--update writes the lists of those that pass anew.
django-tests: $(VENV)/.installed-dev
	@$(PY) -m tests.django $(ARGS)

lint: $(VENV)/.installed-dev
	@$(PY) -m ruff check .

types: $(VENV)/.installed-dev
	@$(PY) -m mypy
	@$(PY) -m pyright

docs: $(VENV)/.installed-docs
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet
	@echo "build/site/index.html"

bench: $(VENV)/.installed-bench
	@$(PY) -m benchmarks $(ARGS)

soak: $(VENV)/.installed-bench
	@$(PY) -m benchmarks.soak $(ARGS)

twins: $(VENV)/.installed-dev
	@$(PY) -m orm.bridge.generate
	@$(PY) -m orm.compat.django.listing

clean:
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Works on a fresh machine with make and Python >= 3.11; uses uv where it is installed, plain venv + pip where not.
#   make demo    environment, then the main job on the bundled panel -> demo/report.html
#   make test    environment with test extras, then the whole suite
#   make check   format, lint, types, import contract (make lint) and the fast tests; under a minute
#   make audit   known weaknesses of the pinned packages (asks a service on the network)
#   make bench   quick benches of the experiments
#   make format  let ruff rewrite what it can
# PYTHON=/path/to/python chooses the interpreter for a new environment.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env demo test lint check audit bench format

VENV := .venv
S3 := .venv-s3
BIN := $(VENV)/bin
PYTHON ?=

# The first interpreter on PATH that really runs (a shim may not), is new enough and can make an environment.
FIND_PYTHON = suits='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'; found=; \
	for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
	  case $$name in */*) candidates=$$name;; *) candidates=$$(echo "$$PATH" | tr ':' '\n' | sed "s|$$|/$$name|");; esac; \
	  for candidate in $$candidates; do \
	    if [ -z "$$found" ] && [ -x "$$candidate" ] && "$$candidate" -c "$$suits" >/dev/null 2>&1; then found=$$candidate; fi; \
	  done; \
	done; \
	if [ -z "$$found" ]; then echo "No Python >= 3.11 with venv found; install one or call: make PYTHON=/path/to/python" >&2; exit 2; fi

# $(call install,REQUIREMENTS)
define install
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --constraint constraints.txt $(1); \
	else \
	  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(1); \
	fi
	@touch $@
endef

help:
	@sed -n 's/^#   //p' Makefile

env: $(VENV)/.ready

demo: $(VENV)/.ready
	$(BIN)/causal-service demo --out demo

test: $(VENV)/.ready-test $(S3)/.ready
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.ready-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r causal_service
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest -q -n 2 -m "not slow"

audit: $(VENV)/.made
	@$(BIN)/python -m venv --clear .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

bench: $(VENV)/.ready-test
	$(BIN)/python experiments/recovery/run.py --quick
	$(BIN)/python experiments/order_search/run.py --quick
	$(BIN)/python experiments/big_panels/run.py --quick
	$(BIN)/python experiments/networks/run.py --quick
	$(BIN)/python experiments/peers/run.py --quick
	$(BIN)/python experiments/effects/run.py --quick

format: $(VENV)/.ready-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A folder that holds a working interpreter is kept, anything else is made anew.
$(VENV)/.made:
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then :; else \
	  $(FIND_PYTHON); echo "Making $(VENV) with $$found"; \
	  if command -v uv >/dev/null 2>&1; then uv venv --quiet --clear --python "$$found" $(VENV); \
	  else "$$found" -m venv --clear $(VENV); fi; \
	fi
	@touch $@

$(VENV)/.ready: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,--editable .)

$(VENV)/.ready-test: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,--editable '.[test]')
	@touch $(VENV)/.ready

# The S3 server of the tests lives apart: it needs an older python-dateutil than matplotlib does.
$(S3)/.ready: $(VENV)/.made
	@$(BIN)/python -m venv --clear $(S3)
	@$(S3)/bin/python -m pip install --quiet --disable-pip-version-check "moto[server]==5.2.5"
	@touch $@

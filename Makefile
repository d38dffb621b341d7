# `make demo` and `make test` need Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DISTRIBUTIONS := . plugins/paperless plugins/email plugins/billing_1c plugins/billing_tables plugins/kep plugins/webhook webapp sandbox demo
PROJECTS := $(addsuffix /pyproject.toml,$(DISTRIBUTIONS))
INSTALLED := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench constraints screenshots translations clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(INSTALLED): constraints.txt $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ztoe-hub needs Python 3.11 or newer; name one with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python has no venv module: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install -q -p $(BIN)/python -c constraints.txt -b constraints.txt $(addprefix -e ,$(DISTRIBUTIONS)) --group dev
	@touch $@

demo: $(INSTALLED)  ## start everything on this machine and try the cabinet (ARGS=--check plays the story by itself)
	$(BIN)/ztoe-hub demo $(ARGS)

test: $(INSTALLED)  ## run the tests (ARGS="-k name" and the like go to pytest)
	$(BIN)/pytest $(ARGS)

check: $(INSTALLED)  ## format, lint, types, import rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases tests bench $(wildcard plugins/*/tests webapp/tests sandbox/tests demo/tests)
	$(BIN)/lint-imports

format: $(INSTALLED)  ## format the code and sort the imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED)  ## measure against peers in one run (ARGS="imports --rows 100000 --json")
	$(BIN)/python -m bench $(ARGS)

constraints: $(INSTALLED)  ## resolve constraints.txt anew from the pyproject files
	$(BIN)/uv pip compile constraints.in --group dev --universal --python-version 3.11 --no-header --no-annotate --upgrade -q \
	  $(foreach name,ztoe-hub ztoe-paperless ztoe-email ztoe-billing-1c ztoe-billing-tables ztoe-kep ztoe-webhook ztoe-cabinet ztoe-sandbox ztoe-demo,--no-emit-package $(name)) -o constraints.txt

screenshots: $(INSTALLED)  ## play the story in a browser and keep its pictures in docs/screenshots
	ZTOE_SCREENSHOTS=1 $(BIN)/pytest -q tests/browser

MARKS := -k msg -k UserError -k WrongMoment -k NotFound -k TooManyAttempts -k Refused

translations: $(INSTALLED)  ## collect the texts anew, then compile the catalogues
	mkdir -p build
	$(BIN)/pybabel -q extract $(MARKS) --no-location --omit-header --sort-output -o build/core.pot ztoe_hub
	$(BIN)/pybabel -q update -i build/core.pot -D ztoe_hub -d ztoe_hub/translations -l en -w 110 --no-fuzzy-matching --omit-header --ignore-obsolete
	$(BIN)/pybabel -q compile -f -D ztoe_hub -d ztoe_hub/translations

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .demo

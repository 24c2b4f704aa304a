# `make run` starts the site, `make test` runs the tests; `make` alone lists the rest.

# The first of these that is 3.11 or newer; `make run PYTHON=/path/to/python3` decides otherwise.
ifndef PYTHON
PYTHON := $(shell for python in python3 /usr/bin/python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
endif
BIN = .venv/bin
# One more than there are cores, since many tests wait for a server or a browser.
# Files begin in the order in which tests/conftest.py puts them.
PYTEST = $(BIN)/python -m pytest -n $$(( $$(nproc) + 1 )) --dist loadfile --no-loadscope-reorder
UV_COMPILE = uv pip compile --universal --python-version 3.11.0 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --quiet

# With it in the environment, every start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL = help
.PHONY: help run quick fast test looks test-postgres soak soak-postgres bench tools screenshots styleguide check lines rooms lock clean python environment test-environment

help:  ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: environment  ## start the site with sample content, on PORT or 8000
	@$(PYTHON) -m practice.environment.firstrun keys
	@exec $(BIN)/python manage.py start

quick: test-environment  ## run the pure tests, and those of the folders you changed
	@exec $(PYTEST) --quick $(ARGS)

fast: test-environment  ## run all that needs no browser and starts no server
	@exec $(PYTEST) -m "not (browser or slow or soak or looks)" $(ARGS)

test: test-environment  ## run every test but the soak and the looks
	@exec $(PYTEST) $(ARGS)

looks: test-environment  ## look at every page in a browser: HTML, accessibility, Lighthouse
	@exec $(PYTEST) -m looks $(ARGS)

test-postgres: test-environment  ## run those that ask for a database on a PostgreSQL made for them
	@exec $(BIN)/python -m tests.throwaway_postgres $(PYTEST) $(ARGS)

soak: test-environment  ## run the long tests that kill processes at random
	@exec $(BIN)/python -m pytest -m soak $(ARGS)

soak-postgres: test-environment  ## run them on a PostgreSQL made for them
	@exec $(BIN)/python -m tests.throwaway_postgres $(BIN)/python -m pytest -m soak $(ARGS)

bench: test-environment  ## measure what has a budget, and write docs/benchmarks.md
	@exec $(BIN)/python -m tests.benchmarks $(ARGS)

screenshots: test-environment  ## take pictures of every page, and sheets of 24, into data/screenshots
	@exec $(BIN)/python -m pytest tests/browser/screenshots.py $(ARGS)

styleguide: test-environment  ## write anew where the parts of the style guide stand
	@WRITE_STYLEGUIDE=1 $(BIN)/python -m pytest tests/browser/test_styleguide.py $(ARGS)

tools:  ## fetch vnu and Lighthouse for the tests that use them (needs npm)
	npm ci --prefix tests/tools --ignore-scripts --no-audit --no-fund

check: test-environment  ## check style, types, imports, templates and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint templates
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings

lines: test-environment  ## measure the size and the rooms of this tree, or of ARGS=<revision>
	@exec $(BIN)/python -m tests.lines $(ARGS)

rooms: test-environment  ## draw the rooms into docs/developer.md, as the contracts have them
	@exec $(BIN)/python -m tests.rooms

lock:  ## choose the dependencies' versions again (needs uv)
	$(UV_COMPILE) pyproject.toml -o requirements.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

clean:  ## remove the environment and the caches; data/ and .env stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment: python
	@$(PYTHON) -m practice.environment.firstrun environment requirements.txt

test-environment: python
	@$(PYTHON) -m practice.environment.firstrun environment requirements-dev.txt

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing. On Debian: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "$(PYTHON) is not Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks its venv module. On Debian: apt install python3-venv" >&2; exit 1; }

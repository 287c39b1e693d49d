# The commands of this project. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT) # with the sh that Git brings
BIN := $(VENV)/Scripts
EXE := .exe
else
BIN := $(VENV)/bin
endif
# The demonstration keeps its journal and its server's data in here, away from your own.
DEMO := IMPORTER_STATE_DIR="$(CURDIR)/.state"

.DEFAULT_GOAL := help
.PHONY: help setup run run-v2 man test pictures chaos chaos-fleet fuzz bench check lint types docs dist image wheel-check sbom release lock clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/installed ## install the command: .venv/bin/importer

run: setup ## import a sample into a local server and show what became of every row; TO=simkl, mdblist, tmdb: as those do
	@IMPORTER_TYPED="make run$(if $(TO), TO=$(TO))" $(DEMO) $(BIN)/importer run samples/imdb-2024.csv --to sandbox $(if $(TO),--api $(TO)) --out results.csv </dev/null; code=$$?; \
	if [ $$code -eq 1 ]; then \
	    echo; echo "Some rows of this sample are meant to fail; the list above says why each did."; \
	else exit $$code; fi

run-v2: setup ## the same, with the sign-in that Trakt itself asks for
	@IMPORTER_TYPED="make run-v2" $(DEMO) $(BIN)/python -m tests.system.demo_v2 samples/imdb-2024.csv --out results.csv </dev/null; code=$$?; \
	if [ $$code -eq 1 ]; then \
	    echo; echo "Some rows of this sample are meant to fail; the list above says why each did."; \
	else exit $$code; fi

man: setup ## write the manual pages into build/man, from what --help shows; needs help2man
	@BIN=$(BIN) sh release/man.sh build/man

test: $(VENV)/installed-dev ## run the test suite
	@$(BIN)/python -m pytest

pictures: $(VENV)/installed-dev ## write the pictures of the page in docs/pictures/, by Chromium
	@$(BIN)/python -m tests.browser.pictures

lint: $(VENV)/installed-dev ## check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/installed-dev ## check types
	@$(BIN)/mypy

chaos: $(VENV)/installed-dev ## kill the process and the server several hundred times, and compare everything
	@CHAOS_KILLS=$${CHAOS_KILLS:-400} $(BIN)/python -m pytest tests/chaos

chaos-fleet: $(VENV)/installed-dev ## kill, freeze and cut off the machines of a fleet of 200 accounts, and its database
	@FLEET_CHAOS=1 $(BIN)/python -m pytest -n 0 tests/fleet/chaos tests/fleet/test_paces.py

fuzz: $(VENV)/installed-dev ## damage files, answers, settings and journals at random, for FUZZ_SECONDS (120)
	@$(BIN)/python -m tests.fuzz --seconds $${FUZZ_SECONDS:-120} $(FUZZ)

bench: $(VENV)/installed-dev ## measure what users wait for, beside yardsticks (a quarter of an hour)
	@$(BIN)/python -m benchmarks $(BENCH)

check: lint types test ## lint, types and tests: what a change must pass

dist: $(VENV)/installed-dev ## build the wheel and the sdist into dist/, the same bytes each time
	@rm -rf dist && $(BIN)/python -m hatchling build -d dist

docs: $(VENV)/installed-release ## build the docs as a site that can be read offline: site/index.html
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict
	@echo "site/index.html"

wheel-check: $(VENV)/installed-dev ## install the wheel into a new environment, import a sample, open the page, run a third of the tests
	@$(BIN)/python -m release.wheel_check

image: ## build the container image rating-importer with docker, podman or, without a daemon, buildah; BUILDER=podman
	@builder=$${BUILDER:-$$(docker info >/dev/null 2>&1 && echo docker || command -v podman || command -v buildah)}; \
	test -n "$$builder" || { echo "image: install docker, podman or buildah"; exit 2; }; \
	$$builder build -t rating-importer .

sbom: $(VENV)/installed-release ## list all that users get, with versions and licences, as CycloneDX in dist/
	@$(BIN)/python -m release.sbom dist/rating-importer-$(VERSION).cdx.json

release: $(VENV)/installed-release ## check, build, list and tag the version of pyproject.toml; it pushes nothing
	@test -z "$$(git status --porcelain)" || { echo "release: commit or put aside what git status shows"; exit 2; }
	@$(BIN)/python -m release.notes >/dev/null
	@$(BIN)/python -m release.docs_address
	@$(MAKE) check wheel-check man dist sbom
	@$(BIN)/python -m release.notes >dist/NOTES.md
	@git tag --annotate v$(VERSION) --cleanup=verbatim --file dist/NOTES.md
	@echo "Tagged v$(VERSION). What is published lies in dist/; then: git push origin v$(VERSION)"

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# Each lock on top of others names only what those have not: `$(call BESIDE,FILES)` leaves out the packages that
# those have for every system.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-package rating-importer --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
BESIDE = $(1:%=-c %) $$(sed -n 's/^\([A-Za-z0-9._-]*\)==[^ ]* \\$$/--no-emit-package \1/p' $(1))

lock: | $(BIN)/python$(EXE) ## write the locks anew after a change of pyproject.toml; UPGRADE=1: with today's versions
	@$(INSTALL) 'uv>=0.9'
	@$(LOCK) --extra all pyproject.toml -o requirements.lock
	@$(LOCK) --extra fleet pyproject.toml -o locks/fleet.lock $(call BESIDE,requirements.lock)
	@$(LOCK) --extra dev pyproject.toml -o locks/dev.lock $(call BESIDE,requirements.lock locks/fleet.lock)
	@$(LOCK) --extra docs --extra release pyproject.toml -o locks/release.lock $(call BESIDE,requirements.lock locks/fleet.lock locks/dev.lock)
	@sed -n 's/^requires = \["\(.*\)"\].*/\1/p' pyproject.toml | $(LOCK) -c requirements.lock -c locks/fleet.lock -c locks/dev.lock - -o locks/build.lock

clean: ## remove what the other targets made
	rm -rf $(VENV) .state results.csv build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python$(EXE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# Everything by its hash, and nothing that the locks do not name.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/installed: pyproject.toml requirements.lock locks/build.lock | $(BIN)/python$(EXE)
	@echo "Installing into $(VENV) ..."
	@$(INSTALL) --require-hashes -r requirements.lock -r locks/build.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: locks/fleet.lock locks/dev.lock $(VENV)/installed
	@$(INSTALL) --require-hashes -r requirements.lock -r locks/fleet.lock -r locks/dev.lock
	@touch $@

$(VENV)/installed-release: locks/release.lock $(VENV)/installed-dev
	@$(INSTALL) --require-hashes -r requirements.lock -r locks/fleet.lock -r locks/dev.lock -r locks/release.lock
	@touch $@

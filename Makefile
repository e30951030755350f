# Every recipe makes what it needs; `make dashboard` and `make test` do all the set-up on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Folder with reference data for `make bench`; what is not there is not measured.
REFERENCE ?= ../shared/reference

.PHONY: dashboard test test-minimum lint lock bench clean

# Only what the lock files name is installed, and only if its hash is theirs.
INSTALL := -m pip install --quiet --require-hashes --requirement
SELF := -m pip install --quiet --no-deps --no-build-isolation --editable .

$(VENV)/.user: pyproject.toml requirements/user.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) requirements/user.txt
	$(BIN)/python $(SELF)
	touch $@

$(VENV)/.dev: $(VENV)/.user requirements/dev.txt
	$(BIN)/python $(INSTALL) requirements/dev.txt
	touch $@

dashboard: $(VENV)/.user
	exec $(BIN)/geomap dashboard $(if $(HEADLESS),--headless) $(if $(PORT),--port $(PORT))

test: $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The same tests with the lowest version of everything that pyproject.toml allows.
test-minimum: $(VENV)-minimum/.dev
	$(VENV)-minimum/bin/python -m pytest -p no:cacheprovider

$(VENV)-minimum/.dev: pyproject.toml requirements/minimum.txt
	$(PYTHON) -m venv $(VENV)-minimum
	$(VENV)-minimum/bin/python $(INSTALL) requirements/minimum.txt
	$(VENV)-minimum/bin/python $(SELF)
	touch $@

# Lock files anew: plain versions and hashes, no addresses.
LOCK := uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate
lock: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --group lock
	$(BIN)/$(LOCK) --upgrade --universal --python-version 3.11 --extra all pyproject.toml \
	  requirements/build.in --output-file requirements/user.txt
	$(BIN)/$(LOCK) --upgrade --universal --python-version 3.11 --extra all --group dev \
	  --constraint requirements/user.txt pyproject.toml requirements/build.in \
	  --output-file requirements/dev.txt
	$(BIN)/$(LOCK) --upgrade --resolution lowest-direct --python-version 3.11 --extra all \
	  pyproject.toml requirements/minimum.in --output-file requirements/minimum.txt

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/gazetteer.py $(wildcard $(REFERENCE)/ucdp_ged_syria_2016_2019.csv.gz)
	$(BIN)/python benchmarks/maps.py
	$(BIN)/python benchmarks/dashboard.py
	$(BIN)/python benchmarks/injection.py
	$(BIN)/python benchmarks/case.py $(addprefix --flows ,$(wildcard $(REFERENCE)/unhcr_flows.csv.gz))
	$(BIN)/python benchmarks/regions.py $(wildcard $(REFERENCE)/ne_10m_admin_0_disputed_areas.json)

clean:
	rm -rf $(VENV) $(VENV)-minimum build dist .mypy_cache .ruff_cache .pytest_cache

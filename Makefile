# Two commands for everybody: `make demo` and `make test`. Each makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MODELS ?= .venv-models

TOOLS := imagemagick ffmpeg chromium gimp
FUZZ_PACKAGES := gcc libpng-dev libjansson-dev nodejs

.PHONY: demo test test-models test-tools lint fuzz bench-digits bench-paper bench-queries bench-step readme clean

demo: $(VENV)/.demo
	$(BIN)/bbprompt demo --out demo-out

test: lint
	$(BIN)/pytest -n 2

# Model zoos: about 5 GB of packages, in an environment of their own; torch and torchvision must be of one release.
test-models: $(MODELS)/.models
	$(MODELS)/bin/pytest tests/models

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-tools: $(VENV)/.dev
	.ci/debian $(TOOLS) $(FUZZ_PACKAGES)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,tools]'
	BBPROMPT_TEST_TOOLS=1 $(BIN)/pytest tests/tools tests/readers tests/servers/test_proxy.py

fuzz: $(VENV)/.dev
	.ci/debian $(FUZZ_PACKAGES)
	$(BIN)/python -m benchmarks.fuzz

bench-digits: $(VENV)/.dev
	$(BIN)/python -m benchmarks.digits

bench-paper: $(VENV)/.dev
	$(BIN)/python -m benchmarks.paper run
	$(BIN)/python -m benchmarks.paper.domains
	$(BIN)/python -m benchmarks.paper show

bench-step: $(MODELS)/.models
	$(MODELS)/bin/python -m benchmarks.step

bench-queries: $(VENV)/.dev
	$(BIN)/python -m benchmarks.queries run --jobs 2
	$(BIN)/python -m benchmarks.queries table
	$(BIN)/python -m benchmarks.queries figure

readme: $(VENV)/.dev
	$(BIN)/python -m benchmarks.readme

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(MODELS)/.models: pyproject.toml
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 torchvision==0.29.1 -e '.[dev,models,ray,distances]'
	touch $@

clean:
	rm -rf $(VENV) $(MODELS) demo-out build dist

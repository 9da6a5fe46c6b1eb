# Two commands for everybody: `make demo` and `make test`. Each makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MODELS ?= .venv-models
SINKS ?= .venv-sinks
DOCS ?= .venv-docs
SERVERS ?= .venv-servers

TOOLS := imagemagick ffmpeg chromium gimp
FUZZ_PACKAGES := gcc libpng-dev libjansson-dev nodejs
ALL_SERVERS := cog gradio kserve litserve mlserver moto pytriton torchserve
QUICK_SERVERS := cog litserve

.PHONY: demo test test-models test-servers test-sinks test-tools lint fuzz docs docs-serve screenshots bench-digits \
	bench-paper bench-queries bench-servers bench-step bench-faults bench-throughput \
	bench-throughput-servers readme clean

demo: $(VENV)/.demo
	$(BIN)/bbprompt demo --out demo-out

# One thread a process: two that wait for each other on two cores take minutes.
test: lint $(QUICK_SERVERS:%=$(SERVERS)/%/.ready)
	OMP_NUM_THREADS=1 BBPROMPT_SERVERS=$(SERVERS) $(BIN)/pytest -n 2 --dist loadgroup

# Servers that nobody here wrote, each in an environment of its own, about 4 GB together; TorchServe wants Java.
test-servers: $(VENV)/.dev $(ALL_SERVERS:%=$(SERVERS)/%/.ready)
	.ci/debian openjdk-17-jre-headless
	BBPROMPT_SERVERS=$(SERVERS) $(BIN)/pytest tests/servers

# Model zoos: about 5 GB of packages, in an environment of their own; torch and torchvision must be of one release.
test-models: $(MODELS)/.models
	$(MODELS)/bin/pytest tests/models

# Experiment trackers: about 1 GB of packages, in an environment of their own.
test-sinks: $(SINKS)/.sinks
	$(SINKS)/bin/pytest tests/sinks

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-tools: docs $(VENV)/.dev .imagemagick-7/.ready
	.ci/debian $(TOOLS) $(FUZZ_PACKAGES)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,tools]'
	BBPROMPT_TEST_TOOLS=1 $(BIN)/pytest tests/tools tests/readers tests/browser tests/servers/test_proxy.py tests/servers/test_proxy_aws.py

fuzz: $(VENV)/.dev
	.ci/debian $(FUZZ_PACKAGES)
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.fuzz.answers

bench-faults: $(VENV)/.dev
	$(BIN)/python -m benchmarks.faults

bench-throughput: $(VENV)/.dev
	$(BIN)/python -m benchmarks.throughput

# Servers that nobody here wrote, but for those whose requests cannot be sent again.
bench-throughput-servers: $(VENV)/.dev $(patsubst %,$(SERVERS)/%/.ready,$(filter-out gradio moto,$(ALL_SERVERS)))
	.ci/debian openjdk-17-jre-headless
	BBPROMPT_SERVERS=$(SERVERS) $(BIN)/python -m benchmarks.throughput.real

# The site, into site/, with every warning an error; its packages are pinned, in an environment of their own.
docs: $(DOCS)/.docs
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet

docs-serve: $(DOCS)/.docs
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs serve

screenshots: docs $(VENV)/.dev
	.ci/debian chromium
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,tools]'
	$(BIN)/bbprompt demo --out demo-out
	$(BIN)/python -m benchmarks.screenshots

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
	$(BIN)/python -m benchmarks.queries refit
	$(BIN)/python -m benchmarks.queries rounding
	$(BIN)/python -m benchmarks.queries slopes
	$(BIN)/python -m benchmarks.queries outlook
	$(BIN)/python -m benchmarks.queries table
	$(BIN)/python -m benchmarks.queries ablation
	$(BIN)/python -m benchmarks.queries figure

bench-servers: $(VENV)/.dev $(ALL_SERVERS:%=$(SERVERS)/%/.ready)
	.ci/debian openjdk-17-jre-headless
	BBPROMPT_SERVERS=$(SERVERS) $(BIN)/python -m benchmarks.servers

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

$(SINKS)/.sinks: pyproject.toml
	$(PYTHON) -m venv $(SINKS)
	$(SINKS)/bin/pip install --quiet --disable-pip-version-check -e '.[sinks]'
	touch $@

$(DOCS)/.docs: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/pip install --quiet --disable-pip-version-check -e '.[docs]'
	touch $@

# The tools' tests look for it there.
.imagemagick-7/.ready: .ci/imagemagick-7
	.ci/imagemagick-7 $(@D)
	touch $@

$(SERVERS)/%/.ready: tests/servers/%/requirements.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf $(VENV) $(MODELS) $(SERVERS) $(SINKS) $(DOCS) .imagemagick-7 demo-out build dist site

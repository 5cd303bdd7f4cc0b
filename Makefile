# Every target sets up what it needs; a second run starts at once. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Without .pyc files `import airflow.sdk` takes three times as long, in every process.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := .tools/bin/uv
HOST ?= 127.0.0.1
PORT ?= 8123
SANDBOX_DATA ?= .state/sandbox

.PHONY: help
help: ## Print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 10))' || { echo "Python 3.10 to 3.13 is needed: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .tools || { echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): requirements-dev.txt pyproject.toml | $(UV)
	@echo "Setting up $(VENV) ..."
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" $(VENV)
	@$(UV) pip sync --quiet --python $(BIN)/python --compile-bytecode requirements-dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(READY) player ## Create .venv with everything pinned

# Kaltura's own player for the sandbox (AGPL, so fetched and never committed). The demonstration goes without it if it
# must; the tests do not.
.PHONY: player
player: $(READY)
	@UV=$(UV) $(BIN)/python -m demo.player .tools/player $(PLAYER_OPTIONS)
demo up sandbox: PLAYER_OPTIONS := --optional

.PHONY: demo
demo: $(READY) player ## Ingest, publish and report on real media, in a local Kaltura and a local S3
	@$(BIN)/python -m demo run

.PHONY: up
up: $(READY) player ## The same, kept running: Airflow's UI with connections and DAGs ready (Ctrl-C stops all)
	@$(BIN)/python -m demo up

.PHONY: sandbox
sandbox: $(READY) player ## A local Kaltura alone, on PORT (8123)
	@$(BIN)/python -m kaltura_sandbox --host $(HOST) --port $(PORT) --data $(SANDBOX_DATA) --partner-id 102 \
		--admin-secret sandbox-admin-secret --user-secret sandbox-user-secret --sample-events

.PHONY: browser
browser:
	@tests/install.sh Chromium "chromium fonts-dejavu-core" chromium chromium-browser google-chrome

.PHONY: postgres
postgres:
	@tests/install.sh PostgreSQL postgresql initdb "/usr/lib/postgresql/*/bin/initdb"

# Tests wait for servers most of the time, so those of whole processes run beside the others; they are a run of their own,
# as moto's S3 servers share their buckets in a process, and their output comes in one piece.
.PHONY: test
test: $(READY) browser postgres redis compose player ## All tests (unit, contract, system, browser)
	@rm -rf .state/test-logs
	@$(MAKE) --no-print-directory -j2 test-parts test-system
	@$(BIN)/python -m pytest tests/secrets

.PHONY: test-parts
test-parts: $(READY)
	@$(BIN)/python -m pytest -n 3 -m "not system" --ignore tests/secrets

.PHONY: test-system
test-system: $(READY)
	@mkdir -p .state
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m system > .state/system-tests.txt 2>&1 && status=0 || status=$$?; \
		cat .state/system-tests.txt; exit $$status

.PHONY: test-browser
test-browser: $(READY) browser player ## The tests in a real browser alone, those of Kaltura's player and Airflow's UI
	@$(BIN)/python -m pytest tests/browser $(if $(CHECK),-k "$(CHECK)")

.PHONY: redis
redis:
	@tests/install.sh Redis redis-server redis-server

# The old one in Python, which needs no Docker to check a file.
.PHONY: compose
compose:
	@tests/install.sh docker-compose docker-compose docker-compose

.PHONY: stack
stack: $(READY) postgres redis player ## The stack of docker-compose.yaml as plain processes, with a sandbox, kept running
	@$(BIN)/python -m tests.distributed up

.PHONY: stack-test
stack-test: $(READY) postgres redis player ## FILES (200) files through that stack while a worker, the triggerer and Redis are killed; calm; and with LocalExecutor
	@$(BIN)/python -m tests.distributed test $(if $(FILES),--files $(FILES)) $(if $(TRIALS),--trials $(TRIALS))

.PHONY: test-matrix
test-matrix: $(READY) ## The wheel, copied DAGs and tests on the oldest and the newest Airflow, from the index (AIRFLOW=3.2.0,3.3.2)
	@UV=$(UV) $(BIN)/python -m tests.matrix $(if $(AIRFLOW),--airflow $(AIRFLOW)) --tests

.PHONY: screenshots
screenshots: $(READY) browser player ## Take the pictures in docs/img anew
	@SCREENSHOTS=docs/img $(BIN)/python -m pytest -q tests/browser

.PHONY: lint
lint: $(READY) ## Style, types, the arrows between the parts, and the documentation's links
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy plugins include demo deploy dags tests benchmarks packaging
	@$(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(BIN)/hadolint Dockerfile deploy/astronomer/Dockerfile
	@$(MAKE) --no-print-directory site
	@$(BANDIT)
	@$(AUDIT) secrets
	@$(AUDIT) licences
	@$(AUDIT) vulnerabilities --lenient $(ADVISED_BY)

BANDIT := $(BIN)/bandit -q -c pyproject.toml -r plugins include dags demo deploy
AUDIT := $(BIN)/python -m tests.audit
ADVISED_BY := $(if $(ADVISORIES),--advisories $(ADVISORIES)) $(if $(OSV_URL),--osv-url $(OSV_URL))
.PHONY: audit
audit: $(READY) ## Unsafe code, secrets, licences, known vulnerabilities (ADVISORIES=folder or OSV_URL=address without PyPI's API)
	@$(BANDIT)
	@$(AUDIT) secrets
	@$(AUDIT) licences
	@$(AUDIT) vulnerabilities $(ADVISED_BY)

.PHONY: sbom
sbom: dist ## Build, and list what the provider's wheel needs in dist/sbom.cdx.json (CycloneDX)
	@$(AUDIT) sbom dist/airflow_provider_kaltura-*.whl dist/sbom.cdx.json

.PHONY: bench
bench: $(READY) ## What importing the provider costs a DAG file, and a short look at uploads next to curl
	@$(BIN)/python -m benchmarks.import_time
	@$(BIN)/python -m benchmarks.upload --only 64@0 --candidates curl,provider --no-capacity --report-only

.PHONY: bench-upload
bench-upload: $(READY) ## Uploads next to other uploaders, near and far (ONLY=512@0,64@80 ROUNDS=3 FULL=1 REPORT_ONLY=1 COST_PER_MB=10)
	@UV=$(UV) $(BIN)/python -m benchmarks.upload $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(FAR_ROUNDS),--far-rounds $(FAR_ROUNDS)) $(if $(FULL),--full) $(if $(REPORT_ONLY),--report-only) \
		$(if $(CALIBRATE),--calibrate) $(if $(COST_CALL),--cost-call $(COST_CALL)) \
		$(if $(COST_PER_MB),--cost-per-mb $(COST_PER_MB)) $(BENCH_OPTIONS)

.PHONY: bench-ingest
bench-ingest: $(READY) ## Ingest 10,000 small files through the whole stack, twice (FILES=2000 SAMPLE=100)
	@$(BIN)/python -m benchmarks.ingest $(if $(FILES),--files $(FILES)) $(if $(SAMPLE),--sample $(SAMPLE)) $(BENCH_OPTIONS)

.PHONY: bench-publish
bench-publish: $(READY) ## Publish 500 entries with everything said of them, twice (ENTRIES=100 SAMPLE=10)
	@$(BIN)/python -m benchmarks.publish $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(SAMPLE),--sample $(SAMPLE))

.PHONY: bench-report
bench-report: $(READY) ## A million rows from the API's answers to Parquet, next to pandas; requests and waiting of a night (ROWS=100000)
	@$(BIN)/python -m benchmarks.report $(if $(ROWS),--rows $(ROWS)) $(if $(REPORT_ONLY),--report-only) $(BENCH_OPTIONS)

.PHONY: bench-waiting
bench-waiting: $(READY) postgres ## Wait for 1,000 entries at once, by one task and by a task each: requests, memory, lag (ENTRIES=150 TASKS=1,30)
	@$(BIN)/python -m benchmarks.waiting $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(TASKS),--tasks $(TASKS)) $(BENCH_OPTIONS)

.PHONY: dist
dist: $(READY) ## Build the provider (wheel and sdist) and the sandbox (wheel) into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build -t sdist -t wheel
	@cd packaging/sandbox && $(abspath $(BIN))/python -m hatchling build -t wheel -d $(abspath dist)

.PHONY: mwaa
mwaa: dist ## Build plugins.zip and requirements.txt for Amazon MWAA into dist/mwaa (AIRFLOW=3.2.1 PYTHON_VERSION=3.12)
	@$(BIN)/python -m deploy.mwaa.build $(if $(AIRFLOW),--airflow $(AIRFLOW)) \
		$(if $(PYTHON_VERSION),--python $(PYTHON_VERSION)) $(MWAA_OPTIONS)

N ?= 500
SEED ?= 1
.PHONY: chaos
chaos: $(READY) ## N (500) schedules of faults and killed workers, from SEED (1) on; prints how to repeat what fails
	@$(BIN)/python -m tests.chaos $(N) --seed $(SEED)

.PHONY: chaos-publish
chaos-publish: $(READY) ## Kill publishing KILLS (100) times at random moments, from SEED (1) on
	@$(BIN)/python -m tests.chaos.publish $(if $(KILLS),$(KILLS)) --seed $(SEED)

.PHONY: test-year
test-year: $(READY) ## A year of reports by killed workers, against a count over 5.6 million raw events (DAYS=366 KILLS=100)
	@$(BIN)/python -m tests.chaos.report $(if $(DAYS),--days $(DAYS)) $(if $(KILLS),--kills $(KILLS)) --seed $(SEED)

.PHONY: docs
docs: $(READY) ## Write what docs/ has from the code anew, and build the site into .state/site; a warning is an error
	@$(BIN)/python -m kaltura_provider.api.advice --page > docs/errors.md
	@$(BIN)/python -m kaltura_provider.api.analytics.documentation docs/analytics.md
	@$(BIN)/python -m kaltura_pipeline.manifests.documentation docs
	@$(MAKE) --no-print-directory site
	@$(BIN)/python -m tests.docs.check_site .state/site
	@echo "The site: .state/site/index.html"

# Not with --quiet, which makes mkdocs blind to its own warnings. Material's remark on other projects is none about this site.
.PHONY: site
site: $(READY)
	@mkdir -p .state
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict > .state/site.log 2>&1 || { cat .state/site.log; exit 1; }

.PHONY: requirements
requirements: $(UV) ## Write the pins of requirements*.txt anew (UPGRADE=name takes its newest version)
	@$(COMPILE) --extra quality --extra report --extra distributed --output-file requirements.txt
	@$(COMPILE) --extra demo --constraints requirements.txt --output-file requirements-sandbox.txt
	@$(COMPILE) --all-extras --group dev --constraints requirements.txt --output-file requirements-dev.txt
	@$(MAKE) --no-print-directory pins

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.10 --no-annotate \
	--custom-compile-command "make requirements" $(if $(UPGRADE),--upgrade-package $(UPGRADE)) pyproject.toml

.PHONY: pins
pins: $(READY)
	@$(BIN)/python -m deploy.pins

.PHONY: clean
clean: ## Remove .venv, caches and the state of demo and sandbox
	@rm -rf $(VENV) .tools .state .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

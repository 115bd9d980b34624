# Every command works on a fresh machine with Python >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
LOCKS := requirements-uv.lock requirements.lock
# Branch coverage in percent below which CI fails; where services are missing, tests are skipped and it is not asked.
COVERAGE := 90
export PYTHONPATH := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check lint types imports format bench bench-reading bench-replay bench-intervals bench-plots chaos drain soak soak-shops new-store lock migrate

help: ## show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/.runtime: $(LOCKS)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

setup: .venv/.dev ## install everything into .venv

demo: .venv/.runtime ## everything on one machine, no accounts: http://127.0.0.1:8088
	@exec $(BIN)/python -m sandbox

run: .venv/.runtime ## the real thing on one machine (needs BOT_TOKEN)
	@exec $(BIN)/python run.py

migrate: .venv/.runtime ## bring the database at DATABASE_URL up to date
	@$(BIN)/alembic upgrade head

lint: .venv/.dev
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: .venv/.dev
	@$(BIN)/mypy

imports: .venv/.dev
	@$(BIN)/lint-imports

format: .venv/.dev ## format the code
	@$(BIN)/ruff check --fix-only -q . ; $(BIN)/ruff format .

test: .venv/.dev ## every test
	@$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/model --ignore tests/billing/model --cov --cov-report=term $(if $(CI),--cov-fail-under=$(COVERAGE))
	@echo "The models of the alerts and of the money, without coverage, whose tracer takes longer than their steps:"
	@$(BIN)/python -m pytest -q -n 2 tests/model tests/billing/model

check: lint types imports test ## format, lint, types, imports, tests

soak: .venv/.dev ## random steps against the models of alerts and money; EXAMPLES=<n> on each database
	@SOAK_EXAMPLES=$(or $(EXAMPLES),1000) $(BIN)/python -m pytest -q -n 2 -s tests/model tests/billing/model

bench: .venv/.dev ## benchmarks; ONLY=<name> for one
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

bench-reading: .venv/.dev ## how right pages are read, beside extruct; UPDATE=1 keeps it, MEMORY=1 reads 10,000 pages
	@$(BIN)/python -m benchmarks.reading_score $(if $(UPDATE),--update) $(if $(MEMORY),--memory)

bench-replay: .venv/.dev ## false alerts and missed drops, beside three peers; SWEEP=1 tries settings, UPDATE=1 keeps it
	@$(BIN)/python -m benchmarks.replay $(if $(SWEEP),--sweep) $(if $(UPDATE),--update)

bench-intervals: .venv/.dev ## what checking by how often prices change saves; UPDATE=1 keeps it
	@$(BIN)/python -m benchmarks.intervals $(if $(UPDATE),--update)

bench-plots: .venv/.dev ## measure, and draw the pictures of docs/; ONLY=<name> for one
	@$(BIN)/python -m benchmarks.plots $(if $(ONLY),--only $(ONLY))

chaos: .venv/.dev ## kill workers, silence Telegram, empty Redis; ALERTS=, KILLS=, PACE=, DATABASE=sqlite
	@$(BIN)/python -m benchmarks.reliability chaos $(if $(ALERTS),--alerts $(ALERTS)) $(if $(KILLS),--kills $(KILLS)) $(if $(PACE),--pace $(PACE)) $(if $(DATABASE),--database $(DATABASE))

soak-shops: .venv/.dev ## checks of shops that misbehave, workers that are killed, 30 times as fast; MINUTES=6
	@$(BIN)/python -m benchmarks.shop_soak --minutes $(or $(MINUTES),6)

drain: .venv/.dev ## the pace of 10,000 due alerts, and how late a single one is
	@$(BIN)/python -m benchmarks.reliability drain

new-store: .venv/.dev ## start a store: NAME=lamps URL=https://www.lamps.co.in/product/7
	@$(BIN)/python -m tests.stores.new_store "$(NAME)" "$(URL)"

lock: .venv/.runtime ## pin the dependencies again
	@echo uv | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate - -o requirements-uv.lock
	@for target in "pyproject.toml -o requirements.lock" "pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock"; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $$target; done

# `make` alone lists the targets. Every target prepares the machine itself (tools/setup.sh) and may be run first.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup check test test-fast test-long test-node rest rest-postgresql long long-postgresql demo bench docs pictures assets

# One worker per core; two per core for tests that wait for servers, browsers and disks much of the time. The tests
# on PostgreSQL have one per core, because they run beside the others.
# Tests that share costly fixtures (Spark's session, two nodes) go to one worker, in the groups and the order of
# tests/conftest.py.
# Every worker imports all tests: bytecode is written, even if the system forbids it, so that each compiles once.
RUN = run --no-sync env --unset=PYTHONDONTWRITEBYTECODE
PYTEST = $(RUN) pytest --quiet --numprocesses
EACH_CORE = auto
WAITING = $$(( $$(nproc) * 2 ))
GROUPED = --dist loadgroup --no-loadscope-reorder
NODE_TESTS = tests/two_nodes tests/node
# The fast part's tables are small and each worker has one core: more threads in Polars would only wait for it.
FAST = $(RUN) POLARS_MAX_THREADS=1 pytest --quiet --numprocesses $(EACH_CORE) --dist worksteal -m "not slow and not spark and not long" $(NODE_TESTS:%=--ignore=%)
# All slower tests in one run, and beside it those on PostgreSQL: at the end of a run one worker waits for the
# others, and a worker that waits for a server leaves its core to another. Each run prints when it has ended.
AT_ONCE = $(MAKE) --no-print-directory --jobs=2 --output-sync=target
REST = $(PYTEST) $(WAITING) $(GROUPED) -m "(slow or spark or node) and not (postgresql or long)"
NODE = $(PYTEST) $(WAITING) $(GROUPED) $(NODE_TESTS)
# A node's tests on a temporary PostgreSQL, as in service; browser tests are left out, the pages look the same.
POSTGRESQL = "$$uv" run --no-sync python tools/postgres.py -- "$$uv" $(PYTEST) $(EACH_CORE) $(GROUPED) tests/node -m
# Tests that draw hundreds of worlds, kill nodes many times, learn from a million pairs or play the whole demonstration.
LONG = $(PYTEST) $(WAITING) $(GROUPED) -m "long and not postgresql"
# The whole suite does not skip tests with other programs: setup.sh has installed them.
WHOLE = RENKEI_OUTSIDE=required

help:  ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## prepare everything for development: uv, packages, Java, commit hooks
	@uv=$$(tools/setup.sh spark) && if [ -e .git ]; then "$$uv" run --no-sync pre-commit install; fi

check:  ## format, lint, types, import arrows, personal data: must pass before a commit
	@uv=$$(tools/setup.sh test) && \
	"$$uv" run --no-sync ruff format --check && \
	"$$uv" run --no-sync ruff check && \
	"$$uv" run --no-sync mypy && \
	"$$uv" run --no-sync lint-imports && \
	"$$uv" run --no-sync python tools/pii_hook.py --all

test:  ## the suite without the long part, the fast part first (under ten minutes on two cores)
	@uv=$$(tools/setup.sh spark) && \
	$(WHOLE) "$$uv" $(FAST) && $(AT_ONCE) uv="$$uv" rest rest-postgresql

test-fast:  ## the fast part alone (about a minute; no Java)
	@uv=$$(tools/setup.sh test) && "$$uv" $(FAST)

test-long:  ## the long tests: hundreds of worlds, nodes killed at their commit points (not in `make test`)
	@uv=$$(tools/setup.sh spark) && $(AT_ONCE) uv="$$uv" long long-postgresql

test-node:  ## a node's tests alone, all of them on SQLite and on PostgreSQL
	@uv=$$(tools/setup.sh spark) && "$$uv" $(NODE) && $(POSTGRESQL) "not browser"

# The runs of `make test` and `make test-long`, which pass them where uv is.
rest:
	@uv="$(uv)"; $(WHOLE) "$$uv" $(REST)

rest-postgresql:
	@uv="$(uv)"; $(POSTGRESQL) "not browser and not long"

long:
	@uv="$(uv)"; $(WHOLE) "$$uv" $(LONG)

long-postgresql:
	@uv="$(uv)"; $(POSTGRESQL) "long and not browser"

demo:  ## match two synthetic agencies' files, write the report, run two nodes for five days, into demo/
	@uv=$$(tools/setup.sh run) && "$$uv" run --no-sync renkei demo --out demo

bench:  ## run every benchmark at full size (over half an hour, 5 GB in the temporary directory; benchmarks/README.md)
	@uv=$$(tools/setup.sh bench) && for each in reconcile growth names seal; do \
	    "$$uv" run --no-sync python benchmarks/$$each.py || exit 1; \
	done

docs:  ## write docs/commands.md, docs/data-dictionary.md and the table schemas again from the code
	@uv=$$(tools/setup.sh test) && "$$uv" run --no-sync typer renkei.cli utils docs --name renkei --title Commands --output docs/commands.md && "$$uv" run --no-sync python tools/data_dictionary.py

pictures:  ## take the manual's pictures again, with the browser tests
	@uv=$$(tools/setup.sh test) && RENKEI_MANUAL=yes "$$uv" run --no-sync pytest --quiet -m browser tests/node/console/test_manual_pages.py

assets:  ## fetch the console's styles, fonts and htmx again, as pinned in tools/assets (needs npm)
	@uv=$$(tools/setup.sh test) && "$$uv" run --no-sync python tools/assets.py

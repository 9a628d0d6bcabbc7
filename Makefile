# The vocabulary of the project. Bare `make` lists it.
BUILD := build/release
export SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help deps test-deps build demo run test sim sim-mutants soak chaos bench bench-peers format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what the build needs and is missing (Debian packages)
	@.ci/install .ci/packages

test-deps: deps ## the same for the tests and benchmarks
	@.ci/install .ci/packages-test

build: deps ## build the release binary, build/release/bin/troupe
	@cmake --preset release -DTROUPE_TESTS=OFF > /dev/null
	@cmake --build --preset release --target troupe

demo: build ## a generation job goes all the way: server, job, images, timeline, audit
	@$(BUILD)/bin/troupe demo --data-dir var/demo

run: build ## serve on 127.0.0.1:8080 until Ctrl-C
	@$(BUILD)/bin/troupe serve --data-dir var/run --workflows config/workflows

test: test-deps ## build everything and run every test
	@./.ci/test

sim: test-deps ## a whole node in one thread, with faults drawn from SEED=…, for SECONDS=… (10), or EPISODES=1 to repeat one
	@cmake --preset release -DTROUPE_TESTS=ON > /dev/null
	@cmake --build --preset release --target troupe_sim
	@$(BUILD)/bin/troupe_sim --seed "$(SEED)" --seconds "$(SECONDS)" --episodes "$(EPISODES)" --trace "$(or $(TRACE),60)"

sim-mutants: test-deps ## does the simulator notice a broken node? (half an hour or more: builds the node once for each of its patches)
	@tests/sim/mutants

soak: test-deps ## a million random runs of the core (some minutes; RC_PARAMS="seed=…" repeats one), then an hour of ordinary work (SECONDS=…)
	@cmake --preset release -DTROUPE_TESTS=ON > /dev/null
	@cmake --build --preset release --target domain_property_test troupe
	@TROUPE_PROPERTY_CASES=1000000 $(BUILD)/bin/domain_property_test
	@tests/soak/run --troupe $(BUILD)/bin/troupe --seconds $(or $(SECONDS),3600)

chaos: test-deps ## kill the server and PostgreSQL under full load (some minutes); SEED=… ROUNDS=… repeat a run
	@cmake --preset release > /dev/null
	@cmake --build --preset release --target troupe
	@tests/chaos/run --troupe $(BUILD)/bin/troupe $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench: test-deps ## measure the release binary over SQLite and PostgreSQL (some ten minutes)
	@cmake --preset release -DTROUPE_BENCH=ON > /dev/null
	@cmake --build --preset release --target troupe bench_client bench_store_commit
	@bench/run --troupe $(BUILD)/bin/troupe --client $(BUILD)/bin/bench_client --store-commit $(BUILD)/bin/bench_store_commit

PEERS := bench/peers/node_modules/.package-lock.json
$(PEERS): bench/peers/package-lock.json | test-deps
	@cd bench/peers && npm install --no-save --ignore-scripts --no-audit --no-fund --silent  # ci of npm 11 wants every platform in the lock
	@touch $@

bench-peers: test-deps $(PEERS) ## install what Troupe is compared with (half a GB of npm packages), and measure it all (some half an hour)
	@.ci/install .ci/packages-bench
	@cmake --preset release -DTROUPE_BENCH=ON > /dev/null
	@cmake --build --preset release --target troupe bench_client
	@bench/peers/run --troupe $(BUILD)/bin/troupe --client $(BUILD)/bin/bench_client

format: ## lay the sources out by .clang-format (needs clang-format 14)
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean: ## remove what was built
	rm -rf build var

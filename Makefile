# The vocabulary of the project. Bare `make` lists it.
BUILD ?= build/release
JOBS ?= $(shell nproc)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help deps build demo run test test-release bench clean format

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what is missing (Debian packages)
	@./.ci/install $(SUDO)

build: deps ## build the release binary, build/release/bin/troupe
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Release > /dev/null
	@ninja -C $(BUILD) -j $(JOBS) troupe

demo: build ## a generation job goes all the way: server, job, images, timeline, audit
	@$(BUILD)/bin/troupe demo --data-dir var/demo

run: build ## serve on 127.0.0.1:8080 until Ctrl-C
	@$(BUILD)/bin/troupe serve --data-dir var/run --workflows config/workflows

test: deps ## build everything and run every test
	@./.ci/test

bench: deps ## measure the release binary over SQLite and PostgreSQL (some ten minutes)
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Release -DTROUPE_BENCH=ON > /dev/null
	@ninja -C $(BUILD) -j $(JOBS) troupe bench_client bench_store_commit
	@bench/run --troupe $(BUILD)/bin/troupe --client $(BUILD)/bin/bench_client --store-commit $(BUILD)/bin/bench_store_commit

clean: ## remove what was built
	rm -rf build var

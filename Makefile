# What a person runs. Each target does its own set-up; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo
# Namespaces, mounts and containerd need root. Building does not: only what has been built runs through sudo.
RUNNER := $(if $(filter-out 0,$(shell id -u)),sudo -E env PATH="$$PATH" HOME="$$HOME")
ROOTED := CARGO_TARGET_$(shell uname -m | tr a-z A-Z)_UNKNOWN_LINUX_GNU_RUNNER='$(RUNNER)'
WITH_ROOT := $(if $(RUNNER),env $(ROOTED))

.PHONY: help setup demo test check bench

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

setup: ## Install what the demo, the tests and the benches need (Debian or Ubuntu)
	@airgap-tests/setup

demo: setup ## Build, sign, carry, install and use a bundle on this machine, showing every command
	@$(CARGO) build --quiet --locked --workspace --bins
	@$(WITH_ROOT) $(CARGO) run --quiet --locked -p airgap-tests --bin airgap-demo

# Much of what a test of a cluster does is to wait, so that there is room for one more than there are processors.
test: setup ## All set-up and all tests (root, or sudo)
	@export RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$$(($$(nproc) + 1))}; $(WITH_ROOT) $(CARGO) test --workspace --locked

check: ## Format, lints and unit tests; under a minute when warm, needs no root
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --locked --workspace --all-targets -- -D warnings
	$(CARGO) test --quiet --locked --workspace --lib

bench: setup ## Measure the figures against their references (BENCH_SIZE=4GiB; BENCH_SIZE=64MiB is quick)
	@$(CARGO) build --quiet --locked --release --workspace --bins
	@$(WITH_ROOT) $(CARGO) run --quiet --locked --release -p airgap-tests --bin airgap-bench

.PHONY: help check test
help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
check: ## Format, lints and unit tests
	cargo fmt --check && cargo clippy --workspace --all-targets -- -D warnings && cargo test --workspace --lib
test: ## All set-up and all tests
	cargo test --workspace

# One command each; they make their own environment in .venv and do nothing twice.

VENV := .venv
STAMP := $(VENV)/.made
IN := $(VENV)/bin
# Many tests wait for programs that they have started: one more process than there are cores.
WORKERS ?= $(shell expr $$(nproc) + 1)

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint venv deb clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP)  ## Mind a simulated farm with faults, live on this terminal (Ctrl-C ends it)
	@$(IN)/mother demo $(ARGS)

test: $(STAMP)  ## Run all tests
	@$(IN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

quick: $(STAMP)  ## Run what needs no other server and no long story: under five minutes
	@$(IN)/python -m pytest -n $(WORKERS) --dist loadgroup -m 'not slow' $(ARGS)

lint: $(STAMP)  ## Check style and types
	@$(IN)/ruff check .
	@$(IN)/ruff format --check .
	@$(IN)/mypy mother tests benchmarks

deb:  ## Build the Debian package into dist/
	@packaging/debian/build

venv: $(STAMP)  ## Make the environment, .venv, with mother in it
	@echo '$(VENV) is ready: $(IN)/mother --help'

clean:  ## Remove the environment and everything that was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find mother tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): setup.py pyproject.toml .ci/environment
	@.ci/environment $(VENV)
	@touch $@

.PHONY: help setup demo test check bench install uninstall clean

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

setup:  ## install what is needed; leaves .venv/bin/pasarela
	@scripts/install

demo: setup  ## build every kind of network in a sandbox and show who reaches whom
	@scripts/demo

test:  ## set everything up and run the checks and tests
	@scripts/test

check:  ## format, lint, types and layers
	@scripts/check

bench:  ## measure beside the real libvirt
	@scripts/bench

install:  ## as root: for the whole system, below PREFIX=/usr/local
	@scripts/install-system

uninstall:  ## take that away again; networks stay
	@scripts/install-system --remove

clean:  ## remove the virtual environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache build

# Two commands do everything from nothing: `make demo` and `make test`.
.PHONY: setup demo test lint lock clean

setup: ## prepare .venv
	@tools/setup

demo: setup ## set up, and prove the blueprint ads on a real PostgreSQL
	.venv/bin/bedstone prove ads

test: setup lint ## set up, and run every check and test
	.venv/bin/python tools/test_servers.py
	.venv/bin/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

lock: setup ## write requirements.lock anew from pyproject.toml
	.venv/bin/python -m pip install -q uv
	.venv/bin/uv pip compile -q pyproject.toml --extra blueprints --group dev --universal \
		--python-version 3.11 --generate-hashes --no-annotate --output-file requirements.lock

clean:
	rm -rf .venv .servers

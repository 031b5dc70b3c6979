# make run   the demo: three phases on pursuit            make lab        the notebooks in JupyterLab
# make test  lint, types, tests, notebooks (< 25 min)     make test-long  the tests that take longer
# make test-core  lint, types, the algorithm's own tests (< 90 s), for whoever changes a line of it
# make notebooks  regenerate them from notebooks/src      make benchmarks the committed results, measured again
# make site  the course, the API and the results as web pages, in site/
# Everything is installed into .venv first, from nothing but Python (>= 3.11) and pip.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHELL := /bin/bash
# On networks this small, more threads only wait for each other.
export OMP_NUM_THREADS ?= 1

.PHONY: run test test-core test-long lab notebooks site benchmarks lint clean
.DELETE_ON_ERROR:

run: $(READY)
	$(BIN)/micra-lite demo

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "micra_lite needs Python 3.11 or newer; try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.6"
	@# uv does not read pip's find-links: hand them over; without any, ask for the CPU build of torch by name
	@links="$$($(BIN)/python -m pip config get global.find-links 2>/dev/null | tr '\n' ',' | sed 's/,$$//')"; \
	if [ -n "$$links" ]; then export UV_FIND_LINKS="$$links"; else export UV_TORCH_BACKEND=cpu; fi; \
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[tests,benchmarks,cluster,docs]'
	@touch $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/lines.py

test-core: lint
	$(BIN)/python -m pytest -n 2 -m "not long" tests/algorithm micra_lite/*.py

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not long and not browser"
	$(BIN)/python notebooks/build.py --check
	$(BIN)/python benchmarks/readme.py --check
	MICRA_LITE_PROGRESS= MICRA_LITE_UNATTENDED=1 $(BIN)/python -m pytest -n 2 --dist loadfile --nbval \
		--nbval-sanitize-with notebooks/nbval_sanitize.cfg --nbval-kernel-startup-timeout 1800 \
		notebooks/executed/*.ipynb exercises/executed/*.ipynb exercises/solutions/*.ipynb
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "browser and not long" tests

test-long: test
	$(BIN)/python -m pytest -n 2 -m long -rP

lab: $(READY)
	$(BIN)/jupyter lab notebooks/00_tour.ipynb

notebooks: $(READY)
	$(BIN)/python notebooks/build.py

site: $(READY)
	$(BIN)/python docs/build.py

benchmarks: $(READY)
	$(BIN)/python benchmarks/games.py
	$(BIN)/python benchmarks/adaptation.py
	$(BIN)/python benchmarks/unadapted.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/variance.py
	$(BIN)/python benchmarks/switching.py
	$(BIN)/python benchmarks/learning.py --tune
	$(BIN)/python benchmarks/learning.py
	$(BIN)/python benchmarks/comparison.py
	$(BIN)/python benchmarks/limits.py
	$(BIN)/python benchmarks/advantages.py
	$(BIN)/python benchmarks/widgets.py
	$(BIN)/python benchmarks/exercises.py
	$(BIN)/python benchmarks/grading.py
	$(BIN)/python benchmarks/readme.py

clean:
	rm -rf $(VENV) runs screenshots site .pytest_cache .mypy_cache .ruff_cache

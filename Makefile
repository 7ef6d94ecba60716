# The two commands: `make demo` and `make test`. Everything runs in .venv, made from pyproject.toml and constraints.txt.
PYTHON ?= python3
# nproc takes OMP_NUM_THREADS for the number of cores: where a shell sets it to 1, a run would use one core
CORES ?= $(shell env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
# one torch or BLAS thread a process: jobs and tests already fill the cores
export OMP_NUM_THREADS ?= 1

.PHONY: demo real reproduce animations resume dag reruns-table test test-reruns test-cluster test-conda lint bench mutants coverage constraints clean help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kinesec needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	# torch first and pinned: asked for by anything else it could come as gigabytes of CUDA
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY) ## install, then the default configuration: results/artifacts/demo/report/index.html
	snakemake --cores $(CORES)

real: $(READY) ## config/real.yaml; raw files from KINESEC_MIRROR or its `mirror`
	snakemake --cores $(CORES) --configfile config/real.yaml

reproduce: RUN ?= real
reproduce: $(READY) ## RUN=real or RUN=paper, then every hash recomputed (ARTIFACT.md)
	snakemake --cores $(CORES) --configfile config/$(RUN).yaml
	kinesec verify

animations: RUN ?= demo
animations: $(READY) ## RUN=demo or RUN=real: that run's animations as MP4 and GIF
	snakemake animations --cores $(CORES)$(if $(filter demo,$(RUN)),, --configfile config/$(RUN).yaml)

dag: $(READY) ## redraw docs/img/dag.svg, the demo's rules by stage
	$(BIN)/python tools/draw_dag.py

reruns-table: $(READY) ## rewrite docs/reruns.md from what Snakemake plans after each edit
	PYTHONPATH=tests/support python tests/support/rerun_table.py

resume: $(READY) ## go on with the last run, killed here or on SLURM: end its jobs, unlock, run the rest
	$(BIN)/python tools/resume.py $(ARGUMENTS)

test: $(READY) ## install, then all tests
	pytest -n $(CORES) --dist loadfile

test-reruns: $(READY) ## what runs again after each edit of docs/reruns.md, planned by Snakemake
	KINESEC_TEST_RERUNS=1 pytest tests/workflow/test_rerun_table.py

test-conda: $(READY) ## snakemake --sdm conda, each rule in its environment, from a local channel
	KINESEC_TEST_CONDA=1 pytest tests/conda -rs

test-cluster: $(READY) ## install SLURM if need be (root, apt), start one, run and hurt the smallest graph on it, stop it
	pytest tests/cluster -rs

lint: $(READY) ## ruff, mypy --strict, snakefmt, snakemake --lint
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow/rules
	snakemake --lint

bench: $(READY) ## speeds as ratios in one run
	for suite in benchmarks/bench_*.py; do echo "== $$suite"; $(BIN)/python $$suite || exit 1; done

coverage: $(READY) ## how often intervals hold the true mean, by simulation: the table of docs/coverage.md
	$(BIN)/python tools/interval_coverage.py

mutants: $(READY) ## change a line at a time: does a test fail? hours; MODULES=metrics for some (tests/mutants.yaml)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	$(BIN)/python tools/mutants.py $(MODULES)

constraints: ## rewrite constraints.txt from a fresh environment
	tools/constraints.sh

clean: ## everything that can be made again
	rm -rf $(VENV) results resources logs .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis

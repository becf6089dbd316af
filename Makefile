# make run: the dashboard. make test: all tests. Both install what they need; only make and a Python (3.11 to 3.13) are required.
# .ci/environment chooses the newest Python that fits (PYTHON=... decides) and, where an NVIDIA GPU answers, the
# requirements with CUDA (GPU=0 does not). HUB=1 adds keras-hub, which converts convolutional networks of the Hugging Face Hub;
# CLUSTER=1 adds what several machines on one registry and one store of artifacts need.
GPU ?= auto
REQUIREMENTS := $(or $(REQUIREMENTS),$(shell GPU='$(GPU)' .ci/environment requirements))
$(if $(REQUIREMENTS),,$(error GPU must be 0, 1 or auto. Received: GPU=$(GPU)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALL := .ci/install $(BIN)/python
INSTALLED := $(VENV)/.installed-$(notdir $(REQUIREMENTS))
# What is installed is the lock of the same name: the same versions, with the hash of every file (decision 32).
LOCK := $(or $(wildcard $(basename $(REQUIREMENTS)).lock),$(REQUIREMENTS))

.PHONY: run stop setup test test-keras test-training test-networks test-exports test-patterns test-plain test-core test-datasets test-jobs test-registry test-browser test-access test-pages test-fast test-cluster test-slurm soak soak-cluster check
.PHONY: bench browser database slurm proxies test-deploy lock sbom licences audit
.PHONY: screenshots format clean

run: setup $(VENV)/.exported
	@$(BIN)/python -m core run

stop:
	@$(BIN)/python -m core stop

setup: $(INSTALLED) $(VENV)/.installed-dev $(if $(filter 1,$(HUB)),$(VENV)/.installed-hub) \
  $(if $(filter 1,$(CLUSTER)),$(VENV)/.installed-cluster)

$(BIN)/python:
	@python=$$(PYTHON='$(PYTHON)' .ci/environment python) && echo "Using $$($$python --version), $$python" && $$python -m venv $(VENV)

$(INSTALLED): $(LOCK) requirements.lock | $(BIN)/python
	@GPU='$(GPU)' .ci/environment told $(REQUIREMENTS)
	$(INSTALL) $(LOCK)
	@touch $@

# The networks that come with Graft as engine files, so that the first run of a home need not export its own, and the bytecode
# that the dashboard runs. Graft works without.
$(VENV)/.exported: $(INSTALLED)
	-@$(BIN)/python -OO -c "import app" && $(BIN)/python -m core.features.keep && touch $@

$(VENV)/.installed-dev: requirements-dev.lock requirements-hub.lock requirements-cluster.lock $(INSTALLED)
	$(INSTALL) requirements-dev.lock
	@touch $@

$(VENV)/.installed-hub: requirements-hub.lock $(INSTALLED)
	$(INSTALL) requirements-hub.lock
	@touch $@

$(VENV)/.installed-cluster: requirements-cluster.lock $(INSTALLED)
	$(INSTALL) requirements-cluster.lock
	@touch $@

# Tools for what Graft is made of, in an environment of their own: cyclonedx-bom (sbom.json), pip-audit.
$(VENV)-supply/.installed: requirements-supply.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-supply
	$(VENV)-supply/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-supply.txt
	@touch $@

# After any change of requirements*.txt.
lock: setup
	$(PIP) -r requirements-setup.lock
	$(BIN)/python -m tests.supply.locks $(BIN)/uv

# The bill of materials (CycloneDX) of what is installed with Graft, with the hashes.
sbom: $(VENV)-supply/.installed
	$(VENV)-supply/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json

# docs/licences.md
licences: setup
	$(BIN)/python -m tests.supply.licences

# Known vulnerabilities, by PyPI's database: needs pypi.org/pypi.
audit: $(VENV)-supply/.installed
	$(VENV)-supply/bin/pip-audit -r requirements.lock --disable-pip --require-hashes --strict

# Debian's chromium; Playwright downloads no browser.
browser:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi; \
	  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends chromium fonts-liberation; }

# Debian's PostgreSQL, for the tests of the registry, which start a server of their own. The system's own cluster is not created.
# After the browser, because apt-get runs once at a time.
database: | browser
	@ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi; \
	  $$SUDO mkdir -p /etc/postgresql-common/createcluster.d && \
	  echo "create_main_cluster = false" | $$SUDO tee /etc/postgresql-common/createcluster.d/graft.conf >/dev/null && \
	  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends postgresql; }

# Four of the eleven parts run in parallel, on two cores, because many tests wait for browsers, processes and databases; the longest
# first, and none so long that it ends alone: a part gets about half a core. Parts that mostly compute have a lower priority (nice)
# than those that wait.
test: setup $(VENV)/.installed-hub browser database
	@echo "This takes 20 to 25 minutes on two cores. The output of each of the eleven parts is shown when it ends."
	@$(MAKE) --no-print-directory --jobs=4 --keep-going --output-sync \
	  test-networks test-core test-access test-patterns test-browser test-datasets test-exports test-jobs test-training test-pages \
	  test-registry

test-keras: test-training test-patterns test-networks test-exports
TRAINING := $(addprefix tests/keras/test_,training.py training_failures.py training_parts.py training_resume.py going_on.py)
test-training: ; nice -n 5 $(BIN)/python -m pytest $(TRAINING)
NETWORKS := tests/keras/features $(wildcard tests/keras/test_networks*.py) $(addprefix tests/keras/test_tokens_,cuts.py numbers.py)
test-networks: ; nice -n 5 $(BIN)/python -m pytest $(NETWORKS)
EXPORTS := $(addprefix tests/keras/,exports explaining training)
test-exports: ; nice -n 5 $(BIN)/python -m pytest $(EXPORTS)
test-patterns: ; nice -n 5 $(BIN)/python -m pytest tests/keras $(addprefix --ignore=,$(TRAINING) $(NETWORKS) $(EXPORTS))
JOBS := tests/core/jobs tests/core/web
DATASETS := $(addprefix tests/core/,api datasets workbench)
test-plain: test-core test-datasets test-jobs test-registry
test-core: ; nice -n 5 $(BIN)/python -m pytest tests/core tests/cases tests/soak $(addprefix --ignore=,$(JOBS) $(DATASETS) tests/core/registry)
test-datasets: ; nice -n 5 $(BIN)/python -m pytest $(DATASETS)
test-jobs: ; $(BIN)/python -m pytest $(JOBS)
test-registry: ; $(BIN)/python -m pytest tests/core/registry
# A browser test that fails is tried once more, and named at the end: beside the other parts, a page on two cores may take longer
# than any limit that still notices a page that hangs.
ACCESS := $(addprefix tests/browser/test_,accessibility.py frame_upload.py upload_clients.py server.py)
test-browser: ; $(BIN)/python -m pytest tests/browser $(addprefix --ignore=,$(ACCESS)) --reruns 1 -rR
test-access: ; $(BIN)/python -m pytest $(ACCESS) --reruns 1 -rR
test-pages: ; nice -n 5 $(BIN)/python -m pytest tests/pages

# Needs Debian's postgresql and a user who may make namespaces; takes minutes, and nothing else may run beside it (decision 25).
$(VENV)-cluster/.installed: requirements-test-cluster.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-cluster
	$(VENV)-cluster/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-test-cluster.txt
	@touch $@

test-cluster: setup browser $(VENV)-cluster/.installed
	$(BIN)/python -m pytest tests/core/artifacts/test_s3.py
	$(BIN)/python -m tests.cluster

# Debian's Slurm, which the tests start themselves as an ordinary user; the system's own services are not started.
slurm:
	@PATH="$$PATH:/usr/sbin"; { command -v slurmctld && command -v slurmd && command -v sbatch && command -v munged; } >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi; \
	  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge; }

# Needs a user who may make namespaces, as test-cluster does; takes minutes (decision 44).
test-slurm: setup database slurm
	$(BIN)/python -m tests.slurm

# Debian's nginx and Caddy in front of real servers, with the files of deploy/ (decision 32), and Glewlwyd, an OpenID provider, whose
# package fails to install without a database of its own.
proxies:
	@PATH="$$PATH:/usr/sbin"; { command -v nginx && command -v caddy && command -v glewlwyd; } >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi; \
	  $$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light caddy \
	    glewlwyd dbconfig-sqlite3; }

test-deploy: setup browser proxies
	$(BIN)/python -m tests.deploy

# Everything runs and is killed at random moments, then everything is checked; POWER=1 cuts the power instead (needs root and
# Debian's fuse3). docs/reliability.md has the figures.
MINUTES ?= 10
soak: setup
	$(if $(filter 1,$(POWER)),$(PIP) -r requirements-soak.txt)
	$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(if $(filter 1,$(POWER)),--power)

# The same with two machines (namespaces), PostgreSQL and an S3 server or a shared folder: faults of processes, machines, cables and
# services. A stand-in for Ray starts the trainers; test-cluster has Ray. SEED odd: S3.
soak-cluster: setup $(VENV)-cluster/.installed
	$(BIN)/python -m tests.soak.cluster --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

test-fast: setup
	$(BIN)/python -m pytest tests/core tests/cases tests/pages

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vulture

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# MLflow, for comparison in bench_leaderboard, requires other versions of Graft's dependencies.
$(VENV)-mlflow/.installed: requirements-bench-mlflow.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-mlflow
	$(VENV)-mlflow/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench-mlflow.txt
	@touch $@

# PyTorch, for comparison in bench_engines, which needs nothing else of it: the build for CPUs, a tenth of the one with CUDA.
$(VENV)-torch/.installed: requirements-bench-torch.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-torch
	$(VENV)-torch/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench-torch.txt
	@touch $@

bench: setup $(VENV)-mlflow/.installed $(VENV)-torch/.installed
	$(PIP) -r requirements-bench.txt
	@for b in tests/bench/bench_*.py; do m=$${b%.py}; echo "== $$m"; $(BIN)/python -m $$(echo $$m | tr / .) || exit 1; done

screenshots: setup browser
	$(BIN)/python -m tests.browser.screenshots docs/screenshots --demo

clean:
	rm -rf $(VENV) $(VENV)-supply .pytest_cache .ruff_cache .mypy_cache

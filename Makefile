# CloudMart infrastructure. `make help` lists the commands.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ENV ?= prod
PYTHON ?= python3
UV_VERSION := 0.13.9

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export PYTHONDONTWRITEBYTECODE :=
UV := .tools/bin/uv
PY := .venv/bin/python
LOCKED := pyproject.toml uv.lock
TYPED := main.py settings modules synthesis support policies mock_provider pipeline handoff bench

.tools/uv-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	  echo 'error: $(PYTHON) is not Python 3.11, 3.12 or 3.13: name one that is, as in make PYTHON=python3.12 …' >&2; exit 2; }
	@echo '  preparing the tools (once)' >&2
	@$(PYTHON) -m venv --clear .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/ready: .tools/uv-$(UV_VERSION) $(LOCKED)
	@echo '  preparing .venv from uv.lock (once)' >&2
	@$(UV) sync --quiet --locked --python $(PYTHON) --all-extras --group test --group lint
	@touch $@

# Checkov brings another package under python-hcl2's import name: an environment of its own.
.venv-checkov/ready: .tools/uv-$(UV_VERSION) $(LOCKED)
	@echo '  preparing .venv-checkov from uv.lock (once)' >&2
	@UV_PROJECT_ENVIRONMENT=.venv-checkov $(UV) sync --quiet --locked --python $(PYTHON) --only-group checkov
	@touch $@

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r t w; do printf '  make %-12s %s\n' "$$t" "$$w"; done

.PHONY: environment
environment: .venv/ready ## the locked Python environment, .venv

# -O leaves out jsii's own check of every argument's type, a quarter of the time; tests and mypy make it.
.PHONY: synth
synth: .venv/ready ## Terraform JSON of ENV into cdktf.out/stacks/cloudmart-ENV/
	@$(PY) -O main.py synth --env $(ENV)

.PHONY: synth-state
synth-state: .venv/ready ## Terraform JSON of the state bucket's own stack
	@$(PY) main.py synth-state

.PHONY: local
local: .venv/ready ## docker-compose.yml, the local twin of ENV
	@$(PY) main.py local --env $(ENV)

.PHONY: schema
schema: .venv/ready ## JSON schemas of the settings, for editors
	@$(PY) main.py schema

# Without ENV: prod, dev, and prod with a third availability zone.
VALIDATED := $(if $(filter file,$(origin ENV)),prod dev three-zones,$(ENV))
.PHONY: validate
validate: .venv/ready ## terraform validate of the synthesized JSON, against the mock provider
	@set -e; folders=(); for env in $(VALIDATED); do \
	  case $$env in \
	    three-zones) out=cdktf.out/three-zones; of=prod; set -- --set 'network.availability_zones=[a,b,c]';; \
	    *) out=cdktf.out; of=$$env; set --;; \
	  esac; \
	  $(PY) main.py synth --env $$of --out $$out "$$@" >/dev/null; \
	  folders+=($$out/stacks/cloudmart-$$of); \
	done; $(PY) -m mock_provider validate "$${folders[@]}"

# Both hosts run whatever the first one finds, so that one run shows everything; an environment's waivers and
# parameters stand beside its settings.
POLICED = $(or $(TARGET),cdktf.out/stacks/cloudmart-$(ENV))
WAIVED = $(if $(TARGET),,$(addprefix --waivers ,$(wildcard environments/$(ENV).waivers.toml)) \
  $(addprefix --params ,$(wildcard environments/$(ENV).params.toml)))
# Checkov's own rules are held against production; other environments differ from it on purpose.
OWN = $(if $(TARGET),,$(if $(filter prod,$(ENV)),--builtin policies/checkov_host/waivers.toml))
.PHONY: policy
policy: .venv/ready .venv-checkov/ready $(if $(TARGET),,synth) ## the gate, then Checkov with the same rules, on ENV or TARGET=path
	@report=$$(mktemp); trap 'rm -f "$$report"' EXIT; \
	$(PY) -m policies check "$(POLICED)" $(WAIVED) --format json --output "$$report" --format text; gate=$$?; \
	[ $$gate -le 1 ] || exit $$gate; \
	.venv-checkov/bin/python -m policies.checkov_host "$(POLICED)" $(WAIVED) $(OWN) --gate "$$report"; checkov=$$?; \
	exit $$(( gate > checkov ? gate : checkov ))

# LOCAL=1: against the mock provider, with no AWS account. TF=tofu: OpenTofu. ALLOW_REPLACE=ADDRESS,...: what holds
# data and may be replaced or deleted. CONFIRM=ENV: destroy without being asked. The program reads them, and ENV, from
# the environment, where make puts what was given on its command line.

.PHONY: plan
plan: .venv/ready .venv-checkov/ready ## synthesize, judge, plan, and save the plan (LOCAL=1: no AWS account)
	@$(PY) -m pipeline plan

.PHONY: apply
apply: .venv/ready .venv-checkov/ready ## apply exactly the saved plan (LOCAL=1: to the mock provider)
	@$(PY) -m pipeline apply

.PHONY: destroy
destroy: .venv/ready .venv-checkov/ready ## destroy all of ENV, once its name is given (CONFIRM=ENV)
	@$(PY) -m pipeline destroy

.PHONY: handoff
handoff: .venv/ready ## the ops team's bundle of ENV, dist/cloudmart-ENV/; SINCE=an earlier bundle adds what changed
	@$(PY) -m handoff --env $(ENV) $(if $(SINCE),--since "$(SINCE)")

.PHONY: docs
docs: .venv/ready ## the generated pages: docs/rules.md, and the picture in README.md
	@$(PY) -m policies catalogue --output docs/rules.md
	@$(PY) -m handoff --env prod --picture README.md

.PHONY: mutation
mutation: .venv/ready .venv-checkov/ready ## what the rules catch, and Checkov's own, into docs/mutation.md
	@$(PY) main.py synth --env prod >/dev/null && $(PY) -m policies.mutation cdktf.out/stacks/cloudmart-prod/cdk.tf.json --page

.PHONY: test
test: .venv/ready .venv-checkov/ready ## the whole suite
	@$(PY) -m pytest -n auto --dist loadscope -q $(ARGS)

.PHONY: bench
bench: .venv/ready .venv-checkov/ready ## benchmarks, into docs/benchmarks.md
	@$(PY) -m bench $(ARGS)

.PHONY: lint
lint: .venv/ready ## ruff and mypy
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy $(TYPED)

# CloudMart infrastructure. `make help` lists the commands.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ENV ?= prod
PYTHON ?= python3
# What the constructs stand on: cdktf, or cdktn, which is CDK Terrain; see docs/cdk-terrain.md.
BINDINGS ?= cdktf
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements/tools.txt)

# What is given to make reaches the shell through the environment only, where it is a text and no command: "$$TARGET".
export ENV PYTHON BINDINGS
unexport PYTHONPATH PYTHONHOME
# ENV is part of names of files, too.
ALLOWED := a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 _ -
without = $(if $(1),$(call without,$(wordlist 2,99,$(1)),$(subst $(firstword $(1)),,$(2))),$(2))
$(if $(ENV),,$(error ENV is empty: name an environment, as in make ENV=prod))
$(if $(call without,$(ALLOWED),$(ENV)),$(error ENV is made of a-z, 0-9, _ and -, as in make ENV=prod))
ifneq ($(BINDINGS),cdktf)
ifneq ($(BINDINGS),cdktn)
$(error BINDINGS is cdktf or cdktn, as in make synth BINDINGS=cdktn)
endif
endif

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export PYTHONDONTWRITEBYTECODE :=
UV := .tools/bin/uv
PY := .venv/bin/python
# The environment that synthesizes.
STACK := $(if $(filter cdktn,$(BINDINGS)),.venv-cdktn,.venv)
LOCKED := pyproject.toml uv.lock
TYPED := main.py settings modules synthesis cloudmart_pages cloudmart_support policies mock_provider pipeline handoff bench

.tools/uv-$(UV_VERSION):
	@"$$PYTHON" -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || { \
	  echo "error: $$PYTHON is not Python 3.11 to 3.14: name one that is, as in make PYTHON=python3.12 …" >&2; exit 2; }
	@echo '  preparing the tools (once)' >&2
	@"$$PYTHON" -I -m venv --clear .tools && .tools/bin/python -I -m pip install --quiet --disable-pip-version-check \
	  --require-hashes --only-binary :all: -r requirements/tools.txt
	@touch $@

.venv/ready: .tools/uv-$(UV_VERSION) $(LOCKED)
	@echo '  preparing .venv from uv.lock (once)' >&2
	@$(UV) sync --quiet --locked --python "$$PYTHON" --all-extras --group test --group lint
	@touch $@

# Checkov brings another package under python-hcl2's import name: an environment of its own.
.venv-checkov/ready: .tools/uv-$(UV_VERSION) $(LOCKED)
	@echo '  preparing .venv-checkov from uv.lock (once)' >&2
	@UV_PROJECT_ENVIRONMENT=.venv-checkov $(UV) sync --quiet --locked --python "$$PYTHON" --only-group checkov
	@touch $@

# CDK Terrain takes other versions of what both stand on, and synthesis needs no more than this.
.venv-cdktn/ready: .tools/uv-$(UV_VERSION) $(LOCKED)
	@echo '  preparing .venv-cdktn from uv.lock (once)' >&2
	@UV_PROJECT_ENVIRONMENT=.venv-cdktn $(UV) sync --quiet --locked --python "$$PYTHON" --only-group cdktn
	@touch $@

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: environment
environment: .venv/ready ## the locked Python environment, .venv

# -O leaves out jsii's own check of every argument's type, a quarter of the time; tests and mypy make it.
.PHONY: synth
synth: $(STACK)/ready ## Terraform JSON of ENV into cdktf.out/stacks/cloudmart-ENV/
	@$(STACK)/bin/python -O main.py synth --env "$$ENV"

.PHONY: synth-state
synth-state: $(STACK)/ready ## Terraform JSON of the state bucket's own stack
	@$(STACK)/bin/python main.py synth-state

.PHONY: local
local: .venv/ready ## docker-compose.yml, the local twin of ENV
	@$(PY) main.py local --env "$$ENV"

.PHONY: schema
schema: .venv/ready ## JSON schemas of the settings, and of the gate's files, for editors and programs
	@$(PY) main.py schema
	@$(PY) -m policies.forms docs/schemas

# Without ENV: prod, dev, and prod with a third availability zone.
VALIDATED := $(if $(filter file,$(origin ENV)),prod dev three-zones,$(ENV))
.PHONY: validate
validate: .venv/ready $(STACK)/ready ## terraform validate of the synthesized JSON, against the mock provider
	@set -e; folders=(); for env in $(VALIDATED); do \
	  case $$env in \
	    three-zones) out=cdktf.out/three-zones; of=prod; set -- --set 'network.availability_zones=[a,b,c]';; \
	    *) out=cdktf.out; of=$$env; set --;; \
	  esac; \
	  $(STACK)/bin/python main.py synth --env $$of --out $$out "$$@" >/dev/null; \
	  folders+=($$out/stacks/cloudmart-$$of); \
	done; $(PY) -m mock_provider validate "$${folders[@]}"

# Both hosts run whatever the first one finds, so that one run shows everything; an environment's waivers and
# parameters stand beside its settings.
# Checkov's own rules are held against production; other environments differ from it on purpose.
.PHONY: policy
policy: .venv/ready .venv-checkov/ready $(if $(TARGET),,synth) ## the gate, then Checkov with the same rules, on ENV or TARGET=path
	@subject=$$TARGET; files=(); own=(); \
	if [ -z "$$subject" ]; then \
	  subject=cdktf.out/stacks/cloudmart-$$ENV; \
	  for kind in waivers params; do \
	    file=environments/$$ENV.$$kind.toml; [ ! -f "$$file" ] || files+=("--$$kind=$$file"); \
	  done; \
	  [ "$$ENV" != prod ] || own=(--builtin policies/checkov_host/waivers.toml); \
	fi; \
	report=$$(mktemp) || exit 2; trap 'rm -f "$$report"' EXIT; \
	$(PY) -I -m policies check --no-config "$${files[@]}" --format json --output "$$report" --format text -- "$$subject"; gate=$$?; \
	[ $$gate -le 1 ] || exit $$gate; \
	PYTHONPATH="$$PWD" .venv-checkov/bin/python -P -m policies.checkov_host \
	  "$${files[@]}" "$${own[@]}" --gate "$$report" -- "$$subject"; checkov=$$?; \
	exit $$(( gate > checkov ? gate : checkov ))

# LOCAL=1: against the mock provider, with no AWS account. TF=tofu: OpenTofu. ALLOW_REPLACE=ADDRESS,...: what holds
# data and may be replaced or deleted. CONFIRM=ENV: destroy without being asked. The program reads them, and ENV, from
# the environment, where make puts what was given on its command line.
# `make plan` also packs the plan into one file, plan.tar (signed with SIGN=an SSH key), which `make apply PLAN=FILE` takes
# in another clone of the same commit. ACCOUNT=FOLDER with LOCAL=1: the mock's account, for several clones to share.

.PHONY: plan
plan: .venv/ready $(STACK)/ready .venv-checkov/ready ## synthesize, judge, plan, and save the plan (LOCAL=1: no AWS account)
	@$(PY) -m pipeline plan

# ACCEPT=TOPIC,...: questions whose misses are known and do not count, for `make plan`, too.
.PHONY: preflight
preflight: .venv/ready ## ask the AWS account, reading only, what stands in the way of ENV; exit code 1 where something does
	@$(PY) -m pipeline preflight

.PHONY: apply
apply: .venv/ready $(STACK)/ready .venv-checkov/ready ## apply exactly the saved plan (LOCAL=1: to the mock provider)
	@$(PY) -m pipeline apply

.PHONY: drift
drift: .venv/ready $(STACK)/ready ## look whether what stands is what the settings say; exit code 1 where it is not
	@$(PY) -m pipeline drift

# SHUFFLE=SEED with LOCAL=1: calls are held back at random, so that things are made in another order.
.PHONY: local-event
local-event: .venv/ready ## let EVENT happen to ENV's account of the mock, as AWS or people do; without EVENT: which there are
	@LOCAL=1 $(PY) -m pipeline event

.PHONY: destroy
destroy: .venv/ready $(STACK)/ready .venv-checkov/ready ## destroy all of ENV, once its name is given (CONFIRM=ENV)
	@$(PY) -m pipeline destroy

# FROM=ENVIRONMENT: whose version it is.
.PHONY: promote
promote: .venv/ready ## write the version of FROM into ENV's settings, and show what else differs; nothing is applied
	@$(PY) -m pipeline promote

# ADDRESS=aws_s3_bucket.frontend ID=the-bucket
.PHONY: import
import: .venv/ready $(STACK)/ready ## write down that ID, made by hand, is ADDRESS of ENV, so that the next plan takes it in
	@$(PY) -m pipeline import

# PROVIDER=6.99.0 and TO=another Terraform, or one of them.
.PHONY: upgrade
upgrade: .venv/ready $(STACK)/ready ## plan with today's and with other versions, and show what differs; nothing is changed
	@$(PY) -m pipeline upgrade

.PHONY: handoff
handoff: .venv/ready ## the ops team's bundle of ENV, dist/cloudmart-ENV/; SINCE=an earlier bundle adds what changed
	@$(PY) -m handoff --env "$$ENV" $(if $(SINCE),--since="$$SINCE")

.PHONY: prices
prices: .venv/ready ## handoff/prices.toml from AWS's public price lists, for REGION (the file's own unless given)
	@$(PY) -m handoff --env $(ENV) --prices $(or $(REGION),$(shell sed -n 's/^region = "\(.*\)"/\1/p' handoff/prices.toml))

.PHONY: docs
docs: .venv/ready ## what is generated: docs/rules.md, docs/controls.md, docs/delivery-actions.md, docs/runbook-commands.md, policies/aws/identities.txt, and the pictures
	@$(PY) -m policies catalogue --output docs/rules.md
	@$(PY) -m policies.exact.identities
	@$(PY) -m handoff --controls docs/controls.md
	@$(PY) -O tests/handoff/runbook_commands.py
	@$(PY) -m handoff --env prod --picture docs/architecture.svg
	@$(PY) -O tests/docs/stopped_plan.py docs/stopped-plan.svg
	@$(PY) -m modules.delivery.page docs/delivery-actions.md

.PHONY: mock-schema
mock-schema: .venv/ready ## the mock provider's data: schema.json.gz from the bindings, offers.json.gz from cfn-lint
	@$(PY) -m mock_provider.sources

.PHONY: requirements
requirements: .tools/uv-$(UV_VERSION) ## what pip installs, with hashes, from uv.lock: requirements/
	@set -e; write() { \
	  $(UV) export --quiet --locked --no-default-groups --no-emit-project --no-annotate "$${@:2}" \
	    --output-file "requirements/$$1.txt" > /dev/null; \
	}; \
	write gate --group build; write exact --extra terraform --group build; write tools --only-group tools

.PHONY: mutation
mutation: .venv/ready .venv-checkov/ready ## what the rules catch, and Checkov's own, into docs/mutation.md
	@$(PY) main.py synth --env prod >/dev/null && $(PY) -m policies.mutation cdktf.out/stacks/cloudmart-prod/cdk.tf.json --page

.PHONY: shuffled-lives
shuffled-lives: .venv/ready ## LIVES=10 whole lives, each in another order, of each ENV with each TF: terraform, tofu, wheel
	@only=shuffled; [ -z "$(filter-out file,$(origin ENV))" ] || only="$$only and $$ENV"; [ -z "$$TF" ] || only="$$only and $$TF"; \
	SHUFFLED_LIVES=$${LIVES:-10} PYTEST_ADDOPTS="$$PYTEST_ADDOPTS $$ARGS" $(PY) -m pytest -q -n auto --dist load --durations 0 \
	  tests/mock_provider/test_orders.py -k "$$only"

.PHONY: test
test: .venv/ready .venv-checkov/ready .venv-cdktn/ready ## the whole suite
	@PYTEST_ADDOPTS="$$PYTEST_ADDOPTS $$ARGS" $(PY) -m pytest -n auto --dist loadscope -q

.PHONY: bench
bench: .venv/ready .venv-checkov/ready ## benchmarks, into docs/benchmarks.md
	@set -f; $(PY) -m bench $$ARGS

.PHONY: lint
lint: .venv/ready ## ruff, mypy, and who imports whom
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy $(TYPED) && .venv/bin/lint-imports --no-cache --no-logo

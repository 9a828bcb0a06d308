"""Every order in which Terraform may make and delete the stack: the account refuses none of them."""

from __future__ import annotations

import heapq
import itertools
import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mock_provider import plugin
from mock_provider.account import Account, Refused, Thing, checks
from policies.engine.model import without_keys
from policies.readers import read
from tests.mock_provider.conftest import PRODUCTS, Configuration, Project, at_hand, count

RANDOM_ORDERS = 500
ENVIRONMENTS = ("prod", "dev")


def unprotected(configuration: Configuration) -> Configuration:
    changed: Configuration = json.loads(json.dumps(configuration))
    changed["resource"]["aws_lb"]["main"]["enable_deletion_protection"] = False
    changed["resource"]["aws_db_instance"]["main"]["deletion_protection"] = False
    return changed


class Stack:
    """An applied stack: what stands in the account, and what each has to wait for."""

    def __init__(self, folder: Path, values: Mapping[str, dict[str, Any]]) -> None:
        model = read(folder).model
        self.things = {
            address: Thing(address, resource.type, state.get("region") or "ap-northeast-2", state)
            for resource in model.resources
            for address, state in [(resource.address, values.get(resource.address))]
            if state is not None and resource.type.startswith("aws_")
        }
        self.earlier = {
            resource.address: {
                one for one in model.earlier(resource).addresses if without_keys(one) in self.things
            }
            for resource in model.resources
        }

        self.later: dict[str, list[str]] = {one: [] for one in self.things}
        for one in self.things:
            for before in self.earlier[one]:
                self.later[before].append(one)

    def order(self, urgent: Callable[[str], float]) -> list[str]:
        """All resources, each after what it waits for, and of those that may be next the most urgent first."""
        waiting = {one: len(self.earlier[one]) for one in self.things}
        ready = [(urgent(one), one) for one, number in waiting.items() if not number]
        heapq.heapify(ready)
        made: list[str] = []
        while ready:
            chosen = heapq.heappop(ready)[1]
            made.append(chosen)
            for one in self.later[chosen]:
                waiting[one] -= 1
                if not waiting[one]:
                    heapq.heappush(ready, (urgent(one), one))
        assert len(made) == len(self.things), "the graph has a circle"
        return made

    def at_once(self, address: str) -> list[str]:
        """What `address` waits for, and then it: the earliest that Terraform may make it."""
        return [one for one in self.order(lambda _: 0) if one in self.earlier[address]] + [address]

    def make(self, order: Sequence[str]) -> None:
        """Create in this order in an empty account, and delete in the reverse of it.

        Raises:
            Refused: what AWS answers.
        """
        account = checks.checked(None, patience=0)
        made = [self._created(account, self.things[address]) for address in order]
        for thing in reversed(made):
            account.delete(thing)

    def _created(self, account: Account, thing: Thing) -> Thing:
        return account.create(thing.type, thing.region, thing.token, lambda _: thing.state)


@pytest.fixture(scope="module")
def prod(stack: Callable[[str], Configuration], tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("orders")
    project = Project(folder / "stack", folder / "state", "wheel")
    project.write(json.dumps(unprotected(stack("prod"))), "cdk.tf.json")
    return Stack(project.folder, project.apply())


def test_each_as_early_as_may_be(prod: Stack) -> None:
    """For each resource the order that is worst for it: nothing is there but what it waits for."""
    assert len(prod.things) > 140
    for address in prod.things:
        prod.make(prod.at_once(address))


def test_random_orders(prod: Stack) -> None:
    for seed in range(RANDOM_ORDERS):
        chance = random.Random(seed)
        urgency = {address: chance.random() for address in sorted(prod.things)}
        prod.make(prod.order(urgency.__getitem__))


@pytest.mark.parametrize(
    ("later", "earlier", "code"),
    [
        ("aws_lb.main", "aws_internet_gateway.main", "InvalidSubnet"),
        ("aws_autoscaling_policy.backend_requests", "aws_lb_listener.https", "ValidationError"),
        ("aws_nat_gateway.a", "aws_internet_gateway.main", "Gateway.NotAttached"),
        ("aws_lb_listener.https", "aws_acm_certificate_validation.load_balancer", "UnsupportedCertificate"),
        ("aws_lb.main", "aws_s3_bucket_policy.logs", "InvalidConfigurationRequest"),
    ],
)
def test_a_missing_edge_is_found(prod: Stack, later: str, earlier: str, code: str) -> None:
    """An edge taken away, with all that is behind it: the judges above say which one it was."""
    behind = {one for one in prod.things if earlier in prod.earlier[one]} | {earlier}
    order = [one for one in prod.order(lambda _: 0) if one in prod.earlier[later] - behind]
    with pytest.raises(Refused) as caught:
        prod.make([*order, later])
    assert caught.value.code == code


def lives() -> list[tuple[str, str, str]]:
    """Environment, product and seed: as many seeds as are asked for of every pair, or one life with each product."""
    products = [product for product in PRODUCTS if at_hand(product)]
    pairs = [(one, product) for one in ENVIRONMENTS for product in products]
    asked = os.environ.get("SHUFFLED_LIVES")
    if asked is None:
        turns = itertools.cycle(ENVIRONMENTS)
        return [(next(turns), product, str(number)) for number, product in enumerate(products, 1)]
    return [(*pair, str(number)) for pair in pairs for number in range(1, int(asked) + 1)]


@pytest.mark.parametrize(("environment", "terraform", "seed"), lives())
def test_shuffled_lives(
    environment: str,
    terraform: str,
    seed: str,
    stack: Callable[[str], Configuration],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Apply, destroy, apply, destroy through Terraform, each call held back at random, and nothing given for the
    second life that the first had not."""
    monkeypatch.setenv(plugin.SHUFFLE, seed)
    configuration = unprotected(stack(environment))
    project = Project(tmp_path / "stack", tmp_path / "state", terraform)
    project.write(json.dumps(configuration), "cdk.tf.json")
    for _ in range(2):
        values = project.apply()
        assert sum(not one.startswith("data.") for one in values) == count(configuration)
        project.run("plan", "-detailed-exitcode")
        project.run("destroy", "-auto-approve")
        assert project.values() == {}

"""The provider: what Terraform asks, answered from the schema, the facts and the faults asked for."""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
from collections.abc import Set
from functools import cache as memoized
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tf.gen import tfplugin_pb2 as pb  # type: ignore[import-untyped]

from mock_provider import (
    data_sources,
    ephemeral,
    facts,
    faults,
    functions,
    identifiers,
    imports,
    planning,
    readback,
    refusals,
)
from mock_provider.account import Account, Refused, Thing, checks, events
from mock_provider.faults import Fault, Faults
from mock_provider.planning import State
from mock_provider.protocol import (
    Handler,
    allows_write_only,
    attribute_path,
    diagnostic,
    is_write_only,
    schema_message,
    wire_field,
)
from mock_provider.schema import Block, Kind, Schema
from mock_provider.values import UNKNOWN, decode, encode

if TYPE_CHECKING:
    import grpc  # type: ignore[import-untyped]

ACCOUNT = "000000000000"
"""The account that everything is in: no real one has this number."""

DEFAULT_REGION = "us-east-1"

_CAPABILITIES = pb.ServerCapabilities(
    plan_destroy=True, get_provider_schema_optional=True, move_resource_state=True
)
# `provider_meta` of a module: who asks. Source: the provider's own provider_meta schema.
_META: Block = {
    "attributes": {"user_agent": {"type": ["list", "string"], "optional": True}},
    "block_types": {},
}
_NO_FACTS = facts.TypeFacts()
_ABSENT = b"imported, and not there"
"""The private part of what is imported by an id that nothing has."""
# Seconds by which a shuffled run holds back most calls at most, how often one is held back for longer, how much.
_SHUFFLED, _SELDOM, _LATE = 0.05, 0.3, 40


def answer(schema: Schema, words: Set[str] | None = None) -> bytes:
    """The answer to GetProviderSchema, on the wire.

    Terraform decodes the whole of it in each of its processes, a second for all 2,211 types and
    several for the blocks of a WAF's statements. Where it is known which words can occur in the
    configuration, plan and state at hand, the answer holds the types among them alone, and
    blocks that are not among them are there without what could stand inside.
    """
    known = facts.load()
    response = pb.GetProviderSchema.Response(
        provider=schema_message(schema.block("provider", "aws")),
        provider_meta=schema_message(_META),
        server_capabilities=_CAPABILITIES,
        functions=functions.messages(),
    )
    kinds: tuple[tuple[Kind, Any], ...] = (
        ("resource", response.resource_schemas),
        ("data", response.data_source_schemas),
    )
    for kind, messages in kinds:
        for name in schema.types(kind):
            if words is not None and name not in words:
                continue
            block = schema.block(kind, name)
            if words is not None:
                block = _pruned(block, words)
            sensitive = known[name].sensitive if kind == "resource" and name in known else ()
            messages[name].CopyFrom(schema_message(block, sensitive))
    # `ephemeral_resource_schemas = 8`, a map as the two above, is younger than the generated messages.
    young = b"".join(
        wire_field(8, wire_field(1, name.encode()) + wire_field(2, schema_message(block).SerializeToString()))
        for name, block in ephemeral.BLOCKS.items()
    )
    return bytes(response.SerializeToString()) + young


def _pruned(block: Block, words: Set[str]) -> Block:
    empty: Block = {"attributes": {}, "block_types": {}}
    return {
        "attributes": block["attributes"],
        "block_types": {
            name: {**entry, "block": _pruned(entry["block"], words) if name in words else empty}
            for name, entry in block["block_types"].items()
        },
    }


def answer_key() -> str:
    """What `answer` depends on besides the schema, as a short hash."""
    here = Path(__file__).parent
    names = ("provider.py", "protocol.py", "functions.py", "ephemeral.py", "facts.py", "facts.json")
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in names)).hexdigest()[:16]


class Provider:
    """One configured instance of the provider: Terraform starts one for each `provider` block."""

    def __init__(
        self,
        schema: Schema,
        answer: Path,
        rules: tuple[Fault, ...] = (),
        account: Account | None = None,
        *,
        shuffle: str | None = None,
        lenient: bool = False,
    ) -> None:
        self._lenient = lenient
        self._schema = schema
        self._answer = answer
        self._faults = Faults(rules)
        self._account = account or checks.opened(None)
        self._shuffle = shuffle
        self._stopped = threading.Event()
        self._warned: set[str] = set()
        self._region = DEFAULT_REGION
        self._region_state: Literal["given", "guessed", "unknown"] = "guessed"
        self._default_tags: dict[str, str] = {}
        self._ignored = planning.Ignored()
        self._block = memoized(schema.block)

    def stop(self) -> None:
        """Terraform was interrupted: end what hangs."""
        self._stopped.set()

    def handlers(self) -> dict[str, tuple[Any, Handler]]:
        """The methods of Terraform's provider service, each with its request's message."""
        return {
            "GetMetadata": (pb.GetMetadata.Request, self._metadata),
            "GetProviderSchema": (pb.GetProviderSchema.Request, self._provider_schema),
            "ValidateProviderConfig": (pb.ValidateProviderConfig.Request, self._validate_provider),
            "ValidateResourceConfig": (pb.ValidateResourceConfig.Request, self._validate_resource),
            "ValidateDataResourceConfig": (pb.ValidateDataResourceConfig.Request, self._validate_data),
            "UpgradeResourceState": (pb.UpgradeResourceState.Request, self._upgrade),
            "ConfigureProvider": (pb.ConfigureProvider.Request, self._configure),
            "ReadResource": (pb.ReadResource.Request, self._read),
            "PlanResourceChange": (pb.PlanResourceChange.Request, self._plan),
            "ApplyResourceChange": (pb.ApplyResourceChange.Request, self._apply),
            "ImportResourceState": (pb.ImportResourceState.Request, self._import),
            "MoveResourceState": (pb.MoveResourceState.Request, self._move),
            "ReadDataSource": (pb.ReadDataSource.Request, self._read_data),
            "GetFunctions": (pb.GetFunctions.Request, self._functions),
            "CallFunction": (pb.CallFunction.Request, self._call),
            # These are younger than the generated messages; what is read of them is on the wire as in this one.
            "ValidateEphemeralResourceConfig": (pb.ValidateResourceConfig.Request, self._validate_ephemeral),
            "OpenEphemeralResource": (pb.ValidateResourceConfig.Request, self._open_ephemeral),
            "RenewEphemeralResource": (pb.ValidateResourceConfig.Request, self._close_ephemeral),
            "CloseEphemeralResource": (pb.ValidateResourceConfig.Request, self._close_ephemeral),
        }

    def _metadata(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        answer = pb.GetMetadata.Response(server_capabilities=_CAPABILITIES)
        for name in self._schema.types("resource"):
            answer.resources.add(type_name=name)
        for name in self._schema.types("data"):
            answer.data_sources.add(type_name=name)
        for name in functions.messages():
            answer.functions.add(name=name)
        return answer

    def _provider_schema(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return self._answer.read_bytes()

    def _functions(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return pb.GetFunctions.Response(functions=functions.messages())

    def _call(self, request: Any, _context: grpc.ServicerContext) -> Any:
        try:
            result = functions.call(request.name, [decode(one.msgpack) for one in request.arguments])
        except functions.Misuse as misuse:
            return pb.CallFunction.Response(
                error=pb.FunctionError(text=str(misuse), function_argument=misuse.argument)
            )
        return pb.CallFunction.Response(result=_dynamic(result))

    def _validate_provider(self, request: Any, _context: grpc.ServicerContext) -> Any:
        diagnostics = self._refusals("provider", "aws", decode(request.config.msgpack), None)
        return pb.ValidateProviderConfig.Response(diagnostics=diagnostics)

    def _validate_resource(self, request: Any, _context: grpc.ServicerContext) -> Any:
        config = decode(request.config.msgpack)
        diagnostics = self._refusals("resource", request.type_name, config, None)
        if not allows_write_only(request):
            block = self._block("resource", request.type_name)
            diagnostics += [
                diagnostic(
                    "error",
                    "Write-only Attribute Not Allowed",
                    f"{'.'.join(path)} is write-only, and this Terraform would keep its value in the plan and "
                    "the state. Terraform 1.11 or later is needed for it.",
                    path,
                    block,
                )
                for path in _write_only(block)
                if planning.given(config, path)
            ]
        return pb.ValidateResourceConfig.Response(diagnostics=diagnostics)

    def _validate_ephemeral(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return pb.ValidateResourceConfig.Response()

    def _open_ephemeral(self, request: Any, _context: grpc.ServicerContext) -> Any:
        config = decode(request.config.msgpack)
        result = ephemeral.open_(request.type_name, config, self._context())
        # `result = 3` in OpenEphemeralResource.Response.
        return wire_field(3, _dynamic(result).SerializeToString())

    def _close_ephemeral(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return b""

    def _validate_data(self, request: Any, _context: grpc.ServicerContext) -> Any:
        config = decode(request.config.msgpack)
        diagnostics = self._refusals("data", request.type_name, config, None)
        return pb.ValidateDataResourceConfig.Response(diagnostics=diagnostics)

    def _refusals(self, kind: Kind, terraform_type: str, config: State, region: str | None) -> list[Any]:
        if self._lenient:
            return []
        block = self._block(kind, terraform_type)
        return [
            diagnostic(refusal.severity, refusal.summary, refusal.detail, refusal.path, block)
            for refusal in refusals.check(kind, terraform_type, config, region)
        ]

    def _configure(self, request: Any, _context: grpc.ServicerContext) -> Any:
        config = decode(request.config.msgpack)
        diagnostics = []
        region = config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if isinstance(region, str):
            self._region, self._region_state = region, "given"
        elif region is UNKNOWN:
            self._region_state = "unknown"
        else:
            diagnostics.append(
                diagnostic(
                    "warning",
                    "No region given",
                    "Neither the provider's region nor AWS_REGION is set; the mock provider takes "
                    f"{DEFAULT_REGION}. The real provider refuses this.",
                    ("region",),
                )
            )
        if config.get("allowed_account_ids") or config.get("forbidden_account_ids"):
            diagnostics.append(
                diagnostic(
                    "warning",
                    "Account ids are not checked",
                    f"Everything is in the mock's account {ACCOUNT}: allowed_account_ids and "
                    "forbidden_account_ids are not applied.",
                )
            )
        for tags in config.get("default_tags") or []:
            given = tags.get("tags")
            self._default_tags |= given if isinstance(given, dict) else {}
        for ignored in config.get("ignore_tags") or []:
            self._ignored = planning.Ignored(ignored.get("keys") or (), ignored.get("key_prefixes") or ())
        return pb.ConfigureProvider.Response(diagnostics=diagnostics)

    def _upgrade(self, request: Any, _context: grpc.ServicerContext) -> Any:
        state = json.loads(request.raw_state.json)
        attributes = self._block("resource", request.type_name)
        known = attributes["attributes"].keys() | attributes["block_types"].keys()
        # A state of another version of the schema may hold arguments that this one has not.
        return pb.UpgradeResourceState.Response(
            upgraded_state=_dynamic({name: value for name, value in state.items() if name in known})
        )

    def _read(self, request: Any, _context: grpc.ServicerContext) -> Any:
        state = decode(request.current_state.msgpack)
        if request.private == _ABSENT:
            return pb.ReadResource.Response(new_state=_dynamic(None), private=request.private)
        found = self._account.read(self._thing(request.type_name, request.private, state))
        seen = None if found is None else self._faults.read(request.type_name, found)
        return pb.ReadResource.Response(
            new_state=request.current_state if seen is state else _dynamic(seen), private=request.private
        )

    def _plan(self, request: Any, _context: grpc.ServicerContext) -> Any:
        prior, planned = decode(request.prior_state.msgpack), decode(request.proposed_new_state.msgpack)
        config = decode(request.config.msgpack)
        if planned is None:
            return pb.PlanResourceChange.Response(
                planned_state=request.proposed_new_state, planned_private=request.prior_private
            )
        name = request.type_name
        block = self._block("resource", name)
        known = _facts().get(name)
        diagnostics = self._refusals("resource", name, config, self._judged_region())
        if known is None:
            diagnostics += self._schema_alone(name)
            known = _NO_FACTS
        planning.drop(planned, _write_only(block))
        planning.set_defaults(planned, known.defaults)
        planning.write_down(planned, prior, known.forms)
        if "region" in block["attributes"]:
            own = UNKNOWN if self._region_state == "unknown" else self._region
            planned["region"] = config.get("region") or own
        if prior is not None:
            planning.keep_computed(planned, prior, block)
            planning.keep_equal_documents(planned, prior, known.json)
            readback.settled(name, planned, prior)
        if "tags_all" in block["attributes"] and "tags" in block["attributes"]:
            planning.merge_tags(planned, prior, self._default_tags, self._ignored)
        replace: list[Any] = []
        if prior is None:
            planning.set_unknown(planned, block)
            planning.unset_again(planned, config, known.defaults)
            planned = identifiers.at_plan(name, planned, prior)
        else:
            planning.set_changed_unknown(planned, prior, known.changes_computed)
            force_new = known.force_new | {(one,) for one in facts.replaced_by(name, prior, planned)}
            if "region" in block["attributes"]:
                force_new |= {("region",)}
            replace = [
                attribute_path(path) for path in planning.replacements(prior, planned, block, force_new)
            ]
        return pb.PlanResourceChange.Response(
            planned_state=_dynamic(planned),
            planned_private=request.prior_private,
            requires_replace=replace,
            diagnostics=diagnostics,
            # As the real provider's SDK: defaults of arguments that are not computed are in its plans.
            legacy_type_system=True,
        )

    def _schema_alone(self, name: str) -> list[Any]:
        if name in self._warned:
            return []
        self._warned.add(name)
        return [
            diagnostic(
                "warning",
                "Planned from the schema alone",
                f"The mock provider has no facts about {name}: defaults, replacement and sensitive "
                "arguments are not as the real provider plans them.",
            )
        ]

    def _judged_region(self) -> str | None:
        """The region for what depends on it; None while it is a guess, which nothing can be refused for."""
        return self._region if self._region_state == "given" else None

    def _context(self) -> identifiers.Context:
        return identifiers.Context(
            region=self._region,
            account=ACCOUNT,
            partition=_partition(self._region),
            images=events.images(self._account),
        )

    def _apply(self, request: Any, _context: grpc.ServicerContext) -> Any:
        prior, planned = decode(request.prior_state.msgpack), decode(request.planned_state.msgpack)
        name = request.type_name
        event = "create" if prior is None else "delete" if planned is None else "update"
        failure = self._faults.apply(name, event, planned or prior, self._stopped)
        if not failure:
            self._stopped.wait(self._delay(name, event, planned or prior))
            try:
                return self._applied(request, name, prior, planned)
            except Refused as refusal:
                failure = faults.refused(event, name, planned or prior, str(refusal))
        # With what it was found by, or the account would not know it again.
        return pb.ApplyResourceChange.Response(
            new_state=request.prior_state,
            private=request.planned_private,
            diagnostics=[diagnostic("error", *failure)],
        )

    def _applied(self, request: Any, name: str, prior: State | None, planned: State | None) -> Any:
        private = request.planned_private
        if planned is None:
            assert prior is not None
            self._account.delete(self._thing(name, private, prior))
            return pb.ApplyResourceChange.Response(new_state=request.planned_state)
        block = self._block("resource", name)

        def filled(number: int) -> State:
            # No argument has this name; it makes the identifiers differ and is gone afterwards.
            told = {**planned, "//": number} if number else planned
            state = identifiers.fill(name, told, block, self._context(), prior)
            state.pop("//", None)
            planning.drop(state, _write_only(block))
            return readback.answered(name, state)

        if prior is None:
            written = json.dumps(planned, sort_keys=True, default=repr)
            key = hashlib.sha256(f"{name} {self._region} {written}".encode()).hexdigest()[:24]
            thing = self._account.create(name, self._place(planned), key, filled)
            private = thing.token.encode()
        else:
            thing = self._thing(name, private, filled(0))
            self._account.change(thing)
        return pb.ApplyResourceChange.Response(
            new_state=_dynamic(thing.state), private=private, legacy_type_system=True
        )

    def _thing(self, name: str, private: bytes, state: State) -> Thing:
        """A resource as the account knows it: by what its state's private part says."""
        return Thing(private.decode() or f"{name} {state.get('id')}", name, self._place(state), state)

    def _place(self, state: State) -> str:
        region = state.get("region")
        return region if isinstance(region, str) and region else self._region

    def _delay(self, name: str, event: str, state: State) -> float:
        """Seconds until a call is answered: none, or with a seed for shuffling some, and now and then more."""
        if self._shuffle is None:
            return 0.0
        chance = random.Random(
            f"{self._shuffle} {event} {name} {json.dumps(state, sort_keys=True, default=repr)}"
        )
        return chance.uniform(0, _SHUFFLED) * (_LATE if chance.random() < _SELDOM else 1)

    def _import(self, request: Any, _context: grpc.ServicerContext) -> Any:
        name = request.type_name
        reason = imports.refusal(name)
        if reason:
            return pb.ImportResourceState.Response(
                diagnostics=[diagnostic("error", f"resource {name} doesn't support import", reason)]
            )
        block = self._block("resource", name)
        found = imports.find(self._account.things(name), name, request.id, self._region)
        # As the provider does: Terraform reads it next, and says itself that nothing has this id.
        state: State = dict.fromkeys(block["attributes"]) | {
            one: None if entry["nesting_mode"] in ("single", "group") else []
            for one, entry in block["block_types"].items()
        }
        state |= {"id": request.id} if found is None else found.state
        planning.drop(state, _write_only(block))
        message = pb.ImportResourceState.ImportedResource(
            type_name=name, state=_dynamic(state), private=found.token.encode() if found else _ABSENT
        )
        return pb.ImportResourceState.Response(imported_resources=[message])

    def _move(self, request: Any, _context: grpc.ServicerContext) -> Any:
        return pb.MoveResourceState.Response(
            diagnostics=[
                diagnostic(
                    "error",
                    "Unable to Move Resource State",
                    f"{request.source_type_name} cannot become {request.target_type_name}: the mock provider "
                    "moves resources only within their type.",
                )
            ]
        )

    def _read_data(self, request: Any, _context: grpc.ServicerContext) -> Any:
        config = decode(request.config.msgpack)
        name = request.type_name
        block = self._block("data", name)
        diagnostics = self._refusals("data", name, config, self._judged_region())
        if any(one.severity == pb.Diagnostic.ERROR for one in diagnostics):
            return pb.ReadDataSource.Response(diagnostics=diagnostics)
        state = data_sources.read(name, config, block, self._context())
        return pb.ReadDataSource.Response(state=_dynamic(state), diagnostics=diagnostics)


@memoized
def _facts() -> dict[str, facts.TypeFacts]:
    return facts.load()


def _dynamic(value: Any) -> Any:
    """A value as a message."""
    return pb.DynamicValue(msgpack=encode(value))


def _write_only(block: Block, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [(*at, name) for name in block["attributes"] if is_write_only(block, name)]
    for name, entry in block["block_types"].items():
        found += _write_only(entry["block"], (*at, name))
    return found


def _partition(region: str) -> str:
    """The partition of a region.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html.
    """
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"

"""A plan together with the configuration it was made from.

The plan knows values; the configuration knows expressions and places. Where the plan says "known after apply", the
expression often answers the question: a text with holes, a JSON document with holes, one precise reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloudmart_support.problem import Problem
from policies.engine.model import Model, Resource, without_key
from policies.engine.values import ABSENT, Unknown, as_text, at_path, references_of
from policies.readers.evaluation import first_unknown, text_of
from policies.readers.plan import WRITE_ONLY, are_blocks


def join(plan: Model, configuration: Model, file: str) -> Model:
    """The plan's model with the configuration's places, and its expressions where the plan knows no value.

    Raises:
        Problem: the plan holds a resource that the configuration does not declare.
    """
    known = {resource.address: resource for resource in (*configuration.resources, *configuration.data)}
    # A count or for_each that the readers cannot evaluate leaves one resource without a key.
    loose = {address: resource for address, resource in known.items() if resource.key is None}
    resources = []
    for resource in plan.resources:
        source = known.get(resource.address) or loose.get(without_key(resource.address))
        # A module that the readers cannot see into has its resources in the plan alone.
        if source is None and not resource.module:
            raise Problem(
                f"{file}: {resource.address} is in the plan and not in the configuration: "
                "name the folder that the plan was made from"
            )
        resources.append(joined(resource, source, plan))
    data = [
        joined(one, known.get(one.address) or loose.get(without_key(one.address)), plan) for one in plan.data
    ]
    return Model(
        resources,
        data,
        plan.outputs,
        plan.providers,
        plan.source,
        configuration.variables,
        declares=plan.declares,
        constraints=configuration.constraints,
        locked=configuration.locked,
        order=configuration.order,
    )


def joined(resource: Resource, source: Resource | None, plan: Model) -> Resource:
    """A planned resource with the places and expressions of the configuration's, if that has it."""
    if source is None:
        return resource
    exact = source.address == resource.address
    values = {
        name: filled(value, source.values.get(name, ABSENT), plan) if exact else value
        for name, value in resource.values.items()
        # An expression that comes out as null leaves the argument to AWS.
        if not (
            exact and isinstance(value, Unknown) and name in source.values and source.values[name] is None
        )
    }
    if exact:
        values.update(
            (name, value)
            for name, value in source.values.items()
            if name.endswith(WRITE_ONLY) and value is not None and not isinstance(value, Unknown)
        )
        # A dynamic block over something that Terraform does not know: the plan shows nothing, the configuration that
        # there is something.
        for name, value in source.values.items():
            if name not in resource.values and (
                (name in resource.open and are_blocks(value))
                or (isinstance(value, list) and first_unknown(value) is not None)
            ):
                values[name] = _answered(value, plan)
    return Resource(
        resource.address,
        resource.type,
        resource.name,
        values,
        mode=resource.mode,
        key=resource.key,
        module=resource.module,
        place=source.place,
        construct=source.construct,
        computed=resource.computed,
        open=resource.open,
        provisioners=resource.provisioners | source.provisioners,
        stranger=resource.stranger or source.stranger,
    )


def filled(value: Any, source: Any, plan: Model) -> Any:
    """A planned value, its unknown parts taken from the configuration's value."""
    if source is ABSENT or source is None:
        return value
    if isinstance(value, Unknown):
        return _answered(source, plan)
    if isinstance(value, dict):
        if not isinstance(source, dict):
            return value
        shown = {
            key: filled(item, source.get(key, ABSENT), plan)
            for key, item in value.items()
            # What a block does not set, or sets to null, is left to AWS.
            if not (isinstance(item, Unknown) and source.get(key) is None)
        }
        hidden = {key: item for key, item in source.items() if key not in value and are_blocks(item)}
        return shown | {key: _answered(item, plan) for key, item in hidden.items()}
    if isinstance(value, list) and (first_unknown(value) is not None or are_blocks(value)):
        sources = source if isinstance(source, list) else [source]
        if any(isinstance(item, Unknown) for item in value):
            # Sets come in another order: the elements are the same ones, if there are as many.
            return [_answered(item, plan) for item in sources] if len(sources) == len(value) else value
        if len(sources) != len(value) and first_unknown(sources) is None and _may_be(value, sources):
            return list(sources)
        return _matched(value, sources, plan)
    return value


def _may_be(values: Sequence[Any], sources: Sequence[Any]) -> bool:
    """Whether blocks of a plan, some of which stand for a number of blocks that it does not know, may be these."""
    known = [value for value in values if first_unknown(value) is None]
    return len(known) < len(values) and all(any(_agree(value, one) for one in sources) for value in known)


def _matched(values: Sequence[Any], sources: Sequence[Any], plan: Model) -> list[Any]:
    """Blocks with their sources: each takes the first unused one that agrees in everything known."""
    left = list(sources)
    result = []
    for value in values:
        match = next((one for one in left if _agree(value, one)), ABSENT)
        if match is not ABSENT:
            left.remove(match)
        result.append(filled(value, match, plan))
    return result


def _agree(value: Any, source: Any) -> bool:
    if isinstance(value, Unknown) or isinstance(source, Unknown):
        return True
    if isinstance(value, dict) and isinstance(source, dict):
        return all(_agree(value[key], item) for key, item in source.items() if key in value)
    if isinstance(value, list) or isinstance(source, list):
        values = value if isinstance(value, list) else [value]
        sources = source if isinstance(source, list) else [source]
        return len(values) == len(sources)
    return as_text(value) == as_text(source)


def _answered(source: Any, plan: Model) -> Any:
    """The configuration's value, its holes closed with what the plan knows."""
    if isinstance(source, list):
        return [_answered(item, plan) for item in source]
    if isinstance(source, dict):
        return {key: _answered(item, plan) for key, item in source.items()}
    if not isinstance(source, Unknown):
        return source
    if source.document is not ABSENT:
        document = _answered(source.document, plan)
        return Unknown(source.reason, references_of(document), document=document, certain=source.certain)
    if source.parts:
        parts = [part if isinstance(part, str) else _answered(part, plan) for part in source.parts]
        texts = [part if isinstance(part, Unknown) else as_text(part) for part in parts]
        return source if None in texts else text_of(texts)
    if len(source.references) == 1 and source.reason.startswith(f"{source.references[0]} is known after"):
        reference = source.references[0]
        instances = plan.at(reference.address)
        if len(instances) == 1 and reference.attribute:
            value = at_path(instances[0].values, reference.attribute)
            if value is not ABSENT and first_unknown(value) is None:
                return value
    return source

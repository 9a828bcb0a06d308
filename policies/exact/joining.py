"""Terraform's plan of what was written for it, together with the readers' own view of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policies.aws.providers import DEFAULTS
from policies.engine.model import Model, Output, Resource, without_keys
from policies.engine.values import ABSENT, Unknown
from policies.exact.writing import Written
from policies.readers.joined import filled, joined


def join(plan: Model, configuration: Model, written: Written) -> Model:
    """The model of a configuration that Terraform evaluated.

    What Terraform was shown comes from the plan, with the configuration's places and its expressions where the plan
    knows no value; what it was not shown comes from the readers. A resource that the readers are certain of stays
    even where the plan has none: neither of the two is ever weaker than the other alone.
    """
    ours = f"terraform_data.{written.pending}"
    planned = [one for one in plan.resources if not one.address.endswith(ours)]
    resources = _merged(planned, configuration.resources, plan, written)
    data = _merged(plan.data, configuration.data, plan, written)
    known = {output.name: output for output in configuration.outputs}
    outputs = [
        Output(
            output.name,
            filled(output.value, known[output.name].value, plan) if output.name in known else output.value,
            output.sensitive or (output.name in known and known[output.name].sensitive),
            known[output.name].place if output.name in known else output.place,
        )
        for output in plan.outputs
    ]
    return Model(
        resources,
        data,
        outputs,
        configuration.providers,
        configuration.source,
        configuration.variables,
        declares=configuration.declares,
        constraints=configuration.constraints,
        locked=configuration.locked,
        partial=configuration.partial,
        order=configuration.order,
    )


def _merged(
    planned: Sequence[Resource], read: Sequence[Resource], plan: Model, written: Written
) -> list[Resource]:
    by_address = {resource.address: resource for resource in read}
    loose: dict[str, Resource] = {}
    for resource in read:
        if resource.many:
            loose.setdefault(without_keys(resource.address), resource)
    result = []
    for resource in planned:
        bare = without_keys(resource.address)
        source = by_address.get(resource.address) or loose.get(bare)
        one = joined(resource, source, plan)
        if source is not None:
            one = _without_defaults(_with_lacking(one, source, written), source)
        if any(f"{bare}.".startswith(f"{address}.") for address in written.loose):
            # It stands for instances that the readers are certain of, or for a number that they cannot tell either.
            if bare not in loose:
                continue
            one.under = loose[bare].under
        result.append(one)
    addresses = {resource.address for resource in planned}
    for resource in read:
        if resource.address in addresses:
            continue
        if not resource.many or without_keys(resource.address) in written.withheld:
            result.append(resource)
    # As they stand in the files: what is said of the first of several is said of the same one.
    places = {resource.address: index for index, resource in enumerate(read)}
    for resource in read:
        places.setdefault(without_keys(resource.address), places[resource.address])
    last = len(read)
    result.sort(key=lambda one: places.get(one.address, places.get(without_keys(one.address), last)))
    return result


def _without_defaults(resource: Resource, source: Resource) -> Resource:
    """The resource without defaults that hang on the provider's version: the one that planned it is the newest."""
    values = {
        name: value
        for name, value in resource.values.items()
        if (resource.type, name) not in DEFAULTS or source.get(name) is not ABSENT
    }
    return resource.with_values(values) if len(values) < len(resource.values) else resource


def _with_lacking(resource: Resource, source: Resource, written: Written) -> Resource:
    """The resource with what the schema lacks, as the readers see it."""
    names = written.lacking.get(without_keys(resource.address))
    if not names:
        return resource
    values: dict[str, Any] = dict(resource.values)
    for name in names:
        value = source.values.get(name, ABSENT)
        if value is ABSENT or value is None:
            values.pop(name, None)
        elif resource.address == source.address or not isinstance(value, Unknown):
            values[name] = value
        else:
            values[name] = Unknown(value.reason, value.references)
    return resource.with_values(values)

"""Data sources that ask nobody: what they give is made from their arguments alone.

Sources: https://registry.terraform.io/providers/hashicorp/template/latest/docs/data-sources/file,
https://registry.terraform.io/providers/hashicorp/cloudinit/latest/docs/data-sources/config
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from policies.engine.values import Unknown, references_of
from policies.readers import functions, types
from policies.readers.evaluation import get, unknown_from

Rendered = Callable[[str, str, Any], Any]
"""A template's text, what it is called, and its values -> what it gives."""


def _template(values: Mapping[str, Any], rendered: Rendered) -> Any:
    """`template_file`: a template with texts of its own."""
    template = values.get("template")
    if not isinstance(template, str):
        return unknown_from("the template is not known", template)
    names = values.get("vars")
    if names is None:
        names = {}
    elif not isinstance(names, Unknown):
        names = types.convert(names, types.Collection("map", "string"))
    return rendered(template, "template_file", names)


def _cloudinit(values: Mapping[str, Any], _rendered: Rendered) -> Any:
    """`cloudinit_config`: one text of all parts. How it lays them out is not told here; what stands in them is."""
    blocks = values.get("part")
    if isinstance(blocks, Unknown):
        return unknown_from("the parts are not known", blocks)
    contents = [get(block, "content") for block in blocks or ()]
    text = functions.call("join", ["\n", ["" if content is None else content for content in contents]])
    return Unknown(
        "how cloudinit_config lays its parts out is not told here",
        references_of(text),
        certain=True,
        decoded=text,
    )


_PURE: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any], Rendered], Any]]]] = {
    "template_file": ("hashicorp/template", _template),
    "template_cloudinit_config": ("hashicorp/template", _cloudinit),
    "cloudinit_config": ("hashicorp/cloudinit", _cloudinit),
}


def is_computed(kind: str, source: str) -> bool:
    """Whether a data source of this type computes `rendered`; `source` is its provider's, "" for the usual one."""
    return kind in _PURE and source.rpartition("registry.terraform.io/")[2] in ("", _PURE[kind][0])


def computed(kind: str, values: Mapping[str, Any], rendered: Rendered) -> Any:
    """What `rendered` of such a data source is, as far as its arguments are known."""
    try:
        return _PURE[kind][1](values, rendered)
    except (types.Refused, types.Undecided) as error:
        return unknown_from(f"{kind} does not take these arguments: {error}", *values.values())

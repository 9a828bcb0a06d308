"""`data.aws_iam_policy_document` rendered as JSON, as the AWS provider does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policies.engine.values import Unknown, parse_document, references_of
from policies.readers.budget import weigh
from policies.readers.evaluation import first_unknown, traced


def render(values: Mapping[str, Any]) -> Any:
    """The document of a data source's evaluated arguments: JSON text, or an `Unknown` that holds the tree.

    Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
    """
    statements: list[Any] = []
    for name in ("source_json", "source_policy_documents"):
        for text in _list(values.get(name)):
            _merge(statements, _statements(text))
    blocks = _list(values.get("statement"))
    _merge(statements, [_statement(block) if isinstance(block, dict) else block for block in blocks])
    for name in ("override_policy_documents", "override_json"):
        for text in _list(values.get(name)):
            _merge(statements, _statements(text))
    version = values.get("version")
    tree: dict[str, Any] = {"Version": "2012-10-17" if version is None else version}
    if _is_set(values.get("policy_id")):
        tree["Id"] = values["policy_id"]
    tree["Statement"] = statements
    # Documents of documents may double with every step.
    weigh(tree)
    blind = first_unknown(tree)
    if blind is not None:
        return Unknown(blind.reason, references_of(tree), document=tree, certain=True)
    return traced(json.dumps(tree), tree)


def _merge(statements: list[Any], more: list[Any]) -> None:
    """Add the statements of another document: one takes the place of an earlier one of the same `Sid`.

    What cannot be read may take the place of any that has a `Sid`.
    Source: the provider's `IAMPolicyDoc.Merge`, internal/service/iam/policy_model.go
    """
    places = {sid: index for index, known in enumerate(statements) if isinstance(sid := _sid(known), str)}
    doubt = next((sid for one in more if isinstance(sid := _sid(one), Unknown)), None)
    if doubt is not None:
        for index in places.values():
            reason = f"another statement may take its place: {doubt.reason}"
            statements[index] = Unknown(reason, references_of(statements[index]))
    for statement in more:
        sid = _sid(statement)
        if not isinstance(sid, str):
            statements.append(statement)
        elif sid in places:
            statements[places[sid]] = statement
        else:
            places[sid] = len(statements)
            statements.append(statement)


def _sid(statement: Any) -> Any:
    """What names a statement, or None; an `Unknown` where that cannot be seen."""
    if isinstance(statement, dict):
        sid = statement.get("Sid")
        return None if sid == "" else sid
    return statement


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_set(value: Any) -> bool:
    return value is not None and value != "" and value != []


def _statements(text: Any) -> list[Any]:
    """The statements of a whole document; an `Unknown` among them where it cannot be read."""
    tree = parse_document(text)
    if isinstance(tree, Unknown):
        return [tree]
    return _list(tree.get("Statement")) if isinstance(tree, dict) else [Unknown("it is no policy document")]


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {}
    if _is_set(block.get("sid")):
        statement["Sid"] = block["sid"]
    statement["Effect"] = block["effect"] if _is_set(block.get("effect")) else "Allow"
    for key, name in (
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ):
        value = block.get(key)
        if _is_set(value):
            statement[name] = value[0] if isinstance(value, list) and len(value) == 1 else value
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(key) is not None:
            statement[name] = _principals(_list(block[key]))
    conditions = _list(block.get("condition"))
    if conditions:
        statement["Condition"] = _conditions(conditions)
    return statement


def _principals(blocks: list[Any]) -> Any:
    """The principals as the provider writes them: `"*"` only for one block of that kind with that one identifier.

    Source: the provider's `iamPolicyStatementPrincipalSet.MarshalJSON`, internal/service/iam/policy_model.go
    """
    result: dict[str, Any] = {}
    for block in blocks:
        if not isinstance(block, dict):
            return block if isinstance(block, Unknown) else Unknown("principals is not a block")
        if isinstance(block.get("type"), Unknown):
            return block["type"]
        kind, identifiers = block.get("type"), block.get("identifiers")
        if isinstance(identifiers, Unknown):
            result[str(kind)] = identifiers
        else:
            merged = [*_list(result.get(str(kind))), *_list(identifiers)]
            result[str(kind)] = merged[0] if len(merged) == 1 else merged
    return "*" if len(blocks) == 1 and result == {"*": "*"} else result


def _conditions(blocks: list[Any]) -> Any:
    result: dict[str, Any] = {}
    for block in blocks:
        if not isinstance(block, dict):
            return block if isinstance(block, Unknown) else Unknown("condition is not a block")
        parts = [block.get("test"), block.get("variable")]
        blind = next((part for part in parts if isinstance(part, Unknown)), None)
        if blind is not None:
            return blind
        test, variable = (str(part) for part in parts)
        values = block.get("values")
        known = result.setdefault(test, {})
        if isinstance(values, Unknown):
            known[variable] = values
        else:
            merged = [*_list(known.get(variable)), *_list(values)]
            known[variable] = merged[0] if len(merged) == 1 else merged
    return result

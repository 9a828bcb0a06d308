"""The statements of WAF rules, which the bindings leave out.

Statements nest in statements, and the bindings give up on them: `statement` is "any" there. So
their schema is written here, as deep as the provider's own.

Source: https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs/resources/wafv2_web_acl#statement-block,
and `internal/service/wafv2/schemas.go` of hashicorp/terraform-provider-aws for the nesting.
"""

from __future__ import annotations

from typing import Any

Block = dict[str, Any]

# Three levels of `and`, `or` and `not` below a rule's statement, as in the provider.
_LEVELS = 3

_FLAGS = {"!": {"required": True}, "?": {"optional": True}, "~": {"optional": True, "computed": True}}


def complete(resources: dict[str, Block]) -> None:
    """Put the statements' blocks into the web ACL and the rule group, where the bindings have "any"."""
    for name, statement in (
        ("aws_wafv2_web_acl", _statement(_LEVELS, web_acl=True)),
        ("aws_wafv2_rule_group", _statement(_LEVELS, web_acl=False)),
    ):
        rule = resources.get(name, {}).get("block_types", {}).get("rule", {}).get("block")
        if rule and rule["attributes"].get("statement", {}).get("type") == "dynamic":
            del rule["attributes"]["statement"]
            rule["block_types"]["statement"] = _one(statement, required=True)


def _block(attributes: str = "", /, **blocks: Any) -> Block:
    """A block from words like `name!`, `limit:number?`: the type string or the one named, then its flag
    (! required, ? optional, ~ optional and computed)."""
    return {
        "attributes": {
            (parts := word[:-1].partition(":"))[0]: {"type": _TYPES[parts[2]], **_FLAGS[word[-1]]}
            for word in attributes.split()
        },
        "block_types": blocks,
    }


_TYPES: dict[str, Any] = {
    "": "string",
    "number": "number",
    "bool": "bool",
    "list": ["list", "string"],
    "set": ["set", "string"],
}


def _one(block: Block, *, required: bool = False) -> Block:
    """A block that may be given once."""
    return {**_many(block, required=required), "max_items": 1}


def _many(block: Block, *, required: bool = False, mode: str = "list", most: int | None = None) -> Block:
    entry: Block = {"nesting_mode": mode, "block": block}
    if required:
        entry["min_items"] = 1
    if most:
        entry["max_items"] = most
    return entry


_EMPTY = _one(_block())
_FALLBACK = _one(_block("fallback_behavior!"))
_FORWARDED_IP = _one(_block("fallback_behavior! header_name!"))
_TRANSFORMATION = _many(_block("priority:number! type!"), required=True, mode="set")
_HEADERS = _many(_block("name! value!"), required=True, mode="set")
_CUSTOM_REQUEST = _one(_block(custom_request_handling=_one(_block(insert_header=_HEADERS))))
_ACTION = _one(
    _block(
        allow=_CUSTOM_REQUEST,
        block=_one(
            _block(
                custom_response=_one(
                    _block(
                        "custom_response_body_key? response_code:number!",
                        response_header=_many(_block("name! value!"), mode="set"),
                    )
                )
            )
        ),
        captcha=_CUSTOM_REQUEST,
        challenge=_CUSTOM_REQUEST,
        count=_CUSTOM_REQUEST,
    ),
    required=True,
)
_OVERRIDE = _many(_block("name!", action_to_use=_ACTION), most=100)

_FIELD = _one(
    _block(
        all_query_arguments=_EMPTY,
        body=_one(_block("oversize_handling?")),
        cookies=_one(
            _block(
                "match_scope! oversize_handling!",
                match_pattern=_many(
                    _block("excluded_cookies:list? included_cookies:list?", all=_EMPTY), required=True
                ),
            )
        ),
        header_order=_many(_block("oversize_handling!")),
        headers=_many(
            _block(
                "match_scope! oversize_handling!",
                match_pattern=_one(
                    _block("excluded_headers:list? included_headers:list?", all=_EMPTY), required=True
                ),
            )
        ),
        ja3_fingerprint=_FALLBACK,
        ja4_fingerprint=_FALLBACK,
        json_body=_one(
            _block(
                "invalid_fallback_behavior? match_scope! oversize_handling?",
                match_pattern=_one(_block("included_paths:list?", all=_EMPTY), required=True),
            )
        ),
        method=_EMPTY,
        query_string=_EMPTY,
        single_header=_one(_block("name!")),
        single_query_argument=_one(_block("name!")),
        uri_fragment=_one(_block("fallback_behavior~")),
        uri_path=_EMPTY,
    )
)

_MATCHED = {"field_to_match": _FIELD, "text_transformation": _TRANSFORMATION}

# Statements that hold no other statement.
_PLAIN: dict[str, Block] = {
    "asn_match_statement": _one(
        {
            "attributes": {"asn_list": {"type": ["list", "number"], "required": True}},
            "block_types": {"forwarded_ip_config": _FORWARDED_IP},
        }
    ),
    "byte_match_statement": _one(_block("positional_constraint! search_string!", **_MATCHED)),
    "geo_match_statement": _one(_block("country_codes:list!", forwarded_ip_config=_FORWARDED_IP)),
    "ip_set_reference_statement": _one(
        _block(
            "arn!",
            ip_set_forwarded_ip_config=_one(_block("fallback_behavior! header_name! position!")),
        )
    ),
    "label_match_statement": _one(_block("key! scope!")),
    "regex_match_statement": _one(_block("regex_string!", **_MATCHED)),
    "regex_pattern_set_reference_statement": _one(_block("arn!", **_MATCHED)),
    "size_constraint_statement": _one(_block("comparison_operator! size:number!", **_MATCHED)),
    "sqli_match_statement": _one(_block("sensitivity_level?", **_MATCHED)),
    "xss_match_statement": _one(_block(**_MATCHED)),
}


def _nested(level: int) -> Block:
    """`and`, `or` and `not`: statements that hold statements, `level` deep."""
    inner = dict(_PLAIN)
    if level > 1:
        deeper = _nested(level - 1)
        inner |= {"and_statement": deeper, "not_statement": deeper, "or_statement": deeper}
    return _one(_block(statement=_many(_block(**inner), required=True)))


def _scope_down(level: int) -> Block:
    nested = _nested(level)
    return _one(_block(**_PLAIN, and_statement=nested, not_statement=nested, or_statement=nested))


def _rate_based(level: int) -> Block:
    transformed = _one(_block(text_transformation=_TRANSFORMATION))
    named = _one(_block("name!", text_transformation=_TRANSFORMATION))
    return _one(
        _block(
            "aggregate_key_type? evaluation_window_sec:number? limit:number!",
            custom_key=_many(
                _block(
                    asn=_EMPTY,
                    cookie=named,
                    forwarded_ip=_EMPTY,
                    header=named,
                    http_method=_EMPTY,
                    ip=_EMPTY,
                    ja3_fingerprint=_FALLBACK,
                    ja4_fingerprint=_FALLBACK,
                    label_namespace=_one(_block("namespace!")),
                    query_argument=named,
                    query_string=transformed,
                    uri_path=transformed,
                ),
                most=5,
            ),
            forwarded_ip_config=_FORWARDED_IP,
            scope_down_statement=_scope_down(level - 1),
        )
    )


def _managed_rule_group(level: int) -> Block:
    identifier = _one(_block("identifier!"))
    needed = _one(_block("identifier!"), required=True)
    identifiers = _one(_block("identifiers:list!"))
    response = _one(
        _block(
            body_contains=_one(_block("failure_strings:set! success_strings:set!")),
            header=_one(_block("failure_values:set! name! success_values:set!")),
            json=_one(_block("failure_values:set! identifier! success_values:set!")),
            status_code=_one(
                {
                    "attributes": {
                        "failure_codes": {"type": ["set", "number"], "required": True},
                        "success_codes": {"type": ["set", "number"], "required": True},
                    },
                    "block_types": {},
                }
            ),
        )
    )
    challenge = _one(
        _block(
            "sensitivity? usage_of_action!",
            exempt_uri_regular_expression=_many(_block("regex_string?"), most=5),
        ),
        required=True,
    )
    configs = _block(
        "login_path? payload_type?",
        aws_managed_rules_acfp_rule_set=_one(
            _block(
                "creation_path! enable_regex_in_path:bool~ registration_page_path!",
                request_inspection=_one(
                    _block(
                        "payload_type!",
                        address_fields=identifiers,
                        email_field=identifier,
                        password_field=identifier,
                        phone_number_fields=identifiers,
                        username_field=identifier,
                    ),
                    required=True,
                ),
                response_inspection=response,
            )
        ),
        aws_managed_rules_anti_ddos_rule_set=_one(
            _block(
                "sensitivity_to_block?",
                client_side_action_config=_one(_block(challenge=challenge), required=True),
            )
        ),
        aws_managed_rules_atp_rule_set=_one(
            _block(
                "enable_regex_in_path:bool~ login_path!",
                request_inspection=_one(
                    _block("payload_type!", password_field=needed, username_field=needed)
                ),
                response_inspection=response,
            )
        ),
        aws_managed_rules_bot_control_rule_set=_one(
            _block("enable_machine_learning:bool~ inspection_level!")
        ),
        password_field=identifier,
        username_field=identifier,
    )
    return _one(
        _block(
            "name! vendor_name! version~",
            managed_rule_group_configs=_many(configs),
            rule_action_override=_OVERRIDE,
            scope_down_statement=_scope_down(level - 1),
        )
    )


def _statement(level: int, *, web_acl: bool) -> Block:
    nested = _nested(level)
    kinds = dict(_PLAIN)
    kinds |= {"and_statement": nested, "not_statement": nested, "or_statement": nested}
    kinds["rate_based_statement"] = _rate_based(level)
    if web_acl:
        kinds["managed_rule_group_statement"] = _managed_rule_group(level)
        kinds["rule_group_reference_statement"] = _one(_block("arn!", rule_action_override=_OVERRIDE))
    return _block(**kinds)

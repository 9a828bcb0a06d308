"""The schema: its reader on small archives in every style of the bindings, and the package's data, which is what the
reader makes of the locked bindings."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from mock_provider import catalogue, packed, schema, waf
from mock_provider.sources import bindings, offers

# The shape of a generated module, as small as one can be. MAIN is the base's name: cdktf or cdktn.
RESOURCE = """
export interface ThingTimeouts {
}
export function thingTimeoutsToHclTerraform(struct?: ThingTimeouts): any {
  const attrs = {
    create: {
      value: cdktf.stringToHclTerraform(struct!.create),
      isBlock: false,
      type: "simple",
      storageClassType: "string",
    },
  };
}
export class ThingTimeoutsOutputReference extends cdktf.ComplexObject {
  // create - computed: false, optional: true, required: false
  public get create() {
    return this.getStringAttribute('create');
  }
}
export class ThingRuleOutputReference extends cdktf.ComplexObject {
  // port - computed: false, optional: false, required: true
  public get port() {
    return this.getNumberAttribute('port');
  }

  // hosts - computed: true, optional: true, required: false
  public get hosts() {
    return cdktf.Fn.tolist(this.getListAttribute('hosts'));
  }

  // rule - computed: false, optional: true, required: false
  private _rule = new ThingRuleList(this, "rule", true);
  public get rule() {
    return this._rule;
  }
}
export function thingRuleToHclTerraform(struct?: ThingRule): any {
  const attrs = {
    rule: {
      value: cdktf.listMapperHcl(thingRuleToHclTerraform, true)(struct!.rule),
      isBlock: true,
      type: "set",
      storageClassType: "ThingRuleList",
    },
  };
}
export class ThingSecretOutputReference extends cdktf.ComplexObject {
  // arn - computed: true, optional: false, required: false
  public get arn() {
    return this.getStringAttribute('arn');
  }
}
export class Thing extends cdktf.TerraformResource {
  public static readonly tfResourceType = "aws_thing";
  constructor() {
    super(scope, id, {
      terraformGeneratorMetadata: {
        providerName: 'aws',
        providerVersion: '6.99.1',
      },
    });
  }
  // enabled - computed: false, optional: true, required: false
  public get enabled() {
    return this.getBooleanAttribute('enabled');
  }

  // groups - computed: false, optional: false, required: true
  public get groups() {
    return this.interpolationForAttribute('groups');
  }

  // labels - computed: true, optional: false, required: false
  private _labels = new cdktf.StringMap(this, "labels");
  public get labels() {
    return this._labels;
  }

  // secret - computed: true, optional: false, required: false
  private _secret = new ThingSecretList(this, "secret", false);
  public get secret() {
    return this._secret;
  }

  // ingress - computed: true, optional: true, required: false
  private _ingress = new ThingSecretList(this, "ingress", true);
  public get ingress() {
    return this._ingress;
  }

  // only - computed: false, optional: false, required: true
  private _only = new ThingRuleOutputReference(this, "only");
  public get only() {
    return this._only;
  }

  // rule - computed: false, optional: true, required: false
  private _rule = new ThingRuleList(this, "rule", true);
  public get rule() {
    return this._rule;
  }

  // timeouts - computed: false, optional: true, required: false
  private _timeouts = new ThingTimeoutsOutputReference(this, "timeouts");
  public get timeouts() {
    return this._timeouts;
  }

  // =========
  // SYNTHESIS
  // =========
  protected synthesizeHclAttributes(): { [name: string]: any } {
    const attrs = {
      groups: {
        value: cdktf.listMapperHcl(cdktf.stringToHclTerraform, false)(this._groups),
        isBlock: false,
        type: "list",
        storageClassType: "stringListList",
      },
      ingress: {
        value: cdktf.listMapperHcl(thingSecretToHclTerraform, false)(this._ingress.internalValue),
        isBlock: true,
        type: "set",
        storageClassType: "ThingSecretList",
      },
      only: {
        value: thingRuleToHclTerraform(this._only.internalValue),
        isBlock: true,
        type: "list",
        storageClassType: "ThingRuleList",
      },
      rule: {
        value: cdktf.listMapperHcl(thingRuleToHclTerraform, true)(this._rule.internalValue),
        isBlock: true,
        type: "set",
        storageClassType: "ThingRuleList",
      },
      timeouts: {
        value: thingTimeoutsToHclTerraform(this._timeouts.internalValue),
        isBlock: true,
        type: "struct",
        storageClassType: "ThingTimeouts",
      },
    };
  }
}
"""
PROVIDER = """
export function awsProviderDefaultTagsToHclTerraform(struct?: any): any {
  const attrs = {
    tags: {
      value: cdktf.hashMapperHcl(cdktf.stringToHclTerraform)(struct!.tags),
      isBlock: false,
      type: "map",
      storageClassType: "stringMap",
    },
  };
}
export class AwsProvider extends cdktf.TerraformProvider {
  public static readonly tfResourceType = "aws";
  // region - computed: false, optional: true, required: false
  private _region?: string;
  public get region() {
    return this._region;
  }

  // alias - computed: false, optional: true, required: false
  private _alias?: string;
  public get alias() {
    return this._alias;
  }

  // default_tags - computed: false, optional: true, required: false
  private _defaultTags?: any;
  public get defaultTags() {
    return this._defaultTags;
  }
  protected synthesizeHclAttributes(): { [name: string]: any } {
    const attrs = {
      region: {
        value: cdktf.stringToHclTerraform(this._region),
        isBlock: false,
        type: "simple",
        storageClassType: "string",
      },
      alias: {
        value: cdktf.stringToHclTerraform(this._alias),
        isBlock: false,
        type: "simple",
        storageClassType: "string",
      },
      default_tags: {
        value: cdktf.listMapperHcl(awsProviderDefaultTagsToHclTerraform, true)(this._defaultTags),
        isBlock: true,
        type: "list",
        storageClassType: "AwsProviderDefaultTagsList",
      },
    };
  }
}
"""


def archive(path: Path, **modules: str) -> Path:
    """An archive of bindings with these TypeScript sources, each kept in its module's source map."""
    with tarfile.open(path, "w:gz") as members:
        for name, source in modules.items():
            kept = base64.b64encode(json.dumps({"sourcesContent": [source]}).encode()).decode()
            code = f'"use strict";\n//# sourceMappingURL=data:application/json;base64,{kept}\n'.encode()
            place = tarfile.TarInfo(f"package/lib/{name.replace('__', '/')}.js")
            place.size = len(code)
            members.addfile(place, io.BytesIO(code))
    return path


def string(**flags: bool) -> dict[str, Any]:
    return {"type": "string", **flags}


@pytest.mark.parametrize("base", ["cdktf", "cdktn"])
def test_every_form_is_read(tmp_path: Path, base: str) -> None:
    """Attributes, attributes written as blocks, blocks of each nesting, recursion; in both generations."""
    sources = {"thing__index": RESOURCE, "provider__index": PROVIDER}
    path = archive(tmp_path / "a.tgz", **{k: v.replace("cdktf.", f"{base}.") for k, v in sources.items()})
    version, kinds = bindings.read(path)
    assert version == "6.99.1"
    thing = kinds["resource"]["aws_thing"]
    secret = ["object", {"arn": "string"}]
    assert thing["attributes"] == {
        "enabled": {"type": "bool", "optional": True},
        "groups": {"type": ["list", ["list", "string"]], "required": True},
        "labels": {"type": ["map", "string"], "computed": True},
        "secret": {"type": ["list", secret], "computed": True},
        "ingress": {"type": ["set", secret], "computed": True, "optional": True},
    }
    blocks = thing["block_types"]
    assert {name: {k: v for k, v in entry.items() if k != "block"} for name, entry in blocks.items()} == {
        "only": {"nesting_mode": "list", "min_items": 1, "max_items": 1},
        "rule": {"nesting_mode": "set"},
        "timeouts": {"nesting_mode": "single"},
    }
    assert blocks["timeouts"]["block"]["attributes"] == {"create": string(optional=True)}
    rule = blocks["rule"]["block"]
    assert rule["attributes"] == {
        "port": {"type": "number", "required": True},
        "hosts": {"type": ["set", "string"], "computed": True, "optional": True},
    }
    depth = 0
    while "rule" in rule["block_types"]:
        rule, depth = rule["block_types"]["rule"]["block"], depth + 1
    assert depth == 2
    assert kinds["provider"]["aws"]["attributes"] == {"region": string(optional=True)}
    tags = kinds["provider"]["aws"]["block_types"]["default_tags"]
    assert tags["block"]["attributes"] == {"tags": {"type": ["map", "string"], "optional": True}}


def test_classes_in_files_of_their_own(tmp_path: Path) -> None:
    """A module with very many classes keeps them beside its index: its blocks are the same."""
    cut = RESOURCE.index("export class Thing extends")
    whole = archive(tmp_path / "a.tgz", thing__index=RESOURCE, provider__index=PROVIDER)
    parts = archive(
        tmp_path / "b.tgz",
        **{"thing__index": RESOURCE[cut:], "thing__index-structs__structs0": RESOURCE[:cut]},
        provider__index=PROVIDER,
    )
    assert bindings.read(whole) == bindings.read(parts)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no archive", "not a bindings' archive"), (b"", "not a bindings' archive"), (None, "No such file")],
)
def test_what_is_no_archive(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "a.tgz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Problem, match=words):
        bindings.read(path)


def test_archives_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="holds no provider's bindings"):
        bindings.read(archive(tmp_path / "a.tgz", other__index="export const nothing = 1;"))
    with pytest.raises(Problem, match="thing is not written as this reader knows it"):
        bindings.read(
            archive(tmp_path / "b.tgz", thing__index=RESOURCE.replace("synthesizeHclAttributes", "x"))
        )


def test_the_packages_data_is_what_its_sources_say() -> None:
    """`make mock-schema` was run since the bindings or cfn-lint changed."""
    version, kinds = bindings.read(bindings.archive())
    assert packed.read(schema.FILE) == {"version": version} | kinds
    assert packed.read(catalogue.FILE) == offers.read()


@pytest.mark.parametrize("damage", ["cut", "other", "gone"])
def test_damaged_data_is_told(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.json.gz"
    packed.write(path, {"a": list(range(1000))})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "other":
        path.write_bytes(b"{}")
    else:
        path.unlink()
    with pytest.raises(Problem, match="install this project anew"):
        packed.read(path)


def test_locked_bindings() -> None:
    """All of the provider, with a type for everything: only QuickSight's definitions stay "any"."""
    known = schema.load()
    assert known.version == "6.25.0"
    assert (len(known.types("resource")), len(known.types("data"))) == (1581, 630)
    untyped = {
        (kind, name)
        for kind in ("resource", "data")
        for name in known.types(kind)
        if '"type": "dynamic"' in json.dumps(known.block(kind, name))
    }
    assert {name.rpartition("_")[0] for _, name in untyped} == {"aws_quicksight"}
    provider = known.block("provider", "aws")
    assert {"assume_role", "default_tags", "endpoints", "ignore_tags"} <= provider["block_types"].keys()
    assert "alias" not in provider["attributes"]
    assert len(provider["block_types"]["endpoints"]["block"]["attributes"]) > 250


def test_no_set_holds_what_has_no_type() -> None:
    """Terraform refuses a schema with a dynamic attribute inside a set."""
    known = schema.load()

    def sets(block: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for entry in block["block_types"].values():
            found += [entry["block"]] if entry["nesting_mode"] == "set" else []
            found += sets(entry["block"])
        return found

    for kind in ("resource", "data"):
        for name in known.types(kind):
            assert '"dynamic"' not in json.dumps(sets(known.block(kind, name))), name


def test_waf_statements_nest_as_deep_as_the_provider_s() -> None:
    statement = schema.load().block("resource", "aws_wafv2_web_acl")
    block = statement["block_types"]["rule"]["block"]["block_types"]["statement"]["block"]
    levels = 0
    while "and_statement" in block["block_types"]:
        block = block["block_types"]["and_statement"]["block"]["block_types"]["statement"]["block"]
        levels += 1
    assert levels == 3
    group = schema.load().block("resource", "aws_wafv2_rule_group")
    kinds = group["block_types"]["rule"]["block"]["block_types"]["statement"]["block"]["block_types"]
    assert "managed_rule_group_statement" not in kinds
    resources = {"aws_wafv2_web_acl": {"attributes": {}, "block_types": {}}}
    waf.complete(resources)
    assert resources == {"aws_wafv2_web_acl": {"attributes": {}, "block_types": {}}}


def test_one_object_is_a_value_or_a_list_block() -> None:
    """Protocol 5 has no block without a list around it but `timeouts`."""
    known = schema.load()
    for name in known.types("resource"):
        single = [
            block
            for block, entry in known.block("resource", name)["block_types"].items()
            if entry["nesting_mode"] == "single"
        ]
        assert single in ([], ["timeouts"]), name
    bucket = known.block("resource", "aws_s3tables_table_bucket")["attributes"]
    assert bucket["encryption_configuration"]["type"] == [
        "object",
        {"kms_key_arn": "string", "sse_algorithm": "string"},
    ]
    kind, fields = bucket["maintenance_configuration"]["type"]
    assert kind == "object"
    assert fields["iceberg_unreferenced_file_removal"][1]["settings"] == [
        "object",
        {"non_current_days": "number", "unreferenced_days": "number"},
    ]

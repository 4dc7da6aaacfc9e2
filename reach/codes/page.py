"""The page of the documentation on explanation codes, from the catalogue.

page() -> Markdown, as docs/explanation-codes.md has it
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.codes import CODES, FILTER, PATH, SETTING, Code

_TITLES = {
    PATH: "The path is not reachable",
    SETTING: "What was asked about",
    FILTER: "Conditions on the path and on the packet",
}
_HEAD = """\
# Explanation codes

An unreachable answer names what blocks the way by the codes of AWS's VPC Reachability Analyzer, and
so does an undecided one for what is missing. These are all {count} of them. `reach` shows {shown};
the other {never} can never stand in an answer, for the reasons below.

Each code comes with the members of AWS's `Explanation` that are known of the thing
(`explanations[].fields` in the JSON of an answer). AWS documents no list of members for each code.
`Where` names a case of a sample, or a network of `tests/productions.py`, that shows the code.

This page is made by `python -m reach.codes`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    never = sum(bool(code.never) for code in CODES.values())
    yield _HEAD.format(count=len(CODES), shown=len(CODES) - never, never=never)
    for kind, title in _TITLES.items():
        yield f"## {title}\n"
        for code in CODES.values():
            if code.kind == kind:
                yield from _code(code)


def _code(code: Code) -> Iterator[str]:
    yield f"### {code.name}\n"
    yield f"{code.words}\n"
    yield f"- Rules: {', '.join(code.rules.split())}"
    if code.never:
        yield f"- Never shown: {code.never}\n"
        return
    members = ", ".join(f"`{member}`" for member in code.members.split())
    yield f"- Members: {members or 'none'}"
    yield f"- Where: {_where(code)}\n"


def _where(code: Code) -> str:
    if code.test:
        return "`tests/productions.py`"
    return f"[samples/{code.sample}](../samples/{code.sample}/cases.reach.yaml), “{code.case}”"

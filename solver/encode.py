"""Problems as SMT-LIB 2.6 text, for people to read and for other solvers to run.

Takes a problem; gives a script in QF_BV that ends by asking for the outcome. A term that is used
more than once, or is long to write, gets a name by `define-fun`, so the script grows with the
number of distinct terms and not with the paths through them. The text depends on the problem alone.

    symbol x          x, or |x y| where SMT-LIB needs it, or |x%7Cy| for what it cannot write at all
    shared term       $t7
    assumption        $a0, a Bool constant that implies its term, since only literals are assumed

This encoding is trusted by whoever believes a script's outcome; the tests run it.

Must not know: how any backend builds its own terms.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from solver.interning import Op, Term, postorder
from solver.problems import Problem

_INLINE_LENGTH = 100

# SMT-LIB 2.6, section 3.1: simple symbols, here without - for no command's name to be among them;
# quoted symbols hold what is printable but | and \. We escape by % what lies beyond ASCII too, and
# the % itself, so that different names stay different.
_SIMPLE = re.compile(r"[A-Za-z~!$^&*_+=<>?/][0-9A-Za-z~!@$^&*_+=<>.?/]*")
_PRINTABLE = " !\"#$&'()*+,-./:;<=>?@[]^_`{}~"

# What is no symbol, or one with a meaning already, quoted or not; so is all that begins with bv.
_TAKEN = {"true", "false", "not", "and", "or", "xor", "distinct", "ite", "=", "=>", "concat"}
_TAKEN |= {"extract", "!", "_", "as", "BINARY", "DECIMAL", "HEXADECIMAL", "NUMERAL", "STRING"}
_TAKEN |= {"exists", "forall", "let", "match", "par", "assert", "echo", "exit", "pop", "push"}
_TAKEN |= {"reset"}


def encode(problem: Problem) -> str:
    """The script that is sat iff some assignment satisfies all assertions and assumptions."""
    order = postorder((*problem.assertions, *problem.assumptions))
    uses = Counter(arg for term in order for arg in term.args)
    prefix = _unused_prefix(str(t.value) for t in order if t.op is Op.SYMBOL)
    texts: dict[Term, str] = {}
    lines = ["(set-logic QF_BV)"]
    for number, term in enumerate(order):
        text = texts[term] = _text(term, texts)
        if term.op is Op.SYMBOL:
            lines.append(f"(declare-const {text} {_sort(term.width)})")
        elif term.args and (uses[term] > 1 or len(text) > _INLINE_LENGTH):
            texts[term] = f"{prefix}t{number}"
            lines.append(f"(define-fun {texts[term]} () {_sort(term.width)} {text})")
    lines += [f"(assert {texts[term]})" for term in problem.assertions]
    assumed = {f"{prefix}a{number}": term for number, term in enumerate(problem.assumptions)}
    for name, term in assumed.items():
        lines += [f"(declare-const {name} Bool)", f"(assert (=> {name} {texts[term]}))"]
    lines.append(f"(check-sat-assuming ({' '.join(assumed)}))" if assumed else "(check-sat)")
    return "\n".join(lines) + "\n"


def _text(term: Term, texts: Mapping[Term, str]) -> str:
    """The term itself, with its arguments as they are already written."""
    args = " ".join([texts[arg] for arg in term.args])
    match term.op, term.value:
        case Op.SYMBOL, str(name):
            return _name(name)
        case Op.CONST, int(value):
            return f"(_ bv{value} {term.width})" if term.width else str(bool(value)).lower()
        case Op.EXTRACT, (high, low):
            return f"((_ extract {high} {low}) {args})"
    return f"({term.op} {args})"


def _sort(width: int) -> str:
    return f"(_ BitVec {width})" if width else "Bool"


def _name(name: str) -> str:
    """A symbol as SMT-LIB can write it; different for different names."""
    if name in _TAKEN or name.startswith("bv"):
        return f"|%{ord(name[0]):02X}{quote(name[1:], safe=_PRINTABLE)}|"
    if _SIMPLE.fullmatch(name):
        return name
    return f"|{quote(name, safe=_PRINTABLE)}|"


def _unused_prefix(names: Iterable[str]) -> str:
    """A prefix that none of `names` has."""
    longest = max((len(name) - len(name.lstrip("$")) for name in names), default=0)
    return "$" * (longest + 1)

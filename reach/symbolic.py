"""Symbolic headers: terms instead of numbers, and what may be asked of them.

A *version* is a header whose fields are terms, in the order of the field table.  A rewrite gives a
new version that shares the terms it did not touch, so a header is copied per rewrite, not per hop,
and what is constant folds away: a known destination leaves one route of a table.

For symbols of known range a *domain* is kept, an over-approximation that prunes what cannot match.
Gives matching, rewriting and mirroring of versions; side conditions on fresh symbols collect in
``conditions``.  Must not know nodes, stages' order, or AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import assert_never

import solver
from reach.network.address import FAMILY_BIT, WIDTH, is_ipv4
from reach.network.field import FIELD, FIELDS, ICMP, ICMP_ANSWERS, ICMPV6, INDEX, TCP, UDP
from reach.network.header_space import EVERYWHERE, HeaderSpace, Ranges
from reach.network.stage import Assign, Embed, Lookup, Rewrite, Table
from solver import FALSE, TRUE, Term

Version = tuple[Term, ...]

_IDENTITY = INDEX["identity"]
_SMALL, _LONG = 64, 5_000


class Symbolic:
    """A workshop of versions for one problem."""

    def __init__(self) -> None:
        self.conditions: list[Term] = []
        self._domains: dict[Term, Ranges] = {}
        self._members: dict[tuple[Term, int], tuple[Term, Ranges]] = {}
        self._matches: dict[tuple[int, Version], tuple[Term, HeaderSpace]] = {}
        self._mirrors: dict[Version, Version] = {}
        self._looked_up: dict[Term, tuple[Table, Term]] = {}
        self._fresh: dict[tuple[str, int], Term] = {}
        self._spans: dict[Ranges, int] = {}

    # ---------------------------------------------------------------- making headers

    def start(self, space: HeaderSpace, shared: Mapping[str, Ranges | None]) -> Version:
        """A version for headers in ``space``: constants where it leaves one value.

        Starts share the symbols of the fields they leave open, and of the ``shared`` fields, whose
        values in any start are given (None: anything).
        """
        return tuple(
            self._open(field.name, space.by_name.get(field.name), shared) for field in FIELDS
        )

    def _open(self, name: str, values: Ranges | None, shared: Mapping[str, Ranges | None]) -> Term:
        width = FIELD[name].width
        if values is None and name == "identity":
            return solver.const(0, width)
        if name in shared:
            return self._shared(name, width, shared[name])
        if values is None:
            return self.symbol(name, width)
        if (single := values.single) is not None:
            return solver.const(single, width)
        # A domain belongs to a symbol, so starts of different ranges need symbols of their own.
        number = self._spans.setdefault(values, len(self._spans))
        return self.symbol(f"{name}#{number}", width, values)

    def _shared(self, name: str, width: int, values: Ranges | None) -> Term:
        """A symbol that many starts share, with all their values as its domain.

        Each start asks for its own values, so one domain of many intervals needs no condition: it
        only prunes.  One of few may make a question true, for which it has to hold.
        """
        if values is None or len(values.intervals) <= _SMALL:
            return self.symbol(name, width, values)
        term = self.symbol(name, width)
        self._domains[term] = values
        return term

    def symbol(self, name: str, width: int, domain: Ranges | None = None) -> Term:
        """A symbol, made once per name, that lies in ``domain`` (any value if None)."""
        term = self._fresh.get((name, width))
        if term is None:
            term = self._fresh[name, width] = solver.symbol(name, width)
            if domain is not None:
                self.conditions.append(self.member(term, domain))
                self._domains[term] = domain
            if width == WIDTH:
                is_six = solver.not_(solver.has_prefix(term, FAMILY_BIT, 1))
                zero = solver.eq(solver.extract(95, 0, term), solver.const(0, 96))
                self.conditions.append(solver.or_(is_six, zero))
        return term

    def well_formed(self, version: Version) -> Term:
        """Fields that the protocol does not have are 0; both ends are of one family."""
        protocol = version[INDEX["protocol"]]
        has_ports = self._one_of(protocol, TCP, UDP)
        has_type = self._one_of(protocol, ICMP, ICMPV6)
        families = [solver.extract(WIDTH - 1, WIDTH - 1, version[i]) for i in (0, 1)]
        four = solver.eq(families[0], solver.const(1, 1))
        return solver.and_(
            solver.eq(*families),
            solver.or_(solver.not_(self._one_of(protocol, ICMP)), four),
            solver.or_(solver.not_(self._one_of(protocol, ICMPV6)), solver.not_(four)),
            *(solver.or_(has_ports, self._zero(version, f"{end}_port")) for end in _ENDS),
            *(solver.or_(has_type, self._zero(version, f"icmp_{part}")) for part in _PARTS),
        )

    def answered(self, version: Version) -> Term:
        """Whether a receiver of this header sends anything back."""
        protocol, kind = version[INDEX["protocol"]], version[INDEX["icmp_type"]]
        return solver.and_(
            *(
                solver.or_(solver.not_(self._one_of(protocol, number)), self._one_of(kind, *kinds))
                for number, kinds in ICMP_ANSWERS.items()
            )
        )

    def _zero(self, version: Version, name: str) -> Term:
        return solver.eq(version[INDEX[name]], solver.const(0, FIELD[name].width))

    @staticmethod
    def _one_of(term: Term, *values: int) -> Term:
        return solver.or_(*(solver.eq(term, solver.const(v, term.width)) for v in values))

    # ---------------------------------------------------------------- asking headers

    def matches(self, space: HeaderSpace, version: Version) -> Term:
        """Whether the version lies in ``space``."""
        if len(space.fields) == 1:
            name, values = space.fields[0]
            return self.member(version[INDEX[name]], values)
        key = (id(space), tuple(version[INDEX[name]] for name, _ in space.fields))
        known = self._matches.get(key)
        if known is None:
            known = self._matches[key] = (self._product(space, version), space)
        return known[0]

    def may_lie_in(self, space: HeaderSpace, version: Version) -> bool:
        """Whether the version can lie in ``space``, as far as constants and domains tell."""
        for name, values in space.fields:
            term = version[INDEX[name]]
            domain = self._domains.get(term)
            if isinstance(term.value, int):
                if term.value not in values:
                    return False
            elif domain is not None and not domain.overlaps(values):
                return False
        return True

    def _product(self, space: HeaderSpace, version: Version) -> Term:
        """Whether every field is in its set; what is known already is looked at first."""
        for name, values in space.fields:
            value = version[INDEX[name]].value
            if isinstance(value, int) and value not in values:
                return FALSE
        return solver.and_(
            *(self.member(version[INDEX[name]], values) for name, values in space.fields)
        )

    def domain(self, term: Term) -> Ranges | None:
        """Values of which ``term`` has one, as far as that is known."""
        if isinstance(term.value, int):
            return Ranges.of(term.value)
        return self._domains.get(term)

    def member(self, term: Term, values: Ranges) -> Term:
        """Whether ``term`` has one of ``values``."""
        if isinstance(term.value, int):
            return TRUE if term.value in values else FALSE
        known = self._members.get((term, id(values)))
        if known is None:
            known = (self._membership(term, values), values)
            self._members[term, id(values)] = known
        return known[0]

    def _membership(self, term: Term, values: Ranges) -> Term:
        domain = self._domains.get(term)
        if domain is not None:
            met = [span for span in values.intervals if domain.meets(*span)]
            if not met:
                return FALSE
            if len(domain.intervals) <= _SMALL and not domain - values:
                return TRUE
            values = Ranges(tuple(met))
        if term.width == WIDTH:
            if len(values.intervals) > _SMALL and not values.is_scattered:
                # "All but these": the holes are fewer prefixes than what is between them.
                return solver.not_(_in_any(term, EVERYWHERE - values))
            return _in_any(term, values)
        return solver.any_of(solver.between(term, low, high) for low, high in values.intervals)

    def same_on_the_wire(self, one: Version, other: Version) -> Term:
        """Whether two versions are the same header, the ghost field aside."""
        if one[:_IDENTITY] == other[:_IDENTITY]:
            return TRUE
        return solver.and_(
            *(solver.eq(a, b) for a, b in zip(one[:_IDENTITY], other[:_IDENTITY], strict=True))
        )

    def mirror(self, version: Version) -> Version:
        """The reply's header: ends exchanged, ICMP request turned into its answer."""
        known = self._mirrors.get(version)
        if known is None:
            at = {field.name: version[INDEX[field.name]] for field in FIELDS}
            exchanged = {
                "source": at["destination"],
                "destination": at["source"],
                "source_port": at["destination_port"],
                "destination_port": at["source_port"],
                "icmp_type": self._answer_type(at["protocol"], at["icmp_type"]),
                "icmp_code": solver.const(0, 8),
                "identity": solver.const(0, FIELD["identity"].width),
            }
            known = tuple(exchanged.get(field.name, at[field.name]) for field in FIELDS)
            self._mirrors[version] = known
        return known

    def _answer_type(self, protocol: Term, kind: Term) -> Term:
        answer = solver.const(0, 8)
        for number, kinds in ICMP_ANSWERS.items():
            for asked, given in kinds.items():
                met = solver.and_(self._one_of(protocol, number), self._one_of(kind, asked))
                answer = solver.ite(met, solver.const(given, 8), answer)
        return answer

    # ---------------------------------------------------------------- rewriting headers

    def rewrite(self, rewrite: Rewrite, version: Version, site: str) -> Version:
        """The version after the rewrite; ``site`` names the place, for fresh symbols."""
        position = INDEX[rewrite.field]
        old = version[position]
        match rewrite:
            case Assign():
                new = self._assign(rewrite, site)
            case Lookup():
                new = self._lookup(rewrite, old, site)
            case Embed():
                new = self._embed(rewrite, old, site)
            case _:
                assert_never(rewrite)
        return (*version[:position], new, *version[position + 1 :])

    def _assign(self, rewrite: Assign, site: str) -> Term:
        width = FIELD[rewrite.field].width
        single = rewrite.values.single
        if single is not None:
            return solver.const(single, width)
        return self.symbol(f"{rewrite.field}@{site}", width, rewrite.values)

    def _lookup(self, rewrite: Lookup, old: Term, site: str) -> Term:
        width, table = FIELD[rewrite.field].width, rewrite.table
        if isinstance(old.value, int):
            return solver.const(table.of.get(old.value, 0), width)
        before = self._looked_up.get(old)
        if before is not None and before[0].inverse is table:
            return before[1]
        name = f"{rewrite.field}@{site}"
        if (name, width) in self._fresh:
            return self._fresh[name, width]
        domain = self._domains.get(old)
        pairs = [
            (was, new)
            for was, new in table.pairs
            if domain is None or domain.meets(*Ranges.of(was).intervals[0])
        ]
        new_term = self.symbol(name, width, Ranges.of(*(new for _, new in pairs)))
        self._looked_up[new_term] = (table, old)
        for was, new in pairs:
            hit, becomes = self._equals(old, was), self._equals(new_term, new)
            self.conditions.append(solver.implies(hit, becomes))
        return new_term

    def _equals(self, term: Term, value: int) -> Term:
        if is_ipv4(value):
            return solver.has_prefix(term, value, 33)
        return solver.eq(term, solver.const(value, term.width))

    def _embed(self, rewrite: Embed, old: Term, site: str) -> Term:
        width = FIELD[rewrite.field].width
        if isinstance(old.value, int):
            return solver.const(rewrite.of(old.value), width)
        taken = solver.extract(rewrite.taken_from + rewrite.width - 1, rewrite.taken_from, old)
        above, below = width - rewrite.put_at - rewrite.width, rewrite.put_at
        term = taken
        if below:
            base = rewrite.base & ((1 << below) - 1)
            term = solver.concat(term, solver.const(base, below))
        if above:
            term = solver.concat(solver.const(rewrite.base >> (width - above), above), term)
        return term


def _in_any(term: Term, values: Ranges) -> Term:
    many = len(values.intervals)
    return (_kept if many <= _SMALL else _kept_long if many <= _LONG else _covered)(term, values)


def _covered(term: Term, values: Ranges) -> Term:
    return solver.any_of(solver.has_prefix(term, p.value, p.length) for p in values.cover())


# What the internet may send from is asked for again and again, and takes 50 terms to say, or
# thousands in a large estate, whose own addresses nobody else has.
_kept = lru_cache(maxsize=256)(_covered)
_kept_long = lru_cache(maxsize=4)(_covered)


_ENDS = ("source", "destination")
_PARTS = ("type", "code")

"""What ``$HOME_NET``, ``@reference`` and their like mean in a rule group.

A group's own variables count, then those of the policy (R-NFW-14): AWS, "Troubleshooting rules in
AWS Network Firewall": policy variables affect the groups that do not define HOME_NET themselves.
Without either, HOME_NET is the firewall's VPC; EXTERNAL_NET is all that the policy's HOME_NET, or
that default, is not.  A reference means the entries of a prefix list; of a resource group no call
tells the members.  A group that uses a name which nothing defines AWS does not have ("Without the
required variables, the rule group isn't valid", suricata-limitations-caveats): the definition is
what the snapshot lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from reach.component import Lowering
from reach.network.address import Prefix
from reach.network.header_space import Ranges
from reach.snapshot.firewall_records import (
    Firewall,
    FirewallPolicy,
    GroupRules,
    IpSet,
    PortSet,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import Vpc
from reach.suricata.expression import (
    ALL_ADDRESSES,
    ALL_PORTS,
    Extent,
    addresses,
    ports,
)

_HOME, _EXTERNAL = "HOME_NET", "EXTERNAL_NET"
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Variables:
    """The names that the rules of one group may use."""

    lowering: Lowering
    firewall: Firewall
    policy: FirewallPolicy
    group: GroupRules

    def address(self, name: str, within: frozenset[str] = _NOTHING) -> Extent:
        """The addresses of ``$NAME`` or ``@NAME``; ``within`` are names that it stands in."""
        sign, plain = name[:1], name[1:].strip("{}")
        if sign == "@":
            return self._reference(plain)
        own = self.group.rule_variables
        return self._variable(plain, own.ip_sets if own else {}, within)

    def port(self, name: str, within: frozenset[str] = _NOTHING) -> Extent:
        """The ports of ``$NAME``."""
        own = self.group.rule_variables
        defined: Mapping[str, PortSet] = own.port_sets if own else {}
        found = defined.get(name[1:].strip("{}"))
        if found is None or name in within:
            return Extent(ALL_PORTS, f"{name} is not defined", True)
        lookup = partial(self.port, within=within | {name})
        return _union(found.definition, partial(ports, lookup=lookup))

    def _variable(self, name: str, own: Mapping[str, IpSet], within: frozenset[str]) -> Extent:
        theirs = self.policy.firewall_policy.policy_variables
        of_policy = theirs.rule_variables if theirs else {}
        found = own.get(name) or of_policy.get(name)
        if name in within:
            return Extent(ALL_ADDRESSES, f"${name} is defined by itself", True)
        if found is not None:
            lookup = partial(self.address, within=within | {name})
            return _union(found.definition, partial(addresses, lookup=lookup))
        if name == _EXTERNAL:
            home = self._variable(_HOME, {}, within | {name})
            rest = ALL_ADDRESSES if home.unknown else ALL_ADDRESSES - home.values
            return Extent(rest, home.unknown, home.missing)
        if name == _HOME:
            return self._own_vpc()
        return Extent(ALL_ADDRESSES, f"${name} is not defined", True)

    def _own_vpc(self) -> Extent:
        """The blocks of the firewall's VPC; of a firewall on a transit gateway nothing says."""
        vpc_id = self.firewall.firewall.vpc_id
        if not vpc_id:
            return Extent(ALL_ADDRESSES, "HOME_NET has no known default on a transit gateway")
        vpc = self.lowering.snapshot.get(Vpc, vpc_id)
        if vpc is None:
            return Extent(ALL_ADDRESSES, f"HOME_NET is {vpc_id}, not in the snapshot", True)
        return Extent(Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc))))

    def _reference(self, name: str) -> Extent:
        sets = self.group.reference_sets
        found = sets.ip_set_references.get(name) if sets else None
        if found is None:
            return Extent(ALL_ADDRESSES, f"@{name} is not defined", True)
        listed = found.reference_arn.rpartition("/")[2]
        if not listed.startswith("pl-"):
            words = f"@{name} is {found.reference_arn}, whose members no call tells"
            return Extent(ALL_ADDRESSES, words)
        entries = self.lowering.index.prefix_list_entries(listed)
        if entries is None:
            words = f"@{name} is {listed}, whose entries are not in the snapshot"
            return Extent(ALL_ADDRESSES, words, True)
        return Extent(Ranges.prefixes(map(Prefix.parse, entries)))


def _union(texts: Iterable[str], read: Callable[[str], Extent]) -> Extent:
    """A definition is a list of expressions."""
    return read("[" + ",".join(texts) + "]")

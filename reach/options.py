"""How AWS is read where its documentation leaves something open, as options with a default.

    Options.of({"nat-from-transit": "deny"}) -> Options        options["nat-from-transit"] -> "deny"

Most are the documented conflicts of the reference (U-1 to U-22); an answer that hangs on one names
it.  Conflicts without a choice that could change a verdict have none here: U-12 (the attribute is
read), U-13, U-15, U-16, U-17 (an unknown type is unmodelled) and U-21.  Must not know any
component.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from reach.errors import QuestionError


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be read in several ways; ``values`` has the default first."""

    name: str
    values: tuple[str, ...]
    words: str
    conflict: str = ""

    @property
    def default(self) -> str:
        return self.values[0]


CHOICES: Mapping[str, Choice] = {
    each.name: each
    for each in (
        Choice(
            "regional-nat-zone",
            ("by-mode", "deny", "may"),
            "a regional NAT gateway used from a zone in which it is not registered: by-mode denies "
            "in manual mode and may serve in automatic mode",
            "U-1",
        ),
        Choice(
            "bpa-allow-egress",
            ("deny", "allow"),
            "whether an allow-egress exclusion from Block Public Access lets an interface with a "
            "public address send",
            "U-2",
        ),
        Choice(
            "transit-gateway-sender",
            ("zone", "subnet"),
            "who may send to a transit gateway: any subnet of a zone that has an attachment "
            "subnet, or the attachment subnets only",
            "U-3",
        ),
        Choice(
            "nat-from-transit",
            ("allow", "deny"),
            "whether a NAT gateway serves packets that came into its VPC by a transit gateway",
            "U-4",
        ),
        Choice(
            "vgw-edge-to-endpoint",
            ("allow", "deny"),
            "whether the edge table of a virtual private gateway may lead to a Gateway Load "
            "Balancer endpoint",
            "U-5",
        ),
        Choice(
            "nlb-target-route",
            ("not-needed", "needed"),
            "whether targets that see the client's own address need a route of their own back to "
            "the internet",
            "U-6",
        ),
        Choice(
            "peering-source",
            ("check", "any"),
            "whether a peering refuses sources that are not of the sending VPC",
            "U-7",
        ),
        Choice(
            "advertised-route",
            ("may", "first", "last"),
            "which wins of equal prefixes: a Route Server's route or a propagated one",
            "U-8",
        ),
        Choice(
            "transit-gateway-hairpin",
            ("may", "deny"),
            "whether a transit gateway sends a packet back into the attachment it came from",
            "U-9",
        ),
        Choice(
            "associated-group",
            ("path", "any"),
            "whether references between the VPCs of an associated group need a peering or a "
            "transit gateway between them",
            "U-10",
        ),
        Choice(
            "group-reference-ipv6",
            ("match", "no-match"),
            "whether a group reference matches IPv6 packets",
            "U-11",
        ),
        Choice(
            "equal-prefix",
            ("static", "prefix-list"),
            "which wins of equal prefixes: a static route or a prefix list's",
            "U-14",
        ),
        Choice(
            "firewall-priority",
            ("may", "across-groups"),
            "whether priorities order rules of one action across rule groups",
            "U-18",
        ),
        Choice(
            "appliance-unhealthy",
            ("may", "deny"),
            "what a Gateway Load Balancer without a healthy appliance does with a new flow",
            "U-19",
        ),
        Choice(
            "attachment-subnet-acl",
            ("skip", "check"),
            "whether the network ACL of an attachment subnet is checked for what goes on to an "
            "endpoint or a NAT gateway in the same subnet",
            "U-20",
        ),
        Choice(
            "client-vpn-over-transit",
            ("unknown", "translated", "preserved"),
            "which IPv4 source a Client VPN client has that enters by a transit gateway",
            "U-22",
        ),
        Choice(
            "target-health",
            ("ignore", "observe"),
            "whether load balancers leave out targets that are not healthy",
        ),
        Choice(
            "accelerator-acl",
            ("check", "skip"),
            "whether network ACLs count for what Global Accelerator brings in with its client's "
            "address: AWS's pages say both",
        ),
    )
}


@dataclass(frozen=True)
class Options:
    """What was chosen; everything else has its default.  Equal choices are equal options."""

    chosen: tuple[tuple[str, str], ...] = field(default=())

    @staticmethod
    def of(given: Mapping[str, str]) -> Options:
        """Raises QuestionError for a name or value that does not exist."""
        chosen = {}
        for text, value in given.items():
            choice = _choice(text)
            if value not in choice.values:
                raise QuestionError(
                    f"{value!r} is no value of the option {choice.name}: "
                    + ", ".join(choice.values)
                )
            chosen[choice.name] = value
        return Options(tuple(sorted((n, v) for n, v in chosen.items() if v != CHOICES[n].default)))

    @staticmethod
    def parse(texts: tuple[str, ...]) -> Mapping[str, str]:
        """``NAME=VALUE`` texts as a mapping.  Raises QuestionError for another form."""
        pairs = [text.partition("=") for text in texts]
        for name, equals, _ in pairs:
            if not equals:
                raise QuestionError(f"{name!r} is no option: write NAME=VALUE")
        return {name: value for name, _, value in pairs}

    def __getitem__(self, name: str) -> str:
        return dict(self.chosen).get(name, CHOICES[name].default)

    def words(self, name: str) -> str:
        """What an answer says that hangs on an option."""
        choice = CHOICES[name]
        other = " or ".join(value for value in choice.values if value != self[name])
        conflict = f"{choice.conflict}: " if choice.conflict else ""
        return f"{conflict}hangs on {name}={self[name]} (could be {other}): {choice.words}"


DEFAULTS = Options()


def _choice(text: str) -> Choice:
    """An option by its name or by its number in the reference."""
    for choice in CHOICES.values():
        if text in (choice.name, choice.conflict):
            return choice
    near = difflib.get_close_matches(text, CHOICES, n=3, cutoff=0.3) or sorted(CHOICES)
    raise QuestionError(f"there is no option {text!r}; the nearest are:", near)

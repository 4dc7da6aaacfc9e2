"""A change as a call of the AWS API, and as the AWS CLI spells it.

    Call("CreateRoute", {"RouteTableId": "rtb-1", ...}).command -> "aws ec2 create-route ..."

Takes an operation and its parameters as the API names them; gives one line that a person can read
and a shell takes as it is.  Must not know any setting, nor what a call does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Flags that the CLI has for both values of a parameter (AWS CLI reference,
# create-network-acl-entry: "--ingress | --egress").
_FLAGS = {("Egress", True): "--egress", ("Egress", False): "--ingress"}


@dataclass(frozen=True)
class Call:
    """One call of ``service`` that changes something."""

    operation: str
    parameters: Mapping[str, Any]
    service: str = "ec2"

    @property
    def command(self) -> str:
        """The call in the words of the AWS CLI, quoted for a shell."""
        words = ["aws", self.service, _dashed(self.operation)]
        for name, value in self.parameters.items():
            if isinstance(value, bool):
                words.append(_FLAGS[name, value])
            else:
                words += [f"--{_dashed(name)}", _shorthand(value, outermost=True)]
        return " ".join(map(shlex.quote, words))

    def to_dict(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "operation": self.operation,
            "parameters": dict(self.parameters),
        }


def _dashed(name: str) -> str:
    """``CreateNetworkAclEntry`` as ``create-network-acl-entry``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def _shorthand(value: Any, *, outermost: bool = False) -> str:
    """A value in the CLI's shorthand syntax (AWS CLI user guide, "Using shorthand syntax")."""
    if isinstance(value, Mapping):
        inner = ",".join(f"{key}={_shorthand(each)}" for key, each in value.items())
        return inner if outermost else f"{{{inner}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        each = [_shorthand(item, outermost=outermost) for item in value]
        return " ".join(each) if outermost else f"[{','.join(each)}]"
    return str(value)

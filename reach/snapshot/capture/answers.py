"""One request, all its pages, as plain JSON without secrets; or the words in which it was refused.

    ask(client, call, parameters) -> answer       raises Refused

Takes a boto3 client.  An answer that cannot be read, that lacks what it should hold, or that goes
round in circles is a refusal, never an empty list.  Must not know accounts, files or other calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import exceptions, xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationNotFoundError
from botocore.parsers import ResponseParserError

from reach.snapshot.call import Call
from reach.snapshot.capture.secrets import clean

# How services name the token of the next page: in the answer, and in the next request.
_TOKENS = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextMarker", "Marker"),
    ("Marker", "Marker"),
)
TOKENS = frozenset(name for name, _ in _TOKENS)
_ENVELOPE = TOKENS | {"ResponseMetadata"}
_LIMITS = ("MaxResults", "maxResults", "MaxRecords", "PageSize", "MaxItems")
_MOST = 1000  # a page; larger ones time out (AWSEC2/latest/APIReference/Query-Requests)
# What botocore's parsers raise over an answer that is not of the shape it should be.
_UNREADABLE = (ResponseParserError, ValueError, TypeError, AttributeError, KeyError)
# What differs from one refusal to the next in the same words, and tells nobody anything.
_NOISE = re.compile(
    r"\s*Encoded authorization failure message:.*|\s*\(?\bRequest ?ID:\s*[^\s,;)]+\)?", re.I | re.S
)
_GONE = re.compile(r"NotFound|NoSuch", re.I)
_THROTTLED = re.compile(r"Throttl|RequestLimitExceeded|TooManyRequests|SlowDown", re.I)
_DENIED = re.compile(r"Denied|Unauthorized|Forbidden|NotAuthorized", re.I)
_OFF = re.compile(r"OptInRequired|UnrecognizedClient|AuthFailure|InvalidClientTokenId", re.I)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer: AWS's or our code, AWS's words, and what sort of refusal it is."""

    kind: str
    code: str
    words: str = ""

    def to_dict(self) -> dict[str, str]:
        told = {"reason": self.kind, "code": self.code}
        return {**told, "message": self.words} if self.words else told


class Refused(Exception):  # noqa: N818 - what AWS did, not what we did wrong
    """There is no answer, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"{reason.code}: {reason.words}")
        self.reason = reason


def ask(client: Any, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer: the lists of all pages joined."""
    try:
        shape = client.meta.service_model.operation_model(call.name).output_shape
    except OperationNotFoundError:
        raise Refused(Reason("unknown", "UnknownOperation", "this botocore is too old")) from None
    whole: dict[str, Any] = {}
    for page in _read(client, call, parameters):
        _join(whole, _checked(call, clean(shape, page)))
    return whole


def _read(client: Any, call: Call, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        return list(_pages(client, call, parameters))
    except ClientError as error:
        raise Refused(reason_of(error)) from None
    except BotoCoreError as error:
        raise Refused(_unreachable(error)) from None
    except _UNREADABLE as error:
        words = "the answer is not what the service should give"
        raise Refused(Reason("unreadable", type(error).__name__, words)) from None


def _pages(client: Any, call: Call, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    method = xform_name(call.name)
    if client.can_paginate(method):
        paginator = client.get_paginator(method)
        yield from paginator.paginate(**parameters, PaginationConfig=_page_size(client, call))
    else:
        yield from _loop(client, call, dict(parameters))


def _page_size(client: Any, call: Call) -> dict[str, int]:
    """As large a page as the model allows, where it says so.

    A search gives as many as it may unasked (AWSEC2/latest/APIReference/
    API_SearchTransitGatewayRoutes: "If a value is not provided, the default is 1000").
    """
    if call.name.startswith("Search"):
        return {}
    members = client.meta.service_model.operation_model(call.name).input_shape.members
    stated = (members[name].metadata.get("max") for name in _LIMITS if name in members)
    most = next(filter(None, stated), 0)
    return {"PageSize": min(most, _MOST)} if most else {}


def _loop(client: Any, call: Call, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Pages by hand, where botocore has no paginator."""
    method = getattr(client, xform_name(call.name))
    taken = client.meta.service_model.operation_model(call.name).input_shape
    seen: set[str] = set()
    while True:
        page = method(**parameters)
        yield page
        found = ((page.get(told), sent) for told, sent in _TOKENS if told in page)
        token, sent = next(((t, s) for t, s in found if t), ("", ""))
        if not token:
            return
        if token in seen or taken is None or sent not in taken.members:
            raise Refused(Reason("unreadable", "Circle", "the next page is the one before"))
        seen.add(token)
        parameters[sent] = token


def _checked(call: Call, page: dict[str, Any]) -> dict[str, Any]:
    """A page that holds what it should."""
    wanted = call.take or call.hold
    if wanted not in page:
        raise Refused(Reason("unreadable", "Incomplete", f"the answer lacks {wanted}"))
    if page.get("failures"):  # AmazonECS/latest/APIReference/API_Failure
        failed = page["failures"][0].get("reason", "")
        raise Refused(Reason("gone", "Failures", f"{len(page['failures'])} failed: {failed}"))
    return page


def _join(whole: dict[str, Any], page: Mapping[str, Any]) -> None:
    """Lists go on; of anything else the last page counts (``AdditionalRoutesAvailable``)."""
    for name, value in page.items():
        if name in _ENVELOPE:
            continue
        if isinstance(value, list):
            whole.setdefault(name, []).extend(value)
        else:
            whole[name] = value


def reason_of(error: ClientError) -> Reason:
    """A refusal in AWS's words, without what changes from one time to the next."""
    told = error.response.get("Error", {})
    code = str(told.get("Code") or "Unknown")
    words = " ".join(_NOISE.sub("", str(told.get("Message") or "")).split())
    if words.startswith("<"):
        words = ""  # a page of HTML from something that stands before the service
    for kind, pattern in (
        ("denied", _DENIED),
        ("throttled", _THROTTLED),
        ("gone", _GONE),
        ("off", _OFF),
    ):
        if pattern.search(code):
            return Reason(kind, code, words)
    return Reason("failed", code, words)


def _unreachable(error: BotoCoreError) -> Reason:
    """No answer at all, or none that can be read; the words name no host that may change."""
    code = type(error).__name__
    if isinstance(error, exceptions.PaginationError):
        return Reason("unreadable", code, "the next page is the one before")
    if isinstance(error, exceptions.ParamValidationError | exceptions.NoCredentialsError):
        return Reason("failed", code, " ".join(str(error).split()))
    return Reason("unreachable", code, "the service does not answer in this Region")

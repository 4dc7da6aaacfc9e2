"""Tasks and services by name: the interfaces that tasks have of their own."""

from __future__ import annotations

import pytest

import reach
from tests.estate import Pair
from tests.estates.services import task
from tests.traps.rows import GROUP, allow, deny, unknown


def test_a_task() -> None:
    """By its id and its ARN, as a source and a destination."""
    e = Pair()
    group = e.group(e.v1, ingress=["tcp/8080 10.0.1.0/24"], name="tasks")
    web = task(e, "prod", e.sa, "10.0.0.50", [group])
    for name in (web, f"ecs:{web}", web.arn):
        allow(e, f"can {e.b} reach {name} port 8080")
        deny(e, f"can {e.b} reach {name} port 22", *GROUP)
        allow(e, f"can {name} reach {e.b} port 443")


def test_a_service_is_its_running_tasks() -> None:
    """By its name, with its cluster's, and by its ARN; what is stopped does not count."""
    e = Pair()
    shut = e.group(e.v1, ingress=[])
    task(e, "prod", e.sa, "10.0.0.50", [shut], service="web")
    task(e, "prod", e.sa, "10.0.0.51", service="web", status="STOPPED")
    arn = f"arn:aws:ecs:us-east-1:{e.home[0]}:service/prod/web"
    names = ("web", "prod/web", "ecs:prod/web", arn)
    for name in names:
        deny(e, f"can {e.b} reach {name} port 8080", "SG_HAS_NO_RULES")
    task(e, "prod", e.sb, "10.0.1.50", service="web")
    for name in names:
        allow(e, f"can {e.a} reach {name} port 8080")


def test_a_task_that_is_over() -> None:
    """It has no interface any more."""
    e = Pair()
    job = task(e, "prod", e.sa, "10.0.0.50", status="STOPPED")
    deny(e, f"can {e.b} reach {job} port 80", "BAD_STATE")
    deny(e, f"can {job} reach {e.b} port 80", "BAD_STATE")


def test_a_task_on_its_container_instance() -> None:
    """Whose interfaces it shares is not told: undecided."""
    e = Pair()
    job = task(e, "prod", e.sa, None)
    unknown(e, f"can {e.b} reach {job} port 80", f"ecs:{job}")


def test_an_interface_that_is_not_there() -> None:
    """Named by the task and not in the snapshot: undecided."""
    e = Pair()
    web = task(e, "prod", e.sa, "10.0.0.50")
    e.scope(e.home)["NetworkInterfaces"].remove(web.eni.record)
    unknown(e, f"can {e.b} reach {web} port 80", f"ecs:{web}")


def test_services_of_one_name() -> None:
    """In two clusters: the plain name is ambiguous, the cluster's tells."""
    e = Pair()
    task(e, "prod", e.sa, "10.0.0.50", service="web")
    task(e, "test", e.sa, "10.0.0.51", [e.group(e.v1, ingress=[])], service="web")
    with pytest.raises(reach.QuestionError, match="ecs:prod/web"):
        e.ask(f"can {e.b} reach web port 80")
    allow(e, f"can {e.b} reach prod/web port 80")
    deny(e, f"can {e.b} reach test/web port 80", "SG_HAS_NO_RULES")

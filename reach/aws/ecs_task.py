"""ECS tasks and services as ends: the interfaces that tasks have of their own.

A task in network mode awsvpc has an interface, named in its attachments
(AmazonECS/latest/APIReference/API_Attachment).  A service is its tasks, those that describe-tasks
shows.  Any other task shares the interfaces of its container instance, which describe-tasks does
not name.

Implements: R-ENI-9
Not modelled: tasks on the interfaces of their container instance; which ports containers map.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.component import Component, End, Lowering
from reach.named import Named, standing
from reach.network.stage import Origin
from reach.snapshot.call import Call, Per
from reach.snapshot.record import Id, Part, Record
from reach.snapshot.records import NetworkInterface
from reach.snapshot.section import Section

_SERVICE = "service:"
_OVER = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", "DELETED")


class AttachmentDetail(Part, frozen=True, rename="camel"):
    name: str = ""
    value: str = ""


class TaskAttachment(Part, frozen=True, rename="camel"):
    type: str = ""
    status: str = ""
    details: tuple[AttachmentDetail, ...] = ()


class Task(Record, frozen=True, rename="camel"):
    task_arn: Id
    cluster_arn: str = ""
    group: str = ""
    last_status: str = ""
    attachments: tuple[TaskAttachment, ...] = ()

    @property
    def short(self) -> str:
        return self.task_arn.rpartition("/")[2]

    @property
    def cluster(self) -> str:
        return self.cluster_arn.rpartition("/")[2]

    @property
    def interface_ids(self) -> tuple[str, ...]:
        details = (detail for each in self.attachments for detail in each.details)
        return tuple(each.value for each in details if each.name == "networkInterfaceId")


TASK = Named("ecs:", Task, lambda each: each.short, lambda each: each.task_arn)


def _services(lowering: Lowering) -> dict[str, list[Task]]:
    """The tasks of each service, by ``ecs:<cluster>/<service>``; the ARN where names meet."""

    def make() -> dict[str, list[Task]]:
        found: dict[tuple[str, str], list[Task]] = {}
        for task in lowering.snapshot.records(Task):
            if task.group.startswith(_SERVICE):
                found.setdefault((task.cluster_arn, task.group[len(_SERVICE) :]), []).append(task)
        short = [f"{arn.rpartition('/')[2]}/{name}" for arn, name in found]
        return {
            TASK.prefix + (one if short.count(one) == 1 else _service_arn(arn, name)): tasks
            for one, ((arn, name), tasks) in zip(short, found.items(), strict=True)
        }

    return lowering.memo("ecs_task services", make)


def _service_arn(cluster_arn: str, name: str) -> str:
    """``arn:aws:ecs:<Region>:<account>:service/<cluster>/<service>``."""
    start, _, cluster = cluster_arn.rpartition(":cluster/")
    return f"{start}:service/{cluster}/{name}"


def _end(lowering: Lowering, text: str) -> End | None:
    task = TASK.find(lowering, text)
    if task is not None:
        return _standing(lowering, text, [task])
    tasks = _services(lowering).get(text)
    return None if tasks is None else _standing(lowering, text, tasks)


def _standing(lowering: Lowering, words: str, tasks: Sequence[Task]) -> End:
    running = [each for each in tasks if each.last_status not in _OVER]
    if not running:
        said = f"is {tasks[0].last_status}"
        return End(words, nobody=Origin(words, said, "lastStatus", "BAD_STATE"))
    found, alone = [], []
    for task in running:
        own = [lowering.snapshot.get(NetworkInterface, each) for each in task.interface_ids]
        known = [each for each in own if each is not None]
        found += known
        if not known or len(known) < len(own):
            alone.append(task.short)
    lacking = f"by which interfaces {', '.join(alone)} sends and receives" if alone else ""
    return standing(lowering, words, found, lacking=lacking)


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    yield from TASK.names(lowering)
    for service_id, tasks in _services(lowering).items():
        name = tasks[0].group[len(_SERVICE) :]
        yield name, service_id
        yield f"{tasks[0].cluster}/{name}", service_id
        yield _service_arn(tasks[0].cluster_arn, name), service_id


_OF_CLUSTER = {"cluster": "cluster"}
_CLUSTERS = Call("ecs.ListClusters", take="clusterArns")
_LISTED = Call(
    "ecs.ListTasks", hold="taskArns", per=(Per(_CLUSTERS, {"cluster": ""}),), keep=_OF_CLUSTER
)
# AWS: AmazonECS/latest/APIReference/API_DescribeTasks: up to 100 tasks of one cluster.
_TASKS = Call(
    "ecs.DescribeTasks",
    take="tasks",
    per=(Per(_LISTED, {**_OF_CLUSTER, "tasks": "taskArns[]"}, batch=100),),
)

COMPONENT = Component(
    name="ecs_task",
    reads=(Task, NetworkInterface),
    sections=(Section("tasks", Task, "task_arn", "ecs.DescribeTasks", asked=(_TASKS,)),),
    names=_names,
    ends={TASK.prefix: _end},
)

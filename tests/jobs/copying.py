"""Tasks for copies of a process, in a process of its own that may be forked: one case a run."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial

from reach.jobs.copies import MOST_TASKS, can_copy, in_copies, in_turn

FIRST = os.getpid()
Pipe = tuple[int, int]


def meet(mine: Pipe, other: Pipe) -> int:
    """Who does it; done only once somebody else is at the other task."""
    os.write(mine[1], b"x")
    os.read(other[0], 1)
    return os.getpid()


def beside() -> None:
    """Two tasks of which neither ends without the other are done by two processes."""
    one, two = os.pipe(), os.pipe()
    done = in_copies([partial(meet, one, two), partial(meet, two, one)], 2, lambda _: None)
    print(len(done), len(set(done.values())), FIRST in done.values())


def die_as_a_copy(held: Pipe) -> int:
    """Done by the first process, once the copy, which has the pipe too, has died of its own."""
    os.close(held[1])
    if os.getpid() != FIRST:
        os.kill(os.getpid(), signal.SIGKILL)
    os.read(held[0], 1)
    return os.getpid()


def dies() -> None:
    """What a copy dies of is not among the results, and nothing else is lost."""
    tasks = [partial(die_as_a_copy, os.pipe())] * 2
    done = in_copies(tasks, 2, lambda _: None)
    print(len(done), set(done.values()) == {FIRST})


def fail() -> int:
    raise ValueError("a task's own")


def fails() -> None:
    """What a task raises here is raised, and no copy is left."""
    held = os.pipe()

    def wait() -> int:
        os.close(held[1])
        if os.getpid() != FIRST:
            os.read(held[0], 1)
        return fail()

    try:
        in_copies([wait, wait], 2, lambda _: None)
    except ValueError as error:
        print(error)
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        print("no copy is left")


def many() -> None:
    """As many tasks as there may be, by more processes than there are tasks for at the end."""
    begun: list[int] = []
    tasks = [partial(pow, number, 2) for number in range(MOST_TASKS)]
    done = in_copies(tasks, 3, begun.append)
    print(done == {number: number**2 for number in range(MOST_TASKS)}, begun == sorted(begun))
    print(in_copies([partial(pow, 3, 2)], 3, begun.append))


def turns() -> None:
    """Each by a copy of its own that knows nothing of the others; of one that dies nothing."""
    known: list[int] = []
    begun: list[int] = []

    def learn(number: int) -> tuple[int, list[int]]:
        known.append(number)
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid(), list(known)

    for number in (1, 2, 9):
        done = in_turn([partial(learn, task) for task in range(5)], number, begun.append)
        print(len({process for process, _ in done.values()} - {FIRST}), known)
        print({which: each for which, (_, each) in done.items()})
    print(begun == [*range(5)] * 3)


if __name__ == "__main__":
    assert can_copy()
    cases = {"beside": beside, "dies": dies, "fails": fails, "many": many, "turns": turns}
    cases[sys.argv[1]]()

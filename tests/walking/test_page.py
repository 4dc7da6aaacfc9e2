"""The reader of a page notices whatever is not as shown, and nothing else."""

from __future__ import annotations

import pytest

from tests.walking.page import Command, File, Names, steps_of

SG, OTHER = "sg-0000000000000000a", "sg-0000000000000000b"
OURS, THEIRS = "sg-11111111111111111", "sg-22222222222222222"

PAGE = f"""\
# A page

```python
# work/shop.py
vpc = 1
```

```sh
not run
```

```console
$ make \\
    it
made {SG}
$ look
$ look again
```
"""


def differs(shown: str, printed: str, names: Names | None = None) -> bool:
    return (names or Names()).differences(Command(1, "c", shown), printed) != ""


def test_a_page_is_its_files_and_commands_in_order() -> None:
    """A command goes on after a backslash; what no output follows prints nothing."""
    assert list(steps_of(PAGE)) == [
        File("work/shop.py", "# work/shop.py\nvpc = 1\n"),
        Command(13, "make \\\n    it", f"made {SG}\n"),
        Command(16, "look", ""),
        Command(17, "look again", ""),
    ]


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("UNREACHABLE\n", "REACHABLE\n"),
        ("2 hold\n", "2 hold, 1 fails\n"),
        ("", "Traceback\n"),
        ("a\n...\nc\n", "a\nb\n"),
        ("a\n...\n", "b\na\n"),
        ("took ... s\n", "took long\n"),
        ("1.5\n", "1x5\n"),
    ],
)
def test_what_is_not_as_shown_differs(shown: str, printed: str) -> None:
    assert differs(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\n...\nc\n", "a\nc\n"),
        ("a\n...\nc\n", "a\nb\nb\nc\n"),
        ("took ... s\n", "took 1.25 s\n"),
        ("...\nlast\n", "one\ntwo\nlast\n"),
    ],
)
def test_what_is_left_out_may_be_anything(shown: str, printed: str) -> None:
    assert not differs(shown, printed)


def test_ids_are_matched_one_to_one_over_the_page() -> None:
    """What was one thing stays that thing, in what is typed as in what is printed."""
    names = Names()
    assert not differs(f"{SG} and {SG}\n", f"{OURS} and {OURS}\n", names)
    assert names.in_run(f"close {SG}") == f"close {OURS}"
    assert not differs(f"{SG}\n", f"{OURS}\n", names)
    assert differs(f"{SG}\n", f"{THEIRS}\n", names)
    assert differs(f"{OTHER}\n", f"{OURS}\n", names)
    assert differs(f"{SG} and {SG}\n", f"{OURS} and {THEIRS}\n")
    assert differs(f"{SG}\n", "vpc-11111111111111111\n")


def test_a_difference_is_shown_in_the_words_of_the_page() -> None:
    names = Names({SG: OURS})
    told = names.differences(Command(7, "look", f"{SG} open\n"), f"{OURS} closed\n")
    assert told.splitlines()[0] == "line 7: $ look"
    assert f"-{SG} open" in told
    assert f"+{SG} closed" in told

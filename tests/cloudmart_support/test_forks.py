"""Work in several processes: the order of outcomes, what becomes of one that dies, and that none stays behind."""

from __future__ import annotations

import os
import signal
import time

import pytest

from cloudmart_support import forks


def test_outcomes_come_in_the_order_of_the_items() -> None:
    ended: list[int] = []

    def work(item: int) -> tuple[int, str]:
        time.sleep(0.03 * (3 - item))
        return os.getpid(), "x" * (1 << item * 10)

    outcomes = forks.each(work, range(3), 3, ended.append)
    assert [len(one[1]) for one in outcomes if not isinstance(one, forks.Died)] == [1, 1 << 10, 1 << 20]
    assert len({one[0] for one in outcomes if not isinstance(one, forks.Died)} | {os.getpid()}) == 4
    assert sorted(ended) == [0, 1, 2]


@pytest.mark.parametrize(("items", "jobs"), [(range(3), 1), (range(1), 8)])
def test_one_at_a_time_is_done_here(items: range, jobs: int) -> None:
    assert forks.each(lambda _: os.getpid(), items, jobs) == [os.getpid()] * len(items)


def test_a_process_that_dies_takes_none_with_it() -> None:
    def work(item: str) -> str:
        if item == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "broken":
            raise ValueError
        return item

    assert forks.each(work, ["a", "killed", "broken", "b"], 2) == [
        "a",
        forks.Died("its process was ended by signal 9"),
        forks.Died("its process ended with exit code 1"),
        "b",
    ]


def test_without_another_process_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    before = os.dup(0)
    os.close(before)
    assert forks.each(lambda _: os.getpid(), range(3), 3) == [os.getpid()] * 3
    after = os.dup(0)
    os.close(after)
    assert after == before, "a pipe was left open"


def test_none_outlives_an_error() -> None:
    seen: list[int] = []

    def ended(_index: int) -> None:
        raise KeyboardInterrupt

    def work(item: int) -> int:
        time.sleep(item * 60)
        return item

    fork = os.fork

    def noted() -> int:
        process = fork()
        seen.append(process)
        return process

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "fork", noted)
        forks.each(work, [0, 1, 1], 3, ended)
    assert len(seen) == 3
    for process in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

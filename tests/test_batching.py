"""The search for the fastest batch size, against servers with known speed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from driver.batching import LARGEST, BatchSizer


def simulate(
    sizer: BatchSizer, seconds: Callable[[int], float], pictures: int, ahead: int = 2
) -> list[int]:
    """Sizes of all graphs sent while `ahead` of them are in the queue."""
    sent: list[int] = []
    waiting: list[int] = []
    while pictures > 0 or waiting:
        while pictures > 0 and len(waiting) < ahead:
            size = min(sizer.next_size(), pictures)
            sizer.sent(size)
            pictures -= size
            sent.append(size)
            waiting.append(size)
        size = waiting.pop(0)
        sizer.record(size, seconds(size) + (5.0 if len(sent) <= ahead and size == 1 else 0.0))
    return sent


def test_a_given_size_is_kept():
    assert simulate(BatchSizer(3), lambda size: 1.0, 9) == [3, 3, 3]


def test_it_settles_on_the_fastest_size():
    # Eight pictures take little longer than one; sixteen take for ever.
    sent = simulate(BatchSizer(), lambda size: 1 + 0.05 * size if size <= 8 else 9.0 * size, 400)
    assert sent[0] == 1
    assert set(sent[20:-1]) == {8}


def test_it_stays_small_where_batches_bring_nothing():
    sent = simulate(BatchSizer(), lambda size: 1.0 * size, 200)
    assert max(sent) <= 4
    assert sum(size for size in sent if size > 1) < 20


def test_it_stays_within_its_largest_size():
    assert max(simulate(BatchSizer(), lambda size: 1.0, 2000)) == LARGEST


def test_one_slow_measurement_does_not_end_the_search():
    slow = iter([True])

    def seconds(size: int) -> float:
        return 10.0 if size == 2 and next(slow, False) else 1.0

    assert simulate(BatchSizer(), seconds, 400)[-2] == LARGEST


@pytest.mark.parametrize(("size", "limit"), [(8, 4), (4, 2), (1, 1)])
def test_out_of_memory_halves_it(size: int, limit: int):
    sizer = BatchSizer(8)
    assert sizer.shrink(size) == limit
    assert sizer.next_size() == limit


def test_it_does_not_go_back_to_what_did_not_fit():
    sizer = BatchSizer()
    simulate(sizer, lambda size: 1.0, 100)
    sizer.shrink(8)
    assert max(simulate(sizer, lambda size: 1.0, 100)) == 4


def test_loading_after_a_restart_is_not_measured():
    sizer = BatchSizer()
    simulate(sizer, lambda size: 1.0 * size, 50)
    sizer.restart()
    sizer.record(1, 0.001)
    assert sizer.next_size() == 1

"""Who judges what: shares that are balanced, orders that stay, second times that come late enough."""

from collections import Counter

import numpy as np
import pytest

from stancekit.annotation.order import REPEAT_AFTER, divide, next_item, order_of, progress_of
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.errors import KitError


def rows(n, first=0):
    return [
        {"id": f"r{number}", "text": f"Sentence {number}."} for number in range(first, first + n)
    ]


def make(tmp_path, n=100, people=("ana", "ben", "cleo"), **settings):
    return Project.create(
        tmp_path / "study.db",
        rows=rows(n),
        codebooks=["stance"],
        annotators=people,
        **settings,
    )


def orders(project):
    return {person.name: order_of(project, person.name) for person in project.annotators}


def judge(project, name, step):
    item, repeat = step
    project.save(Judgement(item=item, annotator=name, repeat=repeat, codes={"stance": ("none",)}))


@pytest.mark.parametrize(
    ("overlap", "share", "times"),
    [(1, 1, {1: 100}), (2, 0.3, {1: 70, 2: 30}), (2, 1, {2: 100}), ("all", 0.1, {1: 90, 3: 10})],
)
def test_items_are_shared_out_evenly(tmp_path, overlap, share, times):
    with make(tmp_path, overlap=overlap, share=share) as project:
        of = orders(project)
    copies = Counter(item for steps in of.values() for item, _ in steps)
    assert Counter(copies.values()) == times
    sizes = [len(steps) for steps in of.values()]
    # Items of one and of several annotators are each shared out evenly.
    assert max(sizes) - min(sizes) <= 2


def test_orders_differ_by_annotator_and_are_the_same_when_opened_again(tmp_path):
    with make(tmp_path, overlap="all", repeats=0.1) as project:
        first = orders(project)
    with Project.open(tmp_path / "study.db", read_only=True) as project:
        assert orders(project) == first
    items = [[item for item, repeat in steps if not repeat] for steps in first.values()]
    assert all(sorted(each) == sorted(items[0]) for each in items)
    assert items[0] != items[1] != items[2] and items[0] != sorted(items[0])


def test_another_random_state_is_another_order(tmp_path):
    with make(tmp_path, overlap="all") as project:
        first = order_of(project, "ana")
        project.change_settings(random_state=1)
        assert order_of(project, "ana") != first


def test_all_begin_with_the_calibration_block(tmp_path):
    with make(tmp_path, calibration=10) as project:
        blocks = [steps[:10] for steps in orders(project).values()]
        kinds = {project.item(item).kind for item, _ in blocks[0]}
        rest = [item for steps in orders(project).values() for item, _ in steps[10:]]
    assert blocks[0] == blocks[1] == blocks[2] and kinds == {"calibration"}
    # Which ones they are is drawn.
    assert [item for item, _ in blocks[0]] != list(range(1, 11))
    assert len(set(rest)) == len(rest) == 90


def test_second_times_come_late_and_are_the_share_that_was_asked(tmp_path):
    with make(tmp_path, n=400, people=["ana"], repeats=0.05) as project:
        steps = order_of(project, "ana")
    again = [at for at, (_, repeat) in enumerate(steps) if repeat]
    assert 17 <= len(again) <= 20
    for at in again:
        assert at - steps.index((steps[at][0], 0)) > REPEAT_AFTER
    assert Counter(steps).most_common(1)[0][1] == 1


def test_controls_are_among_the_others(tmp_path):
    with make(tmp_path, overlap="all") as project:
        controls = [{"id": f"c{n}", "text": f"Known {n}.", "stance": "none"} for n in range(10)]
        project.add_items(controls, "control")
        for steps in orders(project).values():
            places = [at for at, (item, _) in enumerate(steps) if item > 100]
            assert len(steps) == 110 and len(places) == 10
            assert min(places) < 40 and max(places) > 60 and len(set(np.diff(places))) > 1


def test_items_that_are_added_come_after_those_that_were_there(tmp_path):
    with make(tmp_path, overlap=2, share=0.3, repeats=0.1) as project:
        before = orders(project)
        project.add_items(rows(50, first=100))
        after = orders(project)
    for name, steps in before.items():
        assert after[name][: len(steps)] == steps
        assert all(item > 100 for item, _ in after[name][len(steps) :])
    assert len({item for steps in after.values() for item, _ in steps}) == 150


def test_who_comes_later_takes_what_is_last(tmp_path):
    with make(tmp_path, people=["ana", "ben"]) as project:
        before = orders(project)
        project.add_annotator("cleo")
        after = orders(project)
    assert sorted(len(steps) for steps in after.values()) == [33, 33, 34]
    for name, steps in before.items():
        assert after[name] == steps[: len(after[name])]
    assert Counter(item for steps in after.values() for item, _ in steps) == Counter(range(1, 101))


def test_divide_gives_each_item_to_as_many_as_asked():
    random = np.random.default_rng(0)
    for people, items, copies in [(1, 7, 1), (3, 1, 1), (5, 3, 2), (7, 101, 3), (4, 0, 2)]:
        places = np.array([random.permutation(items) for _ in range(people)])
        owned = divide(places, copies)
        assert (owned.sum(axis=0) == min(copies, people)).all()
        assert np.ptp(owned.sum(axis=1)) <= 1


def test_next_is_what_was_not_judged(tmp_path):
    with make(tmp_path, n=5, people=["ana"], overlap=1) as project:
        order = order_of(project, "ana")
        seen = []
        while step := next_item(project, "ana"):
            judge(project, "ana", step)
            seen.append(step)
        assert seen == order and progress_of(project, "ana") == (5, 5)
        project.take_back(order[1][0], "ana")
        assert next_item(project, "ana") == order[1] and progress_of(project, "ana") == (4, 5)
        # Somebody else may write the file too.
        with Project.open(project.path) as other:
            judge(other, "ana", order[1])
        assert next_item(project, "ana") is None


def test_a_lead_has_no_items_and_a_stranger_no_order(tmp_path):
    with make(tmp_path) as project:
        project.add_annotator("lee", "lead")
        assert next_item(project, "lee") is None
        with pytest.raises(KitError, match="no annotator 'eve'; it has: ana, ben, cleo, lee"):
            next_item(project, "eve")

"""A project on disk: what was answered stays, nothing is doubled, and nobody overwrites anybody."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from conftest import PATIENCE, growth

from stancekit.annotation.project import Project
from stancekit.annotation.records import ConflictError, Judgement
from stancekit.codebook import load_codebook, make_codebook
from stancekit.corpus.project_schema import APPLICATION_ID
from stancekit.errors import KitError

ROWS = [
    {
        "id": f"r{n}",
        "article": f"a{n % 4}",
        "sentence": f"Peru said no to draft {n}.",
        "actor": "Peru",
        "target": f"draft {n}",
        "probability": 0.25,
        "batch": 1 + n % 2,
        "stance": "",
        "topic": "whaling",
    }
    for n in range(12)
]


@pytest.fixture
def project(tmp_path):
    with Project.create(
        tmp_path / "study.db",
        rows=ROWS,
        codebooks=["stance", "diplomacy"],
        annotators=["ana", "ben"],
    ) as made:
        yield made


def judged(item=1, annotator="ana", code="condemn", **rest):
    return Judgement(item=item, annotator=annotator, codes={"stance": (code,)}, **rest)


def test_rows_of_a_sample_become_items(project):
    item = project.item(3)
    assert (item.id, item.article, item.text) == ("r2", "a2", "Peru said no to draft 2.")
    assert (item.actor.start, item.target.name, item.target.end) == (0, "draft 2", 23)
    assert (item.probability, item.batch, item.fields) == (0.25, 1, {"topic": "whaling"})
    assert [each.number for each in project.items()] == list(range(1, 13))


def test_items_are_added_once(project):
    more = [*ROWS, {**ROWS[0], "id": "new"}]
    assert project.add_items(more) == 1 and project.add_items(more) == 0
    assert project.item(13).round == 2
    other = [{**row, "sentence": "Peru said yes."} for row in ROWS[:2]]
    with pytest.raises(KitError, match="other texts, actors or targets with the ids r0, r1"):
        project.add_items(other)
    assert project.n_items == 13


def test_two_draws_are_no_single_batch(tmp_path):
    def drawn(*ids, batch=1):
        return [
            {"id": key, "text": f"Peru left {key}.", "probability": 0.1, "batch": batch}
            for key in ids
        ]

    with Project.create(tmp_path / "s.db", rows=drawn("a", "b"), codebooks=["stance"]) as project:
        with pytest.raises(KitError, match=r"2 rows of batch 1 that were drawn apart.*extend="):
            project.add_items(drawn("c", "d"))
        assert project.n_items == 2
        # The rest of the same draw, and one that extends it.
        assert project.add_items(drawn("a", "b", "c")) == 1
        assert project.add_items(drawn("d", batch=2)) == 1
        with pytest.raises(KitError, match="1 rows of batch 2"):
            project.add_items(drawn("e", batch=2))


def test_rows_without_ids_have_those_of_their_content(tmp_path):
    rows = [{"text": "Peru said no."}, {"text": "Peru said no."}, {"text": "Chile agreed."}]
    with Project.create(tmp_path / "a.db", codebooks=["stance"], rows=rows) as project:
        assert len({item.id for item in project.items()}) == 3
        assert project.add_items(rows) == 0


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        ({"sentence": " "}, "no text"),
        ({"sentence": "x", "probability": "2"}, "a probability"),
        ({"sentence": "x \ud83d"}, "half of a character"),
        ({"sentence": "x", "stance": "condemn"}, "a code of stance, which nobody is to see"),
        ({"sentence": "x", "actor": "y", "actor_start": 3, "actor_end": 9}, "not in the text"),
    ],
)
def test_wrong_rows_are_told_all_at_once(project, row, seen):
    with pytest.raises(KitError, match=f"{seen}.*rows 1, 2"):
        project.add_items([row, row])
    assert project.n_items == 12


def test_controls_and_suggestions(project):
    assert project.add_items([{"id": "c", "sentence": "No.", "stance": "condemn"}], "control") == 1
    control = project.item(13)
    assert (control.kind, control.gold) == ("control", {"stance": ("condemn",)})
    scored = [{**ROWS[0], "stance": "none", "stance_scores": {"none": 0.9}}]
    assert project.add_suggestions(scored) == 1
    assert project.item(1).suggested["stance"] == {"codes": ["none"], "scores": {"none": 0.9}}


def test_suggestions_for_another_text_of_the_same_id_are_refused(project):
    other = {
        **ROWS[0],
        "sentence": "Another one.",
        "stance": "none",
        "stance_scores": {"none": 0.9},
    }
    with pytest.raises(KitError, match="has other texts, actors or targets with the ids"):
        project.add_suggestions([other])
    assert not project.item(1).suggested


def test_judgements_are_kept_as_they_were_given(project):
    given = Judgement(
        item=2,
        annotator="ana",
        codes={"stance": ("none",), "diplomacy": ()},
        unsure=True,
        note="<script>alert('x')</script>\u202e\x00'; DROP TABLE judgements; --",
        finding="wrong target",
        marked="draft",
        seconds=2.5,
        request="q",
    )
    number = project.save(given)
    kept = project.current("ana")[2, 0]
    assert replace(kept, at="", hashes={}, number=0) == given
    assert kept.codes["diplomacy"] == () and kept.number == number
    assert kept.hashes == project.hashes and kept.at.endswith("+00:00")


@pytest.mark.parametrize(
    ("codes", "seen"),
    [
        ({"stance": ("condem",)}, r"unknown code condem \(is condemn meant\?\)"),
        ({"stance": ("condemn", "none")}, "2 codes of stance, which has one"),
        ({"stance": ()}, "0 codes of stance"),
        ({"tone": ("warm",)}, "unknown codebook 'tone'"),
        ({}, "it says nothing"),
    ],
)
def test_codes_that_are_none_are_refused(project, codes, seen):
    with pytest.raises(KitError, match=seen):
        project.save(Judgement(item=1, annotator="ana", codes=codes))
    assert not list(project.judgements())


def test_only_a_lead_decides(project):
    project.add_annotator("lee", "lead")
    for judgement in (judged(action="adjudicate"), judged(annotator="lee")):
        with pytest.raises(KitError, match="annotators judge, and a lead adjudicates"):
            project.save(judgement)
    project.save(judged(annotator="lee", code="support", action="adjudicate"))
    assert project.decisions()[1].codes == {"stance": ("support",)}
    with pytest.raises(KitError, match="lead already"):
        project.add_annotator("lee")


def test_taking_back_is_a_row_of_its_own(project):
    first = project.save(judged())
    second = project.take_back(1, "ana")
    assert second > first and not project.current("ana")
    assert [each.action for each in project.judgements(1)] == ["judge", "take back"]
    with pytest.raises(KitError, match="has no judgement of item 1 to take back"):
        project.take_back(1, "ana")
    for command in ("DELETE FROM judgements", "UPDATE judgements SET codes = '{}'"):
        with sqlite3.connect(project.path) as other, pytest.raises(sqlite3.IntegrityError):
            other.execute(command)
        other.close()


def test_a_form_that_is_sent_twice_is_one_judgement(project):
    first = project.save(judged(request="same"), shown=0)
    assert project.save(judged(request="same"), shown=0) == first
    assert len(list(project.judgements())) == 1


def test_two_browsers_do_not_overwrite_each_other(project):
    first = project.save(judged(code="condemn"), shown=0)
    with Project.open(project.path) as other, pytest.raises(ConflictError) as conflict:
        other.save(judged(code="support"), shown=0)
    assert conflict.value.saved.codes == {"stance": ("condemn",)}
    with pytest.raises(ConflictError):
        project.take_back(1, "ana", shown=0)
    # Another annotator's judgement is none of it, and who has seen the first one may change it.
    project.save(judged(annotator="ben", code="support"), shown=0)
    project.save(judged(code="support"), shown=first)
    assert project.current("ana")[1, 0].codes == {"stance": ("support",)}


def test_a_changed_codebook_shows_what_was_judged_by_the_old_one(project):
    old = project.hashes["stance"]
    project.save(judged(item=1))
    stance = load_codebook("stance")
    changed = replace(stance, codes=(*stance.codes, replace(stance.codes[0], name="praise")))
    new = project.update_codebook(changed)
    project.save(judged(item=2, code="praise"))
    assert new != old and project.hashes["stance"] == new
    assert [each.item for each in project.outdated("stance")] == [1]
    assert project.codebook_version(old) == stance and project.codebooks[0] == changed
    # Going back makes the old one current again.
    assert project.update_codebook(stance) == old
    assert [each.item for each in project.outdated("stance")] == [2]
    with pytest.raises(KitError, match="has no codebook 'tone'"):
        project.update_codebook(
            make_codebook("tone", {"warm": {"definition": "Kind."}}, multi_label=True)
        )


def test_it_is_read_while_somebody_writes(project):
    reading = Project.open(project.path, read_only=True)
    with project._writing() as connection:
        connection.execute("INSERT INTO settings VALUES ('x', '1')")
        assert not reading.current("ana")
    project.save(judged())
    assert reading.current("ana")[1, 0].codes == {"stance": ("condemn",)}
    with pytest.raises(KitError, match="to be read only"):
        reading.save(judged())
    reading.close()


def test_threads_take_turns(project):
    def judge(name):
        for item in range(1, 13):
            project.save(judged(item, name))

    threads = [threading.Thread(target=judge, args=(name,)) for name in ("ana", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(project.current(name)) for name in ("ana", "ben")] == [12, 12]


def test_the_file_is_for_its_owner_and_tokens_are_their_own(project):
    assert project.path.stat().st_mode & 0o777 == 0o600
    ana, ben = project.annotators
    assert project.by_token(ben.token) == ben and project.by_token("x") is None
    assert ana.token != ben.token and ana.token not in repr(ana)
    assert project.add_annotator("ana") == ana
    for name in ("", "a\nb", "adjudicated", "labels"):
        with pytest.raises(KitError, match="give "):
            project.add_annotator(name)


def test_settings_outside_their_range(tmp_path):
    with pytest.raises(KitError, match=r"share is 3;.*suggest is 'now'"):
        Project.create(tmp_path / "a.db", codebooks=["stance"], share=3, suggest="now")
    with pytest.raises(KitError, match="calibration is 5, and there are 1 items"):
        Project.create(
            tmp_path / "a.db", codebooks=["stance"], rows=[{"text": "No."}], calibration=5
        )
    assert not list(tmp_path.iterdir())


def test_settings_may_change_but_not_what_was_drawn(project):
    assert project.change_settings(suggest="after").suggest == project.settings.suggest == "after"
    with pytest.raises(KitError, match="calibration of a project cannot change"):
        project.change_settings(calibration=3)


def write_bytes(path, project):
    path.write_bytes(b"id,text\n1,no\n")


def write_other(path, project):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE settings (key)")
    other.close()


def write_newer(path, project):
    path.write_bytes(project.path.read_bytes())
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 7")
    newer.close()


def write_part(path, project):
    whole = project.path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def write_without(path, project):
    with sqlite3.connect(path) as empty:
        empty.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        empty.execute("CREATE TABLE items (number)")
    empty.close()


@pytest.mark.parametrize(
    ("write", "seen"),
    [
        (None, "there is no file .*stancekit annotate"),
        (write_bytes, "it is not an SQLite file"),
        (write_other, "an SQLite file of another program"),
        (write_newer, "has format 7 .*install a newer stancekit"),
        (write_part, "is damaged"),
        (write_without, "is damaged: it has no table annotators, codebooks"),
    ],
)
def test_what_is_no_project_is_one_clear_error(project, tmp_path, write, seen):
    project.close()
    path = tmp_path / "other.db"
    if write:
        write(path, project)
    with pytest.raises(KitError, match=seen), Project.open(path, read_only=True) as other:
        list(other.items())
        list(other.judgements())


def test_a_project_in_a_folder_that_cannot_be_written(project, monkeypatch):
    project.save(judged())
    project.close()
    # Root, as whom tests may run, can write anywhere.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Project.open(project.path, read_only=True) as reading:
        assert len(reading.current("ana")) == 1
        assert not list(project.path.parent.glob("*-shm"))


# Two annotators judge, each in a process that is killed at any moment and begins again with the
# press that was not answered. It prints the requests that were answered.
KILLED = """
import os, random, select, signal, sys, time
from pathlib import Path
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement

path, kills = Path(sys.argv[1]), int(sys.argv[2])
chance, answered = random.Random(0), {"ana": 0, "ben": 0}

def judge(name, begin, pipe):
    project = Project.open(path)
    for press in range(begin, begin + 100_000):
        codes = {"stance": (("condemn", "support")[press % 2],)}
        item, request = press % 12 + 1, f"{name}-{press}"
        project.save(Judgement(item=item, annotator=name, codes=codes, request=request))
        os.write(pipe, b".")

for _ in range(kills):
    running = []
    for name in answered:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            judge(name, answered[name], writing)
        os.close(writing)
        running.append((name, pid, reading))
    # On a machine with other work, none may get to its first press for a while.
    select.select([reading for _, _, reading in running], [], [], 10)
    time.sleep(chance.uniform(0, 0.1))
    for name, pid, reading in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        while part := os.read(reading, 65536):
            answered[name] += len(part)
        os.close(reading)
print(answered["ana"], answered["ben"])
"""


@pytest.mark.slow
def test_killed_fifty_times_nothing_is_lost_or_doubled(project):
    project.close()
    command = [sys.executable, "-c", KILLED, str(project.path), "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    answered = dict(zip(("ana", "ben"), map(int, done.stdout.split()), strict=True))
    assert min(answered.values()) > 0 and sum(answered.values()) >= 50
    with Project.open(project.path) as reopened:
        kept = [each.request for each in reopened.judgements()]
        assert len(kept) == len(set(kept))
        for name, n in answered.items():
            own = [request for request in kept if request.startswith(name)]
            # The last press of all may have been written before it was answered.
            assert own in ([f"{name}-{press}" for press in range(end)] for end in (n, n + 1))
        assert reopened._rows("PRAGMA integrity_check")[0][0] == "ok"


@pytest.mark.slow
def test_a_hundred_thousand_items_are_served_as_a_thousand_are(tmp_path):
    from stancekit.annotation.order import next_item

    text = "Peru voted against the draft, and said that it would not comment any further. " * 2
    people = ["ana", "ben", "cleo"]
    settings = {"overlap": 2, "share": 0.3, "repeats": 0.05, "calibration": 20}
    for n in (1_000, 10_000, 100_000):
        rows = [{"id": f"r{k}", "sentence": text + str(k), "actor": "Peru"} for k in range(n)]
        path = tmp_path / f"{n}.db"
        Project.create(path, rows=rows, codebooks=["stance"], annotators=people, **settings).close()

    def opened(n):
        def work():
            with Project.open(tmp_path / f"{n}.db") as project:
                assert next_item(project, "ana")

        return work

    def asked(n):
        project = Project.open(tmp_path / f"{n}.db")
        next_item(project, "ana")

        def work():
            for _ in range(30):
                item, repeat = next_item(project, "ana")
                project.save(judged(item, repeat=repeat))
            project.close()

        return work

    assert growth(opened, 10_000, 100_000) < 30
    assert growth(asked, 1_000, 100_000) < 10


def test_values_are_json_that_others_read(project):
    project.save(judged())
    with sqlite3.connect(project.path) as plain:
        codes, hashes = plain.execute("SELECT codes, hashes FROM judgements").fetchone()
    plain.close()
    assert json.loads(codes) == {"stance": ["condemn"]}
    assert json.loads(hashes) == {"stance": project.hashes["stance"]}

"""`stancekit annotate` as it is used: links, settings that change, what is refused, Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import threading
from urllib.request import urlopen

import pytest

from stancekit.__main__ import main
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.commands import annotate as command
from stancekit.commands.annotate import annotate
from stancekit.errors import KitError

ROWS = [
    {"id": f"r{at}", "sentence": f"Peru left room {at}.", "actor": "Peru", "target": "room"}
    for at in range(10)
]


@pytest.fixture
def at_once(monkeypatch):
    """Let the command go on at once, where it would wait for Ctrl-C."""
    monkeypatch.setattr(command, "_wait", lambda: None)


def write_sample(folder):
    path = folder / "sample.csv"
    lines = [",".join(row.values()) for row in ROWS]
    path.write_text("\n".join(["id,sentence,actor,target", *lines]))
    return path


def test_the_command_prints_a_link_for_each_and_ends_by_ctrl_c(tmp_path):
    words = ["annotate", "study.db", f"rows={write_sample(tmp_path)}", "annotators=[ana, ben]"]
    words = [sys.executable, "-m", "stancekit", *words, "overlap=all", "browser=false"]
    running = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        told = []
        for line in running.stdout:
            told.append(line)
            if "Ctrl-C" in line:
                break
        links = dict(re.findall(r"  (\w+) +(http://127\.0\.0\.1:\d+/\S+)", "".join(told)))
        assert list(links) == ["ana", "ben", "lead"] and "10 items" in told[0]
        pages = {name: urlopen(link).read().decode() for name, link in links.items()}
        assert 'id="sentence"' in pages["ana"] and "Progress" in pages["lead"]
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait(20) == 0
    finally:
        running.kill()
        running.stdout.close()
        running.wait()
    assert "0 of 20 judged in study.db" in rest
    assert (tmp_path / "study.db").stat().st_mode & 0o077 == 0


def test_a_project_is_made_once_and_its_settings_change(tmp_path, at_once):
    file = tmp_path / "study.db"
    first = annotate(file, rows=ROWS[:6], codebooks=["stance", "diplomacy"], browser=False)
    assert first.progress == {"annotator": (0, 6)}
    with Project.open(file) as project:
        project.save(
            Judgement(item=1, annotator="annotator", codes={"stance": ("none",), "diplomacy": ()})
        )
    second = annotate(file, rows=ROWS, annotators=["ben"], overlap="2", browser=False)
    assert second.progress["annotator"][0] == 1
    assert second.to_frame()["items"].tolist() == [10, 10]
    assert second.caption == f"1 of 20 judged in {file}"
    with Project.open(file) as project:
        assert project.settings.overlap == 2 and project.n_items == 10


def test_what_is_not_given_stays_as_it_is(tmp_path, at_once):
    file = tmp_path / "study.db"
    annotate(file, rows=ROWS, calibration=3, repeats=0.1, random_state=4, browser=False)
    with Project.open(file) as project:
        settings = project.settings
    annotate(file, calibration=3, browser=False)
    with Project.open(file) as project:
        assert project.settings == settings and settings.random_state == 4


def test_controls_and_suggestions(tmp_path, at_once):
    file = tmp_path / "study.db"
    scores = {"condemn": 0.7, "support": 0.1, "abstain": 0.1, "none": 0.1}
    labels = tmp_path / "labels.jsonl"
    import json

    labels.write_text(json.dumps(ROWS[0] | {"stance": "condemn", "stance_scores": scores}))
    control = [{"sentence": "Peru is sure.", "actor": "Peru", "stance": "support"}]
    annotate(file, rows=ROWS, controls=control, labels=labels, suggest="before", browser=False)
    with Project.open(file) as project:
        assert project.item(1).suggested["stance"]["codes"] == ["condemn"]
        assert [item.gold for item in project.items("control")] == [{"stance": ("support",)}]
    labels.write_text(json.dumps(ROWS[0] | {"id": "x", "stance": "none", "stance_scores": scores}))
    with pytest.raises(KitError, match="no id of the labels is one of an item"):
        annotate(file, labels=labels, browser=False)


def test_the_browser_opens_the_page_of_whoever_is_alone(tmp_path, at_once, monkeypatch):
    opened = []
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    annotate(tmp_path / "one.db", rows=ROWS)
    annotate(tmp_path / "two.db", rows=ROWS, annotators=["ana", "ben"])
    assert [re.sub(r"[^/]*$", "", link.split("/", 3)[3]) for link in opened] == ["a/", "lead/"]


def test_a_network_is_warned_of(tmp_path, at_once, capsys):
    annotate(tmp_path / "one.db", rows=ROWS, host="0.0.0.0", browser=False)
    told = capsys.readouterr().out
    assert "others in this network can open these links" in told and "0.0.0.0" not in told


def test_what_is_refused(tmp_path, at_once, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_sample(tmp_path)
    for words, told in (
        (["none.db"], "to make it, give what is to be judged"),
        (["study.csv", "rows=sample.csv"], "its ending is .db"),
        (["new.db", "rows=sample.csv", "suggest=always"], "never, after, before"),
        (["new.db", "rows=sample.csv", "overlap=0"], "overlap is 0"),
        (["new.db", "rows=sample.csv", "host=192.0.2.1"], "cannot serve at host '192.0.2.1'"),
        (["new.db", "annotators=[lead]"], "'lead'"),
        (["new.db", "calibration=2"], "calibration"),
    ):
        assert main(["annotate", *words, "browser=false"]) == 2, words
        assert told in capsys.readouterr().err


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_the_wait_ends_by_ctrl_c_or_when_it_is_told_to(told):
    timer = threading.Timer(0.3, os.kill, [os.getpid(), told])
    timer.start()
    command._wait()
    timer.join()

"""The kit's own advice on columns, labels and splits works as it is written, on the command line."""

import json
import re

import pytest
from conftest import ROOT, ROWS, padded
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from stancekit.__main__ import main
from stancekit.commands.keys import check_keys, opened
from stancekit.errors import KitError

NAMES = {"condemn": "AGAINST", "support": "FAVOR", "abstain": "NEUTRAL", "none": "NONE"}
COLUMNS = [
    "corpus.columns.text=sentence",
    "corpus.columns.actor=speaker",
    "corpus.columns.labels=code",
]
TRAIN = ["split=grouped", "model=majority", "output=out"]


def speeches(path, sign=";", copies=8):
    """Write speeches with columns, labels and dates of their own."""
    lines = [sign.join(["sentence", "speaker", "motion", "code", "day"])]
    for at in range(copies):
        for row in ROWS:
            text = padded(row["text"].replace(",", ""), at)
            lines.append(
                sign.join(
                    [
                        text,
                        row["actor"],
                        row["target"],
                        NAMES[row["stance"]],
                        f"0{at + 1}/02/201{at}",
                    ]
                )
            )
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    speeches(tmp_path / "mine.csv")
    return tmp_path


def run(capsys, *words):
    code = main(["train", *words])
    return code, capsys.readouterr().err


def trained(here):
    return [json.loads(path.read_text()) for path in here.glob("out/runs/*/run.json")]


def test_columns_and_labels_are_named_as_the_errors_say(here, capsys):
    csv = ["corpus=table", "corpus.path=mine.csv", *TRAIN]
    code, told = run(capsys, *csv)
    assert code == 2 and "corpus.columns.text=sentence or corpus.columns.labels=code" in told
    code, told = run(capsys, *csv, *COLUMNS)
    assert (
        code == 2
        and "unknown label 'AGAINST'" in told
        and "'corpus.labels={AGAINST: CODE, " in told
    )
    mapped = "corpus.labels={" + ", ".join(f"{name}: {code}" for code, name in NAMES.items()) + "}"
    code, told = run(capsys, *csv, *COLUMNS, mapped)
    assert code == 0, told
    one_by_one = [f"corpus.labels.{name}={code}" for code, name in NAMES.items()]
    forward = ["split=forward", "corpus.columns.date=day"]
    code, told = run(capsys, *csv, *forward, *COLUMNS, *one_by_one)
    assert code == 2 and "corpus.date_format='%d/%m/%Y'" in told
    code, told = run(
        capsys,
        *csv,
        *forward,
        *COLUMNS,
        *one_by_one,
        "corpus.date_format=%d/%m/%Y",
        "corpus.separator=;",
    )
    assert code == 0, told
    assert len(trained(here)) == 2


OWN_YAML = """\
# Speeches coded by hand.
_target_: stancekit.corpus.TableCorpus
path: mine.csv
columns: {text: sentence, actor: speaker, target: motion, labels: code}
labels: {AGAINST: condemn, FAVOR: support, NEUTRAL: abstain, NONE: none}
"""


def test_a_user_s_own_yaml_takes_what_it_does_not_list(here, tmp_path, capsys):
    (tmp_path / "configs" / "corpus").mkdir(parents=True)
    (tmp_path / "configs" / "corpus" / "mine.yaml").write_text(OWN_YAML)
    mine = ["--config-dir", "configs", "corpus=mine", *TRAIN]
    assert run(capsys, *mine)[0] == 0
    # Another codebook is in another column of the same file.
    speeches(tmp_path / "mine.csv", sign="\t")
    code, told = run(
        capsys,
        *mine,
        "corpus.columns.labels=code",
        "corpus.separator=tab",
        "corpus.columns.date=day",
    )
    assert code == 0, told
    assert len(trained(here)) == 2


def test_a_key_that_nothing_reads_is_named_with_those_there_are(here, capsys):
    for word, known in {
        "corpus.colums.text=sentence": "corpus has: path, encoding",
        "corpus.columns.sentence=text": "corpus.columns knows: text, id",
        "split.share=drop": "split has: by, validation",
    }.items():
        code, told = run(capsys, "corpus=table", "corpus.path=mine.csv", *TRAIN, word)
        assert code == 2 and known in told


def test_text_that_test_has_too_is_dropped_as_advised(here, capsys):
    rows = [
        row | {"split": part, "text": padded(row["text"], at if part != "test" else 0)}
        for at, part in enumerate(["train", "train", "validation", "test"])
        for row in ROWS
    ]
    (here / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    words = ["corpus=table", "corpus.path=mine.jsonl", "model=majority", "output=out"]
    code, told = run(capsys, *words)
    assert code == 2 and "Use split.shared=drop" in told
    assert run(capsys, *words, "split.shared=drop") == (
        0,
        run(capsys, *words, "split.shared=keep")[1],
    )
    code, told = run(capsys, *words, "split=few", "split.per_code=1", "split.base.shared=drop")
    assert code == 0, told


HINT = re.compile(
    r"\b((?:corpus|split)\.[a-z_]+(?:\.[a-z_]+)*=(?:\{[^}\n]*\}|'[^'\n]*'|[^\s'\"`,.;:){}]+))"
)


def hints():
    """Return the settings of corpus and split that messages of the code name, values in capitals standing for any."""
    found = set()
    for path in (ROOT / "src" / "stancekit").rglob("*.py"):
        for word in HINT.findall(path.read_text()):
            found.add(word.replace("{{", "{"))
    return sorted(found)


@pytest.mark.parametrize("hint", hints())
def test_every_setting_that_a_message_names_can_be_set(hint):
    config, name = ROOT / "configs", hint.split("=")[0]
    base = {
        "split.base.shared": "split=few",
        "split.train_on": "split=transfer",
        "split.per_code": "split=few",
    }
    split = base.get(
        name, "split=grouped" if name in ("split.per_state", "split.by") else "split=fixed"
    )
    corpus = (
        "corpus=mixture"
        if name.startswith("corpus.sources")
        else "corpus=hub"
        if "parts" in name
        else "corpus=table"
    )
    with initialize_config_dir(str(config), version_base="1.3"):
        whole = compose("train", opened([corpus, split, "corpus.path=mine.csv", hint]))
    check_keys(whole)


def test_there_are_hints_to_be_tried():
    assert {
        "corpus.columns.text=sentence",
        "split.shared=drop",
        "corpus.columns.annotator=COLUMN",
    } <= set(hints())


def test_keys_are_looked_for_in_parts_of_a_choice_too():
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        nested = compose("train", ["corpus=mixture", "++corpus.sources.un_votes.corpus.colums=a"])
        unknown = compose("train", ["split=few", "++split.base.share=drop"])
    for whole, path in (
        (nested, "corpus.sources.un_votes.corpus.colums"),
        (unknown, "split.base.share"),
    ):
        with pytest.raises(KitError, match=f"unknown key {path}"):
            check_keys(whole)


@pytest.mark.parametrize("name", ["table", "hub"])
def test_every_column_is_listed_and_null_is_its_usual_name(name):
    from dataclasses import fields

    from stancekit.corpus import Columns

    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        node = compose("train", [f"corpus={name}", "corpus.path=mine"]).corpus
    assert set(node.columns) == {field.name for field in fields(Columns)}
    assert instantiate(node, _convert_="all").column_names() == Columns()

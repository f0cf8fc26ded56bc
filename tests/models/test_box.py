"""The model that comes with the kit: labels at once, without torch, within its size and memory."""

import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

import stancekit as sk
from stancekit.__main__ import main
from stancekit.codebook import load_codebook
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.encoder.packed import Packed
from stancekit.models.encoder.pretrained import resolve
from stancekit.resources import model_folder

BOX = ROOT / "models" / "box"
ARTICLE = ROOT / "seeds" / "articles" / "newswire_border_truce.txt"
# Of each code what anyone would call clear: actor, target, sentence.
CLEAR = {
    "condemn": [
        ("Peru", "the raid", "Peru condemned the raid as a crime."),
        ("Norway", "the treaty", "Norway voted against the treaty."),
        ("Kenya", "the levy", "Kenya rejected the levy outright and called it unjust."),
    ],
    "support": [
        ("Chile", "the accord", "Chile praised the accord and promised to ratify it."),
        ("Ghana", "the draft", "Ghana voted in favour of the draft."),
        ("Japan", "the mission", "Japan will send ten doctors to help the mission."),
    ],
    "abstain": [
        ("Oman", "the draft", "Oman abstained in the vote on the draft."),
        (
            "India",
            "the resolution",
            "India, which has ties with both sides, abstained on the resolution.",
        ),
    ],
    "none": [
        ("Laos", "the treaty", "The treaty was signed in a hotel near the embassy of Laos."),
        (
            "Fiji",
            "the report",
            "The report was printed on the day on which Fiji held its carnival.",
        ),
    ],
}


def test_nearly_all_clear_sentences_are_read_rightly():
    rows = [
        {"text": text, "actor": actor, "target": target}
        for some in CLEAR.values()
        for actor, target, text in some
    ]
    gold = [code for code, some in CLEAR.items() for _ in some]
    found = sk.load("box").predict(rows)["stance"].tolist()
    assert sum(code == truth for code, truth in zip(found, gold, strict=True)) >= len(gold) - 1


def test_the_target_decides():
    text = "Norway condemned the treaty that Peru had praised."
    rows = [{"text": text, "actor": actor, "target": "the treaty"} for actor in ("Norway", "Peru")]
    assert sk.load("box").predict(rows)["stance"].tolist() == ["condemn", "support"]


def test_frames_of_a_sentence():
    texts = [
        "The tariff will cost exporters two billion a year.",
        "Judges ruled that the decree was unlawful.",
    ]
    frames = sk.load("box", codebook="diplomacy").predict(texts)["diplomacy"].tolist()
    assert ["economy" in frames[0], "legality" in frames[1]] == [True, True]
    policy = sk.load("box", codebook="policy_frames").predict(texts)["policy_frames"].tolist()
    assert "economic" in policy[0]
    assert "legality_constitutionality_and_jurisprudence" in policy[1]


@pytest.mark.parametrize("name", ["stance", "diplomacy", "policy_frames"])
def test_every_model_is_whole_and_has_a_card_that_says_who_wrote_its_texts(name, capsys):
    assert main(["verify", f"box/{name}"]) == 0
    assert "as recorded" in capsys.readouterr().out
    card = (BOX / name / "README.md").read_text(encoding="utf-8")
    assert "language model" in card


def test_no_path_of_a_machine_is_in_it():
    data = (BOX / "encoder" / "network.onnx").read_bytes()
    assert b"site-packages" not in data and b'File "/' not in data


def test_it_is_small_enough_to_ship():
    assert sum(file.stat().st_size for file in BOX.rglob("*") if file.is_file()) < 60e6


def test_its_threads_do_not_wait_in_a_loop():
    settings = sk.load("box").fitted.model.encoder_.session.get_session_options()
    assert settings.get_session_config_entry("session.intra_op.allow_spinning") == "0"


# What takes longer to import than a short text to label, and labelling with the box does without.
HEAVY = ("torch", "transformers", "datasets", "sklearn", "scipy", "pandas", "pyarrow", "spacy.cli")


@pytest.mark.slow
def test_an_article_is_labelled_without_heavy_imports_and_in_little_memory(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from stancekit.__main__ import main\n"
        "code = main(sys.argv[1:])\n"
        f"print([name for name in {HEAVY} if sys.modules.get(name)])\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(status.partition('VmHWM:')[2].split()[0]) // 1024)\n"
        "sys.exit(code)\n"
    )
    command = [sys.executable, "-c", program, "label", str(ARTICLE)]
    # From a folder of the user's own, where the kit's configs and models are not.
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded, megabytes = done.stdout.splitlines()[-2:]
    assert loaded == "[]" and int(megabytes) < 600
    printed = done.stdout.replace("\n", " ")
    assert "labelled by box (stance, box/stance), box (diplomacy, box/diplomacy)" in printed
    assert "box for stance: macro-F1 ." in printed and "condemn" in printed


def test_a_table_of_predictions_is_all_that_takes_pandas():
    program = (
        "import sys\n"
        "import stancekit\n"
        "model = stancekit.load('box')\n"
        f"print([name for name in ({HEAVY} + ('spacy', 'hydra')) if name in sys.modules])\n"
        "rows = model.predict(['Peru rejected the levy.'], actor='Peru', target='the levy')\n"
        "print(rows['stance'].tolist(), 'sklearn' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['condemn'] False"]


def test_a_folder_of_ones_own_called_box_is_that_one(tmp_path, monkeypatch):
    assert model_folder("box/stance") == BOX / "stance"
    monkeypatch.chdir(tmp_path)
    assert model_folder("box/stance") == BOX / "stance"
    (tmp_path / "box").mkdir()
    assert os.fspath(model_folder("box/stance")) == "box/stance"
    with pytest.raises(KitError, match=r"folder box has no config\.json"):
        resolve("box")
    with pytest.raises(KitError, match="holds no saved model"):
        sk.label("Peru left.\n\nPeru rejected it.\n", models="box")
    # What is not named is the kit's own.
    assert len(sk.label("Peru left.\n\nPeru rejected the draft.\n"))
    assert Packed(load_codebook("stance")).fit().classes_.tolist()


def test_a_copy_of_a_model_finds_its_encoder_in_the_box(tmp_path):
    copy = shutil.copytree(BOX / "stance", tmp_path / "mine" / "stance")
    rows = [{"text": "Peru condemned the raid.", "actor": "Peru", "target": "the raid"}]
    assert sk.load(copy).predict(rows)["stance"].tolist() == ["condemn"]
    assert persistence.load(copy).name == "box"


def test_a_later_version_of_the_kit_does_not_warn_of_its_own_model(caplog, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: "99.0")
    persistence.load(BOX / "stance")
    assert not caplog.records

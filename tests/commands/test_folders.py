"""A user's own configs are found beside their data, and nothing that came from elsewhere passes for them."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT, ROWS, padded

from stancekit.__main__ import main
from stancekit.codebook import codebook_names, load_codebook
from stancekit.commands.reproduce import reproduce
from stancekit.errors import KitError
from stancekit.resources import config_folders, find_config, own_configs, searching, shipped

# A class that no configuration of the kit names.
MINE = """\
# Bernoulli naive Bayes.
_target_: stancekit.models.linear.Linear
classifier: {_target_: sklearn.naive_bayes.BernoulliNB}
"""
TONE = """\
# Kind or unkind.
_target_: stancekit.codebook.make_codebook
name: tone
column: stance
codes:
  condemn: {definition: Unkind words.}
  support: {definition: Kind words.}
  abstain: {definition: Careful words.}
  none: {definition: Other words.}
"""
# A mixture loads codebooks by their names.
MIXED = """\
# One corpus as a mixture.
_target_: stancekit.corpus.mixture.Mixture
name: mixed
sources:
  small:
    corpus: {_target_: stancekit.corpus.TableCorpus, path: small.jsonl, name: small}
    codebook: tone
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return a working directory with a small corpus."""
    monkeypatch.chdir(tmp_path)
    rows = [row | {"split": part} for row in ROWS for part in ("train", "validation", "test")]
    rows = [
        row | {"text": padded(row["text"], place), "article": str(place)}
        for place, row in enumerate(rows)
    ]
    (tmp_path / "small.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def write(folder, **files):
    """Write configs, as `model__mine=TEXT` for model/mine.yaml."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


TRAIN = ["train", "corpus=table", "corpus.path=small.jsonl", "output=out"]


def targets(here):
    (config,) = here.glob("out/runs/*/config.yaml")
    return config.read_text()


def test_a_folder_in_the_working_directory_is_the_user_s(here, capsys):
    write(here / "configs", model__mine=MINE)
    assert main([*TRAIN, "model=mine"]) == 0
    assert capsys.readouterr().err == f"configs: {here / 'configs'} (yours)\n"
    assert "BernoulliNB" in targets(here) and "name: mine" in targets(here)


def test_a_settings_file_names_another_folder(here, capsys):
    write(here / "configs", model__other=MINE)
    write(here / "my configs", model__mine=MINE)
    (here / "stancekit.yaml").write_text("configs: my configs\n")
    assert main([*TRAIN, "model=mine"]) == 0
    assert capsys.readouterr().err == f"configs: {here / 'my configs'} (yours)\n"
    assert main([*TRAIN, "model=other"]) == 2
    (here / "stancekit.yaml").write_text("configs: null\n")
    assert own_configs() == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("configs: nowhere", "names the folder nowhere, which is not there"),
        ("config: mine", "has one key, configs"),
        ("configs", "has one key, configs"),
        ("configs: [", "cannot read"),
    ],
)
def test_a_settings_file_that_is_not_understood(text, told, here, capsys):
    (here / "stancekit.yaml").write_text(text)
    assert main(["verify", "x"]) == 2
    assert told in capsys.readouterr().err


def test_a_named_folder_comes_first_and_wins_over_the_kit(here, capsys):
    write(here / "configs", model__nb=MINE, model__mine=MINE.replace("BernoulliNB", "GaussianNB"))
    write(here / "named", model__mine=MINE)
    assert main([*TRAIN, "--config-dir", "named", "model=mine"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[:2] == [
        f"configs: {here / 'named'} (yours)",
        f"configs: {here / 'configs'} (yours; used instead of the kit's: model/nb)",
    ]
    assert "BernoulliNB" in targets(here)
    assert main([*TRAIN, "model=nb", "output=out2"]) == 0
    assert "BernoulliNB" in next(here.glob("out2/runs/*/config.yaml")).read_text()
    assert main([*TRAIN, "--config-dir=nowhere"]) == 2
    assert "--config-dir nowhere: there is no such folder" in capsys.readouterr().err


def test_a_command_s_own_configuration_is_replaced_only_where_the_folder_is_named(here, capsys):
    text = (
        (ROOT / "configs" / "train.yaml").read_text().replace("random_state: 0", "random_state: 7")
    )
    write(here / "configs", train=text, model__mine=MINE)
    assert main([*TRAIN, "model=mine"]) == 2
    told = capsys.readouterr().err
    assert (
        "train.yaml would change how every command runs" in told and "--config-dir configs" in told
    )
    assert main([*TRAIN, "model=mine", "split=grouped", "--config-dir", "configs"]) == 0
    assert next(here.glob("out/runs/*/config.yaml")).read_text().count("random_state: 7") == 1


def test_hydra_s_own_configuration_is_not_changed_by_a_folder_that_lies_about(here, capsys):
    evil = "comparison: {_target_: pathlib.Path.touch, self: {_target_: pathlib.Path, _args_: [made]}}\n"
    write(here / "configs", hydra__callbacks__comparison=evil)
    for command in (["verify", "x"], ["reproduce", "."], ["train"]):
        assert main(command) == 2
        assert "comparison.yaml would change how every command runs" in capsys.readouterr().err
    assert not (here / "made").exists()


def test_folders_without_anything_for_the_kit_are_not_used(here, monkeypatch, capsys):
    write(here / "configs", train="trainer: {}\n")
    assert own_configs() == () and config_folders() == (shipped("configs"),)
    monkeypatch.chdir(ROOT)
    assert own_configs() == ()


def test_choices_in_the_help_are_also_the_user_s(here, capsys):
    write(here / "configs", model__mine=MINE)
    assert main(["train", "--help"]) == 0
    assert "majority, mine, minilm" in " ".join(capsys.readouterr().out.split()).replace(
        "minilm, mine", "mine, minilm"
    )


def test_a_codebook_of_the_user_s_is_loaded_by_name(here):
    assert "tone" not in codebook_names()
    write(here / "configs", codebook__tone=TONE)
    assert load_codebook("tone").names == ["abstain", "condemn", "none", "support"]
    assert "tone" in codebook_names() and "stance" in codebook_names()
    with (
        searching([shipped("configs")]),
        pytest.raises(KitError, match=r"no codebook 'tone'; there are: .*stance"),
    ):
        load_codebook("tone")


def test_a_codebook_of_the_user_s_takes_part_in_data_and_mixtures(here, capsys):
    write(here / "mine", codebook__tone=TONE, corpus__mixed=MIXED)
    named = ["--config-dir", "mine"]
    assert main(["data", "table", "corpus.path=small.jsonl", "codebooks=tone", *named]) == 0
    assert "# small, tone: 12 examples" in capsys.readouterr().out
    assert (
        main(["train", *named, "corpus=mixed", "codebook=tone", "model=majority", "output=out"])
        == 0
    )
    assert "majority for tone on mixed" in capsys.readouterr().out


def test_a_config_that_is_nowhere(here):
    with pytest.raises(FileNotFoundError, match=r"model/nowhere.yaml"):
        find_config("model", "nowhere.yaml")


@pytest.fixture
def run(here):
    """Return a run of a model that only the user's own configs name; they are moved away."""
    write(here / "configs", model__mine=MINE)
    assert main([*TRAIN, "model=mine"]) == 0
    (here / "configs").rename(here / "mine")
    (run,) = (here / "out" / "runs").iterdir()
    return run


REFUSED = (
    "sklearn.naive_bayes.BernoulliNB, which no configuration of the kit names, nor one of yours"
)


def test_a_run_of_the_user_s_own_model_is_reproduced_where_their_configs_are(run, here, capsys):
    assert main(["reproduce", str(run), "output=again1"]) == 2
    assert REFUSED in capsys.readouterr().err
    assert main(["reproduce", str(run), "output=again2", "--config-dir", "mine"]) == 0
    (here / "mine").rename(here / "configs")
    assert main(["reproduce", str(run), "output=again3"]) == 0
    # From Python too.
    assert reproduce(runs=run, output="again4").model == "mine"


def test_nothing_in_a_run_s_folder_makes_its_configuration_the_user_s(
    run, here, monkeypatch, capsys
):
    (here / "mine").rename(run / "configs")
    for words in ([], ["--config-dir", str(run / "configs")]):
        assert main(["reproduce", str(run), "output=again", *words]) == 2
        assert REFUSED in capsys.readouterr().err
    (here / "link").symlink_to(run / "configs")
    assert main(["reproduce", str(run), "output=again", "--config-dir", "link"]) == 2
    monkeypatch.chdir(run)
    with pytest.raises(KitError, match=REFUSED):
        reproduce(runs=".", output=here / "again")
    # Nor what the run's folder says is the user's.
    (run / "configs").rename(here / "elsewhere")
    (run / "stancekit.yaml").write_text("configs: ../../../elsewhere\n")
    assert own_configs() == (here / "elsewhere",)
    assert main(["reproduce", ".", f"output={here / 'again'}"]) == 2
    assert REFUSED in capsys.readouterr().err and not (here / "again").exists()


def test_a_broken_file_of_the_user_s_is_named(run, here, capsys):
    write(here / "configs", model__broken="_target_: [")
    assert main(["reproduce", str(run)]) == 2
    assert "broken.yaml" in capsys.readouterr().err


def program(here, *words):
    command = [sys.executable, "-m", "stancekit", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=here)


@pytest.mark.slow  # three processes
def test_verbose_logs_to_stderr_and_only_then(here):
    quiet = program(here, *TRAIN, "model=majority")
    assert quiet.returncode == 0 and "DEBUG" not in quiet.stderr
    loud = program(here, *TRAIN, "model=majority", "hydra.verbose=true")
    assert (
        "Config search path" in loud.stderr
        and "DEBUG" not in loud.stdout
        and loud.stdout == quiet.stdout
    )
    one = program(here, *TRAIN, "model=majority", "hydra.verbose=[stancekit]")
    assert all(
        line.startswith("[stancekit") for line in one.stderr.splitlines() if "][DEBUG] " in line
    )
    assert "train is called with" in one.stderr and one.stdout == quiet.stdout


@pytest.mark.slow
def test_the_processes_of_a_launcher_find_the_user_s_configs(here):
    write(here / "mine", codebook__tone=TONE, model__mine=MINE, corpus__mixed=MIXED)
    words = [
        "corpus=mixed",
        "codebook=tone",
        "model=mine,majority",
        "output=out",
        "--config-dir",
        "mine",
    ]
    done = program(here, "train", "-m", "hydra/launcher=joblib", *words)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("(yours)") == 1 and len(list(here.glob("out/runs/*/run.json"))) == 2

"""Sixteen examples per code: the kit's `fewshot` against SetFit with its defaults, with the same encoder.

SetFit lives in an environment of its own, `.venv-peers`, made here. Where it cannot be had the rows are left out, and
it is said why.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from bench.comparisons import Comparison, seconds
from stancekit.codebook import load_codebook
from stancekit.corpus import FixedSplit, bundled
from stancekit.corpus.dataset import LabelledSet
from stancekit.models.classifier import encode_labels
from stancekit.models.encoder.fewshot import FewShot
from stancekit.models.encoder.pretrained import MINILM, resolve
from stancekit.models.features import Pair

PEERS, SETFIT = Path(".venv-peers"), "setfit==1.2.0"
PER_CODE, TEST, STATES = 16, 600, 3
SCRIPT = Path("bench/setfit_few_shot.py")


def install_peers() -> str:
    """Make the environment with SetFit; return why that is not possible, or nothing."""
    python = PEERS / "bin" / "python"
    if (
        python.exists()
        and not subprocess.run([python, "-c", "import setfit"], check=False).returncode
    ):
        return ""
    subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "-c", "constraints.txt", SETFIT],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def measure() -> list[Comparison]:
    """Return the rows about few examples: time to learn, and macro-F1 on test."""
    if reason := install_peers():
        print(f"few_shot is left out: {SETFIT} cannot be installed: {reason}", file=sys.stderr)
        return []
    parts = FixedSplit()(bundled().read(load_codebook("stance")), random_state=0)
    test = parts.test.take(np.random.default_rng(0).permutation(len(parts.test.examples))[:TEST])
    gold = np.asarray(encode_labels(test))
    took, scores = [], []
    for state in range(STATES):
        codes = np.asarray(encode_labels(parts.train))
        random = np.random.default_rng(state)
        rows = [
            random.choice(np.flatnonzero(codes == code), PER_CODE, replace=False)
            for code in np.unique(codes)
        ]
        train = parts.train.take(np.sort(np.concatenate(rows)))
        model = FewShot(features=Pair(), random_state=state)
        ours = seconds(lambda m=model, t=train: m.fit(t.examples, encode_labels(t)))
        theirs, guesses = _setfit(train, test, state)
        took.append((ours, theirs))
        scores.append(
            [
                f1_score(gold, guess, average="macro")
                for guess in (model.predict(test.examples), guesses)
            ]
        )
    (ours, theirs), (f1, peer) = np.median(took, axis=0), np.mean(scores, axis=0)
    return [
        Comparison(
            "few-shot, 16 per code", SETFIT, "s", ours, theirs, 3, STATES, less_is_better=True
        ),
        Comparison("few-shot, mean macro-F1 on test", SETFIT, "", f1, peer, 1, STATES),
    ]


def _setfit(train: LabelledSet, test: LabelledSet, state: int) -> tuple[float, list[str]]:
    """Return the seconds that SetFit learns for, and its guesses."""

    def texts(part: LabelledSet) -> list[str]:
        return [f"{one.text} {Pair().render(one).pair}" for one in part.examples]

    with tempfile.TemporaryDirectory() as spare:
        task = Path(spare) / "task.json"
        task.write_text(
            json.dumps(
                {
                    "encoder": resolve(MINILM),
                    "train": texts(train),
                    "labels": [str(code) for code in encode_labels(train)],
                    "test": texts(test),
                    "seed": state,
                }
            ),
            encoding="utf-8",
        )
        done = subprocess.run(
            [PEERS / "bin" / "python", SCRIPT, task, Path(spare) / "found.json"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        found = json.loads((Path(spare) / "found.json").read_text(encoding="utf-8"))
    return found["seconds"], found["guesses"]

"""Make the models that come with the kit: `python -m bench.box MODEL MODEL`, the saved heads of a trained `Joint`.

It packs the encoder that these share, learns the head of policy frames on it, fits on validation how scores are
read, and writes `models/box`; then it scores the models on test, for their cards and `experiments/box`.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from stancekit.codebook import load_codebook
from stancekit.commands.compare import keep_all
from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import FixedSplit
from stancekit.library.objects import as_corpus
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, calibrate, fit
from stancekit.models.encoder.likeness import write_learned
from stancekit.models.encoder.packed import Packed
from stancekit.models.encoder.packing import pack
from stancekit.models.encoder.reading import ENCODER_FOLDER, encoder_digest
from stancekit.runs.analysis import analyse
from stancekit.runs.folder import read_runs
from stancekit.runs.recording import macro_f1_on

# Bits of a weight, and weights that share a scale; experiments/box has what others cost.
BITS, BLOCK = 4, 128
PLACE, RESULTS = Path("models/box"), Path("experiments/box")
# What the box codes, and the corpus on which it is scored.
CODED = {"stance": "un_votes", "diplomacy": "un_votes", "policy_frames": "policy_frames"}


def make(models: list[str], place: Path, bits: int, block: int) -> None:
    loaded = [persistence.load(folder) for folder in models]
    trained = {one.codebook.name: one for one in loaded}
    fresh = place.with_name(".box.new")
    shutil.rmtree(fresh, ignore_errors=True)
    packed = pack(trained, fresh, bits=bits, block=block)
    first: Any = next(iter(packed.values())).model
    split = FixedSplit()(as_corpus("un_votes").read(load_codebook("stance")), random_state=0)
    train = split.train.take(range(0, len(split.train), 8))
    pooled = [first.encoder_(part.examples) for part in (train, split.validation)]
    write_learned(fresh / ENCODER_FOLDER, *pooled, first.encoder_.width)
    # The sum of the encoder's files is another now.
    for fitted in packed.values():
        model: Any = fitted.model
        model.encoder_digest_ = encoder_digest(fresh / ENCODER_FOLDER)
    for name, model in packed.items():
        split = FixedSplit()(as_corpus("un_votes").read(load_codebook(name)), random_state=0)
        persistence.save(calibrate(model.model, split.validation, name="box"), fresh / name)
    persistence.save(policy_frames(fresh), fresh / "policy_frames")
    # What label takes where no model is named, and the page on the box.
    for name in ("default.json", "README.md"):
        shutil.copy(place / name, fresh / name)
    for leftover in fresh.glob(".*.lock"):
        leftover.unlink()
    shutil.rmtree(place)
    fresh.rename(place)


def policy_frames(place: Path) -> FittedClassifier:
    """Return the head of policy frames that scores best on validation, over strengths of the penalty."""
    split = FixedSplit()(
        as_corpus("policy_frames").read(load_codebook("policy_frames")), random_state=0
    )
    best: tuple[float, FittedClassifier] | None = None
    for strength in (0.0003, 0.001, 0.003, 0.01):
        model = Packed(models=str(place), learn=True, C=strength)
        fitted = fit(model, split.train, split.validation, name="box")
        score = macro_f1_on(fitted, split.validation)
        print(f"C={strength}: {score:.3f}")
        if best is None or score > best[0]:
            best = score, fitted
    assert best is not None
    return best[1]


def score() -> None:
    """Score the box on the test parts, and write its cards and results."""
    shutil.rmtree(RESULTS / "runs", ignore_errors=True)
    for codebook, corpus in CODED.items():
        train(corpus, model="box", codebook=codebook, output=RESULTS)
    report(RESULTS, command="python -m bench.box MODEL MODEL", publish=True)
    boards = analyse(read_runs(RESULTS)).leaderboards
    keep_all(boards, PLACE, "python -m bench.box MODEL MODEL")


if __name__ == "__main__":
    make(sys.argv[1:], PLACE, BITS, BLOCK)
    score()
    size = sum(file.stat().st_size for file in (PLACE / ENCODER_FOLDER).iterdir()) / 1e6
    print(f"{PLACE}: {size:.1f} MB")

import json
import os
from pathlib import Path

import pytest

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus import FixedSplit, JsonlCorpus, Parts, bundled

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep embeddings of tests out of the user's cache."""
    os.environ["STANCEKIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def stance() -> Codebook:
    return load_codebook("stance")


@pytest.fixture(scope="session")
def diplomacy() -> Codebook:
    return load_codebook("diplomacy")


@pytest.fixture(scope="session")
def un_votes() -> JsonlCorpus:
    return bundled()


@pytest.fixture(scope="session")
def parts(un_votes: JsonlCorpus, stance: Codebook) -> Parts:
    return FixedSplit()(un_votes.read(stance), random_state=0)


@pytest.fixture(scope="session")
def frame_parts(un_votes: JsonlCorpus, diplomacy: Codebook) -> Parts:
    return FixedSplit()(un_votes.read(diplomacy), random_state=0)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, parts: Parts) -> str:
    """Return the folder of an encoder of a few thousand random weights."""
    from tiny import make_encoder

    return make_encoder(tmp_path_factory.mktemp("tiny"), [one.text for one in parts.train.examples[:600]])


@pytest.fixture
def jsonl(tmp_path: Path):
    """Write rows to a file of JSON lines; a string is written as it stands."""

    def write(*rows: object, name: str = "mine.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
        return path

    return write


ROWS = [
    {"text": "Peru shunned the levy.", "actor": "Peru", "target": "the levy", "stance": "condemn"},
    {"text": "Oman kept its counsel on the levy.", "actor": "Oman", "target": "the levy", "stance": "abstain"},
    {"text": "Fiji cheered the levy.", "actor": "Fiji", "target": "the levy", "stance": "support"},
    {"text": "Mali lies inland, far from the levy.", "actor": "Mali", "target": "the levy", "stance": "none"},
]


def padded(text: str, at: int) -> str:
    """Return a text with words of its own behind it, so that it is no copy of its neighbours."""
    return " ".join([text, *(f"w{at}x{k}" for k in range(15))])

import numpy as np
import pytest
from stub_server import Faults, Stub

from stancekit.models.llm.estimator import LLM
from stancekit.types import Example, Mention

VERBS = ["condemned", "supported", "abstained on", "left"]


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch):
    for name in ("STANCEKIT_LLM_ENDPOINT", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    """Start stub servers that end with the test."""
    running = []

    def start(**faults):
        stub = Stub(Faults(**faults)).__enter__()
        running.append(stub)
        return stub

    yield start
    for stub in running:
        stub.__exit__()


@pytest.fixture
def rows():
    def make(n, start=0):
        return [
            Example(str(at), f"Peru {VERBS[at % 4]} the levy {at}.", Mention("Peru", 0, 4))
            for at in range(start, start + n)
        ]

    return make


@pytest.fixture
def make_llm(tmp_path, stance):
    """Return fitted models whose store is in the test's folder."""

    def make(endpoint=None, codebook=stance, **settings):
        given = {"name": "stub", "folder": str(tmp_path / "run")} | settings
        model = LLM(endpoint=endpoint, codebook=codebook, **given)
        y = np.zeros((0, len(codebook.names)), dtype=int) if codebook.multi_label else np.array([])
        return model.fit([], y)

    return make

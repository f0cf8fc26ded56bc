"""A tiny model behind a real server, `transformers serve`, against the same model in this process."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
from tiny import make_causal

from stancekit.codebook import make_codebook
from stancekit.models.llm.replies import REPLIES_FILE, ReplyStore
from stancekit.types import Example

BOOK = make_codebook("tone", {"warm": {"definition": "Kind."}, "cold": {"definition": "Unkind."}})
# What follows a prompt, and the letter that the model learns to say then.
TAUGHT = [f"letter, A, B:\n<assistant>{letter}" for letter in "ABBB"]


@pytest.fixture
def served(tmp_path):
    """Return the folder of a tiny model and the address at which it is served."""
    folder = make_causal(tmp_path / "tiny", TAUGHT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "transformers.cli.transformers", "serve", folder, "--host", "127.0.0.1"]
    server = subprocess.Popen(
        [sys.executable, *words, "--port", str(port), "--device", "cpu"],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.5)
        yield folder, f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
@pytest.mark.skipif(
    not find_spec("fastapi"), reason="transformers serve needs fastapi: transformers[serving]"
)
def test_a_server_and_this_process_give_the_same_letters(served, make_llm):
    folder, endpoint = served
    rows = [Example(str(at), text) for at, text in enumerate(["It was good.", "No.", "It rained."])]
    asked = make_llm(endpoint, name=folder, codebook=BOOK, parallel=2)
    votes = asked.views(rows)
    exact = make_llm(checkpoint=folder, name=None, codebook=BOOK, folder=f"{asked.folder}-2").views(
        rows
    )
    assert exact.illegal.sum() == votes.illegal.sum() == 0
    assert np.array_equal(votes.scores.argmax(axis=2), exact.scores.argmax(axis=2))
    # It tells no probabilities and keeps to no schema, which two more replies show.
    with_store = ReplyStore(asked_store(asked))
    assert with_store.facts["mode"] == "letters" and len(with_store) == 6 + 2


def asked_store(model):
    from pathlib import Path

    return Path(model.folder) / REPLIES_FILE

"""A student learns its teachers' probabilities beside the labels, whatever kind of model they are."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import every

from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import calibrate, fit
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.multitask import Joint
from stancekit.models.encoder.network import keep_layers, pretrained
from stancekit.models.encoder.teachers import soft_labels
from stancekit.models.majority import Majority

SETTINGS = {
    "epochs": 4,
    "min_steps": 0,
    "batch_size": 32,
    "learning_rate": 3e-3,
    "max_length": 48,
    "label_smoothing": 0,
    "class_weight": None,
}


@pytest.fixture
def some(parts):
    return every(parts.train, 600)


def taught(tiny, saved, some, **settings):
    model = Joint(
        ["stance"], checkpoint=tiny, teacher=[str(saved / "stance")], **SETTINGS, **settings
    )
    model.fit_heads({"stance": some}, {"stance": some.take(range(50))})
    return model


def test_labels_are_mixed_with_probabilities(saved, some, tmp_path):
    teacher = persistence.load(saved / "stance")
    names = teacher.codebook.names
    gold = np.array([names.index(label) for (label,) in some.labels])
    gold[0] = -1
    soft = soft_labels(
        [str(saved / "stance"), str(saved / "diplomacy")],
        some.examples,
        {"stance": gold},
        {"stance": names},
        share=0.25,
        keep=tmp_path,
    )["stance"]
    scores = teacher.scores(some.examples)
    assert soft[0] == pytest.approx(scores[0], abs=1e-6)
    assert soft[1] == pytest.approx(0.25 * scores[1] + 0.75 * np.eye(len(names))[gold[1]], abs=1e-6)
    assert soft.sum(axis=1) == pytest.approx(np.ones(len(some)), abs=1e-5)
    assert [path.suffix for path in tmp_path.iterdir() if path.is_file()] == [".npy"]


@pytest.mark.slow
def test_a_student_of_a_teacher_alone_learns_nothing_from_gold(tiny, some, tmp_path):
    """A teacher that gives every example the shares of the codes is learned as it is."""
    teacher = fit(Majority(), some, some, name="shares")
    folder = persistence.save(replace(teacher, temperature=1.0), tmp_path / "teacher")
    wanted = persistence.load(folder).scores(some.examples)

    def distance(share):
        given = {"teacher": [str(folder)], "teacher_share": share} if share else {}
        model = Joint(["stance"], checkpoint=tiny, **given, **SETTINGS)
        model.fit_heads({"stance": some}, {"stance": some.take(range(50))})
        head = model.head("stance")
        order = [teacher.codebook.names.index(code) for code in head.classes_]
        return np.abs(head.predict_proba(some.examples) - wanted[:, order]).mean()

    assert distance(1.0) < distance(0.5) < distance(None)


@pytest.mark.slow
def test_a_saved_student_names_its_teacher_by_a_sum_alone(tiny, saved, some, tmp_path):
    student = taught(tiny, saved, some)
    fitted = calibrate(student.head("stance"), some.take(range(50)))
    folder = persistence.save(fitted, tmp_path / "student")
    settings = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    [teacher] = settings["params"]["teacher"]
    assert teacher.startswith("sha256:") and str(saved) not in json.dumps(settings)
    again = persistence.load(folder)
    assert again.predict(some.examples[:20]) == fitted.predict(some.examples[:20])


def test_a_teacher_of_other_codes_is_refused(tiny, saved, some):
    with pytest.raises(
        KitError, match=r"0 of the teachers .*name one saved model for each codebook"
    ):
        Encoder(tiny, teacher=[str(saved / "diplomacy")], **SETTINGS).fit(
            some.examples[:40], np.array(["for", "against"] * 20)
        )
    with pytest.raises(KitError, match="teacher_share is 0"):
        taught(tiny, saved, some, teacher_share=0)


def test_layers_are_left_out_evenly(tiny):
    encoder = pretrained(tiny)
    before = list(encoder.encoder.layer)
    keep_layers(encoder, 2)
    assert list(encoder.encoder.layer) == [before[0], before[-1]]
    assert encoder.config.num_hidden_layers == 2
    with pytest.raises(KitError, match=r"layers is 9; this encoder has 2 layers"):
        keep_layers(encoder, 9)

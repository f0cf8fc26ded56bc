"""Every format gives back the judgements that it was given, whatever stands in them."""

import pytest
from judged_project import judged_project

from stancekit.annotation.exchange.known_formats import (
    EXCHANGE_FORMATS,
    format_of,
    read_records,
    write_records,
)
from stancekit.annotation.exchange.outward import project_records

FILES = [
    (name, f"judgements{ending}")
    for name, form in EXCHANGE_FORMATS.items()
    for ending in form.endings
    if ending not in (".tsv", ".xlsx")
]


@pytest.fixture(params=[("stance", "diplomacy"), ("diplomacy",)], ids=["two", "one"])
def project(request, tmp_path):
    with judged_project(tmp_path / "study.db", request.param) as made:
        yield made


def in_order(records):
    return sorted(records, key=repr)


@pytest.mark.parametrize(("name", "file"), FILES)
def test_what_is_written_is_read_back(project, tmp_path, name, file):
    records = project_records(project)
    assert len({record.text for record in records}) > 3
    path = tmp_path / file
    assert write_records(path, records, project.codebooks, format=name) == name
    assert format_of(path, project.codebooks) == name
    back = read_records(path, project.codebooks)
    from dataclasses import replace

    plain = [
        replace(r, judgement=replace(r.judgement, item=0, number=0, request="")) for r in records
    ]
    assert in_order(back.records) == in_order(plain), [
        (a, b) for a, b in zip(in_order(back.records), in_order(plain), strict=False) if a != b
    ][:1]

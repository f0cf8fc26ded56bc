"""The judgements of a project that stand, as records to be written."""

from collections.abc import Collection

from stancekit.annotation.exchange.record import Record
from stancekit.annotation.project import Project
from stancekit.annotation.records import Item, Judgement


def standing_judgements(project: Project) -> list[Judgement]:
    """Return the judgements that stand, in the order in which they were made.

    Of one after a suggestion was seen, the one before stands too.
    """
    held: dict[tuple[int, str, int], list[Judgement]] = {}
    for judgement in project.judgements():
        key = (judgement.item, judgement.annotator, judgement.repeat)
        if judgement.action == "take back":
            held.pop(key, None)
        elif judgement.suggestion == "after" and key in held:
            held[key] = [*held[key][:1], judgement]
        else:
            held[key] = [judgement]
    standing = [judgement for each in held.values() for judgement in each]
    return sorted(standing, key=lambda judgement: judgement.number)


def project_records(project: Project) -> list[Record]:
    """Return the judgements that stand with their items.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"id": "r1", "text": "Peru said no.", "actor": "Peru", "target": "whaling"}]
    >>> with Project.create(file, rows=rows, codebooks=["stance"], annotators=["ana"]) as project:
    ...     _ = project.save(Judgement(item=1, annotator="ana", codes={"stance": ("condemn",)}))
    ...     [(record.id, record.judgement.codes) for record in project_records(project)]
    [('r1', {'stance': ('condemn',)})]
    """
    items = {item.number: item for item in project.items()}
    return [_record(items[judgement.item], judgement) for judgement in standing_judgements(project)]


def _record(item: Item, judgement: Judgement) -> Record:
    actor, target = item.actor, item.target
    about = {
        "actor_start": actor and actor.start,
        "actor_end": actor and actor.end,
        "actor_code": actor and actor.code,
        "target_start": target and target.start,
        "target_end": target and target.end,
        "kind": item.kind,
        "batch": item.batch,
        "round": item.round,
        "probability": item.probability,
    }
    return Record(
        id=item.id,
        text=item.text,
        actor=actor.name if actor else "",
        target=target.name if target else "",
        article=item.article,
        judgement=judgement,
        # The names of columns of the item's own are free, and those above are taken.
        about={**about, **{_free(name, about): value for name, value in item.fields.items()}},
    )


def _free(name: str, taken: Collection[str]) -> str:
    return f"item_{name}" if name in taken else name

"""The pages without a browser: what they show, what forms do, and what is refused."""

import re
from urllib.parse import urlencode

import pytest
from conftest import growth
from starlette.testclient import TestClient

from stancekit.annotation.order import order_of
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.annotation.server import make_app
from stancekit.corpus.project_file import read_project
from stancekit.errors import KitError
from stancekit.labelling.project_gold import project_notes

BASE = "http://127.0.0.1:8000"
EVIL = "<script>document.title='broken'</script>"


def rows(n=6, **more):
    return [
        {
            "article": f"a{at // 2}",
            "text": f"Peru left room {at}.",
            "actor": "Peru",
            "target": "room",
        }
        | more
        for at in range(n)
    ]


def make(folder, data=None, people=("ana", "ben"), **settings):
    project = Project.create(
        folder / "study.db",
        rows=rows() if data is None else data,
        codebooks=["stance", "diplomacy"],
        annotators=people,
        **{"overlap": "all", **settings},
    )
    project.add_annotator("boss", role="lead")
    return project


@pytest.fixture
def project(tmp_path):
    with make(tmp_path) as made:
        yield made


class Visitor:
    """Somebody with a link, who sends the forms that pages show."""

    def __init__(self, project, name, **headers):
        self.project, self.person = project, project.annotator(name)
        area = "lead" if self.person.role == "lead" else "a"
        self.home = f"/{area}/{self.person.token}"
        self.client = TestClient(
            make_app(project), base_url=BASE, headers={"origin": BASE, **headers}
        )

    def get(self, path="", **more):
        return self.client.get(f"{self.home}{path}", **more)

    def form(self, page, which="judge"):
        """Return the address and the hidden fields of a form of a page."""
        pattern = {"judge": r'<form class="judge".*?</form>', "undo": r'<form id="undo".*?</form>'}
        found = re.search(pattern[which], page, re.DOTALL)[0]
        address = re.search(r'action="([^"]*)"', found)[1].replace("&amp;", "&")
        fields = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', found)
        return address, fields

    def post(self, address, fields, **more):
        body = urlencode(fields)
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.client.post(address, content=body, headers=kind | more, follow_redirects=False)

    def judge(self, *fields, page=None, path=""):
        """Send the form of a page, by default of the next item, with fields filled in."""
        address, hidden = self.form(self.get(path).text if page is None else page)
        return self.post(address, [*hidden, ("action", "save"), *fields])

    def take_back(self):
        address, fields = self.form(self.get().text, "undo")
        return self.post(address, [*fields, ("action", "take back")])


def stance(code):
    return ("codes stance", code)


def frame(code):
    return ("codes diplomacy", code)


def test_a_judgement_is_saved_and_the_next_item_shown(project):
    ana = Visitor(project, "ana")
    (first, _), (second, _) = order_of(project, "ana")[:2]
    page = ana.get().text
    assert f"/item/{first}" in page and "0 of 6" in page and "Take back" not in page
    answer = ana.judge(stance("support"), frame("peace"), ("unsure", "1"), ("note", " a\r\nb "))
    assert answer.status_code == 303 and answer.headers["location"] == ana.home
    [saved] = project.current("ana").values()
    assert saved.codes == {"stance": ("support",), "diplomacy": ("peace",)}
    assert (saved.item, saved.unsure, saved.note, saved.suggestion) == (first, True, "a\nb", "")
    assert 0 <= saved.seconds < 60 and saved.hashes == project.hashes
    page = ana.get().text
    assert f"/item/{second}" in page and "1 of 6" in page and "support · peace · unsure" in page


def test_no_frame_that_was_submitted_is_none_of_them(project):
    Visitor(project, "ana").judge(stance("none"))
    [saved] = project.current("ana").values()
    assert saved.codes == {"stance": ("none",), "diplomacy": ()}


def test_what_is_missing_is_said_and_what_was_filled_in_stays(project):
    ana = Visitor(project, "ana")
    answer = ana.judge(frame("peace"), ("note", "kept <b>"))
    assert answer.status_code == 422 and "Choose a code of stance." in answer.text
    assert "kept &lt;b&gt;" in answer.text
    assert re.search(r'value="peace"[^>]* checked', answer.text)
    assert not list(project.judgements())
    answer = ana.judge(stance("support"), page=answer.text)
    assert answer.status_code == 303 and len(project.current("ana")) == 1


def test_a_form_that_is_sent_twice_is_one_judgement(project):
    ana = Visitor(project, "ana")
    page = ana.get().text
    answers = [ana.judge(stance("support"), page=page).status_code for _ in range(2)]
    assert answers == [303, 303] and len(list(project.judgements())) == 1


def test_taking_back_shows_the_item_again_as_it_was(project):
    ana = Visitor(project, "ana")
    ana.judge(stance("support"), frame("peace"))
    ana.judge(stance("none"))
    first, second = (step[0] for step in order_of(project, "ana")[:2])
    answer = ana.take_back()
    page = ana.client.get(answer.headers["location"]).text
    assert f"/item/{second}" in page and "Taken back" in page
    assert re.search(r'value="none"[^>]* checked', page)
    assert set(project.current("ana")) == {(first, 0)}
    ana.judge(stance("condemn"), page=page)
    assert project.current("ana")[second, 0].codes["stance"] == ("condemn",)
    assert [each.action for each in project.judgements()] == [
        "judge",
        "judge",
        "take back",
        "judge",
    ]


def test_two_windows_do_not_overwrite_each_other(project):
    ana = Visitor(project, "ana")
    pages = [ana.get().text for _ in range(2)]
    ana.judge(stance("support"), page=pages[0])
    answer = ana.judge(stance("condemn"), ("note", "mine"), page=pages[1])
    assert answer.status_code == 409 and "Another window was faster" in answer.text
    assert "support" in answer.text and "condemn" in answer.text
    [kept] = project.current("ana").values()
    assert kept.codes["stance"] == ("support",)
    found = re.search(r'<form method="post" action="([^"]*)">(.*?)</form>', answer.text, re.DOTALL)
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', found[2])
    assert ana.post(found[1], fields).status_code == 303
    [kept] = project.current("ana").values()
    assert kept.codes["stance"] == ("condemn",) and kept.note == "mine"
    assert len(list(project.judgements())) == 2


def test_frames_are_asked_once_per_sentence_and_annotator(tmp_path):
    data = [
        {"article": "a", "text": "Peru and Chile left.", "actor": actor}
        for actor in ("Peru", "Chile")
    ]
    with make(tmp_path, data) as project:
        for name in ("ana", "ben"):
            visitor = Visitor(project, name)
            assert 'value="peace"' in visitor.get().text
            visitor.judge(stance("support"), frame("peace"))
            page = visitor.get().text
            assert 'value="peace"' not in page and 'value="support"' in page
            visitor.judge(stance("none"))
            codes = [each.codes for each in project.current(name).values()]
            assert codes[0]["diplomacy"] == ("peace",) and "diplomacy" not in codes[1]
        visitor.take_back()
        visitor.take_back()
        # Taken back, they are asked again, at whichever item comes first.
        assert 'value="peace"' in visitor.get().text


def test_what_is_wrong_with_the_pair(project):
    ana = Visitor(project, "ana")
    ana.judge(("finding", "no actor"), stance("support"))
    answer = ana.judge(("finding", "actor missing"), stance("support"))
    assert answer.status_code == 422 and "Say which actor is missing" in answer.text
    answer = ana.judge(
        ("finding", "actor missing"), ("marked", "the delegate"), stance("none"), page=answer.text
    )
    assert answer.status_code == 422 and "is not in the text" in answer.text
    ana.judge(("finding", "actor missing"), ("marked", " peru  LEFT "), stance("none"))
    ana.judge(("finding", "wrong target"), ("marked", ""))
    first, second, third = project.current("ana").values()
    assert (first.finding, first.codes) == ("no actor", {"diplomacy": ()})
    assert (second.finding, second.marked) == ("actor missing", "peru LEFT")
    assert second.codes["stance"] == ("none",) and third.finding == "wrong target"


def suggested(code, n=1):
    scores = {"condemn": 0.8, "support": 0.1, "abstain": 0.05, "none": 0.05}
    return rows(n, stance=code, stance_scores=scores)


def test_no_model_is_seen_unless_asked_for(tmp_path):
    with make(tmp_path, suggested("condemn")) as project:
        ana = Visitor(project, "ana")
        assert 'class="model"' not in ana.get().text
        assert ana.judge(stance("none")).headers["location"] == ana.home
        assert 'class="model"' not in ana.get("/item/1?look=1").text
        assert next(project.judgements()).suggestion == ""


def test_the_model_is_shown_after_and_both_are_kept(tmp_path):
    with make(tmp_path, suggested("condemn", 2), suggest="after") as project:
        ana = Visitor(project, "ana")
        assert 'class="model"' not in ana.get().text
        answer = ana.judge(stance("none"))
        assert answer.headers["location"].endswith("look=1")
        page = ana.client.get(answer.headers["location"]).text
        assert "model 80 %" in page and re.search(r'value="none"[^>]* checked', page)
        answer = ana.judge(stance("condemn"), page=page)
        assert answer.headers["location"] == ana.home
        made = [(each.codes["stance"], each.suggestion) for each in project.judgements()]
        assert made == [(("none",), ""), (("condemn",), "after")]
        # Where both say the same there is nothing to look at again.
        assert ana.judge(stance("condemn")).headers["location"] == ana.home
        assert "the model says so too" in ana.get().text


def test_codes_given_anew_once_the_model_was_seen_are_none_without_it(tmp_path):
    with make(tmp_path, suggested("condemn", 1), suggest="after") as project:
        ana = Visitor(project, "ana")
        ana.judge(stance("none"))
        project.take_back(1, "ana")
        ana.judge(stance("condemn"), path="/item/1")
        made = [(each.action, each.suggestion) for each in project.judgements()]
        assert made == [("judge", ""), ("take back", ""), ("judge", "before")]
    (row,) = read_project(project.path)
    assert row["stance"] == ["condemn"] and row["suggestion"] == "before"
    with pytest.raises(KitError, match=r"1 of 1 judgements of stance .* in view"):
        project_notes([project.path], "stance", suggested=False)


def test_a_model_that_is_shown_before_marks_every_judgement(tmp_path):
    with make(tmp_path, suggested("condemn"), suggest="before") as project:
        ana = Visitor(project, "ana")
        page = ana.get().text
        assert "model 80 %" in page and not re.search(r'value="condemn"[^>]* checked', page)
        ana.judge(stance("none"))
        assert next(project.judgements()).suggestion == "before"
        boss = Visitor(project, "boss")
        assert "partly with the model" in boss.get().text


def test_repeats_and_controls_are_not_told_from_others(tmp_path):
    with make(tmp_path, rows(40), people=("ana",), repeats=0.2) as project:
        project.add_items(rows(1, stance="support", text="Peru is sure."), kind="control")
        ana = Visitor(project, "ana")
        steps = order_of(project, "ana")
        assert sum(repeat for _, repeat in steps) > 1 and len(steps) > 41
        for _ in steps:
            page = ana.get().text
            shown = re.sub(r'action="[^"]*"', "", page)
            assert "control" not in shown and "repeat" not in shown
            ana.judge(stance("support"))
        assert "All" in ana.get().text and len(project.current("ana")) == len(steps)
        page = Visitor(project, "boss").get().text
        assert "same the second time" in page and re.search(
            r"100 % <span class=\"how\">of 1<", page
        )


def test_only_one_s_own_pages_are_there(project):
    ana, boss = Visitor(project, "ana"), Visitor(project, "boss")
    for path in (
        "/a/nobody",
        "/a/nobody/item/1",
        f"/a/{boss.person.token}",
        f"/lead/{ana.person.token}",
        f"/lead/{ana.person.token}/adjudicate",
        f"{ana.home}/item/99",
        f"{ana.home}/item/{10**30}",
        f"{ana.home}/item/1?repeat=1",
        f"{boss.home}/adjudicate/1",
        "/static/../server.py",
        "/static/item.html",
    ):
        answer = ana.client.get(path)
        assert answer.status_code == 404 and "There is no such page" in answer.text, path
    start = ana.client.get("/").text
    assert "own link" in start and ana.person.token not in start


def test_nobody_sees_what_others_said(project):
    Visitor(project, "ana").judge(stance("support"), ("note", "a secret"))
    page = Visitor(project, "ben").get().text
    assert "a secret" not in page and "ana" not in re.sub(r"<[^>]*>", "", page).split()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:8000"}, 421),
        ({"host": "evil.example@127.0.0.1"}, 421),
        ({"host": ""}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "https://127.0.0.1:8000"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_other_hosts_and_origins_are_refused(project, headers, status):
    ana = Visitor(project, "ana")
    address, fields = ana.form(ana.get().text)
    answer = ana.post(address, [*fields, stance("support")], **headers)
    assert answer.status_code == status and not list(project.judgements())
    if "host" in headers:
        assert ana.get(headers=headers).status_code == status


def test_a_form_without_origin_needs_a_referer_from_here(project):
    ana = Visitor(project, "ana")
    del ana.client.headers["origin"]
    address, fields = ana.form(ana.get().text)
    assert ana.post(address, fields).status_code == 403
    assert ana.post(address, fields, referer="http://evil.example/x").status_code == 403
    sent = [*fields, stance("none")]
    assert ana.post(address, sent, referer=f"{BASE}{ana.home}").status_code == 303


def test_names_of_the_machine_are_served_where_it_is_opened(project):
    app = make_app(project, ["192.0.2.7", "Box"])
    for host in ("192.0.2.7:80", "box:1", "localhost", "[::1]:9"):
        assert TestClient(app, base_url=BASE).get("/", headers={"host": host}).status_code == 200


def test_every_answer_bears_the_policy(project):
    ana = Visitor(project, "ana")
    for path in ("/", ana.home, "/static/keys.js", "/static/annotate.css", "/nowhere"):
        headers = ana.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert (
            headers["cache-control"] == "no-store" and headers["referrer-policy"] == "same-origin"
        )
        assert headers["x-content-type-options"] == "nosniff"
    assert ana.client.put("/").status_code == 405


def test_pages_have_no_script_or_style_of_their_own(project):
    ana, boss = Visitor(project, "ana"), Visitor(project, "boss")
    for visitor in (ana, Visitor(project, "ben")):
        visitor.judge(stance("support" if visitor is ana else "none"))
    for page in (ana.get(), ana.get("/codebook"), boss.get(), boss.get("/adjudicate")):
        assert page.status_code == 200
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.text)
        assert re.findall(r"<script[^>]*>", page.text) == ['<script src="/static/keys.js" defer>']


def test_a_form_that_is_no_form_is_refused(project):
    ana = Visitor(project, "ana")
    address, fields = ana.form(ana.get().text)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert ana.client.post(address, content=b"\xff\xfe=1", headers=kind).status_code == 400
    assert ana.post(address, [("a", "b")] * 2000).status_code == 400
    assert ana.post(address, [("note", "x" * 300_000)]).status_code == 413
    long = ana.post(address, [*fields, stance("none"), ("note", "x" * 6000)])
    assert long.status_code == 422 and "shorten it to 5000" in long.text
    # Codes that are none, several where there is one, and no codebook at all.
    for sent in ([stance("treason")], [stance("none"), stance("support")], [("finding", "odd")]):
        assert ana.post(address, [*fields, *sent]).status_code in (400, 422)
    assert ana.post(address, [("action", "save"), stance("support")]).status_code == 400
    assert ana.post(address, [("action", "take back"), ("seen", "9" * 99)]).status_code == 400
    assert not list(project.judgements())


def test_hostile_text_stays_text(tmp_path):
    text = f"{EVIL} \"Peru\" & 'x' \x1b[31m\x00 \u202egnp.exe {{{{ 7*7 }}}}"
    data = [
        {
            "text": text,
            "actor": "Peru",
            "target": EVIL,
            "before": EVIL,
            "after": "'\"><img src=x>",
            "article": "a",
        }
    ]
    with make(tmp_path, data, people=(EVIL, "ben")) as project:
        evil = Visitor(project, EVIL)
        page = evil.get().text
        shown = re.sub(r"<(/?)mark[^>]*>", "", page)
        assert EVIL not in page and "&lt;script&gt;" in shown and "<img" not in page
        assert "\x1b" not in page and "\x00" not in page and "\u202e" not in page
        assert "␛[31m" in page and "{{ 7*7 }}" in page
        evil.judge(stance("support"), ("note", EVIL + "\x00"))
        Visitor(project, "ben").judge(stance("none"), ("note", "'\"><b>"))
        boss = Visitor(project, "boss")
        for page in (evil.get().text, boss.get().text, boss.get("/adjudicate").text):
            assert EVIL not in page and "<img" not in page and "<b>" not in page
        assert project.item(1).text == text


def test_the_lead_sees_counts_agreement_and_confusions(project):
    given = {"ana": ["support"] * 4 + ["condemn"] * 2, "ben": ["support"] * 3 + ["condemn"] * 3}
    for name, codes in given.items():
        visitor = Visitor(project, name)
        by_item = dict(enumerate(codes, 1))
        for number, _ in order_of(project, name):
            visitor.judge(stance(by_item[number]), frame("peace"))
    page = Visitor(project, "boss").get().text
    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "of 6 items judged 6" in words
    assert "condemn and support 1" in words and "Peru left room 3." in words
    # Of 12 codes 7 are support: 1 - (2 / 12) / (2 * 7 * 5 / (12 * 11)).
    assert "all .686 [" in words and "on the scale .686 [" in words
    assert "ana and ben 83 %" in words
    assert "support 4 3" in words and "condemn 2 3" in words
    assert "to decide 1" in words


def test_what_is_decided_is_shown_without_names_and_ends_the_dispute(project):
    for name, code in (("ana", "support"), ("ben", "condemn")):
        visitor = Visitor(project, name)
        for number, _ in order_of(project, name):
            visitor.judge(stance(code if number == 2 else "none"), ("note", f"by {code}"))
    boss = Visitor(project, "boss")
    page = boss.get("/adjudicate").text
    plain = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "1 to decide" in plain and "2 steps apart" in plain and "Peru left room 1." in plain
    assert not {"ana", "ben"} & set(plain.split())
    assert "by support" in plain and "by condemn" in plain
    # Frames are not in dispute, so they are not asked.
    assert 'name="codes diplomacy"' not in page
    answer = boss.judge(stance("support"), ("note", "It thanks them."), path="/adjudicate")
    assert answer.status_code == 303
    [decision] = project.decisions().values()
    assert (decision.item, decision.action) == (2, "adjudicate")
    assert decision.codes == {"stance": ("support",)} and decision.note == "It thanks them."
    page = boss.get("/adjudicate").text
    assert "Nothing to decide" in page and "5 are unanimous and 1 decided" in page
    assert len(project.current("ana")) == len(project.current("ben")) == 6
    number = list(project.judgements())[-1].number
    fields = [("action", "take back"), ("seen", number)]
    assert boss.post(f"{boss.home}/adjudicate/2", fields).status_code == 303
    assert "1 to decide" in boss.get("/adjudicate").text


def test_disputes_on_frames_are_of_the_sentence(tmp_path):
    data = [
        {"article": "a", "text": "Peru and Chile left.", "actor": actor}
        for actor in ("Peru", "Chile")
    ]
    with make(tmp_path, data) as project:
        # Each was asked for frames at another item of the sentence.
        for name, item, code in (("ana", 1, "peace"), ("ben", 2, "economy")):
            project.save(
                Judgement(
                    item=item,
                    annotator=name,
                    codes={"stance": ("support",), "diplomacy": (code,)},
                )
            )
            project.save(Judgement(item=3 - item, annotator=name, codes={"stance": ("support",)}))
        boss = Visitor(project, "boss")
        page = boss.get("/adjudicate").text
        plain = " ".join(re.sub(r"<[^>]*>", " ", page).split())
        assert "1 to decide" in plain and "diplomacy: 1.00 apart" in plain
        voices = plain[plain.index("Chile left.") :]
        assert "peace" in voices and "economy" in voices
        boss.judge(frame("peace"), path="/adjudicate")
        assert "Nothing to decide" in boss.get("/adjudicate").text


def test_one_says_there_is_no_actor_and_another_gives_a_code(project):
    for name, fields in (("ana", [stance("support")]), ("ben", [("finding", "no actor")])):
        Visitor(project, name).judge(*fields, path="/item/1")
    boss = Visitor(project, "boss")
    page = boss.get("/adjudicate").text
    assert "not agreed on what was found" in page and 'value="no actor"' in page
    boss.judge(("finding", "no actor"), path="/adjudicate")
    assert "Nothing to decide" in boss.get("/adjudicate").text
    words = " ".join(re.sub(r"<[^>]*>", " ", boss.get().text).split())
    assert "no actor 1 of 1, 100 %" in words


def test_a_dispute_is_left_for_later(project):
    for name, code in (("ana", "support"), ("ben", "condemn")):
        for number in (1, 2):
            Visitor(project, name).judge(stance(code), path=f"/item/{number}")
    boss = Visitor(project, "boss")
    first = boss.get("/adjudicate").text
    later = re.search(r'href="[^"]*(/adjudicate\?after=\d+)"', first)[1]
    assert f"{boss.home}/adjudicate/1" in first
    assert 'action="' + f"{boss.home}/adjudicate/2" in boss.get(later).text
    assert boss.get("/adjudicate?after=x").status_code == 200


def test_a_codebook_that_changed_shows_what_was_judged_before(project):
    from dataclasses import replace

    Visitor(project, "ana").judge(stance("support"))
    book = project.codebooks[0]
    codes = tuple(replace(code, definition=f"{code.definition} Now.") for code in book.codes)
    project.update_codebook(replace(book, codes=codes))
    boss = Visitor(project, "boss")
    assert "1 judged by an earlier version of the codebook" in boss.get().text
    assert "Now." in Visitor(project, "ana").get().text


def test_pages_without_items_or_people(tmp_path):
    with make(tmp_path, rows(1), people=("ana",), overlap=1) as project:
        project.add_annotator("late")
        late = Visitor(project, "late")
        assert "Nothing to judge yet" in late.get().text
        boss = Visitor(project, "boss")
        assert "No item has been judged by two" in boss.get().text
        assert "Nothing to decide" in boss.get("/adjudicate").text


@pytest.mark.slow  # a project of 100,000 items takes seconds to write
def test_a_key_is_answered_as_soon_in_a_large_project(tmp_path):
    projects = {}

    def prepare(n):
        if n not in projects:
            projects[n] = make(tmp_path / str(n), rows(n), share=0.5, repeats=0.05)
        ana = Visitor(projects[n], "ana")

        def work():
            for _ in range(10):
                ana.judge(stance("support"), frame("peace"), page=ana.get().text)

        return work

    assert growth(prepare, 1_000, 100_000) < 10
    for project in projects.values():
        project.close()

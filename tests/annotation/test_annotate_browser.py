"""The pages in a real browser: by keyboard alone, without JavaScript, on phones, and for whoever does not see them."""

import pytest
from conftest import needs_chromium

from stancekit.annotation.order import order_of
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.annotation.serving import serving

pytestmark = [
    needs_chromium,
    pytest.mark.slow,  # browsers, and what five people do
]
EVIL = "<script>document.title='broken'</script>"
ARABIC = "رفضت بيرو القرار في الجلسة العامة، وقالت إنها ستصوت ضده."


def rows():
    told = [f"Peru denounced the levy {EVIL} for the {at}th time." for at in range(20)]
    told += [ARABIC, "Peru spoke of the levy. " * 60, "Peru " + "unbroken" * 60]
    return [
        {
            "article": f"a{at // 3}",
            "text": text,
            "actor": "بيرو" if text is ARABIC else "Peru",
            "target": "القرار" if text is ARABIC else "the levy",
            "before": "It rained.",
            "after": f"Chile left {EVIL}.",
        }
        for at, text in enumerate(told)
    ]


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "study.db"
    with Project.create(
        file,
        rows=rows(),
        codebooks=["stance", "diplomacy"],
        annotators=["ana", "ben"],
        overlap="all",
    ) as project:
        project.add_annotator("boss", role="lead")
        with serving(project) as address:
            yield project, address


def link(study, name):
    project, address = study
    person = project.annotator(name)
    return f"{address}/{'lead' if person.role == 'lead' else 'a'}/{person.token}"


@pytest.fixture
def opened(browser, study):
    """Return a function that opens somebody's page; at the end nothing was said or asked elsewhere."""
    pages, said, asked = [], [], []

    def open_page(name, path="", **settings):
        page = browser.new_page(**settings)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(link(study, name) + path)
        pages.append(page)
        return page

    # What a test provokes, as the status of an answer that Chromium tells.
    open_page.expected = []
    yield open_page
    for page in pages:
        assert page.title() != "broken"
        page.context.close()
    said = [line for line in said if not any(text in line for text in open_page.expected)]
    assert said == [] and all(url.startswith(study[1]) for url in asked)


def press(page, *keys):
    for key in keys:
        if key in ("Enter", "u"):
            with page.expect_navigation():
                page.keyboard.press(key)
        else:
            page.keyboard.press(key)


def judged(project, name):
    return {number: each for (number, _), each in project.current(name).items()}


def test_twenty_items_by_keyboard_alone(study, opened):
    project, _ = study
    page = opened("ana")
    for _ in range(20):
        press(page, "c", "4", "Enter")
    assert page.locator("progress").get_attribute("value") == "20"
    assert {tuple(each.codes.values()) for each in judged(project, "ana").values()} == {
        (("condemn",), ("morality",))
    }
    # One is taken back, said otherwise with a note, and the page reloaded.
    press(page, "u")
    assert page.get_by_text("Taken back").is_visible()
    assert page.get_by_label("condemn").first.is_checked()
    press(page, "o", "4", "8", "?", "n")
    page.keyboard.type("Not sure: c a s u")
    page.keyboard.press("Escape")
    press(page, "Enter")
    page.reload()
    assert page.locator("progress").get_attribute("value") == "20"
    last = max(judged(project, "ana").values(), key=lambda each: each.number)
    assert last.codes == {"stance": ("none",), "diplomacy": ("economy",)}
    assert last.unsure and last.note == "Not sure: c a s u" and last.seconds is not None
    for _ in range(3):
        press(page, "s", "Enter")
    assert page.get_by_text("All 23 are judged").is_visible()
    press(page, "u", "a", "Enter")
    assert len(judged(project, "ana")) == 23


def test_enter_in_a_note_saves_and_keys_there_are_text(study, opened):
    page = opened("ana")
    press(page, "a", "n")
    page.keyboard.type("u?1c")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    press(page, "Enter")
    [one] = judged(study[0], "ana").values()
    assert one.note == "u?1c\ntwo" and one.codes == {"stance": ("abstain",), "diplomacy": ()}


def test_what_was_missed_is_marked_by_selecting_it(study, opened):
    page = opened("ana", f"/item/{1}")
    field = page.locator("[name=marked]")
    assert not field.is_visible()
    press(page, "m")
    assert field.is_visible()
    page.locator(".context").last.select_text()
    assert field.input_value().startswith("Chile left <script>")
    page.evaluate(
        "const t = document.querySelector('.context:last-of-type').firstChild;"
        "getSelection().setBaseAndExtent(t, 0, t, 5)"
    )
    assert field.input_value() == "Chile"
    press(page, "s", "Enter")
    one = judged(study[0], "ana")[1]
    assert (one.finding, one.marked) == ("actor missing", "Chile")
    # The same key takes a finding back.
    page.goto(link(study, "ana") + "/item/1")
    press(page, "m")
    assert page.get_by_label("as found").is_checked() and not field.is_visible()
    press(page, "x")
    assert page.get_by_text("no code of the pair is recorded").is_visible()


def test_the_code_with_the_focus_or_under_the_pointer_is_explained(opened):
    page = opened("ana", viewport={"width": 1440, "height": 900})
    shown = page.locator(".codebook details[open]")
    assert shown.count() == 0
    press(page, "c")
    assert "against the target" in shown.inner_text() and "Near miss" in shown.inner_text().replace(
        "NEAR MISS", "Near miss"
    )
    page.locator("label", has_text="legality").hover()
    assert shown.count() == 1 and "rules by which texts bind" in shown.inner_text()
    assert shown.is_visible()


def send(page, name):
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name=name).click()
    return navigation.value


def judge_all(project, name, code_of):
    """Save what an annotator says of every item, as the pages do."""
    for number, repeat in order_of(project, name):
        codes = {"stance": (code_of(number),), "diplomacy": ("morality",)}
        project.save(
            Judgement(item=number, annotator=name, codes=codes, repeat=repeat, seconds=5.0)
        )


def test_everything_works_without_javascript(study, opened):
    project, _ = study
    page = opened("ben", java_script_enabled=False, viewport={"width": 390, "height": 844})
    for at in range(20):
        page.locator("label", has_text="condemn" if at else "support").first.click()
        page.locator("label", has_text="economy").first.click()
        send(page, "Save and go on")
    assert len(judged(project, "ben")) == 20
    send(page, "Take back")
    assert page.get_by_text("Taken back").is_visible() and len(judged(project, "ben")) == 19
    page.locator("label", has_text="abstain").first.click()
    send(page, "Save and go on")
    last = max(judged(project, "ben").values(), key=lambda each: each.number)
    assert last.codes == {"stance": ("abstain",), "diplomacy": ("economy",)}
    page.goto(link(study, "ben") + "/item/1")
    page.locator("summary", has_text="condemn").click()
    assert page.get_by_text("The sentence conveys that the actor is against").is_visible()
    page.locator("label", has_text="actor missing").click()
    page.locator("[name=marked]").fill("Chile")
    page.locator("label", has_text="condemn").first.click()
    send(page, "Save and go on")
    assert judged(project, "ben")[1].marked == "Chile"
    # A page without a code says so, and keeps the rest.
    page.goto(link(study, "ana"))
    page.locator("[name=note]").fill("kept")
    assert send(page, "Save and go on").status == 422
    assert page.get_by_text("Choose a code of stance.").is_visible()
    assert page.locator("[name=note]").input_value() == "kept"
    opened.expected.append("status of 422")


def test_decisions_without_javascript(study, opened):
    project, _ = study
    judge_all(project, "ana", lambda number: "support")
    judge_all(project, "ben", lambda number: "condemn" if number < 3 else "support")
    page = opened("boss", java_script_enabled=False)
    page.locator("summary", has_text="condemn and support").click()
    assert page.locator(".quotes li:visible").count() == 2
    page.get_by_role("link", name="to decide").click()
    for _ in range(2):
        page.locator("label", has_text="condemn").first.click()
        send(page, "Decide and go on")
    assert page.get_by_text("Nothing to decide").is_visible()
    assert [each.codes for each in project.decisions().values()] == [{"stance": ("condemn",)}] * 2
    send(page, "Take back")
    assert page.locator(".queue").inner_text().startswith("1 to decide")


def test_two_annotators_agreement_and_decisions(study, opened):
    project, _ = study
    for name, second in (("ana", "s"), ("ben", "c")):
        page = opened(name)
        for number, _ in order_of(project, name):
            press(page, second if number % 5 == 0 else "o", "4", "Enter")
    boss = opened("boss", viewport={"width": 1440, "height": 900})
    boss.get_by_text("condemn and support").click()
    assert boss.locator(".quotes li:visible").count() == 4
    with boss.expect_navigation():
        boss.get_by_role("link", name="what each said").first.click()
    with boss.expect_navigation():
        boss.get_by_role("link", name="Decide").click()
    queue = boss.locator(".queue")
    assert queue.inner_text().startswith("4 to decide")
    text = boss.locator(".voices").inner_text()
    assert "condemn" in text and "support" in text and "ana" not in text and "ben" not in text
    press(boss, "s", "n")
    boss.keyboard.type("Read again.")
    press(boss, "Enter")
    assert queue.inner_text().startswith("3 to decide")
    press(boss, "u")
    assert queue.inner_text().startswith("4 to decide")
    for _ in range(4):
        press(boss, "c", "Enter")
    assert boss.get_by_text("Nothing to decide").is_visible()
    assert {each.codes["stance"] for each in project.decisions().values()} == {("condemn",)}


def test_two_windows_of_one_annotator(study, opened):
    first, second = opened("ana"), opened("ana")
    press(first, "s", "Enter")
    second.keyboard.press("c")
    with second.expect_navigation() as navigation:
        second.keyboard.press("Enter")
    assert navigation.value.status == 409
    opened.expected.append("status of 409")
    assert second.get_by_text("Another window was faster").is_visible()
    send(second, "Save this one instead")
    [one] = judged(study[0], "ana").values()
    assert one.codes["stance"] == ("condemn",)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_have_no_fault_that_axe_finds(study, opened, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    project, _ = study
    judge_all(project, "ana", lambda number: "support")
    judge_all(project, "ben", lambda number: "condemn" if number < 9 else "support")
    project.take_back(1, "ana")
    project.take_back(3, "ana")
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    for name, path in (
        ("ana", ""),
        ("ana", "/item/2"),
        ("ana", f"/item/{len(rows()) - 1}"),
        ("ana", "/codebook"),
        ("ben", ""),
        ("boss", ""),
        ("boss", "/adjudicate"),
    ):
        page = opened(name, path, bypass_csp=True, **look)
        if path.startswith("/item"):
            press(page, "m", "c", "2")
        if name == "boss" and not path:
            page.locator("summary").nth(1).click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert len(found.response["passes"]) > 10
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.evaluate(
            "[...document.querySelectorAll('button, summary, .option, .bar nav a, .button')]"
            ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 44)"
            ".map(one => one.outerHTML)"
        )
        assert small == []


def test_text_is_written_in_its_own_direction(study, opened):
    page = opened("ana", "/item/21")
    direction = "one => getComputedStyle(one).direction"
    assert page.locator("#sentence").evaluate(direction) == "rtl"
    assert page.locator("#sentence mark").first.inner_text() == "بيرو"
    assert page.locator(".context").first.evaluate(direction) == "ltr"

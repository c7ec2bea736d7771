"""The page of a form as visitors see it: filled in, mended and thanked for, in light, dark and on a phone, without script."""
import json
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import SCREENSHOTS
from test_looks import MODES

SHOWN_FOR = 1.6


@pytest.fixture
def form(visit):
    """The path of the demo's form."""
    page = visit("/admin")
    answer = page.evaluate("fetch('/api/v1/lead-forms?name=Contact%20us').then(r => r.json())")
    return "/plugins/leads/forms/" + answer["data"][0]["key"]


@pytest.fixture
def outside(chromium, deployment):
    """Opens pages as somebody who is not logged in."""
    contexts = []

    def open_page(path, **options):
        context = chromium.new_context(base_url=deployment.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("mode", MODES)
def test_a_visitor_fills_in_the_form_mends_it_and_is_thanked(form, outside, visit, mode):
    page = outside(form, **MODES[mode], java_script_enabled=False)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"lead-form-{mode}.png"), full_page=True)
    opened = time.monotonic()
    # With the keyboard alone: the field that people do not see is not on the way.
    page.locator("#contact_name").focus()
    page.keyboard.type(f"Gwen {mode}")
    page.keyboard.press("Tab")
    page.keyboard.type("no address")
    page.keyboard.press("Tab")
    assert page.locator("#contact_phone:focus").count() == 1
    while time.monotonic() < opened + SHOWN_FOR:
        time.sleep(0.05)
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    assert page.locator("#contact_email").get_attribute("aria-invalid") == "true"
    assert page.locator("#contact_name").input_value() == f"Gwen {mode}"
    page.screenshot(path=str(SCREENSHOTS / f"lead-form-problems-{mode}.png"), full_page=True)
    again = time.monotonic()
    page.locator("#contact_email").fill(f"gwen.{mode}@visitors.example")
    page.locator("#description").fill("A boat\nwith two sails")
    while time.monotonic() < again + SHOWN_FOR:
        time.sleep(0.05)
    page.locator("button").click()
    page.get_by_text("We have your message").wait_for()
    page.screenshot(path=str(SCREENSHOTS / f"lead-form-thanks-{mode}.png"), full_page=True)
    office = visit("/admin")
    answer = office.evaluate(f"fetch('/api/v1/leads?contact_email=gwen.{mode}@visitors.example').then(r => r.json())")
    assert [lead["description"] for lead in answer["data"]] == ["A boat\nwith two sails"], json.dumps(answer)


@pytest.mark.parametrize("mode", MODES)
def test_the_page_of_a_form_fits_its_window_and_has_no_serious_barrier(form, outside, mode):
    page = outside(form, **MODES[mode])
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found
    assert page.locator("input[name=website]").bounding_box()["x"] < 0, "the trap is out of sight"


def test_a_form_stands_in_a_frame_of_a_site_that_is_named_and_in_no_other(form, outside, visit, deployment):
    office = visit("/admin")
    # Two sites on this machine: their origins differ by their names.
    port = deployment.url.rsplit(":", 1)[1]
    change = f"""
        const list = await (await fetch('/api/v1/lead-forms?name=Contact%20us')).json();
        const csrf = document.querySelector('meta[name=csrf]').content;
        return (await fetch('/api/v1/lead-forms/' + list.data[0].id, {{method: 'PATCH', headers: {{'content-type': 'application/json', 'x-csrf-token': csrf}},
            body: JSON.stringify({{allowed_origins: 'http://localhost:{port}'}})}})).status;
    """
    assert office.evaluate(f"async () => {{ {change} }}") == 200

    def framed(host):
        page = outside("/login")
        page.route("**/frame-me", lambda route: route.fulfill(
            content_type="text/html", body=f"<!doctype html><title>x</title><iframe src='{deployment.url}{form}?embed=1' width=600 height=900></iframe>"))
        page.goto(f"http://{host}:{port}/frame-me")
        page.wait_for_timeout(300)
        frame = page.frames[-1]
        return page, frame

    page, frame = framed("localhost")
    frame.locator("#contact_name").wait_for()
    page.screenshot(path=str(SCREENSHOTS / "lead-form-embedded.png"))
    page, frame = framed("127.0.0.1")
    assert frame.locator("#contact_name").count() == 0

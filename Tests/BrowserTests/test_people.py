"""Several people at once: what each may see, and what each is told."""
import re
import secrets

import pytest
from playwright.sync_api import expect

from conftest import Complaints


@pytest.fixture
def agent(chromium, deployment, visit):
    """A new sales agent's browser, and the agent's name."""
    name, email, password = "Nora " + secrets.token_hex(3), f"nora.{secrets.token_hex(3)}@example.com", secrets.token_urlsafe(12)
    admin = visit("/admin/users/new")
    admin.fill("#name", name)
    admin.fill("#email", email)
    admin.get_by_label("Sales agent", exact=True).check()
    admin.fill("#password", password)
    admin.click("text=Add user")
    admin.wait_for_url(re.compile(r"/admin/users/\d+$"))
    context = chromium.new_context(base_url=deployment.url, viewport={"width": 1360, "height": 850})
    page = context.new_page()
    complaints = Complaints()
    complaints.watch(page)
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin")
    yield page, name
    context.close()
    assert not complaints, complaints


def test_an_agent_sees_and_counts_only_what_is_the_agents(agent, visit):
    page, _ = agent
    page.goto("/admin/leads")
    expect(page.locator("main")).to_contain_text("No leads yet")
    for path in ("/admin/plugins", "/admin/roles", "/admin/settings", "/admin/fields", "/admin/jobs"):
        assert page.locator(f".side a[href='{path}']").count() == 0
        assert page.goto(path).status in (403, 404)
    assert page.goto("/admin/leads/42").status == 404
    expect(page.locator("h1")).to_have_text("Not found")
    page.goto("/admin/search?q=paper")
    assert page.locator("h2", has_text="Leads").count() == 0


def test_whoever_is_assigned_a_lead_is_told_at_once(agent, visit):
    page, name = agent
    page.goto("/admin")
    expect(page.locator("[data-unread]")).to_be_hidden()
    admin = visit("/admin/leads/new")
    title = "For Nora " + secrets.token_hex(3)
    admin.fill("#title", title)
    admin.locator("#assigned_to").select_option(label=name)
    admin.click("text=Add lead")
    admin.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(page.locator(".toasts")).to_contain_text(title)
    expect(page.locator("[data-unread]")).to_have_text("1")
    page.get_by_label("Notifications, 1 unread").click()
    page.locator(".notes li.unread a", has_text=title).click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("[data-unread]")).to_be_hidden()
    page.goto("/admin/leads")
    expect(page.locator("#total")).to_have_text("1")


def test_a_wrong_password_is_told_and_the_way_goes_on_to_where_one_wanted(chromium, deployment):
    context = chromium.new_context(base_url=deployment.url)
    page = context.new_page()
    page.goto("/admin/companies?q=paper")
    expect(page.locator("h1")).to_have_text("Log in")
    page.fill("#email", "admin@example.com")
    page.fill("#password", "not the password")
    page.press("#password", "Enter")
    expect(page.locator(".problems")).to_contain_text("is wrong")
    page.fill("#password", deployment.password)
    page.press("#password", "Enter")
    page.wait_for_url("**/admin/companies?q=paper")
    context.close()


def test_an_agent_is_offered_to_merge_what_is_there_already_and_may(agent):
    page, _ = agent
    word = "Twin" + secrets.token_hex(3)
    mail = f"{word.lower()}@x.example"
    page.goto("/admin/leads/new")
    page.fill("#title", f"{word} first")
    page.fill("#contact_email", mail)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    first = page.url
    page.goto("/admin/leads/new")
    page.fill("#title", f"{word} second")
    page.fill("#contact_email", mail)
    page.fill("#contact_phone", "+49 40 555 99")
    page.keyboard.press("Control+Enter")
    trouble = page.locator(".problems")
    expect(trouble).to_contain_text("There is an open lead with this e-mail address")
    expect(trouble.locator("a", has_text=f"Lead {word} first")).to_have_count(1)
    trouble.locator("button", has_text=f"Merge into {word} first").click()
    expect(page.locator("h1")).to_contain_text(f"Add to {word} first")
    page.locator("form button.primary").click()
    page.wait_for_url(first)
    expect(page.locator(".facts").first).to_contain_text("+49 40 555 99")

    # Two that are there become one, though an agent deletes none.
    page.goto("/admin/leads/new")
    page.fill("#title", f"{word} third")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    page.goto(f"/admin/leads?q={word}")
    page.locator("input[name=id]").nth(0).check()
    page.locator("input[name=id]").nth(1).check()
    expect(page.locator(".bulk >> text=Delete…")).to_have_count(0)
    page.locator(".bulk >> text=Merge…").click()
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("2 leads are one now")
    page.locator(".toasts button", has_text="Undo").click()
    expect(page.locator(".toasts")).to_contain_text("as before")

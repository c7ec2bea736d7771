"""Notes, the timeline that goes along, and the dialog that makes a customer of a lead."""
import re
import secrets

from playwright.sync_api import expect

from test_sales_day import new_lead


def box(page, title):
    return page.locator(".card-box", has=page.locator("h2", has_text=title))


def test_a_note_is_written_with_the_keyboard_seen_by_others_at_once_and_changed(visit):
    page = visit()
    lead = new_lead(page, "Noted " + secrets.token_hex(3))
    other = visit(lead)
    field = page.locator("form[data-note] textarea")
    field.fill("Calls back on Tuesday")
    field.press("Control+Enter")
    first = page.locator(".timeline > li").first
    expect(first.locator(".note")).to_have_text("Calls back on Tuesday")
    expect(field).to_have_value("")
    expect(other.locator(".timeline .note")).to_have_text("Calls back on Tuesday")
    first.hover()
    first.locator("text=Edit").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("textarea").fill("Calls back on Friday")
    dialog.locator("button.primary").click()
    expect(page.locator(".timeline .note").first).to_have_text("Calls back on Friday")
    page.once("dialog", lambda question: question.accept())
    note = page.locator(".timeline > li", has=page.locator(".note")).first
    note.hover()
    note.locator("text=Delete").click()
    expect(page.locator(".toasts")).to_contain_text("Note deleted")
    expect(page.locator(".timeline .note")).to_have_count(0)


def test_convert_shows_the_customer_who_has_the_e_mail_and_asks(visit):
    page = visit("/admin/customers/new")
    mail = f"ida.{secrets.token_hex(4)}@baltic.example"
    page.locator("#name").fill("Ida Known")
    page.locator("#email").fill(mail)
    page.locator("button.primary").last.click()
    page.wait_for_url(re.compile(r"/admin/customers/\d+$"))
    customer = page.url
    title = "Second contact " + secrets.token_hex(3)
    new_lead(page, title, contact_name="Ida K.", contact_email=mail, value="9000")
    page.locator("form[data-note] textarea").fill("Met at the fair")
    page.locator("form[data-note] button.primary").click()
    expect(page.locator(".timeline .note")).to_have_text("Met at the fair")
    page.click("text=Convert…")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#customer_name")).to_have_value("Ida K.")
    expect(dialog.locator("#customer")).to_be_hidden()
    dialog.locator("button.primary").click()
    notice = dialog.locator(".notice.problems")
    expect(notice).to_contain_text("Ida Known")
    assert customer.endswith(notice.locator("a[href*='/admin/customers/']").get_attribute("href"))
    dialog.locator("input[name=existing_customer][value=link]").check()
    dialog.locator("input[name=deal_option][value=new]").check()
    expect(dialog.locator("#deal_title")).to_have_value(title)
    dialog.locator("button.primary").click()
    page.wait_for_url(customer)
    expect(page.locator(".toasts")).to_contain_text("Ida Known is a customer now.")
    # The customer's page shows the lead, the deal and what happened to the lead.
    expect(box(page, "Leads")).to_contain_text(title)
    expect(box(page, "Deals")).to_contain_text(title)
    expect(page.locator(".timeline .note")).to_have_text("Met at the fair")
    expect(page.locator(".timeline a", has_text=title).first).to_have_attribute("href", re.compile(r"/admin/leads/\d+"))


def test_many_leads_are_converted_at_once_each_with_its_own_name(visit):
    page = visit()
    mark = secrets.token_hex(4)
    for number in (1, 2):
        new_lead(page, f"Bulk {mark} {number}", contact_name=f"Person {mark} {number}")
    page.goto(f"/admin/leads?q={mark}")
    page.locator("[data-pick-all]").check()
    page.locator(".bulk >> text=Convert…").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#customer_name")).to_have_value("")
    expect(dialog).to_contain_text("Each lead's own unless given.")
    dialog.locator("button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("2 leads changed")
    page.goto(f"/admin/customers?q={mark}")
    expect(page.locator("tbody tr[data-id]")).to_have_count(2)
    expect(page.locator("tbody")).to_contain_text(f"Person {mark} 1")


def test_mark_lost_asks_for_a_reason_and_junk_leaves_the_list(visit):
    page = visit()
    name = "Prank " + secrets.token_hex(3)
    lead = new_lead(page, name)
    page.click("text=Mark lost…")
    dialog = page.locator("dialog[open]")
    dialog.locator("button.primary").click()
    expect(dialog).to_be_visible()
    dialog.locator("#lost_reason").select_option(label="No budget")
    dialog.locator("button.primary").click()
    expect(page.locator(".page-head")).to_contain_text("Lost")
    page.click("text=Reopen")
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".page-head")).to_contain_text("Open")
    page.click("text=Mark junk")
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".page-head")).to_contain_text("Junk")
    page.goto("/admin/leads?q=" + name.replace(" ", "%20"))
    expect(page.locator("tbody tr[data-id]")).to_have_count(0)
    page.goto("/admin/leads?view=junk&q=" + name.replace(" ", "%20"))
    expect(page.locator("tbody tr[data-id]")).to_have_count(1)
    assert page.goto(lead).status == 200

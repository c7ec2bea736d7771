"""Many records at once, records that are there twice, and the way back."""
import re
import secrets

from playwright.sync_api import expect


def add_lead(page, title, **fields):
    page.goto("/admin/leads/new")
    page.fill("#title", title)
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.locator("form.form button.primary").click()


def rows(page, word):
    page.goto(f"/admin/leads?q={word}")
    return page.locator(".rows tbody tr[data-id]")


def test_what_was_deleted_together_comes_back_with_one_click(visit):
    page = visit()
    word = "Quay" + secrets.token_hex(3)
    for place in ("north", "south"):
        add_lead(page, f"{word} {place}")
        page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(rows(page, word)).to_have_count(2)
    for box in page.locator("input[name=id]").all():
        box.check()
    page.locator(".bulk >> text=Delete…").click()
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("2 leads deleted")
    page.locator(".toasts button", has_text="Undo").click()
    expect(page.locator(".toasts")).to_contain_text("2 records are as before")
    expect(rows(page, word)).to_have_count(2)

    # The change and its undo stand in the list of changes.
    page.goto("/admin/changes")
    expect(page.locator(".rows tbody tr", has_text="Deleted 2 leads").first).to_contain_text("Taken back")


def test_a_lead_that_is_there_already_is_told_merged_and_brought_back(visit):
    page = visit()
    word, phone = "Lock" + secrets.token_hex(3), "0" + str(secrets.randbelow(10**9) + 10**9)
    add_lead(page, f"{word} first", contact_phone=phone)
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    first = page.url
    add_lead(page, f"{word} second", contact_phone="+49" + phone[1:], value="900")
    expect(page.locator("h1")).to_have_text("Is this lead new?")
    expect(page.locator(".match")).to_contain_text(f"{word} first")
    page.click("text=Back to the form")
    expect(page.locator("#title")).to_have_value(f"{word} second")
    page.locator("form.form button.primary").click()
    page.click("text=Add it all the same")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(page.locator("h1")).to_have_text(f"{word} second")
    box = page.locator(".card-box", has=page.locator("h2", has_text="Possible duplicates"))
    expect(box).to_contain_text("Same phone")

    box.locator("text=Merge…").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("h2").first).to_have_text("Merge 2 leads")
    dialog.locator("tr", has_text="Title").locator("input[type=radio]").first.check()
    dialog.locator("button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("2 leads are one now")
    expect(rows(page, word)).to_have_count(1)

    page.goto("/admin/changes")
    page.locator(".rows tbody tr", has_text="Merged 1 lead into another").first.locator("button", has_text="Undo").click()
    expect(page.locator(".toasts")).to_contain_text("as before")
    expect(rows(page, word)).to_have_count(2)
    page.goto(first)
    expect(page.locator("h1")).to_have_text(f"{word} first")


def test_the_merge_dialog_needs_two_rows_and_fits_a_telephone(visit):
    page = visit("/admin/leads")
    page.locator("input[name=id]").nth(0).check()
    expect(page.locator(".bulk >> text=Merge…")).to_be_hidden()
    page.locator("input[name=id]").nth(1).check()
    page.locator(".bulk >> text=Merge…").click()
    expect(page.locator("dialog[open] .compare")).to_be_visible()
    narrow = visit(page.locator("dialog[open] form").get_attribute("action") + "?id=1&id=2", viewport={"width": 390, "height": 800})
    assert narrow.evaluate("document.documentElement.scrollWidth <= 390")
    expect(narrow.locator("input[name=survivor]").first).to_be_visible()


def test_merging_is_offered_only_where_every_ticked_row_may_be_merged(visit):
    page = visit("/admin/leads")
    boxes = page.locator("input[name=id]")
    # As the server marks other people's rows for whoever may change the own ones only.
    boxes.nth(1).evaluate("box => { box.dataset.apart = '' }")
    for place in range(3):
        boxes.nth(place).check()
    expect(page.locator(".bulk >> text=Delete…")).to_be_visible()
    expect(page.locator(".bulk >> text=Merge…")).to_be_hidden()
    boxes.nth(1).uncheck()
    expect(page.locator(".bulk >> text=Merge…")).to_be_visible()

"""A day of a sales team, in the browser."""
import re
import secrets
import time

from playwright.sync_api import expect


def new_lead(page, title, **fields):
    page.goto("/admin/leads")
    page.click("text=New lead >> nth=-1")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#title")).to_be_focused()
    dialog.locator("#title").fill(title)
    for name, value in fields.items():
        dialog.locator(f"#{name}").fill(value)
    dialog.locator("button.primary").click()
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    return page.url


def column(page, title):
    return page.locator(".column", has=page.locator("h2", has_text=title))


def test_a_lead_is_added_dragged_across_the_board_converted_and_its_history_read(visit):
    page = visit()
    name = "Cold room " + secrets.token_hex(3)
    lead = new_lead(page, name, contact_name="Anke Vogel", contact_email=f"anke.{secrets.token_hex(4)}@baltic.example", company_name="Baltic " + name, value="24500")
    expect(page.locator(".toasts")).to_contain_text("Lead added")
    expect(page.locator("h1")).to_have_text(name)

    # Across the board, and still there after a reload.
    page.goto("/admin/leads/board")
    card = page.locator(".card", has_text=name)
    expect(column(page, "New").locator(".card", has_text=name)).to_have_count(1)
    before = int(column(page, "Contacted").locator(".count").inner_text().replace(",", ""))
    target = column(page, "Contacted").locator(".card").nth(1)
    card.drag_to(target)
    expect(page.locator(".toasts")).to_contain_text("Moved to Contacted")
    expect(column(page, "Contacted").locator(".count")).to_have_text(f"{before + 1:,}")
    order = column(page, "Contacted").locator(".card .title").all_inner_texts()[:4]
    assert name in order
    page.reload()
    assert column(page, "Contacted").locator(".card .title").all_inner_texts()[:4] == order

    # Converted, with the customer, a company and a deal in one dialog.
    page.goto(lead)
    page.click("text=Convert…")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#customer_name")).to_have_value("Anke Vogel")
    dialog.locator("input[name=company_option][value=new]").check()
    expect(dialog.locator("#company_name")).to_be_visible()
    dialog.locator("input[name=deal_option][value=new]").check()
    expect(dialog.locator("#deal_title")).to_be_visible()
    dialog.locator("button.primary").click()
    page.wait_for_url(re.compile(r"/admin/customers/\d+$"))
    expect(page.locator("h1")).to_contain_text("Anke Vogel")
    expect(page.locator(".card-box", has=page.locator("h2", has_text="Deals"))).to_contain_text(name)

    # The second time it is refused kindly, and the lead tells its history.
    page.goto(lead)
    assert page.locator("text=Convert…").count() == 0
    timeline = page.locator(".timeline")
    expect(timeline).to_contain_text("added the lead")
    expect(timeline).to_contain_text("Contacted")
    expect(timeline).to_contain_text("Convert")
    expect(page.locator(".page-head")).to_contain_text("Converted")


def test_a_move_on_the_board_is_undone_from_its_message(visit):
    page = visit("/admin/leads/board")
    first = column(page, "New").locator(".card").first
    name = first.locator(".title").inner_text()
    identity = first.get_attribute("data-id")
    first.locator(".title").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".toasts")).to_contain_text("Moved to")
    expect(column(page, "New").locator(f".card[data-id='{identity}']")).to_have_count(0)
    page.click(".toasts >> text=Undo")
    expect(column(page, "New").locator(f".card[data-id='{identity}']")).to_have_count(1)
    page.reload()
    expect(column(page, "New").locator(f".card[data-id='{identity}'] .title")).to_have_text(name)


def test_a_lead_is_added_with_the_keyboard_alone(visit):
    page = visit("/admin")
    name = "Keyboard lead " + secrets.token_hex(3)
    keys = page.keyboard
    keys.press("Control+k")
    expect(page.locator("dialog.palette")).to_be_visible()
    keys.type("leads")
    keys.press("Enter")
    page.wait_for_url(re.compile("/admin/leads$"))
    keys.press("c")
    expect(page.locator("dialog[open] #title")).to_be_focused()
    keys.type(name)
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    keys.press("Control+k")
    keys.type(name)
    expect(page.locator("dialog.palette [role=option]", has_text=name)).to_be_visible()
    keys.press("Escape")
    expect(page.locator("dialog.palette")).to_be_hidden()

    # Rows of a list: down, select, edit in place, open.
    page.goto("/admin/leads?q=" + name.replace(" ", "%20"))
    keys.press("j")
    expect(page.locator("tr.here")).to_contain_text(name)
    keys.press("x")
    expect(page.locator("[data-picked]")).to_have_text("1 selected")
    keys.press("x")
    keys.press("e")
    field = page.locator("td.editing input[name=contact_name]")
    expect(field).to_be_focused()
    keys.type("Petra Anders")
    keys.press("Enter")
    expect(page.locator("tr.here")).to_contain_text("Petra Anders")
    expect(page.locator(".toasts")).to_contain_text("Saved")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(page.locator(".facts").first.locator("xpath=../..")).to_contain_text("Petra Anders")


def test_a_whole_lead_is_added_by_keyboard_from_the_list_in_under_twenty_seconds(visit):
    page = visit("/admin/leads")
    keys = page.keyboard
    # As fast as a practised hand types, with a moment to look and to think before each field.
    letter, look = 80, 250
    mark = secrets.token_hex(2)
    name = f"Cold room {mark}"
    typed = {
        "title": name, "contact_name": "Anke Vogel", "contact_email": f"anke.{mark}@baltic.example", "contact_phone": "+49 431 5550 17",
        "company_name": "Baltic Cold Stores",
    }
    began = time.monotonic()
    page.wait_for_timeout(look)
    keys.press("c")
    expect(page.locator("dialog[open] #title")).to_be_focused()
    for place, (field, text) in enumerate(typed.items()):
        # The fields follow each other by Tab alone, in this order.
        if place:
            keys.press("Tab")
        expect(page.locator(f"dialog[open] #{field}")).to_be_focused()
        page.wait_for_timeout(look)
        keys.type(text, delay=letter)
    page.wait_for_timeout(look)
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(page.locator("h1")).to_have_text(name)
    took = time.monotonic() - began
    assert took < 20, f"{took:.1f} s"
    print(f"a lead by keyboard: {took:.1f} s, {sum(len(text) for text in typed.values())} letters at {letter} ms each")
    facts = page.locator(".facts").first
    for text in typed.values():
        expect(facts).to_contain_text(text)
    # What nobody typed is filled in: the default status.
    expect(page.locator(".page-head")).to_contain_text("New")


def test_the_page_of_a_new_lead_takes_what_is_typed_at_once(visit):
    page = visit("/admin/leads/new")
    expect(page.locator("#title")).to_be_focused()
    name = "Typed at once " + secrets.token_hex(3)
    page.keyboard.type(name)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(page.locator("h1")).to_have_text(name)


def test_a_form_that_does_not_fit_says_so_at_its_fields_and_keeps_what_was_typed(visit):
    page = visit("/admin/leads")
    page.click("text=New lead >> nth=-1")
    dialog = page.locator("dialog[open]")
    dialog.locator("#title").fill("Typed with care")
    dialog.locator("#contact_email").fill("not an address")
    dialog.locator("#value").fill("12.345")
    dialog.locator("button.primary").click()
    expect(dialog.locator(".problems")).to_be_visible()
    expect(dialog.locator("#value")).to_have_attribute("aria-invalid", "true")
    expect(dialog.locator("#title")).to_have_value("Typed with care")
    dialog.locator("#value").fill("12.30")
    dialog.locator("button.primary").click()
    expect(dialog.locator("#contact_email")).to_be_focused()
    expect(dialog.locator("#contact_email-problem")).to_contain_text("is not an e-mail address")


def test_two_people_change_the_same_lead_and_the_second_chooses(visit):
    first = visit()
    address = new_lead(first, "Contested " + secrets.token_hex(3), company_name="As it was")
    second = visit(address + "/edit")
    second.fill("#company_name", "What they wrote")
    first.goto(address + "/edit")
    first.fill("#company_name", "What I wrote")
    second.click("text=Save")
    second.wait_for_url(address)
    first.click("text=Save")
    expect(first.locator("h1")).to_contain_text("Someone else changed this lead")
    clash = first.locator(".clash")
    for text in ("What I wrote", "What they wrote", "As it was"):
        expect(clash).to_contain_text(text)
    first.screenshot(path=screenshot("conflict-light"))
    clash.locator("input[value=theirs]").check()
    first.click("text=Save my choice")
    first.wait_for_url(address)
    expect(first.locator("dl").first.locator("xpath=../..")).to_contain_text("What they wrote")


def test_a_list_is_filtered_saved_as_a_view_and_changed_in_one_go(visit):
    page = visit("/admin/leads?outcome=open")
    page.click("summary:has-text('Source')")
    page.locator("details[open] .tick", has_text="Referral").locator("input").check()
    page.locator("details[open] >> text=Apply").click()
    page.wait_for_url(re.compile(r"source=\d+"))
    assert "outcome=open" in page.url
    total = page.locator(".page-head .count").inner_text()
    title = "Open referrals " + secrets.token_hex(2)
    page.click("text=Save view")
    page.fill("#view-title", title)
    page.locator(".viewbar button.primary").click()
    expect(page.locator(".tabs a[aria-current=page]")).to_have_text(title)
    page.goto("/admin/leads")
    page.click(f"text={title}")
    expect(page.locator(".page-head .count")).to_have_text(total)

    boxes = page.locator("input[name=id]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator(".bulk >> text=Change…").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("#field").select_option("company_name")
    dialog.locator("#company_name").fill("Changed together")
    dialog.locator("button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("2 leads changed")
    page.goto("/admin/leads?company_name=Changed%20together")
    expect(page.locator(".page-head .count")).to_have_text("2")


def test_more_rows_come_by_themselves_and_none_twice(visit):
    page = visit("/admin/leads")
    page.wait_for_function("document.querySelectorAll('.rows tbody tr[data-id]').length >= 50")
    for _ in range(40):
        page.locator(".region").evaluate("part => { part.scrollTop = part.scrollHeight }")
        if page.locator(".rows tbody tr[data-id]").count() >= 150:
            break
        page.wait_for_timeout(100)
    ids = page.locator(".rows tbody tr[data-id]").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert len(ids) >= 150
    assert len(ids) == len(set(ids))


def test_everything_important_works_without_script(visit):
    page = visit("/admin/leads/new", java_script_enabled=False)
    name = "No script " + secrets.token_hex(3)
    page.fill("#title", name)
    page.click("text=Add lead")
    expect(page.locator("h1")).to_have_text(name)
    address = page.url
    page.goto(address + "/move")
    page.select_option("#to", label="Qualified")
    page.click("button:has-text('Move')")
    page.goto(address)
    expect(page.locator(".page-head")).to_contain_text("Qualified")
    page.goto("/admin/leads")
    page.fill(".filters input[name=q]", name)
    page.keyboard.press("Enter")
    expect(page.locator(".rows tbody tr[data-id]")).to_have_count(1)
    page.goto(address + "/delete")
    page.click("button.danger")
    expect(page.locator(".toasts")).to_contain_text("Lead deleted")


def test_a_custom_field_is_added_and_used_at_once(visit):
    page = visit("/admin/fields")
    label = "Fair " + secrets.token_hex(2)
    page.click("text=New field >> nth=0")
    dialog = page.locator("dialog[open]")
    dialog.locator("#entity").select_option("lead")
    dialog.locator("#type").select_option("choice")
    dialog.locator("#label").fill(label)
    dialog.locator("#options").fill("Hannover\nLyon")
    dialog.locator("button.primary").click()
    expect(page.locator(".rows")).to_contain_text(label)
    page.goto("/admin/leads/new")
    page.fill("#title", "Met at " + label)
    page.get_by_label(label).select_option(label="Lyon")
    page.click("text=Add lead")
    page.wait_for_url(re.compile(r"/admin/leads/\d+$"))
    expect(page.locator(".record")).to_contain_text("Lyon")


def test_a_plugin_is_switched_off_and_on_and_its_data_is_there_again(visit):
    page = visit("/admin/leads")
    count = page.locator(".page-head .count").inner_text()
    page.goto("/admin/plugins")
    page.click("a[href='/admin/plugins/leads/disable']")
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("disabled")
    assert page.locator(".side a[href='/admin/leads']").count() == 0
    assert page.goto("/admin/leads").status == 404
    page.goto("/admin/plugins")
    page.click("a[href='/admin/plugins/leads/enable']")
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("enabled")
    page.goto("/admin/leads")
    expect(page.locator(".page-head .count")).to_have_text(count)


def test_rights_are_changed_in_the_grid_and_explained(visit):
    page = visit("/admin/roles")
    page.click("th >> text=Marketing")
    box = page.get_by_label("Leads: delete", exact=True)
    box.select_option("own")
    page.click("text=Save rights")
    expect(page.locator(".toasts")).to_contain_text("Rights saved")
    expect(page.get_by_label("Leads: delete", exact=True)).to_have_value("own")
    page.click(".toasts >> text=Undo")
    expect(page.get_by_label("Leads: delete", exact=True)).not_to_have_value("own")
    page.goto("/admin/explain")
    page.get_by_label("Why: delete lead", exact=True).click()
    expect(page.locator("#answer")).to_contain_text("Administrator")


def screenshot(name):
    from conftest import SCREENSHOTS

    SCREENSHOTS.mkdir(exist_ok=True)
    return str(SCREENSHOTS / f"{name}.png")

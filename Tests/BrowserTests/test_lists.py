"""Lists as somebody works with them: switches, the order of rows, figures, settings from a file, an address book."""
import json
import pathlib
import re


def order(page):
    return page.locator("tbody[data-order] tr[data-id] th a").all_inner_texts()


def test_a_switch_in_the_list_is_turned_over_with_one_click_and_with_a_key(visit):
    page = visit("/admin/companies?sort=name")
    switch = page.locator("button[data-toggle]").first
    before = switch.get_attribute("aria-checked")
    address = switch.get_attribute("formaction")
    switch.click()
    turned = page.locator(f'button[data-toggle][formaction="{address}"]')
    page.wait_for_function("([address, before]) => document.querySelector(`button[data-toggle][formaction='${address}']`).getAttribute('aria-checked') !== before", arg=[address, before])
    assert turned.get_attribute("aria-checked") != before
    assert turned.evaluate("button => button === document.activeElement"), "the focus stays on the switch"
    page.keyboard.press("Space")
    page.wait_for_function("([address, before]) => document.querySelector(`button[data-toggle][formaction='${address}']`).getAttribute('aria-checked') === before", arg=[address, before])
    page.reload()
    assert page.locator(f'button[data-toggle][formaction="{address}"]').get_attribute("aria-checked") == before


def test_rows_are_put_in_order_by_mouse_and_by_keys(visit):
    page = visit("/admin/lead-statuses")
    names = order(page)
    assert len(names) > 2
    handles = page.locator("tbody[data-order] [data-handle]")
    with page.expect_response(lambda answer: answer.url.endswith("/order")) as told:
        grip, below = handles.nth(0).bounding_box(), page.locator("tbody[data-order] tr").nth(1).bounding_box()
        page.mouse.move(grip["x"] + 8, grip["y"] + 8)
        page.mouse.down()
        for y in (grip["y"] + 16, below["y"] + 10, below["y"] + below["height"] - 6):
            page.mouse.move(grip["x"] + 8, y, steps=5)
        page.mouse.up()
    assert told.value.status == 204
    dragged = [names[1], names[0]] + names[2:]
    assert order(page) == dragged
    page.reload()
    assert order(page) == dragged
    page.keyboard.press("j")
    with page.expect_response(lambda answer: answer.url.endswith("/order")):
        page.keyboard.press("Alt+ArrowDown")
    page.reload()
    assert order(page) == names


def test_figures_above_the_groups_open_the_records_behind_them(visit):
    page = visit("/admin/customer-groups")
    card = page.locator(".list-cards .tile", has_text="Customers in groups")
    number = card.locator(".value").inner_text()
    card.click()
    assert page.locator("#total").inner_text() == number


def test_a_refused_deletion_opens_what_is_in_its_way(visit):
    page = visit("/admin/customer-groups")
    page.locator("#results tbody th a").first.click()
    page.click("summary[aria-label='More actions']")
    page.click("text=Delete… >> visible=true")
    page.click("dialog button:has-text('Delete')")
    way = page.locator("dialog .ways a")
    way.wait_for()
    words = way.inner_text()
    assert words.endswith("customers")
    way.click()
    page.wait_for_url("**/admin/customers?group=*")
    assert page.locator("#total").inner_text() == words.split()[0]


def test_settings_come_from_a_file_after_a_look(visit, tmp_path):
    file = pathlib.Path(tmp_path) / "settings.json"
    file.write_text(json.dumps({"format": "tenon-settings", "version": 1, "settings": {"customers.default_country": "Austria"}}))
    page = visit("/admin/settings")
    page.click("text=Import…")
    page.set_input_files("dialog input[type=file]", str(file))
    page.click("text=See what would change")
    page.locator("dialog", has_text="Country of addresses that name none").wait_for()
    page.click("text=Change one setting")
    page.locator(".toast", has_text="One setting changed.").wait_for()
    page.goto("/admin/settings/customers")
    row = page.locator("tr", has_text="Country of addresses that name none")
    assert "Austria" in row.inner_text()
    row.locator("button:has-text('Reset')").click()
    page.locator(".toast", has_text="has its default again").wait_for()
    assert page.locator("tr", has_text="Country of addresses that name none").count() == 0


def test_an_address_book_comes_in_and_goes_again(visit, tmp_path):
    file = pathlib.Path(tmp_path) / "book.vcf"
    file.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Quintessa Halvard\nEMAIL:q@halvard.example\nTEL:+43 1 555\nEND:VCARD\n")
    page = visit("/admin/imports/new?entity=customers")
    page.set_input_files("input[type=file]", str(file))
    page.click("button:has-text('Upload')")
    page.wait_for_url(re.compile(r"/admin/imports/\d+"))
    assert page.locator("text=q@halvard.example").count() > 0

"""Deals on their boards: losing one asks why, the forecast moves by dragging."""
import re
import secrets

from playwright.sync_api import expect


def new_deal(page, title, **fields):
    page.goto("/admin/deals")
    page.click("text=New deal >> nth=-1")
    dialog = page.locator("dialog[open]")
    dialog.locator("#title").fill(title)
    for name, value in fields.items():
        dialog.locator(f"#{name}").fill(value)
    dialog.locator("button.primary").click()
    page.wait_for_url(re.compile(r"/admin/deals/\d+$"))
    return page.url


def column(page, title):
    return page.locator(".column", has=page.locator("h2", has_text=re.compile(f"^{title}$")))


def test_dragging_a_deal_to_the_lost_column_asks_for_the_reason(visit):
    page = visit()
    name = "Lost cause " + secrets.token_hex(3)
    deal = new_deal(page, name, value="1200")
    page.goto("/admin/deals/board")
    card = page.locator(".card", has_text=name)
    expect(column(page, "Prospecting").locator(".card", has_text=name)).to_have_count(1)
    card.drag_to(column(page, "Lost").locator(".card").first)
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("To Lost")
    expect(dialog).to_contain_text("Lost reason is needed for a lost deal.")
    # The card waits where it was; without a reason it stays there.
    expect(column(page, "Prospecting").locator(".card", has_text=name)).to_have_count(1)
    dialog.locator("#lost_reason").select_option(index=1)
    dialog.locator("button.primary").click()
    expect(page.locator(".toasts")).to_contain_text("Deal moved")
    expect(column(page, "Lost").locator(".card", has_text=name)).to_have_count(1)
    page.goto(deal)
    expect(page.locator(".page-head")).to_contain_text("Lost")
    facts = page.locator(".facts")
    expect(facts.filter(has_text="Closed on").first).not_to_contain_text("Closed on–")
    # Back again: both are cleared.
    page.click("text=Edit >> nth=0")
    page.locator("dialog[open] #stage").select_option(label="Proposal")
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".page-head")).to_contain_text("Proposal")
    expect(page.locator("dt", has_text="Lost reason").locator("xpath=../dd")).to_have_text("–")


def test_a_deal_is_a_row_with_its_stage_as_a_badge_and_a_card_with_all_that_matters(visit):
    page = visit("/admin/deals?view=won")
    expect(page.locator("tbody td[data-label='Stage'] .badge").first).to_have_text(re.compile("Won|Renewed"))
    page.goto("/admin/deals/board")
    card = page.locator(".card", has=page.locator(".owner")).first
    expect(card.locator(".title")).not_to_be_empty()
    expect(card.locator("footer")).to_contain_text("EUR")
    assert card.locator("p").count() >= 1
    # Count, sum and weighted sum of a column.
    head = column(page, "Prospecting").locator("header")
    expect(head.locator(".sum")).to_have_count(2)
    expect(head).to_contain_text("Expected revenue")
    # Another pipeline has its own stages.
    page.locator("#within").select_option(label="Renewals")
    expect(page.locator(".column h2").first).to_have_text("Upcoming")


def test_a_deal_that_changes_its_pipeline_on_its_page_goes_to_the_stage_that_means_the_same(visit):
    page = visit()
    new_deal(page, "Switch " + secrets.token_hex(3), value="10")
    expect(page.locator(".page-head")).to_contain_text("Prospecting")
    page.click("text=Edit >> nth=0")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#stage optgroup")).to_have_count(2)
    dialog.locator("#pipeline").select_option(label="Renewals")
    dialog.locator("button.primary").click()
    expect(page.locator(".page-head")).to_contain_text("Upcoming")


def test_a_stage_asks_for_its_fields_when_a_card_is_dropped_there(visit):
    page = visit("/admin/stages")
    page.click("tbody a >> text=Negotiation")
    page.click("text=Edit >> nth=0")
    page.locator("dialog[open] input[name=required_fields][value=expected_close_date]").check()
    page.locator("dialog[open] button.primary").click()
    expect(page.locator(".facts").first).to_contain_text("Expected close")
    stage = page.url
    name = "Gated " + secrets.token_hex(3)
    new_deal(page, name, value="10")
    page.goto("/admin/deals/board")
    page.locator(".card", has_text=name).drag_to(column(page, "Negotiation").locator(".card").first)
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Expected close is needed to enter Negotiation.")
    dialog.locator("#expected_close_date").fill("2031-05-31")
    dialog.locator("button.primary").click()
    expect(column(page, "Negotiation").locator(".card", has_text=name)).to_have_count(1)
    page.goto(stage)
    page.click("text=Edit >> nth=0")
    page.locator("dialog[open] input[name=required_fields][value=expected_close_date]").uncheck()
    page.locator("dialog[open] button.primary").click()


def test_the_forecast_moves_a_deal_to_another_month_and_back(visit):
    page = visit()
    name = "Forecast " + secrets.token_hex(3)
    new_deal(page, name, value="4000")
    page.goto("/admin/deals/board")
    page.click("text=Forecast")
    page.wait_for_url(re.compile(r"board=forecast"))
    none = column(page, "No date")
    expect(none.locator(".card", has_text=name)).to_have_count(1)
    months = page.locator(".column h2").all_inner_texts()
    target = column(page, months[-2])
    before = int(target.locator(".count").inner_text().replace(",", ""))
    none.locator(".card", has_text=name).drag_to(target.locator(".cards"))
    expect(page.locator(".toasts")).to_contain_text(f"Moved to {months[-2]}")
    expect(target.locator(".card", has_text=name)).to_have_count(1)
    expect(target.locator(".count")).to_have_text(f"{before + 1:,}")
    page.reload()
    expect(column(page, months[-2]).locator(".card", has_text=name)).to_have_count(1)
    # By keys, to the month before it.
    card = page.locator(".card", has_text=name)
    card.locator(".title").focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".toasts")).to_contain_text(f"Moved to {months[-3]}")
    page.click(".toasts >> text=Undo")
    expect(column(page, months[-2]).locator(".card", has_text=name)).to_have_count(1)

    # The same as a table by agent; a figure opens its list.
    page.click("text=By assigned to")
    table = page.locator(".figures")
    expect(table).to_contain_text("Total")
    table.locator("tbody td.num a").first.click()
    page.wait_for_url(re.compile(r"/admin/deals\?"))
    assert page.locator("tbody tr").count() > 0


def test_deals_that_rot_are_marked_and_found(visit):
    page = visit("/admin/deals?view=rotting")
    rows = page.locator("tbody tr[data-id]")
    assert rows.count() > 0
    expect(rows.first).to_contain_text("Rotting")
    page.goto("/admin/deals/board?view=rotting")
    expect(page.locator(".card .mark").first).to_have_text("Rotting")

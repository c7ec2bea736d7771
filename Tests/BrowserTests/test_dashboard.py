"""The dashboard in a real browser: drawings, tables, and the lists that each number opens."""
import re

from playwright.sync_api import expect

DASHBOARD = "/admin/dashboards/crm"


def figure(text):
    return int(re.sub(r"[^0-9]", "", text))


def test_the_dashboard_stands_in_the_menu_and_draws_its_charts(visit):
    page = visit("/admin")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="CRM").click()
    expect(page.get_by_role("heading", name="CRM", level=1)).to_be_visible()
    box = page.locator(".chart", has_text="Deals by month")
    drawing = box.get_by_role("img")
    expect(drawing).to_be_visible()
    assert "Total new" in drawing.get_attribute("aria-label")
    # Something is drawn: not all of its points have the same colour.
    assert page.evaluate(
        "canvas => new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size > 4",
        drawing.element_handle())


def test_each_chart_has_its_table(visit):
    page = visit(DASHBOARD)
    box = page.locator(".chart", has_text="Leads by source")
    toggle = box.get_by_role("button", name="Table")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(box.get_by_role("img")).to_be_hidden()
    expect(box.get_by_role("row", name=re.compile("Website"))).to_be_visible()
    toggle.click()
    expect(box.get_by_role("img")).to_be_visible()


def test_a_number_opens_the_list_that_makes_it_up(visit):
    page = visit(DASHBOARD)
    card = page.locator(".tile", has_text="Open deals")
    number = figure(card.locator(".value").inner_text())
    card.get_by_role("link").first.click()
    expect(page.locator("#total")).to_have_text(f"{number:,}")
    page.go_back()
    row = page.locator(".card-box", has_text="Pipeline overview").locator("tbody tr:not(.part)").first
    number = figure(row.locator("td.num a").first.inner_text())
    row.locator("td.num a").first.click()
    expect(page.locator("#total")).to_have_text(f"{number:,}")


def test_a_bar_opens_its_list(visit):
    page = visit(DASHBOARD)
    box = page.locator(".chart", has_text="Leads by source")
    canvas = box.locator("canvas")
    canvas.scroll_into_view_if_needed()
    middle = page.evaluate("""canvas => { const bar = canvas.closest('.chart').chart.getDatasetMeta(0).data[0];
        const point = bar.getCenterPoint(); const box = canvas.getBoundingClientRect(); return [box.x + point.x, box.y + point.y]; }""", canvas.element_handle())
    number = figure(box.locator("tbody tr").first.locator("td.num").inner_text())
    page.mouse.click(*middle)
    page.wait_for_url(re.compile("/admin/leads"))
    expect(page.locator("#total")).to_have_text(f"{number:,}")


def test_the_period_is_picked_and_the_one_before_stands_beside(visit):
    page = visit(DASHBOARD)
    page.get_by_role("navigation", name="Period").get_by_role("link", name="Quarter").click()
    card = page.locator(".tile", has_text="Won deals")
    expect(card).to_contain_text("this quarter")
    expect(card).to_contain_text("before")
    expect(page.locator(".tile", has_text="Open deals")).to_contain_text("now")


def test_without_script_the_tables_are_there(visit):
    page = visit(DASHBOARD, java_script_enabled=False)
    box = page.locator(".chart", has_text="Deals by month")
    expect(box.get_by_role("row").nth(3)).to_be_visible()
    expect(box.locator("canvas")).to_be_hidden()
    expect(box.get_by_role("button", name="Table")).to_be_hidden()


def test_the_theme_changes_the_drawing(visit):
    page = visit(DASHBOARD, color_scheme="light")
    ticks = "() => document.querySelector('.chart').chart.options.scales.main.ticks.color"
    before = page.evaluate(ticks)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"({ticks})() !== {before!r}")

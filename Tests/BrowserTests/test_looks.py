"""How the pages look and read: in light and dark, on a phone, and to assistive technology."""
import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import SCREENSHOTS

PAGES = {
    "home": "/admin",
    "list": "/admin/leads?view=open",
    "board": "/admin/leads/board",
    "record": "/admin/leads/42",
    "form": "/admin/leads/new",
    "deals-board": "/admin/deals/board",
    "companies": "/admin/companies",
    "dashboard": "/admin/dashboards/crm",
    "users": "/admin/users",
    "team": "/admin/teams/1",
    "role": "/admin/roles/4",
    "explain": "/admin/explain",
    "plugins": "/admin/plugins",
    "settings": "/admin/settings",
    "fields": "/admin/fields",
    "imports": "/admin/imports",
    "import": "/admin/imports/new?entity=deals",
    "jobs": "/admin/jobs",
    "schedules": "/admin/jobs/schedules",
    "hooks": "/admin/jobs/hooks",
    "search": "/admin/search?q=paper",
    "notifications": "/admin/notifications",
    "profile": "/admin/profile",
}
MODES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2},
}
# Every rule in light; elsewhere those that colours and widths can break.
RULES = {"light": None, "dark": {"runOnly": ["color-contrast"]}, "phone": {"runOnly": ["color-contrast", "target-size", "scrollable-region-focusable", "label"]}}


@pytest.mark.parametrize("mode", MODES)
def test_every_page_fits_its_window_and_has_no_serious_barrier(visit, mode):
    page = visit("/admin", **MODES[mode])
    SCREENSHOTS.mkdir(exist_ok=True)
    barriers = []
    for name, path in PAGES.items():
        answer = page.goto(path)
        assert answer.status == 200, path
        page.screenshot(path=str(SCREENSHOTS / f"{name}-{mode}.png"))
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], f"{path} is {width} wide"
        for violation in Axe().run(page, options=RULES[mode]).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                barriers.append(f"{name}: {violation['id']}: {violation['help']}: {nodes}")
    assert not barriers, "\n".join(barriers)


def test_a_dialog_and_the_palette_have_no_serious_barrier(visit):
    page = visit("/admin/leads/7")
    page.locator("text=Edit").first.click()
    page.locator("dialog[open] #title").wait_for()
    page.screenshot(path=str(SCREENSHOTS / "dialog-light.png"))
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("paper")
    page.locator("dialog.palette [role=option] .muted").first.wait_for()
    page.screenshot(path=str(SCREENSHOTS / "palette-light.png"))
    found += [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found


def test_the_menu_is_a_drawer_on_a_phone(visit):
    page = visit("/admin/leads", **MODES["phone"])
    menu = page.locator(".side")
    assert not menu.is_visible()
    page.get_by_label("Menu").click()
    page.wait_for_timeout(250)
    assert menu.is_visible()
    page.screenshot(path=str(SCREENSHOTS / "drawer-phone.png"))
    menu.locator("text=Companies").click()
    page.wait_for_url("**/admin/companies")
    assert not page.locator(".side").is_visible()

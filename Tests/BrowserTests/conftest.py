"""One server for all browser tests, on a deployment of its own with demo data; a browser for each test."""
import os
import pathlib
import sys

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from deployment import ADMIN, BINARY, ROOT, Deployment

SCREENSHOTS = ROOT / "screenshots"
# Names that the browser may be installed under; nothing is downloaded.
CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome") if os.path.exists(p)), None)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp("deployment"), demo=True)
    yield deployment
    deployment.stop()


@pytest.fixture(scope="session")
def chromium():
    assert CHROMIUM, "no Chromium is installed: apt-get install chromium"
    with sync_playwright() as playwright:
        # Pages that tests make up have no network of their own, and may not look into this one otherwise.
        arguments = ["--disable-features=LocalNetworkAccessChecks"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def session(chromium, deployment):
    """The cookies of one log-in, for all tests that do not test the log-in itself."""
    context = chromium.new_context()
    page = context.new_page()
    log_in(page, deployment)
    state = context.storage_state()
    context.close()
    return state


def log_in(page, deployment):
    page.goto(deployment.url + "/login")
    page.fill("#email", ADMIN)
    page.fill("#password", deployment.password)
    page.click("text=Log in >> nth=-1")
    page.wait_for_url(deployment.url + "/admin")


class Complaints(list):
    """What the browser complains about: script errors, and what the content security policy blocks."""

    def watch(self, page):
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: self.append(message.text) if message.type == "error" and "status of 4" not in message.text else None)


@pytest.fixture
def visit(chromium, deployment, session):
    """Opens pages as the administrator: visit(path, **options of the browser context)."""
    contexts, complaints = [], Complaints()

    def open_page(path="/admin", **options):
        options.setdefault("viewport", {"width": 1360, "height": 850})
        options.setdefault("reduced_motion", "reduce")
        context = chromium.new_context(storage_state=session, base_url=deployment.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints

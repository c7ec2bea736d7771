"""Bringing files in, in the browser: a small messy one, and a real sales team's year where its files lie beside."""
import os
import pathlib
import re
import secrets

import pytest
from playwright.sync_api import expect

from conftest import ROOT, SCREENSHOTS, Deployment, log_in

FILES = pathlib.Path(os.environ.get("TENON_SAMPLE_DATA") or ROOT.parent / "shared/data") / "maven-crm"


def upload(page, entity, path):
    page.goto(f"/admin/imports/new?entity={entity}")
    page.set_input_files("#file", path)
    page.click("button:has-text('Upload')")
    page.wait_for_url(re.compile(r"/admin/imports/\d+$"))


def check(page):
    page.click("text=Check the file")
    page.locator(".steps li[aria-current=step]", has_text="Check").wait_for()
    page.locator(".tile", has_text="Rows").wait_for(timeout=120_000)


def finish(page, note=".notice.good"):
    page.locator("main button.primary", has_text="Import").click()
    page.locator(f"#import {note}").first.wait_for(timeout=300_000)


def tile(page, name):
    return page.locator(".tile", has_text=name).locator(".value")


def test_a_messy_file_is_checked_imported_in_part_and_taken_back(visit, tmp_path):
    mark = secrets.token_hex(3)
    rows = ["Name of company;Web;Mail;Town;Remarks"]
    rows += [f"Ferro {mark} {n};https://ferro{n}.example;office@ferro{n}-{mark}.example;Graz;\"line one\nline two\"" for n in range(30)]
    rows += [f"Broken {mark};https://x.example;this is no address;Linz;"]
    file = tmp_path / "messy.csv"
    file.write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())
    page = visit("/admin")
    upload(page, "companies", file)
    for column, field in {"Name of company": "name", "Town": "city"}.items():
        page.get_by_label(f"{column} goes to").select_option(field)
    page.get_by_label("Mail goes to").select_option("office_email")
    page.get_by_label("Remarks goes to").select_option("description")
    check(page)
    expect(tile(page, "Would be added")).to_have_text("30")
    expect(page.get_by_role("region", name="Problems")).to_contain_text("e-mail address")
    page.goto(f"/admin/companies?q={mark}")
    expect(page.locator("main")).to_contain_text("Nothing matches")
    page.go_back()
    expect(page.locator("main button.primary")).to_have_text("Import the 30 good rows")
    finish(page, note=".notice.warn")
    expect(tile(page, "Added")).to_have_text("30")
    expect(tile(page, "Left out")).to_have_text("1")
    address = page.url
    with page.expect_download() as download:
        page.click("text=Rows with problems")
    assert "Broken" in pathlib.Path(download.value.path()).read_text()
    page.goto(f"/admin/companies?q={mark}")
    expect(page.locator("#total")).to_have_text("30")

    page.goto(address)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=Take the import back")
    page.locator(".notice.warn", has_text="taken back").wait_for(timeout=60_000)
    page.goto(f"/admin/companies?q={mark}")
    expect(page.locator("main")).to_contain_text("Nothing matches")


PEOPLE = ["Jörg Müller", "Ännchen von Tharau", "Groß, Käthe", '"Weiß; Uwe"']
VALUES = ["1.234,50", "12.000,00 €", "99,9", ""]
DAYS = ["2026-03-01", "01.03.2026", "3/1/26", "25/3/2026", "3/26/2026", ""]


def german_rows(mark, count=1000):
    """A thousand leads of an office that writes German, in the encoding of an older spreadsheet, with the same people twice."""
    lines = ["Betreff;Ansprechpartner;Firma;E-Mail-Adresse;Handy;Wert;Quelle;Bemerkung;Wiedervorlage"]
    for n in range(1, count + 1):
        mail = f"p{n - 10}@{mark}.example" if n % 20 == 0 else "keine" if n % 50 == 1 else f"P{n}@{mark}.example"
        value = "auf Anfrage" if n % 25 == 2 else VALUES[n % 4]
        source = "Messe Köln" if n % 40 == 3 else ""
        lines.append(f"Anfrage {mark} {n};{PEOPLE[n % 4]};Firma {n % 90};{mail};+43 664 {100000 + n};{value};{source};Möbel;{DAYS[n % 6]}")
    return ("\r\n".join(lines) + "\r\n").encode("windows-1252")


def test_a_thousand_messy_rows_are_asked_about_once_imported_as_far_as_they_are_good_corrected_and_taken_back(visit, tmp_path):
    mark = secrets.token_hex(3)
    file = tmp_path / "anfragen.csv"
    file.write_bytes(german_rows(mark))
    page = visit("/admin")
    upload(page, "leads", file)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / "import-columns.png"), full_page=True)

    # How the text is written was found out, and is shown to be corrected.
    expect(page.locator("#encoding")).to_have_value("windows-1252")
    expect(page.locator("#delimiter")).to_have_value(";")
    expect(page.locator("form.reading")).to_contain_text("guessed")
    page.locator("#encoding").select_option("utf-8")
    page.click("text=Read again")
    expect(page.locator(".problems")).to_contain_text("not valid UTF-8")
    page.goto(page.url.removesuffix("/read"))
    expect(page.locator("#encoding")).to_have_value("windows-1252")
    # All headings found their fields.
    for column, field in {"Betreff": "title", "Ansprechpartner": "contact_name", "Firma": "company_name", "Wert": "value", "Wiedervorlage": "next_follow_up"}.items():
        expect(page.get_by_label(f"{column} goes to")).to_have_value(field)

    # What nobody can know is asked once.
    expect(page.locator(".notice.warn")).to_contain_text("Wiedervorlage")
    page.locator("input[name=date_order][value=month-first]").check()
    check(page)
    expect(tile(page, "Rows")).to_have_text("1,000")
    expect(tile(page, "With problems")).to_have_text("135")
    problems = page.get_by_role("region", name="Problems").locator("tbody tr")
    expect(problems).to_have_count(4)
    expect(problems.nth(0)).to_contain_text("is the same as in an earlier row of this file")
    expect(problems.nth(0)).to_contain_text("50")
    expect(problems.nth(1)).to_contain_text("“auf Anfrage” (40)")
    page.screenshot(path=str(SCREENSHOTS / "import-checked.png"), full_page=True)
    page.click("text=Show all")
    expect(page.locator("tbody tr")).to_have_count(100)
    page.click("text=Next rows")
    expect(page.locator("tbody tr")).to_have_count(35)
    page.screenshot(path=str(SCREENSHOTS / "import-problems.png"))
    page.click("nav.crumbs >> text=anfragen.csv")

    expect(page.locator("main button.primary")).to_have_text("Import the 865 good rows")
    finish(page, note=".notice.warn")
    expect(tile(page, "Added")).to_have_text("865")
    page.screenshot(path=str(SCREENSHOTS / "import-done.png"), full_page=True)
    first = page.url

    # The bad rows, corrected in their file, come in without another word.
    with page.expect_download() as download:
        page.locator("a[download]").first.click()
    bad = tmp_path / "bad.csv"
    text = pathlib.Path(download.value.path()).read_text("utf-8-sig")
    assert text.count("is the same as in row") == 50
    for n in range(20, 1001, 20):
        text = text.replace(f"p{n - 10}@{mark}", f"second{n}@{mark}")
    text = text.replace("auf Anfrage", "").replace("Messe Köln", "").replace("keine;", ";")
    bad.write_text(text, "utf-8")
    page.click("text=Import the corrected rows")
    page.set_input_files("#file", bad)
    page.click("button:has-text('Upload')")
    page.wait_for_url(re.compile(r"/admin/imports/\d+$"))
    expect(page.locator("#import")).not_to_contain_text("Import problem")
    check(page)
    expect(tile(page, "Would be added")).to_have_text("135")
    finish(page)
    page.goto(f"/admin/leads?q={mark}&view=list")
    expect(page.locator("#total")).to_have_text("1,000")

    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(first)
    page.click("text=Take the import back")
    page.locator(".notice.warn", has_text="taken back").wait_for(timeout=120_000)
    page.goto(f"/admin/leads?q={mark}&view=list")
    expect(page.locator("#total")).to_have_text("135")


def test_a_file_that_breaks_its_quotes_is_refused_with_the_line(visit, tmp_path):
    file = tmp_path / "broken.csv"
    file.write_text("name,city\n" + "".join(f"Firm {n},Graz\n" for n in range(4000)) + 'Firm "x,Graz\n"no end,Graz\n')
    page = visit("/admin/imports/new?entity=companies")
    page.set_input_files("#file", file)
    page.click("button:has-text('Upload')")
    expect(page.locator(".problems")).to_contain_text(re.compile(r"400[23]"))


@pytest.mark.skipif(not FILES.is_dir(), reason="the sales team's files do not lie beside the checkout")
def test_a_real_sales_team_moves_in(chromium, tmp_path):
    """The walk of docs/import-walk.md; its pictures come from here."""
    deployment = Deployment(tmp_path, demo=False)
    try:
        page = chromium.new_page(base_url=deployment.url, viewport={"width": 1200, "height": 820}, reduced_motion="reduce")
        log_in(page, deployment)
        walk(page)
    finally:
        deployment.stop()


def walk(page):
    SCREENSHOTS.mkdir(exist_ok=True)

    def picture(name):
        page.screenshot(path=str(SCREENSHOTS / f"walk-{name}.png"))

    # The people, with their teams; addresses are made from the names.
    upload(page, "users", FILES / "sales_teams.csv")
    page.get_by_label("sales_agent goes to").select_option("name")
    page.get_by_label("regional_office goes to").select_option("teams")
    page.get_by_label("manager goes to").select_option("")
    row = page.locator("fieldset .row", has=page.locator("option[value=email][selected]"))
    row.get_by_label("Value in every row").fill("{sales_agent|slug}@example.com")
    picture("1-people")
    check(page)
    if page.locator("input[name=create_missing]").count() == 0 and int(tile(page, "With problems").inner_text()) > 0:
        page.click("text=Back to the columns")
        page.locator("input[name=create_missing][value=team]").check()
        check(page)
    expect(tile(page, "Would be added")).to_have_text("35")
    finish(page)

    # The companies.
    upload(page, "companies", FILES / "accounts.csv")
    page.get_by_label("revenue is given").select_option("1000000")
    page.fill("#currency", "USD")
    picture("2-companies")
    check(page)
    expect(tile(page, "Would be added")).to_have_text("85")
    picture("3-checked")
    finish(page)

    # The deals: 8,800 rows, with their stages and their close dates as they are.
    upload(page, "deals", FILES / "sales_pipeline.csv")
    page.fill("#currency", "USD")
    picture("4-deals")
    check(page)
    expect(tile(page, "With problems")).to_have_text("0")
    finish(page)
    expect(tile(page, "Added")).to_have_text("8,800")
    picture("5-done")

    # What the year came to.
    page.goto("/admin/deals?outcome=won")
    expect(page.locator("#total")).to_have_text("4,238")
    page.goto("/admin/deals/board")
    expect(page.locator(".column", has_text="Prospecting").locator(".count")).to_have_text("500")
    expect(page.locator(".column", has_text="Engaging").locator(".count")).to_have_text("1,589")
    picture("6-board")

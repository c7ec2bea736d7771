"""Script in every text that somebody can write, on every page, in a real browser: it is never run, never becomes markup, and the content
security policy never has to stop it."""
import csv
import io
import json
import re
import urllib.parse

import pytest

from conftest import Deployment, log_in

# Ends attributes, texts, titles and scripts; as an element it would be found, as script it would leave a mark.
MARK = "pwned"
SHORT = f"\"'><i {MARK}>"
PAYLOAD = f"\"'`><i {MARK}><img src=x onerror=__{MARK}=1></title></textarea></script><script>__{MARK}=1</script>"
LINKS = [f"javascript:__{MARK}=1", f"JaVa\tscript:__{MARK}=1//", f"data:text/html,<script>__{MARK}=1</script>", f"//evil.example/{SHORT}", f"https://example.com/{SHORT}"]
WATCH = f"""
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', event => window.__violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + (event.sample || '')));
"""
LOOK = f"""() => {{
    const found = [];
    if (window.__{MARK} !== undefined) found.push('a script has run');
    if (document.querySelector('[{MARK}], img[src="x"]')) found.push('text has become markup: ' + document.querySelector('[{MARK}], img[src="x"]').outerHTML.slice(0, 200));
    for (const element of document.querySelectorAll('*')) for (const attribute of element.attributes) {{
        if (/^on/i.test(attribute.name)) found.push('a handler: ' + element.outerHTML.slice(0, 200));
        if (/^(href|src|action|formaction|hx-get|hx-post|data-href|xlink:href)$/.test(attribute.name) && /^[\\s\\u0000-\\u001f]*(javascript|vbscript|data:text)/i.test(attribute.value.replace(/[\\t\\n\\r]/g, '')))
            found.push('a link that runs: ' + element.outerHTML.slice(0, 200));
    }}
    return found.concat(window.__violations || []);
}}"""


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory, chromium):
    """A deployment of its own in which every text is an attack, and the cookies of its administrator."""
    deployment = Deployment(tmp_path_factory.mktemp("spoiled"), demo=False)
    try:
        deployment.key = deployment.token()
        deployment.written = Spoiler(deployment).write()
        context = chromium.new_context()
        page = context.new_page()
        log_in(page, deployment)
        deployment.state = context.storage_state()
        context.close()
        yield deployment
    finally:
        deployment.stop()


class Spoiler:
    """Writes the attack wherever a text is taken."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.written = []
        self.made = {}

    def ask(self, method, path, body=None, **options):
        return self.deployment.ask(method, "/api/v1/" + path, body, self.deployment.key, **options)

    def write(self):
        self.fields()
        schema = self.ask("GET", "schema")[1]
        entities = {entity["name"]: entity for entity in schema["entities"]}
        for _ in range(3):
            for entity in sorted(entities.values(), key=lambda one: sum(1 for field in one["fields"] if field.get("target"))):
                if "create" in entity["rights"] and len(self.made.get(entity["name"], [])) < 2 and entity["name"] not in ("webhook_delivery",):
                    self.record(entity)
        self.more()
        return self.written

    def fields(self):
        """Custom fields, whose names and options are texts, too."""
        for entity in ("lead", "deal", "customer", "company"):
            for name, kind, more in (("remark", "text", {}), ("shade", "choice", {"options": [{"key": "a", "label": SHORT, "color": "red"}]})):
                status, answer = self.ask("POST", "custom-fields", {"entity": entity, "name": name, "type": kind, "label": SHORT + name, "help": PAYLOAD[:200], **more})
                assert status == 201, answer
                self.written.append(f"{entity}.{name}: its name")

    def text(self, field, number):
        longest = field.get("max_length", 200)
        text = (PAYLOAD if longest >= len(PAYLOAD) + 3 else SHORT)[: longest - 2] + (str(number) if field["unique"] else "")
        return {"email": f"{number}+{MARK}@example.com", "url": LINKS[number % len(LINKS)], "phone": SHORT}.get(field["format"], text)

    def record(self, entity):
        number = len(self.made.get(entity["name"], []))
        body, texts = {}, []
        for field in entity["fields"]:
            if field["read_only"] or field["system"] or "formula" in field:
                continue
            if field["type"] == "text":
                body[field["name"]] = self.text(field, number)
                texts.append(field["name"])
            elif field.get("target") in self.made and field["type"] == "reference":
                body[field["name"]] = self.made[field["target"]][number % len(self.made[field["target"]])]
            elif field.get("target") == "user" and field["type"] == "reference":
                body[field["name"]] = 1
            elif field["type"] == "choice" and field["name"] == "shade":
                body[field["name"]] = "a"
            elif field["name"] == "hooks":
                continue
        for _ in range(12):
            status, answer = self.ask("POST", entity["path"], body)
            if status == 201:
                self.made.setdefault(entity["name"], []).append(answer["id"])
                self.written += [f"{entity['name']}.{name}" for name in texts if name in body and MARK in str(body[name])]
                return
            # What a field does not take is tried shorter, then as a harmless text, then not at all.
            problems = [problem["field"] for problem in answer.get("errors", [])] if isinstance(answer, dict) else []
            if not problems:
                return
            for name in problems:
                field = next((one for one in entity["fields"] if one["name"] == name), None)
                if field is None:
                    body.pop(name, None)
                elif field["type"] == "text" and body.get(name) not in (None, SHORT, "x"):
                    body[name] = {"email": "a@example.com", "url": "https://example.com/x"}.get(field["format"], SHORT)
                elif field["type"] == "text" and body.get(name) == SHORT:
                    body[name] = "x"
                elif name in body:
                    body.pop(name)
                elif field["type"] == "integer":
                    body[name] = 1
                elif field["type"] == "choice":
                    body[name] = field["options"][0]["key"]
                elif field["type"] == "reference":
                    body[name] = 1

    def more(self):
        """Notes, settings, roles, names of files, heads and cells of tables, formulas."""
        for entity in ("leads", "deals", "customers", "companies"):
            found = self.ask("GET", entity + "?limit=1")[1]["data"]
            assert found, entity
            assert self.ask("POST", f"{entity}/{found[0]['id']}/notes", {"text": PAYLOAD + "\n" + LINKS[0]})[0] == 201
            self.ask("PATCH", f"{entity}/{found[0]['id']}", {"remark": PAYLOAD + " changed"})
            # Two alike, so that pages of duplicates have something to show.
        for setting in self.ask("GET", "settings")[1]["data"]:
            if setting["type"] == "text" and not setting.get("secret"):
                status, _ = self.ask("PATCH", "settings", {setting["key"]: SHORT})
                if status == 200:
                    self.written.append("setting " + setting["key"])
        assert self.ask("PATCH", "settings", {"kernel.name": SHORT})[0] in (200, 422)
        status, role = self.ask("POST", "roles", {"name": SHORT + "role", "description": PAYLOAD[:200]})
        assert status == 201, role
        status, user = self.ask("POST", "users", {"name": SHORT + "user", "email": "evil@example.com", "roles": [role["id"], 1]})
        assert status == 201, user
        self.ask("PATCH", "users/1", {"name": SHORT + "me"})
        cells = io.StringIO()
        csv.writer(cells).writerows([[SHORT, "Title", "E-mail"], [PAYLOAD, PAYLOAD, "not-" + SHORT], ["=1+1", SHORT, "x@example.com"]])
        table = cells.getvalue().encode()
        name = urllib.parse.quote(SHORT + ".csv")
        status, made = self.ask("POST", f"imports?entity=lead&file_name={name}", raw=table, headers={"Content-Type": "text/csv"})
        assert status == 201, made
        self.ask("POST", f"imports/{made['id']}/check?wait=true", {})
        self.ask("POST", f"imports?entity=lead&file_name={name}", raw=table, headers={"Content-Type": "text/csv"})
        self.ask("POST", "tokens", {"name": SHORT})
        self.ask("POST", "leads/bulk", {"ids": self.made["lead"], "update": {"title": PAYLOAD}})
        self.written += ["notes", "roles", "users", "imports", "tokens", "changes"]


class Crawler:
    def __init__(self, page, deployment):
        self.page, self.deployment, self.found = page, deployment, []
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self.found.append(f"{page.url}: {message.text}") if re.search("Content.Security|Refused to", message.text) else None)
        page.on("dialog", lambda dialog: (self.found.append(f"{page.url}: a dialog has opened"), dialog.dismiss()))

    def look(self, path):
        answer = self.page.goto(path, wait_until="load")
        kind = answer.headers.get("content-type", "") if answer else ""
        if not kind.startswith("text/html"):
            return []
        self.page.wait_for_timeout(30)
        self.found += [f"{path}: {what}" for what in self.page.evaluate(LOOK)]
        return self.page.evaluate(
            "() => [...document.querySelectorAll('[href], [formaction], [hx-get], [data-href]')].flatMap(e => ['href', 'formaction', 'hx-get', 'data-href'].map(n => e.getAttribute(n))).filter(Boolean)")


@pytest.fixture
def crawler(chromium, spoiled):
    context = chromium.new_context(storage_state=spoiled.state, base_url=spoiled.url, reduced_motion="reduce", viewport={"width": 1300, "height": 900})
    context.set_default_timeout(20_000)
    context.add_init_script(WATCH)
    page = context.new_page()
    yield Crawler(page, spoiled)
    context.close()


def shape(path):
    """Pages that differ in numbers and queries only are alike; two of each are looked at."""
    path, _, query = path.partition("?")
    return re.sub(r"/\d+", "/N", path) + "?" + "&".join(sorted({part.split("=")[0] for part in query.split("&")}))[:60]


def test_no_text_runs_on_any_page(crawler, spoiled):
    waiting = ["/admin", "/admin/users/1", "/admin/notifications", "/admin/imports", "/admin/fields", "/admin/roles", "/admin/changes", "/admin/dashboards"]
    schema = spoiled.ask("GET", "/api/v1/schema", token=spoiled.key)[1]
    for entity in schema["entities"]:
        base = "/admin/" + entity["path"]
        waiting += [base, base + "/new"] + ([base + "/board"] if entity["has_board"] else []) + [base + "/duplicates"]
        for record in spoiled.ask("GET", f"/api/v1/{entity['path']}?limit=2", token=spoiled.key)[1]["data"]:
            one = f"{base}/{record['id']}"
            waiting += [one, one + "/edit", one + "/delete", one + "/timeline"]
            waiting += [f"{one}/actions/{action['name']}" for action in entity["actions"]]
            waiting += [f"{one}/cell/{field['name']}" for field in entity["fields"] if field["type"] == "text"][:3]
    seen, shapes, looked = set(), {}, 0
    while waiting and looked < 260:
        path = waiting.pop(0)
        if path in seen or not path.startswith("/admin") or re.search(r"/export|/events", path):
            continue
        seen.add(path)
        if shapes.get(shape(path), 0) >= 2:
            continue
        shapes[shape(path)] = shapes.get(shape(path), 0) + 1
        looked += 1
        waiting += [link.split("#")[0] for link in crawler.look(path)]
    assert not crawler.found, "\n".join(crawler.found[:30])
    # The test is worth something only when the attack stood on many pages.
    assert looked > 120, looked
    assert len(spoiled.written) > 60, spoiled.written


def test_no_address_runs_when_it_is_shown_again(crawler, spoiled):
    text = urllib.parse.quote(PAYLOAD)
    paths = [f"/admin/{text}", f"/admin/leads/{text}", f"/admin/leads/1/{text}", f"/admin/search?q={text}", f"/login?next={text}", f"/{text}", f"/plugins/leads/forms/{text}", f"/plugins/{text}"]
    for page in ("leads", "deals", "customers", "companies", "leads/board", "deals/board", "users", "imports", "changes", "jobs", "settings", "explain", "dashboards", "notifications"):
        for name in ("q", "sort", "where", "view", "saved", "columns", "title", "status", "assigned_to", "period", "date", "entity", "user", "right", "before", "cursor", "board", "within", "mark", "id", "remark.contains", PAYLOAD):
            paths.append(f"/admin/{page}?{urllib.parse.quote(name)}={text}")
    for path in paths:
        crawler.look(path)
    assert not crawler.found, "\n".join(crawler.found[:30])
    # Cookies are texts as well.
    for cookie in ("tenon_flash", "tenon_theme", "tenon_side", "tenon_keys"):
        crawler.page.context.add_cookies([{"name": cookie, "value": urllib.parse.quote(PAYLOAD) + ("!" + urllib.parse.quote("javascript:1") if cookie == "tenon_flash" else ""), "url": spoiled.url}])
        crawler.look("/admin/leads")
    assert not crawler.found, "\n".join(crawler.found[:30])


def test_no_text_runs_in_what_opens_over_a_page(crawler, spoiled):
    page = crawler.page
    crawler.look("/admin/leads")
    page.keyboard.press("Control+k")
    page.keyboard.type(MARK)
    page.wait_for_timeout(600)
    crawler.found += page.evaluate(LOOK)
    page.keyboard.press("Escape")
    # The parts that script fetches are put into the page as they are: each of them as the script would.
    lead = spoiled.ask("GET", "/api/v1/leads?limit=1", token=spoiled.key)[1]["data"][0]["id"]
    parts = [("dialog", f"/admin/leads/{lead}/edit"), ("dialog", f"/admin/leads/{lead}/delete"), ("dialog", f"/admin/leads/{lead}/actions/convert"), ("timeline", f"/admin/leads/{lead}/timeline"),
             ("palette", f"/admin/search?q={MARK}"), ("cell", f"/admin/leads/{lead}/cell/title"), ("dialog", f"/admin/leads/bulk/edit?id={lead}"), ("options", f"/admin/lookup/customers?q={MARK}"),
             ("dialog", "/admin/leads/new"), ("dialog", "/admin/fields/new"), ("list", "/admin/leads"), ("board", "/admin/leads/board")]
    for fragment, path in parts:
        found = page.evaluate(
            """async ([fragment, path]) => {
                const answer = await fetch(path, {headers: {'tenon-fragment': fragment, 'hx-request': 'true'}});
                const box = document.createElement('div');
                document.body.append(box);
                box.innerHTML = await answer.text();
                await new Promise(done => setTimeout(done, 60));
                return answer.status;
            }""", [fragment, path])
        assert found < 500, (path, found)
        crawler.found += [f"{path} as {fragment}: {what}" for what in page.evaluate(LOOK)]
    assert not crawler.found, "\n".join(crawler.found[:30])


def test_nobody_is_led_away_by_the_log_in(chromium, spoiled):
    for aim in ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "/admin/../../evil", "\t//evil.example", "/%5Cevil.example", "/admin/leads"):
        context = chromium.new_context(base_url=spoiled.url)
        page = context.new_page()
        page.goto("/login?next=" + urllib.parse.quote(aim, safe=""))
        page.fill("#email", "admin@example.com")
        page.fill("#password", spoiled.password)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/(admin|evil|login)"), timeout=15_000)
        assert page.url.startswith(spoiled.url + "/"), (aim, page.url)
        context.close()


def test_a_form_for_visitors_runs_nothing(chromium, spoiled):
    forms = spoiled.ask("GET", "/api/v1/lead-forms", token=spoiled.key)[1]["data"]
    assert forms
    context = chromium.new_context(base_url=spoiled.url)
    context.add_init_script(WATCH)
    page = context.new_page()
    crawler = Crawler(page, spoiled)
    for form in forms:
        address = "/plugins/leads/forms/" + form["key"]
        text = urllib.parse.quote(PAYLOAD)
        for path in (address, address + "?contact_name=" + text + "&utm_source=" + text, address + "/thanks", address + "?" + text):
            crawler.look(path)
        page.goto(address)
        for box in page.locator("input:visible, textarea:visible").all():
            box.fill(PAYLOAD[:80]) if box.get_attribute("type") in (None, "text", "tel", "email", "url", "search") else None
        page.locator("form button").first.click()
        page.wait_for_timeout(400)
        # A form may send its visitors on to an address that nobody answers at: the browser's own page is nothing of ours.
        if not page.url.startswith("chrome-error:"):
            crawler.found += page.evaluate(LOOK)
    context.close()
    assert not crawler.found, "\n".join(crawler.found[:30])


def test_what_is_downloaded_never_opens_in_the_window(spoiled):
    import urllib.request

    for path in ("leads/export", "leads/export?format=json", "settings/export", "users/export"):
        request = urllib.request.Request(spoiled.url + "/api/v1/" + path, headers={"Authorization": "Bearer " + spoiled.key})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.headers["content-disposition"].startswith("attachment"), path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"] and "script-src" not in answer.headers["content-security-policy"]

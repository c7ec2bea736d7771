// Behaviour of the shell, on top of pages that are complete without it. Everything is found by data attributes and
// delegated from the document, so that markup which arrives later works without being set up.
(() => {
  "use strict";
  const app = document.body;
  document.documentElement.dataset.script = "";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const csrf = () => $('meta[name="csrf"]')?.content ?? "";
  const on = (type, selector, handler, options) => document.addEventListener(type, (event) => {
    const target = event.target instanceof Element ? event.target.closest(selector) : null;
    if (target) handler(event, target);
  }, options);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const remember = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`; };
  const dropEmpty = (data) => {
    for (const name of new Set(data.keys())) {
      const values = data.getAll(name).filter((value) => value !== "");
      data.delete(name);
      for (const value of values) data.append(name, value);
    }
  };
  const parse = (html) => { const box = document.createElement("template"); box.innerHTML = html; return box.content; };

  // ---------------------------------------------------------------- Requests

  // A fragment request asks for the inner part of a page; a redirect arrives as the header Tenon-Location.
  async function request(url, { method = "GET", body, fragment, signal } = {}) {
    const headers = { "Tenon-Fragment": fragment ?? "json" };
    if (method !== "GET") headers["X-CSRF-Token"] = csrf();
    let response;
    try {
      response = await fetch(url, { method, body, headers, signal, credentials: "same-origin" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The server did not answer. Nothing was saved.");
    }
    if (response.status === 401) { location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`); await new Promise(() => {}); }
    const type = response.headers.get("Content-Type") ?? "";
    const text = response.status === 204 ? "" : await response.text();
    let json = null;
    if (type.includes("json") && text) { try { json = JSON.parse(text); } catch { /* an empty or cut answer */ } }
    return { ok: response.ok, status: response.status, text, json, location: response.headers.get("Tenon-Location"), html: type.includes("html") };
  }
  const reason = (answer) => answer.json
    ? [answer.json.errors?.map((one) => one.message).join(" ") || answer.json.detail || answer.json.title, answer.json.hint].filter(Boolean).join(" ")
    : `The server refused the change (${answer.status}).`;
  const encoded = (pairs) => new URLSearchParams(pairs);

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = csrf();
    event.detail.headers["Tenon-Fragment"] = event.detail.elt.dataset.fragment ?? "";
    if (event.detail.verb === "get") dropEmpty(event.detail.formData);
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
    else toast(`That did not work (${event.detail.xhr.status}).`, { bad: true });
  });
  document.addEventListener("htmx:sendError", () => toast("The server did not answer.", { bad: true }));

  // ---------------------------------------------------------------- Toasts

  function toast(text, { undo, bad = false, href } = {}) {
    const box = $(".toasts");
    const item = make("div", { class: bad ? "toast bad" : "toast" }, make("span", {}, text));
    if (href) item.append(make("a", { href }, "Open"));
    if (undo) {
      const button = make("button", { type: "button" }, "Undo");
      button.addEventListener("click", () => { item.remove(); undo(); });
      item.append(button);
    }
    box.append(item);
    while (box.children.length > 3) box.firstElementChild.remove();
    expire(item, bad || undo ? 9000 : 5000);
    return item;
  }
  function expire(item, after) {
    let timer = setTimeout(() => item.remove(), after);
    const hold = () => clearTimeout(timer);
    const release = () => { timer = setTimeout(() => item.remove(), 2500); };
    item.addEventListener("pointerenter", hold); item.addEventListener("focusin", hold);
    item.addEventListener("pointerleave", release); item.addEventListener("focusout", release);
  }

  // ---------------------------------------------------------------- Menus

  document.addEventListener("click", (event) => {
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLDetailsElement) || !menu.matches(".menu") || !menu.open) return;
    for (const other of $$("details.menu[open]")) if (other !== menu && !other.contains(menu)) other.open = false;
    const panel = $(".panel", menu);
    if (menu.dataset.load) load(menu.dataset.load, panel);
    // A panel inside a scrolling part must not leave the window.
    panel.style.translate = "";
    const edge = panel.getBoundingClientRect();
    if (getComputedStyle(panel).position === "absolute" && edge.right > innerWidth - 8) panel.style.translate = `${Math.floor(innerWidth - 8 - edge.right)}px 0`;
    if (!matchMedia("(hover: none)").matches) $("input:not([type=hidden]), select", panel)?.focus({ preventScroll: true });
  }, true);
  async function load(url, into) {
    try {
      const answer = await request(url, { fragment: "part" });
      if (answer.ok) into.replaceChildren(parse(answer.text));
    } catch (error) { toast(error.message, { bad: true }); }
  }
  on("keydown", "details.menu[open]", (event, menu) => {
    if (event.key === "Escape") { menu.open = false; $("summary", menu).focus(); event.stopPropagation(); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (event.target.matches("select, input:not([type=checkbox])")) return;
    const items = $$(".panel :is(a, button, input)", menu).filter((item) => item.checkVisibility());
    const next = items[(items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length];
    if (next) { next.focus(); event.preventDefault(); }
  });

  // ---------------------------------------------------------------- Frame: drawer, narrow menu, theme

  on("click", "[data-drawer-toggle]", (event) => {
    event.preventDefault();
    const open = app.dataset.drawer !== "open";
    app.dataset.drawer = open ? "open" : "";
    if (open) $(".side a")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (app.dataset.drawer === "open" && !event.target.closest(".side, [data-drawer-toggle]")) app.dataset.drawer = "";
  });
  on("click", "[data-side-toggle]", () => {
    const narrow = app.dataset.side !== "narrow";
    app.dataset.side = narrow ? "narrow" : "";
    remember("tenon_side", narrow ? "narrow" : "wide");
    if (narrow) titles();
  });
  function titles() { for (const link of $$(".side li a")) link.title = $(".label", link)?.textContent ?? ""; }
  if (app.dataset.side === "narrow") titles();
  on("click", "[data-theme-toggle]", (event) => {
    event.preventDefault();
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember("tenon_theme", root.dataset.theme);
  });

  // ---------------------------------------------------------------- Dialogs

  let opener = null;
  async function openDialog(url) {
    opener = document.activeElement;
    try {
      const answer = await request(url, { fragment: "dialog" });
      if (answer.location) return location.assign(answer.location);
      if (!answer.ok || !answer.html) return toast(reason(answer), { bad: true });
      show(answer.text, url);
    } catch (error) { toast(error.message, { bad: true }); }
  }
  function show(html, url) {
    let dialog = $("dialog.action");
    if (!dialog) {
      dialog = make("dialog", { class: "action" });
      app.append(dialog);
      dialog.addEventListener("close", () => { dialog.replaceChildren(); opener?.isConnected && opener.focus(); });
      dialog.addEventListener("cancel", (event) => { if (!mayLeave(dialog)) event.preventDefault(); });
      dialog.addEventListener("pointerdown", (event) => { dialog.pressed = event.target === dialog; });
      dialog.addEventListener("click", (event) => { if (event.target === dialog && dialog.pressed && mayLeave(dialog)) dialog.close(); });
    }
    if (url) dialog.dataset.url = url;
    dialog.replaceChildren(parse(html));
    const heading = $("h1, h2", dialog);
    if (heading) { heading.id ||= "dialog-title"; dialog.setAttribute("aria-labelledby", heading.id); }
    if (!dialog.open) dialog.showModal();
    setUp(dialog);
    const first = $("[aria-invalid=true]", dialog) ?? $("[autofocus]", dialog)
      ?? $$(".body :is(input:not([type=hidden]), select, textarea)", dialog).find((field) => field.checkVisibility()) ?? $(".body button", dialog);
    first?.focus();
    if (first instanceof HTMLInputElement && first.type === "text") first.select();
  }
  const changed = (form) => form.dataset.start !== undefined && form.dataset.start !== state(form);
  const mayLeave = (box) => !$$("form[data-guard]", box).some(changed) || confirm("Leave without saving your changes?");
  on("click", "a[data-dialog]", (event, link) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    openDialog(link.href);
  });
  on("click", "button[data-dialog]", (event, button) => {
    event.preventDefault();
    const query = button.form ? `?${encoded(new FormData(button.form, button.name ? button : undefined))}` : "";
    openDialog((button.formAction || button.dataset.dialog).split("?")[0] + query);
  });
  on("click", "dialog [data-close]", (event, button) => {
    event.preventDefault();
    const dialog = button.closest("dialog");
    if (mayLeave(dialog)) dialog.close();
  });
  on("submit", "dialog.action form[method=post]", async (event, form) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter;
    busy(button, true);
    const plain = form.enctype !== "multipart/form-data";
    const data = new FormData(form, button?.name ? button : undefined);
    try {
      const answer = await request(button?.getAttribute("formaction") ?? form.action, { method: "POST", body: plain ? encoded(data) : data, fragment: "dialog" });
      if (answer.location) { leaving = true; return location.assign(answer.location), refreshIfSame(answer.location); }
      if (answer.html && answer.text) show(answer.text);
      else if (answer.ok) { leaving = true; location.reload(); } else toast(reason(answer), { bad: true });
    } catch (error) { toast(error.message, { bad: true }); }
    busy(button, false);
  });
  // A note is written in place: the timeline comes back with it.
  on("submit", "form[data-note]", async (event, form) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter ?? $("button.primary", form);
    if (button?.getAttribute("aria-busy")) return;
    busy(button, true);
    try {
      const answer = await request(form.action, { method: "POST", body: encoded(new FormData(form)), fragment: "timeline" });
      if (answer.ok && answer.html) {
        $(".timeline", form.closest("section")).replaceChildren(parse(answer.text));
        form.reset();
        form.dataset.start = state(form);
        setUp(form.closest("section"));
      } else toast(reason(answer), { bad: true });
    } catch (error) { toast(error.message, { bad: true }); }
    busy(button, false);
  });
  // Going to the address that is shown already, apart from its fragment, does not load anything by itself.
  function refreshIfSame(address) {
    const there = new URL(address, location.href);
    if (there.pathname === location.pathname && there.search === location.search && there.hash) location.reload();
  }
  const busy = (button, value) => { if (button) value ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy"); };

  // ---------------------------------------------------------------- Forms

  let leaving = false;
  const state = (form) => encoded([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value])).toString();
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && $$("form[data-guard]").some(changed)) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (event.defaultPrevented || form.closest("dialog.action") || form.method === "dialog") return;
    const question = button?.dataset.confirm ?? form.dataset.confirm;
    if (question && !confirm(question)) return event.preventDefault();
    if (form.method === "post") {
      if (form.dataset.sent) return event.preventDefault();
      if (!button?.dataset.stays) { form.dataset.sent = "yes"; leaving = true; busy(button, true); }
    }
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
    for (const form of $$("form[data-sent]")) { delete form.dataset.sent; for (const button of $$("[aria-busy]", form)) busy(button, false); }
  });
  // Filters: an address without the empty ones reads better.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    dropEmpty(event.formData);
  });
  on("change", "[data-submit]", (event, field) => field.form.requestSubmit());
  on("change", "[data-tint]", (event, field) => { field.className = field.value; });
  on("input", "[data-swatch]", (event, field) => { const text = document.getElementById(field.dataset.swatch); if (text) text.value = field.value; });
  on("click", "[data-copy]", async (event, button) => {
    await navigator.clipboard?.writeText($(button.dataset.copy)?.textContent ?? "");
    toast("Copied.");
  });
  // Parts of a form that only matter for one choice: data-when="field=value".
  function conditions(form) {
    for (const part of $$("[data-when]", form)) {
      const [name, values] = part.dataset.when.split("=");
      const current = new FormData(form).getAll(name);
      const show = values.split("|").some((value) => current.includes(value));
      part.hidden = !show;
      for (const field of $$("input, select, textarea", part)) field.disabled = !show;
    }
  }
  on("change", "form", (event, form) => { if ($("[data-when]", form)) conditions(form); });
  on("keydown", "form textarea, form input", (event, field) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); field.form?.requestSubmit($("button.primary", field.form) ?? undefined); }
  });
  // Files dropped on the upload area.
  for (const type of ["dragover", "dragleave", "drop"]) {
    on(type, ".drop", (event, area) => {
      event.preventDefault();
      area.classList.toggle("over", type === "dragover");
      const input = $("input[type=file]", area);
      if (type === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; input.dispatchEvent(new Event("change", { bubbles: true })); }
    });
  }
  on("change", ".drop input[type=file]", (event, input) => {
    const name = $(".file-name", input.closest(".drop"));
    if (name && input.files[0]) name.textContent = `${input.files[0].name}, ${Math.ceil(input.files[0].size / 1024).toLocaleString()} kB`;
  });
  // Lines that a document owns: the last row is a template.
  on("click", "[data-add-line]", (event, button) => {
    const template = document.getElementById(button.dataset.addLine);
    const body = $("tbody", template.closest(".lines"));
    const index = `${Date.now()}`.slice(-9);
    body.append(parse(template.innerHTML.replaceAll("__N__", index)));
    $("input, select", body.lastElementChild)?.focus();
    setUp(body.lastElementChild);
  });
  on("click", "[data-remove-line]", (event, button) => {
    const row = button.closest("tr");
    const form = button.form;
    row.remove();
    form?.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // ---------------------------------------------------------------- Lookups: a text field that finds a record

  // Without script the field takes the record's name; with it the id travels in a hidden field of the same name.
  function lookup(input) {
    if (input.dataset.ready) return;
    input.dataset.ready = "yes";
    const hidden = make("input", { type: "hidden", name: input.name, value: input.dataset.id || input.value });
    input.removeAttribute("name");
    input.before(hidden);
    const list = make("div", { role: "listbox", id: `${input.id}-options`, hidden: "", "aria-label": "Suggestions" });
    input.after(list);
    for (const [name, value] of Object.entries({ role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
    let asked = null;
    let timer = 0;
    const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const choose = (option) => {
      hidden.value = option.dataset.value;
      input.value = option.dataset.label ?? option.textContent.trim();
      close();
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
      if (input.dataset.submitOnChoice !== undefined) input.form?.requestSubmit();
    };
    const find = async () => {
      asked?.abort();
      asked = new AbortController();
      try {
        const answer = await request(`${input.dataset.lookup}?q=${encodeURIComponent(input.value)}`, { fragment: "options", signal: asked.signal });
        if (!answer.ok || document.activeElement !== input) return;
        list.replaceChildren(parse(answer.text));
        $$("[role=option]", list).forEach((option, index) => { option.id = `${list.id}-${index}`; });
        list.hidden = !list.children.length;
        input.setAttribute("aria-expanded", String(!list.hidden));
        mark(list, input, 0);
      } catch { /* a newer question is under way */ }
    };
    input.addEventListener("input", () => { hidden.value = input.value; clearTimeout(timer); timer = setTimeout(find, 120); });
    input.addEventListener("focus", () => { if (!input.value) find(); });
    input.addEventListener("blur", () => setTimeout(close, 150));
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && list.hidden) return find();
      if (list.hidden) return;
      if (event.key === "Escape") { close(); event.stopPropagation(); event.preventDefault(); }
      if (steer(event, list, input) || event.key !== "Enter") return;
      const option = $("[aria-selected=true]", list);
      if (option) { event.preventDefault(); event.stopPropagation(); choose(option); }
    });
    list.addEventListener("pointerdown", (event) => { const option = event.target.closest("[role=option]"); if (option) { event.preventDefault(); choose(option); } });
  }
  function mark(list, input, index) {
    const options = $$("[role=option]", list);
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (options[index]) { input.setAttribute("aria-activedescendant", options[index].id); options[index].scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
  }
  function steer(event, list, input) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return false;
    event.preventDefault();
    const options = $$("[role=option]", list);
    const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (options.length) mark(list, input, (now + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    return true;
  }

  // ---------------------------------------------------------------- Command palette

  let palette = null;
  function openPalette(text = "") {
    if (!palette) {
      const input = make("input", { type: "text", id: "palette-input", placeholder: "Search records, jump to a page, or create…", "aria-label": "Search, jump or create", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", autocomplete: "off", spellcheck: "false" });
      const list = make("div", { role: "listbox", id: "palette-list", "aria-label": "Results" });
      const foot = make("footer", { "aria-hidden": "true" });
      foot.append(make("span", {}, make("kbd", {}, "↑"), " ", make("kbd", {}, "↓"), " choose"), make("span", {}, make("kbd", {}, "Enter"), " open"), make("span", {}, make("kbd", {}, "Esc"), " close"));
      palette = make("dialog", { class: "palette", "aria-label": "Command palette" }, input, list, foot);
      app.append(palette);
      let asked = null;
      let timer = 0;
      const go = (option) => {
        palette.close();
        if (option.dataset.keep) option.source.click(); else location.assign(option.dataset.href);
      };
      const draw = (found) => {
        const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
        list.replaceChildren();
        if (found) list.append(found);
        for (const [title, options] of commands(words)) if (options.length) list.append(make("h2", { role: "presentation" }, title), ...options);
        const options = $$("[role=option]", list);
        options.forEach((option, index) => { option.id = `palette-${index}`; });
        if (!options.length) list.append(make("p", { class: "muted" }, "Nothing found."));
        mark(list, input, 0);
      };
      input.addEventListener("input", () => {
        draw();
        clearTimeout(timer);
        asked?.abort();
        if (input.value.trim().length < 2) return;
        timer = setTimeout(async () => {
          asked = new AbortController();
          try {
            const answer = await request(`${app.dataset.search}?q=${encodeURIComponent(input.value.trim())}`, { fragment: "palette", signal: asked.signal });
            if (answer.ok) draw(parse(answer.text));
          } catch { /* a newer question is under way */ }
        }, 110);
      });
      input.addEventListener("keydown", (event) => {
        if (steer(event, list, input) || event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        const option = $("[aria-selected=true]", list);
        if (option) go(option);
      });
      list.addEventListener("click", (event) => { const option = event.target.closest("[role=option]"); if (option) { event.preventDefault(); go(option); } });
      list.addEventListener("pointermove", (event) => { const option = event.target.closest("[role=option]"); if (option && option.getAttribute("aria-selected") !== "true") mark(list, input, $$("[role=option]", list).indexOf(option)); });
      palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
      palette.draw = draw;
    }
    $("input", palette).value = text;
    palette.draw();
    if (!palette.open) palette.showModal();
    $("input", palette).focus();
  }
  function commands(words) {
    const fits = (text) => words.every((word) => text.toLowerCase().includes(word));
    const entry = (source, text, icon, keep) => {
      const option = make("div", { role: "option", "data-href": source.href, "data-keep": keep ? "yes" : null });
      option.source = source;
      const picture = $("svg", source)?.cloneNode(true);
      if (picture) option.append(picture);
      option.append(make("span", {}, text));
      return option;
    };
    const all = (selector, prefix, keep) => $$(selector).map((link) => [link, prefix + (($(".label", link) ?? link).textContent.trim())]).filter(([, text]) => fits(text)).map(([link, text]) => entry(link, text, null, keep));
    return [["On this page", all(".page-head .actions > :is(a, button)", "", true)], ["Go to", all(".side li a", "", false)], ["Create", all("[data-create]", "New ", true)]];
  }
  on("focus", ".top-search input", (event, input) => { input.blur(); openPalette(input.value); }, true);

  // ---------------------------------------------------------------- Lists

  const rows = () => $$(".rows tbody tr[data-id]");
  const cards = () => $$(".board .card");
  let here = null;
  function goTo(item) {
    here?.classList.remove("here");
    here = item;
    if (!item) return;
    item.classList.add("here");
    if (item.matches(".card")) $(".title", item).focus({ preventScroll: true });
    else { item.tabIndex = -1; item.focus({ preventScroll: true }); }
    item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  function step(by) {
    const all = rows();
    if (!all.length) return stepCard(by, 0);
    const now = all.indexOf(here);
    goTo(all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + by))]);
  }
  function stepCard(down, right) {
    if (!here?.isConnected) return goTo(cards()[0]);
    const column = here.closest(".column");
    if (down) {
      const all = $$(".card", column);
      return goTo(all[Math.max(0, Math.min(all.length - 1, all.indexOf(here) + down))]);
    }
    const columns = $$(".column").filter((one) => $(".card", one));
    const at = $$(".card", column).indexOf(here);
    const next = columns[columns.indexOf(column) + right];
    if (next) { const all = $$(".card", next); goTo(all[Math.min(at, all.length - 1)]); }
  }
  let lastPick = null;
  function pickChanged(box) {
    box.closest("tr")?.classList.toggle("selected", box.checked);
    countPicks(box.form);
  }
  function countPicks(form) {
    if (!form) return;
    const boxes = $$("input[name=id]", form);
    const chosen = boxes.filter((box) => box.checked).length;
    const label = $("[data-picked]", form);
    if (label) label.textContent = `${chosen} selected`;
    // What makes one record of several takes two that the reader may change.
    const apart = boxes.some((box) => box.checked && "apart" in box.dataset);
    for (const button of $$("[data-several]", form)) button.hidden = chosen < 2 || apart;
    const head = $("[data-pick-all]", form);
    if (head) { head.checked = chosen > 0 && chosen === boxes.length; head.indeterminate = chosen > 0 && chosen < boxes.length; }
  }
  on("change", "input[name=id]", (event, box) => pickChanged(box));
  on("click", "input[name=id]", (event, box) => {
    if (event.shiftKey && lastPick?.isConnected) {
      const all = $$("input[name=id]", box.form);
      const [from, to] = [all.indexOf(lastPick), all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(from, to + 1)) { one.checked = box.checked; pickChanged(one); }
    }
    lastPick = box;
  });
  on("change", "[data-pick-all]", (event, head) => {
    for (const box of $$("input[name=id]", head.form)) { box.checked = head.checked; box.closest("tr")?.classList.toggle("selected", head.checked); }
    countPicks(head.form);
  });
  on("click", "[data-unpick]", (event, button) => {
    for (const box of $$("input[name=id]:checked", button.form)) { box.checked = false; pickChanged(box); }
  });
  on("click", ".rows tbody tr[data-href]", (event, row) => {
    if (event.target.closest("a, button, input, select, textarea, label, form") || getSelection().toString() || event.detail > 1) return;
    goTo(row);
  });

  // Inline edit of a cell: double click or e.
  async function editCell(cell) {
    const table = cell.closest("table");
    const id = cell.closest("tr").dataset.id;
    if (!table.dataset.cell || $("form", cell)) return;
    const url = table.dataset.cell.replace("{id}", id).replace("{field}", cell.dataset.edit);
    const before = [...cell.childNodes];
    const restore = () => { cell.classList.remove("editing"); cell.replaceChildren(...before); goTo(cell.closest("tr")); };
    try {
      const answer = await request(url, { fragment: "cell" });
      if (!answer.ok || !answer.html) return toast(reason(answer), { bad: true });
      const open = (html) => {
        cell.classList.add("editing");
        cell.replaceChildren(parse(html));
        setUp(cell);
        const field = $("input:not([type=hidden]), select, textarea", cell);
        field?.focus();
        field?.select?.();
        field?.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); restore(); } });
        if (field instanceof HTMLSelectElement) field.addEventListener("change", () => field.form.requestSubmit());
        $("form", cell).addEventListener("submit", async (event) => {
          event.preventDefault();
          event.stopPropagation();
          try {
            const saved = await request(url, { method: "POST", body: encoded(new FormData(event.target)), fragment: "cell" });
            if (saved.ok && saved.html) {
              const row = cell.closest("tr");
              const fresh = parse(`<table><tbody><tr>${saved.text}</tr></tbody></table>`).querySelector("td, th");
              fresh.classList.add("flash");
              cell.replaceWith(fresh);
              goTo(row);
              undoCell(url, saved, fresh);
            } else if (saved.status === 422 && saved.html) open(saved.text);
            else { restore(); toast(reason(saved), { bad: true }); }
          } catch (error) { toast(error.message, { bad: true }); }
        });
      };
      open(answer.text);
    } catch (error) { toast(error.message, { bad: true }); }
  }
  function undoCell(url, saved, cell) {
    const text = cell.dataset.undo;
    toast("Saved.", text === undefined ? {} : { undo: async () => {
      const back = await request(url, { method: "POST", body: encoded([["value", text], ["version", cell.dataset.version ?? ""]]), fragment: "cell" });
      if (back.ok) cell.replaceWith(parse(`<table><tbody><tr>${back.text}</tr></tbody></table>`).querySelector("td, th")); else toast(reason(back), { bad: true });
    } });
  }
  // A switch in a cell: turned over where it stands.
  on("click", "button[data-toggle]", async (event, button) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy")) return;
    const cell = button.closest("td");
    button.setAttribute("aria-busy", "true");
    try {
      const saved = await request(button.formAction, { method: "POST", body: encoded([["value", button.value]]), fragment: "cell" });
      if (!saved.ok || !saved.html) return toast(reason(saved), { bad: true, href: saved.json?.links?.[0]?.href });
      const fresh = parse(`<table><tbody><tr>${saved.text}</tr></tbody></table>`).querySelector("td");
      fresh.classList.add("flash");
      const focused = cell.contains(document.activeElement);
      cell.replaceWith(fresh);
      if (focused) $("button", fresh)?.focus();
      toast("Saved.");
    } catch (error) { toast(error.message, { bad: true }); } finally { button.removeAttribute("aria-busy"); }
  });
  // Rows in an order of their own: by the handle, or a step at a time.
  async function ordered(body, row, next) {
    const putBack = () => body.insertBefore(row, next);
    try {
      const ids = $$("tr[data-id]", body).map((one) => ["id", one.dataset.id]);
      const answer = await request(body.dataset.order, { method: "POST", body: encoded(ids), fragment: "json" });
      if (answer.ok) toast("Order saved."); else { putBack(); toast(reason(answer), { bad: true }); }
    } catch (error) { putBack(); toast(error.message, { bad: true }); }
  }
  function shiftRow(row, by, focus) {
    const body = row?.closest("tbody[data-order]");
    const other = by < 0 ? row?.previousElementSibling : row?.nextElementSibling;
    if (!body || !other?.matches("tr[data-id]")) return false;
    const next = row.nextElementSibling;
    body.insertBefore(row, by < 0 ? other : other.nextElementSibling);
    focus?.focus();
    ordered(body, row, next);
    return true;
  }
  on("click", "button[data-step]", (event, button) => {
    event.preventDefault();
    shiftRow(button.closest("tr"), Number(button.dataset.step), button);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const row = event.target.closest?.("tbody[data-order] tr[data-id]") ?? (here?.isConnected ? here : null);
    if (row && shiftRow(row, event.key === "ArrowUp" ? -1 : 1, event.target === row ? row : document.activeElement)) event.preventDefault();
  });
  on("dblclick", "td[data-edit]", (event, cell) => { getSelection().removeAllRanges(); editCell(cell); });

  // ---------------------------------------------------------------- Boards

  function setUpBoard(board) {
    if (board.dataset.ready || !window.Sortable || !board.dataset.move) return;
    board.dataset.ready = "yes";
    for (const list of $$(".cards", board)) {
      Sortable.create(list, {
        group: board.id || "board", draggable: ".card", sort: board.dataset.ordered === undefined, animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
        ghostClass: "ghost", dragClass: "drag", delay: 180, delayOnTouchOnly: true, scrollSensitivity: 80, scrollSpeed: 14, filter: ".move", preventOnFilter: false,
        onStart: (event) => { board.origin = { list: event.from, next: event.item.nextElementSibling }; },
        onMove: (event) => { for (const column of $$(".column.over", board)) column.classList.remove("over"); event.to.closest(".column")?.classList.add("over"); },
        onEnd: (event) => {
          for (const column of $$(".column.over", board)) column.classList.remove("over");
          if (event.from !== event.to || event.oldDraggableIndex !== event.newDraggableIndex) moved(board, event.item, board.origin);
        },
      });
    }
    board.addEventListener("focusin", (event) => { const card = event.target.closest(".card"); if (card && card !== here) { here?.classList.remove("here"); here = card; } });
  }
  // The card stands at its new place already; tell the server, and put it back when it refuses.
  async function moved(board, card, origin, quiet = false) {
    const list = card.closest(".cards");
    const near = (item) => (item?.matches?.(".card") ? item.dataset.id : "");
    const body = encoded([["to", list.dataset.value], ["after", near(card.previousElementSibling)], ["before", near(card.nextElementSibling)], ["version", card.dataset.version ?? ""], ["board", boardState()]]);
    const putBack = () => { origin.list.insertBefore(card, origin.next?.isConnected && origin.next.parentElement === origin.list ? origin.next : $(".more", origin.list)); recount(board); };
    recount(board);
    try {
      const answer = await request(board.dataset.move.replace("{id}", card.dataset.id), { method: "POST", body, fragment: "json" });
      if (!answer.ok) { putBack(); return toast(reason(answer), { bad: true }); }
      const done = answer.json ?? {};
      if (done.dialog) { putBack(); return openDialog(done.dialog); }
      if (done.version) card.dataset.version = done.version;
      for (const column of done.columns ?? []) {
        const part = $$(".cards", board).find((one) => one.dataset.value === String(column.value))?.closest(".column");
        if (!part) continue;
        $(".count", part).textContent = column.count;
        $(".count", part).dataset.n = column.n;
        $$(".sum", part).forEach((sum, place) => { sum.textContent = column.sums?.[place] ?? ""; });
      }
      // Where days decide the order, the server says below which card this one stands.
      if (done.above !== undefined) {
        const above = done.above && $(`.card[data-id="${done.above}"]`, list);
        if (above) above.after(card); else if (!done.above) list.prepend(card); else list.insertBefore(card, $(".more", list));
      }
      if (quiet) return;
      const name = $("h2", list.closest(".column"))?.textContent ?? "";
      toast(origin.list === list ? "Order saved." : `Moved to ${name}.`, { undo: async () => {
        // The day that a card had is not the day that its column would give it.
        if (board.dataset.ordered !== undefined && done.undo) {
          const back = await request(done.undo, { method: "POST", body: encoded([]) });
          return back.ok ? location.reload() : toast(reason(back), { bad: true });
        }
        const from = { list, next: card.nextElementSibling };
        putBack();
        moved(board, card, from, true);
      } });
    } catch (error) { putBack(); toast(error.message, { bad: true }); }
  }
  // A board of months begins with this one, and with a piece of the one before it to say that there is more.
  function begin(board) {
    if (board.dataset.begun) return;
    board.dataset.begun = "yes";
    const now = $(".column[data-now]", board);
    if (now) board.scrollLeft += now.getBoundingClientRect().left - board.getBoundingClientRect().left - 64;
  }
  // The board's state, as its address says it: which board, which filters.
  const boardState = () => location.search.slice(1);
  // Until the server's numbers arrive, counts follow the cards by difference.
  function recount(board) {
    for (const column of $$(".column", board)) {
      const shown = $$(".card", column).length;
      const count = $(".count", column);
      if (count?.dataset.n !== undefined && column.shown !== undefined && column.shown !== shown) {
        count.dataset.n = Number(count.dataset.n) + shown - column.shown;
        count.textContent = Number(count.dataset.n).toLocaleString("en");
      }
      column.shown = shown;
    }
  }
  function shift(right) {
    const board = here?.closest(".board");
    if (!board?.dataset.move) return;
    const columns = $$(".column", board);
    const target = columns[columns.indexOf(here.closest(".column")) + right];
    if (!target) return;
    const origin = { list: here.closest(".cards"), next: here.nextElementSibling };
    recount(board);
    $(".cards", target).prepend(here);
    goTo(here);
    moved(board, here, origin);
  }

  // ---------------------------------------------------------------- Keyboard

  let waiting = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); return palette?.open ? palette.close() : openPalette(); }
    if (event.key === "Escape" && app.dataset.drawer === "open") app.dataset.drawer = "";
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || app.dataset.keys === "off") return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]")) return;
    if (waiting) {
      clearTimeout(waiting);
      waiting = 0;
      const link = $$("[data-key]").find((one) => one.dataset.key === event.key);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const board = here?.isConnected && here.matches(".card") && here.contains(document.activeElement);
    const does = {
      j: () => step(1), k: () => step(-1),
      x: () => { const box = here && $("input[name=id]", here); if (box) { box.checked = !box.checked; pickChanged(box); } },
      e: () => {
        const cell = here && $("td[data-edit]", here);
        if (cell) editCell(cell);
        else if (here) location.assign(`${here.dataset.href ?? $(".title", here).href}/edit`);
        else $("[data-edit-here]")?.click();
      },
      t: () => (here && $("button[data-toggle]", here) ? $("button[data-toggle]", here).click() : false),
      c: () => ($("[data-create-here]") ?? $("[data-create]"))?.click(),
      "/": () => { const find = $(".filters .find input"); if (find) { find.focus(); find.select(); } else openPalette(); },
      "?": () => help(),
      g: () => { waiting = setTimeout(() => { waiting = 0; }, 1200); },
      Enter: () => { if (here?.dataset.href && document.activeElement === here) location.assign(here.dataset.href); else return false; },
      Escape: () => { if (here) { goTo(null); document.activeElement.blur(); } else return false; },
      ArrowDown: () => (board ? stepCard(1, 0) : false), ArrowUp: () => (board ? stepCard(-1, 0) : false),
      ArrowLeft: () => (board ? (event.shiftKey ? shift(-1) : stepCard(0, -1)) : false),
      ArrowRight: () => (board ? (event.shiftKey ? shift(1) : stepCard(0, 1)) : false),
      m: () => (board ? $(".move", here)?.click() : false),
    }[event.key];
    if (does && does() !== false) event.preventDefault();
  });
  function help() {
    const keys = [["Ctrl K", "Search, jump or create"], ["/", "Find in this list"], ["c", "New record"], ["j  k", "Next, previous row or card"], ["Enter", "Open"], ["x", "Select the row"], ["e", "Edit in place"], ["t", "Turn the row's switch over"], ["Alt ↑ ↓", "Move the row up or down"], ["← → ↑ ↓", "Walk over a board"], ["Shift ← →", "Move the card to the next column"], ["m", "Move the card to …"], ["g then a letter", "Go to a module"], ["Ctrl Enter", "Save the form"], ["Esc", "Close"]];
    const list = make("dl", { class: "keys" });
    for (const [key, text] of keys) list.append(make("dt", {}, make("kbd", {}, key)), make("dd", {}, text));
    const close = make("button", { type: "button", class: "button plain", "data-close": "" }, "Close");
    opener = document.activeElement;
    show("<article><header><h2>Keyboard</h2></header><div class=\"body\"></div></article>");
    $("dialog.action header").append(close);
    $("dialog.action .body").append(list);
    close.focus();
  }
  on("click", "[data-help]", (event) => { event.preventDefault(); help(); });

  // ---------------------------------------------------------------- Live events, while the page is looked at

  let events = null;
  function listen() {
    if (!app.dataset.events || events || document.hidden) return;
    events = new EventSource(app.dataset.events);
    events.addEventListener("unread", (event) => unread(Number(event.data)));
    events.addEventListener("changed", (event) => {
      const { entity, ids } = JSON.parse(event.data);
      for (const part of $$(`[data-live="${CSS.escape(entity)}"]`)) if (!ids.length || ids.includes(Number(part.dataset.id))) follow(part);
    });
    events.addEventListener("notification", (event) => {
      const note = JSON.parse(event.data);
      if (note.unread !== undefined) unread(note.unread);
      toast(note.title, { href: note.href });
    });
  }
  // What is new in a timeline comes on top; what is open below stays.
  async function follow(list) {
    clearTimeout(list.soon);
    list.soon = setTimeout(async () => {
      try {
        const answer = await request(list.dataset.href, { fragment: "timeline" });
        if (!answer.ok || !answer.html || list.contains(document.activeElement)) return;
        const known = new Map($$("li[data-entry]", list).map((item) => [item.dataset.entry, item]));
        const fresh = [];
        for (const item of $$("li[data-entry]", parse(answer.text))) {
          const old = known.get(item.dataset.entry);
          if (old) old.replaceWith(item); else fresh.push(item);
        }
        const newest = Math.max(0, ...[...known.keys()].map(Number));
        list.prepend(...fresh.filter((item) => Number(item.dataset.entry) > newest));
      } catch { /* the next change tries again */ }
    }, 150);
  }
  function unread(count) {
    const badge = $("[data-unread]");
    if (!badge) return;
    badge.textContent = count > 99 ? "99+" : String(count);
    badge.hidden = count === 0;
    badge.closest("summary")?.setAttribute("aria-label", count ? `Notifications, ${count} unread` : "Notifications");
  }
  document.addEventListener("visibilitychange", () => { if (document.hidden) { events?.close(); events = null; } else listen(); });
  window.addEventListener("pagehide", () => { events?.close(); events = null; });

  // ---------------------------------------------------------------- Charts

  // A chart is drawn from the table beside it: rows and columns, what a cell is worth, and where it goes.
  function readChart(box) {
    const columns = $$("thead th.num", box).map((head) => head.textContent);
    const rows = $$("tbody tr", box).filter((row) => !row.matches(".part"));
    const cells = rows.map((row) => $$("td.num", row));
    const series = [];
    for (const [place, title] of columns.entries()) {
      const worth = cells.map((row) => row[place].dataset.value);
      const units = [...new Set(worth.flatMap((text) => text.includes(" ") ? text.split(";").map((part) => part.split(" ")[0]) : []))];
      for (const unit of units.length ? units : [""]) {
        series.push({
          title: unit && units.length > 1 ? `${title} ${unit}` : title, unit,
          data: worth.map((text) => unit ? Number(text.split(";").find((part) => part.startsWith(`${unit} `))?.split(" ")[1] ?? 0) : Number(text || 0)),
          texts: cells.map((row) => row[place].textContent), links: cells.map((row) => $("a", row[place])?.href),
        });
      }
    }
    return { labels: rows.map((row) => $("th", row).textContent), colors: rows.map((row) => row.dataset.color), series };
  }

  // What a custom property comes to in the theme that is on.
  function tone(name, box) {
    const probe = make("span", { hidden: "" });
    probe.style.color = `var(${name})`;
    box.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
  }

  function drawChart(box) {
    const canvas = $("canvas", box);
    if (!window.Chart || !canvas) return box.classList.add("as-table");
    box.chart?.destroy();
    const { labels, colors, series } = readChart(box);
    const shape = box.dataset.chart;
    const lying = shape === "ranking";
    if (lying) $(".drawing", box).style.height = `${Math.max(140, labels.length * 30 * Math.max(1, series.length * 0.6) + 60)}px`;
    const [text, muted, line, surface] = ["--text", "--muted", "--line", "--surface"].map((name) => tone(name, box));
    const isMixed = series.some((one) => one.unit) && series.some((one) => !one.unit);
    const datasets = series.map((one, place) => {
      const color = tone(`--chart-${place % 7 + 1}`, box);
      const isLine = shape === "lines" || (isMixed && one.unit && shape === "bars");
      const own = series.length === 1 && colors.some(Boolean) ? colors.map((each) => each || color) : color;
      return {
        label: one.title, data: one.data, type: isLine ? "line" : "bar", order: isLine ? 0 : 1, source: one,
        backgroundColor: own, borderColor: isLine ? color : surface, borderWidth: isLine ? 2 : 0, borderRadius: 3, maxBarThickness: 34,
        pointRadius: 3, pointHoverRadius: 5, tension: 0.25, [lying ? "xAxisID" : "yAxisID"]: isMixed && one.unit ? "money" : "main",
        stack: shape === "stacked" ? "all" : undefined,
      };
    });
    const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
    const axis = (position, grid) => ({
      position, beginAtZero: true, stacked: shape === "stacked", border: { display: false }, grid: { color: line, drawOnChartArea: grid, drawBorder: false },
      ticks: { color: muted, precision: 0, maxTicksLimit: 6, callback: (value) => compact.format(value) },
    });
    const unit = [...new Set(series.map((one) => one.unit).filter(Boolean))].join(", ");
    const scales = { [lying ? "y" : "x"]: { grid: { display: false, drawBorder: false }, stacked: shape === "stacked", ticks: { color: lying ? text : muted, autoSkip: !lying } } };
    scales.main = { ...axis(lying ? "bottom" : "left", true), axis: lying ? "x" : "y" };
    if (isMixed) scales.money = { ...axis(lying ? "top" : "right", false), axis: lying ? "x" : "y", title: { display: true, text: unit, color: muted } };
    const follow = (elements) => elements.length ? datasets[elements[0].datasetIndex].source.links[elements[0].index] : null;
    Chart.defaults.font.family = getComputedStyle(app).fontFamily;
    box.chart = new Chart(canvas, {
      type: "bar", data: { labels, datasets },
      options: {
        indexAxis: lying ? "y" : "x", responsive: true, maintainAspectRatio: false, scales,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 200 },
        interaction: { mode: "nearest", intersect: true },
        plugins: {
          legend: { display: datasets.length > 1, position: "bottom", labels: { color: text, boxWidth: 10, boxHeight: 10, usePointStyle: true, sort: (one, other) => one.datasetIndex - other.datasetIndex } },
          tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}: ${item.dataset.source.texts[item.dataIndex]}` } },
        },
        onHover: (event, elements) => { canvas.style.cursor = follow(elements) ? "pointer" : ""; },
        onClick: (event, elements) => { const href = follow(elements); if (href) location.assign(href); },
      },
    });
  }
  on("click", "[data-chart-toggle]", (event, button) => {
    const box = button.closest(".chart");
    const asTable = box.classList.toggle("as-table");
    button.setAttribute("aria-pressed", asTable);
    if (!asTable) drawChart(box);
  });
  const redraw = () => { for (const box of $$(".chart:not(.as-table)")) drawChart(box); };
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  // ---------------------------------------------------------------- Set up, now and for what arrives later

  function setUp(part) {
    for (const input of $$("input[data-lookup]", part)) lookup(input);
    for (const form of $$("form", part)) { if ($("[data-when]", form)) conditions(form); if (form.dataset.guard !== undefined) form.dataset.start ??= state(form); }
    for (const board of $$(".board", part)) { setUpBoard(board); recount(board); begin(board); }
    for (const list of $$("[data-sort-items]", part)) if (window.Sortable && !list.dataset.ready) { list.dataset.ready = "yes"; Sortable.create(list, { animation: 100, handle: "[data-handle]", ghostClass: "ghost" }); }
    for (const list of $$("[data-sort-ticks]", part)) if (window.Sortable && !list.dataset.ready) { list.dataset.ready = "yes"; Sortable.create(list, { animation: 100, ghostClass: "ghost" }); }
    for (const body of $$("tbody[data-order]", part)) {
      if (!window.Sortable || body.dataset.ready) continue;
      body.dataset.ready = "yes";
      let next = null;
      Sortable.create(body, { animation: 100, handle: "[data-handle]", draggable: "tr[data-id]", ghostClass: "ghost",
        onStart: (event) => { next = event.item.nextElementSibling; },
        onEnd: (event) => { if (event.oldDraggableIndex !== event.newDraggableIndex) ordered(body, event.item, next); } });
    }
    for (const box of $$(".chart", part)) if (!box.chart) drawChart(box);
    // On a narrow screen the tab that is open may stand beyond the edge.
    for (const tabs of $$(".tabs", part)) { const tab = $("[aria-current]", tabs); if (tab) tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2; }
    for (const time of $$("time[data-ago]", part)) if (!time.title) time.title = new Date(time.dateTime).toLocaleString();
  }
  document.addEventListener("htmx:load", (event) => {
    // The last part of long work says that there is another page now.
    if ($("[data-reload]", event.detail.elt.parentElement ?? document)) return location.reload();
    setUp(event.detail.elt.parentElement ?? document);
    const form = event.detail.elt.closest?.("form.sheet");
    if (form) countPicks(form);
    for (const column of $$(".board .column")) column.shown = $$(".card", column).length;
  });
  setUp(document);
  for (const item of $$(".toasts .toast")) expire(item, 9000);
  $(".problems")?.focus();
  listen();
})();

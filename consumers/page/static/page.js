// What is live on the page: rows that change, a patient opened beside the list, and the line on top
// that says how old it all is. Without it every page still loads and every form still works.
"use strict";
(() => {
  const body = document.body, rows = document.getElementById("rows");
  const pane = document.getElementById("patient"), bar = document.getElementById("bar");
  const said = document.getElementById("said");
  const html = window.trustedTypes
    ? window.trustedTypes.createPolicy("rlsguard", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const own = { "X-Requested-With": "rlsguard" };
  const ahead = Number(body.dataset.now || 0) * 1000 - Date.now();

  const put = (element, text) => { element.innerHTML = html.createHTML(text); };

  // ---- ages
  const age = (seconds) => {
    if (seconds < 60) return "now";
    if (seconds < 3600) return Math.floor(seconds / 60) + " min";
    if (seconds < 86400) return Math.floor(seconds / 3600) + " h";
    return Math.floor(seconds / 86400) + " d";
  };
  const tick = (root) => {
    const now = (Date.now() + ahead) / 1000;
    for (const t of root.querySelectorAll("time[data-at]")) {
      const text = ("least" in t.dataset ? "over " : "") + age(now - Number(t.dataset.at));
      if (t.textContent !== text) t.textContent = text;
    }
  };

  // ---- the list
  const links = () => rows.querySelectorAll("a.row");
  const rove = (to) => {
    const had = rows.querySelector('a.row[tabindex="0"]');
    if (had && had !== to) had.tabIndex = -1;
    if (to) to.tabIndex = 0;
  };
  const select = (token) => {
    for (const a of rows.querySelectorAll("a.row[aria-current]")) a.removeAttribute("aria-current");
    const row = token && document.getElementById("r-" + token);
    if (row) {
      row.firstElementChild.setAttribute("aria-current", "true");
      rove(row.firstElementChild);
    }
    body.dataset.open = token || "";
    document.querySelector(".panes").classList.toggle("one", Boolean(token));
  };
  // place puts a row where its key belongs: rows are sorted by it.
  const place = (li) => {
    const key = li.dataset.key, all = rows.children;
    let low = 0, high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle].dataset.key < key) low = middle + 1; else high = middle;
    }
    rows.insertBefore(li, all[low] || null);
  };
  const change = (one) => {
    const had = document.getElementById("r-" + one.token);
    const focused = had && had.contains(document.activeElement);
    if (had) had.remove();
    if (!one.html) return;
    const holder = document.createElement("ol");
    put(holder, one.html);
    const li = holder.firstElementChild;
    li.firstElementChild.tabIndex = -1;
    li.classList.add("changed");
    place(li);
    if (body.dataset.open === one.token) li.firstElementChild.setAttribute("aria-current", "true");
    if (focused) { rove(li.firstElementChild); li.firstElementChild.focus(); }
    tick(li);
  };

  // ---- one patient
  let dirty = false, asked = 0;
  const load = async (token) => {
    const answer = await fetch("/patient/" + token, { headers: own });
    if (answer.status === 401) { signedOut(); return null; }
    const text = await answer.text();
    return body.dataset.open === token ? text : null; // another was opened meanwhile
  };
  const open = async (token, push) => {
    select(token);
    if (push) history.pushState({ token }, "", "/patient/" + token + body.dataset.query);
    const text = await load(token);
    if (text === null) return;
    put(pane, text);
    dirty = false;
    pane.scrollTop = 0;
    pane.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  };
  // again shows the patient anew, with what was open or marked left as it was.
  const again = async () => {
    const token = body.dataset.open;
    if (!token) return;
    const turn = ++asked, text = dirty ? null : await load(token);
    if (dirty) { pane.classList.add("stale"); return; } // nothing that somebody writes is taken away
    if (text === null || turn !== asked) return; // a newer one is on its way
    const was = [...pane.querySelectorAll("details[open]")].map((d) => d.id).filter(Boolean);
    const marked = [...pane.querySelectorAll("input[name=flag]:checked")].map((i) => i.value);
    const at = pane.scrollTop, focused = document.activeElement && document.activeElement.closest("details");
    const within = pane.contains(document.activeElement);
    const inside = focused && within ? focused.id : "";
    const done = pane.querySelector(".done");
    put(pane, text);
    for (const id of was) { const d = document.getElementById(id); if (d) d.open = true; }
    for (const i of pane.querySelectorAll("input[name=flag]")) i.checked = marked.includes(i.value);
    const next = (inside && document.getElementById(inside)?.querySelector("summary")) || (within && pane);
    if (next && document.activeElement === body) next.focus({ preventScroll: true }); // nobody went elsewhere meanwhile
    if (done) said.textContent = "The answer is stored.";
    pane.classList.remove("stale");
    pane.scrollTop = at;
  };
  const closed = () => { select(""); put(pane, ""); };

  // ---- live
  const signedOut = () => { location.href = "/signed-out"; };
  let heard = Date.now(), news = 0, source = null;
  const words = (text, kind) => {
    const sight = document.getElementById("sight"), to = document.getElementById("sight-words");
    if (!sight || to.textContent === text) return;
    to.textContent = text;
    sight.className = "sight " + kind;
  };
  const lost = () => words("this page lost rlsguard at " + new Date(heard).toLocaleTimeString() + ": the list may be old", "old");
  const follow = () => {
    source = new EventSource("/live" + (body.dataset.query ? body.dataset.query + "&" : "?") + "number=" + body.dataset.number);
    source.addEventListener("change", (e) => {
      heard = Date.now();
      body.dataset.number = e.lastEventId || body.dataset.number;
      const data = JSON.parse(e.data);
      if (!bar.contains(document.activeElement)) put(bar, data.bar);
      if (!data.rows || !rows) return;
      for (const one of data.rows) {
        change(one);
        if (one.high && document.hidden) { news++; document.title = "(" + news + " high) rlsguard"; }
        if (one.high) said.textContent = "A flag of high severity is new or worse.";
      }
      if (data.rows.some((one) => one.token === body.dataset.open)) again();
    });
    source.addEventListener("again", () => location.reload());
    source.addEventListener("signed-out", signedOut);
    source.addEventListener("error", () => {
      lost();
      if (source.readyState === EventSource.CLOSED) {
        source = null;
        fetch("/you", { headers: own, redirect: "manual" }).then((a) => { if (a.status === 401) signedOut(); else setTimeout(follow, 2000); },
          () => setTimeout(follow, 2000));
      }
    });
  };
  setInterval(() => { if (Date.now() - heard > 12000) lost(); }, 1000);
  setInterval(() => { if (rows) tick(rows); }, 30000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { news = 0; document.title = "rlsguard"; }
  });

  // ---- hands
  if (rows) {
    let first = true;
    for (const a of links()) { a.tabIndex = first ? 0 : -1; first = false; }
    select(body.dataset.open);
    rows.addEventListener("click", (e) => {
      const a = e.target.closest("a.row");
      if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
      e.preventDefault();
      open(a.closest("li").id.slice(2), true);
    });
    rows.addEventListener("keydown", (e) => {
      const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key];
      const li = document.activeElement && document.activeElement.closest("li");
      if (!li) return;
      let to = step && li[step];
      if (e.key === "Home") to = rows.firstElementChild;
      if (e.key === "End") to = rows.lastElementChild;
      if (!to) return;
      e.preventDefault();
      rove(to.firstElementChild);
      to.firstElementChild.focus();
    });
    window.addEventListener("popstate", () => {
      const m = location.pathname.match(/^\/patient\/([0-9a-f]+)$/);
      if (m) open(m[1], false); else closed();
    });
    document.addEventListener("keydown", (e) => {
      if (e.key !== "Escape" || rows.contains(document.activeElement)) return;
      const a = rows.querySelector("a.row[aria-current]") || rows.querySelector("a.row");
      if (a) a.focus();
    });
    pane.addEventListener("input", (e) => { if (e.target.matches("select, input[type=text], input[type=date]")) dirty = true; });
    pane.addEventListener("click", (e) => {
      const back = e.target.closest(".back a");
      if (back) { e.preventDefault(); history.pushState({}, "", "/" + body.dataset.query); closed(); return; }
      const over = e.target.closest("button.override");
      if (!over) return;
      for (const i of pane.querySelectorAll("input[name=flag]")) i.checked = i.value === over.dataset.flag;
      const reason = pane.querySelector("select[name=reason]");
      reason.scrollIntoView({ block: "center" });
      reason.focus();
    });
    pane.addEventListener("submit", async (e) => {
      if (!e.target.matches("form.flags")) return;
      e.preventDefault();
      const data = new URLSearchParams(new FormData(e.target, e.submitter));
      const answer = await fetch(e.target.action, { method: "POST", headers: own, body: data });
      if (answer.status === 401) return signedOut();
      const was = [...pane.querySelectorAll("details[open]")].map((d) => d.id).filter(Boolean);
      put(pane, await answer.text());
      dirty = false;
      if (pane.classList.contains("stale")) again(); // it came back before the answer to this did
      for (const id of was) { const d = document.getElementById(id); if (d) d.open = true; }
      const told = pane.querySelector(".problem, .done");
      if (!told) return;
      said.textContent = told.textContent;
      told.tabIndex = -1;
      if (document.activeElement === body) told.focus(); // nobody went elsewhere meanwhile
    });
    tick(rows);
  }
  const print = document.getElementById("print");
  if (print) print.addEventListener("click", () => window.print());
  if (body.dataset.number) follow();
})();

// The queue of a service, and one study of it live. All text from studies is set as text; the server escapes what it lays out.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const made = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const FINAL = ["succeeded", "stopped", "failed", "cancelled", "needs_recovery"];
  const LIST_SECONDS = 3, REST_SECONDS = 2;
  const views = ["login", "list", "study"];
  const show = (view) => { for (const each of views) at(each).hidden = each !== view; };
  const say = (words) => { at("said").textContent = words; };

  // Asking.
  class Problem extends Error {
    constructor(status, detail) { super(detail); this.status = status; }
  }
  const ask = async (address, options = {}) => {
    let answer;
    try {
      answer = await fetch(address, { cache: "no-store", ...options });
    } catch {
      at("offline").hidden = false;
      throw new Problem(0, "The server does not respond.");
    }
    at("offline").hidden = true;
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const content = await answer.json().catch(() => ({ detail: answer.statusText }));
    if (answer.status === 401) signIn();
    throw new Problem(answer.status, content.detail);
  };
  const quietly = (work) => async (...given) => {
    try { await work(...given); } catch (error) { if (!(error instanceof Problem)) throw error; }
  };

  // The token becomes a cookie that scripts cannot read.
  const signIn = () => { leave(); show("login"); at("token").focus(); };
  at("login").addEventListener("submit", async (event) => {
    event.preventDefault();
    const headers = { Authorization: `Bearer ${at("token").value}` };
    const answer = await fetch("/session", { method: "POST", headers }).catch(() => null);
    at("login-wrong").hidden = answer !== null && answer.ok;
    if (answer === null || !answer.ok) {
      const content = answer === null ? null : await answer.json().catch(() => null);
      at("login-wrong").textContent = content === null ? "The server does not respond." : content.detail;
      return;
    }
    at("token").value = "";
    go();
  });

  // Words.
  const number = (value) => value === null ? "" : Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 });
  const duration = (seconds) => {
    if (seconds === null) return "";
    if (seconds < 90) return `${Math.round(seconds)} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  };
  const moment = (seconds) => new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const stateWords = (study) => {
    if (study.cancelled && !FINAL.includes(study.state)) return "cancelling";
    return study.state.replace("_", " ");
  };
  const trials = (study) => study.planned ? `${study.trials.toLocaleString("en")} of ${study.planned.toLocaleString("en")}` : "";
  const best = (study) => study.best === null ? "" : `${study.metric} ${number(study.best)}`;
  const prose = (words) => words.split("`").map((piece, place) => place % 2 ? made("code", { textContent: piece }) : piece);
  const chip = (study) => made("span", { className: `chip ${study.state}`, textContent: stateWords(study) });
  const waiting = (study) => study.ahead ? ` (${study.ahead} before it)` : "";

  // The queue.
  let listTimer = 0, limit = 50;
  const row = (study) => {
    const name = made("a", { href: `#${encodeURIComponent(study.id)}`, textContent: study.id });
    const cells = [name, chip(study), `${trials(study)}${waiting(study)}`, best(study), duration(study.seconds_left), moment(study.created)];
    return made("tr", {}, ...cells.map((cell) => made("td", {}, ...(cell === "" ? [] : [cell]))));
  };
  let listed = "";
  const refreshList = quietly(async () => {
    const page = await ask(`/studies?limit=${limit}`);
    if (at("list").hidden) return;
    const text = JSON.stringify(page);
    if (text === listed) return;
    listed = text;
    const isEmpty = page.studies.length === 0;
    at("empty").hidden = at("empty-curl").hidden = !isEmpty;
    at("queue").hidden = isEmpty;
    at("more").hidden = page.next === null;
    const body = at("queue").querySelector("tbody"), focused = document.activeElement && document.activeElement.getAttribute("href");
    body.replaceChildren(...page.studies.map(row));
    const again = focused && [...body.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
    if (again) again.focus();
    const counts = new Map();
    for (const study of page.studies) counts.set(stateWords(study), (counts.get(stateWords(study)) || 0) + 1);
    at("counts").textContent = [...counts].map(([state, count]) => `${count} ${state}`).join(" · ");
  });
  at("more").addEventListener("click", () => { limit = Math.min(1000, limit * 4); refreshList(); });
  const openList = () => {
    document.title = "Studies";
    at("empty-curl").textContent = `curl --data-binary @study.yaml ${location.origin}/studies`;
    show("list");
    listed = "";
    const tick = async () => { await refreshList(); listTimer = setTimeout(tick, document.hidden ? 15000 : LIST_SECONDS * 1000); };
    tick();
  };

  // One study.
  let current = null, stream = null, refreshTimer = 0, lastState = "";
  const address = (part = "") => `/studies/${encodeURIComponent(current.id)}${part}`;
  const button = (words, does) => {
    const element = made("button", { type: "button", textContent: words });
    element.addEventListener("click", quietly(async () => {
      element.disabled = true;
      try { await does(); } catch (error) { say(error.message); at("reason").hidden = false; at("reason").replaceChildren(...prose(error.message)); } finally { element.disabled = false; }
    }));
    return element;
  };
  const actions = (study) => {
    if (!FINAL.includes(study.state)) {
      if (study.cancelled) return [];
      return [button("Cancel", async () => { if (confirm(`Cancel ${study.id}? Trials that have ended are kept.`)) apply(await ask(address("/cancel"), { method: "POST" })); })];
    }
    const onward = study.state === "succeeded" ? "?more=20" : "";
    const buttons = [button(study.state === "succeeded" ? "Add 20 trials" : "Continue", async () => {
      apply(await ask(address(`/resume${onward}`), { method: "POST" }));
      follow(0);
    })];
    return [...buttons, button("Delete", async () => {
      if (!confirm(`Delete ${study.id} with its trials and its model?`)) return;
      await ask(address(), { method: "DELETE" });
      location.hash = "";
    })];
  };
  let shownActions = "";
  const apply = (study) => {
    current.study = study;
    at("state").className = `chip ${study.state}`;
    at("state").textContent = stateWords(study);
    const facts = [trials(study) && `${trials(study)} trials`, best(study) && `best ${best(study)}`, study.state === "running" && study.phase, waiting(study).trim()];
    at("facts").textContent = facts.filter(Boolean).join(" · ");
    const isRunning = study.state === "running" && study.planned > 0;
    at("progress-line").hidden = !isRunning;
    at("progress").value = isRunning ? study.trials / study.planned : 0;
    at("left").textContent = study.seconds_left === null ? "" : `about ${duration(study.seconds_left)} left`;
    at("reason").hidden = !study.reason;
    at("reason").replaceChildren(...prose(study.reason));
    const which = `${study.state} ${study.cancelled}`;
    if (which !== shownActions) { shownActions = which; at("actions").replaceChildren(...actions(study)); }
    if (lastState && lastState !== study.state) say(`${study.id} is ${stateWords(study)}`);
    lastState = study.state;
  };
  const linked = (links) => {
    if (links.seq === 0) return at("links").replaceChildren();
    const own = [["Report", "report"], ["Leaderboard (CSV)", "leaderboard.csv"], ["Model (zip)", "model.zip"]]
      .filter(([, part]) => part !== "model.zip" || links.has_model)
      .map(([words, part]) => made("a", { href: address(`/${part}`), textContent: words }));
    const others = links.pages.map(([words, href]) => made("a", { href, rel: "noreferrer" }, ...prose(words)));
    return at("links").replaceChildren(...[...own, ...others].flatMap((link, place) => place ? [" · ", link] : [link]));
  };
  const refreshParts = quietly(async () => {
    if (current === null) return;
    const asked = current;
    const content = await ask(address("/overview"));
    if (current !== asked) return;
    current.seq = content.seq;
    linked(content);
    const box = at("parts");
    const known = new Map([...box.children].map((part) => [part.dataset.key, part]));
    for (const section of content.sections) {
      let part = known.get(section.key);
      if (!part) { part = made("div"); part.dataset.key = section.key; }
      box.append(part);  // in the order of the answer
      known.delete(section.key);
      if (part.dataset.html === undefined || part.shown !== section.html) {
        part.shown = section.html;
        part.dataset.html = "";
        const left = [...part.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
        part.innerHTML = section.html;
        [...part.querySelectorAll(".scroll")].forEach((each, place) => { each.scrollLeft = left[place] || 0; });
        draw(part);
      }
    }
    for (const part of known.values()) part.remove();
  });
  const refreshSoon = () => {
    if (refreshTimer) return;
    refreshTimer = setTimeout(async () => { await refreshParts(); refreshTimer = 0; }, REST_SECONDS * 1000);
  };
  const KINDS = ["study_started", "study_continued", "cohort_asked", "trial_ended", "phase_begun", "phase_ended", "test_reading_done", "verdict_reached", "analyzed", "exported", "finished"];
  const follow = (since) => {
    if (stream) stream.close();
    stream = new EventSource(address(`/events?since=${since}`));
    stream.addEventListener("state", (event) => apply(JSON.parse(event.data)));
    for (const kind of KINDS) stream.addEventListener(kind, refreshSoon);
    stream.addEventListener("end", (event) => {
      stream.close();
      if (JSON.parse(event.data).state === "deleted") location.hash = ""; else refreshSoon();
    });
    stream.addEventListener("error", () => { at("offline").hidden = stream.readyState === EventSource.OPEN; });
    stream.addEventListener("open", () => { at("offline").hidden = true; });
  };
  const openStudy = quietly(async (id) => {
    current = { id, study: null, seq: 0 };
    document.title = `${id}: study`;
    at("name").textContent = id;
    at("parts").replaceChildren();
    at("links").replaceChildren();
    shownActions = lastState = "";
    show("study");
    at("name").focus();
    try {
      apply(await ask(address()));
    } catch (error) {
      if (error.status === 404) { at("reason").hidden = false; at("reason").replaceChildren(...prose(error.message)); }
      throw error;
    }
    if (current.study.run) await refreshParts();
    follow(current.seq);
  });

  // Charts: drawn by the libraries of the report, which load when the first one is needed. Nothing is evaluated as code.
  let libraries = null;
  const load = () => libraries || (libraries = new Promise((done, failed) => {
    const script = made("script", { src: "/charts.js" });
    script.addEventListener("load", done);
    script.addEventListener("error", () => { libraries = null; failed(new Error("the charts cannot be loaded")); });
    document.head.append(script);
  }));
  const options = { mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, ast: true, tooltip: { theme: "custom" }, logLevel: 1 };
  const drawn = new WeakMap();
  const drawOne = async (place) => {
    const spec = JSON.parse(place.parentElement.querySelector("script").textContent);
    const width = Math.max(place.clientWidth, spec.usermeta && spec.usermeta.least ? spec.usermeta.least : 0);
    const fitted = spec.vconcat
      ? { ...spec, vconcat: spec.vconcat.map((part) => ({ ...part, width: Math.max(120, width - 74) })) }
      : { ...spec, width, autosize: { type: "fit-x", contains: "padding" } };
    if (drawn.has(place)) drawn.get(place).finalize();
    drawn.set(place, await vegaEmbed(place, fitted, options));
  };
  const draw = async (part) => {
    const places = [...part.querySelectorAll("[data-chart]")];
    if (!places.length) return;
    try {
      await load();
      for (const place of places) if (place.isConnected) await drawOne(place);
    } catch (error) {
      for (const place of places) place.textContent = `This chart cannot be drawn: ${error.message}`;
    }
    document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn || 0) + places.length);
  };
  let resizing = 0;
  window.addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(() => draw(at("parts")), 200); });

  // Where the reader is stands in the address.
  const leave = () => {
    clearTimeout(listTimer);
    clearTimeout(refreshTimer);
    refreshTimer = 0;
    if (stream) stream.close();
    stream = current = null;
  };
  const go = () => {
    leave();
    const id = decodeURIComponent(location.hash.slice(1));
    if (id && id !== "main") openStudy(id); else openList();
  };
  window.addEventListener("hashchange", () => { if (location.hash !== "#main") go(); });
  go();
})();

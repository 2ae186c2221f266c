// Draws the charts, and lets tables be sorted and filtered. Tables and text can be read without it.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const made = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // A text near the mark that someone points at. A trial is highlighted in the leaderboard too.
  const tip = document.body.appendChild(made("div", { id: "tip", hidden: true }));
  const light = (trial) => {
    for (const row of all("tr.lit")) row.classList.remove("lit");
    if (trial !== undefined) for (const row of all(`tr[data-trial="${Number(trial)}"]`)) row.classList.add("lit");
  };
  const point = (_, event, item, value) => {
    light(item && item.datum ? item.datum.trial : undefined);
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    tip.textContent = String(value);
    const below = event.clientY + 16 + tip.offsetHeight > window.innerHeight;
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${below ? event.clientY - tip.offsetHeight - 10 : event.clientY + 16}px`;
  };
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // Charts are as wide as their column. Those far below are drawn when the browser has time.
  const AXIS = 74;
  const figures = all("[data-chart]").map((place) => ({
    place, spec: JSON.parse(place.parentElement.querySelector("script").textContent), width: 0, drawn: null,
  }));
  const fitted = (spec, width) => {
    // What would be too narrow moves sideways.
    const limited = spec.usermeta && spec.usermeta.least ? Math.max(width, spec.usermeta.least) : width;
    const config = width < 520 ? { ...spec.config, legend: { ...spec.config.legend, columns: 2 } } : spec.config;
    if (!spec.vconcat) {
      return { ...spec, config, width: limited, autosize: { type: "fit-x", contains: "padding" } };
    }
    return { ...spec, config, vconcat: spec.vconcat.map((part) => ({ ...part, width: Math.max(120, limited - AXIS) })) };
  };
  const options = { mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, tooltip: point, logLevel: 1 };
  const draw = async (figure, width = figure.place.clientWidth) => {
    if (!width || Math.abs(width - figure.width) < 8) return;
    figure.width = width;
    const before = figure.drawn;
    try {
      if (before) before.finalize();
      figure.drawn = await vegaEmbed(figure.place, fitted(figure.spec, width), options);
      figure.place.style.minHeight = "";
    } catch (error) {
      figure.place.textContent = `This chart cannot be drawn: ${error.message}`;
    }
  };
  const height = (spec) => 80 + (spec.vconcat ? spec.vconcat : [spec]).reduce((sum, part) => sum + (part.height || 200) + 30, 0);
  const byPlace = new Map(figures.map((figure) => [figure.place, figure]));
  const near = new IntersectionObserver((seen) => {
    for (const entry of seen) if (entry.isIntersecting) draw(byPlace.get(entry.target));
  }, { rootMargin: "500px" });
  for (const figure of figures) {
    figure.place.style.minHeight = `${height(figure.spec)}px`;
    near.observe(figure.place);
  }
  const later = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  const rest = [...figures];
  const next = async () => {
    const figure = rest.shift();
    if (!figure) { document.documentElement.dataset.drawn = "all"; return; }
    await draw(figure);
    later(next);
  };
  later(next);
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { for (const figure of figures) if (figure.width) draw(figure); }, 150);
  });
  window.addEventListener("beforeprint", () => {
    for (const details of all("main details:not(.numbers)")) details.open = true;
  });

  // The numbers of each chart, for those who cannot see it or point at it.
  const numbers = (spec) => Object.values(spec.datasets || {}).filter((rows) => rows.length).map((rows) => {
    const names = [...new Set(rows.flatMap(Object.keys))];
    const head = made("tr", {}, ...names.map((name) => made("th", { scope: "col", textContent: name })));
    const body = rows.slice(0, 300).map((row) => made("tr", {}, ...names.map((name) =>
      made("td", { textContent: row[name] === null || row[name] === undefined ? "–" : String(row[name]) }))));
    return made("div", { className: "scroll", tabIndex: 0 }, made("table", {}, made("thead", {}, head), made("tbody", {}, ...body)));
  });
  for (const { place, spec } of figures) {
    const details = made("details", { className: "numbers" }, made("summary", { textContent: "Numbers of this chart" }));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(...numbers(spec));
    });
    place.parentElement.append(details);
  }

  // Tables: a click on a heading sorts, a text above filters, a button shows the rest.
  const value = (cell) => {
    if (!cell) return null;
    return cell.dataset.order === undefined || cell.dataset.order === "nan" ? cell.textContent.trim() : Number(cell.dataset.order);
  };
  const isMissing = (each) => each === null || each === "–" || each === "" || Number.isNaN(each);
  const compared = (one, other) => {
    if (typeof one === "number" && typeof other === "number") return one - other;
    if (typeof one === "number") return -1;
    if (typeof other === "number") return 1;
    return one.localeCompare(other);
  };
  const TESTS = { "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, ">": (a, b) => a > b };
  const condition = (word, names) => {
    const parts = /^(.+?)(<=|>=|<|>|=)(.+)$/.exec(word);
    const column = parts ? names.indexOf(parts[1].toLowerCase()) : -1;
    if (column < 0) return (row) => row.textContent.toLowerCase().includes(word.toLowerCase());
    const [, , sign, limit] = parts;
    if (sign === "=") return (row) => String(value(row.cells[column])).toLowerCase() === limit.toLowerCase() || row.cells[column].textContent.trim().toLowerCase() === limit.toLowerCase();
    return (row) => typeof value(row.cells[column]) === "number" && TESTS[sign](value(row.cells[column]), Number(limit));
  };
  for (const [place, box] of all("[data-sortable]").entries()) {
    const table = box.querySelector("table"), body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells], names = heads.map((head) => head.textContent.trim().toLowerCase());
    const original = [...body.rows], most = Number(box.dataset.shown);
    let open = original.length <= most;
    const input = made("input", { type: "search", id: `filter-${place}`, placeholder: "relu  width>32", autocomplete: "off" });
    const said = made("span", { className: "soft" });
    said.setAttribute("role", "status");
    const more = made("button", { type: "button" });
    const show = () => {
      const tests = input.value.trim().split(/\s+/).filter(Boolean).map((word) => condition(word, names));
      let kept = 0;
      for (const row of body.rows) {
        const is = tests.every((test) => test(row));
        row.hidden = !is || (!open && kept >= most);
        kept += is;
      }
      const shown = open ? kept : Math.min(kept, most);
      said.textContent = `${shown.toLocaleString("en")} of ${original.length.toLocaleString("en")} trials`;
      more.hidden = kept <= most;
      more.textContent = open ? `Show the first ${most}` : `Show all ${kept.toLocaleString("en")}`;
    };
    more.addEventListener("click", () => { open = !open; show(); });
    input.addEventListener("input", show);
    heads.forEach((head, column) => {
      if (!names[column]) return;
      const button = made("button", { type: "button", className: "sort", textContent: head.textContent });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
        const keyed = original.map((row, rank) => ({ row, rank, key: value(row.cells[column]) }));
        keyed.sort((one, other) => isMissing(one.key) - isMissing(other.key)
          || (isMissing(one.key) ? 0 : way * compared(one.key, other.key)) || one.rank - other.rank);
        body.append(...keyed.map((each) => each.row));
        show();
      });
    });
    box.prepend(made("div", { className: "controls" }, made("label", { htmlFor: input.id, textContent: "Filter" }), input, said, more));
    show();
  }

  // A page that reads itself again stays where it was.
  if (document.querySelector('meta[http-equiv="refresh"]')) {
    const key = `automl ${document.title}`;
    const kept = sessionStorage.getItem(key);
    if (kept !== null) window.scrollTo(0, Number(kept));
    window.addEventListener("pagehide", () => sessionStorage.setItem(key, String(window.scrollY)));
  }

  // The table of contents shows where the reader is.
  const links = new Map(all("nav a").map((link) => [link.getAttribute("href").slice(1), link]));
  const follow = () => {
    const passed = all("main section").filter((section) => section.getBoundingClientRect().top < 160);
    const here = passed.length ? passed[passed.length - 1].id : null;
    for (const [key, link] of links) {
      link.classList.toggle("here", key === here);
      if (key === here) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  };
  document.addEventListener("scroll", follow, { passive: true });
  follow();
})();

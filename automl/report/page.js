// The page can be read without this: it only points, highlights and filters.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Texts of marks appear at once, instead of after the browser's delay.
  const tip = document.body.appendChild(document.createElement("div"));
  tip.id = "tip";
  tip.hidden = true;
  for (const title of all("svg title")) {
    title.parentElement.dataset.tip = title.textContent;
    title.remove();
  }
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest && event.target.closest("[data-tip]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16 + tip.offsetHeight > window.innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below ? event.clientY - tip.offsetHeight - 10 : event.clientY + 16}px`;
  });

  // A trial lights up in the leaderboard and in the parallel coordinates together.
  let lit = null;
  document.addEventListener("pointerover", (event) => {
    const marked = event.target.closest && event.target.closest("[data-trial]");
    const trial = marked ? marked.dataset.trial : null;
    if (trial === lit) return;
    for (const other of all(".lit")) other.classList.remove("lit");
    if (trial !== null) for (const other of all(`[data-trial="${trial}"]`)) other.classList.add("lit");
    lit = trial;
  });

  // Axes of the parallel coordinates: drag to keep the trials that pass there, click to clear.
  for (const chart of all("svg.parallel")) {
    const axes = all(".coordinate", chart);
    const ranges = axes.map(() => null);
    const lines = all(".trial", chart).map((line) => ({
      line, heights: line.getAttribute("d").slice(1).split("L").map((point) => Number(point.split(",")[1])),
    }));
    const filter = () => {
      for (const { line, heights } of lines) {
        const out = ranges.some((range, i) => range && (heights[i] < range[0] || heights[i] > range[1]));
        line.classList.toggle("out", out);
      }
    };
    axes.forEach((axis, i) => {
      const handle = axis.querySelector(".brush");
      const drawn = handle.cloneNode();
      drawn.setAttribute("class", "brushed");
      const height = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse()).y;
      let start = null;
      const show = () => {
        if (!ranges[i]) return drawn.remove();
        drawn.setAttribute("y", ranges[i][0]);
        drawn.setAttribute("height", ranges[i][1] - ranges[i][0]);
        axis.append(drawn);
      };
      handle.addEventListener("pointerdown", (event) => {
        start = height(event);
        handle.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      handle.addEventListener("pointermove", (event) => {
        if (start === null) return;
        const end = height(event);
        ranges[i] = Math.abs(end - start) < 3 ? null : [Math.min(start, end), Math.max(start, end)];
        show();
        filter();
      });
      handle.addEventListener("pointerup", (event) => {
        if (start !== null && Math.abs(height(event) - start) < 3) ranges[i] = null;
        start = null;
        show();
        filter();
      });
    });
  }

  // The table of contents shows where the reader is.
  const links = new Map(all("nav a").map((link) => [link.getAttribute("href").slice(1), link]));
  const follow = () => {
    const passed = all("main section").filter((section) => section.getBoundingClientRect().top < 160);
    const here = passed.length ? passed[passed.length - 1].id : null;
    for (const [key, link] of links) link.classList.toggle("here", key === here);
  };
  document.addEventListener("scroll", follow, { passive: true });
  follow();
})();

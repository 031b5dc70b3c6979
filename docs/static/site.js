// What scrolls within itself can be reached with the Tab key and has a name, and only where it does scroll.
const NAMES = { PRE: "Code", TABLE: "Table", FIGURE: "Figure" };

function reach() {
  for (const part of document.querySelectorAll("[role=main] :is(pre, div, figure)")) {
    const scrolls = part.scrollWidth > part.clientWidth && /auto|scroll/.test(getComputedStyle(part).overflowX);
    if (scrolls && !part.hasAttribute("tabindex")) {
      part.tabIndex = 0;
      part.setAttribute("role", "group");
      part.setAttribute("aria-label", NAMES[(part.querySelector("pre, table, figure") ?? part).tagName] ?? "Formula or output");
      part.dataset.reached = "";
    } else if (!scrolls && "reached" in part.dataset) {
      for (const name of ["tabindex", "role", "aria-label", "data-reached"]) part.removeAttribute(name);
    }
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Site");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
  new ResizeObserver(reach).observe(document.body); // the first time at once, then whenever the page changes its size
});

/* Hides headings of blocks that repeat the title of their unit. Some come later than their unit. */
function XBlockExperimentsHeadings(panel) {
  "use strict";
  const title = panel.querySelector(":scope > .xbx-unit-title");
  const unit = panel.querySelector(":scope > .xbx-unit");
  const textOf = (element) => element.textContent.trim().replace(/\s+/g, " ");

  function hideRepeated() {
    unit.querySelectorAll("h1, h2, h3, h4, h5, h6").forEach((heading) => {
      heading.classList.toggle("xbx-repeated", textOf(heading) === textOf(title));
    });
  }
  new MutationObserver(hideRepeated).observe(unit, { childList: true, subtree: true });
  hideRepeated();
}

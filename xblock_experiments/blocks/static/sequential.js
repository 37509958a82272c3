/* The tabs of a sequential, after the ARIA pattern: arrows, Home and End move, and select. */
function XBlockExperimentsSequential(runtime, element) {
  "use strict";

  // A sequential may hold another one: only its own tabs are meant, not those further inside.
  const root = $(element).find(".xbx-sequential")[0];
  const own = (selector) => Array.from(root.querySelectorAll(":scope > " + selector));
  const tabs = own(".xbx-tabs > [role=tab]");
  const panels = own("[role=tabpanel]");
  const [previous] = own(".xbx-steps > .xbx-previous");
  const [next] = own(".xbx-steps > .xbx-next");
  if (!tabs.length) {
    return;
  }

  const selected = () => tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");

  function show(index) {
    tabs.forEach((tab, number) => {
      const isSelected = number === index;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      panels[number].hidden = !isSelected;
    });
    previous.disabled = index === 0;
    next.disabled = index === tabs.length - 1;
  }

  function reveal(index) {
    const strip = tabs[index].parentElement;
    const [outer, inner] = [strip, tabs[index]].map((each) => each.getBoundingClientRect());
    strip.scrollLeft += Math.max(0, inner.right - outer.right) - Math.max(0, outer.left - inner.left);
  }

  function select(index) {
    show(index);
    reveal(index);
    // Blocks that measure themselves could not while they were hidden: a film's transcript, for one.
    window.dispatchEvent(new Event("resize"));
    $.post(
      runtime.handlerUrl(element, "goto_position"),
      JSON.stringify({ position: index + 1 })
    );
  }

  function targetOf(key, index) {
    const forward = getComputedStyle(root).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const last = tabs.length - 1;
    const targets = {
      [forward]: index === last ? 0 : index + 1,
      [backward]: index === 0 ? last : index - 1,
      Home: 0,
      End: last,
    };
    return targets[key];
  }

  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => select(index));
    tab.addEventListener("keydown", (event) => {
      const target = targetOf(event.key, index);
      if (target !== undefined) {
        event.preventDefault();
        select(target);
        tabs[target].focus();
      }
    });
  });

  function step(by) {
    select(selected() + by);
    tabs[selected()].focus();
  }
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  show(selected());
  reveal(selected());
}

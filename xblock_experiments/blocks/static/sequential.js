/* The tabs of a sequential, after the ARIA pattern: arrows, Home and End move, and select.

   A unit comes when its tab is opened. Each opened tab is a step in the browser's history. */
function XBlockExperimentsSequential(runtime, element) {
  "use strict";

  const TIMEOUT = 30000;
  /* A learner who only passes a tab with the arrow keys has not opened it. */
  const PASSING = 300;

  // A sequential may hold another one: only its own tabs are meant, not those further inside.
  const root = $(element).find(".xbx-sequential")[0];
  const own = (selector) => Array.from(root.querySelectorAll(":scope > " + selector));
  const tabs = own(".xbx-tabs > [role=tab]");
  const [previous] = own(".xbx-steps > .xbx-previous");
  const [next] = own(".xbx-steps > .xbx-next");
  if (!tabs.length) {
    return;
  }

  const lesson = $(element).data("usage");
  const [status] = own("[role=status]");
  const [texts] = own("template");
  const panels = own("[role=tabpanel]");
  const units = panels.map((panel, index) =>
    XBlockExperimentsPanel(
      panel,
      () => post("open_panel", { unit: tabs[index].dataset.unit }),
      texts,
      (what) => tell(index, what)
    )
  );
  panels.forEach(XBlockExperimentsHeadings);
  const selected = () => tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  let passing = null;

  function post(handler, data) {
    return $.ajax({
      type: "POST",
      url: runtime.handlerUrl(element, handler),
      contentType: "application/json",
      data: JSON.stringify(data),
      dataType: "json",
      timeout: TIMEOUT,
      isTold: handler === "open_panel",
    });
  }

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
    clearTimeout(passing);
    passing = null;
    status.textContent = "";
    show(index);
    reveal(index);
    resize();
  }

  /* Blocks that measure themselves could not while they were hidden: a film's transcript, for one. */
  function resize() {
    window.dispatchEvent(new Event("resize"));
  }

  function tell(index, what) {
    if (index === selected()) {
      status.textContent = status.dataset[what] || "";
      resize();
    }
  }

  /* Gets the selected unit, or else stores that the learner is here. */
  function load() {
    passing = null;
    if (!units[selected()].open()) {
      post("goto_position", { position: selected() + 1 });
    }
  }

  function open(index) {
    select(index);
    remember("pushState");
    load();
  }

  function pass(index) {
    select(index);
    passing = setTimeout(arrive, PASSING);
  }

  function arrive() {
    if (passing !== null) {
      clearTimeout(passing);
      remember("pushState");
      load();
    }
  }

  function remember(how) {
    const unit = tabs[selected()].dataset.unit;
    if (how === "pushState" && (history.state || {})[lesson] === unit) {
      return;
    }
    const address = new URL(location.href);
    if (how === "pushState") {
      address.searchParams.set("activate_block_id", unit);
    }
    history[how]({ ...history.state, [lesson]: unit }, "", address);
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
    tab.addEventListener("click", (event) => {
      // Another window is for the browser to open.
      if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) {
        event.preventDefault();
        open(index);
      }
    });
    tab.addEventListener("keydown", (event) => {
      const target = targetOf(event.key, index);
      if (event.key === " ") {
        event.preventDefault();
        open(index);
      } else if (target !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        pass(target);
        tabs[target].focus();
      }
    });
    tab.addEventListener("blur", () => {
      // Not while the focus moves on to the tab that has just been selected.
      if (index === selected()) {
        arrive();
      }
    });
  });

  window.addEventListener("popstate", ({ state }) => {
    const index = tabs.findIndex((tab) => tab.dataset.unit === (state || {})[lesson]);
    if (index >= 0 && index !== selected()) {
      const hadFocus = root.contains(document.activeElement);
      select(index);
      load();
      if (hadFocus) {
        tabs[index].focus({ preventScroll: true });
      }
    }
  });

  function step(by) {
    open(selected() + by);
    tabs[selected()].focus();
  }
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  show(selected());
  reveal(selected());
  remember("replaceState");
}

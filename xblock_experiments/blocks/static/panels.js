/* A panel whose unit comes from the server when it is opened, and stays from then on.

   `request` promises `{html, resources}`. `texts` is the template of what stands there meanwhile, and
   `tell` is called with "loading", "loaded" or "failed". */
function XBlockExperimentsPanel(panel, request, texts, tell) {
  "use strict";

  const unit = panel.querySelector(":scope > .xbx-unit");
  let fragment = null;
  let isAsking = false;

  function display(name) {
    unit.replaceChildren(texts.content.querySelector(name).cloneNode(true));
    panel.setAttribute("aria-busy", String(name === ".xbx-loading"));
  }

  function fail(answer) {
    tell("failed");
    // What the server refuses now, it refuses again.
    const { error, is_expired: isExpired } = (answer && answer.responseJSON) || {};
    const isRefused = !isExpired && answer && answer.status >= 400 && answer.status < 500;
    display(isRefused ? ".xbx-refused" : ".xbx-failed");
    if (error && (isRefused || isExpired)) {
      unit.querySelector("p").textContent = error;
    }
    unit.querySelectorAll("button").forEach((button) => {
      button.addEventListener("click", () => {
        panel.focus();
        come();
      });
    });
  }

  async function place() {
    await XBlockExperimentsResources(fragment.resources);
    // A unit that comes while another one is shown waits, as its blocks report that they are shown.
    if (panel.hidden) {
      return;
    }
    const { html } = fragment;
    fragment = null;
    unit.removeAttribute("data-later");
    panel.removeAttribute("aria-busy");
    $(unit).html(html);
    try {
      start();
    } catch (error) {
      // One block's fault, which leaves the others as they are.
      console.error(error);
    }
    tell("loaded");
  }

  function start() {
    const lesson = $(panel).closest(".xbx-sequential").parent();
    const blocks = XBlock.initializeBlocks($(unit));
    lesson.prop("xblock_children", (lesson.prop("xblock_children") || []).concat(blocks));
    if (window.XBlockAsides) {
      XBlockAsides.initializeAsides($(unit).find(".xblock_asides-v1"));
    }
  }

  async function come() {
    if (isAsking) {
      return;
    }
    isAsking = true;
    display(".xbx-loading");
    tell("loading");
    try {
      fragment = fragment || (await request());
      await place();
    } catch (answer) {
      fail(answer);
    } finally {
      isAsking = false;
    }
  }

  /* Returns whether this asks the server for the unit. */
  function open() {
    const isMissing = unit.hasAttribute("data-later");
    const asks = isMissing && !fragment && !isAsking;
    if (isMissing) {
      come();
    }
    return asks;
  }

  return { open };
}

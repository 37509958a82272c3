// What the scripts of Open edX's blocks find on every page of the platform.
(function () {
  "use strict";

  window.edx = window.edx || {};

  class Html {
    constructor(text) {
      this.text = text;
    }
    toString() {
      return this.text;
    }
    valueOf() {
      return this.text;
    }
  }

  const html = (text) => new Html(String(text));
  const escape = (text) => {
    const element = document.createElement("span");
    element.textContent = String(text);
    return element.innerHTML.replace(/"/g, "&quot;").replace(/'/g, "&#39;");
  };
  const ensureHtml = (value) => (value instanceof Html ? value : html(escape(value)));
  const fill = (text, values) =>
    String(text).replace(/{(\w+)}/g, (found, name) => (name in values ? values[name] : found));
  const mapped = (values) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, ensureHtml(value)]));

  window.edx.StringUtils = window.edx.StringUtils || { interpolate: fill };
  window.edx.HtmlUtils = window.edx.HtmlUtils || {
    HTML: html,
    HtmlSnippet: Html,
    ensureHtml,
    interpolateHtml: (text, values) => html(fill(ensureHtml(text), mapped(values))),
    joinHtml: (...parts) => html(parts.map(ensureHtml).join("")),
    setHtml: (element, value) => $(element).html(String(ensureHtml(value))),
    append: (element, value) => $(element).append(String(ensureHtml(value))),
    prepend: (element, value) => $(element).prepend(String(ensureHtml(value))),
    template: (text, settings) => (data) =>
      html(_.template(text, settings)({ ...window.edx, ...(data || {}) })),
  };

  window.onTouchBasedDevice =
    window.onTouchBasedDevice || (() => navigator.userAgent.match(/iPhone|iPod|iPad|Android/i));

  // The platform may be served under a path, as the workbench is not.
  for (const name of ["ajax", "get", "post"]) {
    $[`${name}WithPrefix`] = $[`${name}WithPrefix`] || ((...how) => $[name](...how));
  }

  // A film that no player was found for says so, as one does whose file is missing.
  const isOnlyAtYouTube = (film) => {
    const { streams, sources } = $(film).data("metadata");
    return streams && !sources.length;
  };
  const player = (script) => {
    const isPlayers = script.tagName === "SCRIPT" && /youtube\.com\/iframe_api/.test(script.src);
    return isPlayers ? $(".video").filter((_index, film) => isOnlyAtYouTube(film)) : $();
  };
  document.addEventListener(
    "error",
    (event) => {
      const films = player(event.target).removeClass("is-initialized").addClass("xbx-unreachable");
      films.find(".video-error").text(
        gettext("This video is on another site, which cannot be reached from here."),
      );
    },
    true,
  );

  // Says to a screen reader what happened elsewhere on the page.
  const reader = () => {
    let element = document.getElementById("reader-feedback");
    if (!element) {
      element = document.createElement("div");
      element.id = "reader-feedback";
      element.className = "sr";
      element.setAttribute("aria-live", "polite");
      document.body.append(element);
    }
    return element;
  };
  const read = (texts) => {
    reader().replaceChildren(
      ...texts.map((text) => {
        const line = document.createElement("p");
        line.textContent = text;
        return line;
      }),
    );
  };

  window.SR = window.SR || {
    clear: () => read([]),
    readText: (text) => read([text]),
    readTexts: (texts) => read(texts),
    readElts: (elements) => read($(elements).toArray().map((each) => each.textContent)),
  };

  // A note beside each of the elements, shown while the pointer or the focus is there, or by a click:
  // as much of the plugin qTip as AnnotatableBlock asks for.
  const tip = (target, { content, events }) => {
    const note = document.createElement("div");
    note.className = "xbx-note";
    note.id = _.uniqueId("xbx-note-");
    note.setAttribute("role", "note");
    note.hidden = true;
    const title = document.createElement("strong");
    title.textContent = content.title.text();
    note.append(title, ...content.text().toArray());
    target.after(note);
    target.tabIndex = 0;
    target.setAttribute("aria-describedby", note.id);
    const show = () => {
      const event = $.Event("show");
      events.show(event);
      note.hidden = event.isDefaultPrevented();
    };
    const hide = () => {
      note.hidden = true;
    };
    const holds = (element) => target.contains(element) || note.contains(element);
    $([target, note])
      .on("mouseenter focusin click", show)
      .on("mouseleave focusout", (event) => holds(event.relatedTarget) || hide());
    // Wherever the focus is: the pointer may have opened it.
    document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    return { elements: { tooltip: note, target }, hide };
  };

  // To what stands inside, at once: as much of the plugin scrollTo as films and annotations ask for.
  const top = (element) => element.getBoundingClientRect().top;
  $.fn.scrollTo =
    $.fn.scrollTo ||
    function (target, { offset = 0, onAfter = () => {} } = {}) {
      const [inside] = $(target).toArray();
      this.each((_, element) => {
        const isPage = element === document.documentElement || element === document.body;
        element.scrollTop += top(inside) - (isPage ? 0 : top(element)) + offset;
      });
      onAfter();
      return this;
    };

  $.fn.qtip =
    $.fn.qtip ||
    function (wanted) {
      if (wanted === "api") {
        return this.data("xbx-tip");
      }
      return this.each(function () {
        if (wanted === "hide") {
          $(this).data("xbx-tip").hide();
        } else {
          $(this).data("xbx-tip", tip(this, wanted));
        }
      });
    };
})();

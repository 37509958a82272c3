/* Watches the reports that are being created. The server renders each row of the list. */
(function () {
  "use strict";
  const SECOND = 1000;

  const list = document.querySelector(".xbx-report-list");
  const nothing = document.querySelector(".xbx-no-reports");
  const stuck = document.querySelector(".xbx-no-worker");
  const state = document.querySelector(".xbx-state");
  const news = document.querySelector(".xbx-news");
  let timer;

  /* By the clock of who looks. */
  function localize(root) {
    root.querySelectorAll("time").forEach((time) => {
      time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, {
        dateStyle: "short", timeStyle: "short", hourCycle: "h23",
      });
    });
  }

  function rowOf(report) {
    const template = document.createElement("template");
    template.innerHTML = report.html;
    const row = template.content.querySelector("li");
    localize(row);
    return row;
  }

  /* Nobody loses the focus with the button that they have pressed. */
  function replace(old, report) {
    const row = rowOf(report);
    const hasFocus = old.matches(":focus, :focus-within");
    old.replaceWith(row);
    if (hasFocus) {
      (row.querySelector("a, button") || row).focus();
    }
  }

  function update(row, report) {
    row.querySelector(".xbx-report-state").textContent = report.sentence;
    const bar = row.querySelector("progress");
    if (bar) {
      Object.entries(report.progress).forEach(([name, value]) => bar.setAttribute(name, value));
    }
  }

  /* Only what has become of a report is read out, and not each row that it has. */
  function show(answer) {
    const changed = answer.jobs.filter((report) => {
      const row = list.querySelector(`[data-id="${report.id}"]`);
      if (row && row.dataset.state === report.state) {
        update(row, report);
        return false;
      }
      if (row) {
        replace(row, report);
      } else {
        list.prepend(rowOf(report));
      }
      return true;
    });
    if (changed.length) {
      news.textContent = changed.map((report) => report.news).join(" ");
    }
    nothing.hidden = list.childElementCount > 0;
    stuck.hidden = !answer.is_stuck;
  }

  async function ask() {
    clearTimeout(timer);
    const answer = await fetch(list.dataset.watch)
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    if (answer) {
      show(answer);
    }
    const sentence = answer ? "" : gettext("No connection; retrying…");
    if (state.textContent !== sentence) {
      state.textContent = sentence;
    }
    if (!answer || answer.is_active) {
      timer = setTimeout(ask, document.hidden ? 15 * SECOND : SECOND);
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      ask();
    }
  });
  localize(list);
  ask();
})();

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
  let isAsking = false;

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
    const said = changed.map((report) => report.news);
    if (answer.is_stuck && stuck.hidden) {
      said.push(stuck.textContent.trim());
    }
    if (said.length) {
      news.textContent = said.join(" ");
    }
    nothing.hidden = list.childElementCount > 0;
    stuck.hidden = !answer.is_stuck;
  }

  /* A status of 0 means that there was no response. */
  async function fetchJobs() {
    try {
      const response = await fetch(list.dataset.watch);
      return { status: response.status, answer: response.ok ? await response.json() : null };
    } catch {
      return { status: 0, answer: null };
    }
  }

  const isRefused = (status) => status >= 400 && status < 500;

  function problemOf(status) {
    if (isRefused(status)) {
      return gettext("This list is no longer updated. Reload the page.");
    }
    return status ? gettext("The server reports an error; retrying…")
      : gettext("No connection; retrying…");
  }

  /* One request at a time: a page that becomes visible does not start a second loop. */
  async function ask() {
    if (isAsking) {
      return;
    }
    isAsking = true;
    clearTimeout(timer);
    const { status, answer } = await fetchJobs();
    isAsking = false;
    if (answer) {
      show(answer);
    }
    const sentence = answer ? "" : problemOf(status);
    if (state.textContent !== sentence) {
      state.textContent = sentence;
    }
    if (answer ? answer.is_active : !isRefused(status)) {
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

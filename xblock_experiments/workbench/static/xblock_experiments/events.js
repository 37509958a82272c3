/* Watches the log of events. The server filters, and says of each event what is to be shown. */
(function () {
  "use strict";
  const MOST_ROWS = 500;
  const MANY = 200;
  const SECOND = 1000;

  const list = document.querySelector(".xbx-event-list");
  const form = document.querySelector(".xbx-filters");
  const pause = document.querySelector(".xbx-pause");
  const nothing = document.querySelector(".xbx-no-events");
  const news = document.querySelector(".xbx-news");
  const state = document.querySelector(".xbx-state");
  let place = list.dataset.place;
  let isPaused = false;
  let request = new AbortController();
  let timer;

  function query() {
    const filled = Array.from(new FormData(form)).filter(([, value]) => value.trim());
    return new URLSearchParams(filled);
  }

  /* By the clock of who looks. */
  function localize(time) {
    time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, {
      dateStyle: "short", timeStyle: "medium", hourCycle: "h23",
    });
  }

  function rowOf(event) {
    const row = document.getElementById("xbx-event").content.firstElementChild.cloneNode(true);
    row.querySelectorAll("[data-field]").forEach((field) => {
      field.textContent = event[field.dataset.field];
    });
    const time = row.querySelector("time");
    time.dateTime = event.timestamp;
    localize(time);
    return row;
  }

  function offer(name) {
    const names = form.querySelector("fieldset");
    if (Array.from(names.querySelectorAll("input"), (input) => input.value).includes(name)) {
      return;
    }
    const choice = document.getElementById("xbx-event-name").content.cloneNode(true);
    choice.querySelector("input").value = name;
    choice.querySelector("bdi").textContent = name;
    names.append(choice);
    names.hidden = false;
  }

  function show(answer) {
    const count = answer.events.length;
    const sentence = place
      ? ngettext("{count} new event", "{count} new events", count)
      : ngettext("{count} event", "{count} events", count);
    if (!place) {
      list.replaceChildren();
    }
    answer.events.forEach((event) => {
      list.prepend(rowOf(event));
      offer(event.name);
    });
    /* Nobody loses the row that has the focus. */
    Array.from(list.children).slice(MOST_ROWS)
      .filter((row) => !row.matches(":focus-within"))
      .forEach((row) => row.remove());
    nothing.hidden = list.childElementCount > 0;
    if (count || (!place && answer.next)) {
      news.textContent = sentence.replace("{count}", count);
    }
    place = answer.next;
    return count;
  }

  /* What has not changed is not read out again. */
  function say(text) {
    if (state.textContent !== text) {
      state.textContent = text;
    }
  }

  async function ask() {
    clearTimeout(timer);
    request.abort();
    request = new AbortController();
    const { signal } = request;
    const asked = query();
    asked.set("after", place);
    const answer = await fetch(`${list.dataset.since}?${asked}`, { signal })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    if (signal.aborted) {
      return;
    }
    const count = answer ? show(answer) : 0;
    if (!answer) {
      say(gettext("No connection; retrying…"));
    } else {
      say(isPaused ? gettext("Paused") : gettext("Live"));
    }
    if (!isPaused) {
      const wait = document.hidden ? 15 * SECOND : count < MANY ? SECOND : 0;
      timer = setTimeout(ask, wait);
    }
  }

  function filter() {
    const filters = query().toString();
    history.replaceState(null, "", filters ? `?${filters}` : location.pathname);
    place = "";
    ask();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    request.abort();
    timer = setTimeout(filter, SECOND / 4);
  });
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? gettext("Resume") : gettext("Pause");
    if (isPaused) {
      clearTimeout(timer);
      request.abort();
      say(gettext("Paused"));
    } else {
      ask();
    }
  });
  document.querySelector(".xbx-clear").addEventListener("click", () => {
    list.replaceChildren();
    nothing.hidden = false;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !isPaused) {
      ask();
    }
  });
  list.querySelectorAll("time").forEach(localize);
  ask();
})();

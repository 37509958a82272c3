/* Keeps what authors type until it is saved, also if they reload or leave the page, in this window.

   A draft that was typed on an older revision is offered, and does not replace what others saved. */
const XBlockExperimentsDrafts = (() => {
  "use strict";

  const drafts = [];
  let isLeaving = false;

  const controlsOf = (form) =>
    Array.from(form.elements).filter((each) => !["button", "fieldset", "submit"].includes(each.type));
  const rowsOf = (form) => Array.from(form.querySelectorAll(".xbx-group"));
  const idsOf = (form) => rowsOf(form).map((row) => row.dataset.id || null);

  function nameOf(control, form) {
    const row = rowsOf(form).indexOf(control.closest(".xbx-group"));
    return control.id || `${row} ${control.name || control.type}`;
  }

  function valuesOf(form) {
    const valueOf = (each) => (each.type === "checkbox" ? each.checked : each.value);
    return Object.fromEntries(controlsOf(form).map((each) => [nameOf(each, form), valueOf(each)]));
  }

  function setValue(control, value) {
    if (control.type === "checkbox") {
      control.checked = value;
    } else if (!control.options || Array.from(control.options).some((each) => each.value === value)) {
      control.value = value;
    }
  }

  /* Presses the buttons that an author would press, as other scripts follow them. */
  function setRows(form, ids) {
    rowsOf(form)
      .filter((row) => row.dataset.id && !ids.includes(row.dataset.id))
      .forEach((row) => row.querySelector(".xbx-remove").click());
    ids.slice(rowsOf(form).length).forEach((id) => {
      (form.querySelector(`.xbx-bring-back[data-id="${id}"]`) || form.querySelector(".xbx-add")).click();
      if (id) {
        rowsOf(form).at(-1).dataset.id = id;
      }
    });
  }

  function announceChanges(form) {
    controlsOf(form).forEach((each) => {
      ["input", "change"].forEach((name) => each.dispatchEvent(new Event(name, { bubbles: true })));
    });
  }

  function fill(form, { rows, values }) {
    setRows(form, rows);
    controlsOf(form).forEach((each) => {
      const name = nameOf(each, form);
      if (name in values) {
        setValue(each, values[name]);
      }
    });
    announceChanges(form);
  }

  /* Browsers may refuse to store, or have no room. */
  function stored(act) {
    try {
      return act(sessionStorage);
    } catch {
      return undefined;
    }
  }

  /* Begins to keep the form. `key` tells it from other forms of this site. */
  function keep(form, key) {
    const place = `xbx-draft ${key}`;
    const news = form.querySelector(".xbx-draft [role=status]");
    const buttons = form.querySelector(".xbx-draft .xbx-actions");
    const [restore, discard] = buttons.children;
    const { dataset } = form.closest("[data-revision]");
    const now = () => JSON.stringify([idsOf(form), valuesOf(form)]);
    let saved = now();
    let offered = null;

    const draft = {
      form,
      isDirty: () => form.isConnected && now() !== saved,

      /* Returns whether nothing is lost if the page is left. */
      store() {
        if (!draft.isDirty()) {
          return Boolean(offered || stored((storage) => (storage.removeItem(place), true)));
        }
        const kept = { revision: dataset.revision, rows: idsOf(form), values: valuesOf(form) };
        return Boolean(stored((storage) => (storage.setItem(place, JSON.stringify(kept)), true)));
      },

      /* Makes the draft one of a newer revision. */
      rebase(revision) {
        dataset.revision = revision;
      },

      settle() {
        saved = now();
        offered = null;
        show("");
      },
    };

    function show(what) {
      news.textContent = news.dataset[what] || "";
      buttons.hidden = !what;
      restore.hidden = what !== "changed";
    }

    function take(kept) {
      offered = null;
      fill(form, kept);
      show("kept");
      form.dispatchEvent(new Event("xbx-draft"));
    }

    restore.addEventListener("click", () => {
      take(offered);
      discard.focus();
    });
    discard.addEventListener("click", () => {
      offered = null;
      form.reset();
      announceChanges(form);
      draft.store();
      controlsOf(form)[0].focus();
    });
    form.addEventListener("reset", () => show(offered ? "changed" : ""));

    drafts.push(draft);
    const kept = JSON.parse(stored((storage) => storage.getItem(place)) || "null");
    if (kept && kept.revision === dataset.revision) {
      take(kept);
    } else if (kept) {
      offered = kept;
      show("changed");
      form.dispatchEvent(new Event("xbx-draft"));
    }
  }

  function saved(form) {
    drafts.filter((each) => each.form === form).forEach((each) => each.settle());
  }

  /* The page is left for one that has what its author has just saved. Other forms keep their drafts. */
  function leave(revision) {
    drafts.forEach((each) => each.rebase(revision));
    isLeaving = drafts.map((each) => each.store()).every(Boolean);
  }

  const dirty = () => (isLeaving ? [] : drafts.filter((each) => each.isDirty()));

  function leadsAway(link, event) {
    const isElsewhere = link.target && link.target !== "_self";
    const opensAnother = event.ctrlKey || event.metaKey || event.shiftKey || isElsewhere || link.download;
    return !opensAnother && link.href.split("#")[0] !== location.href.split("#")[0];
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const unsaved = dirty();
    if (event.defaultPrevented || !link || !unsaved.length || !leadsAway(link, event)) {
      return;
    }
    if (link.matches(".xbx-cancel")) {
      unsaved.filter((each) => each.form.contains(link)).forEach((each) => each.settle());
      return;
    }
    const { keeps, loses } = unsaved[0].form.querySelector(".xbx-draft").dataset;
    isLeaving = window.confirm(unsaved.map((each) => each.store()).every(Boolean) ? keeps : loses);
    if (!isLeaving) {
      event.preventDefault();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty().length) {
      event.preventDefault();
    }
  });
  window.addEventListener("pagehide", () => drafts.forEach((each) => each.store()));
  window.addEventListener("pageshow", (event) => {
    // The browser has shown the page as it was left, before it was saved.
    if (event.persisted) {
      location.reload();
    }
  });

  return { keep, leave, saved };
})();

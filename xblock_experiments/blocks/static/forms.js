/* What the forms of authors have in common: they send JSON, and say what the server answers. */
const XBlockExperimentsForms = {
  /* Resolves with the answer. Where the server refuses, says why in the form's status. */
  send(url, data, form) {
    const status = form.querySelector(".xbx-status");
    const buttons = Array.from(form.querySelectorAll("button:enabled"));
    const focused = form.contains(document.activeElement) ? document.activeElement : null;
    status.textContent = "";
    buttons.forEach((button) => (button.disabled = true));
    return $.ajax({
      url: url,
      type: "POST",
      data: JSON.stringify(data),
      contentType: "application/json; charset=utf-8",
      dataType: "json",
      isTold: true,
    })
      .always(() => {
        buttons.forEach((button) => (button.disabled = false));
        // A button that cannot be used loses the focus.
        if (focused && document.activeElement === document.body) {
          focused.focus();
        }
      })
      .fail((answer) => {
        status.textContent = XBlockExperimentsFault(answer, status.dataset);
      });
  },

  /* Whoever is on another page of the form has it as it was. */
  done(runtime, form) {
    XBlockExperimentsDrafts.saved(form);
    if (form.dataset.done) {
      location.assign(form.dataset.done);
    } else if (runtime.notify) {
      runtime.notify("save", { state: "end" });
    }
  },
};

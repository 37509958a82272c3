/* The content of a unit as OLX. What the server could not use of it, it tells. */
function XBlockExperimentsUnitEditor(runtime, element) {
  "use strict";
  const form = $(element).find(".xbx-unit-editor")[0];
  const problems = form.querySelector(".xbx-problems");
  const save = XBlockExperimentsConfirmedSave(form, runtime.handlerUrl(element, "save_olx"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problems.hidden = true;
    const sent = { revision: form.dataset.revision, olx: form.elements.olx.value };
    save(sent).done((answer) => {
      if (!answer.problems.length) {
        XBlockExperimentsForms.done(runtime, form);
        return;
      }
      form.dataset.revision = answer.revision;
      XBlockExperimentsDrafts.saved(form);
      problems.replaceChildren(
        ...answer.problems.map((problem) => {
          const line = document.createElement("li");
          line.textContent = problem;
          return line;
        })
      );
      problems.hidden = false;
      form.querySelector(".xbx-status").textContent = answer.saved;
    });
  });

  XBlockExperimentsDrafts.keep(form, runtime.handlerUrl(element, "save_olx"));
}

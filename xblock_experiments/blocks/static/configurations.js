/* A course's group configurations. Before anything is saved, the server says what it would do. */
function XBlockExperimentsConfigurations(runtime, element) {
  "use strict";
  const root = $(element).find(".xbx-configurations")[0];
  const revision = root.dataset.revision;
  const send = (handler, data, form) =>
    XBlockExperimentsForms.send(
      runtime.handlerUrl(element, handler), { revision: revision, ...data }, form
    );

  function numberOf(text) {
    return text === undefined ? null : Number(text);
  }

  function configurationIn(form) {
    const parameters = {};
    form.querySelectorAll("[data-parameter]").forEach((input) => {
      parameters[input.dataset.parameter] = input.value;
    });
    return {
      type: form.dataset.type,
      id: numberOf(form.dataset.id),
      name: form.elements.name.value,
      description: form.elements.description.value,
      active: form.querySelector(".xbx-check input").checked,
      parameters: parameters,
      groups: Array.from(form.querySelectorAll(".xbx-group"), (group) => {
        const weight = group.querySelector("[name=group_weight]");
        return {
          id: numberOf(group.dataset.id),
          name: group.querySelector("[name=group_name]").value,
          weight: weight ? Number(weight.value) : 1,
        };
      }),
    };
  }

  function wireForm(form) {
    const consequences = XBlockExperimentsConsequences(form);
    XBlockExperimentsGroupList(form, consequences.hide);
    form.addEventListener("input", consequences.hide);
    form.addEventListener("reset", () => {
      form.querySelector(".xbx-status").textContent = "";
      consequences.hide();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const sent = { configuration: configurationIn(form) };
      if (consequences.areShown()) {
        send("save_configuration", sent, form).done((answer) => {
          XBlockExperimentsDrafts.saved(form);
          XBlockExperimentsDrafts.leave(answer.revision);
          location.hash = "configuration-" + form.dataset.type + "-" + answer.id;
          location.reload();
        });
      } else {
        send("preview_configuration", sent, form).done((answer) => consequences.show(answer.consequences));
      }
    });
  }

  function formOf(button) {
    return root.querySelector("#" + CSS.escape(button.getAttribute("aria-controls")));
  }

  root.querySelectorAll(".xbx-edit").forEach((button) => {
    const form = formOf(button);
    const place = form.closest(".xbx-new") || form;
    function show(isShown) {
      place.hidden = !isShown;
      button.setAttribute("aria-expanded", String(isShown));
    }
    button.addEventListener("click", () => {
      show(place.hidden);
      if (!place.hidden) {
        form.elements.name.focus();
      }
    });
    form.querySelector(".xbx-cancel").addEventListener("click", () => {
      form.reset();
      show(false);
      button.focus();
    });
    form.addEventListener("xbx-draft", () => show(true));
  });

  root.querySelectorAll("form").forEach((form) => {
    wireForm(form);
    XBlockExperimentsDrafts.keep(form, runtime.handlerUrl(element, "save_configuration") + form.id);
  });

  /* Whoever has saved one comes back to it. */
  const saved = location.hash && document.getElementById(location.hash.slice(1));
  if (saved && root.contains(saved)) {
    saved.tabIndex = -1;
    saved.focus();
  }

  root.querySelectorAll(".xbx-manage .xbx-delete").forEach((button) => {
    const place = button.closest(".xbx-manage");
    button.addEventListener("click", () => {
      const sent = { delete: { type: button.dataset.type, id: Number(button.dataset.id) } };
      send("preview_configuration", sent, place).done((answer) => {
        if (window.confirm(button.textContent.trim() + "\n\n" + answer.consequences.join("\n"))) {
          send("save_configuration", sent, place).done((answer) => {
            XBlockExperimentsDrafts.leave(answer.revision);
            location.reload();
          });
        }
      });
    });
  });
}

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
    const submit = form.querySelector("[type=submit]");
    const consequences = form.querySelector(".xbx-consequences");
    const list = form.querySelector(".xbx-group-list");
    const groups = Array.from(list.children);
    const label = submit.textContent;

    /* What was foretold is of what was sent then. */
    function reconsider() {
      consequences.hidden = true;
      submit.textContent = label;
    }
    function foretell(sentences) {
      consequences.querySelector("ul").replaceChildren(
        ...sentences.map((sentence) => {
          const line = document.createElement("li");
          line.textContent = sentence;
          return line;
        })
      );
      consequences.hidden = false;
      submit.textContent = submit.dataset.sure;
      submit.focus();
    }
    function updateRemovals() {
      const buttons = list.querySelectorAll(".xbx-remove");
      buttons.forEach((button) => (button.disabled = buttons.length === 1));
    }
    function nameRemoval(group) {
      const name = group.querySelector("[name=group_name]").value;
      group.querySelector(".xbx-remove bdi").textContent = name;
    }

    form.addEventListener("input", (event) => {
      reconsider();
      if (event.target.name === "group_name") {
        nameRemoval(event.target.closest(".xbx-group"));
      }
    });
    form.querySelector(".xbx-add").addEventListener("click", () => {
      const group = list.lastElementChild.cloneNode(true);
      delete group.dataset.id;
      group.querySelector("[name=group_name]").value = "";
      const weight = group.querySelector("[name=group_weight]");
      if (weight) {
        weight.value = 1;
      }
      nameRemoval(group);
      list.append(group);
      updateRemovals();
      reconsider();
      group.querySelector("[name=group_name]").focus();
    });
    list.addEventListener("click", (event) => {
      const button = event.target.closest(".xbx-remove");
      if (button) {
        button.closest(".xbx-group").remove();
        updateRemovals();
        reconsider();
        form.querySelector(".xbx-add").focus();
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const sent = { configuration: configurationIn(form) };
      if (consequences.hidden) {
        send("preview_configuration", sent, form).done((answer) => foretell(answer.consequences));
      } else {
        send("save_configuration", sent, form).done((answer) => {
          XBlockExperimentsDrafts.saved(form);
          XBlockExperimentsDrafts.leave(answer.revision);
          location.hash = "configuration-" + form.dataset.type + "-" + answer.id;
          location.reload();
        });
      }
    });
    form.addEventListener("reset", () => {
      list.replaceChildren(...groups);
      groups.forEach((group) => {
        const name = group.querySelector("[name=group_name]");
        group.querySelector(".xbx-remove bdi").textContent = name.defaultValue;
      });
      form.querySelector(".xbx-status").textContent = "";
      updateRemovals();
      reconsider();
    });
    updateRemovals();
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

/* The groups in the form of a configuration. Authors add, remove and bring back groups. */
function XBlockExperimentsGroupList(form, onChange) {
  "use strict";
  const list = form.querySelector(".xbx-group-list");
  const offers = form.querySelector(".xbx-removed");
  const saved = { groups: Array.from(list.children), offers: Array.from(offers.children) };

  function partsOf(group) {
    return {
      name: group.querySelector("[name=group_name]"),
      weight: group.querySelector("[name=group_weight]"),
      removed: group.querySelector(".xbx-remove bdi"),
    };
  }

  function updateRemovals() {
    const buttons = list.querySelectorAll(".xbx-remove");
    buttons.forEach((button) => (button.disabled = buttons.length === 1));
  }

  function add({ id, name, weight }) {
    const group = list.lastElementChild.cloneNode(true);
    const parts = partsOf(group);
    delete group.dataset.id;
    if (id !== undefined) {
      group.dataset.id = id;
    }
    parts.name.value = name;
    parts.removed.textContent = name;
    if (parts.weight) {
      parts.weight.value = weight;
    }
    list.append(group);
    updateRemovals();
    onChange();
    parts.name.focus();
  }

  /* A group keeps its id, and with it its content and learners, only if it is brought back. */
  function offer(group) {
    const { name, weight } = partsOf(group);
    const item = form.querySelector(".xbx-offer").content.cloneNode(true);
    const button = item.querySelector("button");
    button.textContent = button.textContent.replace("…", () => name.value);
    Object.assign(button.dataset, { id: group.dataset.id, name: name.value, weight: weight ? weight.value : 1 });
    offers.append(item);
  }

  function remove(group) {
    group.remove();
    if (group.dataset.id !== undefined) {
      offer(group);
    }
    updateRemovals();
    onChange();
    form.querySelector(".xbx-add").focus();
  }

  form.querySelector(".xbx-add").addEventListener("click", () => add({ name: "", weight: 1 }));
  offers.addEventListener("click", (event) => {
    const button = event.target.closest(".xbx-bring-back");
    if (button) {
      button.closest("li").remove();
      add(button.dataset);
    }
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest(".xbx-remove");
    if (button) {
      remove(button.closest(".xbx-group"));
    }
  });
  list.addEventListener("input", (event) => {
    if (event.target.name === "group_name") {
      partsOf(event.target.closest(".xbx-group")).removed.textContent = event.target.value;
    }
  });
  form.addEventListener("reset", () => {
    list.replaceChildren(...saved.groups);
    offers.replaceChildren(...saved.offers);
    saved.groups.map(partsOf).forEach(({ name, removed }) => (removed.textContent = name.defaultValue));
    updateRemovals();
  });
  updateRemovals();
}

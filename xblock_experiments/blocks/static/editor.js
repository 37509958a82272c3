/* The form of an experiment. The groups shown are those of the configuration that is chosen. */
function XBlockExperimentsEditor(runtime, element) {
  "use strict";
  const form = $(element).find(".xbx-editor")[0];
  const configuration = form.elements.user_partition_id;
  const fieldsets = Array.from(form.querySelectorAll("fieldset[data-configuration]"));

  function showGroups() {
    fieldsets.forEach((fieldset) => {
      const isChosen = fieldset.dataset.configuration === configuration.value;
      fieldset.hidden = !isChosen;
      fieldset.disabled = !isChosen;
    });
  }
  configuration.addEventListener("change", showGroups);

  const save = XBlockExperimentsConfirmedSave(form, runtime.handlerUrl(element, "submit_studio_edits"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const children = {};
    form.querySelectorAll("fieldset:enabled select[data-group]").forEach((select) => {
      children[select.dataset.group] = select.value;
    });
    const sent = {
      revision: form.dataset.revision,
      values: {
        display_name: form.elements.display_name.value,
        user_partition_id: Number(configuration.value),
        group_id_to_child: children,
      },
      defaults: [],
    };
    save(sent).done(() => XBlockExperimentsForms.done(runtime, form));
  });

  XBlockExperimentsDrafts.keep(form, runtime.handlerUrl(element, "submit_studio_edits"));
}

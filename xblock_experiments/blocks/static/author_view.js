/* What authors do on the page of an experiment: add what is missing, delete what nobody sees. */
function XBlockExperimentsAuthorView(runtime, element) {
  "use strict";
  const root = $(element).find(".xbx-author")[0];
  XBlockExperimentsMessages(runtime, element, root);

  // Studio's page has a button of its own for missing groups, and tells of it so.
  if (runtime.listenTo) {
    runtime.listenTo("add-missing-groups", () => {
      $.post(runtime.handlerUrl(element, "add_missing_groups")).done(() => {
        runtime.notify("refresh", { element: element });
      });
    });
  }

  root.querySelectorAll(":scope > .xbx-inactive > .xbx-arm > .xbx-arm-head .xbx-delete").forEach((button) => {
    button.addEventListener("click", () => {
      if (window.confirm(button.dataset.sure)) {
        const sent = JSON.stringify({
          child_id: button.dataset.childId,
          revision: button.dataset.revision,
        });
        $.post({ url: runtime.handlerUrl(element, "delete_inactive_arm"), data: sent, isTold: true })
          .done(() => location.reload())
          .fail((answer) => {
            const status = root.querySelector(".xbx-messages ~ .xbx-status");
            status.textContent = XBlockExperimentsFault(answer, status.dataset);
          });
      }
    });
  });
}

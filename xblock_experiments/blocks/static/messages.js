/* The buttons beside what is wrong with a block: each calls a handler, then the page shows what is. */
function XBlockExperimentsMessages(runtime, element, root) {
  "use strict";
  const status = root.querySelector(".xbx-messages ~ .xbx-status");
  root.querySelectorAll(".xbx-messages button[data-handler]").forEach((button) => {
    button.addEventListener("click", () => {
      button.disabled = true;
      $.post({ url: runtime.handlerUrl(element, button.dataset.handler), isTold: true })
        .done(() => location.reload())
        .fail((answer) => {
          button.disabled = false;
          button.focus();
          status.textContent = XBlockExperimentsFault(answer, status.dataset);
        });
    });
  });
}

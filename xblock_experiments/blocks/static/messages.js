/* The buttons beside what is wrong with a block: each calls a handler, then the page shows what is. */
function XBlockExperimentsMessages(runtime, element, root) {
  "use strict";
  const status = root.querySelector(".xbx-messages ~ .xbx-status");
  root.querySelectorAll(".xbx-messages button[data-handler]").forEach((button) => {
    button.addEventListener("click", () => {
      button.disabled = true;
      $.post(runtime.handlerUrl(element, button.dataset.handler))
        .done(() => location.reload())
        .fail(() => {
          button.disabled = false;
          button.focus();
          status.textContent = status.dataset.failed;
        });
    });
  });
}

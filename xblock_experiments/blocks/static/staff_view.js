/* Staff choose which arm they see. All are there and run; all but one are hidden. */
function XBlockExperimentsStaffView(runtime, element) {
  "use strict";
  const root = $(element).find(".xbx-staff")[0];
  XBlockExperimentsMessages(runtime, element, root);
  const select = root.querySelector(":scope > .xbx-staff-head .split-test-select");
  if (!select) {
    return;
  }
  const arms = Array.from(root.querySelectorAll(":scope > .xbx-arm"));
  const status = root.querySelector(":scope > [role=status]");
  select.addEventListener("change", () => {
    const chosen = Number(select.value);
    arms.forEach((arm, number) => {
      arm.hidden = number !== chosen;
    });
    status.textContent = status.dataset.shown + " " + select.selectedOptions[0].text;
    // Blocks that measure themselves could not while they were hidden.
    window.dispatchEvent(new Event("resize"));
  });
}

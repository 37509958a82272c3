/* What the SDK's runtime wants to know of a page: for whom it is, and where handlers are. */
(function () {
  "use strict";
  const page = document.documentElement.dataset;
  window.studentId = encodeURIComponent(page.student);
  window.handlerBaseUrl = page.handlers;
  window.asideBaseUrl = page.base + "aside_handler/";

  // The address of a lesson changes with its tabs.
  document.addEventListener("submit", ({ target }) => {
    if (target.elements.next) {
      target.elements.next.value = location.pathname + location.search;
    }
  });
})();

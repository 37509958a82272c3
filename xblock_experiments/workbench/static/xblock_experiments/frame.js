/* What the SDK's runtime wants to know of a page: for whom it is, and where handlers are. */
(function () {
  "use strict";
  const page = document.documentElement.dataset;
  window.studentId = encodeURIComponent(page.student);
  window.handlerBaseUrl = page.base + "handler/";
  window.asideBaseUrl = page.base + "aside_handler/";
})();

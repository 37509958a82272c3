/* Says what went wrong on a page, where no form or panel says it itself. */
(function () {
  "use strict";
  /* A request also fails if the page is left meanwhile. */
  const WAIT = 300;

  const notice = document.querySelector(".xbx-notice");
  const isPosted = ({ type, url }) =>
    /post/i.test(type) && new URL(url, document.baseURI).pathname.includes("/handler/");

  function sentenceFor({ status, responseJSON }) {
    const { error, is_expired: isExpired } = responseJSON || {};
    if (isExpired) {
      return error;
    }
    return status === 0 ? notice.dataset.offline : status >= 500 ? notice.dataset.failed : "";
  }

  /* Of what blocks send, as an answer or a learner's place in a film. */
  function watchRequests() {
    $(document)
      .ajaxError((_event, answer, request) => {
        if (isPosted(request) && !request.isTold && answer.statusText !== "abort") {
          setTimeout(() => (notice.textContent = sentenceFor(answer)), WAIT);
        }
      })
      .ajaxSuccess((_event, _answer, request) => {
        if (isPosted(request)) {
          notice.textContent = "";
        }
      });
  }

  /* A preview ends with its button, with the session, or on a page for authors. */
  function watchPreview() {
    const { course, preview } = document.documentElement.dataset;
    const place = `xbx-preview ${course}`;
    const banner = document.querySelector(".xbx-preview form");
    if (preview) {
      sessionStorage.setItem(place, preview);
      banner.addEventListener("submit", () => sessionStorage.removeItem(place));
    } else if (sessionStorage.getItem(place)) {
      sessionStorage.removeItem(place);
      notice.textContent = notice.dataset.ended;
    }
  }

  if (window.jQuery) {
    watchRequests();
  }
  try {
    watchPreview();
  } catch {
    // Without storage nothing is known of earlier pages.
  }
})();

/* Says what went wrong with a request, and what to do. `texts` has `expired`, `failed` and `offline`. */
const XBlockExperimentsFault = (() => {
  "use strict";

  /* Of a refusal: its sentence, or those of a validation, as XBlock's own form sends them. */
  function reasonIn(answer) {
    const told = answer.responseJSON || {};
    const error = told.error === undefined ? told : told.error;
    if (typeof error === "string") {
      return error;
    }
    return (error.messages || []).map((message) => message.text).join(" ");
  }

  return (answer, { expired, failed, offline }) => {
    const faults = { 0: offline, 403: expired };
    return reasonIn(answer) || faults[answer.status] || failed;
  };
})();

// Where MathJax is not installed, formulas stay as they are written.
(function () {
  "use strict";

  const run = (call) =>
    typeof call === "function"
      ? call()
      : Array.isArray(call) && typeof call[0] === "function" && call[0]();

  window.MathJax = {
    Callback: { After: run },
    Hub: {
      Queue: (...calls) => calls.forEach(run),
      Startup: { signal: { Interest: (listen) => listen("End") } },
      getAllJax: () => [],
    },
  };
})();

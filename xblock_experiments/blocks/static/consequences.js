/* What saving a form would do to learners. Its author sees this before anything is saved. */
function XBlockExperimentsConsequences(form) {
  "use strict";
  const section = form.querySelector(".xbx-consequences");
  const submit = form.querySelector("[type=submit]");
  const label = submit.textContent;

  return {
    areShown: () => !section.hidden,

    /* Called at each change, because the sentences are about the values that were sent. */
    hide() {
      section.hidden = true;
      submit.textContent = label;
    },

    show(sentences) {
      section.querySelector("ul").replaceChildren(
        ...sentences.map((sentence) => {
          const line = document.createElement("li");
          line.textContent = sentence;
          return line;
        })
      );
      section.hidden = false;
      submit.textContent = submit.dataset.sure;
      submit.focus();
    },
  };
}

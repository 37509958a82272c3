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

/* Returns a function that saves the form. If saving changes what learners see, the server first
   answers with the consequences, and the next submission of the unchanged form confirms them. */
function XBlockExperimentsConfirmedSave(form, url) {
  "use strict";
  const consequences = XBlockExperimentsConsequences(form);
  let confirm;

  function forget() {
    confirm = undefined;
    consequences.hide();
  }
  form.addEventListener("input", forget);

  return (sent) =>
    XBlockExperimentsForms.send(url, { ...sent, confirm }, form)
      .done(forget)
      .fail((answer) => {
        const asked = answer.responseJSON || {};
        if (asked.consequences) {
          confirm = asked.confirm;
          consequences.show(asked.consequences);
        }
      });
}

/* Tells the server that the learner's browser shows the arm. */
function SplitTestStudentView(runtime, element) {
  "use strict";
  $.post(runtime.handlerUrl(element, "log_child_render"));
}

// Before MathJax: what it takes for formulas, in texts and in problems of Open edX.
window.MathJax = {
  messageStyle: "none",
  // The preview of a formula may arrive when its problem has been drawn anew.
  AuthorInit() {
    const { prototype } = window.MathJax.ElementJax;
    const setText = prototype.Text;
    prototype.Text = function (...how) {
      return this.SourceElement() && setText.apply(this, how);
    };
  },
  tex2jax: {
    inlineMath: [
      ["\\(", "\\)"],
      ["[mathjaxinline]", "[/mathjaxinline]"],
    ],
    displayMath: [
      ["\\[", "\\]"],
      ["[mathjax]", "[/mathjax]"],
    ],
  },
};

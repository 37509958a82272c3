/* Adds the resources of a fragment to a page that is loaded already, in their order and only once.

   Promises that all are there. Fails if one of this server's cannot be fetched; it can be retried. */
const XBlockExperimentsResources = (() => {
  "use strict";

  const fetching = new Map();
  const addressOf = (url) => new URL(url, document.baseURI);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const make = (name, properties) => Object.assign(document.createElement(name), properties);

  function fetched(node, url, place) {
    const { href, origin } = addressOf(url);
    const isThere = all("link[rel=stylesheet], script[src]").some(
      (each) => (each.src || each.href) === href
    );
    if (!fetching.has(href) && !isThere) {
      fetching.set(
        href,
        new Promise((resolve, reject) => {
          node.addEventListener("load", resolve);
          node.addEventListener("error", () => {
            node.remove();
            fetching.delete(href);
            // A page that is loaded as a whole does without what other servers do not deliver.
            return origin === location.origin ? reject(new Error(href)) : resolve();
          });
        })
      );
      place.append(node);
    }
    return fetching.get(href);
  }

  function addText(selector, node, text, place) {
    if (!all(selector).some((each) => each.textContent.trim() === text.trim())) {
      place.append(node);
    }
  }

  /* Templates of scripts, which find them by their ids. */
  function addHtml(html, place) {
    const { content } = make("template", { innerHTML: html });
    const isNew = (each) => !each.id || !document.getElementById(each.id);
    place.append(...Array.from(content.children).filter(isNew));
  }

  const kinds = {
    "text/css url": (url, place) =>
      fetched(make("link", { rel: "stylesheet", href: url }), url, place),
    "text/css text": (text, place) =>
      addText("style", make("style", { textContent: text }), text, place),
    "application/javascript url": (url, place) =>
      fetched(make("script", { async: false, src: url }), url, place),
    "application/javascript text": (text, place) =>
      addText("script:not([src])", make("script", { text }), text, place),
    "text/html text": addHtml,
  };

  return async (resources) => {
    for (const { kind, data, mimetype, placement } of resources) {
      await kinds[`${mimetype} ${kind}`](data, placement === "head" ? document.head : document.body);
    }
  };
})();

// Small comforts on top of pages that work without them. Loaded after htmx, if htmx is there at all.
"use strict";
{
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const box = byId("id_include");
  const search = byId("id_q");
  const toast = byId("toast");

  if (window.htmx) root.classList.add("has-htmx");

  // A page kept by the browser may belong to someone who has signed out since.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  // One press, one post: further submits of the same form are ignored for three seconds.
  const sent = new Map();
  const release = (form) => {
    sent.get(form)?.removeAttribute("aria-disabled");
    sent.delete(form);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (sent.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    button?.setAttribute("aria-disabled", "true");
    sent.set(form, button);
    setTimeout(release, 3000, form);
  }, true);

  // Links of the empty list press the real controls, so that no name gets into the address.
  document.addEventListener("click", (event) => {
    const press = event.target.closest?.("a[data-press]")?.dataset.press;
    const control = press === "include" ? box : search;
    if (!press || !control || !window.htmx || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (control === box) {
      if (!box.checked) box.click();
    } else {
      search.value = "";
      search.dispatchEvent(new Event("search", { bubbles: true }));
    }
    control.focus();
  });

  // What htmx 2 and htmx 4 say about a request, in one shape.
  const read = ({ ctx, ...detail }) => ctx ? {
    key: ctx,
    source: ctx.sourceElement,
    target: ctx.target,
    select: ctx.select,
    html: ctx.text,
    status: ctx.response?.status,
    ok: ctx.status === "swapped" && ctx.response.status < 400,
    swaps: ctx.response?.status < 400 || ctx.response?.status === 422,
    address: /get/i.test(ctx.request.method) ? ctx.request.action : ctx.response?.raw.url,
  } : {
    key: detail.requestConfig,
    source: detail.requestConfig?.elt,
    target: detail.target,
    select: detail.selectOverride || detail.requestConfig?.elt.closest("[data-hx-select]")?.dataset.hxSelect,
    html: detail.serverResponse,
    status: detail.xhr?.status,
    ok: detail.successful,
    swaps: detail.shouldSwap,
    address: detail.pathInfo?.[detail.requestConfig?.verb === "get" ? "finalRequestPath" : "responsePath"],
  };

  let latest; // the newest request for the list
  let asked = box?.checked; // the tick it was sent with
  let shown = asked; // the tick of the list on screen
  let retry;
  let origin;

  const isList = (request) => request.target?.id === "results";

  const hideToast = () => {
    const held = toast.contains(document.activeElement);
    toast.hidden = true;
    if (held) (origin.isConnected ? origin : byId(origin.id) ?? byId("main")).focus();
  };

  const showToast = (text) => {
    if (!toast.firstChild) {
      const button = (label, act) => {
        const element = document.createElement("button");
        element.type = "button";
        element.className = "button button-secondary";
        element.textContent = label;
        element.addEventListener("click", act);
        return element;
      };
      toast.append(
        document.createElement("p"),
        button("Try again", () => retry()),
        button("Dismiss", hideToast),
      );
    }
    toast.hidden = false;
    toast.firstChild.textContent = text;
  };

  const again = (element, tick) => {
    if (!element.isConnected) return location.reload();
    if (element.matches("form")) return element.requestSubmit();
    if (element.matches("a, button")) return element.click();
    if (element === box) box.checked = tick;
    element.dispatchEvent(new Event(element === search ? "search" : "change", { bubbles: true }));
  };

  const begin = (request) => {
    if (!isList(request)) return;
    latest = request.key;
    asked = box?.checked;
    request.target.setAttribute("aria-busy", "true");
  };

  // An answer without the part we asked for is some other page, such as sign-in: go there properly.
  const guard = (request, event) => {
    if (!request.swaps || !request.select) return;
    const page = new DOMParser().parseFromString(request.html, "text/html");
    if (page.querySelector(request.select)) return;
    event.preventDefault();
    const address = new URL(request.address || location.href, location.href);
    address.searchParams.delete("q"); // names stay out of addresses
    location.assign(address);
  };

  const finish = (request) => {
    release(request.source);
    if (isList(request) && request.key === latest) {
      byId("results")?.removeAttribute("aria-busy");
      if (request.ok) shown = asked;
    }
    if (request.ok && !toast.hidden) hideToast();
  };

  const fail = (request, { type, detail }) => {
    if (!request.source || detail.error?.name === "AbortError" || request.status === 422) return;
    const list = isList(request);
    const tick = box?.checked;
    if (list && box) box.checked = shown;
    origin = request.source;
    retry = () => again(request.source, tick);
    showToast(
      navigator.onLine === false ? "You seem to be offline. What you see may be out of date."
      : `${list ? "The list" : "This page"} could not be updated. `
        + (/response/.test(type) ? "Try again." : "Check your connection and try again."),
    );
  };

  for (const [names, act] of [
    ["htmx:beforeRequest htmx:before:request", begin],
    ["htmx:beforeSwap htmx:before:swap", guard],
    ["htmx:afterRequest htmx:finally:request", finish],
    ["htmx:sendError htmx:timeout htmx:responseError htmx:error htmx:response:error", fail],
  ]) {
    for (const name of names.split(" ")) {
      document.addEventListener(name, (event) => act(read(event.detail), event));
    }
  }
}

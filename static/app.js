// Small comforts on pages that work without them; loaded after htmx.
{
  const byId = (id) => document.getElementById(id);
  const isTick = (element) => element.id === "id_include";
  const toast = byId("toast");
  let failed, retry;

  if (window.htmx) document.documentElement.classList.add("has-htmx");

  // A page the browser kept may belong to someone who has signed out since.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  // One press, one post: for three seconds the form ignores more.
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
      return event.stopImmediatePropagation();
    }
    sent.set(form, event.submitter);
    event.submitter?.setAttribute("aria-disabled", "true");
    setTimeout(release, 3000, form);
  }, true);

  // Links of an empty list press the controls: no name gets into an address.
  document.addEventListener("click", (event) => {
    const control = byId(event.target.closest("[data-press]")?.dataset.press);
    if (!control || !window.htmx) return;
    event.preventDefault();
    control.focus();
    if (isTick(control)) control.checked = true;
    else control.value = "";
    repeat(control);
  });

  const repeat = (element) => {
    if (!element.isConnected) location.reload();
    else if (element.matches("form")) element.requestSubmit();
    else if (element.matches("a")) element.click();
    else element.dispatchEvent(new Event(element.type === "search" ? "search" : "change", { bubbles: true }));
  };

  const dismiss = () => {
    if (toast.contains(document.activeElement)) (failed.isConnected ? failed : byId("main")).focus();
    toast.hidden = true;
  };

  const [words, again, away] = toast.children;
  again.addEventListener("click", () => retry());
  away.addEventListener("click", dismiss);

  // What htmx 2 and 4 tell about a request, in one shape.
  const read = ({ ctx, requestConfig: config, ...detail }) => ctx ? {
    element: ctx.sourceElement,
    target: ctx.target,
    part: ctx.select,
    html: ctx.response?.status < 400 && ctx.text,
    status: ctx.response?.status,
    done: ctx.response?.status < 400,
    address: ctx.response?.raw.url,
  } : {
    element: config?.elt,
    target: detail.target,
    part: config?.elt.closest("[data-hx-select]")?.dataset.hxSelect,
    html: detail.shouldSwap && detail.serverResponse,
    status: detail.xhr?.status,
    done: detail.successful,
    address: detail.pathInfo?.[config.verb === "get" ? "finalRequestPath" : "responsePath"],
  };
  const isList = (request) => request.target?.id === "results";

  const begin = (request) => isList(request) && request.target.setAttribute("aria-busy", "true");

  // An answer without the part we asked for is another page, such as sign-in: go there.
  const check = (request, event) => {
    if (!request.html || !request.part) return;
    if (new DOMParser().parseFromString(request.html, "text/html").querySelector(request.part)) return;
    event.preventDefault();
    const address = new URL(request.address, location.href);
    address.searchParams.delete("q");
    location.assign(address);
  };

  const finish = (request) => {
    release(request.element);
    if (isList(request)) byId("results")?.removeAttribute("aria-busy");
    if (request.done) dismiss();
  };

  const fail = (request, { type, detail }) => {
    if (!request.element || [409, 422].includes(request.status) || detail.error?.name === "AbortError") return;
    const list = isList(request);
    failed = request.element;
    const key = isTick(failed) ? "checked" : "value";
    const wanted = failed[key];
    failed[key] = byId("results")?.dataset[failed.name] ?? wanted;
    retry = () => {
      failed[key] = wanted;
      repeat(failed);
    };
    toast.hidden = false;
    words.textContent = navigator.onLine
      ? `${list ? "The list" : "This page"} could not be updated. `
        + (/response/.test(type) ? "Try again." : "Check your connection and try again.")
      : "You seem to be offline. What you see may be out of date.";
  };

  // htmx notes where one is, which is not to stay in the browser.
  const forget = () => sessionStorage.removeItem("htmx-current-path-for-history");

  for (const [names, act] of [
    ["htmx:beforeRequest htmx:before:request", begin],
    ["htmx:beforeSwap htmx:before:swap", check],
    ["htmx:afterRequest htmx:finally:request", finish],
    ["htmx:sendError htmx:timeout htmx:responseError htmx:error htmx:response:error", fail],
    ["htmx:pushedIntoHistory htmx:replacedInHistory", forget],
  ]) {
    for (const name of names.split(" ")) {
      document.addEventListener(name, (event) => act(read(event.detail), event));
    }
  }
  forget();
}

// Asks "Stay signed in?" before a session ends, and leaves the page when it has ended.
// The server decides; this only asks it how long there is, which does not count as use.
{
  const { stay, draft, idleLimit, ends, warning } = document.body.dataset; // in seconds
  let timer, deadline;

  const here = () => {
    const address = new URL(location.href);
    address.searchParams.delete("q");
    return address.pathname + address.search;
  };

  // What was typed is saved on the server, encrypted, and comes back to its account alone.
  const typed = new Set();
  document.addEventListener("input", ({ target }) => target.form && typed.add(target.form));
  const save = async () => {
    const body = new FormData();
    for (const form of document.forms) {
      const made = form.elements.form_of;
      if (!made || !typed.has(form) && made.dataset.typed !== "1") continue;
      for (const [name, value] of new FormData(form)) {
        if (typeof value === "string") body.append(name, value);
      }
    }
    if (!body.has("form_of")) return;
    const signal = AbortSignal.timeout(3000);
    await fetch(draft, { method: "POST", body, redirect: "manual", signal }).catch(() => {});
  };

  // The same address again: whoever is signed out is sent to sign in, and told why.
  const leave = async () => {
    await save();
    dispatchEvent(new Event("leaving"));
    location.replace(here());
    return new Promise(() => {}); // no other tab goes on before this page is gone
  };

  const plan = (left) => {
    deadline = Date.now() + left * 1000;
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(left > warning ? left - warning : left, 0) * 1000);
  };

  const show = (markup) => {
    const open = document.getElementById("stay");
    if (open && markup) return;
    open?.close();
    open?.remove();
    if (!markup) return;
    document.body.insertAdjacentHTML("beforeend", markup);
    const dialog = document.getElementById("stay");
    const confirm = dialog.querySelector("[data-confirm]");
    if (confirm && location.pathname.startsWith(confirm.pathname)) return dialog.remove();
    confirm?.addEventListener("click", async (event) => {
      event.preventDefault();
      await save();
      dispatchEvent(new Event("leaving"));
      location.assign(`${confirm.pathname}?next=${encodeURIComponent(here())}`);
    });
    const form = document.getElementById("stay-form");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      ask({ method: "POST", body: new FormData(form) });
    });
    dialog.addEventListener("cancel", () => form?.requestSubmit());
    dialog.showModal();
  };

  // One tab after the other: each may get another cookie of the session.
  const ask = (options) => navigator.locks?.request("stay", () => hear(options)) ?? hear(options);
  const hear = async (options) => {
    let answer;
    try {
      const signal = AbortSignal.timeout(10000);
      answer = await fetch(stay, { redirect: "manual", signal, ...options });
    } catch {
      // No network: what the page last heard holds.
    }
    if (!answer || answer.status >= 500) {
      const left = Math.ceil((deadline - Date.now()) / 1000);
      return left > 0 ? plan(left) : leave();
    }
    if (!answer.ok) return leave();
    const { left, dialog } = await answer.json();
    plan(left);
    show(dialog);
  };

  document.addEventListener("visibilitychange", () => document.hidden || ask());
  const left = Math.min(idleLimit, ends - Date.now() / 1000);
  deadline = Date.now() + left * 1000;
  timer = setTimeout(ask, Math.max(left - warning, 0) * 1000);
}

// Asks "Stay signed in?" before a session ends, and leaves the page when it has ended.
// The server decides; this only asks it how long there is, which does not count as use.
{
  const { stay, idleLimit, ends, warning } = document.body.dataset; // in seconds
  let timer, deadline;

  // The same address again: whoever is signed out is sent to sign in, and told why.
  const leave = () => {
    const here = new URL(location.href);
    here.searchParams.delete("q");
    here.hash = "";
    location.replace(here);
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
    const form = document.getElementById("stay-form");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      ask({ method: "POST", body: new FormData(form) });
    });
    dialog.addEventListener("cancel", () => form?.requestSubmit());
    dialog.showModal();
  };

  const ask = async (options) => {
    let answer;
    try {
      answer = await fetch(stay, { redirect: "manual", ...options });
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

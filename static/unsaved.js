// A form with changes that nobody has saved says so, also before its page is left.
{
  const form = document.querySelector("form[data-unsaved]");
  const note = document.getElementById("unsaved");
  let isUnsaved = form.dataset.unsaved === "1";

  form.addEventListener("input", ({ target }) => {
    isUnsaved = true;
    note.hidden = false;
    // The line of words says what was saved: not of a day that has been changed.
    const words = target.closest("details")?.querySelector(".span");
    if (words) words.textContent = "Changed";
  });

  const forget = () => {
    isUnsaved = false;
  };
  form.addEventListener("submit", forget);
  document.querySelector("[data-leave]").addEventListener("click", forget);
  addEventListener("leaving", forget); // at the end of a session, when what was typed is kept
  addEventListener("beforeunload", (event) => isUnsaved && event.preventDefault());
}

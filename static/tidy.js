// The reason, or the date, appears in a row once what it belongs to is chosen.
{
  const of = (action) => document.querySelector(`template[data-needed="${action}"]`);

  document.querySelector(".tidy")?.addEventListener("change", ({ target }) => {
    const [, id] = target.name.match(/^(\w+)-action$/) ?? [];
    if (!id) return;
    for (const field of target.parentNode.querySelectorAll(".field")) field.remove();
    const needed = target.value && of(target.value)?.content.cloneNode(true);
    if (!needed) return;
    for (const element of needed.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        element.setAttribute(name, value.replace("id-of-the-row", id));
      }
    }
    target.after(needed);
  });
}

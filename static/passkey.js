// Passkeys: the browser asks for a finger, a face or a PIN, and a form takes the answer along.
// Where that cannot be, the forms stay hidden, and everything else on the page works.
if (window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  const ceremonies = {
    create: (publicKey) => navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey),
    }),
    get: (publicKey) => navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey),
    }),
  };

  // The options stand in the page, or, before anybody has signed in, are asked for.
  const optionsOf = async (form) => {
    const options = form.querySelector("script");
    if (options) return JSON.parse(options.textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    return (await answer.json()).request_options;
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-failed]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      try {
        const { publicKey } = await optionsOf(form);
        const credential = await ceremonies[form.dataset.passkey](publicKey);
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch {
        failed.hidden = false;
      }
    });
  }
  for (const excuse of document.querySelectorAll("[data-without-passkeys]")) excuse.hidden = true;
}

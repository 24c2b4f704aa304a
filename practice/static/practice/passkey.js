// Asks the browser for a passkey when a form of `data-passkey` is sent, and sends its answer along.
(() => {
  const passkeys = window.webauthnJSON;

  async function ask(form) {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    // Only when the button is pressed: a page that was open for an hour gets a fresh question.
    const answer = await fetch(form.dataset.ask, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return (await answer.json()).request_options;
  }

  async function send(form) {
    const problem = form.querySelector("[role=alert]");
    problem.hidden = true;
    try {
      const does = form.dataset.passkey === "create" ? passkeys.create : passkeys.get;
      form.elements.credential.value = JSON.stringify(await does(await ask(form)));
      form.submit();
    } catch {
      problem.hidden = false;
    }
  }

  if (!passkeys || !window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
})();

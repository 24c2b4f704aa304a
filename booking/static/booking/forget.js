// A shared phone: once the form has been sent, the browser's Back shows it empty.
document.querySelector("form[method=post]")?.addEventListener("submit", (event) => {
  const form = event.target;
  addEventListener("pagehide", () => {
    for (const field of form.elements) {
      if (field.matches("textarea, input[type=text], input[type=tel], input[type=email]")) field.value = "";
    }
  });
});

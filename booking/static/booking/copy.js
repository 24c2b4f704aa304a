// Copies the text of a field to the clipboard; without this script it can be selected by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  const status = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
  try {
    await navigator.clipboard.writeText(field.value);
    status.textContent = "Copied.";
  } catch {
    status.textContent = "It is selected: copy it with your keyboard or long press.";
  }
});

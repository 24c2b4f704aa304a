// Copies the text of an element to the clipboard, or what its button says instead. Without this
// script it can be selected by hand, and admin.css shows no button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const place = document.getElementById(button.dataset.copy);
  if (place.select) place.select();
  else getSelection().selectAllChildren(place);
  const status = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
  try {
    await navigator.clipboard.writeText(button.dataset.copyText ?? place.value ?? place.innerText);
    status.textContent = "Copied.";
  } catch {
    status.textContent = "It's selected. Copy it with your keyboard or a long press.";
  }
});

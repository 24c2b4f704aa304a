// "Leave this page" without waiting for the network: the page is blank first, then it is replaced.
// As a link it works without this file.
(function () {
  const link = document.querySelector("a.exit");
  if (!link) return;
  const WITHIN = 5000; // milliseconds, for three presses of Shift
  let presses = [];
  let alone = false; // whether Shift is down, and nothing else was pressed since

  function empty() {
    for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
      if (field.matches("[type=radio], [type=checkbox]")) field.checked = false;
      else field.value = "";
    }
  }

  function leave(event) {
    if (event) event.preventDefault();
    document.documentElement.hidden = true;
    document.title = "";
    empty();
    document.body.replaceChildren();
    location.replace(link.href); // Back leads past this page
  }

  function startOver() {
    presses = [];
    alone = false;
  }

  // A capital, a shortcut or a marked word is no wish to leave: any other key or click starts over.
  addEventListener("keydown", (event) => {
    if (event.repeat) return;
    const isShift = event.key === "Shift" && !(event.ctrlKey || event.altKey || event.metaKey);
    if (isShift) alone = true;
    else startOver();
  });
  addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone) return;
    alone = false;
    const now = Date.now();
    presses = presses.filter((time) => now - time < WITHIN).concat(now);
    if (presses.length === 3) leave();
  });
  addEventListener("pointerdown", startOver);
  addEventListener("blur", startOver);
  link.addEventListener("click", leave);
  for (const told of document.querySelectorAll(".by-shift")) told.hidden = false;
  // Some browsers keep a whole page for Back, whatever the page says about being stored. It is asked
  // for anew, without what was sent: an address may stand in a question beside its field.
  addEventListener("pageshow", (event) => { if (event.persisted) { empty(); location.replace(location.pathname); } });
})();

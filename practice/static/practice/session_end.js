// A page of the admin that was left open does not outlive its session: somebody else may sit there.
// What was typed into it goes to the server to be sealed, and comes back as a page that tells nothing.
const { alive, signIn } = document.currentScript.dataset;
const timer = setInterval(look, 60_000);
let typed = false;

async function look() {
  const asked = typed ? `${alive}?typed` : alive; // whoever types is there
  typed = false;
  const answer = await fetch(asked).catch(() => null); // away from the network is not signed out
  if (answer?.status !== 403) return;
  clearInterval(timer);
  document.addEventListener("w-unsaved:confirm", (event) => event.preventDefault()); // it must go
  const form = document.querySelector("form[method=post][data-w-unsaved-has-edits-value=true]");
  if (form) return seal(form);
  const here = location.pathname + location.search;
  location.replace(`${signIn}?next=${encodeURIComponent(here)}`);
}

function seal(form) {
  const only = Object.assign(document.createElement("input"), { type: "hidden", name: "only_seal", value: "1" });
  form.append(only);
  HTMLFormElement.prototype.submit.call(form);
}

document.addEventListener("input", () => { typed = true; });
document.addEventListener("visibilitychange", () => document.hidden || look());

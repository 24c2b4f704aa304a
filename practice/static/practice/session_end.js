// A page of the admin that was left open does not outlive its session: somebody else may sit there.
const { alive, signIn } = document.currentScript.dataset;
const timer = setInterval(look, 60_000);

async function look() {
  const answer = await fetch(alive).catch(() => null); // away from the network is not signed out
  if (answer?.status !== 403) return;
  clearInterval(timer);
  const here = location.pathname + location.search;
  location.replace(`${signIn}?next=${encodeURIComponent(here)}`);
}

document.addEventListener("visibilitychange", () => document.hidden || look());

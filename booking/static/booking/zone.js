// Offers the zone of this device where its clocks differ from those of the times that are shown.
// Nothing is sent by it.
(function () {
  const select = document.getElementById("id_time_zone");
  const hint = document.getElementById("own-zone");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select || !hint || !own) return;
  const times = [...document.querySelectorAll(".open-times .day [name=when]")];
  const clocks = (zone) => {
    const clock = new Intl.DateTimeFormat("en", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    return times.map((time) => clock.format(new Date(time.value))).join();
  };
  if (clocks(own) === clocks(select.value)) return;
  const named = new Intl.DateTimeFormat("en", { timeZone: own, timeZoneName: "longGeneric" });
  const name = named.formatToParts().find((part) => part.type === "timeZoneName").value;
  const alike = [...select.options].find((option) => clocks(option.value) === clocks(own));
  hint.querySelector("span").textContent = alike ? alike.text : name;
  hint.querySelector("button").addEventListener("click", () => {
    if (!alike) select.add(new Option(name, own));
    select.value = alike ? alike.value : own;
    document.querySelector("button[value=zone]").click();
  });
  hint.hidden = false;
})();

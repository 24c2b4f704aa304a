// Offers the zone of this device where the times are shown in another one. Nothing is sent by it.
(function () {
  const select = document.getElementById("id_time_zone");
  const hint = document.getElementById("own-zone");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select || !hint || !own || own === select.value) return;
  const offset = (zone) =>
    new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).format(new Date());
  if (offset(own) === offset(select.value)) return;
  const city = own.slice(own.lastIndexOf("/") + 1).replaceAll("_", " ");
  hint.querySelector("span").textContent = city;
  hint.querySelector("button").addEventListener("click", () => {
    if (![...select.options].some((option) => option.value === own)) select.add(new Option(city, own));
    select.value = own;
    hint.closest(".zone").querySelector("button[value=zone]").click();
  });
  hint.hidden = false;
})();

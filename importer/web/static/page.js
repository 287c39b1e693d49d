// What the pages do beyond forms and links: a file that is dropped, keys in the cards of titles, a lost server.
"use strict";

function token() {
  const field = document.querySelector("input[name=token]");
  return field ? field.value : "";
}

function tellRefusal(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const refused = document.getElementById("refused");
  refused.textContent = [...page.querySelectorAll("#main p")].map((line) => line.textContent).join(" ");
  refused.hidden = false;
}

function prepareDrop() {
  const form = document.getElementById("drop");
  const file = document.getElementById("file");
  if (!form || !file) return;
  const zone = form.querySelector(".zone");
  const picked = document.getElementById("picked");
  const tell = () => {
    if (!file.files.length) return;
    picked.textContent = `Taking ${file.files[0].name} …`;
    form.classList.add("busy");
    form.submit();
  };
  file.addEventListener("change", tell);
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) { file.files = event.dataTransfer.files; tell(); }
  });
  // A file that misses the zone must not open in place of the page.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
}

// Cards of titles: 1 to 9 choose, s skips, u takes back, j and k go on and back.
const allCards = () => [...document.querySelectorAll(".cards .card")];
const firstOpen = () => allCards().find((card) => !card.dataset.chosen);

function currentCard() {
  return document.activeElement.closest(".card") || firstOpen() || allCards()[0];
}

function pressCardKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, textarea, select")) return;
  const card = currentCard();
  if (!card) return;
  const press = (found) => { if (found) { event.preventDefault(); found.click(); } };
  if (/^[1-9s]$/.test(event.key)) press(card.querySelector(`[data-key="${event.key}"]`));
  else if (event.key === "u") press(document.getElementById("undo-choice"));
  else if (event.key === "j" || event.key === "k") {
    const list = allCards();
    const next = list[list.indexOf(card) + (event.key === "j" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  }
}

document.addEventListener("DOMContentLoaded", () => {
  prepareDrop();
  document.addEventListener("keydown", pressCardKey);
  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-Token"] = token();
    const pressed = event.detail.triggeringEvent?.submitter; // htmx does not see a button outside its form
    if (pressed?.name) event.detail.formData.set(pressed.name, pressed.value);
  });
  const lost = document.getElementById("lost");
  const refused = document.getElementById("refused");
  document.body.addEventListener("htmx:sendError", () => { lost.hidden = false; });
  document.body.addEventListener("htmx:responseError", (event) => tellRefusal(event.detail.xhr.responseText));
  document.body.addEventListener("htmx:beforeOnLoad", () => { lost.hidden = true; });
  document.body.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.shouldSwap) refused.hidden = true; });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    const next = firstOpen();
    if (event.target.id === "cards" && next) next.focus();
    const field = event.target.id === "rows" && event.target.querySelector("form.fields input:not([type=hidden])");
    if (field) field.focus();
  });
});

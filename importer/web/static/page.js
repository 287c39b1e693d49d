// What the pages do beyond forms and links: a file that is dropped, keys in the cards of titles, a lost server.
"use strict";

function token() {
  const field = document.querySelector("input[name=token]");
  return field ? field.value : "";
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

// Cards of titles: 1 to 9 choose, s skips, u takes back, j and k or the arrows go on and back.
function prepareCards() {
  const cards = document.querySelector(".cards");
  if (!cards || cards.dataset.ready) return;
  cards.dataset.ready = "yes";
  const all = () => [...document.querySelectorAll(".cards .card")];
  const current = () => document.activeElement.closest(".card") || all().find((card) => !card.dataset.chosen) || all()[0];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=radio]), textarea, select")) return;
    const card = current();
    if (!card) return;
    const press = (selector) => { const found = card.querySelector(selector); if (found) found.click(); return Boolean(found); };
    let done = false;
    if (/^[1-9]$/.test(event.key)) done = press(`[data-key="${event.key}"]`);
    else if (event.key === "s") done = press('[data-key="s"]');
    else if (event.key === "u") { const undo = document.getElementById("undo-choice"); if (undo) { undo.click(); done = true; } }
    else if (event.key === "j" || event.key === "k") {
      const list = all();
      const next = list[list.indexOf(card) + (event.key === "j" ? 1 : -1)];
      if (next) { next.focus(); done = true; }
    }
    if (done) event.preventDefault();
  });
}

function prepare() {
  prepareDrop();
  prepareCards();
}

document.addEventListener("DOMContentLoaded", () => {
  prepare();
  document.body.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-Token"] = token(); });
  const lost = document.getElementById("lost");
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.body.addEventListener(name, () => { lost.hidden = false; });
  }
  document.body.addEventListener("htmx:afterOnLoad", () => { lost.hidden = true; });
  document.body.addEventListener("htmx:afterSettle", prepare);
});

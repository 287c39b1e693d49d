// The rows of a plan or a result as one table that is scrolled: blocks of rows are fetched as they come near.
//
//   <table data-rows="/imports/3f/plan/rows?q=alien" data-page="2" data-pages="400" data-total="20000" data-size="50">
//     <tbody> one empty row, as high as the rows of page 1 would be
//     <tbody> the rows of page 2, as the server wrote them
//     <tbody> one empty row ...
//
// Without scripts the same table has pages.
"use strict";

(() => {
  const AROUND = 1; // pages that are fetched before and after those in sight
  const MOST_SHOWN = 5; // pages; those far away become an empty row again, since a table is laid out whole
  const MOST_PIXELS = 15e6; // browsers let nothing be higher than 18 million; then the pages stay

  class ScrolledRows {
    constructor(table, before) {
      this.table = table;
      this.box = table.closest(".scroll");
      this.address = table.dataset.rows;
      [this.pages, this.total, this.size] = ["pages", "total", "size"].map((name) => Number(table.dataset[name]));
      this.shown = new Set([Number(table.dataset.page)]);
      const given = table.tBodies[0];
      this.rowHeight = ScrolledRows.measure(given);
      this.box.classList.add("windowed");
      this.keepWidths();
      this.heights = before ? before.heights : new Map();
      this.bodies = Array.from({ length: this.pages }, (_, at) => (this.shown.has(at + 1) ? given : this.buildGap(at + 1)));
      const at = this.bodies.indexOf(given);
      given.before(...this.bodies.slice(0, at)); // it is not moved itself: its focus would be lost
      given.after(...this.bodies.slice(at + 1));
      this.showPlace();
      if (before) this.box.scrollTop = before.top;
      else this.box.scrollTop = this.topOf(at + 1) - this.topOf(1);
      this.box.addEventListener("scroll", () => requestAnimationFrame(() => this.follow()));
      this.follow();
    }

    static measure(body) {
      return body.offsetHeight / body.rows.length;
    }

    static isPossible(table) {
      return ScrolledRows.measure(table.tBodies[0]) * Number(table.dataset.total) < MOST_PIXELS;
    }

    // Columns must not move when other rows come in.
    keepWidths() {
      const wide = this.table.offsetWidth;
      for (const head of this.table.tHead.rows[0].cells) head.style.width = `${(100 * head.offsetWidth) / wide}%`;
      this.table.style.minWidth = `min(${wide}px, 46rem)`;
      this.table.classList.add("fixed");
    }

    buildGap(page) {
      const body = document.createElement("tbody");
      const cell = body.insertRow().insertCell();
      const rows = page < this.pages ? this.size : this.total - (page - 1) * this.size;
      body.rows[0].className = "gap";
      body.setAttribute("aria-hidden", "true");
      cell.colSpan = this.table.tHead.rows[0].cells.length;
      cell.style.height = `${this.heights.get(page) || rows * this.rowHeight}px`;
      return body;
    }

    topOf(page) {
      return this.bodies[page - 1].getBoundingClientRect().top;
    }

    // The last of the parts, which stand below each other, that begins at this height of the screen or above it.
    static find(parts, height) {
      let [low, high] = [0, parts.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (parts[middle].getBoundingClientRect().top <= height) low = middle;
        else high = middle - 1;
      }
      return low;
    }

    get sight() {
      const { top, bottom } = this.box.getBoundingClientRect();
      return [top + this.table.tHead.offsetHeight + 1, bottom - 1];
    }

    get pagesInSight() {
      return this.sight.map((height) => ScrolledRows.find(this.bodies, height) + 1);
    }

    numbers(from, to) {
      const [first, last] = [Math.max(1, from), Math.min(this.pages, to)];
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    }

    // One round of fetching at a time: whoever drags the bar through everything asks for where they stop.
    async follow() {
      this.tellPlace();
      if (this.isFetching) return;
      const [first, last] = this.pagesInSight;
      const missing = (from, to) => this.numbers(from, to).filter((page) => !this.shown.has(page));
      const seen = missing(first, last);
      const wanted = seen.length ? seen : missing(first - AROUND, last + AROUND);
      if (!wanted.length) return;
      this.isFetching = true;
      const fetched = await Promise.all(wanted.map((page) => this.fetchPage(page)));
      this.isFetching = false;
      if (!this.table.isConnected) return;
      if (fetched.every((table) => table && Number(table.dataset.total) === this.total)) {
        this.show(new Map(wanted.map((page, at) => [page, document.importNode(fetched[at].tBodies[0], true)])));
        this.follow();
      } else if (fetched.every((table) => table !== null)) {
        htmx.ajax("GET", this.address, "#rows"); // the rows are others now
      }
    }

    // The table of a page; undefined if it has too few rows for pages now, null if there was no answer.
    async fetchPage(page) {
      const address = new URL(this.address, location.href);
      address.searchParams.set("page", page);
      const text = await ask(address);
      if (text === null) return null;
      return new DOMParser().parseFromString(text, "text/html").querySelector("table[data-rows]") || undefined;
    }

    // Show these pages, and those far away no longer; what is in sight stays where it is.
    show(bodies) {
      const [first, last] = this.pagesInSight;
      const middle = (first + last) / 2;
      const held = this.numbers(first, last).find((page) => this.shown.has(page)) || first;
      const top = this.topOf(held);
      const far = [...this.shown, ...bodies.keys()].sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
      const gone = far.slice(MOST_SHOWN).filter((page) => !this.bodies[page - 1].contains(document.activeElement));
      for (const page of gone) this.heights.set(page, this.bodies[page - 1].offsetHeight);
      for (const page of gone) this.put(page, this.buildGap(page));
      for (const page of bodies.keys()) this.shown.add(page);
      for (const page of gone) this.shown.delete(page);
      for (const [page, body] of bodies) this.put(page, body);
      this.box.scrollTop += this.topOf(held) - top;
      for (const body of bodies.values()) htmx.process(body);
    }

    put(page, body) {
      this.bodies[page - 1].replaceWith(body);
      this.bodies[page - 1] = body;
    }

    // Where one is, for the eye; readers of the screen are told the number of each row.
    showPlace() {
      const nav = this.box.parentElement.querySelector("nav.pages");
      nav.querySelector(".line").hidden = true;
      this.place = document.createElement("span");
      this.place.className = "quiet";
      this.place.setAttribute("aria-hidden", "true");
      nav.querySelector("[role=status]").textContent = `${write(this.total)} rows`;
      nav.append(this.place);
    }

    tellPlace() {
      const [first, last] = this.sight.map((height) => this.rowAt(height));
      this.place.textContent = `${write(first)} to ${write(last)}`;
    }

    rowAt(height) {
      const at = ScrolledRows.find(this.bodies, height);
      const rows = [...this.bodies[at].rows];
      const row = rows[ScrolledRows.find(rows, height)];
      const number = Number((row.getAttribute("aria-rowindex") || row.previousElementSibling?.getAttribute("aria-rowindex"))) - 1;
      if (number > 0) return number;
      const { top } = row.getBoundingClientRect(); // not fetched yet: about here
      return Math.min(this.total, at * this.size + 1 + Math.floor((height - top) / this.rowHeight));
    }

    get state() {
      for (const page of this.shown) this.heights.set(page, this.bodies[page - 1].offsetHeight);
      return { address: this.address, heights: this.heights, top: this.box.scrollTop };
    }
  }

  const write = (number) => number.toLocaleString("en");

  async function ask(address) {
    try {
      const answer = await fetch(address);
      const text = await answer.text();
      document.getElementById("lost").hidden = true;
      if (answer.ok) return text;
      tellRefusal(text);
    } catch {
      document.getElementById("lost").hidden = false;
    }
    return null;
  }

  let now = null;

  function begin(before) {
    const table = document.querySelector("#rows table[data-rows]");
    const isSame = table && before && before.address === table.dataset.rows;
    now = table && ScrolledRows.isPossible(table) ? new ScrolledRows(table, isSame ? before : null) : null;
  }

  document.addEventListener("DOMContentLoaded", () => {
    let before = null;
    begin(null);
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      if (event.target.id === "rows") before = now && now.state;
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (document.getElementById("rows") && (event.target.id === "rows" || !now || !now.table.isConnected)) begin(before);
    });
  });
})();

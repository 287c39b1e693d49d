// The rows of a plan or a result as one table that is scrolled: blocks of rows are fetched as they come near.
//
//   <table data-rows="/imports/3f/plan/rows?q=alien" data-page="2" data-pages="400" data-total="20000" data-size="50">
//     <tbody class="gap"> one empty row, as high as the rows of page 1 would be
//     <tbody> the rows of page 2, as the server wrote them
//     <tbody class="gap"> one empty row, as high as the rows of pages 3 to 400 would be
//
// Without scripts the same table has pages.
"use strict";

(() => {
  const MOST_SHOWN = 5; // pages; those far away go into a gap again, since a table is laid out whole
  const MOST_PIXELS = 15e6; // browsers let nothing be higher than 18 million; then the pages stay
  const whenIdle = window.requestIdleCallback || ((call) => setTimeout(call, 100));

  class ScrolledRows {
    constructor(table, rowHeight, before) {
      this.table = table;
      this.box = table.closest(".scroll");
      this.address = table.dataset.rows;
      [this.pages, this.total, this.size] = ["pages", "total", "size"].map((name) => Number(table.dataset[name]));
      this.rowHeight = rowHeight;
      this.heights = before ? before.heights : new Map(); // of pages that were shown
      const page = Number(table.dataset.page);
      this.shown = new Map();
      this.add(page, table.tBodies[0]);
      this.fillGaps();
      this.showPlace();
      this.box.scrollTop = before ? before.top : this.topOf(page) - this.topOf(1);
      this.box.addEventListener("scroll", () => requestAnimationFrame(() => this.follow()));
      // Before a row is clicked it need not be prepared, and most rows never are.
      this.box.addEventListener("click", (event) => htmx.process(event.target.closest("tr") || this.box), true);
      this.follow();
    }

    // Begin to scroll the table; null if it has too many rows for that.
    static begin(table, before) {
      const box = table.closest(".scroll");
      box.classList.add("windowed");
      const rowHeight = table.tBodies[0].offsetHeight / table.tBodies[0].rows.length;
      if (rowHeight * Number(table.dataset.total) < MOST_PIXELS) return new ScrolledRows(table, rowHeight, before);
      box.classList.remove("windowed");
      return null;
    }

    add(page, body) {
      body.dataset.page = page;
      this.shown.set(page, body);
    }

    // What is shown already is not moved: its focus would be lost.
    fillGaps() {
      for (const gap of this.table.querySelectorAll("tbody.gap")) gap.remove();
      let [next, last] = [null, this.pages];
      for (const [page, body] of [...this.shown].sort(([one], [other]) => other - one)) {
        if (page < last) next = this.table.insertBefore(this.buildGap(page + 1, last), next);
        if (body.parentNode !== this.table) this.table.insertBefore(body, next);
        [next, last] = [body, page - 1];
      }
      if (last > 0) this.table.insertBefore(this.buildGap(1, last), next);
    }

    buildGap(first, last) {
      const body = document.createElement("tbody");
      const cell = body.insertRow().insertCell();
      body.className = "gap";
      body.dataset.page = first;
      body.setAttribute("aria-hidden", "true");
      cell.colSpan = this.table.tHead.rows[0].cells.length;
      cell.style.height = `${this.heightOf(first, last)}px`;
      return body;
    }

    heightOf(first, last) {
      let height = 0;
      for (const page of this.numbers(first, last)) height += this.heights.get(page) || this.countRows(page) * this.rowHeight;
      return height;
    }

    countRows(page) {
      return page < this.pages ? this.size : this.total - (page - 1) * this.size;
    }

    topOf(page) {
      const part = [...this.table.tBodies].findLast((body) => Number(body.dataset.page) <= page);
      return part.getBoundingClientRect().top + this.heightOf(Number(part.dataset.page), page - 1);
    }

    // The page at this height of the screen, where it begins, and the part of the table that is there.
    find(height) {
      const parts = this.table.tBodies;
      const part = parts[findPart(parts, height)];
      let page = Number(part.dataset.page);
      let { top } = part.getBoundingClientRect();
      if (this.shown.has(page)) return { page, top, part };
      for (let bottom; page < this.pages && (bottom = top + this.heightOf(page, page)) <= height; page++) top = bottom;
      return { page, top, part };
    }

    get sight() {
      const { top, bottom } = this.box.getBoundingClientRect();
      return [top + this.table.tHead.offsetHeight + 1, bottom - 1];
    }

    get pagesInSight() {
      return this.sight.map((height) => this.find(height).page);
    }

    // Those that a press of Page Up or Page Down would bring.
    get pagesNear() {
      const [top, bottom] = this.sight;
      return [top - this.box.clientHeight, bottom + this.box.clientHeight].map((height) => this.find(height).page);
    }

    numbers(from, to) {
      const [first, last] = [Math.max(1, from), Math.min(this.pages, to)];
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    }

    missing([first, last]) {
      return this.numbers(first, last).filter((page) => !this.shown.has(page));
    }

    // Fetch what is in sight; what is near can wait until that is painted.
    follow() {
      if (!this.table.isConnected) return;
      this.tellPlace();
      const seen = this.missing(this.pagesInSight);
      if (seen.length) this.fetch(seen);
      else whenIdle(() => this.table.isConnected && this.fetch(this.missing(this.pagesNear)));
    }

    // One round of fetching at a time: whoever drags the bar through everything asks for where they stop.
    async fetch(wanted) {
      if (this.isFetching || !wanted.length) return;
      this.isFetching = true;
      const fetched = await Promise.all(wanted.map((page) => this.fetchPage(page)));
      this.isFetching = false;
      if (!this.table.isConnected) return;
      if (fetched.every((table) => table && Number(table.dataset.total) === this.total)) {
        this.show(new Map(wanted.map((page, at) => [page, fetched[at].tBodies[0]])));
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
      const far = [...this.shown.keys(), ...bodies.keys()].sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle)).slice(MOST_SHOWN);
      const gone = far.filter((page) => this.shown.has(page) && !this.shown.get(page).contains(document.activeElement));
      for (const page of gone) this.heights.set(page, this.shown.get(page).getBoundingClientRect().height);
      for (const page of gone) this.remove(page);
      for (const [page, body] of bodies) if (!far.includes(page)) this.add(page, body);
      this.fillGaps();
      this.box.scrollTop += this.topOf(held) - top;
    }

    remove(page) {
      this.shown.get(page).remove();
      this.shown.delete(page);
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
      const { page, top, part } = this.find(height);
      const row = part.rows[findPart(part.rows, height)];
      const number = Number(row.getAttribute("aria-rowindex") || row.previousElementSibling?.getAttribute("aria-rowindex")) - 1;
      if (number > 0) return number;
      return Math.min(this.total, (page - 1) * this.size + 1 + Math.floor((height - top) / this.rowHeight)); // not fetched: about here
    }

    get state() {
      for (const [page, body] of this.shown) this.heights.set(page, body.getBoundingClientRect().height);
      return { address: this.address, heights: this.heights, top: this.box.scrollTop };
    }

    // Plain rows hold nothing that must be cleaned up, and htmx would do it element by element.
    clear() {
      for (const body of [...this.table.tBodies]) if (!body.contains(document.activeElement)) body.remove();
    }
  }

  // The last of the parts, which stand below each other, that begins at this height of the screen or above it.
  function findPart(parts, height) {
    let [low, high] = [0, parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (parts[middle].getBoundingClientRect().top <= height) low = middle;
      else high = middle - 1;
    }
    return low;
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
    now = table && ScrolledRows.begin(table, isSame ? before : null);
  }

  document.addEventListener("DOMContentLoaded", () => {
    let before = null;
    begin(null);
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      if (event.target.id !== "rows" || !event.detail.shouldSwap) return;
      before = now && now.state;
      if (now) now.clear();
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (document.getElementById("rows") && (event.target.id === "rows" || !now || !now.table.isConnected)) begin(before);
    });
  });
})();

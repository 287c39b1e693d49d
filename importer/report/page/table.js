// The table of all rows: unpacked, searched and sorted here; DataTables shows a page of it. See importer/report/page.py.
"use strict";
(async () => {
  const holder = document.getElementById("rows-data"), loading = document.getElementById("loading");
  if (!holder || !window.DataTable || !window.DecompressionStream) return;
  document.getElementById("needs-scripts").hidden = true;
  loading.hidden = false;
  const text = atob(holder.textContent), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const packed = JSON.parse(await new Response(stream).text());
  holder.remove();
  const columns = {};
  for (const [name, column] of Object.entries(packed)) columns[name] = Array.isArray(column) ? column : column.at.map((at) => column.words[at]);
  const count = columns.line.length, plain = (word) => String(word ?? "").replaceAll("_", " ");
  const cell = (name, row) => columns[name][row] ?? "";
  const chips = [...document.querySelectorAll("#filters [data-status]")];
  const words = Object.fromEntries(chips.map((chip) => [chip.dataset.status, chip.dataset.word]));
  const tones = Object.fromEntries(chips.map((chip) => [chip.dataset.status, chip.className.replace("chip", "").trim()]));
  const why = (row) => String(cell("message", row) || plain(cell("reason", row)));
  const title = (row) => cell("title", row) + (cell("year", row) ? ` (${cell("year", row)})` : "") + (cell("season", row) !== "" ? ` ${cell("season", row)}x${cell("episode", row)}` : "");
  const shown = [
    ["Line", (row) => cell("line", row), "num"], ["Status", (row) => words[columns.status[row]] || plain(cell("status", row)), "status"],
    ["Title", title, "title"], ["Kind", (row) => cell("kind", row), ""], ["Rating", (row) => cell("rating", row), "num"],
    ["Before", (row) => cell("previous_rating", row), "num"], ["Rated", (row) => String(cell("rated_at", row)).slice(0, 10), "day"],
    ["Why", why, "why"], ["", () => "", "more"],
  ];
  const ids = ["imdb_id", "tmdb_id", "tvdb_id", "trakt_id"];
  let texts = null;
  const searched = () => texts ??= Array.from({ length: count }, (_, row) =>
    `${title(row)}\n${why(row)}\n${ids.map((name) => cell(name, row)).join("\n")}\n${cell("line", row)}`.toLowerCase());
  const orders = new Map();
  const order = (place, falling) => {
    const key = `${place} ${falling}`;
    if (!orders.has(key)) {
      const value = shown[place][1], keys = Array.from({ length: count }, (_, row) => {
        const found = value(row), is = typeof found === "number" ? found : found !== "" && !isNaN(found) ? Number(found) : String(found).toLowerCase();
        return is === "" ? null : is;
      });
      const compare = (one, other) => {
        const a = keys[one], b = keys[other];
        if (a === b) return one - other;
        if (a === null) return 1;
        if (b === null) return -1;
        if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
        return (a < b ? -1 : 1) * (falling ? -1 : 1);
      };
      orders.set(key, Uint32Array.from({ length: count }, (_, row) => row).sort(compare));
    }
    return orders.get(key);
  };
  const wanted = { status: "", reason: "" };
  const find = (sought, [place, falling]) => {
    const words = sought.toLowerCase().trim(), found = [], haystack = words ? searched() : null;
    for (const row of order(place, falling)) {
      if (wanted.status && columns.status[row] !== wanted.status) continue;
      if (wanted.reason && columns.reason[row] !== wanted.reason) continue;
      if (words && !haystack[row].includes(words)) continue;
      found.push(row);
    }
    return found;
  };
  const element = (name, text, kind) => Object.assign(document.createElement(name), { textContent: text, className: kind || "" });
  const details = (row) => {
    const list = element("dl", "", "facts");
    for (const name of Object.keys(columns)) {
      if (cell(name, row) === "") continue;
      const fact = list.appendChild(element("div", ""));
      fact.append(element("dt", plain(name)), Object.assign(element("dd", cell(name, row)), { dir: "auto" }));
    }
    return list;
  };
  const table = new DataTable("#table", {
    serverSide: true, processing: false, pageLength: 50, lengthMenu: [25, 50, 100, 250], autoWidth: false, searchDelay: 1, order: [[0, "asc"]],
    layout: { topStart: "search", topEnd: "pageLength", bottomStart: "info", bottomEnd: "paging" },
    language: { search: "Search", searchPlaceholder: "title, id, reason, line", lengthMenu: "_MENU_ rows", info: "_START_ to _END_ of _TOTAL_ rows", infoEmpty: "No row fits", infoFiltered: "(of _MAX_)", zeroRecords: "No row fits. Take a filter away." },
    columns: shown.map(([name, , kind], place) => ({ title: name || "More", className: kind, orderable: kind !== "more", data: place })),
    columnDefs: [{
      targets: "_all", render: DataTable.render.text(),
      createdCell: (place, _value, cells, _row, column) => {
        const kind = shown[column][2], row = cells[shown.length];
        if (kind === "title" || kind === "why") place.dir = "auto";
        if (kind === "status") place.replaceChildren(element("span", cells[column], `chip ${tones[columns.status[row]] || ""}`));
        if (kind === "more") {
          const button = element("button", "…", "small");
          button.type = "button";
          button.dataset.row = row;
          button.setAttribute("aria-label", `All of line ${cell("line", row)}`);
          button.setAttribute("aria-expanded", "false");
          place.replaceChildren(button);
        }
      },
    }],
    ajax: (request, give) => {
      const asked = request.order[0], found = find(request.search.value, asked ? [asked.column, asked.dir === "desc"] : [0, false]);
      const page = found.slice(request.start, request.start + request.length);
      give({ draw: request.draw, recordsTotal: count, recordsFiltered: found.length, data: page.map((row) => [...shown.map((column) => column[1](row)), row]) });
    },
  });
  table.on("click", "button[data-row]", (event) => {
    const button = event.target.closest("button"), row = table.row(button.closest("tr")), isOpen = row.child.isShown();
    if (isOpen) row.child.hide(); else row.child(details(Number(button.dataset.row))).show();
    button.setAttribute("aria-expanded", String(!isOpen));
  });
  for (const chip of chips) chip.addEventListener("click", () => {
    wanted.status = wanted.status === chip.dataset.status ? "" : chip.dataset.status;
    for (const each of chips) each.setAttribute("aria-pressed", String(each.dataset.status === wanted.status));
    table.draw();
  });
  const reason = document.getElementById("reason");
  for (const word of [...new Set(columns.reason)].filter(Boolean).sort()) reason.append(Object.assign(element("option", plain(word)), { value: word }));
  reason.addEventListener("change", () => { wanted.reason = reason.value; table.draw(); });
  document.getElementById("filters").hidden = false;
  loading.hidden = true;
  (window.requestIdleCallback || setTimeout)(searched); // before anybody types
})();

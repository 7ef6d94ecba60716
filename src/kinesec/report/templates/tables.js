"use strict";
// Sorting and filtering of the page's tables. Without this script every row shows, in the order that it was written.
(() => {
  const MANY = 8;
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const text = cell => cell.textContent.trim();

  // the number that a cell begins with; of "2 to 4" what lies between; of what is no number NaN
  const number = said => {
    const plain = said.replace(/\u2212/g, "-").replace(/(\d),(?=\d{3})/g, "$1").replace(/^[<>+\s]+(?=[-\d])/, "");
    const parts = plain.match(/^(-?\d*\.?\d+(?:e[-+]?\d+)?)(?:\s*(?:to|\u2013)\s*(-?\d*\.?\d+))?/i);
    if (!parts) return NaN;
    return parts[2] === undefined ? Number(parts[1]) : (Number(parts[1]) + Number(parts[2])) / 2;
  };
  const words = new Intl.Collator("en", { numeric: true }).compare;

  const ready = table => {
    const heads = [...table.tHead.querySelectorAll("th[data-column]")];
    const bodies = [...table.tBodies].map(body => {
      const heading = body.rows[0] && body.rows[0].classList.contains("group") ? body.rows[0] : null;
      return { body, heading, rows: [...body.rows].filter(row => row !== heading) };
    });
    const rows = bodies.flatMap(part => part.rows);

    const sort = head => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const column = Number(head.dataset.column);
      const cells = new Map(rows.map(row => [row, text(row.cells[column])]));
      const numbers = new Map(rows.map(row => [row, number(cells.get(row))]));
      const filled = rows.filter(row => cells.get(row) !== "" && cells.get(row) !== "\u2013");
      const isNumeric = 2 * filled.filter(row => !Number.isNaN(numbers.get(row))).length > filled.length;
      const empty = row => isNumeric ? Number.isNaN(numbers.get(row)) : cells.get(row) === "" || cells.get(row) === "\u2013";
      const order = (a, b) => {
        if (empty(a) || empty(b)) return empty(a) - empty(b);  // last, whichever the way
        const by = isNumeric ? numbers.get(a) - numbers.get(b) : words(cells.get(a), cells.get(b));
        return down ? -by : by;
      };
      bodies.forEach(part => part.body.append(...part.rows.slice().sort(order)));
    };
    if (rows.length > 1) {
      heads.forEach(head => {
        const button = element("button", { type: "button", className: "sort" }, ...head.childNodes);
        button.addEventListener("click", () => sort(head));
        head.append(button);
      });
    }
    if (rows.length <= MANY) return;

    const filter = element("input", { type: "search", autocomplete: "off", spellcheck: false });
    const counted = element("output", { className: "quiet" });
    const selects = (table.dataset.choices || "").split(" ").filter(Boolean).map(column => {
      const values = [...new Set(rows.map(row => text(row.cells[column])))].sort(words);
      const select = element("select", {}, element("option", { value: "", textContent: "all" }));
      select.append(...values.map(value => element("option", { value, textContent: value })));
      return { column: Number(column), select, title: text(heads.find(head => head.dataset.column === column)) };
    });
    const show = () => {
      const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      bodies.forEach(part => {
        const heading = part.heading ? text(part.heading).toLowerCase() : "";
        const before = shown;
        part.rows.forEach(row => {
          const said = `${heading} ${row.textContent.toLowerCase()}`;
          const fits = wanted.every(word => said.includes(word))
            && selects.every(({ column, select }) => !select.value || text(row.cells[column]) === select.value);
          row.hidden = !fits;
          shown += fits;
        });
        part.body.hidden = shown === before;
      });
      counted.textContent = `${shown} of ${rows.length} rows`;
    };
    filter.addEventListener("input", show);
    selects.forEach(({ select }) => select.addEventListener("change", show));
    const controls = selects.map(({ select, title }) => element("label", {}, `${title} `, select));
    const place = table.closest(".scroll") || table;
    place.before(element("div", { className: "controls" }, element("label", {}, "Filter rows ", filter), ...controls, counted));
    show();
  };
  document.querySelectorAll("main table").forEach(ready);
})();

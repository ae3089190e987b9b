// Search, filter and sort of the learners, in the page. Nothing is sorted unless somebody asks: rows never jump.
// Where the page does not show everything, the text is looked for by the server and only what it found is filtered here.
(() => {
  const tools = document.getElementById("tools");
  const found = document.getElementById("found");
  const whole = "whole" in tools.dataset;
  document.getElementById("find").hidden = whole;
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
  const filter = () => {
    const typed = whole ? tools.elements.text.value : tools.elements.text.defaultValue;
    const words = plain(typed).split(/\s+/).filter(Boolean);
    const value = tools.elements.value.value;
    let count = 0;
    for (const row of document.querySelectorAll("tr.learner")) {
      const text = plain(`${row.querySelector(".who").textContent} ${row.closest(".point").getAttribute("aria-label")}`);
      const shown = words.every((word) => text.includes(word)) && (!value || row.dataset.value === value);
      row.classList.toggle("filtered", !shown);
      count += shown;
    }
    found.textContent = words.length || value ? `${count} ${found.dataset.text}` : "";
  };
  const collator = new Intl.Collator("vi", { numeric: true });
  const givenNameFirst = (name) => {
    const words = name.trim().split(/\s+/);
    return [words.pop(), ...words].join(" ");
  };
  const key = (row, column) => {
    const cell = row.cells[column];
    return column === 0 ? givenNameFirst(cell.querySelector(".name").textContent) : Number(cell.dataset.sort);
  };
  const sort = (button) => {
    const head = button.closest("th");
    const body = button.closest("table").tBodies[0];
    const column = Number(button.dataset.column);
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    rows.sort(([a], [b]) => (typeof a === "number" ? a - b : collator.compare(a, b)) * (up ? 1 : -1));
    body.append(...rows.map(([, row]) => row));
  };
  tools.addEventListener("input", filter);
  tools.addEventListener("submit", (event) => { if (whole) event.preventDefault(); });
  document.addEventListener("rows", filter);
  document.addEventListener("htmx:sse:after:message", filter);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("th button");
    if (button) sort(button);
  });
  if (!whole) filter();
  document.getElementById("print").addEventListener("click", () => print());
})();

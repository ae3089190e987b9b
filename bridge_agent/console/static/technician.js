// The technician's page: live parts, forms, and finding and sorting learners in the page. Rows never jump by themselves.
import { carryOn } from "./day.js";
import { act, forms, live } from "./link.js";

const tools = document.getElementById("tools");
const found = document.getElementById("found");
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();

const filter = () => {
  const words = plain(tools.elements.text.value).split(/\s+/).filter(Boolean);
  const value = tools.elements.value.value;
  let count = 0;
  for (const row of document.querySelectorAll("tr.learner")) {
    const fits = !value || (value === "no-face" ? row.dataset.face === "no" : row.dataset.value === value);
    const text = plain(row.querySelector(".who").textContent);
    const shown = fits && words.every((word) => text.includes(word));
    row.classList.toggle("filtered", !shown);
    count += shown;
  }
  const said = words.length || value ? `${count} ${count === 1 ? found.dataset.one : found.dataset.text}` : "";
  if (found.textContent !== said) found.textContent = said;
};

const collator = new Intl.Collator("vi", { numeric: true });
const givenNameFirst = (name) => {
  const words = name.trim().split(/\s+/);
  return [words.pop(), ...words].join(" ");
};
const key = (row, column) =>
  column === 0 ? givenNameFirst(row.querySelector(".name").textContent) : Number(row.cells[column].dataset.sort);
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
tools.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  const button = event.target.closest("th button");
  if (button) sort(button);
});
// The classroom opens in another tab, which has to be opened at the click itself or browsers block it.
document.addEventListener("click", async (event) => {
  if (!event.target.closest("#to-classroom")) return;
  const tab = window.open("about:blank");
  const { ok, answer, sentence } = await act("/classroom", {});
  const wrong = document.getElementById("no-classroom");
  wrong.hidden = ok;
  wrong.textContent = ok ? "" : sentence;
  if (ok && tab) tab.location.replace(answer.address);
  else if (ok) location.assign(answer.address);
  else tab?.close();
});
document.getElementById("print").addEventListener("click", () => print());
document.getElementById("trouble-first").addEventListener("click", () => {
  const head = document.getElementById("sort-1")?.closest("th");
  if (!head) return;
  head.removeAttribute("aria-sort");
  sort(head.firstElementChild);
});

// What was pressed is answered in one place that stays, whatever happens to the fault in the meantime.
const said = document.getElementById("said");
const answer = (text, kind) => {
  said.hidden = false;
  said.dataset.kind = kind;
  said.textContent = text;
};
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-doing]");
  if (form && !form.dataset.busy) answer(`${document.getElementById("live").dataset.doing}: ${form.dataset.doing}…`, "doing");
}, true);
forms((form, result) => {
  if (form.dataset.doing) answer(result.ok ? result.answer.said : result.sentence, result.ok ? "good" : "bad");
});
live((state, now) => { filter(); carryOn(state, now); });

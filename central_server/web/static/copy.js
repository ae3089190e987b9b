// Buttons that copy an element (a table as text that spreadsheets take) and that print: both of what is shown.
// Without a clipboard (no https) those that copy are hidden: the text can be marked.
(() => {
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
  const cells = (row) => [...row.cells].filter((cell) => !cell.classList.contains("tick"));
  const text = (element) => element.rows
    ? [...element.rows].map((row) => cells(row).map((cell) => cell.textContent.trim().replace(/\s+/g, " ")).join("\t")).join("\n")
    : element.value ?? element.textContent;
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy], button[data-print]");
    if (!button) return;
    if (button.hasAttribute("data-print")) return print();
    await navigator.clipboard.writeText(text(document.getElementById(button.dataset.copy)));
    if (button.dataset.copied) button.textContent = button.dataset.copied;
    button.setAttribute("aria-pressed", "true");
  });
})();

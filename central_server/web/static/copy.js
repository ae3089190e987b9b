// Copy a table as text that spreadsheets take, and print: both of what is shown.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy], button[data-print]");
  if (!button) return;
  if (button.hasAttribute("data-print")) return print();
  const rows = [...document.getElementById(button.dataset.copy).rows];
  const text = rows.map((row) => [...row.cells].filter((cell) => !cell.classList.contains("tick"))
    .map((cell) => cell.textContent.trim().replace(/\s+/g, " ")).join("\t")).join("\n");
  await navigator.clipboard.writeText(text);
  button.setAttribute("aria-pressed", "true");
});

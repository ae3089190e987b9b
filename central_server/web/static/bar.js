// The evidence of a presence bar's pieces: under the pointer, by touch, and for the arrow keys.
(() => {
  const box = document.getElementById("evidence");
  let shown = null;
  const show = (piece) => {
    if (shown) shown.classList.remove("chosen");
    shown = piece;
    box.hidden = !piece;
    if (!piece) return;
    piece.classList.add("chosen");
    box.textContent = piece.dataset.evidence;
    const at = piece.getBoundingClientRect();
    const left = at.left + at.width / 2 - box.offsetWidth / 2;
    box.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - box.offsetWidth - 8)) + scrollX}px`;
    box.style.top = `${at.bottom + 6 + scrollY}px`;
  };
  const pieces = (bar) => [...bar.querySelectorAll("[data-evidence]")]
    .sort((a, b) => a.getBoundingClientRect().left - b.getBoundingClientRect().left);
  const pieceAt = (event) => event.target.closest?.("svg.bar [data-evidence]");
  document.addEventListener("pointerover", (event) => { const piece = pieceAt(event); if (piece) show(piece); });
  document.addEventListener("pointerout", (event) => { if (pieceAt(event)) show(null); });
  document.addEventListener("click", (event) => { const piece = pieceAt(event); if (piece) show(piece); });
  document.addEventListener("keydown", (event) => {
    const bar = document.activeElement?.closest?.("svg.bar");
    if (event.key === "Escape") show(null);
    if (!bar || !["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const all = pieces(bar);
    const at = all.indexOf(shown);
    const next = { ArrowLeft: Math.max(at - 1, 0), ArrowRight: Math.min(at + 1, all.length - 1), Home: 0, End: all.length - 1 };
    show(all[next[event.key]] ?? null);
  });
  document.addEventListener("focusout", () => show(null));
})();

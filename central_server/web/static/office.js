// Forms and lists of the office: what a series comes to while it is typed, and finding in long lists of boxes.
(() => {
  document.documentElement.classList.add("has-script");
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
  for (const input of document.querySelectorAll("[data-find]")) {
    const boxes = document.getElementById(input.dataset.find).querySelectorAll("label");
    input.addEventListener("input", () => {
      for (const box of boxes) box.hidden = !plain(box.textContent).includes(plain(input.value.trim()));
    });
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }
  const planned = document.getElementById("planned");
  if (!planned) return;
  const form = planned.closest("form");
  let asked = 0, timer = 0;
  const look = async () => {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    if (!body.get("first")) return;
    const mine = ++asked;
    const answer = await fetch(planned.dataset.look, { method: "POST", body }).catch(() => null);
    if (answer?.ok && mine === asked) planned.innerHTML = await answer.text();
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    clearTimeout(timer);
    timer = setTimeout(look, 400);
  });
})();

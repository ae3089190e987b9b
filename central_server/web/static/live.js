// Says when the page stopped being live, and opens bridge points. htmx swaps the parts; this watches the time since the
// last message, and asks for another stream when the page shows other bridge points than before.
(() => {
  const LIMIT_MS = 5000;
  const stale = document.getElementById("stale");
  let heard = Date.now();
  const check = () => {
    const lost = Date.now() - heard > LIMIT_MS;
    if (lost === !stale.hidden) return;
    if (lost) {
      const at = document.querySelector("#as-of .at").textContent;
      stale.textContent = `${stale.dataset.text} ${at}. ${stale.dataset.then}`;
    }
    stale.hidden = !lost;
    document.body.classList.toggle("is-stale", lost);
  };
  document.addEventListener("htmx:sse:after:message", () => { heard = Date.now(); check(); });
  document.addEventListener("reload", () => { document.getElementById("changed").hidden = false; });
  setInterval(check, 1000);

  const ATTRIBUTE = "hx-sse:connect";
  const reconnect = () => {
    const before = document.getElementById("live");
    const address = new URL(before.getAttribute(ATTRIBUTE), location.href);
    const open = [...document.querySelectorAll(".point:not(.closed)")].map((point) => point.dataset.point);
    address.searchParams.set("open", open.join(","));
    const live = before.cloneNode(false);
    live.setAttribute(ATTRIBUTE, address.pathname + address.search);
    before.replaceWith(live);
    htmx.process(live);
  };
  const toggle = async (link) => {
    const point = link.closest(".point");
    const opened = point.querySelector(".opened");
    const opening = point.classList.contains("closed");
    if (opening) {
      const answer = await fetch(point.dataset.address);
      if (!answer.ok) { location.href = link.href; return; }
      opened.innerHTML = await answer.text();
    } else {
      opened.replaceChildren();
    }
    point.classList.toggle("closed", !opening);
    link.setAttribute("aria-expanded", String(opening));
    link.querySelector(".words").textContent = opening ? link.dataset.close : link.dataset.open;
    document.dispatchEvent(new CustomEvent("rows"));
    reconnect();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.toggle");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    toggle(link);
  });
})();

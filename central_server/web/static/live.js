// Says when the page stopped being live. htmx swaps the parts; this only watches the time since the last message.
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
  document.getElementById("live").addEventListener("reload", () => {
    document.getElementById("changed").hidden = false;
  });
  setInterval(check, 1000);
})();

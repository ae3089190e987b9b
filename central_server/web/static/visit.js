// A learner reads the own pages at a bridge point: others are waiting for the screen, and must not read what stands on
// it. Asks whether anybody is still there when nothing was touched for a minute or the time is nearly over, and ends.
const IDLE_MS = 60_000;
const ASK_MS = 30_000;
const BACK_MS = 5000;
const get = (id) => document.getElementById(id);
const left = get("visit-left");
const back = get("visit-back");

// A page that the browser kept whole is asked for anew: after the end there is nothing to see.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (back) setTimeout(() => location.replace(back.href), BACK_MS);

if (left) {
  const dialog = get("visit-more");
  const english = document.documentElement.lang === "en";
  let ends = Date.now() + Number(left.dataset.left);
  let touched = Date.now();
  let closes = 0; // while it asks: when nobody has answered

  const done = () => get("visit-done").form.requestSubmit();
  const longer = async () => {
    const got = await fetch("/api/own/longer", { method: "POST" }).catch(() => null);
    if (got?.status === 401) { location.replace("/own/left"); return; } // it is over
    if (!got?.ok) return; // no answer says nothing: the question stays, to be answered again or to end in time
    ends = Date.now() + (await got.json()).left_ms;
    touched = Date.now();
    closes = 0;
    dialog.close();
  };
  const tick = () => {
    const now = Date.now();
    if (!closes && (now - touched > IDLE_MS || ends - now < ASK_MS)) {
      closes = Math.min(now + ASK_MS, ends);
      dialog.showModal();
    }
    if (closes && now >= closes) { closes = Infinity; done(); return; }
    if (closes) get("visit-seconds").textContent = Math.ceil((closes - now) / 1000);
    const minutes = Math.max(1, Math.ceil((ends - now) / 60_000));
    left.textContent = english ? `closes in ${minutes} min` : `tự đóng sau ${minutes} phút`;
  };
  for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); longer(); });
  get("visit-longer").addEventListener("click", longer);
  get("visit-end").addEventListener("click", done);
  setInterval(tick, 1000);
  tick();
}

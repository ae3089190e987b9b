// The mirror: the agent's own pictures of the desk. A picture that is old is taken away, never shown as if it were now.
const EVERY_MS = 125;
const STALE_MS = 2000;
const mirror = document.getElementById("mirror");
const canvas = document.getElementById("picture");
const faceBox = document.getElementById("face-box");

/** Show pictures while `wanted()`; `onChange` is called when they come and when they stop. */
export function startMirror(wanted, onChange = () => {}) {
  const context = canvas.getContext("2d");
  let drawn = -Infinity;
  const blank = () => {
    if (mirror.classList.contains("no-picture")) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    mirror.classList.add("no-picture");
    faceBox.setAttribute("width", 0);
    onChange();
  };
  const look = async () => {
    const got = await fetch("/preview.jpg", { signal: AbortSignal.timeout(STALE_MS) });
    if (got.status !== 200) { blank(); return; }
    const picture = await createImageBitmap(await got.blob());
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      mirror.style.setProperty("--ratio", picture.width / picture.height);
    }
    context.drawImage(picture, 0, 0);
    picture.close();
    drawn = performance.now();
    if (!mirror.classList.contains("no-picture")) return;
    mirror.classList.remove("no-picture");
    onChange();
  };
  const again = async () => {
    if (wanted() && !document.hidden) {
      try { await look(); } catch { /* the interval below takes an old picture away */ }
    } else {
      blank();
    }
    setTimeout(again, EVERY_MS);
  };
  setInterval(() => { if (performance.now() - drawn > STALE_MS) blank(); }, 250);
  again();
}

/** The frame around the face that was found: shares of the picture, or null. */
export function showFace(box) {
  const [x, y, width, height] = box ?? [0, 0, 0, 0];
  for (const [name, share] of Object.entries({ x, y, width, height })) faceBox.setAttribute(name, share * 100);
  mirror.classList.toggle("found-face", Boolean(box));
}

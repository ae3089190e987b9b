// The wizard's pages: live parts and forms as everywhere, the tried camera's picture, and what only a browser can test.
import { act, forms, live } from "./link.js";

const RUN = document.querySelector('meta[name="run"]').content;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** After joining the agent comes up anew behind the same address: then on to the next step. */
async function joined() {
  document.getElementById("joining").hidden = false;
  for (;;) {
    await pause(500);
    try {
      const got = await fetch("/setup/run");
      if (got.ok && (await got.text()) !== RUN) { location.assign("/setup"); return; }
    } catch { /* it is just starting */ }
  }
}

forms((form, { ok }) => {
  if (!ok) return;
  if (form.dataset.act === "/setup/do/join") joined();
  if (form.dataset.then === "reload") location.reload();
  if (form.dataset.then === "autostart") { location.hash = "autostart"; location.reload(); }
});
// A browser that loads a page anew does not always go to the part that the address names.
if (location.hash === "#autostart") document.getElementById("autostart")?.focus();
if (document.getElementById("live")) live();

document.addEventListener("click", (event) => {
  if (!event.target.closest("#to-address")) return;
  document.getElementById("other-source").open = true;
  document.getElementById("address").focus();
});

// The picture: fetched one by one, and taken away when it is old.
const tried = document.getElementById("tried");
if (tried) {
  const canvas = document.getElementById("setup-picture");
  const context = canvas.getContext("2d");
  let drawn = -Infinity;
  const blank = () => { if (!tried.classList.contains("blank")) { tried.classList.add("blank"); context.clearRect(0, 0, canvas.width, canvas.height); } };
  setInterval(() => { if (performance.now() - drawn > 2000) blank(); }, 250);
  (async () => {
    for (;;) {
      try {
        const got = document.hidden ? null : await fetch("/setup/picture.jpg", { signal: AbortSignal.timeout(2000) });
        if (got?.status === 200) {
          const picture = await createImageBitmap(await got.blob());
          if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
          context.drawImage(picture, 0, 0);
          picture.close();
          drawn = performance.now();
          tried.classList.remove("blank");
        } else if (got) blank();
      } catch { /* the interval takes an old picture away */ }
      await pause(125);
    }
  })();
}

/** Level of an analyser's newest samples, dBFS. */
function decibels(analyser) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
  return power > 0 ? Math.max(-90, 10 * Math.log10(power)) : -90;
}

const quarter = (levels, share) => [...levels].sort((a, b) => a - b)[Math.floor((levels.length - 1) * share)];

// The microphone of the classroom page: opened as that page opens it (sending.js).
const sound = document.getElementById("browser-sound");
if (sound) {
  const trouble = document.getElementById("microphone-trouble");
  const meter = document.getElementById("browser-level");
  const name = document.getElementById("microphone-name");
  const say = (text) => { trouble.hidden = !text; trouble.textContent = text; };
  let stream = null;
  document.getElementById("listen").addEventListener("click", async () => {
    stream?.getTracks().forEach((track) => track.stop());
    say("");
    try {
      if (!navigator.mediaDevices) throw new Error("no microphone");
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    } catch (error) {
      say(sound.dataset[{ NotAllowedError: "denied", NotReadableError: "busy" }[error.name] ?? "missing"]);
      return;
    }
    const mine = stream;
    const [track] = mine.getAudioTracks();
    name.textContent = track.label;
    track.addEventListener("ended", () => { say(sound.dataset.gone); meter.value = 0; });
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    context.createMediaStreamSource(mine).connect(analyser);
    const levels = [];
    let told = false;
    while (mine === stream && track.readyState === "live") {
      await pause(100);
      const level = decibels(analyser);
      meter.value = level + 80;
      levels.push(level);
      if (levels.length > 100) levels.shift();
      if (told || levels.length < 20) continue;
      const loudest = Math.max(...levels), quietest = quarter(levels, .2);
      if (loudest < -45 || loudest - quietest < 10) continue; // as bridge_agent.setup.wizard asks for
      told = (await act("/setup/do/heard", { name: track.label, loudest, quietest })).ok;
    }
    await context.close();
  });
}

// The microphone that the agent itself would use: it is listened to while this page asks for it.
document.getElementById("hear")?.addEventListener("click", async () => {
  for (;;) {
    await act("/setup/do/hear", {});
    await pause(5000);
  }
});

// The speaker: two notes, and how much louder the microphone hears them, where this page may listen.
const TONE_S = 2;
const NOTES = [660, 990];
async function microphone() {
  try {
    const may = await navigator.permissions.query({ name: "microphone" });
    if (may.state !== "granted") return null;
    return await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  } catch { return null; }
}
document.getElementById("play")?.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  button.disabled = true;
  const context = new AudioContext();
  const stream = await microphone();
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  if (stream) context.createMediaStreamSource(stream).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const loud = () => {
    analyser.getFloatFrequencyData(bins);
    return Math.max(...NOTES.map((note) => Math.max(-120, bins[Math.round(note * analyser.fftSize / context.sampleRate)])));
  };
  const listen = async (seconds) => {
    const levels = [];
    for (let at = 0; at < seconds * 10; at += 1) { await pause(100); levels.push(loud()); }
    return quarter(levels, .5);
  };
  const before = stream ? await listen(.8) : 0;
  NOTES.forEach((pitch, index) => {
    const note = new OscillatorNode(context, { frequency: pitch });
    const gain = new GainNode(context, { gain: .35 });
    const start = context.currentTime + index * TONE_S / 2;
    note.connect(gain).connect(context.destination);
    note.start(start);
    note.stop(start + TONE_S / 2);
  });
  const during = stream ? await listen(TONE_S) : (await pause(TONE_S * 1000), 0);
  const said = document.getElementById("heard-by-microphone");
  if (stream) {
    const more = during - before;
    said.textContent = more >= 10 ? said.dataset.yes : said.dataset.no;
    for (const field of document.querySelectorAll(".by-microphone")) field.value = more.toFixed(1);
    stream.getTracks().forEach((track) => track.stop());
  }
  await context.close();
  document.documentElement.dataset.played = "yes";
  for (const id of ["heard-yes", "heard-no"]) document.getElementById(id).disabled = false;
  button.disabled = false;
});

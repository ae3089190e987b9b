// Two tones that can't be mistaken: two rising notes for good, one low double note for not good.
let context = null;
const NOTES = { good: [[660, 0, .14], [990, .15, .28]], bad: [[196, 0, .18], [196, .26, .3]] };

/** Whether the browser lets sound out; it does after the first touch or key, or where the kiosk was started so. */
export const silent = () => context === null || context.state !== "running";

/** Let sound out, at a touch or key. */
export async function wake() {
  context ??= new AudioContext();
  if (context.state !== "running") await context.resume().catch(() => {});
}

/** Sound `good` or `bad`. */
export function tone(kind) {
  document.documentElement.dataset.tone = kind;
  context ??= new AudioContext();
  if (silent()) return;
  for (const [pitch, after, length] of NOTES[kind]) {
    const note = context.createOscillator();
    const loud = context.createGain();
    const start = context.currentTime + after;
    note.type = kind === "good" ? "sine" : "square";
    note.frequency.value = pitch;
    loud.gain.setValueAtTime(0, start);
    loud.gain.linearRampToValueAtTime(kind === "good" ? .4 : .15, start + .02);
    loud.gain.linearRampToValueAtTime(0, start + length);
    note.connect(loud).connect(context.destination);
    note.start(start);
    note.stop(start + length);
  }
}

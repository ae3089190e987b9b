"""Is the picture live? Judges each sweep's frame: live, still, frozen or dark. Pure; frames and times come in.

**Frozen.** A camera or its driver that hangs repeats one picture for ever, and a learner who left stays in it. After
re-encoding such a picture still changes a little (x264 refines it, every key frame differs faintly), and a calm room
may change very little (an encoder swallows sensor noise up to 2 grey levels). So stillness is measured against what was
usual for this very source just before: see `_Usual`. Three still sweeps are a freeze, dated back to the last frame that
moved. A source that never moved, such as a video of still pictures, is not called frozen: nothing tells the two apart.
Only a camera of this PC is, since every sensor has noise.

**Dark.** Most of the room has lost most of its light, or nothing in the picture is brighter than dark grey.

Thresholds: measured on static, swaying and trembling portraits with noise 0 to 6, encoded by x264 crf 18 to 35 and by
bit rate, mpeg4 and MJPEG; tests/bridge_agent/recognition/test_life.py holds both directions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from bridge_agent.capture.frame import Blocks, Change, Picture, blocks, grid, largest_difference

State = Literal["live", "still", "frozen", "dark"]

STILL_SWEEPS: Final = 3
_DOUBT_SWEEPS: Final = 5
_MOVING_SHARE: Final = 0.35
"""A sweep is still when at most this share of its frames moved. OpenCV's mpeg4 writer sets a key frame every 12 frames
and mends it over the next two or three, which is the worst that a frozen picture was seen to do."""
_MOTION_SHARE: Final = 0.4
_STILL_BLOCKS, _STILL_BLOCKS_MOST, _STEP_PART = 6.0, 10.0, 0.15
"""Nor may any block differ from the last sweep by more grey levels than the first, or than this part of what is usual
where that is more, but never more than the second. Key frames of frozen pictures: up to 4.8, and 7.6 in small, busy
pictures that cv2.VideoWriter squeezed; a head that moved by a pixel: 8 and more, one that lives: 20 and more."""
_PEAK_FLOOR, _AMOUNT_FLOOR = 6.0, 0.01
"""A source is known to move from these usual values on (grey levels). Peaks: noise makes up to 4, a head 8 and more;
amounts: encoders' own changes lie below."""
_PEAK_PART, _AMOUNT_PART = 0.25, 0.4
"""A frame moves when it reaches this part of what is usual."""
_ALWAYS_SHARE, _NEVER_SHARE = 0.97, 0.5
"""Faint noise: where practically every frame changed and now half of them do not change at all."""
_SCENE_BLOCKS: Final = 12.0
"""Somebody came, went or moved: after that the noise may be another, for encoders leave it only where there is
texture; noise proves nothing until it has been watched for a while."""
_FROZEN_BLOCKS: Final = 20.0
"""No key frame of a frozen picture makes such a step: something moved after all."""
_STIR_SHARE, _STIR_FLOOR = 0.6, 0.003
"""The calmest frames of a sweep (this share of them) stir by so much on average (grey levels) or prove nothing. Key
frames of a frozen picture are among the others."""
_STIR_STILL, _STIR_STAYS_FROZEN = 0.02, 0.25
"""Parts of the usual stir. Frozen pictures that x264 goes on refining: 0.005 and less, 0.12 in the first second; one of
thirty people left in a room without noise: 0.03."""
_FAINT_FRAMES: Final = 12
_PASS_OVER: Final = 20
_DARK_PART: Final = 0.3
_LIT_SHARE: Final = 0.3
_LIT_SWEEPS: Final = 5
_BRIGHTEST: Final = 40.0
_BLACK: Final = 16.0
_DIMMED_MS: Final = 180_000
"""A room that stays dim, but not black, for this long is meant to be dim: that light is its usual one from then on."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a sweep's frame is. `at`: live: from when on; frozen or dark: when the last good frame was (ms)."""

    state: State
    at: int


class PictureJudge:
    """Judges the frames of one source, in order. `sensor`: the source is a camera's own picture, which has noise."""

    def __init__(self, sensor: bool) -> None:
        self._sensor = sensor
        self._usual = _Usual()
        self._stir = _Stir()
        self._light = _Light()
        self._blocks: Blocks | None = None
        self._still: list[tuple[Change, ...]] = []
        self._history = _History()
        self._moved_at = 0
        self._calm = 0
        """How many of the still sweeps, up to the last, stirred far less than usual."""
        self._state: State = "live"

    def look(self, at: int, picture: Picture, changes: Sequence[Change], faces_before: int) -> Look:
        """The state of the frame at `at` (ms), with the `changes` since the last one and the faces in that."""
        now = blocks(grid(picture[..., 1], picture.shape[1], picture.shape[0]))
        step = 255.0 if self._blocks is None else largest_difference(self._blocks, now)
        self._blocks = now
        if (lit_at := self._light.dark_since(picture, now, at, changes)) is not None:
            self._become("dark")
            return Look("dark", lit_at)
        moves = [self._usual.moves(change) for change in changes]
        moved = [change.at for change, move in zip(changes, moves, strict=True) if move]
        self._history.note(changes, moves)
        if self._state == "dark":
            self._become("live")
            return Look("live", self._light.lit_from(at, changes))
        calm = self._stir.calm(changes, faces_before > 0, self._state == "frozen") and step <= self._step_limit
        if calm or self._is_still(step, changes, moves, faces_before):
            self._still.append(tuple(changes))
            self._calm = self._calm + 1 if calm else 0
            if self._state == "frozen":
                return Look("frozen", self._moved_at)
            if self._is_frozen():
                self._state, self._moved_at = "frozen", self._frozen_from(faces_before > 0)
                return Look("frozen", self._moved_at)
            if len(self._still) <= _DOUBT_SWEEPS:
                self._state = "still"
                return Look("still", at)
            self._usual.doubt()  # neither proven in good time: nobody's presence is held back on a suspicion
        was_frozen = self._state == "frozen"
        self._become("live")
        self._usual.learn(changes, step)
        self._stir.learn(changes, faces_before > 0)
        return Look("live", moved[0] if was_frozen and moved else at)

    def _become(self, state: State) -> None:
        self._state = state
        self._still.clear()
        self._calm = 0

    @property
    def _step_limit(self) -> float:
        # A frozen picture stays frozen when one frame of many jumps a little: at crf 23 and above a key frame does.
        return _FROZEN_BLOCKS if self._state == "frozen" else self._usual.still_step

    def _frozen_from(self, people: bool) -> int:
        still_from = self._still[0][0].at
        if self._calm >= STILL_SWEEPS:
            return self._history.last_stir(still_from, self._stir.usual(people))
        return self._history.last_motion(still_from)

    def _is_still(self, step: float, changes: Sequence[Change], moves: Sequence[bool], faces: int) -> bool:
        if not changes or step > self._step_limit:
            return False
        if self._sensor and not any(change.amount for change in changes):
            return True
        if not faces:
            return False  # a room that everybody has left is still for a good reason
        if self._usual.moving:
            return sum(moves) <= self._usual.still_share * len(moves)
        return self._usual.always and sum(not c.amount for c in changes) >= 0.4 * len(changes)

    def _is_frozen(self) -> bool:
        if len(self._still) < STILL_SWEEPS:
            return False
        if self._usual.moving or self._sensor or self._calm >= STILL_SWEEPS:
            return True
        frames = [change for sweep in self._still for change in sweep]
        return len(frames) >= _FAINT_FRAMES and sum(not c.amount for c in frames) > _NEVER_SHARE * len(frames)


class _History:
    """Which frames of the last seconds moved."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, bool]] = deque(maxlen=1000)
        self._amounts: deque[tuple[int, float]] = deque(maxlen=1000)

    def note(self, changes: Sequence[Change], moves: Sequence[bool]) -> None:
        """Take in the frames of a sweep."""
        self._frames.extend((change.at, move) for change, move in zip(changes, moves, strict=True))
        self._amounts.extend((change.at, change.amount) for change in changes)

    def last_stir(self, still_from: int, usual: float) -> int:
        """The last frame of the 5 s before `still_from` that changed as much as is usual; without any, `still_from`."""
        recent = [at for at, amount in self._amounts if still_from - 5_000 <= at < still_from and amount >= usual]
        return recent[-1] if recent else still_from

    def last_motion(self, still_from: int) -> int:
        """The last frame that was part of a motion, in which most frames of a second moved.

        A frozen picture's key frames stand alone. Without any motion in the 5 s before `still_from` it is `still_from`.
        """
        recent = [(at, move) for at, move in self._frames if at >= still_from - 5_000]
        for at, move in reversed(recent):
            around = [other for t, other in recent if at - 1_000 < t <= at]
            if move and sum(around) > _MOTION_SHARE * len(around):
                return at
        return still_from


class _Stir:
    """How much the calmest frames of a sweep change, with people in the room and without: a freeze ends even that.

    It tells where the median frame hardly moves: heads that sway by a pixel now and then, noise that an encoder leaves
    only in some frames, or an empty room whose camera has noise.
    """

    def __init__(self) -> None:
        self._sweeps: dict[bool, deque[float]] = {True: deque(maxlen=60), False: deque(maxlen=60)}

    def usual(self, people: bool) -> float:
        """The usual stir in calm times; 0 while it is not known or too little to go by."""
        known = self._sweeps[people]
        value = float(np.percentile(known, 20)) if len(known) >= 5 else 0.0
        return value if value >= _STIR_FLOOR else 0.0

    def calm(self, changes: Sequence[Change], people: bool, frozen: bool) -> bool:
        """Whether a sweep stirs so little that only a picture that stands still explains it."""
        usual = self.usual(people)
        part = _STIR_STAYS_FROZEN if frozen else _STIR_STILL
        return usual > 0 and bool(changes) and _stir(changes) <= part * usual

    def learn(self, changes: Sequence[Change], people: bool) -> None:
        """Take in a live sweep, unless a freeze may be beginning in it."""
        if changes and _stir(changes) >= 0.25 * self.usual(people):
            self._sweeps[people].append(_stir(changes))


def _stir(changes: Sequence[Change]) -> float:
    amounts = sorted(change.amount for change in changes)
    return float(np.mean(amounts[: max(1, round(_STIR_SHARE * len(amounts)))]))


class _Usual:
    """What is usual for a source while it is live: how much its frames change."""

    def __init__(self) -> None:
        self._motion: deque[tuple[float, float, float]] = deque(maxlen=120)
        self._noise: deque[tuple[int, int, float]] = deque(maxlen=20)
        self._passed_over = 0
        self.peak = 0.0
        self.amount = 0.0
        self.still_step = _STILL_BLOCKS
        self.still_share = _MOVING_SHARE

    @property
    def moving(self) -> bool:
        """Frames are known to move, by heads or by noise, also in calm times."""
        return self.peak >= _PEAK_FLOOR or self.noisy

    @property
    def noisy(self) -> bool:
        """Noise in the whole picture is known to come through."""
        return self.amount >= _AMOUNT_FLOOR

    @property
    def always(self) -> bool:
        """Practically every frame of the last sweeps changed, if only a little, and nobody came or went."""
        recent = list(self._noise)[-8:]
        changed, frames = sum(sweep[0] for sweep in recent), sum(sweep[1] for sweep in recent)
        return len(recent) >= 5 and frames >= 2 * _FAINT_FRAMES and changed >= _ALWAYS_SHARE * frames

    def moves(self, change: Change) -> bool:
        """Whether a frame moves as this source's frames do; any change at all while nothing usual is known."""
        if not self.moving:
            return change.amount > 0
        by_peak = self.peak >= _PEAK_FLOOR and change.peak > _PEAK_PART * self.peak
        return by_peak or (self.noisy and change.amount > _AMOUNT_PART * self.amount)

    def doubt(self) -> None:
        """The noise may not be what it was: it proves nothing until it has been watched again."""
        self._noise.clear()
        self.amount = 0.0

    def learn(self, changes: Sequence[Change], step: float) -> None:
        """Take in a live sweep. `step`: the largest block difference to the sweep before."""
        if not changes:
            return
        amount = float(np.median([c.amount for c in changes]))
        # Slow movements come to be a pixel's step in some frames only, at 30 frames a second in fewer than half.
        peaks = np.array([c.peak for c in changes])
        peak = float(np.percentile(peaks, 75))
        if step > _SCENE_BLOCKS:
            self.doubt()
        # A sweep in which little moved may be a freeze that is not noticed yet, which must not become usual.
        few = self.moving and sum(self.moves(change) for change in changes) <= self.still_share * len(changes)
        self._passed_over = self._passed_over + 1 if few else 0
        if 0 < self._passed_over < _PASS_OVER:
            return
        if step <= _SCENE_BLOCKS:
            self._noise.append((sum(change.amount > 0 for change in changes), len(changes), amount))
        self._motion.append((peak, step, float((peaks > _PEAK_PART * peak).mean())))
        # The calm fifth of the time: what is usual even when nobody stirs much.
        if len(self._noise) >= 5:
            self.amount = float(np.percentile([sweep[2] for sweep in self._noise], 20))
        if len(self._motion) >= 5:
            self.peak, usual_step, share = (float(v) for v in np.percentile(np.array(self._motion), 20, axis=0))
            self.still_share = min(_MOVING_SHARE, share / 2) if self.peak >= _PEAK_FLOOR else _MOVING_SHARE
            self.still_step = min(max(_STILL_BLOCKS, _STEP_PART * usual_step), _STILL_BLOCKS_MOST)


class _Light:
    """What light is usual, block by block."""

    def __init__(self) -> None:
        self._blocks: Blocks | None = None
        self._mean: float | None = None
        self._lit_at: int | None = None
        self._between = 0.0
        self._sweeps = 0

    def dark_since(self, picture: Picture, now: Blocks, at: int, changes: Sequence[Change]) -> int | None:
        """When the last lit frame was, if it is dark now; None when it is not."""
        usual = self._blocks if self._blocks is not None and self._blocks.shape == now.shape else None
        lit = usual > _BLACK if usual is not None else None
        mean = float(now.mean())
        dark = float(np.percentile(picture[::8, ::8], 99.9)) < _BRIGHTEST
        known = self._sweeps >= _LIT_SWEEPS
        if not dark and known and usual is not None and lit is not None and lit.mean() >= _LIT_SHARE:
            dark = float(np.median(now[lit] / usual[lit])) < _DARK_PART
            if dark and self._lit_at is not None and at - self._lit_at > _DIMMED_MS:
                usual, dark = None, False
        if not dark:
            # Daylight changes over minutes; a lamp that goes out must not become usual before it is noticed.
            self._sweeps = 1 if usual is None else self._sweeps + 1
            self._blocks = now.copy() if usual is None else usual + max(0.05, 1 / self._sweeps) * (now - usual)
            self._mean, self._lit_at, self._between = mean, at, 0.0
            return None
        if self._between == 0.0:  # the first dark sweep: the frames since the last one tell exactly when
            self._between = (mean + (mean if self._mean is None else self._mean)) / 2
            lit_frames = [c.at for c in changes if c.light > self._between]
            self._lit_at = lit_frames[-1] if lit_frames else self._lit_at
        return at if self._lit_at is None else self._lit_at

    def lit_from(self, at: int, changes: Sequence[Change]) -> int:
        """The first frame that was lit again, of those since the last dark sweep."""
        if self._mean is None:
            return at
        return next((change.at for change in changes if change.light > 0.6 * self._mean), at)

"""What an SDP offer asks for, and what the relay can do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aiortc import RTCRtpSender, sdp
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

MALFORMED = (ValueError, IndexError, KeyError, AttributeError, AssertionError, TypeError, StopIteration)
"""What aiortc's parser raises at a text that is no SDP."""


class OfferError(Exception):
    """An offer that can't be answered. status: 400 it is malformed, 406 nothing in it suits."""

    def __init__(self, status: Literal[400, 404, 406], vi: str, en: str) -> None:
        super().__init__(en)
        self.status: Literal[400, 404, 406] = status
        self.vi, self.en = vi, en


@dataclass(frozen=True, slots=True)
class Coding:
    """How a stream is encoded."""

    codec: str
    """VP8, H264 or opus."""
    profile: str = ""
    """H.264's profile-level-id."""


def kind_of(source: str) -> str:
    """audio or video."""
    return "audio" if source == "sound" else "video"


def read_offer(text: str, kind: str, direction: str) -> sdp.MediaDescription:
    """The one stream in an offer. kind: audio or video. direction: what is wanted, sendonly or recvonly.

    Raises OfferError.
    """
    try:
        offer = sdp.SessionDescription.parse(text)
        media = offer.media[0] if len(offer.media) == 1 else None
        if media is None or media.kind != kind or media.direction not in (direction, "sendrecv"):
            raise OfferError(
                400,
                f"Yêu cầu phải có đúng một luồng {kind} ({direction}) cho mỗi địa chỉ.",
                f"An offer holds exactly one {kind} stream ({direction}) for each address.",
            )
        if media.ice is None or not media.ice.usernameFragment or not media.dtls or not media.dtls.fingerprints:
            raise ValueError("no ICE user or DTLS fingerprint")
    except MALFORMED as error:
        raise OfferError(
            400, "Nội dung không phải là SDP hợp lệ của WebRTC.", "The body is no valid SDP of WebRTC."
        ) from error
    return media


def published_coding(media: sdp.MediaDescription) -> tuple[Coding, list[RTCRtpCodecCapability]]:
    """The first codec of an offer to publish that can be passed on, and the preferences that choose it.

    Raises OfferError.
    """
    for offered in media.rtp.codecs:
        for own in capabilities(media.kind):
            if _same(offered.name, own) and (own.name != "H264" or _matches(offered.parameters, own)):
                return Coding(own.name, str(own.parameters.get("profile-level-id", ""))), with_rtx(media.kind, [own])
    raise OfferError(
        406,
        "Không nhận được luồng này: cần mã hóa VP8 hoặc H.264 (hình), Opus (tiếng).",
        "This stream can't be taken: it must be VP8 or H.264 (picture), Opus (sound).",
    )


def played_preferences(media: sdp.MediaDescription, coding: Coding) -> list[RTCRtpCodecCapability]:
    """The preferences that make a viewer get the stream as it is encoded. Raises OfferError when it can't decode it."""
    suited = [one for one in capabilities(media.kind) if one.name == coding.codec]
    # Baseline decoders read constrained baseline, and every encoder here makes that.
    suited.sort(key=lambda one: one.parameters.get("profile-level-id", "") != coding.profile)
    for own in suited:
        for offered in media.rtp.codecs:
            if _same(offered.name, own) and (own.name != "H264" or _matches(offered.parameters, own)):
                return with_rtx(media.kind, [own])
    raise OfferError(
        406,
        f"Trình duyệt này không giải mã được luồng ({coding.codec}). Hãy dùng Chrome, Edge hoặc Firefox bản mới.",
        f"This browser can't decode the stream ({coding.codec}). Use a recent Chrome, Edge or Firefox.",
    )


def capabilities(kind: str) -> list[RTCRtpCodecCapability]:
    """The codecs that the relay passes on."""
    found = RTCRtpSender.getCapabilities(kind).codecs
    return [one for one in found if one.name in ("VP8", "H264", "opus")]


def with_rtx(kind: str, codecs: list[RTCRtpCodecCapability]) -> list[RTCRtpCodecCapability]:
    """Codecs, with retransmission where it exists (RFC 4588)."""
    return codecs + [one for one in RTCRtpSender.getCapabilities(kind).codecs if one.name.lower() == "rtx"]


def _same(name: str, own: RTCRtpCodecCapability) -> bool:
    return name.lower() == own.name.lower()


def _matches(offered: dict[str, int | str | None], own: RTCRtpCodecCapability) -> bool:
    """Whether an H.264 of an offer is this one: packets as in packetization-mode 1, the same profile."""
    if str(offered.get("packetization-mode", "0")) != "1":
        return False
    try:
        return (
            sdp.parse_h264_profile_level_id(str(offered.get("profile-level-id", "42E01F")))[0]
            == sdp.parse_h264_profile_level_id(str(own.parameters["profile-level-id"]))[0]
        )
    except ValueError:
        return False


def first_payload_type(answer: str) -> int:
    """The payload type that an answer's one stream is sent with."""
    found = sdp.SessionDescription.parse(answer).media[0].rtp.codecs[0].payloadType
    if found is None:
        raise ValueError("an answer without a payload type")
    return found

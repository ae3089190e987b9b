"""The base of every error that a person reads.

DiemdanhError             one sentence in both languages: what happened, where, what to do
├── SettingsError         a settings file is wrong (models.settings)
├── RecordError           bytes that are no valid record, or do not fit their chain (models.records)
├── ReceiptError          bytes that are no receipt, or not signed by the server (models.receipts)
├── FaceError             pictures, weights or templates (models.faces)
├── bridge_agent.errors.AgentError
└── central_server.errors.ServerError
"""

from __future__ import annotations

from models.language import Language, language


class DiemdanhError(Exception):
    """An error with a sentence for people, in Vietnamese and in English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi, en)
        self.vi = vi
        self.en = en

    def sentence(self, lang: Language) -> str:
        """The sentence in the language `lang`."""
        return self.en if lang == "en" else self.vi

    def __str__(self) -> str:
        return self.sentence(language())

"""``Client``: the verbs of the local face, asked of a running service."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from causal_service.client.form import File, Form
from causal_service.client.stream import ENDED, Statuses
from causal_service.client.transport import Transport, checked_url, error_of
from causal_service.errors import DataError, Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.dictionary_writing import dictionary_mapping
from causal_service.panel.files import refuse_missing
from causal_service.panel.findings import Finding
from causal_service.panel.knowledge_reading import merge_knowledge, read_knowledge
from causal_service.panel.summary import PanelSummary

if TYPE_CHECKING:
    import pandas as pd

    from causal_service.discovery.discover import Method
    from causal_service.effects.moderation_results import Learner
    from causal_service.effects.moves import Amount, Move
    from causal_service.explanation.reach import Reach
    from causal_service.explanation.what_if import WhatIf
    from causal_service.study_record import Study

__all__ = ["Client"]

Progress = Callable[[str, int, int], None]
Source = str | Path | list[str | Path] | tuple[str | Path, ...]
_PAUSE = 0.5
"""Seconds between two looks at what the service does not stream."""


class Options(TypedDict, total=False):
    """Options of a study that are plain numbers and words; meaning and defaults as ``causal_service.study``."""

    lags: int | Literal["auto"]
    horizon: int
    resamples: int
    seed: int
    rehearse: int
    segment: str | None
    crosscheck: bool
    moderator: str | None
    moderation_learner: Learner
    method: Method


class Client:
    """A running service, asked with the verbs of ``causal_service``; results are the same objects.

    Connections that drop are taken up again. The same panel with the same question is the same study in the service:
    a call that was interrupted is simply made again, and costs nothing where the study was already computed.

    Parameters
    ----------
    url : address of the service, ``https://HOST:PORT``.
    key : API key; none for a local service. It travels in a header only.
    lang : language of refusals, ``zh`` or ``en``.
    patience : seconds for which a service that does not answer is asked again.
    timeout : seconds that one answer may take (a check may answer later without harm).

    Raises
    ------
    CallError : ``wrong-url``.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        lang: Literal["zh", "en"] = "en",
        patience: float = 60.0,
        timeout: float = 60.0,
    ) -> None:
        self._ask = Transport(checked_url(url), key, lang, patience, timeout)

    def __repr__(self) -> str:
        return f"Client({self._ask.url!r})"

    def check(
        self,
        panel: str | Path | pd.DataFrame,
        *,
        dictionary: str | Path | Mapping[str, Any] | Dictionary | None = None,
        entity: str | None = None,
        period: str | None = None,
        weight: str | None = None,
        knowledge: str | Path | None = None,
    ) -> tuple[PanelSummary, Dictionary, tuple[Finding, ...]]:
        """Let the service check a panel; return (size and identity of the panel, dictionary, findings).

        Parameters and errors as ``causal_service.check``; the panel's values stay in the service. Findings about an
        outcome come with its study.
        """
        known = _known(dictionary, knowledge)
        found = self._uploaded(_file(panel), known, entity, period, weight)
        if found["problem"] is not None:
            raise error_of(found["problem"])
        return _read(PanelSummary, found["size"]), known, _read(tuple[Finding, ...], found["findings"])

    def study(
        self,
        panel: Source | pd.DataFrame,
        *,
        outcome: str | Sequence[str],
        dictionary: str | Path | Mapping[str, Any] | Dictionary | None = None,
        entity: str | None = None,
        period: str | None = None,
        lever: str | Sequence[str] = (),
        lags: int | Literal["auto"] = 1,
        horizon: int = 3,
        resamples: int = 200,
        seed: int = 0,
        weight: str | None = None,
        knowledge: str | Path | None = None,
        segment: str | None = None,
        method: Method = "boss",
        rehearse: int = 0,
        crosscheck: bool = False,
        moderator: str | None = None,
        moderation_learner: Learner = "linear",
        progress: Progress | None = None,
    ) -> Study:
        """Let the service study a panel and wait for the result; ``submit`` and ``wait`` in one call.

        Parameters and errors as ``causal_service.study``, and ``Unreachable``. Interrupting the call leaves the study
        running; making it again finds it.
        """
        submitted = self.submit(
            panel,
            outcome=outcome,
            dictionary=dictionary,
            entity=entity,
            period=period,
            lever=lever,
            lags=lags,
            horizon=horizon,
            resamples=resamples,
            seed=seed,
            weight=weight,
            knowledge=knowledge,
            segment=segment,
            method=method,
            rehearse=rehearse,
            crosscheck=crosscheck,
            moderator=moderator,
            moderation_learner=moderation_learner,
        )
        return self.wait(submitted, progress)

    def submit(
        self,
        panel: Source | pd.DataFrame,
        *,
        outcome: str | Sequence[str],
        dictionary: str | Path | Mapping[str, Any] | Dictionary | None = None,
        entity: str | None = None,
        period: str | None = None,
        weight: str | None = None,
        knowledge: str | Path | None = None,
        lever: str | Sequence[str] = (),
        **options: Unpack[Options],
    ) -> str:
        """Ask a question and return the id of its study without waiting; parameters as ``study``."""
        known = _known(dictionary, knowledge)
        question: dict[str, Any] = {"outcome": _names(outcome), "levers": _names(lever), **options}
        if isinstance(panel, (list, tuple)):
            question |= {"entity": entity, "period": period, "weight": weight, "dictionary": dictionary_mapping(known)}
            uploads = [self._uploaded(_file(one), Dictionary()) for one in panel]
        else:
            uploads = [self._uploaded(_file(panel), known, entity, period, weight)]
        question["panel"] = [upload["id"] for upload in uploads]
        return str(self._ask.json("POST", "/v1/studies", question)["id"])

    def wait(self, study: str, progress: Progress | None = None) -> Study:
        """Wait until a study ends and return it.

        Parameters
        ----------
        study : id of the study.
        progress : called with (stage, done, of).

        Raises
        ------
        CausalServiceError : why the study failed, or that it was cancelled. Unreachable : the service stays away.
        """
        stream = Statuses(self._ask, study)
        status = self._ask.json("GET", f"/v1/studies/{study}")
        _tell(progress, status)
        while status["state"] not in ENDED:
            for status in stream:
                _tell(progress, status)
            if status["state"] not in ENDED:
                time.sleep(_PAUSE)
                status = self._ask.json("GET", f"/v1/studies/{study}")
                _tell(progress, status)
        if status["problem"] is not None:
            raise error_of(status["problem"])
        return self.load(study)

    def load(self, study: str) -> Study:
        """Return the finished study of an id.

        Raises
        ------
        CausalServiceError : it does not exist, is not done (``study-not-done``), failed or was cancelled.
        """
        from causal_service.study_record import Study

        return Study.from_dict(json.loads(self._ask.ask("GET", f"/v1/studies/{study}/result")))

    def whatif(self, study: str, moves: Mapping[str, Amount] | Iterable[Move], horizon: int | None = None) -> WhatIf:
        """Return what follows when levers are moved in the finished study of an id; parameters as ``Study.whatif``."""
        from causal_service.effects.moves import moves_of
        from causal_service.explanation.what_if import WhatIf

        asked = [{key: value for key, value in asdict(move).items() if value is not None} for move in moves_of(moves)]
        question = {"moves": asked, "horizon": horizon}
        found: WhatIf = _read(WhatIf, self._ask.json("POST", f"/v1/studies/{study}/whatif", question))
        return found

    def reach(self, study: str, outcome: str, target: float, horizon: int | None = None) -> Reach:
        """Return what must move for an outcome to reach a target, in the finished study of an id."""
        from causal_service.explanation.reach import Reach

        question = {"outcome": outcome, "target": target, "horizon": horizon}
        found: Reach = _read(Reach, self._ask.json("POST", f"/v1/studies/{study}/reach", question))
        return found

    def cancel(self, study: str) -> None:
        """Cancel a study that waits or runs; a finished one is deleted with its files."""
        self._ask.ask("DELETE", f"/v1/studies/{study}")

    def _uploaded(
        self,
        file: File,
        known: Dictionary,
        entity: str | None = None,
        period: str | None = None,
        weight: str | None = None,
    ) -> dict[str, Any]:
        """Upload a file and return the panel once it is checked."""
        given = {"entity": entity, "period": period, "weight": weight}
        files = {"file": file}
        if known != Dictionary():
            content = json.dumps(dictionary_mapping(known), ensure_ascii=False).encode()
            files = {"dictionary": File("dictionary.json", content), **files}
        form = Form({name: value for name, value in given.items() if value is not None}, files)
        found = self._ask.json("POST", "/v1/panels", form)
        while found["state"] == "checking":
            time.sleep(_PAUSE)
            found = self._ask.json("GET", f"/v1/panels/{found['id']}")
        return found


def _known(dictionary: str | Path | Mapping[str, Any] | Dictionary | None, knowledge: str | Path | None) -> Dictionary:
    known = read_dictionary(dictionary)
    return known if knowledge is None else merge_knowledge(known, read_knowledge(knowledge))


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _file(panel: str | Path | pd.DataFrame) -> File:
    if isinstance(panel, (str, Path)):
        path = Path(panel)
        refuse_missing(path)
        return File(path.name, path)
    return File("panel.parquet", _parquet(panel))


def _parquet(frame: pd.DataFrame) -> bytes:
    """Return a data frame as Parquet, named index levels as columns, as the local face reads it."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    stream = io.BytesIO()
    try:
        frame.to_parquet(stream, index=False)
    except (ValueError, TypeError, ArithmeticError, NotImplementedError) as error:
        raise DataError(
            "frame-not-parquet",
            Text(f"数据框不能写成 Parquet：{error}。", f"The data frame cannot be written as Parquet: {error}."),
            Text(
                "请让每列只含一种类型，列名唯一且为文字。",
                "Keep one type per column, and column names that are text and unique.",
            ),
        ) from None
    return stream.getvalue()


def _tell(progress: Progress | None, status: Mapping[str, Any]) -> None:
    if progress is not None:
        now = status["progress"]
        progress(now["stage"], now["done"], now["of"])


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _read(kind: Any, content: Any) -> Any:
    """Return plain JSON content as one of our result objects."""
    return _adapter(kind).validate_python(content)

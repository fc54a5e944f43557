"""The verbs: each takes the parsed options and the language, prints its result and returns the exit code."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from causal_service.cli.progress import Progress
from causal_service.cli.streams import emit, tell
from causal_service.errors import CallError, Text

if TYPE_CHECKING:
    from causal_service.panel.dictionary import Dictionary
    from causal_service.panel.panel import Panel
    from causal_service.study_record import Study

__all__ = ["check", "demo", "report", "stored_study", "study", "written"]

_WRITTEN = Text("已写入 {place}：study.json、report.html、graph.svg、levers.csv、effects.csv",
                "Written to {place}: study.json, report.html, graph.svg, levers.csv, effects.csv")  # fmt: skip
_STREAM = {"auto": None, "yes": True, "no": False}


def check(options: Namespace, lang: str) -> int:
    """Print the findings about a panel; 1 when any of them is ``fail``."""
    with Progress(lang) as show:
        show("load", 0, 1)
        from causal_service.cli.texts import findings_text
        from causal_service.panel.summary import summarise
        from causal_service.pipeline import check as check_panel
        from causal_service.study_choices.question import check_options
        from causal_service.study_record import findings_json

        show("read", 0, 1)
        check_options(options.lags, options.horizon, options.resamples, options.seed, options.method, options.threads)
        panel, known, findings = check_panel(
            options.source,
            outcome=options.outcome,
            dictionary=options.dictionary,
            entity=options.entity,
            period=options.period,
            weight=options.weight,
            segment=options.segment,
            knowledge=options.knowledge,
            stream=_STREAM[options.stream],
        )
        _refuse_wrong_question(options, panel, known)
        summary, _ = summarise(panel, known, {})
    emit(findings_json(summary, panel.regime, findings) if options.json else findings_text(summary, findings, lang))
    return int(any(finding.severity == "fail" for finding in findings))


def study(options: Namespace, lang: str) -> int:
    """Run the whole study; print it, and store it when ``--out`` is given."""
    from causal_service.report.writing import refuse_unwritable

    if options.out is not None:
        refuse_unwritable(options.out)
    with Progress(lang) as show:
        show("load", 0, 1)
        from causal_service.cli.texts import study_text
        from causal_service.pipeline import study as run

        if not options.outcome:
            raise _no_outcome(options)
        result = run(
            options.source,
            outcome=options.outcome,
            dictionary=options.dictionary,
            entity=options.entity,
            period=options.period,
            lever=options.lever,
            lags=options.lags,
            horizon=options.horizon,
            resamples=options.resamples,
            seed=options.seed,
            weight=options.weight,
            knowledge=options.knowledge,
            segment=options.segment,
            method=options.method,
            rehearse=options.rehearse,
            crosscheck=options.crosscheck,
            moderator=options.moderator,
            moderation_learner=options.moderation_learner,
            threads=options.threads,
            stream=_STREAM[options.stream],
            scheduler=options.scheduler,
            progress=show,
        )
        if options.out is not None:
            result.save(options.out, lang)
    emit(result.to_json() if options.json else study_text(result, lang))
    if options.out is not None:
        tell(written(options.out, lang))
    return 0


def report(options: Namespace, lang: str) -> int:
    """Print or write a report from a stored study."""
    from causal_service.report.writing import write_file

    page = stored_study(options).report(lang)
    if options.out is None:
        emit(page)
    else:
        write_file(options.out, page)
    return 0


def stored_study(options: Namespace) -> Study:
    """Return the stored study that was named.

    Raises
    ------
    CallError : none was named, or the file does not exist. UnreadableFile : it is not a study.
    """
    from causal_service.study_record import load

    if options.source is None:
        raise CallError(
            "no-study-file",
            Text("没有给出研究文件。", "No stored study was given."),
            Text("请给出 study --out 写出的 study.json。", "Give a study.json written by study --out."),
        )
    return load(options.source)


def demo(options: Namespace, lang: str) -> int:
    """Run the main job on the bundled panel, print it beside the truth, and store it."""
    from causal_service.report.writing import refuse_unwritable

    refuse_unwritable(options.out)
    with Progress(lang) as show:
        show("load", 0, 1)
        from causal_service.cli.demo import bundled_study, demo_text, twin_study

        result = bundled_study(show)
        twin = twin_study(show)
        result.save(options.out, lang)
    emit(demo_text(result, twin, lang))
    tell(f"\n{written(options.out, lang)}")
    return 0


def written(place: str, lang: str) -> str:
    """Return the note about stored files."""
    return _WRITTEN.get(lang).format(place=Path(place))


def _refuse_wrong_question(options: Namespace, panel: Panel, known: Dictionary) -> None:
    """Refuse what a study with the same options would refuse."""
    from causal_service.panel.labels import find_indicator
    from causal_service.study_choices.question import question_of

    if options.outcome:
        question_of(panel, known, options.outcome, options.lever, options.horizon, options.resamples)
    for name in options.lever:
        find_indicator(name, panel.indicators, known, Text("杠杆", "lever"))


def _no_outcome(options: Namespace) -> CallError:
    from causal_service.panel.dictionary_reading import read_dictionary
    from causal_service.panel.reading import read_panel
    from causal_service.study_choices.question import no_outcome

    known = read_dictionary(options.dictionary)
    read = read_panel(
        options.source, entity=options.entity, period=options.period, dictionary=known, weight=options.weight
    )
    return no_outcome(read.panel.indicators, known)

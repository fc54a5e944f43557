"""The dictionary: one content from YAML, CSV and Excel, and every way to refuse it."""

import pandas as pd
import pytest

from causal_service.errors import CallError, DictionaryError, KnowledgeConflict, Text
from causal_service.panel.dictionary import DEFAULT_LAYERS, Dictionary, Goal, Step
from causal_service.panel.dictionary_reading import merge_knowledge, read_dictionary, read_knowledge, validate_knowledge

CONTRACT = """
panel: {entity: plant, period: month}
layers: [context, innovation, process, business, strategic]     # earlier may cause later within a period
indicators:
  delivery_cycle:
    name: {zh: 订单交付周期, en: Delivery cycle}
    layer: process
    unit: days
    better: lower            # lower | higher | target
    controllable: true
    owner: 生产计划部
    definition: {zh: 从下单到签收的平均天数, en: mean days from order to receipt}
    frequency: month
    step: {change: -1, cost: 20000}       # one feasible move in its unit, and what it costs per period
    bounds: [2, 40]
  gross_margin: {layer: business, unit: "%", better: higher, formula: "(revenue - cost) / revenue"}
knowledge:
  required:  [[delivery_cycle, on_time_rate]]
  forbidden: [[satisfaction, delivery_cycle]]
goals: [{indicator: satisfaction, target: 85, by: 2026Q4, parent: repurchase}]
"""


def test_the_contract_example_is_read_in_full(tmp_path):
    path = tmp_path / "indicators.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    dictionary = read_dictionary(path)
    entry = dictionary.indicators["delivery_cycle"]
    assert (dictionary.entity, dictionary.period, dictionary.layers) == ("plant", "month", DEFAULT_LAYERS)
    assert entry.name == Text("订单交付周期", "Delivery cycle")
    assert (entry.layer, entry.unit, entry.better, entry.controllable) == ("process", "days", "lower", True)
    assert (entry.step, entry.bounds) == (Step(-1.0, 20000.0), (2.0, 40.0))
    assert dictionary.required == (("delivery_cycle", "on_time_rate", None),)
    assert dictionary.forbidden == (("satisfaction", "delivery_cycle", None),)
    assert dictionary.goals == (Goal("satisfaction", 85.0, "2026Q4", "repurchase"),)
    assert dictionary.name("unheard_of") == Text("unheard_of", "unheard_of")


ROWS = [
    {
        "key": "cycle",
        "name_zh": "周期",
        "name_en": "Cycle",
        "layer": "process",
        "unit": "days",
        "better": "lower",
        "controllable": "yes",
        "step_change": -1,
        "step_cost": 200,
        "bounds_low": 2,
        "bounds_high": 40,
    },
    {"key": "score", "name_zh": "满意度", "name_en": "Score", "layer": "business", "unit": "%", "controllable": "否"},
]
MAPPING = {
    "indicators": {
        "cycle": {
            "name": {"zh": "周期", "en": "Cycle"},
            "layer": "process",
            "unit": "days",
            "better": "lower",
            "controllable": True,
            "step": {"change": -1, "cost": 200},
            "bounds": [2, 40],
        },
        "score": {"name": {"zh": "满意度", "en": "Score"}, "layer": "business", "unit": "%", "controllable": False},
    }
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_and_mapping_say_the_same(tmp_path, encoding, separator):
    path = tmp_path / "indicators.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False, encoding=encoding, sep=separator)
    assert read_dictionary(path) == read_dictionary(MAPPING)


def test_excel_sheets_carry_layers_knowledge_and_columns(tmp_path):
    path = tmp_path / "indicators.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame(ROWS).to_excel(book, sheet_name="indicators", index=False)
        pd.DataFrame({"layer": ["process", "business"]}).to_excel(book, sheet_name="layers", index=False)
        arrows = pd.DataFrame([("required", "cycle", "score", 1)], columns=["kind", "cause", "effect", "lag"])
        arrows.to_excel(book, sheet_name="knowledge", index=False)
        pd.DataFrame([("plant", "month")], columns=["entity", "period"]).to_excel(book, sheet_name="panel", index=False)
    dictionary = read_dictionary(path)
    assert dictionary.indicators == read_dictionary(MAPPING).indicators
    assert dictionary.layers == ("process", "business")
    assert dictionary.required == (("cycle", "score", 1),)
    assert (dictionary.entity, dictionary.period) == ("plant", "month")


def test_chinese_column_titles_are_understood(tmp_path):
    path = tmp_path / "dictionary.csv"
    path.write_text("指标,名称,层级,可控,步长\ncycle,周期,process,是,-1\n", encoding="gb18030")
    entry = read_dictionary(path).indicators["cycle"]
    assert (entry.name, entry.layer, entry.controllable, entry.step) == (
        Text("周期", "周期"),
        "process",
        True,
        Step(-1.0),
    )


def test_a_plain_name_serves_both_languages_and_none_is_empty():
    assert read_dictionary({"indicators": {"a": {"name": "Anything"}}}).indicators["a"].name == Text(
        "Anything", "Anything"
    )
    assert read_dictionary(None) == Dictionary()
    assert read_dictionary({"indicators": {"a": None}}).indicators["a"].layer is None


@pytest.mark.parametrize(
    ("content", "mentions"),
    [
        ({"indicatrs": {}}, ("indicatrs", "indicators")),
        ({"panel": {"entty": "x"}}, ("panel", "entty", "entity")),
        ({"indicators": {"a": {"laier": "process"}}}, ("indicators.a", "laier", "layer")),
        ({"indicators": {"a": {"step": {"chnage": 1}}}}, ("indicators.a.step", "chnage", "change")),
        ({"indicators": {"a": {"name": {"cn": "x"}}}}, ("indicators.a.name", "cn")),
        ({"knowledge": {"requird": []}}, ("knowledge", "requird", "required")),
        ({"goals": [{"indicator": "a", "target": 1, "untill": "2026"}]}, ("goals[0]", "untill")),
        ({"indicators": {"a": {"layer": "proces"}}}, ("indicators.a.layer", "proces", "process")),
        ({"indicators": {"a": {"better": "more"}}}, ("indicators.a.better", "higher")),
        ({"indicators": {"a": {"better": "target"}}}, ("indicators.a.target",)),
        ({"indicators": {"a": {"controllable": "maybe"}}}, ("indicators.a.controllable", "maybe")),
        ({"indicators": {"a": {"step": {"cost": 3}}}}, ("indicators.a.step", "change")),
        ({"indicators": {"a": {"step": {"change": 0}}}}, ("indicators.a.step.change",)),
        ({"indicators": {"a": {"step": {"change": "big"}}}}, ("indicators.a.step.change", "big")),
        ({"indicators": {"a": {"bounds": [3, 1]}}}, ("indicators.a.bounds",)),
        ({"indicators": {"a": {"bounds": 3}}}, ("indicators.a.bounds",)),
        ({"indicators": {"a": {"bounds": [float("nan"), 1]}}}, ("indicators.a.bounds",)),
        ({"indicators": {"a": {"transform": "sqrt"}}}, ("indicators.a.transform", "sqrt", "log")),
        ({"indicators": {"a": {"unit": ["days"]}}}, ("indicators.a.unit",)),
        ({"indicators": {"a": "text"}}, ("indicators.a",)),
        ({"indicators": ["a"]}, ("indicators",)),
        ({"indicators": {True: {}}}, ("indicators", "True")),
        ({"layers": "process"}, ("layers",)),
        ({"layers": ["a", "a"]}, ("layers",)),
        ({"goals": [{"target": 1}]}, ("goals[0].indicator",)),
        ({"knowledge": {"required": ["a -> b"]}}, ("knowledge.required[0]",)),
        ({"knowledge": {"required": [["a", "b", -1]]}}, ("knowledge.required[0]",)),
        ({"knowledge": {"required": [["a", "b", "1"]]}}, ("knowledge.required[0]",)),
        ({"indicators": {"delivery": {}}, "knowledge": {"forbidden": [["delivry", "x"]]}}, ("delivry", "delivery")),
        ([1, 2], ("top level",)),
    ],
)
def test_what_is_refused_is_named_with_its_place(content, mentions, tmp_path):
    import yaml

    path = tmp_path / "d.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DictionaryError) as caught:
        read_dictionary(path)
    for word in mentions:
        assert word in str(caught.value)
    assert caught.value.what.zh
    assert caught.value.remedy.zh


@pytest.mark.parametrize(
    ("text", "mentions"), [("a: [1\nb: 2", "line"), ("indicators:\n  a: {}\n  a: {}\n", "twice"), ("a: b: c", "line 1")]
)
def test_malformed_yaml_names_the_line(tmp_path, text, mentions):
    path = tmp_path / "d.yaml"
    path.write_text(text)
    with pytest.raises(DictionaryError) as caught:
        read_dictionary(path)
    assert caught.value.code == "not-yaml"
    assert mentions in caught.value.what.en


def test_a_missing_file_is_a_wrong_call(tmp_path):
    (tmp_path / "indicators.yaml").write_text("{}")
    with pytest.raises(CallError) as caught:
        read_dictionary(tmp_path / "indicator.yaml")
    assert caught.value.code == "no-such-file"
    assert "indicators.yaml" in caught.value.remedy.en


LAYERED = {"indicators": {"early": {"layer": "process"}, "late": {"layer": "business"}, "also": {"layer": "business"}}}


@pytest.mark.parametrize(
    ("knowledge", "code"),
    [
        ({"required": [["late", "early", 0]]}, "required-against-layers"),
        ({"required": [["late", "late"]]}, "self-edge"),
        ({"required": [["late", "late", 0]]}, "self-edge"),
        ({"required": [["early", "late"]], "forbidden": [["early", "late"]]}, "required-and-forbidden"),
        ({"required": [["early", "late", 1]], "forbidden": [["early", "late"]]}, "required-and-forbidden"),
        ({"required": [["also", "late", 0], ["late", "also", 0]]}, "required-cycle"),
    ],
)
def test_contradictions_name_the_arrow(knowledge, code):
    with pytest.raises(KnowledgeConflict) as caught:
        read_dictionary(LAYERED | {"knowledge": knowledge})
    assert caught.value.code == code
    cause, effect = knowledge["required"][0][:2]
    assert f"{cause} -> {effect}" in caught.value.what.en
    assert f"{cause} → {effect}" in caught.value.what.zh


@pytest.mark.parametrize(
    "knowledge",
    [
        {"required": [["late", "early"]]},
        {"required": [["late", "early", 1]]},
        {"required": [["late", "late", 1]]},
        {"required": [["early", "late"]], "forbidden": [["early", "late", 0]]},
        {"required": [["also", "late", 0], ["late", "also", 1]]},
    ],
)
def test_what_a_lag_makes_possible_is_accepted(knowledge):
    dictionary = read_dictionary(LAYERED | {"knowledge": knowledge})
    assert dictionary.required
    validate_knowledge(dictionary, lags=1)


def test_without_lags_some_lag_means_the_same_period():
    dictionary = read_dictionary(LAYERED | {"knowledge": {"required": [["late", "early"]]}})
    with pytest.raises(KnowledgeConflict):
        validate_knowledge(dictionary, lags=0)


def test_a_knowledge_file_is_merged_and_checked_against_the_panel(tmp_path):
    path = tmp_path / "knowledge.yaml"
    path.write_text("required: [[early, late], [early, late, 1]]\nforbidden: [[late, early]]\n")
    merged = merge_knowledge(read_dictionary(LAYERED), read_knowledge(path))
    assert merged.required == (("early", "late", None), ("early", "late", 1))
    assert merged.forbidden == (("late", "early", None),)
    with pytest.raises(DictionaryError) as caught:
        merge_knowledge(Dictionary(), read_knowledge(path), known=["early", "lately"])
    assert "late" in caught.value.what.en
    assert "lately" in caught.value.remedy.en

"""Every word of the page in both languages: ``_PAGE`` is rendered into it, ``_SCRIPT`` is for its modules."""

from __future__ import annotations

from causal_service.errors import Text

__all__ = ["page_words", "script_words"]

_PAGE: dict[str, Text] = {
    "title": Text("增长杠杆研究", "Growth levers"),
    "headline": Text("下一季度，先动哪个指标？", "Which indicator should we move next?"),
    "lead": Text(
        "交来一张指标面板（工厂、门店或网点 × 月份 × 指标），很快就会知道：先动什么、动多少、结果会怎样、把握有多大。",
        "Hand over an indicator panel (plants, stores or branches × months × indicators). Soon you know what "
        "to move first, by how much, what it will do, and how sure we are.",
    ),
    "other_language": Text("English", "中文"),
    "no_script": Text("本页面需要启用 JavaScript。", "This page needs JavaScript."),
    "connect": Text("连接", "Connect"),
    "connect_note": Text(
        "密钥由管理员发放，只保存在本标签页中，关闭即清除，绝不会出现在网址里。",
        "Your administrator issues the key. It stays in this tab until you close it, and never enters an address.",
    ),
    "key": Text("访问密钥", "Access key"),
    "use_key": Text("使用密钥", "Use the key"),
    "forget_key": Text("退出", "Sign out"),
    "step_data": Text("交出数据", "Hand over the data"),
    "drop": Text("把面板文件拖到这里，或点击选择", "Drop the panel file here, or choose it"),
    "drop_note": Text(
        "CSV、Parquet 或 Excel，可用 gzip 压缩；每行一个实体一个时期",
        "CSV, Parquet or Excel, gzip allowed; one row per entity and period",
    ),
    "example": Text(
        "先用自带示例看看（48 家模拟工厂，36 个月）", "Try the bundled example first (48 simulated plants, 36 months)"
    ),
    "dictionary": Text("指标字典（可选）", "Dictionary (optional)"),
    "choose": Text("选择文件", "Choose a file"),
    "none_chosen": Text("未选择", "none chosen"),
    "dictionary_note": Text(
        "说明指标的名称、单位、层级和谁能改变它；YAML、CSV 或 Excel",
        "what the indicators are called, their unit and layer, and who can move them; YAML, CSV or Excel",
    ),
    "entity": Text("实体列", "Entity column"),
    "entity_note": Text("工厂、门店、网点……", "plants, stores, branches …"),
    "period": Text("时间列", "Period column"),
    "period_note": Text("月份、季度……；没有则为截面数据", "months, quarters …; none for a cross-section"),
    "check": Text("检查数据", "Check the data"),
    "step_findings": Text("检查结果", "What the checks found"),
    "step_question": Text("选择目标", "Choose the outcome"),
    "outcome": Text("希望改善的指标", "Indicator to improve"),
    "more": Text("更多选项", "More options"),
    "horizon": Text("向前看几期", "Periods ahead"),
    "horizon_note": Text("保持改变后，第几期的效果", "the effect after keeping a change that long"),
    "resamples": Text("重抽样次数", "Resamples"),
    "resamples_note": Text("越多区间越稳，用时越长", "more give steadier intervals and take longer"),
    "study": Text("开始研究", "Start the study"),
    "step_progress": Text("正在研究", "The study is running"),
    "progress_note": Text(
        "可以关闭本页：研究在服务端继续，之后在“之前的研究”中打开。",
        "You may close this page: the study goes on, and is found again under 'Earlier studies'.",
    ),
    "cancel": Text("取消研究", "Cancel the study"),
    "progress_of": Text("研究进度", "Progress of the study"),
    "levers": Text("先动什么", "What to move first"),
    "levers_note": Text(
        "按移动一步的预计改善排序。圆点为预计值，色条为 95% 区间，竖线为零。",
        "Ranked by what one step is expected to bring. Dot: expected gain; bar: its 95% interval; line: zero.",
    ),
    "report": Text("完整报告", "The whole report"),
    "report_frame": Text("研究报告", "Report of the study"),
    "open_report": Text("在新标签页打开报告", "Open the report in a new tab"),
    "downloads": Text("下载", "Download"),
    "save_report": Text("报告 (HTML)", "report (HTML)"),
    "save_levers": Text("杠杆 (CSV)", "levers (CSV)"),
    "save_effects": Text("效应 (CSV)", "effects (CSV)"),
    "save_study": Text("研究记录 (JSON)", "record (JSON)"),
    "save_bundle": Text("全部打包 (ZIP)", "everything (ZIP)"),
    "earlier": Text("之前的研究", "Earlier studies"),
    "new": Text("开始新的研究", "Start another study"),
    "remedy": Text("怎么办", "What to do"),
    "request": Text("请求编号", "Request id"),
    "interface": Text("程序接口", "API"),
}
_SCRIPT: dict[str, Text] = {
    "file_chosen": Text("{name}，{size}", "{name}, {size}"),
    "no_file": Text("请先选择面板文件。", "Choose a panel file first."),
    "uploading": Text("正在上传 {share}%", "Uploading, {share}%"),
    "checking": Text("正在检查……", "Checking …"),
    "size_panel": Text(
        "{entities} 个实体 × {periods} 期 × {indicators} 个指标",
        "{entities} entities × {periods} periods × {indicators} indicators",
    ),
    "size_series": Text(
        "1 个实体 × {periods} 期 × {indicators} 个指标", "1 entity × {periods} periods × {indicators} indicators"
    ),
    "size_cross-section": Text("{entities} 行 × {indicators} 个指标", "{entities} rows × {indicators} indicators"),
    "regime_panel": Text("面板", "panel"),
    "regime_series": Text("时间序列", "time series"),
    "regime_cross-section": Text("截面", "cross-section"),
    "fact_data": Text("数据", "Data"),
    "fact_size": Text("规模", "Size"),
    "fact_span": Text("时间范围", "Span"),
    "fact_checks": Text("检查", "Checks"),
    "span": Text("{first} 至 {last}", "{first} to {last}"),
    "counts": Text(
        "{fail} 项未通过，{review} 项待核实，{pass} 项通过", "{fail} failed, {review} to review, {pass} passed"
    ),
    "severity_fail": Text("未通过", "Failed"),
    "severity_review": Text("待核实", "To review"),
    "passed": Text("{count} 项检查通过", "Passed checks: {count}"),
    "nothing_open": Text("所有检查都通过了。", "Every check passed."),
    "blocked": Text(
        "这份数据还不能研究。请按下面的处理办法更正文件，再重新检查。",
        "This panel cannot be studied yet. Correct the file as said below, then check it again.",
    ),
    "remedy": Text("处理：", "What to do: "),
    "group_goals": Text("字典中的目标", "Goals in the dictionary"),
    "group_last": Text("最后一层：{layer}", "Last layer: {layer}"),
    "group_layer": Text("层级：{layer}", "Layer: {layer}"),
    "group_none": Text("未分层的指标", "Indicators without a layer"),
    "stage_queued": Text("排队", "Waiting"),
    "stage_read": Text("读取并检查数据", "Reading and checking"),
    "stage_prepare": Text("预处理", "Preparing"),
    "stage_discover": Text("学习因果图", "Learning the graph"),
    "stage_effects": Text("估计效应", "Estimating effects"),
    "stage_rehearse": Text("在模拟面板上预演", "Rehearsing on simulated panels"),
    "stage_crosscheck": Text("请 DoWhy 核对", "Second opinion by DoWhy"),
    "stage_explain": Text("解释结果", "Explaining"),
    "stage_checks": Text("检验结论是否站得住", "Trying to break the effects"),
    "stage_depth": Text("细看效应", "Effects in depth"),
    "stage_report": Text("撰写报告", "Writing the report"),
    "eta": Text("约剩 {seconds} 秒", "about {seconds} s left"),
    "eta_minutes": Text("约剩 {minutes} 分钟", "about {minutes} min left"),
    "reconnecting": Text("连接中断，正在重新连接……", "Connection lost; reconnecting …"),
    "done": Text("研究完成。", "The study is done."),
    "cancelled": Text("研究已取消。", "The study was cancelled."),
    "state_queued": Text("排队中", "waiting"),
    "state_running": Text("进行中", "running"),
    "state_done": Text("已完成", "done"),
    "state_failed": Text("失败", "failed"),
    "state_cancelled": Text("已取消", "cancelled"),
    "step": Text("移动一步", "One step"),
    "gain": Text("预计改善", "Expected gain"),
    "interval": Text("95% 区间 {interval}", "95% interval {interval}"),
    "top3": Text("位列前三的概率", "Among the best three"),
    "more_levers": Text("其余 {count} 个杠杆", "The other {count} levers"),
    "bar": Text("{name}：{gain}（{interval}）", "{name}: {gain} ({interval})"),
    "offline": Text("无法连接服务。", "The service cannot be reached."),
    "offline_remedy": Text(
        "请检查网络和服务是否在运行，然后重试。", "Check the network and that the service runs, then try again."
    ),
    "no_columns": Text("（按字典）", "as the dictionary says"),
}


def page_words(lang: str) -> dict[str, str]:
    """Return the words rendered into the page, in ``lang`` (``zh`` or ``en``)."""
    return {key: text.get(lang) for key, text in _PAGE.items()}


def script_words(lang: str) -> dict[str, str]:
    """Return the words that the modules of the page use, in ``lang``; ``{name}`` marks what they fill in."""
    return {key: text.get(lang) for key, text in _SCRIPT.items()}

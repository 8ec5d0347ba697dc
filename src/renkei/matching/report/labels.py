"""The texts of the report's page, in Japanese and English."""

from renkei.agreement.omissions import EXPLANATIONS, REASONS
from renkei.agreement.text import Lang, Words

TITLE = Words("突合結果報告", "Report of a reconciliation")
AS_OF = Words("{day}現在", "As of {day}")
AS_TABLE = Words("表で見る", "Show as a table")
FOOTER = Words(
    "件数だけの報告です。個人を特定する情報は含みません。",
    "This report has counts only and no information about any single person.",
)
READ = Words("読み込んだ届出", "notifications read")
SUSPECTED = Words("未届の疑い", "suspected omissions")

COUNTS = Words("件数の内訳", "Counts that add up")
COUNTS_NOTE = Words(
    "読み込んだ行は、受け取った行か、受け取れなかった行のどちらかです。受け取った届出の結果は四つのうち一"
    "つです。",
    "Every row read was either accepted or rejected. Every accepted notification has one of four outcomes.",
)
ROWS_OF = Words("データごとの行数", "Rows by dataset")
DATASET_HEADS = (
    Words("データ", "dataset"),
    Words("読込", "read"),
    Words("受け取った行", "accepted"),
    Words("受け取れなかった行", "rejected"),
)

OUTCOME = Words("届出の突合結果", "Outcomes of notifications")
OUTCOME_TAKEN = Words("受け取った届出の結果", "Outcomes of the accepted notifications")
FLAGGED = Words("注意を要する届出", "Notifications that need attention")
FLAGGED_NOTE = Words(
    "一つの届出が二つ以上に当たることがあります。割合は、削除を除く届出に対するものです。",
    "One notification may fall under several. Shares are of the notifications that were not deleted.",
)

ITEMS = Words("異なる項目とその原因", "Items that differ, and why")
ITEMS_NOTE = Words(
    "一つの届出で二つ以上の項目が異なることがあります。原因は、罪のない説明から順に当てはめたものです。割"
    "合は、不一致と突合できずを合わせた届出に対するものです。",
    "Several items of one notification may differ. The cause is the first innocent explanation that fits. "
    "Shares are of the notifications that are mismatched or not found.",
)
ITEMS_CHART = Words("項目と原因ごとの件数", "Differences by item and cause")
ITEM_TOTAL = Words("{item} ({rows}件)", "{item} ({rows})")
TOTAL = Words("計", "total")

GROUPS = Words("国籍・地域と在留資格", "Nationality and status of residence")
GROUPS_NOTE = Words(
    "不一致の割合の差は、氏名の書き方、在留期間の長さ、様式の違いなどから生じ、その人たちの行いを表すもの"
    "ではありません。"
    "棒に重ねた点線は全体の割合です。",
    "Shares differ because names are written in different ways, stays are short or long, and forms vary; "
    "they say nothing about how people behave. The dotted line on each bar is the share of all.",
)
SMALL_NOTE = Words(
    "個人が推測されないよう、{fewest}件未満の数を含む区分と下位の区分は「その他」にまとめています。",
    "So that nobody can be identified, groups with a count below {fewest}, and the smaller groups, are "
    "merged into “all others”.",
)
BY_NATIONALITY = Words("国籍・地域ごとの不一致の割合", "Share mismatched, by nationality")
BY_STATUS = Words("在留資格ごとの不一致の割合", "Share mismatched, by status of residence")
OTHERS = Words("その他({merged}区分)", "all others ({merged})")
ALL = Words("全体", "all")
GROUP_HEADS = {
    "nationality": Words("国籍・地域(届出による)", "nationality (as notified)"),
    "status_of_residence": Words("在留資格(届出による)", "status of residence (as notified)"),
}
LIVE = Words("届出(削除を除く)", "notifications (not deleted)")
SHARE = Words("不一致の割合", "share mismatched")
OF = Words("{share} ({rows}件中)", "{share} of {rows}")

OMISSIONS = Words("未届の疑い", "Suspected omissions")
OMISSIONS_CHART = Words("事由と該当理由ごとの件数", "Suspected omissions by ground and reason")
GROUND, REASON = Words("事由", "ground"), Words("該当理由", "reason")

REJECTED = Words("受け取れなかった行", "Rejected rows")
REJECTED_NOTE = Words(
    "{rows}行あります。一つの行に二つ以上の理由があれば、それぞれに数えるため、理由の件数の計は行数より多"
    "いことがあります。",
    "There are {rows}. A row with several reasons counts under each, so the reasons may add up to more "
    "than the rows.",
)
REJECTED_CHART = Words("データと理由ごとの件数", "Reasons by dataset")
NONE = Words("ありません。", "None.")
DATASET, ROWS, CAUSE, ITEM = (
    Words("データ", "dataset"),
    Words("件数", "count"),
    Words("原因", "cause"),
    Words("項目", "item"),
)
SHARE_OF_ALL = Words("割合", "share")
DESCRIPTION = Words("横棒グラフ。{bars}", "Bar chart. {bars}")


def reason(code: str, explanation: str | None, lang: Lang) -> str:
    """Name the reason of a suspected omission, with its explanation if there is one."""
    why = REASONS[code]
    name = Words(why.name_ja, why.name_en).say(lang)
    if explanation is None:
        return name
    how = EXPLANATIONS[explanation]
    return Words(f"{name}（{how.name_ja}）", f"{name} ({how.name_en})").say(lang)

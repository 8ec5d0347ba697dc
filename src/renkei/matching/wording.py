"""What outcomes, causes, flags and reasons mean in plain words, Japanese and English.

Tables only. A sentence gives the likely innocent reason first and never a verdict: a mismatch is no
accusation, and a suspicion no finding (申合せ4).
"""

from renkei.agreement.text import Meaning, Words

OUTCOMES = {
    "matched": Meaning(
        Words("一致", "matched"),
        Words(
            "届け出られた在留カード番号の在留管理情報が見つかり、比較した項目に異なるものはありません。",
            "The residence record of the reported card was found, and no compared item differs.",
        ),
    ),
    "mismatched": Meaning(
        Words("不一致", "mismatched"),
        Words(
            "届け出られた在留カード番号の在留管理情報が見つかりましたが、異なる項目があります。",
            "The residence record of the reported card was found, and some items differ.",
        ),
    ),
    "not_found": Meaning(
        Words("突合できず", "not found"),
        Words(
            "届け出られた在留カード番号では在留管理情報が見つかりませんでした。",
            "No residence record was found for the reported card number.",
        ),
    ),
    "deleted": Meaning(
        Words("削除", "deleted"),
        Words(
            "この届出は削除されています。突合はされず、どの許可についての届出としても数えられません。",
            "This notification was deleted. It is not matched and counts for no permission.",
        ),
    ),
}

NEXT_STEPS = {
    "matched": Words(
        "この届出について厚生労働省に提供される情報はありません。",
        "Nothing is sent to MHLW about this notification.",
    ),
    "mismatched": Words(
        "別紙2の1行として厚生労働省に提供されます(申合せ3(1)ア、送信は日次)。まず届出と在留カードを見比べ、"
        "届出の誤りであれば訂正し、記録が後から変わったのであれば何も直す必要はありません。",
        "It goes to MHLW as one row of Annex 2 (clause 3(1)ア; deliveries are daily). Compare the "
        "notification "
        "with the card first: a slip is corrected in the notification; where only the record has changed "
        "since, nothing needs correcting.",
    ),
    "not_found": Words(
        "別紙2の1行として厚生労働省に提供されますが、在留管理情報は一切載りません。届出の番号が訂正されれば、"
        "あらためて突合されます。",
        "It goes to MHLW as one row of Annex 2, without any residence information. Once the number is "
        "corrected, the notification is matched again.",
    ),
    "deleted": Words("することはありません。", "Nothing is to be done."),
    "rejected": Words(
        "行を直して次の送信で送れば突合されます。受け取れなかったことは、届出の有無や内容についての判断で"
        "はありません。",
        "Once the row is mended and sent with a later delivery, it is matched. Being set aside says nothing "
        "about whether or how the employer notified.",
    ),
    "suspected": Words(
        "別紙3の1行として厚生労働省に提供されます(申合せ3(1)イ)。許可日以後の雇用の届出が突合されれば、疑"
        "いは残りません。",
        "It goes to MHLW as one row of Annex 3 (clause 3(1)イ). Once a notification of employment from the "
        "permission on is matched, the suspicion is gone.",
    ),
}

CAUSES = {
    "as_latest": Meaning(
        Words("最新の記録とは一致", "agrees with the latest record"),
        Words(
            "その人の最新の記録とは一致します。届け出られたカードの交付後に記録が変わり、届出は新しい内容"
            "で書かれたとみられます。",
            "It agrees with the person's latest record. The record probably changed after the reported card "
            "was issued, and the notification gives what holds now.",
        ),
    ),
    "other_card": Meaning(
        Words("同じ人の別のカードとは一致", "agrees with another card of the person"),
        Words(
            "同じ人の別の在留カードの記録とは一致します。更新の前後など、別のカードを見て書かれたとみられ"
            "ます。",
            "It agrees with another card of the same person. It was probably copied from that card, as "
            "happens "
            "around a renewal.",
        ),
    ),
    "partial": Meaning(
        Words("氏名の一部がない", "part of the name is missing"),
        Words(
            "一方の氏名の語はすべてもう一方に含まれています。ミドルネームなどが省かれたとみられます。",
            "All words of one name stand in the other. A middle name was probably left out.",
        ),
    ),
    "truncated": Meaning(
        Words("氏名が途中で切れている", "the name is cut short"),
        Words(
            "届出の氏名は、記録の氏名の始めの部分です。様式の文字数が足りず、途中で切れたとみられます。",
            "The notification's name is the beginning of the record's. A form with too few characters "
            "probably "
            "cut it.",
        ),
    ),
    "day_month_swapped": Meaning(
        Words("日と月の入れ替わり", "day and month exchanged"),
        Words(
            "日と月を入れ替えると一致します。書式の違う日付を写すときの取り違えとみられます。",
            "It agrees with day and month exchanged: probably a date copied from another format.",
        ),
    ),
    "one_digit": Meaning(
        Words("数字1つの違い", "one digit"),
        Words(
            "数字が1つだけ違うか、隣り合う2つの数字が入れ替わっています。書き間違い、打ち間違いとみられま"
            "す。",
            "One digit differs, or two neighbours are exchanged: probably a slip of the pen.",
        ),
    ),
    "era": Meaning(
        Words("元号の読み違え", "era misread"),
        Words(
            "元号の年を別の元号又は西暦の年と読むと一致します。和暦と西暦の換算の誤りとみられます。",
            "It agrees once the year of one era is read as that of another: probably an error in converting "
            "the Japanese calendar.",
        ),
    ),
    "related": Meaning(
        Words("取り違えやすい国籍・地域", "nationalities easily taken for one another"),
        Words(
            "韓国と朝鮮、中国と台湾のように、様式の上で取り違えやすい国籍・地域の組です。",
            "The two are nationalities that forms easily take for one another, such as Korea and 朝鮮, or "
            "China and Taiwan.",
        ),
    ),
    "malformed": Meaning(
        Words("番号の形でない", "no card number's form"),
        Words(
            "番号が在留カード番号の形(英字2字・数字8字・英字2字)をしていません。文字の欠けや、0とO、"
            "1とIの取り違えが"
            "よくあります。",
            "The number has not the form of a card number (2 letters, 8 digits, 2 letters). Often a "
            "character is "
            "missing, or O stands for 0 and I for 1.",
        ),
    ),
    "unknown_number": Meaning(
        Words("登録簿にない番号", "number not in the register"),
        Words(
            "番号の形は正しいものの、登録簿のどのカードの番号でもありません。1字の写し間違いであることが"
            "多く、"
            "届出の番号を在留カードと見比べれば分かります。",
            "The number has the right form but is that of no card in the register. Often one character was "
            "copied wrongly: compare the notification's number with the card.",
        ),
    ),
    "different": Meaning(
        Words("その他の違い", "other differences"),
        Words(
            "決まった型に当てはまらない違いです。書き間違い、選び間違い、記録の更新が間に合っていないこと"
            "などがあり得、"
            "この違いだけから原因は分かりません。",
            "The difference fits none of the known patterns. A slip, a wrong choice on a form, or a "
            "record not "
            "yet updated are all possible; the difference alone does not tell.",
        ),
    ),
}

FLAGS = {
    "card_superseded": Meaning(
        Words("最新でないカード", "card superseded"),
        Words(
            "届け出られたカードは、その人の最新のカードではありません。更新などで新しいカードが交付された"
            "後によくあることで、"
            "それ自体は誤りではありません。",
            "The reported card is not the person's latest. This is common after a renewal and no error in "
            "itself.",
        ),
    ),
    "identity_conflict": Meaning(
        Words("別人の可能性", "identity conflict"),
        Words(
            "氏名・生年月日・性別・国籍などの身分事項の違いが、決められた数(既定は2つ)に達しています。番"
            "号の写し間違いで"
            "別の人の番号になることもあります。実在する番号を用いた偽変造カードなどでは、届出の労働者とは"
            "別人の情報が"
            "示されていることがあります。本人の情報と決めつけずに確かめてください(申合せ4)。",
            "So many items of identity differ (two by default) that the record may be someone else's. A "
            "number "
            "copied wrongly can be another person's; with a forged card that bears a real number, the record "
            "shown is not that of the worker. Do not take it for the worker's without checking (clause 4).",
        ),
    ),
    "shared_number": Meaning(
        Words("複数人の番号", "shared number"),
        Words(
            "同じ番号が、氏名も生年月日も異なる別の届出でも使われています。写し間違いでも起こります。どの"
            "届出の番号が"
            "正しいかは、この出力からは分かりません。",
            "Another notification uses the same number for a person of different name and birth date. "
            "Copying "
            "slips can do that; this output cannot tell whose number it is.",
        ),
    ),
}

REJECT_REASONS = {
    "missing": Meaning(
        Words("必須の項目が空欄", "required item blank"),
        Words("必須の項目「{item}」が空欄です。", "The required item “{item}” is blank."),
    ),
    "unreadable": Meaning(
        Words("読み取れない", "unreadable"),
        Words(
            "項目「{item}」を読み取れません。書き方が認められた形でないか、長すぎます。",
            "The item “{item}” cannot be read: it has none of the accepted forms, or is too long.",
        ),
    ),
    "duplicate": Meaning(
        Words("識別番号の重複", "identifier repeated"),
        Words(
            "同じ「{item}」の行が、同じファイルのこれより前にあります。二つ目以降の行は受け取りません。",
            "An earlier row of the same file has the same “{item}”. Second and later rows are not taken.",
        ),
    ),
    "forbidden": Meaning(
        Words("提供されない項目に記入", "withheld item filled"),
        Words(
            "永住者の届出では、項目「{item}」は提供の対象ではありません(別紙1※)。値は読まれず、どこにも保"
            "存されていません。",
            "For a permanent resident the item “{item}” is withheld (Annex 1 ※). Its value was not read and "
            "is stored nowhere.",
        ),
    ),
    "unknown_person": Meaning(
        Words("外国人の記録がない", "person not in the register"),
        Words(
            "この行の外国人の記録が登録簿にないか、その記録自体が受け取れませんでした。",
            "The person of this row is not in the register, or that person's own row was set aside.",
        ),
    ),
}

NO_ACCUSATION = Words(
    "一致しないことは、誤りや違反があったことを意味しません。",
    "A mismatch does not mean that anything wrong was done.",
)
NO_FINDING = Words(
    "これは疑いであり、違反の認定ではありません。届出の遅れ、番号の誤記、雇用に至らなかった場合などが含ま"
    "れます。",
    "This is a suspicion and no finding of a violation. A late notification, a mistaken number, or an "
    "employment that never began are among its causes.",
)
IDENTITY_CAUTION = Words(
    "在留管理情報は、届け出られた在留カード番号の人のものです。偽変造カードなどでは、届出の労働者とは別人"
    "の情報であることが"
    "あります(申合せ4)。",
    "A residence record is that of the person to whom the reported card number belongs. With a forged "
    "card, that "
    "is not the worker (clause 4).",
)

DATASETS = {
    "notifications": Words("雇用状況届出", "notifications"),
    "persons": Words("外国人(最新の記録)", "persons (latest records)"),
    "cards": Words("在留カード", "residence cards"),
    "permissions": Words("許可", "permissions"),
}

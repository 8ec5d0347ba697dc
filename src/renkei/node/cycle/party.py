from renkei.node.cycle.steps import DayStep


def _w(c):
    return {}


DAY = {
    p: tuple(DayStep(n, j, e, _w) for n, j, e in rows)
    for p, rows in {
        "mhlw": [
            ("take_in", "取込", "Take in"),
            ("check", "検査", "Check"),
            ("select", "送出の選別", "Select"),
            ("seal", "封緘", "Seal"),
            ("send", "送信", "Send"),
            ("await_receipt", "受領証の確認", "Await receipt"),
            ("receive", "受信", "Receive"),
            ("open", "回答の取込", "Open"),
            ("close", "締め", "Close"),
        ],
        "isa": [
            ("take_in", "取込", "Take in"),
            ("check", "検査", "Check"),
            ("receive", "受信", "Receive"),
            ("open", "届出の取込", "Open"),
            ("match", "突合", "Match"),
            ("answer", "回答の選別", "Answer"),
            ("seal", "封緘", "Seal"),
            ("send", "送信", "Send"),
            ("await_receipt", "受領証の確認", "Await receipt"),
            ("close", "締め", "Close"),
        ],
    }.items()
}

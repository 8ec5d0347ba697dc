"""The forms for moving a case and for adding to it."""

from typing import Any, ClassVar, cast

from django.forms import ChoiceField, FileField, FileInput

from renkei.matching.labels import column_name
from renkei.node.cases import services
from renkei.node.cases.workflow import Move, Outcome
from renkei.node.console.comparison import COMPARED
from renkei.node.console.forms import (
    ConsoleForm,
    checkboxes_field,
    options,
    prose_field,
    radio_field,
    said,
    text_field,
)
from renkei.node.console.labels import CASE_OUTCOMES
from renkei.node.errors import Incomplete, NotAttachable


class MoveForm(ConsoleForm):
    """What a move needs: its outcome, the items of a correction request, and the reason."""

    outcome = radio_field(
        said("確認の結果", "Outcome"),
        missing=said("確認の結果を選んでください。", "Please choose the outcome."),
    )
    items = checkboxes_field(
        said("訂正を依頼する項目", "Items to be corrected"),
        missing=said("訂正を依頼する項目を選んでください。", "Please choose the items to be corrected."),
    )
    reason = prose_field(
        said("理由", "Reason"),
        rows=4,
        missing=said(
            f"理由を1字以上{services.LONGEST_REASON}字以下で書いてください。",
            f"Please write a reason of 1 to {services.LONGEST_REASON} characters.",
        ),
        longest=services.LONGEST_REASON,
    )

    def __init__(self, row: Move, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        chosen = {each.value: CASE_OUTCOMES[each] for each in Outcome if each in row.outcomes}
        cast(ChoiceField, self.fields["outcome"]).choices = options(chosen)
        items = [(name, said(column_name(name, "ja"), column_name(name, "en"))) for _, name in COMPARED]
        cast(ChoiceField, self.fields["items"]).choices = items
        length = f"{services.LONGEST_REASON}字まで。", f"Up to {services.LONGEST_REASON} characters."
        self.fields["reason"].required = row.needs_reason
        self.fields["reason"].widget.is_required = row.needs_reason
        if row.name == "request_correction":
            warned = (
                "入管庁に送られます。値そのものは書かないでください。",
                "It is sent to ISA. Please do not write the values themselves.",
            )
            self.fields["reason"].help_text = said(f"{length[0]} {warned[0]}", f"{length[1]} {warned[1]}")
        else:
            self.fields["reason"].help_text = said(*length)
            del self.fields["items"]
        if not chosen:
            del self.fields["outcome"]


class NoteForm(ConsoleForm):
    """A note for a case's history."""

    about: ClassVar = {Incomplete: "text"}

    text = prose_field(
        said("経過の記録", "Note"),
        rows=6,
        missing=said(
            f"経過の記録は1字以上{services.LONGEST_NOTE}字以下で書いてください。",
            f"Please write a note of 1 to {services.LONGEST_NOTE} characters.",
        ),
        longest=services.LONGEST_NOTE,
        help_text=said(
            "4,000字まで。記録は消せません。", "Up to 4,000 characters. A note cannot be deleted."
        ),
    )


class DocumentForm(ConsoleForm):
    """A document to attach to a case; the service checks the limits."""

    about: ClassVar = {NotAttachable: "document"}

    document = FileField(
        label=said("文書", "Document"),
        help_text=said(
            "PDF・PNG・JPEG、1件10MiBまで、事案ごとに20件まで",
            "PDF, PNG or JPEG, up to 10 MiB each, 20 for each case",
        ),
        allow_empty_file=True,
        error_messages={"required": said("文書を選んでください。", "Please choose a document.")},
        widget=FileInput({"accept": ".pdf,.png,.jpg,.jpeg"}),
    )


class OfficeForm(ConsoleForm):
    """The office that a case is transferred to."""

    about: ClassVar = {Incomplete: "office"}

    office = text_field(
        said("公共職業安定所(4桁)", "Hello Work office (four digits)"),
        missing=said(
            "公共職業安定所は4桁のコードで指定してください。",
            "The code of a Hello Work office has four digits.",
        ),
        help_text=said(
            "所管を移すと、その所の職務がない担当は外れます。",
            "If the assigned officer has no duty there, the assignment ends.",
        ),
        inputmode="numeric",
        maxlength="4",
        pattern="[0-9]{4}",
    )

"""The base of all forms of the console: fields in both languages, their rendering and their errors.

A view passes a form to its template, which shows all fields by `{{ form }}` or one field by
`{{ form.name.as_field_group }}`. Only `templates/console/forms` writes controls. An error is shown at its
field and in a list of links above the page's heading, which `base.html` writes for every form of the page.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from django import forms
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import get_language

from renkei.agreement.errors import RenkeiError
from renkei.agreement.text import Words

Text = Any
"""A lazy text: its language is chosen when it is shown."""
Choices = Iterable[tuple[str, Text]] | Callable[[], Iterable[tuple[str, Text]]]


def _say(ja: str, en: str) -> str:
    return en if get_language() == "en" else ja


said: Final = lazy(_say, str)
"""Return a lazy text in the language of the page."""


def options(table: Mapping[str, Words]) -> list[tuple[str, Text]]:
    """Return the choices from a table of codes and words."""
    return [(code, said(words.ja, words.en)) for code, words in table.items()]


class Renderer(DjangoTemplates):
    """Renders fields with the console's own templates."""

    field_template_name = "console/forms/field.html"
    form_template_name = "console/forms/fields.html"


class _Named:
    """Gives choices ids made of their value, so that `reason-other` does not change with its position."""

    def create_option(self, name: str, value: Any, label: Any, *more: Any, **others: Any) -> dict[str, Any]:
        """Set a choice's id; the first choice, which the list of errors links to, refers to the error."""
        option: dict[str, Any] = super().create_option(name, value, label, *more, **others)  # type: ignore[misc]
        group = (others.get("attrs") or {}).get("id", name)
        option["attrs"]["id"] = f"{group}-{value or 'none'}"
        if option["attrs"].get("aria-invalid") and option["index"] == "0":
            option["attrs"]["aria-describedby"] = f"{group}_error"
        return option


class Radios(_Named, forms.RadioSelect):
    """One choice of several, all visible."""

    template_name = "console/forms/choices.html"


class Checkboxes(_Named, forms.CheckboxSelectMultiple):
    """Any number of choices."""

    template_name = "console/forms/choices.html"


class Checkbox(forms.CheckboxInput):
    """A single checkbox; it is checked if its own value was sent, which may be the word "false"."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Whether it was checked."""
        return bool(data.get(name) == self.attrs["value"])


def text_field(
    label: Text,
    *,
    missing: Text = "",
    required: bool = True,
    longest: int | None = None,
    help_text: Text = "",
    widget: type[forms.Widget] = forms.TextInput,
    **attributes: str,
) -> forms.CharField:
    """Return a field of one line; `missing` is the error if nothing was typed."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=longest,
        help_text=help_text,
        error_messages=_messages(missing or _ask(label, "を入力してください。", "Please fill in: "), longest),
        widget=widget(attributes),
    )


def prose_field(label: Text, *, rows: int, **others: Any) -> forms.CharField:
    """Return a field of several lines."""
    return text_field(label, widget=forms.Textarea, rows=str(rows), **others)


def select_field(
    label: Text,
    choices: Choices = (),
    *,
    missing: Text = "",
    required: bool = True,
    help_text: Text = "",
    widget: type[forms.Widget] = forms.Select,
    kind: type[forms.ChoiceField] = forms.ChoiceField,
) -> forms.ChoiceField:
    """Return a drop-down list, or what else shows choices; `missing` is the error if nothing was chosen."""
    return kind(
        label=label,
        choices=choices,
        required=required,
        help_text=help_text,
        error_messages=_messages(missing or _ask(label, "を選んでください。", "Please choose: ")),
        widget=widget(),
    )


def radio_field(label: Text, choices: Choices = (), **others: Any) -> forms.ChoiceField:
    """Return a group of radio buttons."""
    return select_field(label, choices, widget=Radios, **others)


def checkboxes_field(label: Text, choices: Choices = (), **others: Any) -> forms.ChoiceField:
    """Return a group of checkboxes."""
    return select_field(label, choices, widget=Checkboxes, kind=forms.MultipleChoiceField, **others)


def checkbox_field(label: Text, value: str = "on") -> forms.BooleanField:
    """Return a single checkbox; if checked, it sends `value`."""
    return forms.BooleanField(label=label, required=False, widget=Checkbox({"value": value}))


def date_field(
    label: Text, *, missing: Text = "", required: bool = True, invalid: Text = ""
) -> forms.DateField:
    """Return a field for a day."""
    missing = missing or _ask(label, "を入力してください。", "Please fill in: ")
    return forms.DateField(
        label=label,
        required=required,
        input_formats=["%Y-%m-%d"],
        error_messages={"required": missing, "invalid": invalid or missing},
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )


def _asking(label: Text, ja: str, en: str) -> str:
    return _say(f"{label}{ja}", f"{en}{label}.")


#: Lazy text that asks for a field by its label.
_ask: Final = lazy(_asking, str)


def _messages(missing: Text, longest: int | None = None) -> dict[str, Text]:
    # Errors never repeat what was typed: it may be a name or a card number.
    return {
        "required": missing,
        "invalid_choice": missing,
        "invalid_list": missing,
        "max_length": said(f"{longest}字以下にしてください。", f"Please use at most {longest} characters."),
        "null_characters_not_allowed": said(
            "使えない文字があります。", "It contains characters that cannot be used."
        ),
    }


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in what was sent, and the id of the control to correct it at, if there is one."""

    text: str
    control: str = ""


class Shown:
    """A mixin with what a form of the console adds to Django's; also mixed into Django's own forms."""

    #: The field at which a refusal of a service is shown, by its class; others are shown for the whole form.
    about: ClassVar[Mapping[type[RenkeiError], str]] = {}
    #: Whether fields are marked as required or optional; filters and searches are not marked.
    marks: bool = True

    def __init__(self, *given: Any, **others: Any) -> None:
        others.setdefault("auto_id", "%s")
        super().__init__(*given, **others)

    @classmethod
    def unsent(cls, fields: QueryDict | Mapping[str, Any], *given: Any, **others: Any) -> Self:
        """Return the form filled from a query string, or from what was typed before a session ended."""
        form: Any = cls(*given, **others)
        for name, field in form.fields.items():
            if name in fields and not isinstance(field, forms.FileField):
                form.initial[name] = field.widget.value_from_datadict(fields, {}, name)
        return form  # type: ignore[no-any-return]

    def refuse(self, refusal: RenkeiError) -> None:
        """Add a refusal of a service as an error, at the field that it is about."""
        name = next((name for kind, name in self.about.items() if isinstance(refusal, kind)), None)
        form: Any = self
        form.add_error(name, _say(refusal.ja, refusal.en))

    def problems(self) -> Iterator[Problem]:
        """Yield the errors, first of the whole form, then field by field."""
        form: Any = self
        yield from (Problem(text) for text in form.non_field_errors())
        for name in form.fields:
            yield from (Problem(text, _control(form[name])) for text in form.errors.get(name, ()))


class ConsoleForm(Shown, forms.Form):
    """A form of the console."""


class FilterForm(ConsoleForm):
    """A form for filters or a search; none of its fields is required."""

    marks = False


def label(form: BaseForm, name: str, words: Text, *, missing: Text = "") -> None:
    """Set the console's label and errors for a field of Django's own forms; no autofocus after an error."""
    field = form.fields[name]
    field.label, field.help_text = words, ""
    field.error_messages |= _messages(missing or _ask(words, "を入力してください。", "Please fill in: "))
    if form.is_bound:
        field.widget.attrs.pop("autofocus", None)


def _control(bound: BoundField) -> str:
    """Return the id of the control to link to; for a group, the first choice."""
    if bound.use_fieldset:
        return next((str(each.id_for_label) for each in bound.subwidgets), "")
    return str(bound.id_for_label)

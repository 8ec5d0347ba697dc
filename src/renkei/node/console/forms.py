"""Every form of the console: its fields in both languages, and the one way to show and to refuse them.

A view makes a form and hands it to its template, which shows all fields by `{{ form }}` or one of them by
`{{ form.name.as_field_group }}`. `templates/console/forms` alone writes controls. What is wrong stands at its
field and, as a list of links, above the page's heading, where `base.html` puts it for every form of the page.
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
"""A sentence that is said when it is shown, in the language of the page."""
Choices = Iterable[tuple[str, Text]] | Callable[[], Iterable[tuple[str, Text]]]


def _say(ja: str, en: str) -> str:
    return en if get_language() == "en" else ja


said: Final = lazy(_say, str)
"""Say a sentence in the language of whoever is shown the form."""


def options(table: Mapping[str, Words]) -> list[tuple[str, Text]]:
    """Return the choices that a table of codes and words gives."""
    return [(code, said(words.ja, words.en)) for code, words in table.items()]


class Renderer(DjangoTemplates):
    """Renders fields by the console's own template."""

    field_template_name = "console/forms/field.html"
    form_template_name = "console/forms/fields.html"


class _Named:
    """Choices are known by their value: `reason-other` stays itself when another one is put before it."""

    def create_option(self, name: str, value: Any, label: Any, *more: Any, **others: Any) -> dict[str, Any]:
        """Give a choice its id; the first, to which the list of errors leads, names what is wrong."""
        option: dict[str, Any] = super().create_option(name, value, label, *more, **others)  # type: ignore[misc]
        group = (others.get("attrs") or {}).get("id", name)
        option["attrs"]["id"] = f"{group}-{value or 'none'}"
        if option["attrs"].get("aria-invalid") and option["index"] == "0":
            option["attrs"]["aria-describedby"] = f"{group}_error"
        return option


class Radios(_Named, forms.RadioSelect):
    """One of several, all of them seen."""

    template_name = "console/forms/choices.html"


class Checkboxes(_Named, forms.CheckboxSelectMultiple):
    """Any of several."""

    template_name = "console/forms/choices.html"


class Checkbox(forms.CheckboxInput):
    """A mark of its own; it is set where its own value was sent, which may be the word "false"."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Whether it was marked."""
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
    """Make a field of one line; `missing` is what is said where nothing is typed."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=longest,
        help_text=help_text,
        error_messages=_messages(missing or _ask(label, "を入力してください。", "Fill in: "), longest),
        widget=widget(attributes),
    )


def prose_field(label: Text, *, rows: int, **others: Any) -> forms.CharField:
    """Make a field of several lines."""
    return text_field(label, widget=forms.Textarea, rows=str(rows), **others)


def radio_field(
    label: Text, choices: Choices = (), *, missing: Text = "", required: bool = True, help_text: Text = ""
) -> forms.ChoiceField:
    """Make a group of which one is chosen."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=required,
        help_text=help_text,
        error_messages=_messages(missing or _ask(label, "を選んでください。", "Choose: ")),
        widget=Radios(),
    )


def checkboxes_field(
    label: Text, choices: Choices = (), *, missing: Text = "", required: bool = True, help_text: Text = ""
) -> forms.MultipleChoiceField:
    """Make a group of which any may be chosen."""
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=required,
        help_text=help_text,
        error_messages=_messages(missing or _ask(label, "を選んでください。", "Choose: ")),
        widget=Checkboxes(),
    )


def select_field(
    label: Text, choices: Choices = (), *, missing: Text = "", required: bool = True, help_text: Text = ""
) -> forms.ChoiceField:
    """Make a list of which one is chosen, folded."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=required,
        help_text=help_text,
        error_messages=_messages(missing or _ask(label, "を選んでください。", "Choose: ")),
    )


def checkbox_field(label: Text, value: str = "on") -> forms.BooleanField:
    """Make a statement that holds where it is marked; it is sent as `value`."""
    return forms.BooleanField(label=label, required=False, widget=Checkbox({"value": value}))


def date_field(
    label: Text, *, missing: Text = "", required: bool = True, invalid: Text = ""
) -> forms.DateField:
    """Make a field for a day."""
    missing = missing or _ask(label, "を入力してください。", "Fill in: ")
    return forms.DateField(
        label=label,
        required=required,
        input_formats=["%Y-%m-%d"],
        error_messages={"required": missing, "invalid": invalid or missing},
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )


def _asking(label: Text, ja: str, en: str) -> str:
    return _say(f"{label}{ja}", f"{en}{label}.")


#: Ask for a field by its name, in the language of whoever is shown the form.
_ask: Final = lazy(_asking, str)


def _messages(missing: Text, longest: int | None = None) -> dict[str, Text]:
    # What is typed is never repeated: it may be anything, a name or card number even.
    return {
        "required": missing,
        "invalid_choice": missing,
        "invalid_list": missing,
        "max_length": said(f"{longest}字以下にしてください。", f"Use at most {longest} characters."),
        "null_characters_not_allowed": said(
            "使えない文字があります。", "It holds characters that cannot be used."
        ),
    }


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with what was sent, and the id of the control to mend it at, if there is one."""

    text: str
    control: str = ""


class Shown:
    """What a form of the console is beside Django's; mixed into Django's own forms as well."""

    #: At which field a refusal of a service stands, by its class; any other is about the form as a whole.
    about: ClassVar[Mapping[type[RenkeiError], str]] = {}
    #: Whether fields are marked as required or optional; filters and searches are optional as they are.
    marks: bool = True

    def __init__(self, *given: Any, **others: Any) -> None:
        others.setdefault("auto_id", "%s")
        super().__init__(*given, **others)

    @classmethod
    def unsent(cls, fields: QueryDict | Mapping[str, Any], *given: Any, **others: Any) -> Self:
        """Return the form filled with what came in an address, or was typed before a session ended."""
        form: Any = cls(*given, **others)
        for name, field in form.fields.items():
            if name in fields and not isinstance(field, forms.FileField):
                form.initial[name] = field.widget.value_from_datadict(fields, {}, name)
        return form  # type: ignore[no-any-return]

    def refuse(self, refusal: RenkeiError) -> None:
        """Put what a service refused at the field that it is about."""
        name = next((name for kind, name in self.about.items() if isinstance(refusal, kind)), None)
        form: Any = self
        form.add_error(name, _say(refusal.ja, refusal.en))

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong, the form as a whole first, then field by field."""
        form: Any = self
        yield from (Problem(text) for text in form.non_field_errors())
        for name in form.fields:
            yield from (Problem(text, _control(form[name])) for text in form.errors.get(name, ()))


class ConsoleForm(Shown, forms.Form):
    """A form of the console."""


class FilterForm(ConsoleForm):
    """What a list is narrowed to, or something is looked for by: nothing of it is required."""

    marks = False


def label(form: BaseForm, name: str, words: Text, *, missing: Text = "") -> None:
    """Give a field of one of Django's own forms the console's words; what is wrong is told first, not it."""
    field = form.fields[name]
    field.label, field.help_text = words, ""
    field.error_messages |= _messages(missing or _ask(words, "を入力してください。", "Fill in: "))
    if form.is_bound:
        field.widget.attrs.pop("autofocus", None)


def _control(bound: BoundField) -> str:
    """Return the id of the control that is led to: of a group, the first choice."""
    if bound.use_fieldset:
        return next((str(each.id_for_label) for each in bound.subwidgets), "")
    return str(bound.id_for_label)

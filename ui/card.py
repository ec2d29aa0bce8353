"""The model's card: what it is good and bad at, what it costs, how it is called, where it may be used."""

from __future__ import annotations

from collections.abc import Iterable

from domain import Language, ModelInfo, ModelState, Text
from ui import figures
from ui.choices import marketplace_name
from ui.markup import Html, join, tag
from ui.strings import words
from wording import say


def model_card(state: ModelState, language: Language) -> Html:
    return tag("article", _head(state, language), *_body(state.model, language), class_="card")


def auto_card(explanation: str, chosen: ModelState | None, language: Language) -> Html:
    """What the policy says to these wishes, on top of the card of the model that would work now."""
    policy = tag("p", tag("strong", words("card_auto", language)), explanation, class_="card-policy")
    if chosen is None:
        return tag("article", policy, class_="card")
    return tag("article", policy, _head(chosen, language), *_body(chosen.model, language), class_="card")


def _head(state: ModelState, language: Language) -> Html:
    model = state.model
    words_of_state = say(state.statement.code, state.statement.facts, language)
    return tag(
        "header",
        tag("h3", model.name),
        tag("span", words_of_state, class_="badge good" if state.available else "badge wait"),
        tag("p", words("version", language, version=model.version), class_="card-version"),
        class_="card-head",
    )


def _body(model: ModelInfo, language: Language) -> tuple[Html, ...]:
    return (
        _key_figures(model, language),
        tag("div", _sides(model, language), class_="card-sides"),
        _facts(model, language),
    )


def _key_figures(model: ModelInfo, language: Language) -> Html:
    """Price and time large, because that is what a seller compares; marked when they are estimates."""
    mark = words("card_estimate", language) if model.estimates else ""
    time = words("about_seconds", language, seconds=figures.decimal(model.typical_seconds, language))
    commercial = words("card_commercial_yes" if model.licence.commercial_use else "card_commercial_no", language)
    return tag(
        "dl",
        _figure("card_price", figures.price(model.price_usd, language), mark if model.price_usd else "", language),
        _figure("card_time", time, mark, language),
        _figure("card_licence", model.licence.name, commercial, language),
        class_="card-figures",
    )


def _figure(key: str, value: str, note: str, language: Language) -> Html:
    small = tag("small", note) if note else ""
    return tag("div", tag("dt", words(key, language)), tag("dd", value, small))


def _sides(model: ModelInfo, language: Language) -> Html:
    return join(
        _side("card_pros", "pros", model.pros, language),
        _side("card_cons", "cons", model.cons, language),
    )


def _side(key: str, kind: str, texts: Iterable[Text], language: Language) -> Html:
    items = (tag("li", text.in_language(language)) for text in texts)
    return tag("section", tag("h4", words(key, language)), tag("ul", *items), class_=kind)


def _facts(model: ModelInfo, language: Language) -> Html:
    rows = (*_specs(model, language), *_reach(model, language))
    return tag("dl", *(_fact(key, value, language) for key, value in rows if value), class_="card-facts")


def _fact(key: str, value: str, language: Language) -> Html:
    return tag("div", tag("dt", words(key, language)), tag("dd", value))


def _specs(model: ModelInfo, language: Language) -> tuple[tuple[str, str], ...]:
    spec = model.spec
    return (
        ("card_guidance", _optional(spec.guidance_scale, language)),
        ("card_steps", _optional(spec.num_inference_steps, language)),
        ("card_resolution", _resolution(model, language)),
        ("card_output", words(f"output_{spec.output}", language)),
        ("card_prompt", spec.prompt or ""),
    )


def _reach(model: ModelInfo, language: Language) -> tuple[tuple[str, str], ...]:
    names = (marketplace_name(slug, language) for slug in model.supports_marketplaces)
    return (
        ("card_where", _place(model, language)),
        ("card_marketplaces", ", ".join(names)),
        ("card_dataset", model.dataset_notes.in_language(language)),
        ("card_tags", _tags(model.tags)),
    )


def _place(model: ModelInfo, language: Language) -> str:
    return (
        words("card_local", language)
        if model.is_local
        else words("card_hosted", language, provider=model.provider.title())
    )


def _tags(tags: Iterable[str]) -> Html:
    return join(*(tag("span", one, class_="tag") for one in tags))


def _optional(value: float | None, language: Language) -> str:
    return "" if value is None else figures.decimal(value, language)


def _resolution(model: ModelInfo, language: Language) -> str:
    most = model.spec.limits.max_megapixels
    if most is None:
        return words("card_no_limit", language)
    return words("megapixels", language, number=figures.decimal(most, language))

"""The page's words about files for marketplaces, in both languages."""

from __future__ import annotations

from domain import Text


def _text(en: str, ru: str) -> Text:
    return Text(en=en, ru=ru)


EXPORT_TEXTS: dict[str, Text] = {
    "export": _text("Export for a marketplace", "Файл для маркетплейса"),
    "export_marketplace": _text("Marketplace", "Маркетплейс"),
    "export_format": _text("File format", "Формат файла"),
    "export_format_auto": _text("The best for it", "Лучший для него"),
    "export_background": _text("Background", "Фон"),
    "background_white": _text("White", "Белый"),
    "background_colour": _text("Colour", "Цвет"),
    "background_gradient": _text("Gradient", "Градиент"),
    "background_picture": _text("Your picture", "Ваша картинка"),
    "export_colour": _text("Colour", "Цвет"),
    "export_second": _text("Colour below", "Цвет внизу"),
    "export_picture": _text("Picture for the background", "Картинка для фона"),
    "export_picture_placeholder": _text("Drop a picture here\nor click", "Перетащите картинку\nили нажмите"),
    "export_generated": _text("This picture was made by AI", "Эту картинку сделал ИИ"),
    "export_generated_info": _text("The file will say so, as it must", "В файле будет пометка, так положено"),
    "export_placement": _text("Product stands", "Товар стоит"),
    "placement_centre": _text("In the middle", "Посередине"),
    "placement_bottom": _text("Near the bottom", "Ближе к низу"),
    "export_fill": _text("How much of the picture it fills", "Сколько картинки занимает"),
    "export_fill_auto": _text("As the rules ask", "Как требуют правила"),
    "export_shadow": _text("Soft shadow", "Мягкая тень"),
    "export_enlarge": _text("May enlarge a small product", "Можно увеличить мелкий товар"),
    "export_enlarge_info": _text(
        "Only as far as the rules ask; it gets less sharp", "Ровно насколько требуют правила; резкость упадёт"
    ),
    "export_width": _text("Width, px", "Ширина, пикс."),
    "export_height": _text("Height, px", "Высота, пикс."),
    "export_make": _text("Make the file", "Сделать файл"),
    "export_busy": _text("Making…", "Делаю…"),
    "export_download": _text("Download the file", "Скачать файл"),
    "export_preview": _text("The finished picture", "Готовая картинка"),
    "export_rules": _text(
        "What {marketplace} asks, as far as it is known", "Что требует {marketplace}, насколько известно"
    ),
    "export_no_rules": _text(
        "With a size of your own no rules apply. The product is never enlarged unless you allow it.",
        "Для своего размера правил нет. Товар не увеличивается, пока вы этого не разрешите.",
    ),
    "export_for": _text("For {marketplace}", "Для {marketplace}"),
    "export_counts": _text(
        "Checks passed: {passed} of {known}; unknown: {unknown}.",
        "Проверок пройдено: {passed} из {known}; неизвестно: {unknown}.",
    ),
    "export_missed": _text(
        "A required rule is not met: see the first lines.", "Нарушено обязательное: см. первые строки."
    ),
    "export_small": _text(
        "Your photo has too few pixels here. Take it closer, or allow enlarging.",
        "На фото мало пикселей. Снимите товар крупнее или разрешите увеличение.",
    ),
    "export_enlarged": _text(
        "The product was enlarged {scale} times, so it looks less sharp than in the photo.",
        "Товар увеличен в {scale} раза, поэтому он менее резкий, чем на фото.",
    ),
    "export_shaded": _text(
        "The shadow is not pure white; without it the background would be.",
        "Тень не чисто белая; без неё фон был бы белым.",
    ),
    "export_json": _text("The report as JSON", "Отчёт в JSON"),
    "checks_verdict": _text("Verdict", "Итог"),
    "checks_check": _text("Check", "Проверка"),
    "checks_found": _text("In the file", "В файле"),
    "checks_wanted": _text("Rule and source", "Правило и источник"),
    "checks_wanted_short": _text("Rule", "Правило"),
    "passing_pass": _text("Met", "Выполнено"),
    "passing_fail": _text("Not met", "Нарушено"),
    "passing_better": _text("Could be better", "Можно лучше"),
    "passing_unknown": _text("Unknown", "Неизвестно"),
    "level_required": _text("required", "обязательно"),
    "level_recommended": _text("recommended", "желательно"),
    "confidence_official": _text("official", "официально"),
    "confidence_third-party": _text("third party", "не официально"),
    "confidence_own": _text("our own check, no rule is known", "наша проверка, правило неизвестно"),
    "origin_seen": _text("seen {month}", "проверено {month}"),
    "origin_dated": _text("page of {month}", "страница от {month}"),
    "origin_from": _text("in force from {day}", "действует с {day}"),
}

"""The page's own words in both languages; sentences about models and runs come from `wording`."""

from __future__ import annotations

import gradio as gr

from domain import Language, Text
from ui.batch_words import BATCH_TEXTS
from ui.export_words import EXPORT_TEXTS
from wording import language_in as language_in


def _text(en: str, ru: str) -> Text:
    return Text(en=en, ru=ru)


TEXTS: dict[str, Text] = {
    **BATCH_TEXTS,
    **EXPORT_TEXTS,
    # the head of the page
    "promise": _text(
        "A phone photo in, a clean product cutout out — and why this model made it.",
        "Фото с телефона — чистая вырезка товара, и понятно, какая модель её сделала и почему.",
    ),
    # the form
    "photo": _text("Product photo", "Фото товара"),
    "photo_placeholder": _text(
        "Drop a photo here\nor click to choose one", "Перетащите фото сюда\nили нажмите, чтобы выбрать"
    ),
    "photo_alt": _text("The photo you chose", "Выбранное вами фото"),
    "examples": _text("No photo at hand? Try one of these", "Нет фото под рукой? Попробуйте одно из этих"),
    "marketplace": _text("Where will you sell it?", "Где будете продавать?"),
    "marketplace_any": _text("Anywhere", "Где угодно"),
    "goal": _text("What matters most?", "Что важнее?"),
    "goal_balanced": _text("Balance", "Баланс"),
    "goal_fast": _text("Speed", "Скорость"),
    "goal_quality": _text("Quality", "Качество"),
    "model": _text("Model", "Модель"),
    "model_auto": _text("Auto: let the policy choose", "Авто: пусть выберет политика"),
    "advanced": _text("Advanced", "Дополнительно"),
    "complexity": _text("How tricky is the outline?", "Насколько сложный контур?"),
    "complexity_unknown": _text("Not sure", "Не знаю"),
    "complexity_simple": _text("Simple: clear edges", "Простой: чёткие края"),
    "complexity_ordinary": _text("Ordinary", "Обычный"),
    "complexity_tricky": _text("Tricky: fur, lace, glass", "Сложный: мех, кружево, стекло"),
    "local_only": _text("Keep the photo on this server", "Не отправлять фото с этого сервера"),
    "local_only_info": _text("Only local engines take part", "Участвуют только локальные модели"),
    "commercial_only": _text("Cleared for commercial use only", "Только с правом коммерческого использования"),
    "commercial_only_info": _text(
        "Skips models whose licence forbids selling", "Пропускает модели с некоммерческой лицензией"
    ),
    "run": _text("Cut out the product", "Вырезать товар"),
    "running": _text("Working…", "Работаю…"),
    "stop": _text("Stop", "Остановить"),
    # the result
    "result_empty": _text("Your cutout will appear here", "Здесь появится вырезка товара"),
    "result_empty_hint": _text(
        "Then drag the divider to compare it with the photo", "Разделитель поможет сравнить её с фото"
    ),
    "result_none": _text("No cutout this time", "На этот раз вырезать не удалось"),
    "result_none_hint": _text(
        "A calmer background, more light and a sharper photo often help",
        "Часто помогает спокойный фон, больше света и резкий снимок",
    ),
    "result": _text("Before and after", "До и после"),
    "made_by": _text("Made by {model}", "Сделала модель {model}"),
    "draft_badge": _text("Draft", "Черновик"),
    "draft_while": _text("An instant cutout to look at while {model} works", "Быстрая вырезка, пока работает {model}"),
    "draft_stopped": _text("Stopped before a model was done", "Остановлено раньше, чем модель закончила"),
    "draft_kept": _text(
        "The models failed, so this instant cutout is what is left", "Модели не справились, осталась быстрая вырезка"
    ),
    "download_cutout": _text("Transparent PNG", "Прозрачный PNG"),
    "download_matte": _text("Matte (PNG)", "Маска (PNG)"),
    "delete_pictures": _text("Delete my pictures", "Удалить мои картинки"),
    "status_deleted": _text(
        "Deleted: your photos, cutouts and all copies here are gone.",
        "Удалено: ваших фото, вырезок и их копий здесь больше нет.",
    ),
    # touching up
    "touchup": _text("Mend it by hand", "Поправить вручную"),
    "touchup_hint": _text(
        "Paint over what is wrong; up to the next edge is enough. Then press “Mend”.",
        "Закрасьте, что не так: достаточно примерно, до ближайшего края. Потом нажмите «Поправить».",
    ),
    "touchup_keep": _text("Keep", "Оставить"),
    "touchup_erase": _text("Erase", "Стереть"),
    "touchup_size": _text("Brush size", "Размер кисти"),
    "touchup_back": _text("Take the last stroke back", "Убрать последний мазок"),
    "touchup_picture": _text("The cutout, to paint on", "Вырезка, на которой можно рисовать"),
    "touchup_softness": _text("Softer edge, px", "Мягче край, пикс."),
    "touchup_shift": _text("Edge in − or out +, px", "Край: − уже, + шире"),
    "touchup_holes": _text("Fill holes", "Закрыть дыры"),
    "touchup_main": _text("Only the main object", "Только главный предмет"),
    "touchup_apply": _text("Mend", "Поправить"),
    "touchup_busy": _text("Mending…", "Поправляю…"),
    "touchup_saving": _text("Saving…", "Сохраняю…"),
    "touchup_undo": _text("Undo", "Отменить"),
    "touchup_reset": _text("Reset", "Сбросить"),
    "status_mended": _text("Mended: the downloads have the new cutout.", "Поправлено: скачается новая вырезка."),
    "status_saving": _text(
        "Here it is; the files to download are being written…", "Вот новая вырезка, сохраняю файлы…"
    ),
    "status_undone": _text("Undone: the downloads are back as well.", "Отменено: скачается прежняя вырезка."),
    "status_reset": _text("Back to the model's own cutout.", "Снова показана вырезка модели."),
    "details": _text("Details as JSON", "Подробности в JSON"),
    # the status line
    "status_idle": _text("Add a photo, then press “Cut out the product”.", "Добавьте фото и нажмите «Вырезать товар»."),
    "status_no_books": _text(
        "Hosted models wait, as nothing can be written down right now: {trouble}. Free models on this server work.",
        "Облачные модели ждут: сейчас ничего нельзя записать ({trouble}). Бесплатные модели на этом сервере работают.",
    ),
    "status_reading": _text("Reading the photo and choosing a model…", "Читаю фото и выбираю модель…"),
    "status_in_line": _text(
        "Many photos right now: {ahead} ahead of yours…", "Сейчас много фото: перед вашим {ahead}…"
    ),
    "status_fetching": _text(
        "Fetching the weights of {model}, which is done only once…", "Скачиваю веса: {model}, это делается один раз…"
    ),
    "status_sending": _text("Sending the photo to {model}…", "Отправляю фото: {model}…"),
    "status_booting": _text(
        "{model} is waking up, which can take a minute…", "{model} запускается, это может занять до минуты…"
    ),
    "status_working": _text("{model} is working…", "{model} работает…"),
    "status_downloading": _text("Fetching the picture from {model}…", "Забираю результат: {model}…"),
    "status_fallback": _text("{model} did not manage; {next} takes over…", "{model} не справилась, продолжает {next}…"),
    "status_fallback_none": _text("{model} did not manage…", "{model} не справилась…"),
    "status_refused": _text(
        "The result of {model} was refused ({spent}); {next} takes over…",
        "Результат {model} отклонён ({spent}), продолжает {next}…",
    ),
    "status_refused_none": _text(
        "The result of {model} was refused ({spent})…", "Результат {model} отклонён ({spent})…"
    ),
    "status_checking": _text("Checking the cutout…", "Проверяю результат…"),
    "status_succeeded": _text("Done: your cutout is ready.", "Готово: вырезка сделана."),
    "status_draft": _text(
        "No model managed this photo; the draft is kept for you.", "Ни одна модель не справилась, сохранён черновик."
    ),
    "status_failed": _text(
        "This photo could not be cut out. Below is what was tried.",
        "Это фото вырезать не удалось. Ниже — что пробовали.",
    ),
    "status_cancelled": _text("Stopped. Nothing more will be spent.", "Остановлено. Больше ничего не тратится."),
    "status_interrupted": _text(
        "The run was interrupted before a model was done.", "Обработка прервалась раньше, чем модель закончила."
    ),
    "status_resumed": _text("Your photo is being finished…", "Заканчиваю ваше фото…"),
    "status_handed_over": _text(
        "The program is restarting. Your photo is finished after that, and nothing is paid twice.",
        "Программа перезапускается. Фото доделается после этого, дважды ничего не оплачивается.",
    ),
    "handed_over_link": _text("The cutout, in a few minutes", "Вырезка, через несколько минут"),
    "clock": _text("{seconds} s of about {typical} s", "{seconds} с из примерно {typical} с"),
    "clock_over": _text("{seconds} s, longer than the usual {typical} s", "{seconds} с, дольше обычных {typical} с"),
    "clock_fetched": _text("{done} of {whole} MB", "{done} из {whole} МБ"),
    "error_title": _text("Sorry", "Не получилось"),
    # why this model
    "why": _text("Why this model", "Почему эта модель"),
    "why_none": _text("Why there is no cutout", "Почему нет вырезки"),
    "candidates": _text("Who was considered", "Кого рассматривали"),
    "attempts": _text("What happened", "Что произошло"),
    "verdict_chosen": _text("Chosen", "Выбрана"),
    "verdict_in_reserve": _text("In reserve", "В запасе"),
    "verdict_passed_over": _text("Passed over", "Пропущена"),
    "outcome_started": _text("working", "работает"),
    "outcome_succeeded": _text("made the cutout", "сделала вырезку"),
    "outcome_refused": _text("result refused", "результат отклонён"),
    "outcome_failed": _text("failed", "сбой"),
    "outcome_timed_out": _text("took too long", "слишком долго"),
    "outcome_unsure": _text("unclear", "неясно"),
    "outcome_cancelled": _text("stopped", "остановлена"),
    # the card
    "card_auto": _text("Auto, right now", "Авто, прямо сейчас"),
    "card_pros": _text("Strengths", "Сильные стороны"),
    "card_cons": _text("Weaknesses", "Слабые стороны"),
    "card_price": _text("Price a photo", "Цена за фото"),
    "card_time": _text("Usual time", "Обычное время"),
    "card_licence": _text("Licence", "Лицензия"),
    "card_commercial_yes": _text("commercial use allowed", "можно для продаж"),
    "card_commercial_no": _text("not for commercial use", "не для продаж"),
    "card_where": _text("Where it runs", "Где работает"),
    "card_hosted": _text("hosted: {provider}", "в облаке: {provider}"),
    "card_local": _text("on this server", "на этом сервере"),
    "card_guidance": _text("Guidance", "Следование запросу"),
    "card_steps": _text("Steps", "Шаги"),
    "card_resolution": _text("Largest photo", "Максимум фото"),
    "card_prompt": _text("Prompt", "Запрос"),
    "card_output": _text("Gives", "Выдаёт"),
    "output_rgba": _text("a ready cutout", "готовую вырезку"),
    "output_mask": _text("a matte", "маску"),
    "output_on_white": _text("the product on white", "товар на белом"),
    "card_marketplaces": _text("Suits", "Подходит для"),
    "card_tags": _text("Tags", "Метки"),
    "card_dataset": _text("Training data", "Обучение"),
    "card_estimate": _text("estimate", "оценка"),
    "card_no_limit": _text("no limit", "без ограничения"),
    "megapixels": _text("{number} MP", "{number} Мп"),
    "version": _text("version {version}", "версия {version}"),
    "free": _text("free", "бесплатно"),
    "not_charged": _text("not charged", "не оплачено"),
    "about_seconds": _text("about {seconds} s", "около {seconds} с"),
    "seconds": _text("{seconds} s", "{seconds} с"),
}

I18N = gr.I18n(
    **{language.value: {key: text.in_language(language) for key, text in TEXTS.items()} for language in Language}
)


def label(key: str) -> gr.I18nData:
    """A label that the browser fills in its own language."""
    return I18N(_known(key))


def words(key: str, language: Language, **facts: str) -> str:
    return TEXTS[key].in_language(language).format(**facts)


def language_of(request: gr.Request | None) -> Language:
    """For the page: the first language the browser names, as the labels do, or sentences and labels would differ."""
    return language_in((_spoken(request) or "").partition(",")[0])


def caller_of(request: gr.Request | None) -> Language:
    """For programs: what they like best of our languages."""
    return language_in(_spoken(request))


def _spoken(request: gr.Request | None) -> str | None:
    return request.headers.get("accept-language") if request is not None else None


def _known(key: str) -> str:
    if key not in TEXTS:
        raise KeyError(key)
    return key

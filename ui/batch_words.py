"""The page's words about many photos at once, in both languages."""

from __future__ import annotations

from domain import Text


def _text(en: str, ru: str) -> Text:
    return Text(en=en, ru=ru)


BATCH_TEXTS: dict[str, Text] = {
    "tab_one": _text("One photo", "Одно фото"),
    "tab_many": _text("Many photos", "Много фото"),
    # what is handed in
    "batch_files": _text("Photos, a folder, or a ZIP", "Фото, папка или ZIP"),
    "batch_folder": _text("Choose a folder", "Выбрать папку"),
    "batch_marketplaces": _text("Files for marketplaces", "Файлы для маркетплейсов"),
    "batch_marketplaces_info": _text(
        "As many as you like; without one you get transparent PNGs", "Сколько угодно; без них — прозрачные PNG"
    ),
    "batch_looks": _text("How files for marketplaces look", "Как выглядят файлы для маркетплейсов"),
    "batch_start": _text("Start", "Начать"),
    "batch_again": _text("Try the failed ones again", "Повторить неудачные"),
    "batch_delete": _text("Delete these photos here", "Удалить эти фото отсюда"),
    "batch_deleted": _text(
        "Deleted: the photos, and everything made of them.", "Удалено: и фото, и всё, что из них сделано."
    ),
    "batch_archive": _text("Download everything as ZIP", "Скачать всё одним ZIP"),
    "batch_link": _text("Link to this batch", "Ссылка на эту пачку"),
    # what is said of the whole
    "batch_idle": _text(
        "Hand in up to 500 photos. You see what it may cost before anything starts.",
        "Загрузите до 500 фото. Вы увидите, сколько это может стоить, до начала.",
    ),
    "batch_step_files": _text(
        "Hand in photos, a folder or a ZIP. Choose marketplaces, and each photo also becomes a file by their rules.",
        "Загрузите фото, папку или ZIP. Выберите маркетплейсы — каждое фото станет ещё и файлом по их правилам.",
    ),
    "batch_step_cost": _text(
        "See which files were taken, what it costs at most, and how long it takes. Nothing has started yet.",
        "Посмотрите, что взято, сколько это стоит самое большее и сколько займёт. Пока ничего не начато.",
    ),
    "batch_step_start": _text(
        "Press Start. You may close the page: the batch's link shows it again.",
        "Нажмите «Начать». Страницу можно закрыть: ссылка на пачку покажет её снова.",
    ),
    "batch_step_zip": _text(
        "Download one ZIP: cutouts, files for marketplaces, and a report of every photo.",
        "Скачайте один ZIP: вырезки, файлы для маркетплейсов и отчёт о каждом фото.",
    ),
    "batch_reading": _text("Looking at your files…", "Смотрю ваши файлы…"),
    "batch_prepared": _text("Ready to start. Photos: {photos}.", "Можно начинать, фото: {photos}."),
    "batch_prepared_some": _text(
        "Ready to start. Photos: {photos}. Files left out: {refused}, see below why.",
        "Можно начинать, фото: {photos}. Не взято файлов: {refused}, почему — смотрите ниже.",
    ),
    "batch_nothing": _text(
        "There is no photo among these files. Below is why.", "Среди этих файлов нет фото. Ниже — почему."
    ),
    "batch_running": _text("Working on your photos…", "Обрабатываю ваши фото…"),
    "batch_running_hint": _text(
        "You may close this page: the work goes on, and the link brings you back here.",
        "Страницу можно закрыть: работа продолжится, а по ссылке вы вернётесь сюда.",
    ),
    "batch_stopped": _text(
        "Stopped: {good} of {photos} photos are cut out. Nothing more will be spent.",
        "Остановлено, вырезано фото: {good} из {photos}. Больше ничего не тратится.",
    ),
    "batch_ended": _text("Done: all photos are cut out, {photos} in all.", "Готово, вырезаны все фото: {photos}."),
    "batch_ended_some": _text(
        "Finished: {good} of {photos} photos are cut out. The others say why not.",
        "Закончено, вырезано фото: {good} из {photos}. У остальных сказано, почему нет.",
    ),
    "batch_left_out": _text("Files left out: {count}.", "Не взято файлов: {count}."),
    "batch_not_met": _text(
        "Files that do not meet a required rule: {count}; the table names it.",
        "Файлов с нарушенным обязательным правилом: {count}; оно названо в таблице.",
    ),
    "batch_over_budget": _text(
        "In the worst case this would pass the budget, of which {left} is left. Take fewer photos or another model.",
        "В худшем случае это превысит бюджет, в нём осталось {left}. Возьмите меньше фото или другую модель.",
    ),
    "batch_clock": _text("{done} of {photos} · {cost} so far", "{done} из {photos} · пока {cost}"),
    "batch_clock_left": _text(
        "{done} of {photos} · about {left} left · {cost} so far",
        "{done} из {photos} · осталось около {left} · пока {cost}",
    ),
    "nothing_spent": _text("$0.00", "0,00 $"),
    # figures
    "batch_photos": _text("Photos", "Фото"),
    "batch_worst": _text("At most", "Не больше"),
    "batch_worst_note": _text("if every model were needed for every photo", "если каждому фото понадобятся все модели"),
    "batch_time": _text("Usual time", "Обычное время"),
    "batch_plan": _text("Models, in this order", "Модели по порядку"),
    "batch_spent": _text("Cost", "Стоимость"),
    "batch_took": _text("Time", "Время"),
    "batch_good": _text("Cut out", "Вырезано"),
    "minutes": _text("{minutes} min", "{minutes} мин"),
    "hours": _text("{hours} h", "{hours} ч"),
    # the table
    "batch_column_file": _text("File", "Файл"),
    "batch_column_state": _text("State", "Состояние"),
    "batch_column_model": _text("Model", "Модель"),
    "batch_column_seconds": _text("Time", "Время"),
    "batch_column_cost": _text("Cost", "Стоимость"),
    "batch_column_exports": _text("Files", "Файлы"),
    "batch_fallbacks": _text("did not deliver before: {count}", "до неё не справились: {count}"),
    "batch_accepted": _text("{marketplace}: fits the rules.", "{marketplace}: по правилам."),
    "batch_rejected": _text("{marketplace}: a rule is not met.", "{marketplace}: нарушено правило."),
    "batch_unmade": _text("{marketplace}: no file.", "{marketplace}: файла нет."),
    "state_refused": _text("left out", "не взят"),
    "state_waiting": _text("waiting", "ждёт"),
    "state_working": _text("working", "в работе"),
    "state_succeeded": _text("done", "готово"),
    "state_draft": _text("draft only", "черновик"),
    "state_failed": _text("failed", "не вышло"),
    "state_cancelled": _text("stopped", "остановлено"),
    "state_interrupted": _text("interrupted", "прервано"),
}

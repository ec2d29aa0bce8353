"""The look: warm paper, ink, and the petrol of a cutting mat. System fonts, so nothing is fetched."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import colors, sizes

PETROL = colors.Color(
    "#eef8f7",
    "#d3eeeb",
    "#a8ddd8",
    "#74c5c0",
    "#3fa6a2",
    "#1f8784",
    "#0d6b6a",
    "#0b5757",
    "#0b4646",
    "#0a3939",
    "#052324",
    "petrol",
)
PAPER = colors.Color(
    "#faf8f4",
    "#f3efe8",
    "#e6e0d5",
    "#d2c9ba",
    "#a89e8e",
    "#786f62",
    "#5c5449",
    "#453f37",
    "#2e2a25",
    "#201d19",
    "#151310",
    "paper",
)
SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    base = gr.themes.Base(
        primary_hue=PETROL,
        secondary_hue=PETROL,
        neutral_hue=PAPER,
        radius_size=sizes.radius_lg,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        font=[gr.themes.Font(name) for name in SANS],
        font_mono=[gr.themes.Font(name) for name in MONO],
    )
    return base.set(**_surfaces(), **_buttons(), **_inputs())


def _surfaces() -> dict[str, str]:
    return {
        "body_background_fill": "*neutral_50",
        "body_background_fill_dark": "*neutral_950",
        "body_text_color": "*neutral_900",
        "body_text_color_dark": "*neutral_100",
        "body_text_color_subdued": "*neutral_600",
        "body_text_color_subdued_dark": "*neutral_400",
        "background_fill_primary": "#ffffff",
        "background_fill_primary_dark": "*neutral_900",
        "background_fill_secondary": "*neutral_100",
        "background_fill_secondary_dark": "*neutral_800",
        "block_background_fill": "#ffffff",
        "block_background_fill_dark": "*neutral_900",
        "block_border_color": "*neutral_200",
        "block_border_color_dark": "*neutral_800",
        "border_color_primary": "*neutral_200",
        "border_color_primary_dark": "*neutral_800",
        "block_shadow": "none",
        "block_label_text_color": "*neutral_700",
        "block_label_text_color_dark": "*neutral_200",
        "block_title_text_color": "*neutral_800",
        "block_title_text_color_dark": "*neutral_100",
        "block_title_text_weight": "600",
        "block_info_text_color": "*neutral_600",
        "block_info_text_color_dark": "*neutral_400",
    }


def _buttons() -> dict[str, str]:
    return {
        "button_primary_background_fill": "*primary_600",
        "button_primary_background_fill_hover": "*primary_700",
        "button_primary_background_fill_dark": "*primary_400",
        "button_primary_background_fill_hover_dark": "*primary_300",
        "button_primary_text_color": "#ffffff",
        "button_primary_text_color_dark": "*neutral_950",
        "button_secondary_background_fill": "*neutral_100",
        "button_secondary_background_fill_hover": "*neutral_200",
        "button_secondary_background_fill_dark": "*neutral_800",
        "button_secondary_background_fill_hover_dark": "*neutral_700",
        "button_secondary_text_color": "*neutral_900",
        "button_secondary_text_color_dark": "*neutral_50",
        "button_cancel_background_fill": "#fbe9e4",
        "button_cancel_background_fill_hover": "#f6d5cb",
        "button_cancel_background_fill_dark": "#4a2018",
        "button_cancel_background_fill_hover_dark": "#5e2a20",
        "button_cancel_text_color": "#8f2d12",
        "button_cancel_text_color_dark": "#ffd9cd",
        "button_large_text_weight": "650",
        "button_border_width": "1px",
        "button_secondary_border_color": "*neutral_200",
        "button_secondary_border_color_dark": "*neutral_700",
    }


def _inputs() -> dict[str, str]:
    return {
        "input_background_fill": "#ffffff",
        "input_background_fill_dark": "*neutral_950",
        "input_border_color": "*neutral_300",
        "input_border_color_dark": "*neutral_700",
        "input_border_width": "1px",
        "input_border_color_focus": "*primary_600",
        "input_border_color_focus_dark": "*primary_400",
        "input_shadow_focus": "0 0 0 3px *primary_100",
        "input_shadow_focus_dark": "0 0 0 3px *primary_900",
        "checkbox_background_color_selected": "*primary_600",
        "checkbox_background_color_selected_dark": "*primary_500",
        "checkbox_border_color": "*neutral_400",
        "checkbox_border_color_dark": "*neutral_500",
        "checkbox_label_background_fill": "*neutral_100",
        "checkbox_label_background_fill_dark": "*neutral_800",
        "checkbox_label_background_fill_selected": "*primary_50",
        "checkbox_label_background_fill_selected_dark": "*primary_950",
        "checkbox_label_border_color_selected": "*primary_500",
        "checkbox_label_border_color_selected_dark": "*primary_500",
        "error_text_color": "#8f2d12",
        "error_text_color_dark": "#ffb8a3",
    }

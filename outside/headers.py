"""What every answer tells the browser: nothing from elsewhere, nobody else's frame, no guessing of types."""

from __future__ import annotations

from collections.abc import Mapping

from outside.doors import FILE

# Gradio's page is made of inline scripts and styles, and compiles the `js=` of events. The Hub shows Spaces in a frame.
PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)
FILES = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Gradio's CORS names whoever asks; here nobody is named.
NEVER = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
)
PRIVATE = ("/runs", "/spend", FILE, "/gradio_api/call/", "/gradio_api/queue/")


def headers_for(path: str) -> dict[str, str]:
    told = {**ALWAYS, "Content-Security-Policy": FILES if path.startswith(FILE) else PAGE}
    return {**told, "Cache-Control": "private, no-store"} if path.startswith(PRIVATE) else told

() => {
  // The easel is drawn anew after every touch-up, so everything listens at the document.
  const PAINT = { keep: "rgb(18, 161, 80)", erase: "rgb(224, 36, 94)" };
  let strokes = [];
  let current = null;
  let key = null;

  const easelOf = (node) => node.closest?.("#touchup-editor .easel");
  const part = (easel, name) => easel.querySelector(name);

  const prepared = (easel) => {
    const canvas = part(easel, "canvas");
    const picture = part(easel, "img");
    if (canvas.width !== picture.naturalWidth || canvas.height !== picture.naturalHeight) {
      canvas.width = picture.naturalWidth;
      canvas.height = picture.naturalHeight;
    }
    return canvas;
  };

  const place = (event, canvas) => {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };

  const draw = (canvas) => {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.strokeStyle = PAINT[stroke.kind];
      context.lineWidth = stroke.size;
      context.beginPath();
      stroke.points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      if (stroke.points.length === 1) context.lineTo(stroke.points[0][0] + 0.01, stroke.points[0][1]);
      context.stroke();
    }
    part(easelOf(canvas), ".easel-back").disabled = strokes.length === 0;
  };

  const choose = (easel, kind) => {
    easel.dataset.brush = kind;
    easel.querySelectorAll(".brush").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.kind === kind)));
  };

  // A new easel takes over the brush of the one before, and none of its strokes. Gradio mends the page in place: the
  // key tells a new easel, not the element.
  let brush = null;
  const meet = () => {
    const easel = document.querySelector("#touchup-editor .easel");
    if (!easel || easel.dataset.key === key) return;
    key = easel.dataset.key;
    strokes = [];
    current = null;
    part(easel, "img").decode().catch(() => {}).then(() => draw(prepared(easel)));
    if (!brush) return;
    choose(easel, brush.kind);
    part(easel, "input").value = brush.size;
  };
  new MutationObserver(meet).observe(document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"],
  });

  document.addEventListener("input", (event) => {
    const easel = easelOf(event.target);
    if (easel) brush = { kind: easel.dataset.brush, size: event.target.value };
  });

  const brushSize = (easel) => Number(part(easel, "input").value);

  const ring = (event, easel) => {
    const mark = part(easel, ".easel-ring");
    const stage = part(easel, ".easel-stage").getBoundingClientRect();
    const size = brushSize(easel);
    mark.style.cssText =
      `display: block; width: ${size}px; height: ${size}px; ` +
      `transform: translate(${event.clientX - stage.left - size / 2}px, ${event.clientY - stage.top - size / 2}px)`;
  };

  const finish = () => { current = null; };

  document.addEventListener("pointerdown", (event) => {
    if (event.target.tagName !== "CANVAS" || !event.isPrimary || event.button !== 0) return;
    const easel = easelOf(event.target);
    if (!easel) return;
    const canvas = prepared(easel);
    const scale = canvas.width / canvas.getBoundingClientRect().width;
    current = { kind: easel.dataset.brush, size: brushSize(easel) * scale, points: [place(event, canvas)] };
    strokes.push(current);
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    draw(canvas);
  });

  document.addEventListener("pointermove", (event) => {
    if (event.target.tagName !== "CANVAS") return;
    const easel = easelOf(event.target);
    if (!easel) return;
    ring(event, easel);
    if (!current || !event.isPrimary) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    (moves.length ? moves : [event]).forEach((one) => current.points.push(place(one, event.target)));
    draw(event.target);
  });

  document.addEventListener("pointerup", finish);
  // Two fingers zoom the page: the stroke that the first of them began was not meant.
  document.addEventListener("pointercancel", () => {
    if (!current) return;
    strokes = strokes.filter((one) => one !== current);
    finish();
    draw(document.querySelector("#touchup-editor canvas"));
  });

  document.addEventListener("pointerout", (event) => {
    const easel = event.target.tagName === "CANVAS" && easelOf(event.target);
    if (easel) part(easel, ".easel-ring").style.display = "none";
  });

  document.addEventListener("click", (event) => {
    const easel = easelOf(event.target);
    const button = easel && event.target.closest("button");
    if (!button) return;
    if (button.dataset.kind) {
      choose(easel, button.dataset.kind);
      brush = { kind: easel.dataset.brush, size: part(easel, "input").value };
    } else {
      strokes.pop();
      draw(prepared(easel));
    }
  });

  window.cutoutStrokes = () => {
    const canvas = document.querySelector("#touchup-editor canvas");
    return canvas && strokes.length ? canvas.toDataURL("image/png") : "";
  };
}

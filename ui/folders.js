() => {
  // A folder dropped on the zone becomes its files: Gradio reads only files that are dropped one by one.
  const most = 2000;
  const read = (reader) => new Promise((done, failed) => reader.readEntries(done, failed));
  const file = (entry) => new Promise((done, failed) => entry.file(done, failed));
  const walk = async (entry, found) => {
    if (found.length >= most) return;
    if (entry.isFile) { found.push(await file(entry)); return; }
    const reader = entry.createReader();
    for (let some = await read(reader); some.length; some = await read(reader)) {
      for (const one of some) await walk(one, found);
    }
  };
  document.addEventListener('drop', async (event) => {
    const zone = event.target.closest?.('#batch-files');
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!zone || !entries.some((entry) => entry.isDirectory)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const found = [];
    for (const entry of entries) await walk(entry, found);
    const input = zone.querySelector('input[type=file]');
    if (!input || !found.length) return;
    const files = new DataTransfer();
    found.forEach((one) => files.items.add(one));
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }, true);
}

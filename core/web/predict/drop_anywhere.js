// Photos that are dropped anywhere on the page, or pasted, are given to the page's file box, also those that came before
// there was a page (early_drop.js) or a box. Renders nothing.
const OVER = 'graft-dropping';

export default function ({ data }) {
  const input = () => document.querySelector(`${data.box} input[type="file"]`);
  const carries = (transfer) => [...(transfer?.types ?? [])].includes('Files');
  const inside = (event) => event.target.closest?.(data.box);
  const mark = (on) => document.documentElement.classList.toggle(OVER, on);

  // Streamlit's box listens for the change of its input, as after a choice in the browser's own dialog.
  let waiting = [];
  const deliver = () => {
    const box = input();
    if (!box || box.disabled || !waiting.length) return;
    const chosen = new DataTransfer();
    for (const file of waiting) chosen.items.add(file);
    waiting = [];
    box.files = chosen.files;
    box.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const give = (files) => {
    waiting.push(...files);
    deliver();
  };

  const over = (event) => {
    if (!carries(event.dataTransfer)) return;
    mark(true);
    if (!inside(event)) event.preventDefault(); // else the browser would open the file
  };
  const leave = (event) => { if (!event.relatedTarget) mark(false); };
  const drop = (event) => {
    mark(false);
    if (!carries(event.dataTransfer) || inside(event)) return;
    event.preventDefault();
    give(event.dataTransfer.files);
  };
  const paste = (event) => give(event.clipboardData?.files ?? []);

  const listeners = { dragover: over, dragleave: leave, drop, paste };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  const boxes = new MutationObserver(() => { if (waiting.length) deliver(); });
  boxes.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
  give(window.graftEarlyDrop?.() ?? []);
  return () => {
    mark(false);
    boxes.disconnect();
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
  };
}

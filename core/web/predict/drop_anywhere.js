// Photos that are dropped anywhere on the page, or pasted, are given to the page's file box. Renders nothing.
const OVER = 'graft-dropping';

export default function ({ data }) {
  const input = () => document.querySelector(`${data.box} input[type="file"]`);
  const carries = (transfer) => [...(transfer?.types ?? [])].includes('Files');
  const inside = (event) => event.target.closest?.(data.box);
  const mark = (on) => document.documentElement.classList.toggle(OVER, on);

  // Streamlit's box listens for the change of its input, as after a choice in the browser's own dialog.
  const give = (files) => {
    const box = input();
    if (!box || !files.length) return;
    const chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    box.files = chosen.files;
    box.dispatchEvent(new Event('change', { bubbles: true }));
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
  return () => {
    mark(false);
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
  };
}

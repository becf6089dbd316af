// Photos that are dropped anywhere on the page Predict, or pasted, are given to its file box. The listeners are there before
// the page is drawn and stay while Streamlit draws it anew; without them the browser would open a dropped photo instead.
(() => {
  if (window.graftDrop) return;
  const BOX = '.st-key-predict-files';
  const OVER = 'graft-dropping';
  const here = () => location.pathname.endsWith('/predict'); // Streamlit changes pages without loading a document
  const carries = (transfer) => [...(transfer?.types ?? [])].includes('Files');
  const mark = (on) => document.documentElement.classList.toggle(OVER, on);
  const usable = () => {
    const input = document.querySelector(`${BOX} input[type="file"]`);
    return input && !input.disabled ? input : null; // disabled while the server is away
  };

  // Streamlit's box listens for the change of its input, as after a choice in the browser's own dialog.
  let waiting = [];
  const deliver = () => {
    const input = usable();
    if (!input || !waiting.length || !here()) return;
    const chosen = new DataTransfer();
    for (const file of waiting) chosen.items.add(file);
    waiting = [];
    boxes.disconnect();
    input.files = chosen.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const boxes = new MutationObserver(deliver);
  const give = (files) => {
    waiting.push(...files);
    boxes.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
    deliver();
  };

  const its = (event) => event.target.closest?.(BOX) && usable(); // the box takes these itself
  const over = (event) => {
    if (!here() || !carries(event.dataTransfer)) return;
    mark(true);
    if (!its(event)) event.preventDefault(); // else the browser would open the file
  };
  const leave = (event) => { if (!event.relatedTarget) mark(false); };
  const drop = (event) => {
    mark(false);
    if (!here() || !carries(event.dataTransfer) || its(event)) return;
    event.preventDefault();
    give(event.dataTransfer.files);
  };
  const paste = (event) => { if (here()) give(event.clipboardData?.files ?? []); };
  for (const [name, listener] of Object.entries({ dragover: over, dragleave: leave, drop, paste })) {
    document.addEventListener(name, listener);
  }
  window.graftDrop = true;
})();

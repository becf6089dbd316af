// Photos that are dropped or pasted before the page Predict is drawn. They are kept here until drop_anywhere.js, which
// comes with the page, takes them; without this script the browser would open a dropped photo instead of the page.
(() => {
  const kept = [];
  const here = () => location.pathname.endsWith('/predict'); // another page may have been opened meanwhile
  const inside = (event) => event.target.closest?.('.st-key-predict-files'); // Streamlit's box takes these itself
  const carries = (transfer) => [...(transfer?.types ?? [])].includes('Files');

  const over = (event) => {
    if (here() && carries(event.dataTransfer) && !inside(event)) event.preventDefault();
  };
  const drop = (event) => {
    if (!here() || !carries(event.dataTransfer) || inside(event)) return;
    event.preventDefault();
    kept.push(...event.dataTransfer.files);
  };
  const paste = (event) => { if (here()) kept.push(...(event.clipboardData?.files ?? [])); };

  const listeners = { dragover: over, drop, paste };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  window.graftEarlyDrop = () => {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
    return kept.splice(0);
  };
})();

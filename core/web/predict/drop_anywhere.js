// Loads the script that takes dropped photos (assets/early_drop.js) where the document came without it, because another
// page was opened first. Its listeners stay, and act on this page alone.
export default function () {
  if (!window.graftDrop) {
    const script = document.createElement('script');
    script.src = './assets/early_drop.js';
    document.head.append(script);
  }
  return () => document.documentElement.classList.remove('graft-dropping');
}

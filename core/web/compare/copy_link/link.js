// The address of the page into the clipboard. Without https browsers lock the clipboard: then the old way, then by hand.
async function copied(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not allowed here: the old way may be
    }
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

export default function ({ parentElement }) {
  const [button, field, said] = ['button', 'input', '.said'].map((name) => parentElement.querySelector(name));
  if (field.value !== window.location.href) { // another comparison by now
    field.hidden = true;
    said.textContent = '';
  }
  button.onclick = async () => {
    const link = window.location.href;
    field.value = link;
    field.hidden = false;
    const done = await copied(link);
    said.textContent = done ? 'Copied.' : 'Press Ctrl+C to copy it.';
    if (!done) { field.focus(); field.select(); }
  };
  field.onfocus = () => field.select();
}

// One file in slices, by TUS 1.0: PATCH at the offset the server has; whatever fails, ask with HEAD where to go on.
const PATIENCE = 12; // failures in a row, with the waits between them more than a minute
const LONGEST_WAIT = 8000;
const ASK_AGAIN = 5000;
const SMALLEST = 64 * 1024; // bytes of a slice, where a proxy takes no larger ones
const GROW_AFTER = 4; // slices that arrived, before a larger one is tried

// Files on their way, by box. They outlive their box: Streamlit mounts it anew when what is around it changes, or
// while another page is open.
const going = new Map();
// Addresses of what this page has begun, by box and file: the page's own list of unfinished uploads is older.
const begun = new Map();
// What the way to the server allows, for all boxes: bytes of a slice, the smallest that was refused, and whether PATCH
// must be sent as POST.
const way = { slice: Infinity, refused: Infinity, override: false };

const words = (bytes) => (bytes < 1e5 ? `${Math.round(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);
const encoded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const problem = (message, what = {}) => Object.assign(new Error(message), what);

// What is answered in place of the uploads of Graft, and whether waiting may help.
const refusedOnTheWay = async (answer, bytes) => {
  const { status } = answer;
  const plain = (answer.headers.get('Content-Type') || '').startsWith('text/plain') ? (await answer.text().catch(() => '')).slice(0, 300) : '';
  if (status === 413) return problem(`A proxy between this browser and Graft refuses requests of ${words(bytes)} (413).`, { tooLarge: true });
  if (status === 0) return problem('A proxy in front of Graft redirects the upload, perhaps because its login has expired. Sign in again in another tab, then go on.', { stop: true });
  if (status === 401) return problem('You are not signed in any more. Sign in again in another tab, then go on.', { stop: true });
  if (status === 405 || status === 501) return problem(`A proxy in front of Graft refuses uploads (${status}). Allow POST, PATCH, HEAD and DELETE requests to api/v1/uploads there, then go on.`, { stop: true, method: true });
  if (plain && status >= 400) return problem(plain, { stop: status < 500 });
  if (status >= 500 || status === 408) return problem(`A proxy between this browser and Graft answered ${status}: it does not reach Graft, or waited too long.`, { smaller: true });
  if (status < 400) return problem('A proxy answered with a page of its own, perhaps because its login has expired. Sign in again in another tab, then go on.', { stop: true });
  return problem(`A proxy in front of Graft refuses uploads (${status}). Allow requests to api/v1/uploads there, then go on.`, { stop: true });
};

// What Graft itself refuses.
const refused = async (answer) => {
  const told = await answer.json().catch(() => null);
  const { status } = answer;
  const passing = status >= 500 || [404, 408, 409, 423, 460].includes(status);
  return problem((told && told.detail) || `The server responded with ${status}.`, { final: !passing, gone: status === 404 });
};

// Ours lies where Streamlit's own files come from, whatever path a proxy has put before both.
const script = document.querySelector('script[type="module"][src]');
const base = script ? new URL('../../', script.src) : `${location.origin}/`;

export default function ({ parentElement, data, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const [box, choose, input, sending, error, list] = ['.box', '.choose', 'input', '.sending', '.error', '.unfinished'].map(find);
  const [name, numbers, again, remove, stop, bar, note] = ['.name', '.numbers', '.again', '.remove', '.stop', 'progress', '.note'].map(find);
  const collection = new URL(data.address, base);
  const addressOf = (id) => new URL(`${collection.pathname}/${id}`, base).href;

  const ask = async (method, address, { headers = {}, body, signal, bytes = 0 } = {}) => {
    let answer;
    try {
      answer = await fetch(address, {
        method, body, signal, headers: { 'Tus-Resumable': '1.0.0', ...headers },
        credentials: 'same-origin', redirect: 'manual', cache: 'no-store',
      });
    } catch (cause) { // a proxy that refuses large requests may close the connection without an answer
      throw problem('The connection broke.', { smaller: true, cause });
    }
    if (answer.headers.get('Tus-Resumable') === null) throw await refusedOnTheWay(answer, bytes);
    return answer;
  };

  // What had come of other files, to be continued when the same file is chosen again.
  const showUnfinished = () => {
    list.replaceChildren(...data.unfinished.map((one) => {
      const [line, text, button] = ['li', 'span', 'button'].map((tag) => document.createElement(tag));
      text.textContent = `${one.name}: ${Math.floor((100 * one.received) / one.size)} % of ${words(one.size)} has arrived. Choose the same file to go on.`;
      button.textContent = 'Remove';
      button.type = 'button';
      button.onclick = async () => {
        try { await ask('DELETE', addressOf(one.id)); line.remove(); } catch (failure) { error.textContent = failure.message; error.hidden = false; }
      };
      line.append(text, button);
      return line;
    }));
    list.hidden = choose.hidden || !data.unfinished.length;
  };

  if (box.dataset.box === data.box) { showUnfinished(); return; } // a rerun of the page; what is being sent goes on
  box.dataset.box = data.box;
  find('.label').textContent = data.label;
  // Browsers know the last suffix only: they would offer no file for ".tar.gz".
  input.accept = data.suffixes.map((suffix) => suffix.slice(suffix.lastIndexOf('.'))).join(',');
  way.slice = Math.min(way.slice, data.slice);
  let file = null;
  let received = 0;
  let address = null;
  let controller = null;

  const say = (sentence) => { error.textContent = sentence; error.hidden = !sentence; };
  const tell = (sentence) => { note.textContent = sentence; note.hidden = !sentence; };
  const identity = () => [data.box, file.name, file.size, file.lastModified].join('|');

  const show = (started) => {
    bar.value = file ? received / file.size : 0;
    const seconds = (Date.now() - started.at) / 1000;
    const speed = (received - started.from) / Math.max(seconds, 0.1);
    const left = speed > 0 ? Math.round((file.size - received) / speed) : null;
    const rest = left === null || seconds < 1 ? '' : left < 90 ? `, ${left} s left` : `, ${Math.round(left / 60)} min left`;
    numbers.textContent = `${words(received)} of ${words(file.size)}${rest}`;
  };

  const create = async (signal) => {
    const told = { filename: file.name, box: data.box, lastModified: String(file.lastModified) };
    const metadata = Object.entries(told).map(([key, text]) => `${key} ${encoded(new TextEncoder().encode(text))}`).join(',');
    const answer = await ask('POST', collection.href, { signal, headers: { 'Upload-Length': String(file.size), 'Upload-Metadata': metadata } });
    if (answer.status !== 201) throw await refused(answer);
    address = new URL(answer.headers.get('Location'), collection).href;
    begun.set(identity(), address);
    received = 0;
  };

  // Where to go on, from the server; the upload is begun where there is none.
  const locate = async (signal) => {
    if (address) {
      const answer = await ask('HEAD', address, { signal });
      if (answer.ok) { received = Number(answer.headers.get('Upload-Offset')); return; }
      if (answer.status !== 404) throw await refused(answer);
      begun.delete(identity());
    }
    await create(signal);
  };

  const sendSlice = async (end, signal) => {
    let body = file.slice(received, end);
    const headers = { 'Upload-Offset': String(received), 'Content-Type': 'application/offset+octet-stream' };
    if (globalThis.crypto && crypto.subtle) { // on https and this machine only
      try { body = await body.arrayBuffer(); } catch { throw problem('The file cannot be read any more; it was changed or removed. Choose it again.', { final: true }); }
      headers['Upload-Checksum'] = `sha256 ${encoded(await crypto.subtle.digest('SHA-256', body))}`;
    }
    if (way.override) headers['X-HTTP-Method-Override'] = 'PATCH';
    const answer = await ask(way.override ? 'POST' : 'PATCH', address, { body, signal, headers, bytes: end - received });
    if (answer.status !== 204) throw await refused(answer);
    received = Number(answer.headers.get('Upload-Offset'));
  };

  // Smaller slices where a proxy refuses large ones or the connection breaks; returns whether that may help.
  const reduce = (failure, size, failures, grown) => {
    if (failure.tooLarge || (failure.smaller && grown)) way.refused = Math.min(way.refused, size);
    if (!(failure.tooLarge || (failure.smaller && (failures > 0 || grown))) || size <= SMALLEST) return false;
    way.slice = Math.max(SMALLEST, Math.floor(size / 2));
    return true;
  };

  const advice = (failure) => `${failure.tooLarge
    ? 'Raise its limit for the body of a request (nginx: client_max_body_size 16m), then go on.'
    : 'Go on when Graft can be reached again.'} Nothing that arrived is lost.`;

  const send = async (fresh) => {
    controller = new AbortController();
    const { signal } = controller;
    going.set(data.box, { file, controller, address });
    again.hidden = remove.hidden = true;
    stop.hidden = false;
    say('');
    let started = null;
    let [failures, good, grown, size] = [0, 0, false, 0];
    let asking = true;
    while (box.isConnected) {
      const before = received;
      try {
        size = 0;
        if (asking) {
          await locate(signal);
          asking = false;
          going.set(data.box, { file, controller, address });
          if (fresh) tell(received ? `Resumed at ${Math.floor((100 * received) / file.size)} %.` : '');
          fresh = false;
          started = started || { at: Date.now(), from: received };
          show(started);
        }
        if (received >= file.size) break;
        size = Math.min(way.slice, file.size - received);
        await sendSlice(received + size, signal);
        failures = received > before ? 0 : failures + 1;
        grown = false;
        good += 1;
        if (good >= GROW_AFTER && way.slice * 2 <= data.slice && way.slice * 2 < way.refused) {
          way.slice *= 2;
          [good, grown] = [0, true];
        }
      } catch (failure) {
        if (signal.aborted) { say('Stopped. What has arrived is kept for a day.'); break; }
        asking = true;
        good = 0;
        if (failure.gone) { address = null; received = 0; }
        if (failure.method && size && !way.override) { way.override = true; continue; }
        if (failure.final) { reset(failure.message); return; }
        if (failure.stop) { say(`${failure.message} Nothing that arrived is lost.`); break; }
        const reduced = size > 0 && reduce(failure, size, failures, grown);
        grown = false;
        if (failure.tooLarge && !reduced) { say(`${failure.message} ${advice(failure)}`); break; } // the smallest size was refused
        if (!failure.tooLarge) failures += 1;
        say(`${failure.message} ${reduced ? `Trying again with ${words(way.slice)} at a time …` : 'Trying again …'}`);
        if (failures >= PATIENCE) { say(`${failure.message} ${advice(failure)}`); break; }
      }
      if (failures >= PATIENCE) { say(`The upload makes no progress. ${advice({})}`); break; }
      if (failures) await new Promise((wake) => setTimeout(wake, Math.min(LONGEST_WAIT, 500 * 2 ** failures)));
      else if (!asking) say('');
      if (started) show(started);
    }
    if (!asking && received === file.size) { stop.hidden = true; await finish(); return; }
    again.hidden = remove.hidden = false;
    stop.hidden = true;
  };

  // The page removes the box once it is notified. Streamlit drops messages while its connection is down: repeat.
  const finish = async () => {
    going.delete(data.box);
    begun.delete(identity());
    const id = address.slice(address.lastIndexOf('/') + 1);
    for (let wait = ASK_AGAIN; box.isConnected; wait *= 2) {
      setTriggerValue('done', id);
      await new Promise((wake) => setTimeout(wake, wait));
    }
  };

  const reset = (sentence) => {
    going.delete(data.box);
    [file, address, received] = [null, null, 0];
    input.value = '';
    choose.hidden = false;
    sending.hidden = true;
    showUnfinished();
    tell('');
    say(sentence);
  };

  const begin = (chosen) => {
    if (!chosen) return;
    if (!data.suffixes.some((suffix) => chosen.name.toLowerCase().endsWith(suffix))) {
      say(`Choose a file that ends in ${data.suffixes.join(', ')}. Received: ${chosen.name}`);
      return;
    }
    file = chosen;
    const known = data.unfinished.find((one) => one.name === file.name && one.size === file.size && one.modified === String(file.lastModified));
    address = begun.get(identity()) || (known ? addressOf(known.id) : null);
    name.textContent = chosen.name;
    choose.hidden = list.hidden = true;
    sending.hidden = false;
    send(true);
  };

  input.onchange = () => begin(input.files[0]);
  again.onclick = () => { Object.assign(way, { slice: data.slice, refused: Infinity }); send(false); };
  stop.onclick = () => { going.delete(data.box); input.value = ''; if (controller) controller.abort(); };
  remove.onclick = async () => {
    try { if (address) await ask('DELETE', address); begun.delete(identity()); reset(''); } catch (failure) { say(failure.message); }
  };
  box.ondragover = (event) => { event.preventDefault(); box.classList.add('over'); };
  box.ondragleave = () => box.classList.remove('over');
  box.ondrop = (event) => { event.preventDefault(); box.classList.remove('over'); if (!file) begin(event.dataTransfer.files[0]); };

  const before = going.get(data.box);
  if (before) before.controller.abort(); // its box was removed; this one gets the offset from the server
  choose.hidden = false;
  sending.hidden = true;
  showUnfinished();
  begin(before ? before.file : input.files[0]); // or what was chosen before this script had come
}

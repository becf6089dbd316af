// One file in slices: PUT at the offset the server has; whatever fails, ask again where to go on.
const PATIENCE = 6;
const ASK_AGAIN = 5000;
const SMALLEST = 64 * 1024; // bytes of a slice, where a proxy takes no larger ones

// Files on their way, by ticket. They outlive their box: Streamlit mounts it anew when what is around it changes, or
// while another page is open.
const going = new Map();

// What a proxy answers in place of Graft, and whether waiting may help.
const proxySays = (status, bytes) => {
  if (status === 413) return { message: `A proxy between this browser and Graft refuses requests of ${bytes} (413).`, tooLarge: true };
  if (status === 0) return { message: 'A proxy in front of Graft redirects the upload, perhaps because its login has expired. Sign in again in another tab, then go on.', stop: true };
  if (status >= 500 || status === 408) return { message: `A proxy between this browser and Graft answered ${status}: it does not reach Graft, or waited too long.`, smaller: true };
  if (status < 400) return { message: 'A proxy answered with a page of its own, perhaps because its login has expired. Sign in again in another tab, then go on.', stop: true };
  return { message: `A proxy in front of Graft refuses uploads (${status}). Allow PUT requests to api/v1/uploads there, then go on.`, stop: true };
};

// Ours lies where Streamlit's own files come from, whatever path a proxy has put before both.
const script = document.querySelector('script[type="module"][src]');
const base = script ? new URL('../../', script.src) : `${location.origin}/`;

export default function ({ parentElement, data, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const [box, choose, input, sending, error] = ['.box', '.choose', 'input', '.sending', '.error'].map(find);
  const [name, numbers, again, stop, bar] = ['.name', '.numbers', '.again', '.stop', 'progress'].map(find);
  const mine = box.dataset.ticket;
  if (mine === data.ticket || going.has(mine)) return; // a rerun of the page; what is being sent goes on
  box.dataset.ticket = data.ticket;
  find('.label').textContent = data.label;
  // Browsers know the last suffix only: they would offer no file for ".tar.gz".
  input.accept = data.suffixes.map((suffix) => suffix.slice(suffix.lastIndexOf('.'))).join(',');
  let file = null;
  let received = 0;
  let slice = data.slice;
  let controller = null;

  const say = (sentence) => { error.textContent = sentence; error.hidden = !sentence; };
  const words = (bytes) => (bytes < 1e5 ? `${Math.round(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);

  const show = (started) => {
    bar.value = file ? received / file.size : 0;
    const seconds = (Date.now() - started.at) / 1000;
    const speed = (received - started.from) / Math.max(seconds, 0.1);
    const left = speed > 0 ? Math.round((file.size - received) / speed) : null;
    const rest = left === null || seconds < 1 ? '' : left < 90 ? `, ${left} s left` : `, ${Math.round(left / 60)} min left`;
    numbers.textContent = `${words(received)} of ${words(file.size)}${rest}`;
  };

  const put = async () => {
    const end = Math.min(received + slice, file.size);
    const query = new URLSearchParams({ offset: received, size: file.size, name: file.name });
    let answer;
    try {
      answer = await fetch(`${new URL(data.address, base)}?${query}`, {
        method: 'PUT', body: file.slice(received, end), signal: controller.signal, credentials: 'same-origin', redirect: 'manual',
      });
    } catch (problem) { // a proxy that refuses large requests may close the connection without an answer
      throw Object.assign(new Error('The connection broke.'), { smaller: true, cause: problem });
    }
    const told = await answer.json().catch(() => null);
    if (told === null || typeof told.received !== 'number') {
      const { message, ...what } = proxySays(answer.status, words(end - received));
      throw Object.assign(new Error(message), what);
    }
    if (answer.ok || answer.status === 409) { received = told.received; return; }
    throw Object.assign(new Error(told.error || `The server responded with ${answer.status}.`), { final: answer.status < 500 });
  };

  const advice = (problem) => `${problem.tooLarge
    ? 'Raise its limit for the body of a request (nginx: client_max_body_size 16m), then go on.'
    : 'Go on when Graft can be reached again.'} Nothing that arrived is lost.`;

  const send = async () => {
    controller = new AbortController();
    going.set(data.ticket, { file, controller });
    again.hidden = true;
    stop.hidden = false;
    say('');
    const started = { at: Date.now(), from: received };
    let failures = 0;
    slice = data.slice;
    show(started);
    while (received < file.size && box.isConnected) {
      const before = received;
      try {
        await put();
        failures = received > before ? 0 : failures + 1;
      } catch (problem) {
        if (controller.signal.aborted) { say('Stopped. What has arrived is kept for a day.'); break; }
        if (problem.final) { reset(problem.message); setTriggerValue('done', ''); return; } // the page may have a new ticket
        if (problem.stop) { say(`${problem.message} Nothing that arrived is lost.`); break; }
        const reduced = slice > SMALLEST && (problem.tooLarge || (problem.smaller && failures > 0));
        if (reduced) slice = Math.max(SMALLEST, Math.floor(slice / 4));
        if (problem.tooLarge && !reduced) failures = PATIENCE; // the smallest size was refused
        else if (!problem.tooLarge) failures += 1;
        say(`${problem.message} ${reduced ? `Trying again with ${words(slice)} at a time …` : 'Trying again …'}`);
        if (failures >= PATIENCE) { say(`${problem.message} ${advice(problem)}`); break; }
      }
      if (failures >= PATIENCE) { say(`The upload makes no progress. ${advice({})}`); break; }
      if (failures) await new Promise((wake) => setTimeout(wake, 500 * 2 ** failures));
      else say('');
      show(started);
    }
    if (received === file.size) { stop.hidden = true; await finish(); return; }
    again.hidden = false;
    stop.hidden = true;
  };

  // The page removes the box once it is notified. Streamlit drops messages while its connection is down: repeat.
  const finish = async () => {
    for (let wait = ASK_AGAIN; box.isConnected; wait *= 2) {
      setTriggerValue('done', data.ticket);
      await new Promise((wake) => setTimeout(wake, wait));
    }
    going.delete(data.ticket);
  };

  const reset = (sentence) => { going.delete(data.ticket); file = null; received = 0; input.value = ''; choose.hidden = false; sending.hidden = true; say(sentence); };

  const begin = (chosen) => {
    if (!chosen) return;
    if (!data.suffixes.some((suffix) => chosen.name.toLowerCase().endsWith(suffix))) {
      say(`Choose a file that ends in ${data.suffixes.join(', ')}. Received: ${chosen.name}`);
      return;
    }
    file = chosen;
    name.textContent = chosen.name;
    choose.hidden = true;
    sending.hidden = false;
    send();
  };

  input.onchange = () => begin(input.files[0]);
  again.onclick = send;
  stop.onclick = () => { going.delete(data.ticket); input.value = ''; if (controller) controller.abort(); };
  box.ondragover = (event) => { event.preventDefault(); box.classList.add('over'); };
  box.ondragleave = () => box.classList.remove('over');
  box.ondrop = (event) => { event.preventDefault(); box.classList.remove('over'); if (!file) begin(event.dataTransfer.files[0]); };

  const before = going.get(data.ticket);
  if (before) before.controller.abort(); // its box was removed; this one gets the offset from the server
  choose.hidden = false;
  sending.hidden = true;
  begin(before ? before.file : input.files[0]); // or what was chosen before this script had come
}

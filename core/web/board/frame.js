// Shows TensorBoard in a frame and keeps it in step with the page around it: dashboard and light or dark.
// Until it has drawn itself the page says that it is loading; the frame would be white, also on a dark page.
const SETTINGS = '_tb_global_settings';
const POLL_MS = 700;
const READY_MS = 100;
const PATIENCE_MS = 30000; // then the frame is shown whatever is in it, such as an error of a proxy
// TensorBoard needs that many pixels; where there are fewer it is drawn smaller. Charts stand below the list of runs
// there (tensorboard.py), so they need less.
const NARROWEST = 640;
const NARROWEST_CHARTS = 420;

// TensorBoard reloads only if its own setting is on, and has no URL parameter for that setting. On the same origin
// the page may write it, once: what people change later stays.
function presetOnce() {
  let settings = {};
  try { settings = JSON.parse(localStorage.getItem(SETTINGS)) || {}; } catch { /* not written by TensorBoard */ }
  if (settings.autoReload !== undefined) return;
  const wanted = { autoReload: true, timeSeriesSettingsPaneOpened: false, sideBarWidthInPercent: 28 };
  localStorage.setItem(SETTINGS, JSON.stringify({ ...wanted, ...settings }));
}

// Ours lies where Streamlit's own files come from, whatever path a proxy has put before both.
function absolute(path) {
  const script = document.querySelector('script[type="module"][src]');
  return new URL(path, script ? new URL('../../', script.src) : `${location.origin}/`);
}

function shownDashboard(frame) {
  try { return frame.contentWindow.location.hash.slice(1).split('&')[0]; } catch { return ''; } // an error page
}

// TensorBoard's own elements are there, in the colours of the page unless its menu says otherwise.
function isDrawn(frame) {
  try {
    const page = frame.contentDocument;
    return Boolean(page.querySelector('tb-webapp header, tb-webapp app-header')) && page.readyState === 'complete';
  } catch { return true; } // another origin: an error page
}

function showWhenDrawn(frame) {
  const note = frame.parentElement.querySelector('p');
  const began = Date.now();
  clearInterval(Number(frame.dataset.waiting));
  frame.style.visibility = 'hidden';
  note.hidden = false;
  const waiting = setInterval(() => {
    if (!isDrawn(frame) && Date.now() - began < PATIENCE_MS) return;
    clearInterval(waiting);
    note.hidden = true;
    frame.style.visibility = 'visible';
  }, READY_MS);
  frame.dataset.waiting = waiting;
}

// A frame whose new address differs in its fragment only would not load, hence about:blank between.
function load(frame, address) {
  frame.src = 'about:blank';
  showWhenDrawn(frame);
  setTimeout(() => { frame.src = address.href; }, 0);
}

// The page may be switched between light and dark without its script being run again, so its colours are looked at.
function pageIsDark(element) {
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = getComputedStyle(element).getPropertyValue('--st-background-color').trim() || '#ffffff';
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

// darkMode is TensorBoard's default; what people choose in its own menu goes before it.
function wantedAddress(data, dashboard, dark) {
  const address = absolute(data.path);
  address.searchParams.set('darkMode', dark);
  address.hash = dashboard;
  return address;
}

function fit(frame, height) {
  const box = frame.parentElement;
  const narrowest = shownDashboard(frame) === 'timeseries' ? NARROWEST_CHARTS : NARROWEST;
  const scale = Math.min(1, (box.clientWidth || narrowest) / narrowest);
  box.style.height = height;
  frame.style.width = `${100 / scale}%`;
  frame.style.height = `${100 / scale}%`;
  frame.style.transform = scale < 1 ? `scale(${scale})` : 'none';
}

export default function ({ parentElement, data, setStateValue }) {
  const frame = parentElement.querySelector('iframe');
  const before = JSON.parse(frame.dataset.shown || 'null');
  const moved = !before || before.dashboard !== data.dashboard;
  const loadAgain = (dashboard) => {
    frame.dataset.dark = pageIsDark(frame);
    load(frame, wantedAddress(data, dashboard, frame.dataset.dark));
  };
  fit(frame, data.height);
  frame.dataset.shown = JSON.stringify(data);
  if (!before) presetOnce();
  if (!before || before.path !== data.path || before.version !== data.version) {
    loadAgain(moved ? data.dashboard : shownDashboard(frame) || data.dashboard);
  } else if (moved && shownDashboard(frame) !== data.dashboard) {
    frame.contentWindow.location.hash = data.dashboard;
  }
  // The dashboard can be changed inside TensorBoard as well, which only its URL shows.
  let told = data.dashboard;
  clearInterval(Number(frame.dataset.watch)); // of the last run of the page
  const watch = setInterval(() => {
    fit(frame, data.height);
    const shown = shownDashboard(frame);
    if (shown && shown !== told && data.dashboards.includes(shown)) {
      told = shown;
      setStateValue('dashboard', shown);
    }
    if (frame.dataset.dark !== String(pageIsDark(frame))) loadAgain(shown || data.dashboard);
  }, POLL_MS);
  frame.dataset.watch = watch;
  return () => { clearInterval(watch); clearInterval(Number(frame.dataset.waiting)); };
}

// Shows TensorBoard in a frame and keeps it in step with the page around it: dashboard and light or dark.
const SETTINGS = '_tb_global_settings';
const POLL_MS = 700;

// TensorBoard asks for news only where its own setting says so, and has no address for that setting. On the same origin
// the page may write it, once: what people change later stays.
function presetOnce() {
  let settings = {};
  try { settings = JSON.parse(localStorage.getItem(SETTINGS)) || {}; } catch { /* somebody else's value */ }
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

// A frame whose new address differs in its fragment only would not load, hence about:blank between.
function load(frame, address) {
  frame.src = 'about:blank';
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
  address.searchParams.set('darkMode', String(dark));
  address.hash = dashboard;
  return address;
}

export default function ({ parentElement, data, setStateValue }) {
  const frame = parentElement.querySelector('iframe');
  const before = JSON.parse(frame.dataset.shown || 'null');
  const moved = !before || before.dashboard !== data.dashboard;
  let dark = pageIsDark(frame);
  const loadAgain = (dashboard) => load(frame, wantedAddress(data, dashboard, dark));
  frame.style.height = data.height;
  frame.dataset.shown = JSON.stringify(data);
  if (!before) presetOnce();
  if (!before || before.path !== data.path || before.version !== data.version) {
    loadAgain(moved ? data.dashboard : shownDashboard(frame) || data.dashboard);
  } else if (moved && shownDashboard(frame) !== data.dashboard) {
    frame.contentWindow.location.hash = data.dashboard;
  }
  // People change the dashboard inside TensorBoard as well; it says so in its address only.
  let told = data.dashboard;
  const watch = setInterval(() => {
    const shown = shownDashboard(frame);
    if (shown && shown !== told && data.dashboards.includes(shown)) {
      told = shown;
      setStateValue('dashboard', shown);
    }
    if (dark !== pageIsDark(frame)) {
      dark = !dark;
      loadAgain(shown || data.dashboard);
    }
  }, POLL_MS);
  return () => clearInterval(watch);
}

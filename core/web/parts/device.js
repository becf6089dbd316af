// Reports whether the window is narrow, lets touches on charts scroll the page, notices the end of a session.
const NARROW = '(max-width: 640px)';

// Plotly handles every touch on a chart as a drag, so the page would not scroll: on a phone a chart fills the screen.
// Without the touch event the browser scrolls as usual and turns a tap into a click, which Plotly handles.
const stop = (event) => {
  if (event.target.closest?.('.js-plotly-plot .draglayer')) event.stopPropagation();
};

// Streamlit says "Connection error" where a session has ended; loading the page again leads to the sign-in page.
const stay = async () => {
  const answer = await fetch('_stcore/health', { cache: 'no-store' }).catch(() => null);
  if (answer?.status === 401) window.location.reload();
};

export default function ({ data, setStateValue }) {
  const watch = data.login ? setInterval(stay, 5000) : 0;
  document.addEventListener('touchstart', stop, { capture: true, passive: true });

  const query = window.matchMedia(NARROW);
  const report = () => {
    if (query.matches !== data.narrow) setStateValue('narrow', query.matches);
  };
  report();
  query.addEventListener('change', report);
  return () => {
    clearInterval(watch);
    query.removeEventListener('change', report);
    document.removeEventListener('touchstart', stop, { capture: true });
  };
}

// Reports whether the window is narrow, and lets touches on charts scroll the page. Renders nothing.
const NARROW = '(max-width: 640px)';

// Plotly handles every touch on a chart as a drag, so the page would not scroll: on a phone a chart fills the screen.
// Without the touch event the browser scrolls as usual and turns a tap into a click, which Plotly handles.
const stop = (event) => {
  if (event.target.closest?.('.js-plotly-plot .draglayer')) event.stopPropagation();
};

export default function ({ data, setStateValue }) {
  document.addEventListener('touchstart', stop, { capture: true, passive: true });

  const query = window.matchMedia(NARROW);
  const report = () => {
    if (query.matches !== data.narrow) setStateValue('narrow', query.matches);
  };
  report();
  query.addEventListener('change', report);
  return () => {
    query.removeEventListener('change', report);
    document.removeEventListener('touchstart', stop, { capture: true });
  };
}

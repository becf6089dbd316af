// What a page must know of the device it is on, and what charts must learn about fingers. Shows nothing.
const NARROW = '(max-width: 640px)';

// Plotly takes every finger on a chart for a drag, and the page would not scroll: on a phone a chart is as large as the
// screen. Kept from it, the browser scrolls as ever, and makes a click of a tap, by which Plotly finds what was touched.
const keep = (event) => {
  if (event.target.closest?.('.js-plotly-plot .draglayer')) event.stopPropagation();
};

export default function ({ data, setStateValue }) {
  document.addEventListener('touchstart', keep, { capture: true, passive: true });

  const query = window.matchMedia(NARROW);
  const tell = () => {
    if (query.matches !== data.narrow) setStateValue('narrow', query.matches);
  };
  tell();
  query.addEventListener('change', tell);
  return () => {
    query.removeEventListener('change', tell);
    document.removeEventListener('touchstart', keep, { capture: true });
  };
}

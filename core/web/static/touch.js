// Plotly takes every finger on a chart for a drag, and the page would not scroll: on a phone a chart is as large as the
// screen. Kept from it, the browser scrolls as ever, and makes a click of a tap, by which Plotly finds what was touched.
const keep = (event) => {
  if (event.target.closest?.('.js-plotly-plot .draglayer')) event.stopPropagation();
};

export default function () {
  document.addEventListener('touchstart', keep, { capture: true, passive: true });
}

"use strict";
// Draws every chart when it comes into view, in the colours of the page, and all of them before printing.
const dark = matchMedia("(prefers-color-scheme: dark)");
const PAPER = { page: "#FFFFFF", text: "#1B2420", surface: "#FFFFFF", line: "#DCE2DB" };
const nodes = [...document.querySelectorAll(".chart")];
const seen = new Set();

function page() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return { page: read("page"), text: read("text"), surface: read("surface"), line: read("line") };
}

function draw(node, look, width) {
  const figure = JSON.parse(document.getElementById(node.dataset.figure).textContent);
  const layout = figure.layout;
  layout.font = { family: "Inter, system-ui, sans-serif", size: 13, color: look.text };
  layout.hoverlabel = { bgcolor: look.surface, bordercolor: look.line, font: { color: look.text }, align: "left" };
  layout.paper_bgcolor = layout.plot_bgcolor = look.page;  // saved pictures have the ground their text was made for
  layout.width = width;
  for (const [name, axis] of Object.entries(layout)) {
    // names of classes beside an axis must not run into its title
    if (/^[xy]axis/.test(name) && axis.title) axis.title.standoff ??= 12;
  }
  const config = {
    displaylogo: false,
    responsive: !width,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    toImageButtonOptions: { format: "svg", filename: node.dataset.figure.replace("data-", "graft-") },
  };
  Plotly.react(node, figure.data, layout, config);
  seen.add(node);
}

const drawAll = (look, width) => nodes.forEach((node) => draw(node, look, width));
dark.addEventListener("change", () => seen.forEach((node) => draw(node, page())));
addEventListener("beforeprint", () => drawAll(PAPER, 680));
addEventListener("afterprint", () => drawAll(page()));

if ("IntersectionObserver" in window) {
  const watch = new IntersectionObserver(
    (entries) =>
      entries.forEach((entry) => {
        if (entry.isIntersecting) {
          watch.unobserve(entry.target);
          draw(entry.target, page());
        }
      }),
    { rootMargin: "800px" },
  );
  nodes.forEach((node) => watch.observe(node));
} else {
  drawAll(page());
}

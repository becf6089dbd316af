// What the keyboard does on a page: notes every element that gets the focus, and how it looks with and without it.
(() => {
  if (window.graftKeys) return;
  // Rings that fade in would not be there yet when they are looked at. Only during a walk: Streamlit dims what is redrawn, after a
  // transition of its own, and a dimmed page is not what the checks of contrast are about.
  const still = document.createElement('style');
  still.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';

  const LOOK = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderTopColor', 'borderTopWidth',
    'backgroundColor', 'backgroundImage', 'color', 'textDecorationLine', 'opacity', 'filter', 'fill', 'stroke', 'transform'];
  const ACTIONS = 'a[href], button, input, select, textarea, summary, canvas, iframe, [contenteditable=true], [tabindex="0"], '
    + '[role=button], [role=checkbox], [role=switch], [role=radio], [role=slider], [role=tab], [role=combobox], '
    + '[role=menuitem], [role=option]';
  const GROUPS = '[role=radiogroup], [role=tablist], [role=grid], [role=listbox], [role=toolbar], [role=menu]';

  // Ancestors through the borders of shadow trees.
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const outside = (element) => { // what holds it in the document, where it is in a shadow tree
    const root = element.getRootNode();
    return root === document ? element : outside(root.host);
  };
  const near = function* (element) {
    const inside = [...element.querySelectorAll('*')].slice(0, 12);
    yield* [element, ...inside];
    let at = element;
    for (let step = 0; step < 9 && above(at); step += 1) {
      at = above(at);
      yield at;
      if (step < 4) yield* [...at.children].filter((one) => one !== element && !one.contains(element)).slice(0, 6);
    }
  };
  const look = (element) => [...near(element)].map((one) => ['', '::before', '::after'].map((pseudo) => {
    const style = getComputedStyle(one, pseudo || null);
    return LOOK.map((name) => style[name]).join(';');
  }).join('|'));

  const all = function* (root) {
    for (const element of root.querySelectorAll('*')) {
      yield element;
      if (element.shadowRoot) yield* all(element.shadowRoot);
    }
  };
  const shown = (element) => {
    if (!element.checkVisibility({ visibilityProperty: true })) return false;
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0;
  };
  const disabled = (element) => element.disabled || element.matches(':disabled') || element.getAttribute('aria-disabled') === 'true';
  const name = (element) => {
    const label = element.getAttribute('aria-label') || element.labels?.[0]?.innerText || element.innerText || element.title || '';
    const tests = [];
    for (let at = element; at && tests.length < 3; at = above(at)) if (at.dataset?.testid) tests.push(at.dataset.testid);
    const key = [...(element.closest('[class*="st-key-"]')?.classList ?? [])].find((one) => one.startsWith('st-key-')) ?? '';
    return `${element.tagName.toLowerCase()} "${label.trim().replace(/\s+/g, ' ').slice(0, 50)}" ${key} (${tests.join(' < ')})`;
  };
  const fixed = (element) => {
    for (let at = element; at; at = above(at)) if (['fixed', 'sticky', 'absolute'].includes(getComputedStyle(at).position) && at.clientHeight < innerHeight / 2) return true;
    return false;
  };
  const place = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const down = document.querySelector('[data-testid=stMain]')?.scrollTop ?? 0;
    return { left, right, top: top + down, bottom: bottom + down, fixed: fixed(element) };
  };

  const keys = { steps: [], left: false };
  // The number of actions that are shown; -1 while the script of the page runs, which on a busy machine takes seconds for a
  // chart, or a chart or another part of the page is still being drawn.
  keys.drawn = () => {
    const app = document.querySelector('[data-testid=stApp]');
    if (app && app.dataset.testScriptState !== 'notRunning') return -1;
    const missing = [...document.querySelectorAll('[data-testid=stPlotlyChart]')].some((one) => !one.querySelector('.main-svg'));
    if (missing || document.querySelector('[data-testid=stSkeleton]')) return -1;
    return [...all(document.body)].filter((one) => one.matches(ACTIONS) && shown(one)).length;
  };
  const at = () => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element && element !== document.body && element !== document.documentElement ? element : null;
  };
  document.addEventListener('focusin', (event) => {
    const element = event.composedPath()[0];
    keys.steps.push({ element, name: name(element), with: null, place: place(element) });
  }, true);
  // Some widgets draw their ring after the focus event: it is looked at when the next key is pressed.
  const note = () => {
    const step = keys.steps.at(-1);
    if (step && step.element === at()) step.with = look(step.element);
  };
  document.addEventListener('keydown', note, true);
  window.addEventListener('blur', () => { // the focus went into a frame, which draws its own ring
    const element = at();
    if (element?.tagName === 'IFRAME') keys.steps.push({ element, name: name(element), with: null, place: place(element) });
  });

  // Looks of what had the focus, now that it has not.
  const ring = (step) => {
    if (!step.with) return true; // removed while it had the focus
    const now = look(step.element);
    return now.length !== step.with.length || now.some((one, index) => one !== step.with[index]);
  };
  keys.where = () => { const element = at(); return element && name(element); };
  // From the first element that can be reached; the next round begins where it gets the focus again.
  let start = null;
  keys.begin = (selector) => {
    document.head.append(still);
    start = document.querySelector(selector);
    start.focus();
    keys.steps = [];
  };
  // Whether the last element of the page was left: the next one is above the first.
  keys.isRound = () => {
    const again = keys.steps.findIndex(({ element }) => element === start || start.compareDocumentPosition(outside(element)) & Node.DOCUMENT_POSITION_PRECEDING);
    if (again >= 0) keys.steps.length = again;
    return again >= 0;
  };
  keys.found = (others) => {
    note();
    at()?.blur();
    const reached = new Set(keys.steps.map((step) => step.element));
    const named = new Set(keys.steps.map((step) => step.name)); // of what a rerun of the page has replaced since
    const inside = (element, test) => { for (let one = element; one; one = above(one)) if (test(one)) return one; return null; };
    const holds = (element) => [...reached].some((one) => inside(one, (up) => up === element));
    const done = (element) => {
      if (reached.has(element) || holds(element) || named.has(name(element))) return true;
      if (inside(element, (up) => reached.has(up) && up !== document.querySelector('[data-testid=stMain]') && up.getAttribute('tabindex') !== '-1' && up.matches(ACTIONS))) return true;
      const group = inside(element, (up) => up.matches(GROUPS));
      return Boolean(group) && holds(group);
    };
    const missed = [...all(document.body)]
      .filter((element) => element.matches(ACTIONS) && shown(element) && !disabled(element))
      .filter((element) => start.compareDocumentPosition(outside(element)) & Node.DOCUMENT_POSITION_FOLLOWING)
      .filter((element) => element.type !== 'hidden' && !inside(element, (up) => up.getAttribute?.('aria-hidden') === 'true' || up.inert))
      .filter((element) => !done(element) && !others.some((own) => inside(element, (up) => up.matches(own))));
    const steps = keys.steps;
    const back = [];
    for (let n = 1; n < steps.length; n += 1) {
      const [one, two] = [steps[n - 1], steps[n]];
      if (one.place.fixed || two.place.fixed) continue;
      if (two.place.bottom <= one.place.top + 1 && two.place.left < one.place.right) back.push(`${one.name} -> ${two.name}`);
    }
    const found = {
      reached: steps.map((step) => step.name),
      missed: missed.map(name),
      ringless: steps.filter((step) => step.element.isConnected && shown(step.element) && !ring(step)).map((step) => step.name),
      back,
    };
    still.remove();
    return found;
  };
  window.graftKeys = keys;
})();

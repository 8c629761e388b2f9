// Runs in the measured page before its own scripts: see pages.py.
const bench = {
  live: 0, shift: 0, moved: 0, frames: 0, turn: 0, long: [], records: [], keys: [], painted: {}, commits: new Map(),

  // Calls back when the frame that is being made has been painted.
  afterPaint(call) {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port2.onmessage = call;
      port1.postMessage(0);
    });
  },
  loaded() {
    const [visit] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return { ttfb: visit.responseStart, fcp: paint?.startTime ?? 0, dom: visit.domContentLoadedEventEnd, live: bench.live,
      elements: document.querySelectorAll("*").length, rows: document.querySelectorAll("tr[data-flight]").length };
  },
  countFrames() {
    cancelAnimationFrame(bench.turn);
    bench.frames = bench.long.length = 0;
    const step = () => {
      bench.frames += 1;
      bench.turn = requestAnimationFrame(step);
    };
    step();
  },
  // The numbers of the flights whose rows are in the viewport.
  onScreen() {
    return [...document.querySelectorAll("tr[data-flight]")].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }).map((row) => /^..(\d+)/.exec(row.dataset.flight)[1]);
  },
  watchTable(call) {
    new MutationObserver(call).observe(document.querySelector("table.board"),
      { subtree: true, attributes: true, childList: true, characterData: true });
  },
  countMutations() {
    bench.watchTable((records) => {
      for (const { type, attributeName, target } of records) bench.records.push(`${type} ${attributeName ?? ""} ${target.nodeName}.${target.className}`);
    });
  },
  countKeys() {
    document.querySelector("[name=q]").addEventListener("keydown", ({ timeStamp }) =>
      bench.afterPaint(() => bench.keys.push(performance.now() - timeStamp)));
  },
  awaitGates(gates) {
    const left = new Set(gates);
    bench.watchTable((records) => {
      for (const { target } of records) {
        const gate = target.textContent;
        if (left.delete(gate)) bench.afterPaint(() => { bench.painted[gate] = Date.now() - bench.commits.get(gate); });
      }
    });
  },
  watchRow() {
    const row = document.elementFromPoint(700, 450).closest("tr[data-flight]");
    const at = row.getBoundingClientRect().top;
    bench.shift = 0;
    const look = () => {
      bench.moved = Math.max(bench.moved, row.isConnected ? Math.abs(row.getBoundingClientRect().top - at) : 9999);
      requestAnimationFrame(look);
    };
    look();
  },
};
globalThis.bench = bench;

new MutationObserver(() => {
  if (bench.live || document.documentElement?.dataset.link !== "live") return;
  bench.afterPaint(() => { bench.live ||= performance.now(); });
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-link"] });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) bench.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) bench.long.push(entry.duration);
}).observe({ type: "longtask" });
globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (data.length > 20_000) return; // a snapshot
      const commit = /"recorded_at":"([^"]+)"/.exec(data), gate = /"gate":"(P\d+)"/.exec(data);
      if (commit && gate) bench.commits.set(gate[1], Date.parse(commit[1]));
    });
  }
};

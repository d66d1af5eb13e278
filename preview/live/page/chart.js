// Panels with lines, drawn by uPlot. The page is in page.js.
"use strict";

// drawChart draws lines, or moves on those that are there.
function drawChart(panel, body, series, { start, end, step }) {
  const times = Array.from({ length: Math.round((end - start) / step) + 1 }, (_, i) => start + i * step);
  const rows = series.map(s => {
    const row = new Array(times.length).fill(null);
    for (const [at, text] of s.values) {
      const value = Number(text);
      row[Math.round((at - start) / step)] = Number.isFinite(value) ? value : null;
    }
    return row;
  });
  const { unit, min, max, custom = {} } = defaultsOf(panel);
  const stacked = (custom.stacking || {}).mode === "normal";
  const drawn = rows.map(row => row.slice());
  if (stacked) { // each line stands on those after it
    for (let i = drawn.length - 2; i >= 0; i--) drawn[i] = drawn[i].map((v, t) => v == null ? v : v + (drawn[i + 1][t] || 0));
  }
  const names = series.map(s => s.name), key = JSON.stringify(names);
  let chart = body.chart;
  if (!chart || chart.key !== key || !body.contains(chart.root)) {
    if (chart) {
      state.charts = state.charts.filter(c => c !== chart);
      chart.destroy();
    }
    const holder = element("div", { class: "chart" });
    const legend = element("ul", { class: "legend", "aria-label": "Last values" });
    body.replaceChildren(holder, legend);
    chart = body.chart = new uPlot(chartOptions({ names, unit, min, max, panel, stacked, holder, legend }), [times, ...drawn], holder);
    chart.key = key;
    chart.root.querySelector("canvas").setAttribute("role", "img");
    chart.resizer = new ResizeObserver(() => holder.isConnected && chart.setSize({ width: holder.clientWidth, height: holder.clientHeight }));
    chart.resizer.observe(holder);
    state.charts.push(chart);
  }
  chart.rows = rows;
  chart.setData([times, ...drawn]);
  chart.describe();
}

function chartOptions({ names, unit, min, max, panel, stacked, holder, legend }) {
  const palette = themed("--series").split(",").map(s => s.trim());
  const values = names.map((name, i) => {
    const b = element("b");
    legend.append(element("li", {}, element("i", { style: `background: ${palette[i % palette.length]}` }), name, b));
    return b;
  });
  const lines = ((defaultsOf(panel).custom || {}).thresholdsStyle || {}).mode ? thresholdsOf(panel).filter(t => Number.isFinite(t.from)) : [];
  const axis = { stroke: themed("--faint"), font: "11px system-ui, sans-serif", grid: { stroke: themed("--grid"), width: 1 }, ticks: { show: false } };
  const describe = chart => {
    const at = chart.cursor.idx;
    const shown = chart.rows.map(row => format(at != null ? row[at] : row.findLast(v => v != null), unit));
    shown.forEach((text, i) => values[i].textContent = text);
    if (at == null) {
      chart.root.querySelector("canvas").setAttribute("aria-label", `${panel.title}. Last values: ` + names.map((name, i) => `${name} ${shown[i]}`).join(", "));
    }
  };
  return {
    width: holder.clientWidth, height: holder.clientHeight, legend: { show: false },
    cursor: { sync: { key: "all" }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      y: {
        range: (chart, low, high) => {
          if (low == null) return [0, 1];
          const pad = (high - low || Math.abs(high) || 1) * 0.1;
          return [min != null ? Math.min(min, low) : low >= 0 && low - pad < 0 ? 0 : low - pad, max != null ? Math.max(max, high) : high + pad];
        },
      },
    },
    axes: [
      { ...axis, space: 70, size: 24, values: (chart, at) => at.map(t => new Date(t * 1000).toLocaleTimeString([], { hourCycle: "h23", timeStyle: at[1] - at[0] < 60 ? "medium" : "short" })) },
      {
        ...axis, space: 28, gap: 4, values: (chart, at) => formatAll(at, unit),
        size: (chart, texts) => 14 + 6.2 * Math.max(4, ...(texts || []).map(t => t.length)),
        ...(isBinary(unit) && { incrs: Array.from({ length: 80 }, (_, i) => 2 ** (i - 20)) }),
      },
    ],
    series: [{}, ...names.map((name, i) => {
      const color = palette[i % palette.length];
      return { label: name, stroke: color, width: 1.5, fill: color + (stacked ? "59" : "14"), points: { show: false }, spanGaps: false };
    })],
    hooks: {
      init: [chart => { chart.rows = []; chart.describe = () => describe(chart); }],
      setCursor: [describe],
      destroy: [chart => chart.resizer && chart.resizer.disconnect()],
      draw: [chart => {
        for (const line of lines) {
          const y = Math.round(chart.valToPos(line.from, "y", true));
          if (y < chart.bbox.top || y > chart.bbox.top + chart.bbox.height) continue;
          chart.ctx.save();
          chart.ctx.strokeStyle = themed(colors[line.color] || "--faint");
          chart.ctx.setLineDash([6, 4]);
          chart.ctx.beginPath();
          chart.ctx.moveTo(chart.bbox.left, y);
          chart.ctx.lineTo(chart.bbox.left + chart.bbox.width, y);
          chart.ctx.stroke();
          chart.ctx.restore();
        }
      }],
    },
  };
}

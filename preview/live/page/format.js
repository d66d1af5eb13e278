// Numbers with units, written as Grafana writes them.
"use strict";

const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
const decimal = ["", "K", "M", "G", "T", "P"];

// unitForms has, by Grafana's id of a unit: how large one of it is, the steps of its prefixes, and what follows them.
const unitForms = {
  bytes: [1, binary, "B"], kbytes: [2 ** 10, binary, "B"], mbytes: [2 ** 20, binary, "B"], gbytes: [2 ** 30, binary, "B"],
  binBps: [1, binary, "B/s"], decbytes: [1, decimal, "B"], Bps: [1, decimal, "B/s"], bps: [1, decimal, "b/s"], binbps: [1, binary, "b/s"],
  ops: [1, decimal, "ops/s"], reqps: [1, decimal, "req/s"], rps: [1, decimal, "reads/s"], wps: [1, decimal, "writes/s"],
  cps: [1, decimal, "c/s"], hertz: [1, decimal, "Hz"], percentunit: [100, null, "%"], percent: [1, null, "%"],
  ns: [1e-9, "time"], "µs": [1e-6, "time"], ms: [1e-3, "time"], s: [1, "time"], m: [60, "time"], h: [3600, "time"], d: [86400, "time"],
};
const times = [[86400 * 2, 86400, "d"], [7200, 3600, "h"], [120, 60, "min"], [1, 1, "s"], [1e-3, 1e-3, "ms"], [1e-6, 1e-6, "µs"], [0, 1e-9, "ns"]];

const isBinary = unit => (unitForms[unit] || [])[1] === binary;

// format writes a value with a number of significant digits, or with exactly so many decimals.
function format(value, unit, digits = 3, decimals) {
  if (value == null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const [factor, prefixes, suffix] = unitForms[unit] || [1, decimal, ""];
  let n = value * factor, end = suffix || "";
  if (prefixes === "time") {
    const [, size, name] = n === 0 ? [0, 1, "s"] : times.find(([from]) => Math.abs(n) >= from);
    n /= size;
    end = name;
  } else if (prefixes) {
    const base = prefixes === binary ? 1024 : 1000;
    let i = 0;
    for (; Math.abs(n) >= base && i < prefixes.length - 1; i++) n /= base;
    end = prefixes[i] + end;
  }
  const text = decimals != null ? n.toFixed(decimals) : Math.abs(n) >= 10 ** digits ? n.toFixed(0) : String(Number(n.toPrecision(digits)));
  return (text.startsWith("-") ? "−" + text.slice(1) : text) + (end && " " + end);
}

// formatAll writes the marks of an axis with as many digits as tell them apart.
function formatAll(values, unit) {
  for (let digits = 3; ; digits++) {
    const texts = values.map(v => format(v, unit, digits));
    if (digits > 8 || new Set(texts).size === texts.length) return texts;
  }
}

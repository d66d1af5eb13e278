// The page of the preview: it reads the dashboards as Grafana exports them, asks for their data in Prometheus' form, and draws.
// On the element html it says how it is: data-faults, and data-height once a tab is complete.
"use strict";

const root = document.documentElement;
const $ = id => document.getElementById(id);
const still = new URLSearchParams(location.search).has("still"); // draw once, for a picture
const ranges = [[300, "5 minutes"], [900, "15 minutes"], [3600, "1 hour"], [21600, "6 hours"]];
const state = { range: 900, choices: {}, values: {}, dashboards: [], status: null, charts: [] };

const faults = [];
function report(fault) {
  if (!faults.includes(String(fault))) faults.push(String(fault));
  root.dataset.faults = faults.join("; ");
  showProblems();
}
addEventListener("error", event => report(event.message));
addEventListener("unhandledrejection", event => report(event.reason));

// element makes an element. Text is always text, never HTML: names come from whatever the app exports.
function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== false) e.setAttribute(name, value);
  }
  e.append(...children.filter(c => c != null));
  return e;
}

async function get(path, parameters = {}) {
  const response = await fetch(path + "?" + new URLSearchParams(parameters));
  const answer = await response.json();
  if (answer.status === "error") throw new Error(answer.error);
  return answer.status === "success" ? answer.data : answer;
}

// Tabs: the dashboards, the rules and the metrics.

const currentTab = () => decodeURIComponent(location.hash.slice(1)) || (state.dashboards[0] || { uid: "metrics" }).uid;

function showTabs(firing) {
  const tabs = [...state.dashboards.map(d => [d.uid, d.title]), ["rules", "Rules"], ["metrics", "Metrics"]];
  $("tabs").replaceChildren(...tabs.map(([uid, title]) => element("a", { href: "#" + uid, "aria-current": uid === currentTab() ? "page" : null },
    title, uid === "rules" && firing ? element("b", { "aria-label": firing + " firing" }, firing) : null)));
}

function showProblems() {
  const all = [...((state.status || {}).Problems || []), ...faults];
  $("problems").hidden = all.length === 0;
  $("problems").replaceChildren(...all.map(text => element("p", {}, text)));
  const hints = (state.status || {}).Hints || [];
  $("hints").hidden = hints.length === 0;
  $("hints").replaceChildren(...hints.map(text => element("p", {}, text)));
}

function showStatus() {
  const s = state.status;
  document.title = $("title").textContent = s.Title + " · preview";
  $("about").textContent = `Task definition ${s.Family} in cluster ${s.Cluster}, running on this machine for ${format(Math.round(s.Now - s.Started), "s")}. ` +
    `Metrics are collected every ${s.Interval} s or more often, whatever the template says.`;
  $("usage").textContent = s.Usage;
  showProblems();
}

// Variables: those that choose a data source have nothing to choose here.

const variablesOf = dashboard => ((dashboard.templating || {}).list || []).filter(v => v.type !== "datasource");

async function optionsOf(variable) {
  const query = typeof variable.query === "string" ? variable.query : (variable.query || {}).query || "";
  if (variable.type !== "query") {
    return variable.type === "custom" || variable.type === "interval" ? query.split(",").map(s => s.trim()) : [query];
  }
  const call = query.match(/^\s*label_values\(\s*(?:(.*),)?\s*(\w+)\s*\)\s*$/s);
  if (!call) return [];
  const selector = (call[1] || "").replace(/\$\{?(\w+)\}?/g, (use, name) => state.values[name] || ".*");
  return get(`api/v1/label/${call[2]}/values`, selector ? { "match[]": selector } : {});
}

// chosen is what replaces a variable in a query; nothing if the dashboard itself says what All is.
function chosen(variable, value, options) {
  const escaped = text => (variable.multi || variable.includeAll) ? text.replace(/[\\^$*+?.()|[\]{}]/g, "\\\\$&") : text;
  if (value !== "$__all") return escaped(value);
  return variable.allValue ? null : options.map(escaped).join("|");
}

async function showVariables(dashboard) {
  const shown = [];
  for (const variable of dashboard ? variablesOf(dashboard) : []) {
    const options = await optionsOf(variable), { name } = variable;
    const all = variable.includeAll ? [["$__all", "All"]] : [];
    const choices = [...all, ...options.map(o => [o, o])];
    const kept = choices.find(([value]) => value === state.choices[name]) || choices[0] || [""];
    const replacement = chosen(variable, kept[0], options);
    if (replacement == null) delete state.values[name];
    else state.values[name] = replacement;
    if (variable.hide !== 2 && variable.hide !== "hideVariable") shown.push([name, variable.label || name, choices, kept[0], v => state.choices[name] = v]);
  }
  if (dashboard) shown.push(["last", "Last", ranges, state.range, v => state.range = Number(v)]);
  const key = JSON.stringify(shown);
  if ($("controls").dataset.key === key) return;
  const focused = document.activeElement.id;
  $("controls").dataset.key = key;
  $("controls").replaceChildren(...shown.map(([name, label, choices, kept, choose]) => {
    const select = element("select", { id: "choose-" + name });
    select.append(...choices.map(([value, text]) => new Option(text, value, value === kept, value === kept)));
    select.onchange = () => { choose(select.value); refresh(); };
    return element("label", {}, label, select);
  }));
  if (focused && $(focused)) $(focused).focus();
}

// Panels.

const ruled = new Set(["row", "text"]);
const kindOf = panel => ({ stat: "stat", gauge: "stat", bargauge: "stat", table: "table" })[panel.type] || "chart";
const defaultsOf = panel => (panel.fieldConfig || {}).defaults || {};

// layout makes the panels of a dashboard, empty, and keeps those that are there.
function layout(dashboard) {
  const main = $("main");
  if (main.dataset.tab === dashboard.uid) return;
  const grid = element("div", { class: "grid" });
  for (const panel of dashboard.panels || []) {
    const { x = 0, y = 0, w = 24, h = 8 } = panel.gridPos || {};
    if (panel.type === "row") {
      grid.append(element("h2", { class: "row", style: `grid-row: ${y + 1}` }, panel.title));
      continue;
    }
    const tip = panel.description && element("span", { class: "tip", tabindex: 0, role: "note", "aria-label": panel.description, "data-tip": panel.description }, "i");
    grid.append(element("section", {
      id: "panel-" + panel.id, class: "panel" + (x + w >= 24 ? " last" : "") + (w < 8 && h < 6 ? " small" : ""), "aria-label": panel.title, "data-state": "waiting",
      style: `grid-column: ${x + 1} / span ${w}; grid-row: ${y + 1} / span ${h}; --height: ${h * 38}px`,
    }, element("h3", {}, panel.title, tip || null), element("div", { class: "body" }, panel.type === "text" ? (panel.options || {}).content || "" : "")));
  }
  state.charts.forEach(c => c.destroy());
  state.charts = [];
  main.dataset.tab = dashboard.uid;
  main.replaceChildren(grid);
}

async function drawDashboard(dashboard, current) {
  const now = state.status.Now, interval = state.status.Interval;
  const span = Math.max(60, Math.min(state.range, now - state.status.Started));
  const step = Math.max(interval, Math.ceil(span / 400));
  const end = Math.floor(now / step) * step, start = end - Math.floor(span / step) * step;
  const variables = Object.fromEntries(Object.entries(state.values).map(([name, value]) => ["var-" + name, value]));
  const queries = await get("queries.json", { dashboard: dashboard.uid, step, range: Math.ceil(span), ...variables });
  await Promise.all((dashboard.panels || []).filter(p => !ruled.has(p.type)).map(async panel => {
    const box = $("panel-" + panel.id), body = box && box.querySelector(".body");
    const asked = queries.filter(q => q.PanelID === panel.id);
    let results, fault;
    try {
      results = await Promise.all(asked.map(async query => kindOf(panel) === "chart"
        ? { query, series: (await get("api/v1/query_range", { query: query.Expr, start, end, step })).result }
        : { query, series: samples(await get("api/v1/query", { query: query.Expr, time: now })) }));
    } catch (e) {
      fault = e;
    }
    if (!current() || !body) return;
    const series = fault ? [] : results.flatMap(r => r.series.filter(s => s.values || s.value).map(s => ({ ...s, name: nameOf(r.query, s.metric) })));
    box.dataset.state = fault ? "error" : series.length ? "data" : "empty";
    if (fault) return body.replaceChildren(element("p", { class: "failed" }, fault.message));
    if (!series.length) return body.replaceChildren(element("p", { class: "empty" }, defaultsOf(panel).noValue || "no data"));
    try {
      ({ stat: drawStat, table: drawTable, chart: drawChart })[kindOf(panel)](panel, body, series, { start, end, step });
    } catch (e) {
      box.dataset.state = "error";
      report(`${panel.title}: ${e}`);
    }
  }));
}

// samples are the series of an answer to an instant query; a number without labels is one of them.
const samples = data => data.resultType === "scalar" ? [{ metric: {}, value: data.result }] : data.resultType === "vector" ? data.result : [];

function nameOf(query, metric) {
  if (query.Legend && query.Legend !== "__auto") return query.Legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (use, label) => metric[label] || "–");
  const { __name__: name = "", ...labels } = metric;
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(", ");
  return name + (text && `{${text}}`) || "value";
}

const thresholdsOf = panel => ((defaultsOf(panel).thresholds || {}).steps || []).map((s, i) => ({ from: i === 0 ? -Infinity : s.value, color: s.color }));
const colors = { green: "--green", orange: "--orange", yellow: "--orange", red: "--red", blue: "--accent" };
const themed = name => getComputedStyle(root).getPropertyValue(name).trim();

function drawStat(panel, body, series) {
  const { unit, decimals } = defaultsOf(panel);
  const colored = (panel.options || {}).colorMode !== "none";
  body.replaceChildren(...series.slice(0, 8).map(s => {
    const value = Number(s.value[1]);
    const step = thresholdsOf(panel).filter(t => value >= t.from).pop();
    const color = colored && step && colors[step.color];
    return element("div", { class: "stat" + (series.length > 1 ? " many" : ""), style: color && `color: var(${color})` },
      (series.length > 1 ? s.name + " " : "") + format(value, unit, 3, decimals));
  }));
}

function drawTable(panel, body, series) {
  const changes = {};
  for (const o of (panel.fieldConfig || {}).overrides || []) {
    if ((o.matcher || {}).id === "byName") changes[o.matcher.options] = Object.fromEntries((o.properties || []).map(p => [p.id, p.value]));
  }
  const labels = [...new Set(series.flatMap(s => Object.keys(s.metric)))].sort().filter(l => !(changes[l] || {})["custom.hidden"]);
  const title = name => (changes[name] || {}).displayName || name;
  body.replaceChildren(element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": panel.title }, element("table", {},
    element("thead", {}, element("tr", {}, ...labels.map(l => element("th", { scope: "col" }, title(l))), element("th", { scope: "col", class: "number" }, title("Value")))),
    element("tbody", {}, ...series.map(s => element("tr", {}, ...labels.map(l => element("td", {}, s.metric[l] || "")),
      element("td", { class: "number" }, format(Number(s.value[1]), defaultsOf(panel).unit))))))));
}

// Rules and metrics.

const order = ["firing", "pending", "inactive", "recording", "empty"];

function drawRules({ Origin, Rules }) {
  const open = new Set([...document.querySelectorAll("details[open]")].map(d => d.dataset.key));
  const sorted = [...Rules].sort((a, b) => order.indexOf(a.State) - order.indexOf(b.State));
  const count = name => Rules.filter(r => r.State === name).length;
  $("main").replaceChildren(element("div", { class: "card" },
    element("p", {}, `${count("firing")} firing, ${count("pending")} pending, ${count("inactive")} inactive; ` +
      `${count("recording")} recording, ${count("empty")} without data. From ${Origin}.`),
    element("table", {},
      element("thead", {}, element("tr", {}, ...["State", "Rule", "Value", "For", "Group"].map(t => element("th", { scope: "col", class: t === "Group" || t === "For" ? "wide" : null }, t)))),
      element("tbody", {}, ...sorted.map(r => {
        const key = r.Group + "/" + r.Name + "/" + r.Expr;
        const extra = Object.entries(r.Labels || {}).filter(([name]) => name === "severity" || name === "slo").map(([name, value]) => element("span", { class: "tag" }, `${name}=${value}`));
        return element("tr", { "data-state": r.Error ? "error" : "data" },
          element("td", {}, element("span", { class: "state " + r.State }, r.State)),
          element("td", {}, element("details", { "data-key": key, ...(open.has(key) && { open: "" }) }, element("summary", {}, r.Name + " ", ...extra),
            ...(r.Annotations || {}).summary ? [element("p", {}, r.Annotations.summary)] : [], element("code", {}, r.Expr)),
            r.Error ? element("p", { class: "failed" }, r.Error) : null),
          element("td", {}, r.Values.length ? r.Values.slice(0, 3).map(v => format(Number(v))).join(", ") + (r.Values.length > 3 ? ", …" : "") : "–",
            ...r.Operator ? [" ", element("span", { class: "tag" }, `fires if ${r.Operator} ${format(r.Limit)}`)] : []),
          element("td", { class: "wide" }, r.For || ""), element("td", { class: "wide" }, r.Group));
      })))));
}

function drawMetrics(metrics) {
  const main = $("main");
  let filter = $("filter");
  if (!filter) {
    filter = element("input", { id: "filter", type: "search", placeholder: "name or label" });
    main.replaceChildren(element("div", { class: "card" }, element("p", {}, element("label", {}, "Filter", filter), " ", element("span", { id: "count" })), element("p", { id: "common" }), element("table", {},
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Metric"), element("th", { scope: "col", class: "number" }, "Series"), element("th", { scope: "col" }, "Labels"))),
      element("tbody", { id: "metrics" }))));
  }
  const texts = metrics.map(m => Object.entries(m.Labels).sort().map(([name, values]) => `${name}=${values.join("|")}`));
  const ofTasks = texts.filter(labels => labels.some(l => l.startsWith("instance=")));
  const common = (ofTasks[0] || []).filter(label => ofTasks.every(labels => labels.includes(label)));
  $("common").textContent = common.length ? "Everything that the task sends carries " + common.join(", ") + "." : "";
  const show = () => {
    const rows = metrics.map((m, i) => [m, texts[i].filter(label => !common.includes(label))])
      .filter(([m, labels]) => (m.Name + " " + labels.join(" ")).includes(filter.value));
    $("count").textContent = `${rows.length} metrics, ${rows.reduce((sum, [m]) => sum + m.Series, 0)} series`;
    $("metrics").replaceChildren(...rows.map(([m, labels]) => element("tr", { "data-state": "data" }, element("td", {}, element("code", {}, m.Name)),
      element("td", { class: "number" }, m.Series), element("td", {}, ...labels.map(l => element("span", { class: "tag" }, l))))));
  };
  filter.oninput = show;
  show();
}

// The loop.

let turn = 0, timer;

async function refresh() {
  const mine = ++turn, current = () => mine === turn;
  clearTimeout(timer);
  try {
    const [status, rules] = await Promise.all([get("status.json"), get("rules.json")]);
    if (!current()) return;
    if (status.Dashboards !== (state.status || {}).Dashboards) { // they follow what the application sends
      state.dashboards = await get("dashboards.json");
      if (!current()) return;
      delete $("main").dataset.tab;
    }
    state.status = status;
    showStatus();
    showTabs(rules.Rules.filter(r => r.State === "firing").length);
    const tab = currentTab(), dashboard = state.dashboards.find(d => d.uid === tab);
    await showVariables(dashboard);
    if (!current()) return;
    if (dashboard) {
      layout(dashboard);
      await drawDashboard(dashboard, current);
    } else {
      $("main").dataset.tab = tab;
      if (tab === "rules") drawRules(rules);
      else drawMetrics(await get("metrics.json"));
    }
    if (!current()) return;
    root.dataset.height = Math.ceil(document.body.getBoundingClientRect().height);
  } catch (e) {
    if (!(e instanceof TypeError && /fetch/i.test(e.message))) throw e;
    $("problems").hidden = false;
    $("problems").replaceChildren("The preview has ended, or does not answer.");
  } finally {
    if (current() && !still) timer = setTimeout(refresh, Math.min(5, (state.status || {}).Interval || 5) * 1000);
  }
}

function redraw() {
  delete $("main").dataset.tab;
  refresh();
}

addEventListener("hashchange", () => { delete root.dataset.height; refresh(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
refresh();

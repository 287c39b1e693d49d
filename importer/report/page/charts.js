// Draws every [data-chart] from the specs in #charts-data, in the colours of the page. See importer/report/charts.py.
"use strict";
(() => {
  const data = document.getElementById("charts-data");
  if (!data || !window.echarts) return;
  const specs = JSON.parse(data.textContent);
  const probe = document.body.appendChild(document.createElement("span"));
  probe.hidden = true;
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const number = (value) => Number(value).toLocaleString("en");
  const clock = (seconds) => {
    const whole = Math.round(seconds), two = (value) => String(value).padStart(2, "0");
    if (seconds < 10 && seconds % 1) return `${seconds.toFixed(1)} s`;
    if (whole < 60) return `${whole} s`;
    const hours = Math.floor(whole / 3600);
    return hours ? `${hours}:${two(Math.floor(whole / 60) % 60)} h` : `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  };
  const axes = () => ({
    axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false },
    axisLabel: { color: colour("quiet"), hideOverlap: true }, nameTextStyle: { color: colour("quiet") },
    splitLine: { lineStyle: { color: colour("line") } },
  });
  const common = (spec) => ({
    animation: false,
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: 8, right: 12, top: spec.series.length > 1 ? 40 : 14, bottom: 8, containLabel: true },
    legend: { show: spec.series.length > 1, top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: colour("ink") } },
    tooltip: {
      trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow", shadowStyle: { color: colour("wash"), opacity: .6 } },
      backgroundColor: colour("card"), borderColor: colour("line"), textStyle: { color: colour("ink") }, valueFormatter: number,
    },
  });
  const bars = (spec) => ({
    ...common(spec),
    xAxis: { type: "category", data: spec.labels, ...axes(), splitLine: { show: false } },
    yAxis: { type: "value", minInterval: 1, ...axes() },
    ...(spec.labels.length > 120 ? { dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl" }] } : {}),
    series: spec.series.map((each) => ({
      type: "bar", name: each.name, data: each.values, barGap: "8%", barCategoryGap: "24%", barMaxWidth: 46, barMinHeight: 0,
      itemStyle: { color: colour(`plot-${each.role}`), borderRadius: spec.labels.length > 120 ? 0 : [4, 4, 0, 0] },
    })),
  });
  const time = (spec) => {
    const half = spec.width / 2, areBatches = spec.rows.some((rows) => rows > 1);
    const waits = spec.waits.map(([from, to, reason]) => [{ xAxis: from, name: reason }, { xAxis: to }]);
    return {
      ...common({ ...spec, series: [...spec.series, {}] }),
      tooltip: { ...common(spec).tooltip, axisPointer: { type: "line", label: { show: false } }, formatter: (points) => {
        const start = points[0].value[0] - half;
        const within = spec.waits.filter(([from, to]) => from < start + spec.width && to > start).map((wait) => `waiting: ${wait[2].slice(0, 60)}`);
        const lines = points.filter((point) => point.value[1]).map((point) => `${point.seriesName}: ${number(point.value[1])}`);
        return [`${clock(Math.max(start, 0))} to ${clock(start + spec.width)}`, ...lines, ...within.slice(0, 3)].join("\n");
      } },
      xAxis: { type: "value", min: 0, max: spec.starts[spec.starts.length - 1] + spec.width, ...axes(), splitLine: { show: false },
        axisLabel: { color: colour("quiet"), formatter: clock, hideOverlap: true } },
      yAxis: [
        { type: "value", name: "requests", nameGap: 8, minInterval: 1, ...axes() },
        { show: areBatches, type: "value", name: "ratings each", nameGap: 8, min: 0, ...axes(), splitLine: { show: false } },
      ],
      grid: { left: 8, right: 12, top: 66, bottom: 8, containLabel: true },
      series: [
        ...spec.series.map((each, place) => ({
          type: "bar", stack: "all", name: each.name, data: spec.starts.map((start, at) => [start + half, each.values[at]]), barWidth: "88%",
          itemStyle: { color: colour(`plot-${each.role}`) },
          ...(place ? {} : { markArea: { silent: true, data: waits, label: { show: false }, itemStyle: { color: colour("plot-wait") } } }),
        })),
        ...(!areBatches ? [] : [{ type: "line", yAxisIndex: 1, name: "ratings per request", connectNulls: false, symbolSize: 5,
          data: spec.starts.map((start, at) => [start + half, spec.rows[at]]), itemStyle: { color: colour("plot-first") }, lineStyle: { width: 2 } }]),
      ],
    };
  };
  const drawn = new Map();
  const draw = () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = specs[place.dataset.chart];
      if (!spec) continue;
      place.hidden = false;
      const label = place.getAttribute("aria-label");
      if (!drawn.has(place)) {
        drawn.set(place, echarts.init(place, null, { renderer: "svg" }));
        new ResizeObserver(() => drawn.get(place).resize()).observe(place);
      }
      drawn.get(place).resize();
      drawn.get(place).setOption(spec.kind === "time" ? time(spec) : bars(spec), true);
      place.setAttribute("aria-label", label);
    }
  };
  draw();
  for (const look of ["(prefers-color-scheme: dark)", "print"]) matchMedia(look).addEventListener("change", draw);
  const root = document.documentElement;
  let opened = [];
  addEventListener("beforeprint", () => {
    root.style.colorScheme = "light";
    opened = [...document.querySelectorAll("details.misses:not([open])")];
    for (const each of opened) each.open = true;
    draw();
  });
  addEventListener("afterprint", () => {
    root.style.colorScheme = "";
    for (const each of opened) each.open = false;
    draw();
  });
})();

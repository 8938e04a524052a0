// Draws the table inside a <gx-chart> as a chart. The table stays: it is what is shown without a
// script, what "view as table" opens, and where the marks of the chart lead. Kinds: line, bar (several
// numbers of a row on top of each other), shares (side by side, of a whole), heat, funnel, treemap.
import { BarChart, FunnelChart, HeatmapChart, LineChart, TreemapChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([AriaComponent, BarChart, CanvasRenderer, FunnelChart, GridComponent, HeatmapChart, LegendComponent,
  LineChart, TooltipComponent, TreemapChart, VisualMapComponent]);

/** Told apart by people who see few colours too (Okabe and Ito), after the colour of the page. */
const colors = ["#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#0072b2", "#f0e442"];

/** A line of more points than this is drawn without its marks. */
const POINTS_MARKED = 60;

/** Bars with longer names than this lie, so that all names can be read. */
const NAME_MAX = 12;

type Cell = { text: string; value: number; href: string };
type Chart = ReturnType<typeof init>;

/** A colour of the page as numbers: the charts mix colours and know no others. */
function style(name: string): string {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const color = getComputedStyle(probe).color;
  probe.remove();
  if (!pixel) return color;
  pixel.fillStyle = color;
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
}

class GxChart extends HTMLElement {
  private chart: Chart | null = null;
  private readonly seen = new ResizeObserver(() => this.chart?.resize());
  private readonly themed = new MutationObserver(() => this.draw());

  connectedCallback(): void {
    const plot = this.querySelector<HTMLElement>(".gx-plot");
    if (!plot) return;
    plot.hidden = false;
    this.querySelector("details")?.removeAttribute("open");
    this.chart = init(plot);
    this.chart.on("click", (mark) => {
      const { href } = mark.data as { href?: string };
      if (href) location.assign(href);
    });
    this.draw();
    this.seen.observe(plot);
    this.themed.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  disconnectedCallback(): void {
    this.seen.disconnect();
    this.themed.disconnect();
    this.chart?.dispose();
  }

  private rows(): Cell[][] {
    return [...this.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll<HTMLElement>("th, td")].map((cell) => ({
      text: cell.textContent?.trim() ?? "",
      value: Number(cell.dataset.value ?? NaN),
      href: cell.querySelector("a")?.getAttribute("href") ?? "",
    })));
  }

  private draw(): void {
    const rows = this.rows();
    const titles = [...this.querySelectorAll("thead th")].map((cell) => cell.textContent?.trim() ?? "");
    const text = { color: style("--tblr-body-color") };
    const line = { lineStyle: { color: style("--tblr-border-color") } };
    const axis = { axisLabel: text, axisLine: line, splitLine: line, nameTextStyle: text };
    const common: EChartsCoreOption = {
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      color: [style("--tblr-primary"), ...colors],
      grid: { left: 12, right: 24, top: 32, bottom: 28, containLabel: true },
      // Drawn, not written: the page allows no styles in its text.
      tooltip: { trigger: ["heat", "funnel", "treemap"].includes(this.dataset.kind ?? "") ? "item" : "axis", renderMode: "richText", confine: true },
      aria: { enabled: false },
    };
    const drawn = {
      heat: () => this.heat(rows, titles, axis, text),
      funnel: () => this.steps(rows, text),
      treemap: () => this.areas(rows),
    }[this.dataset.kind ?? ""] ?? (() => this.curves(rows, titles, axis, text));
    this.chart?.setOption({ ...common, ...drawn() }, true);
  }

  /** Each mark by its name and the sum of its numbers. */
  private marks(rows: Cell[][]): { name: string; value: number; href: string }[] {
    const sum = (cells: Cell[]) => cells.reduce((all, cell) => all + (Number.isNaN(cell.value) ? 0 : cell.value), 0);
    return rows.map((row) => ({ name: row[0].text, value: sum(row.slice(1)), href: row[0].href }));
  }

  private steps(rows: Cell[][], text: object): EChartsCoreOption {
    const series = { type: "funnel", sort: "none", left: "8%", width: "84%", top: 12, bottom: 12, minSize: "2%", gap: 2 };
    const label = { ...text, position: "inside", formatter: "{b}: {c}", ...this.halo() };
    return { series: [{ ...series, label, data: this.marks(rows) }] };
  }

  private areas(rows: Cell[][]): EChartsCoreOption {
    const series = { type: "treemap", roam: false, nodeClick: false, breadcrumb: { show: false }, top: 4, bottom: 4, left: 4, right: 4 };
    const label = { color: "#000", formatter: "{b}" };
    return { series: [{ ...series, label, data: this.marks(rows).filter((mark) => mark.value > 0) }] };
  }

  private curves(rows: Cell[][], titles: string[], axis: { nameTextStyle: object }, text: object): EChartsCoreOption {
    const type = this.dataset.kind === "line" ? "line" : "bar";
    const several = titles.length > 2;
    const percent = (value: number) => `${Number((value * 100).toPrecision(3))} %`;
    const told = this.dataset.kind === "shares" ? percent : undefined;
    const names = { type: "category", data: rows.map((row) => row[0].text), ...axis };
    const numbers = { type: "value", ...axis, axisLabel: { ...text, formatter: told } };
    const lies = type === "bar" && rows.some((row) => row[0].text.length > NAME_MAX);
    const axes = lies ? {
      yAxis: { ...names, inverse: true, axisLabel: { ...text, width: 150, overflow: "truncate" } },
      xAxis: numbers,
    } : {
      xAxis: { ...names, name: titles[0], nameLocation: "middle", nameGap: 28 },
      yAxis: { ...numbers, name: several ? "" : titles[1], nameTextStyle: { ...axis.nameTextStyle, align: "left" } },
    };
    return {
      ...axes,
      legend: { show: several, type: "scroll", textStyle: text, top: 0 },
      series: titles.slice(1).map((name, at) => ({
        name, type, symbolSize: 7,
        // A mark to be clicked, and the only thing to be seen where there is one alone.
        showSymbol: rows.length <= POINTS_MARKED,
        stack: several && this.dataset.kind === "bar" ? "all" : undefined,
        tooltip: { valueFormatter: told },
        data: rows.map((row) => ({ value: row[at + 1]?.value, href: row[at + 1]?.href || row[0].href })),
      })),
    };
  }

  /** Letters on any colour are read by what is around them. */
  private halo(): object {
    return { textBorderColor: style("--tblr-bg-surface"), textBorderWidth: 3 };
  }

  /** The first column names the row, the head the column. */
  private heat(rows: Cell[][], titles: string[], axis: object, text: object): EChartsCoreOption {
    const data = rows.flatMap((row, y) => row.slice(1).flatMap((cell, x) => (
      Number.isNaN(cell.value) ? [] : [{ value: [x, y, cell.value], href: cell.href, name: cell.text }])));
    const most = Math.max(1, ...data.map((cell) => cell.value[2]));
    return {
      xAxis: { type: "category", data: titles.slice(1), ...axis },
      yAxis: { type: "category", data: rows.map((row) => row[0].text), inverse: true, ...axis },
      visualMap: { show: false, min: 0, max: most, inRange: { color: [style("--tblr-bg-surface"), style("--tblr-primary")] } },
      series: [{
        type: "heatmap", data,
        label: { show: data.length <= 60, formatter: (cell: { data: { name: string } }) => cell.data.name, ...text, ...this.halo() },
        itemStyle: { borderColor: style("--tblr-border-color"), borderWidth: 1 },
      }],
    };
  }
}

customElements.define("gx-chart", GxChart);

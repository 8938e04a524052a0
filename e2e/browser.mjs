// One browser and one server for the tests of a file: a fresh SQLite database with demo data.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const here = import.meta.dirname;
const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const binary = process.env.GUANXI_BINARY ?? join(here, "../target/debug/guanxi");
const password = process.env.GUANXI_PASSWORD ?? "a long password";

/** Demo data that nobody has analysed yet. */
export const unanalysed = () => demoData({ customers: 2000, more: ["--without-analyses"] });

export { password };
export const screens = { wide: { width: 1366, height: 800 }, phone: { width: 390, height: 844 } };

/** The four looks in which every page is looked at. */
export const looks = [
  { locale: "zh_cn", dark: false, screen: "wide" },
  { locale: "en", dark: true, screen: "wide" },
  { locale: "zh_cn", dark: true, screen: "phone" },
  { locale: "en", dark: false, screen: "phone" },
].map((look) => ({ ...look, name: `${look.locale} ${look.dark ? "dark" : "light"} ${look.screen}` }));

/** Runs a command of the product on a data folder. */
export function runCommand(data, args, more = {}) {
  const env = { ...process.env, GUANXI_PASSWORD: password, RUST_LOG: "warn", ...more };
  return execFileSync(binary, ["--data", data, ...args], { env, encoding: "utf8" });
}

/** Demo data whose people can sign in, all with the same password. */
export function demoData({ customers = 300, more = [] } = {}) {
  const data = mkdtempSync(join(tmpdir(), "guanxi-e2e-"));
  runCommand(data, ["demo", "--customers", String(customers), ...more]);
  runCommand(data, ["user", "admin@guanxi.local", "--name", "Admin", "--administrator"]);
  for (let at = 1; at <= 6; at += 1) runCommand(data, ["user", `staff${at}@demo.example`]);
  return data;
}

/** Starts the product on a free port; `stop` ends it and takes its data away. */
export async function startServer(args = ["--demo"], { data = mkdtempSync(join(tmpdir(), "guanxi-e2e-")), env: more = {} } = {}) {
  const run = ["--data", data, "serve", ...(args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"]), ...args];
  const env = { ...process.env, GUANXI_PASSWORD: password, RUST_LOG: "warn", ...more };
  const child = spawn(binary, run, { env, stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const ready = said.match(/ready: (http:\S+)/);
      if (ready) resolve(ready[1]);
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const stop = ({ keep = false } = {}) => new Promise((resolve) => {
    const gone = () => { if (!keep) rmSync(data, { recursive: true, force: true }); resolve(); };
    if (child.exitCode !== null || child.signalCode !== null) return gone();
    child.on("exit", gone);
    child.kill("SIGTERM");
  });
  return { address, data, stop };
}

export function startBrowser() {
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

/** A page of somebody who is signed in; scripts that fail make the test fail. */
export async function signIn(browser, address, { locale = "en", dark = false, screen = "wide", email = "admin@guanxi.local" } = {}) {
  const page = await visit(browser, address, { locale, dark, screen });
  await page.goto("/login");
  await page.fill("#email", email);
  await page.fill("#password", password);
  await Promise.all([page.waitForURL((url) => url.pathname !== "/login"), page.press("#password", "Enter")]);
  return page;
}

/** A page of somebody who is not signed in yet. */
export async function visit(browser, address, { locale = "en", dark = false, screen = "wide" } = {}) {
  const context = await browser.newContext({
    baseURL: address,
    colorScheme: dark ? "dark" : "light",
    viewport: screens[screen],
    reducedMotion: "reduce",
  });
  await context.addCookies([{ name: "guanxi_locale", value: locale, url: address }]);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (4|5)\d\d/.test(message.text())) page.faults.push(message.text());
  });
  return page;
}

/** Opens a page and waits until all that it asks for by itself is there, and charts are drawn. */
export async function open(page, path) {
  await page.goto(path);
  await page.waitForFunction(() => !document.querySelector(".htmx-request") && !document.querySelector("[hx-trigger=load]:empty:not(span)")
    && [...document.querySelectorAll("gx-chart .gx-plot")].every((plot) => plot.hidden || plot.childElementCount > 0));
  await page.evaluate(() => document.fonts.ready);
}

/** Changes a control of a form that is built step by step and waits for what the server makes of it. */
export async function change(page, act) {
  const answered = page.waitForResponse((answer) => answer.url().endsWith("/build"));
  await act();
  await answered;
  await page.waitForTimeout(150);
}

/** What is not accessible on a page, by WCAG 2.2 A and AA. */
export async function violations(page) {
  // From its head: further down, the bar that stays in view covers whatever line happens to lie beneath
  // it, which one who reads moves away and axe counts as a target too small.
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  // Runs outside the page's own scripts, which its content policy would forbid to load.
  const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })`);
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.failureSummary?.slice(0, 200)}`).join(" | ")}`);
}

/** Whether a page can be moved sideways, which no page of ours may. */
export function scrollsSideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

export async function screenshot(page, name) {
  mkdirSync(join(here, "screenshots"), { recursive: true });
  await page.screenshot({ path: join(here, "screenshots", `${name}.png`) });
}

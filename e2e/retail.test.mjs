// The whole way of a new shop: its invoices are imported in the browser, analysed, and every figure is
// the one that is computed here from the file itself; then good customers that are slipping away are
// found, and a colleague is told of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { change, open, screenshot, signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer([]);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Numbers that look drawn at random and are the same every time (Park and Miller). */
function randomly(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const day = (number) => new Date(Date.UTC(2025, 0, 1) + number * 86_400_000).toISOString().slice(0, 10);

/** Lines as in the data set "Online Retail": of 320 customers 300 bought; some invoices were taken back,
 * some were sold over the counter. Half of the customers stop in the last third of the year. */
function invoices() {
  const random = randomly(2_025);
  const lines = [["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]];
  const bought = new Map();
  let invoice = 536_365;
  const add = (number, customer, date, quantity, price, item) => lines.push([number, `P${item}`, `THING ${item}`, quantity,
    `${date} 10:00:00`, price.toFixed(2), customer ? `${customer}.0` : "", customer % 7 ? "United Kingdom" : "Germany"]);
  for (let at = 0; at < 300; at += 1) {
    const customer = 12_000 + at;
    const gap = 5 + random() * 90;
    const end = at % 2 ? 230 : 360;
    const size = Math.exp(random() * 3);
    let [cents, purchases] = [0, 0];
    for (let when = random() * 60; when < end; when += gap * (0.6 + 0.8 * random())) {
      invoice += 1;
      const count = 1 + Math.floor(random() * 4);
      for (let line = 0; line < count; line += 1) {
        const [quantity, price] = [1 + Math.floor(random() * 10 * size), Math.round(50 + random() * 950)];
        add(invoice, customer, day(Math.floor(when)), quantity, price / 100, (line * 3 + Math.floor(random() * 12)) % 40);
        cents += quantity * price;
      }
      purchases += 1;
      // Of one in twenty something comes back: that is another invoice, no purchase, and lessens the sales.
      if (random() < 0.05) {
        add(`C${invoice}`, customer, day(Math.floor(when) + 1), -1, 0.01, 1);
        cents -= 1;
      }
    }
    bought.set(customer, { cents, purchases });
  }
  for (let at = 0; at < 20; at += 1) add(`C${900_000 + at}`, 13_000 + at, day(100), -2, 3.5, at);
  for (let at = 0; at < 50; at += 1) add(700_000 + at, 0, day(at), 3, 1.25, at % 40);
  return { file: lines.map((line) => line.join(",")).join("\r\n"), bought: [...bought.values()].filter((one) => one.purchases > 0) };
}

const { file, bought } = invoices();
const cents = bought.map((one) => one.cents).sort((one, other) => other - one);
const sum = (all) => all.reduce((total, one) => total + one, 0);
const revenue = sum(cents);
const gini = 2 * sum(cents.map((one, at) => one * (cents.length - at))) / (cents.length * revenue) - (cents.length + 1) / cents.length;
const top = (share) => sum(cents.slice(0, Math.round(cents.length * share))) / revenue;

const json = async (page, path) => (await page.request.get(path)).json();

test("invoices are imported in the browser, and every figure is that of the file", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/import_mapping/new");
  await page.fill("[name=name]", "Invoices");
  await page.fill("[name=mapping]", readFileSync(join(import.meta.dirname, "../examples/online-retail.toml"), "utf8"));
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/\/import_mapping\/\w{13}/);
  await page.goto("/import");
  await page.selectOption("#saved", "Invoices");
  await page.setInputFiles("#file", { name: "invoices.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
  await page.click("button[type=submit]:has-text('Next')");
  // What the mapping says of the columns, then the preview.
  await page.waitForURL(/\/import\/columns/);
  await page.click("button[type=submit]:has-text('Next')");
  const start = page.locator("button:has-text('Import now')");
  await start.waitFor({ timeout: 60_000 });
  await start.click();
  await page.waitForSelector("button:has-text('Undo the import')", { timeout: 120_000 });
  await page.goto("/insights");
  await page.click("button:has-text('Analyse customer value')");
  for (let tries = 0; tries < 120; tries += 1) {
    await page.goto("/insights");
    if (await page.locator("section[aria-label='Where customers are']").count()) break;
    await page.waitForTimeout(500);
  }
  const figure = async (label) => {
    const card = page.locator("dl.gx-numbers > div", { has: page.locator(`dt:text-is("${label}")`) });
    return (await card.locator("dd").textContent()).trim();
  };
  const money = (revenue / 100).toLocaleString("en", { minimumFractionDigits: 2 });
  assert.equal(await figure("Customers"), "320");
  assert.equal(await figure("Who have bought"), String(bought.length));
  assert.equal(await figure("Sales"), `\u00a3${money}`);
  // Estimates have two digits.
  const percent = (share) => `${Number((share * 100).toPrecision(2))}\u00a0%`;
  assert.equal(await figure("Share of the largest 20 %"), percent(top(0.2)));
  assert.equal(await figure("Share of the largest 1 %"), percent(top(0.01)));
  await page.locator("summary:has-text('How we know')").click();
  const how = await page.locator("section[aria-label='Model of customer value']").textContent();
  assert.ok(how.includes(`Gini coefficient of sales: ${Number(gini.toPrecision(2))}.`), how);
  await open(page, "/insights");
  await screenshot(page, "retail-insights");
  // The same over REST.
  const run = (await json(page, "/api/v1/analysis_run?analysis=customer_value&sort=-id&limit=1")).items[0];
  assert.equal(run.customers, 320);
  assert.equal(run.purchases, sum(bought.map((one) => one.purchases)));
  assert.equal(run.progress, 100);
  assert.ok(Math.abs(run.card.concentration.gini - gini) < 1e-9);
  assert.equal(run.card.buyers, bought.length);
  assert.equal(run.card.propensity.horizon, 90);
  // Who has stopped buying is told from who goes on, better than by guessing.
  assert.ok(run.card.propensity.brier < run.card.propensity.brier_naive, JSON.stringify(run.card.propensity));
  const sums = await json(page, "/api/v1/customer/aggregate?measures=sum:revenue");
  assert.ok(JSON.stringify(sums).includes((revenue / 100).toFixed(2)), JSON.stringify(sums));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("good customers that are slipping away are found, and a colleague is told", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/user/new");
  await page.fill("[name=name]", "Colleague");
  await page.fill("[name=email]", "colleague@shop.example");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/\/user\/\w{13}/);
  await page.goto("/segment/new");
  await change(page, () => page.selectOption("select[name='c.0.field']", "abc"));
  await change(page, () => page.selectOption("select[name='c.0.value']", "a"));
  await change(page, () => page.click("button[value='add-field:']"));
  await change(page, () => page.selectOption("select[name='c.1.field']", "relationship"));
  await change(page, () => page.selectOption("select[name='c.1.value']", "decline"));
  const slipping = (await json(page, "/api/v1/customer?abc=a&relationship=decline&total=true&limit=1")).total.number;
  assert.ok(slipping > 0);
  const shown = await page.locator("section[aria-label='Who that is'] dd a").first().textContent();
  assert.equal(Number(shown.replaceAll(",", "")), slipping);
  await page.fill("#segment-name", "Good customers that are slipping away");
  await page.click("button[value='save']");
  await page.waitForURL(/\/segment\/\w{13}$/);
  assert.deepEqual(await violations(page), []);
  await page.selectOption("#subscriber", { label: "Colleague" });
  await page.fill("#proposal", "Call them this week");
  await page.click("button:has-text('Subscribe')");
  await page.waitForURL(/\/subscription\/\w+$/);
  await page.getByText("Call them this week").first().waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

// From data to knowledge: the analysis is run in the browser, and what it finds is where people work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { looks, screenshot, scrollsSideways, signIn, startBrowser, startServer, unanalysed, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer([], { data: unanalysed() });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Nobody asks for the page again: it shows what a run found as soon as that ends.
const ready = (page, text) => page.waitForSelector(`section[aria-label='${text}']`, { timeout: 60_000 });

test("customers are analysed, and each number leads to the list behind it", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/insights");
  await page.waitForSelector("text=Nothing has been analysed yet");
  assert.deepEqual(await violations(page), []);
  await page.click("button:has-text('Analyse customer value')");
  await ready(page, "Where customers are");
  await page.goto("/insights");
  await page.click("button:has-text('Find what is bought together')");
  await ready(page, "Bought together");
  // The numbers of the cards are those of the lists.
  const lost = page.locator("a[href='/customer?life_stage=lost']");
  const count = Number((await lost.locator("xpath=../../td[2]").textContent()).replaceAll(",", ""));
  assert.ok(count > 0);
  const answer = await page.request.get("/api/v1/customer?life_stage=lost&total=true&limit=1");
  assert.equal((await answer.json()).total.number, count);
  // A chart is a table first, and a mark of it a link.
  await page.waitForSelector("gx-chart canvas");
  const summary = page.locator("section[aria-label='Recency and frequency'] summary");
  await summary.click();
  const best = page.locator("a[href^='/customer?rfm.starts=55']");
  const shown = (await best.textContent()).trim();
  await best.click();
  await page.waitForURL(/rfm\.starts=55/);
  const group = await page.request.get("/api/v1/customer?rfm.starts=55&total=true&limit=1");
  assert.equal(String((await group.json()).total.number), shown.replaceAll(",", ""));
  // So is a cell of the matrix of their value and our capability.
  await page.goto("/insights");
  await page.locator("section[aria-label='Value and capability'] summary").click();
  const high = page.locator("a[href^='/customer?value_score.ge=66.67&fit_score.ge=66.67']");
  const [cell, where] = [(await high.textContent()).trim(), await high.getAttribute("href")];
  assert.ok(Number(cell) > 0);
  const matched = await page.request.get(`/api/v1${where}&total=true&limit=1`);
  assert.equal(String((await matched.json()).total.number), cell.replaceAll(",", ""));
  // A customer's page says what is known, and why.
  await page.goto("/customer?sort=-revenue");
  await page.locator("tbody tr[data-href] a").first().click();
  const known = page.locator("section[aria-label='What is known']");
  await known.waitFor();
  const text = await known.textContent();
  for (const word of ["Stage of life", "Value to come", "RFM score", "ABC class", "purchases in"]) {
    assert.ok(text.includes(word), `${word}: ${text}`);
  }
  const terms = await page.locator("section[aria-label='Terms']").textContent();
  assert.match(terms, /Days to pay/);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

for (const look of looks) {
  const { name } = look;
  test(`the overview is accessible: ${name}`, async () => {
    const page = await signIn(browser, server.address, look);
    await page.goto("/insights");
    await page.waitForSelector("gx-chart canvas");
    assert.deepEqual(await violations(page), []);
    assert.equal(await scrollsSideways(page), false);
    for (const summary of await page.locator("gx-chart summary").all()) await summary.click();
    assert.deepEqual(await violations(page), []);
    assert.equal(await scrollsSideways(page), false);
    for (const summary of await page.locator("gx-chart summary").all()) await summary.click();
    await screenshot(page, `insights-${name.replaceAll(" ", "-")}`);
    const run = page.locator("a[href^='/analysis_run/']").first();
    await run.click();
    await page.waitForURL(/analysis_run/);
    assert.deepEqual(await violations(page), []);
    assert.equal(await scrollsSideways(page), false);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test("without a script the tables of the charts are there", async () => {
  const signed = await signIn(browser, server.address);
  const cookies = await signed.context().cookies();
  await signed.context().close();
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: server.address });
  await context.addCookies(cookies);
  const page = await context.newPage();
  await page.goto("/insights");
  assert.ok(await page.locator("gx-chart table").first().isVisible());
  await context.close();
});

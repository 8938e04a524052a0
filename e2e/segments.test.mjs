// Segments in the browser: put together, previewed, kept, looked at; by people and by the list.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMail } from "./mail.mjs";
import { change, looks, screenshot, scrollsSideways, signIn, startBrowser, startServer, unanalysed, violations } from "./browser.mjs";

let server, browser, mail;
before(async () => {
  mail = await startMail();
  server = await startServer([], {
    data: unanalysed(),
    env: { GUANXI_SMTP: `smtp://127.0.0.1:${mail.port}`, GUANXI_MAIL_FROM: "Guanxi <crm@demo.example>" },
  });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await mail?.stop();
});

const analysed = async (page) => {
  await page.goto("/insights");
  await page.click("button:has-text('Analyse customer value')");
  for (let tries = 0; tries < 120; tries += 1) {
    await page.goto("/insights");
    if (await page.locator("section[aria-label='Where customers are']").count()) return;
    await page.waitForTimeout(500);
  }
  assert.fail("nothing is analysed");
};

/** Runs the analysis once more and waits for its end. */
const analysedAgain = async (page) => {
  const newest = async () => (await (await page.request.get("/api/v1/analysis_run?sort=-id&limit=1")).json()).items[0];
  await page.goto("/insights");
  await page.click("button:has-text('Analyse customer value')");
  for (let tries = 0; tries < 120; tries += 1) {
    if ((await newest()).state === "done") break;
    await page.waitForTimeout(500);
  }
  // After it the segments are looked at.
  await page.waitForTimeout(2000);
};

const preview = (page) => page.locator("section[aria-label='Who that is']");
const counted = async (page) => Number((await preview(page).locator("dd a").first().textContent()).replaceAll(",", ""));
const total = async (page, address) => (await (await page.request.get(`/api/v1/customer?${address}&total=true&limit=1`)).json()).total.number;

test("good customers that are slipping away are found, kept and looked at", async () => {
  const page = await signIn(browser, server.address);
  await analysed(page);
  await page.goto("/segment/new");
  assert.deepEqual(await violations(page), []);
  await change(page, () => page.selectOption("select[name='c.0.field']", "abc"));
  await change(page, () => page.selectOption("select[name='c.0.value']", "a"));
  assert.equal(await counted(page), await total(page, "abc=a"));
  await change(page, () => page.click("button[value='add-field:']"));
  await change(page, () => page.selectOption("select[name='c.1.field']", "churn_risk"));
  await page.fill("input[name='c.1.value']", "10");
  await change(page, () => page.press("input[name='c.1.value']", "Tab"));
  await change(page, () => page.click("button[value='add-related:']"));
  await change(page, () => page.selectOption("select[name='c.2.of']", "order.customer"));
  await page.fill("input[name='c.2.number']", "2");
  await change(page, () => page.press("input[name='c.2.number']", "Tab"));
  const many = await counted(page);
  assert.ok(many > 0);
  const filter = { all: [{ field: "abc", op: "eq", value: "a" }, { field: "churn_risk", op: "ge", value: "10" },
    { related: "order", via: "customer", count: { op: "ge", number: 2 } }] };
  assert.equal(many, await total(page, `filter=${encodeURIComponent(JSON.stringify(filter))}`));
  assert.deepEqual(await violations(page), []);
  // Without a name it is not kept, and nothing that was put together is lost.
  await change(page, () => page.click("button[value='save']"));
  await page.waitForSelector("[role='alert']");
  assert.equal(await page.inputValue("input[name='c.1.value']"), "10");
  await page.fill("#segment-name", "Good customers that are slipping away");
  await page.click("button[value='save']");
  await page.waitForURL(/\/segment\/[0-9a-z]+$/);
  const shown = page.locator("main dl.gx-numbers dd a").first();
  assert.equal(Number((await shown.textContent()).replaceAll(",", "")), many);
  for (const part of ["Who bought for most", "What they are like", "What they spend on", "Who came and who went"]) {
    await page.waitForSelector(`section[aria-label='${part}']`);
  }
  await page.waitForSelector("gx-chart canvas");
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "segment-en-wide");
  // The number leads to the list, which says of which segment it is.
  await shown.click();
  await page.waitForURL(/\/customer\?segment=/);
  await page.waitForSelector("text=Good customers that are slipping away");
  const id = new URL(page.url()).searchParams.get("segment");
  assert.equal(await total(page, `segment=${id}`), many);
  // It is changed where it was made.
  await page.goto(`/segment/${id}/edit`);
  assert.equal(await page.inputValue("input[name='c.1.value']"), "10");
  await change(page, () => page.click("button[value='remove:1']"));
  assert.ok(await counted(page) >= many);
  await page.click("button[value='save']");
  await page.waitForURL(/\/segment\/[0-9a-z]+$/);
  // Exactly these can be kept too: another segment, whatever they do later.
  await page.goto(`/segment/${id}/edit`);
  const now = await counted(page);
  await page.fill("#segment-name", "As they are today");
  await page.click("button[value='freeze']");
  await page.waitForURL((url) => url.pathname.startsWith("/segment/") && !url.pathname.includes(id));
  await page.waitForSelector("text=As they are today");
  const frozen = page.url().split("/").pop();
  assert.equal(await total(page, `segment=${frozen}`), now);
  // What a list shows becomes one.
  await page.goto("/customer?life_stage=lost");
  await page.click("text=Make a segment of these");
  await page.waitForURL(/\/segment\/new/);
  assert.equal(await counted(page), await total(page, "life_stage=lost"));
  // What cannot be asked is said, not guessed.
  await page.selectOption("select[name='c.0.field']", "revenue");
  await page.waitForSelector("input[name='c.0.value']");
  await page.fill("input[name='c.0.value']", "much");
  await change(page, () => page.press("input[name='c.0.value']", "Tab"));
  await page.waitForSelector("section[aria-label='Who that is'] .text-danger");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a colleague who subscribed is told who came in, and what is proposed", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/segment/new?name.starts=Newcomer");
  await page.fill("#segment-name", "Newcomers");
  await page.click("button[value='save']");
  await page.waitForURL(/\/segment\/[0-9a-z]+$/);
  const segment = page.url();
  await page.selectOption("#rhythm", "at_once");
  await page.fill("#proposal", "Call within a day");
  await page.click("button:has-text('Subscribe')");
  await page.waitForURL(/\/subscription\/[0-9a-z]+$/);
  assert.deepEqual(await violations(page), []);
  // Who is in it now is noted; then somebody comes.
  await analysedAgain(page);
  await page.goto("/customer/new");
  await page.fill("[name=name]", "Newcomer One");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/\/customer\/[0-9a-z]+/);
  await analysedAgain(page);
  let told = 0;
  for (let tries = 0; tries < 120 && !told; tries += 1) {
    await page.goto("/notices");
    told = await page.locator("section[aria-label^='Newcomers']").count();
    await page.waitForTimeout(500);
  }
  const text = await page.locator("section[aria-label^='Newcomers']").textContent();
  for (const part of ["Newcomer One", "Call within a day"]) assert.ok(text.includes(part), text);
  const sent = await mail.next("admin@guanxi.local");
  for (const part of ["Newcomer One", "Call within a day", "/segment/"]) assert.ok(sent.includes(part), sent);
  await page.waitForSelector("nav .badge");
  assert.deepEqual(await violations(page), []);
  await page.click("button:has-text('Mark all as read')");
  await page.waitForSelector("nav a[href='/notices']");
  assert.equal(await page.locator("button:has-text('Mark all as read')").count(), 0);
  await page.goto(segment);
  await page.waitForSelector("section[aria-label='Who came and who went'] >> text=Newcomer One");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

for (const look of looks) {
  const { name } = look;
  test(`segments are accessible: ${name}`, async () => {
    const page = await signIn(browser, server.address, look);
    const list = await (await page.request.get("/api/v1/segment?kind=dynamic&name.starts=Good&limit=1")).json();
    for (const address of [`/segment/${list.items[0].id}`, `/segment/${list.items[0].id}/edit`]) {
      await page.goto(address);
      await page.waitForSelector("dl.gx-numbers");
      assert.deepEqual(await violations(page), []);
      assert.equal(await scrollsSideways(page), false);
      await screenshot(page, `segment-${look.locale}-${look.screen}${address.endsWith("edit") ? "-edit" : ""}`);
    }
    for (const address of ["/notices", `/segment/${list.items[0].id}/alike`]) {
      await page.goto(address);
      await page.waitForSelector("main h1");
      assert.deepEqual(await violations(page), []);
      assert.equal(await scrollsSideways(page), false);
      await screenshot(page, `${address.endsWith("alike") ? "alike" : "notices"}-${look.locale}-${look.screen}`);
    }
    await page.context().close();
  });
}

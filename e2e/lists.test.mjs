// What one does with a list: keeps it as a view, chooses its columns, changes values in place,
// acts on all that it means.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot, scrollsSideways, signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a list is kept as a view, changed, saved again", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer?country=Germany&sort=-name");
  await page.click("summary:has-text('Views')");
  await page.fill("#view-name", "Germans");
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "views");
  await page.click(".gx-menu-body button");
  await page.waitForURL(/view=/);
  assert.match(page.url(), /country=Germany&sort=-name&view=/);
  assert.equal(await page.locator(".gx-view-bar").count(), 0);
  // The address alone shows the same in another browser.
  const other = await signIn(browser, server.address, { locale: "zh_cn" });
  await other.goto(page.url());
  assert.equal(await other.textContent("details.gx-menu summary"), "Germans");
  assert.equal(await other.textContent("tbody tr[data-href] a"), await page.textContent("tbody tr[data-href] a"));
  await other.context().close();

  await page.selectOption("[name=kind]", "person");
  await page.click("button:has-text('Apply')");
  await page.waitForSelector(".gx-view-bar");
  assert.deepEqual(await violations(page), []);
  await page.click(".gx-view-bar a:has-text('Discard')");
  await page.waitForSelector(".gx-view-bar", { state: "detached" });
  await page.selectOption("[name=kind]", "person");
  await page.click("button:has-text('Apply')");
  // What the address stated before is still stated.
  assert.equal(await page.inputValue("#filter-country"), "Germany");
  await page.click(".gx-view-bar button:has-text('Save'):not([data-open])");
  await page.waitForURL(/kind=person.*view=/);
  assert.equal(await page.locator(".gx-view-bar").count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("what no control shows is shown beside them, and can be taken away", async () => {
  const page = await signIn(browser, server.address, { locale: "zh_cn" });
  await page.goto("/order?customer.country=Germany&date.ge=2020-01-01&status.in=completed,shipped");
  const shown = await page.locator(".gx-stated li").allTextContents();
  assert.deepEqual(shown.map((text) => text.trim()), ["客户: 国家 = 德国", "日期 ≥ 2020-01-01", "状态 = 已完成, 已发货"]);
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "stated");
  await page.click("button:has-text('筛选'):not(summary)");
  await page.waitForURL(/customer.country=Germany/);
  assert.equal(await page.locator(".gx-stated li").count(), 3);
  await page.click(".gx-stated li:has-text('德国') a");
  await page.waitForURL((url) => !url.search.includes("Germany"));
  assert.equal(await page.locator(".gx-stated li").count(), 2);
  await page.context().close();
});

test("columns are chosen and ordered by the keyboard", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer?kind=person");
  await page.click("button:has-text('Columns')");
  await page.waitForSelector("#columns[open]");
  assert.deepEqual(await violations(page), []);
  await page.uncheck("#columns [value=industry]");
  await page.check("#columns [value=employees]");
  await page.focus("#columns li:has([value=country]) [data-move='-1']");
  for (let times = 0; times < 4; times += 1) await page.keyboard.press("Enter");
  await screenshot(page, "columns");
  await page.click("#columns button[type=submit]");
  await page.waitForURL(/columns=country(,|%2C)name/);
  const heads = (await page.locator("thead th").allTextContents()).map((text) => text.trim());
  assert.deepEqual(heads.slice(1, 3), ["Country", "Name"]);
  assert.ok(heads.includes("Employees") && !heads.includes("Industry"));
  assert.match(page.url(), /kind=person/);
  // Filtering again keeps the columns.
  await page.click("button:has-text('Apply')");
  await page.waitForURL(/columns=country(,|%2C)name/);
  await page.keyboard.press("?");
  await page.waitForSelector("#shortcuts[open]");
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  await page.context().close();
});

test("a value is changed where it stands", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer?sort=name&columns=name,country,email,kind");
  const cell = (at) => page.locator("tbody tr").first().locator("td").nth(at);
  await cell(2).dblclick();
  await page.waitForSelector("form.gx-cell");
  assert.deepEqual(await violations(page), []);
  await page.fill("#cell", "Lummerland");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".gx-toast");
  assert.equal(await cell(2).textContent(), "Lummerland");
  // What the rules refuse stays in the cell, with the reason.
  await cell(3).dblclick();
  await page.fill("#cell", "nobody");
  await page.keyboard.press("Tab");
  await page.waitForSelector(".gx-cell .text-danger");
  assert.equal(await page.inputValue("#cell"), "nobody");
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "cell");
  await page.keyboard.press("Escape");
  await page.waitForSelector("form.gx-cell", { state: "detached" });
  // By the keyboard alone.
  await page.focus("tbody tr[tabindex='0']");
  await page.keyboard.press("F2");
  await page.waitForSelector("form.gx-cell");
  await page.keyboard.press("Escape");
  await page.waitForSelector("form.gx-cell", { state: "detached" });
  await page.click(".gx-toast button");
  await page.waitForFunction(() => !document.querySelector("tbody tr").textContent.includes("Lummerland"));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("all that match are archived after a second question, and come back", async () => {
  const page = await signIn(browser, server.address, { locale: "zh_cn", screen: "phone" });
  page.on("dialog", (dialog) => dialog.accept());
  await page.goto("/customer?country=Germany");
  const box = page.locator("tbody tr input[type=checkbox]").first();
  await box.check();
  await page.click("[data-all-matching]");
  // How many they are stands there before anything is pressed.
  await page.waitForFunction(() => /\d/.test(document.querySelector(".gx-bulk [data-count]").textContent));
  await page.click(".gx-bulk button[type=submit]");
  await page.waitForSelector("main ul li");
  const number = Number((await page.textContent("h1")).match(/\d+/)[0]);
  assert.ok(number >= 50, `${number}`);
  assert.equal(await page.locator("main ul li").count(), 10);
  assert.deepEqual(await violations(page), []);
  assert.ok(!await scrollsSideways(page));
  await screenshot(page, "bulk");
  await page.click("main button[type=submit]");
  await page.waitForURL(/saved=/);
  await page.goto(`/customer?country=Germany`);
  assert.equal(await page.locator("tbody tr[data-href]").count(), 0);
  await page.goBack();
  await page.click(".gx-toast button");
  await page.waitForURL(/\/customer$/);
  await page.goto(`/customer?country=Germany`);
  assert.ok(await page.locator("tbody tr[data-href]").count() > 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

// Customers that stand in the base more than once: told at entry, found, merged, parted again.
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

const enter = async (page, name, phone) => {
  await page.goto("/customer/new");
  await page.fill("[name=name]", name);
  await page.fill("[name=phone]", phone);
};

test("a customer who is there already is told while they are entered", async () => {
  const page = await signIn(browser, server.address);
  await enter(page, "Quillfeather Ltd.", "13912340001");
  await page.click("button:has-text('Save')");
  await page.waitForURL(/\/customer\/[0-9a-z]+\?saved=/);
  await enter(page, "Quillfeather Co., Limited", "139 1234 0001");
  await page.press("[name=phone]", "Tab");
  await page.waitForSelector("text=This customer may be there already");
  assert.equal(await page.locator(".alert a", { hasText: "Quillfeather Ltd." }).count(), 1);
  await screenshot(page, "alike-en");
  assert.deepEqual(await violations(page), []);
  await page.click("button:has-text('Save')");
  await page.waitForURL(/\/customer\/[0-9a-z]+\?saved=/);
});

test("duplicates are found, merged with what is chosen, and parted again", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/insights");
  await page.click("button:has-text('Find duplicates')");
  const card = page.locator("section[aria-label='Customers that stand here more than once']");
  for (let tries = 0; tries < 120 && !(await card.count()); tries += 1) {
    await page.waitForTimeout(500);
    await page.goto("/insights");
  }
  await card.locator("a:has-text('Decide')").click();
  await page.waitForURL(/\/customer_pair\?state=open/);
  await page.locator("tr", { hasText: "Quillfeather" }).locator("a").first().click();
  await page.waitForURL(/\/customer_pair\/[0-9a-z]+$/);
  const pair = page.url();
  for (const look of looks) {
    const other = await signIn(browser, server.address, look);
    await other.goto(pair);
    assert.deepEqual(await violations(other), [], look.name);
    assert.equal(await scrollsSideways(other), false, look.name);
    await screenshot(other, `pair ${look.name}`);
    await other.close();
  }
  const names = page.locator("input[name='take-name']");
  assert.equal(await names.count(), 2);
  await names.nth(1).check();
  await page.click("button:has-text('Merge')");
  await page.waitForURL(/\/customer\/[0-9a-z]+$/);
  assert.equal(await page.locator("h1").textContent(), "Quillfeather Co., Limited");
  const merged = page.locator("section[aria-label='Merged customers']");
  assert.match(await merged.textContent(), /Name: chosen by a person/);
  await screenshot(page, "merged-en");
  page.on("dialog", (dialog) => dialog.accept());
  await merged.locator("button:has-text('Part them again')").click();
  await page.waitForURL((url) => !url.pathname.includes("undo"));
  await page.goto("/customer?q=Quillfeather");
  assert.equal(await page.locator("tbody tr").count(), 2);
  await page.goto(pair);
  assert.match(await page.locator("main").textContent(), /Different/);
});

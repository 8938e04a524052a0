// Forms that are sent twice: a slow answer and a second press, the way back, a page that is loaded again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const made = /\/customer\/[0-9a-z]{13}\?saved=/;
const path = (page) => new URL(page.url()).pathname;
const save = (page) => page.click("form[data-draft] button.btn-primary[type=submit]");
/** Back to a form as a browser shows it that keeps pages; this one, without a window, asks for it anew. */
const back = async (page, key) => {
  await page.goBack();
  await page.waitForSelector("form[data-draft]");
  await page.evaluate((key) => { document.querySelector("form[data-draft] [name=once]").value = key; }, key);
};
const key = (page) => page.inputValue("form[data-draft] [name=once]");
const countOf = (page, name) => page.evaluate(async (name) => {
  const answer = await fetch(`/api/v1/customer?name=${encodeURIComponent(name)}`);
  return (await answer.json()).items.length;
}, name);

test("a second press while the answer is slow makes no second record", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer/new");
  await page.fill("[name=name]", "慢 Slow & Söhne");
  let sent = 0;
  let arrived;
  const first = new Promise((resolve) => { arrived = resolve; });
  await page.route("**/customer", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    sent += 1;
    if (sent > 1) return route.continue();
    // The server has it, and its answer is on the way for ever.
    await route.fetch({ maxRedirects: 0 });
    arrived();
  });
  // Past what a script holds back: the form itself is sent again. Nothing can be asked of a page that waits
  // for an answer, so that it is told before.
  await page.evaluate(() => { setTimeout(() => document.querySelector("form[data-draft]").submit(), 3000); });
  await save(page);
  await first;
  await page.waitForURL(made);
  assert.equal(sent, 2);
  assert.equal(await page.textContent("h1"), "慢 Slow & Söhne");
  assert.equal(await countOf(page, "慢 Slow & Söhne"), 1);
  await page.context().close();
});

test("two presses at once send one form", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer/new");
  await page.fill("[name=name]", "Twice");
  await page.dblclick("form[data-draft] button.btn-primary[type=submit]");
  await page.waitForURL(made);
  assert.equal(await countOf(page, "Twice"), 1);
  await page.context().close();
});

test("whoever comes back to a form that was sent is told what was made of it", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer/new");
  const before = await key(page);
  await page.fill("[name=name]", "Back and again");
  await save(page);
  await page.waitForURL(made);
  const record = path(page);
  await back(page, before);
  await page.fill("[name=name]", "Back and again");
  await save(page);
  await page.waitForURL(made);
  assert.equal(path(page), record);
  assert.equal(await countOf(page, "Back and again"), 1);
  // Something else is not lost and not saved in silence.
  await back(page, before);
  await page.fill("[name=name]", "Another one");
  await save(page);
  await page.waitForSelector("[role=alert]");
  assert.match(await page.textContent("[role=alert]"), /This form was saved before, as “Back and again”/);
  assert.equal(await page.getAttribute("[role=alert] a", "href"), record);
  assert.equal(await page.inputValue("[name=name]"), "Another one");
  assert.equal(await countOf(page, "Another one"), 0);
  assert.deepEqual(await violations(page), []);
  // One more press saves it.
  await save(page);
  await page.waitForURL(made);
  assert.notEqual(path(page), record);
  assert.equal(await countOf(page, "Another one"), 1);
  // A form that is opened anew is another one.
  await page.goto("/customer/new");
  assert.notEqual(await key(page), before);
  await page.context().close();
});

// Every page: accessible in light and dark, in Chinese and English, wide and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { looks, open, screenshot, scrollsSideways, signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const look of looks) {
  const { name } = look;
  test(`pages are accessible: ${name}`, async () => {
    const page = await signIn(browser, server.address, look);
    const lang = look.locale === "en" ? "en" : "zh-CN";
    const check = async (path) => {
      await open(page, path);
      assert.equal(await page.getAttribute("html", "lang"), lang);
      assert.deepEqual(await violations(page), [], path);
      assert.equal(await scrollsSideways(page), false, `${path} scrolls sideways`);
    };
    const types = await page.$$eval(".gx-nav a[href^='/']", (links) => links.map((a) => a.getAttribute("href")));
    types.push("/account");
    for (const path of types.filter((path) => !["/", "/api/docs", "/import"].includes(path))) {
      await check(path);
      const first = await page.$("tbody tr[data-href]");
      if (first && ["/customer", "/order", "/invoice", "/case"].includes(path)) {
        await check(await first.getAttribute("data-href"));
        await screenshot(page, `${path.slice(1)}-${name.replaceAll(" ", "-")}`);
      }
      if (["/customer", "/order_line", "/custom_field"].includes(path)) await check(`${path}/new`);
    }
    for (const path of ["/", "/import", "/customer?q=nothing-is-called-so", "/customer?nonsense=1", "/customer/0000000000001"]) {
      await check(path);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test("a list page is light", async () => {
  const page = await signIn(browser, server.address);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const weigh = async () => {
    let bytes = 0;
    const count = (event) => { bytes += event.encodedDataLength; };
    session.on("Network.loadingFinished", count);
    await page.goto("/customer", { waitUntil: "networkidle" });
    session.off("Network.loadingFinished", count);
    return bytes;
  };
  const first = await weigh();
  await session.send("Network.setCacheDisabled", { cacheDisabled: false });
  await page.goto("/", { waitUntil: "networkidle" });
  const later = await weigh();
  console.log(`list page: ${first} bytes at first, ${later} after`);
  assert.ok(first <= 100_000, `${first} bytes at first`);
  assert.ok(later <= 30_000, `${later} bytes after`);
  await page.context().close();
});

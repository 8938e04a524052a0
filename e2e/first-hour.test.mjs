// The first hour of a new user: a fresh folder with demo data, as administrator and as the people of
// the demo company, in both languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demoData, open, screenshot, scrollsSideways, signIn, startBrowser, startServer, violations, visit } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer([], { data: demoData() });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const texts = {
  en: { steps: "First steps", none: /\(none\)|Not analysed yet/, why: /purchases in .* days/, calls: "Whom to call first", locked: "Over all customers", lock: "You may not see this" },
  zh_cn: { steps: "第一步", none: /（无）|尚未分析/, why: /天内|天前/, calls: "最该先联系谁", locked: "全部客户的分析", lock: "您无权查看" },
};
const fine = async (page, what) => {
  assert.deepEqual(await violations(page), [], what);
  assert.equal(await scrollsSideways(page), false, `${what} scrolls sideways`);
};

for (const locale of ["zh_cn", "en"]) {
  const say = texts[locale];
  test(`an administrator begins: ${locale}`, async () => {
    const visitor = await visit(browser, server.address, { locale });
    await visitor.goto("/login");
    // Who is there to look as, and one click fills in whom.
    await visitor.click("[data-demo] a[href*='staff2']");
    assert.equal(await visitor.inputValue("#email"), "staff2@demo.example");
    await fine(visitor, "the page where one signs in");
    await screenshot(visitor, `first-hour-login-${locale}`);
    const page = await signIn(browser, server.address, { locale });
    await open(page, "/");
    const steps = page.locator("[data-first-steps]");
    assert.match(await steps.textContent(), new RegExp(say.steps));
    assert.equal(await steps.locator("[data-step=analyse]").getAttribute("data-done"), "true");
    assert.equal(await steps.locator("[data-step=import]").getAttribute("data-done"), "false");
    // Nothing that is drawn says that nothing is known.
    assert.doesNotMatch(await page.textContent("main"), say.none);
    await fine(page, "the start page");
    await screenshot(page, `first-hour-home-admin-${locale}`);
    await open(page, "/customer_pair");
    assert.ok(await page.locator("tbody tr[data-href]").count() >= 2, "duplicates were found");
    await open(page, "/insights");
    await screenshot(page, `first-hour-insights-admin-${locale}`);
    assert.deepEqual(page.faults, []);
  });

  test(`a salesperson knows why somebody is slipping away: ${locale}`, async () => {
    const page = await signIn(browser, server.address, { locale, email: "staff2@demo.example" });
    await open(page, "/");
    await fine(page, "a salesperson's start page");
    await screenshot(page, `first-hour-home-seller-${locale}`);
    // The step leads to the list that it counts.
    const step = page.locator("[data-step=at-risk]");
    const count = Number((await step.locator(".badge").textContent()).replace(/\D/g, ""));
    await step.locator("a").click();
    await page.waitForURL(/churn_risk/);
    assert.equal(await page.locator("tbody tr[data-href]").count(), Math.min(count, 50));
    // A customer of their own says why.
    await open(page, "/customer?owner=me&purchases.ge=2&sort=-churn_risk");
    await open(page, await page.getAttribute("tbody tr[data-href]", "data-href"));
    assert.match(await page.textContent("main"), say.why);
    await screenshot(page, `first-hour-customer-seller-${locale}`);
    await open(page, "/insights");
    const main = await page.textContent("main");
    assert.ok(main.includes(say.calls) && main.includes(say.locked), main);
    await fine(page, "a salesperson's insights");
    await screenshot(page, `first-hour-insights-seller-${locale}`);
    // Another's customer, which lies in their territory, keeps its figures behind a lock.
    const id = await page.evaluate(async () => {
      const all = (await (await fetch("/api/v1/customer?limit=300")).json()).items;
      return all.find((one) => one.life_stage === null)?.id;
    });
    if (id) {
      await open(page, `/customer/${id}`);
      assert.ok(await page.locator(`main [role=img][aria-label='${say.lock}']`).count() >= 1);
    }
    assert.deepEqual(page.faults, []);
  });

  test(`the service clerk and the manager have work: ${locale}`, async () => {
    const clerk = await signIn(browser, server.address, { locale, email: "staff5@demo.example", screen: "phone" });
    await open(clerk, "/");
    assert.equal(await clerk.locator("[data-step=cases]").getAttribute("data-done"), "false");
    await fine(clerk, "a clerk's start page on a phone");
    await screenshot(clerk, `first-hour-home-clerk-${locale}`);
    await clerk.click("[data-step=cases] a");
    await clerk.waitForSelector("tbody tr[data-href]");
    const manager = await signIn(browser, server.address, { locale, email: "staff1@demo.example", dark: true });
    await open(manager, "/");
    await screenshot(manager, `first-hour-home-manager-${locale}`);
    await manager.click("[data-step=team-figures] a");
    await manager.waitForSelector(".gx-numbers");
    await fine(manager, "a manager's insights");
    assert.deepEqual([...clerk.faults, ...manager.faults], []);
  });
}

test("first steps are put away by each for themselves", async () => {
  const page = await signIn(browser, server.address, { email: "staff3@demo.example" });
  await open(page, "/");
  await Promise.all([page.waitForURL("**/"), page.click("[data-first-steps] form button")]);
  assert.equal(await page.locator("[data-first-steps]").count(), 0);
  await page.goto("/customer");
  await page.goto("/");
  assert.equal(await page.locator("[data-first-steps]").count(), 0);
});

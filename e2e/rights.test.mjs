// Everyone sees and decides exactly what is theirs: the same company as administrator, manager,
// salesperson and service clerk, in both languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demoData, runCommand, screenshot, scrollsSideways, signIn, startBrowser, startServer, violations } from "./browser.mjs";

const people = { admin: "admin@guanxi.local", manager: "staff1@demo.example", seller: "staff2@demo.example", clerk: "staff5@demo.example", reader: "staff6@demo.example" };
let server, browser, data;
before(async () => {
  data = demoData();
  server = await startServer([], { data });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const as = (who, look = {}) => signIn(browser, server.address, { ...look, email: people[who] });
/** How many records a list says it has. */
const total = async (page, path) => {
  await page.goto(path);
  await page.waitForFunction(() => document.querySelector(".gx-head .gx-muted")?.textContent.trim());
  return Number((await page.textContent(".gx-head .gx-muted")).replace(/\D/g, ""));
};
const fine = async (page, what) => {
  assert.deepEqual(await violations(page), [], what);
  assert.equal(await scrollsSideways(page), false, `${what} scrolls sideways`);
};

test("each sees their part of the same company", async () => {
  const seen = {};
  for (const who of ["admin", "manager", "seller", "clerk"]) {
    const page = await as(who, { locale: who === "seller" ? "zh_cn" : "en" });
    seen[who] = { customers: await total(page, "/customer"), orders: await total(page, "/order") };
    const menu = await page.$$eval(".gx-nav a", (links) => links.map((a) => a.getAttribute("href")));
    assert.equal(menu.includes("/audit"), who === "admin");
    assert.equal(menu.includes("/custom_field") && menu.includes("/role"), true);
    const answer = await page.goto("/audit");
    assert.equal(answer.status(), who === "admin" ? 200 : 403);
    assert.deepEqual(page.faults, []);
  }
  assert.equal(seen.admin.customers, 300);
  // The manager leads all who sell; a seller has a part; the clerk sees every customer.
  assert.equal(seen.manager.customers, 300);
  assert.equal(seen.clerk.customers, 300);
  assert.ok(seen.seller.customers > 0 && seen.seller.customers < 300, JSON.stringify(seen));
  assert.ok(seen.seller.orders < seen.manager.orders && seen.manager.orders === seen.admin.orders, JSON.stringify(seen));
});

for (const locale of ["en", "zh_cn"]) {
  test(`each walks through what is theirs: ${locale}`, async () => {
    for (const who of ["admin", "manager", "seller", "clerk"]) {
      const page = await as(who, { locale, dark: who === "seller", screen: who === "clerk" ? "phone" : "wide" });
      const walk = async (path) => {
        const answer = await page.goto(path);
        assert.equal(answer.status(), 200, `${who} ${path}`);
        await fine(page, `${who} ${path}`);
      };
      await walk("/customer");
      const customer = await page.getAttribute("tbody tr[data-href]", "data-href");
      for (const path of [customer, `${customer}/access`, "/approvals", "/account", "/substitution/new", "/"]) await walk(path);
      await screenshot(page, `home-${who}-${locale}`);
      const admin = ["/role", "/authority_limit/new", "/approval_rule/new", "/approval_step/new", "/retention_rule/new", "/audit", `${customer}/privacy`];
      if (who === "admin") for (const path of admin) await walk(path);
      // What is not theirs to set up is not there for them.
      else for (const path of ["/role/new", "/authority_limit/new", "/audit", `${customer}/privacy`]) assert.equal((await page.goto(path)).status(), 403, `${who} ${path}`);
      assert.deepEqual(page.faults, []);
    }
  });
}

test("a masked telephone is shown on record, and a hidden field shows a lock", async () => {
  for (const look of [{ locale: "en" }, { locale: "zh_cn", dark: true, screen: "phone" }]) {
    const page = await as("clerk", look);
    await page.goto("/customer?sort=-created_at");
    const list = await page.textContent("tbody");
    assert.doesNotMatch(list, /1[3-9]\d{9}/);
    await page.goto(await page.getAttribute("tbody tr[data-href]", "data-href"));
    await fine(page, "a customer with a masked telephone");
    await screenshot(page, `masked-${look.locale}`);
    const shown = page.locator("form[action$='/reveal/phone']");
    await shown.locator("button").click();
    await page.waitForSelector("dd a[href^='tel:']");
    assert.equal(await shown.count(), 0);
    // What cannot be seen cannot be asked for either.
    const asked = await page.goto("/customer?phone.starts=13");
    assert.match(await page.textContent("main"), look.locale === "en" ? /may not see/ : /无权查看/);
    assert.equal(asked.status(), 200);
    await page.goto("/product");
    await page.goto(await page.getAttribute("tbody tr[data-href]", "data-href"));
    assert.ok(await page.locator("dd [role=img]").count() >= 1, "a lock stands for the cost");
    assert.deepEqual(page.faults, []);
  }
  const admin = await as("admin");
  await admin.goto("/audit?operation=reveal");
  assert.ok(await admin.locator("tbody tr").count() >= 2);
  await fine(admin, "the audit log");
  await screenshot(admin, "audit-en-wide");
});

test("the page that says why, and sharing until a day", async () => {
  const admin = await as("admin");
  const seller = await as("seller", { locale: "zh_cn", screen: "phone" });
  // A customer that the seller does not see.
  const all = await admin.evaluate(async () => (await (await fetch("/api/v1/customer?limit=300")).json()).items.map((one) => one.id));
  const theirs = new Set(await seller.evaluate(async () => (await (await fetch("/api/v1/customer?limit=300")).json()).items.map((one) => one.id)));
  const hidden = all.find((id) => !theirs.has(id));
  assert.equal((await seller.goto(`/customer/${hidden}`)).status(), 404);
  await admin.goto(`/customer/${hidden}/access`);
  await fine(admin, "who sees a customer");
  const name = await seller.textContent(".gx-top a[href='/account']");
  await admin.fill("#user", name);
  await Promise.all([admin.waitForURL(/user=/), admin.click("form[method=get] button")]);
  assert.match(await admin.textContent("table"), /Read: No/);
  await admin.fill("#with", name);
  await admin.fill("#until", "2099-12-31");
  await Promise.all([admin.waitForURL(/\/access$/), admin.click("form[action$='/share'] button")]);
  assert.equal((await seller.goto(`/customer/${hidden}`)).status(), 200);
  await seller.goto(`/customer/${hidden}/access`);
  assert.match(await seller.textContent("table"), /已共享给本人或其团队/);
  await fine(seller, "why, on a phone");
  await screenshot(seller, "why-zh_cn-phone");
  // To read is not to change.
  assert.equal((await seller.goto(`/customer/${hidden}/edit`)).status(), 403);
  await admin.goto(`/customer/${hidden}/access`);
  await screenshot(admin, "why-en-wide");
  await Promise.all([admin.waitForURL(/\/access$/), admin.click("form[action$='/unshare'] button")]);
  assert.equal((await seller.goto(`/customer/${hidden}`)).status(), 404);
  assert.deepEqual([...admin.faults, ...seller.faults], []);
});

test("what goes beyond one's authority is approved by the manager", async () => {
  const admin = await as("admin");
  const api = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
    const answer = await fetch(`/api/v1${path}`, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
    return { status: answer.status, json: await answer.json() };
  }, [method, path, body]);
  const roles = (await api(admin, "GET", "/role?limit=50")).json.items;
  const rights = (await api(admin, "GET", "/role_right?limit=200")).json.items;
  const own = rights.find((right) => right.record_type === "*" && right.scope === "own");
  const seller = roles.find((role) => role.id === own.role);
  const limit = { role: seller.id, record_type: "order", field: "total", at_most: "100 CNY", condition: "status=confirmed" };
  assert.equal((await api(admin, "POST", "/authority_limit", limit)).status, 201);
  const rule = await api(admin, "POST", "/approval_rule", { name: "Large orders", record_type: "order" });
  assert.equal((await api(admin, "POST", "/approval_step", { approval_rule: rule.json.id, approver: "manager" })).status, 201);
  const page = await as("seller", { locale: "zh_cn" });
  const order = (await api(page, "POST", "/order", { number: "BIG-1" })).json;
  const line = { order: order.id, description: "x", quantity: "5", unit_price: { amount: "100", currency: "CNY" } };
  assert.equal((await api(page, "POST", "/order_line", line)).status, 201);
  await page.goto(`/order/${order.id}/edit`);
  await page.selectOption("#field-status", "confirmed");
  await page.click("form[data-draft] button[type=submit]");
  await page.waitForSelector("[formaction$='/ask-approval']");
  await fine(page, "a form beyond one's authority");
  await screenshot(page, "beyond-authority-zh_cn");
  await page.fill("[name=approval_reason]", "老客户");
  await Promise.all([page.waitForURL(/\/approvals$/), page.click("[formaction$='/ask-approval']")]);
  assert.match(await page.textContent("main"), /审批中/);
  // Nothing changes meanwhile.
  const version = (await api(page, "GET", `/order/${order.id}`)).json.version;
  assert.equal((await api(page, "PATCH", `/order/${order.id}`, { version, notes: "x" })).status, 422);
  const manager = await as("manager", { screen: "phone", dark: true });
  await manager.goto("/approvals");
  await fine(manager, "what waits for a decision");
  await screenshot(manager, "approvals-en-phone");
  assert.match(await manager.textContent("main"), /老客户/);
  await Promise.all([manager.waitForURL(/\/approvals$/), manager.click("button[value=approve]")]);
  await manager.waitForFunction(() => !document.querySelector("button[value=approve]"));
  assert.equal((await api(page, "GET", `/order/${order.id}`)).json.status, "confirmed");
  assert.deepEqual([...admin.faults, ...page.faults, ...manager.faults], []);
});

test("somebody is told all that is held on them, and forgotten", async () => {
  for (const [at, locale] of ["zh_cn", "en"].entries()) {
    const page = await as("admin", { locale });
    await page.goto("/customer?kind=person&sort=-created_at");
    const customer = await page.locator("tbody tr[data-href]").nth(at).getAttribute("data-href");
    await page.goto(customer);
    const name = (await page.textContent("h1")).trim();
    await page.goto(`${customer}/privacy`);
    await screenshot(page, `privacy-${locale}`);
    await Promise.all([page.waitForURL(/\/privacy\/\w+$/), page.click("button[value=export]")]);
    await page.waitForSelector("a[href^='/files/']");
    await fine(page, "the report of an export");
    await page.goto(`${customer}/privacy`);
    await page.fill("#confirm", "somebody else");
    await page.click("button[value=erase]");
    await page.waitForSelector(".gx-empty");
    await page.goto(`${customer}/privacy`);
    await page.fill("#confirm", name);
    await Promise.all([page.waitForURL(/\/privacy\/\w+$/), page.click("button[value=erase]")]);
    await page.waitForFunction(() => document.querySelector("table tbody tr"));
    await page.goto(customer);
    const text = await page.textContent("main");
    assert.ok(!text.includes(name), `${name} is still there: …${text.slice(Math.max(0, text.indexOf(name) - 120), text.indexOf(name) + 60)}…`);
    assert.deepEqual(page.faults, []);
  }
});

test("whoever leaves hands over everything, after a look at what it is", async () => {
  const admin = await as("admin", { locale: "zh_cn" });
  const leaver = await as("seller");
  const before = await total(leaver, "/customer?owner=me");
  const user = await admin.evaluate(async () => (await (await fetch("/api/v1/user?email=staff2@demo.example")).json()).items[0]);
  await admin.goto(`/user/${user.id}/hand-over`);
  await fine(admin, "what is handed over");
  await screenshot(admin, "hand-over-zh_cn");
  assert.match(await admin.textContent("table"), new RegExp(`\\b${before}\\b`));
  await admin.fill("#to", (await admin.evaluate(async () => (await (await fetch("/api/v1/user?email=staff3@demo.example")).json()).items[0])).name);
  await Promise.all([admin.waitForURL(/\/user\/\w+$/), admin.click("form[action$='/hand-over'] button")]);
  await leaver.goto("/customer");
  assert.match(leaver.url(), /\/login/);
  const left = await admin.evaluate(async (id) => (await (await fetch(`/api/v1/customer?owner=${id}&total=true`)).json()).total.number, user.id);
  assert.equal(left, 0);
});

test("the log is as it was written", async () => {
  await server.stop({ keep: true });
  const said = runCommand(data, ["audit", "verify"]);
  assert.match(said, /as it was written/);
  const head = said.match(/head (\w+)/)[1];
  assert.match(runCommand(data, ["audit", "verify", "--head", head]), /as it was written/);
});

// Selling in the browser: a customer whose deliveries are stopped, lines that fill themselves in, a decision
// that is not blind, and rules that are chosen by labels.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demoData, looks, runCommand, screenshot, scrollsSideways, signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser, data;
before(async () => {
  data = demoData();
  runCommand(data, ["analyse", "customer-value"]);
  server = await startServer([], { data });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const fine = async (page, what) => {
  assert.deepEqual(await violations(page), [], what);
  assert.equal(await scrollsSideways(page), false, `${what} scrolls sideways`);
};
const api = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
  const answer = await fetch(`/api/v1${path}`, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
  return { status: answer.status, json: await answer.json() };
}, [method, path, body]);
/** Types into a field that suggests, and takes the first suggestion for all of the words. */
const choose = async (page, field, words) => {
  await page.fill(`#field-${field}`, "");
  const answered = page.waitForResponse((answer) => new URL(answer.url()).searchParams.get("q") === words);
  await page.type(`#field-${field}`, words);
  await (await answered).finished();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.locator(".gx-suggest li").first().waitFor();
  await page.press(`#field-${field}`, "Enter");
};

for (const look of looks) {
  test(`a sale to a customer whose deliveries are stopped: ${look.name}`, async () => {
    const page = await signIn(browser, server.address, look);
    const stopped = (await api(page, "GET", "/customer?terms.stops=true&limit=1")).json.items[0];
    const product = (await api(page, "GET", "/product?list_price.empty=false&limit=1&sort=name")).json.items[0];
    const zh = look.locale === "zh_cn";
    const words = zh ? /停止供货/ : /delivered to this customer/;
    await page.goto(`/customer/${stopped.id}`);
    assert.match(await page.textContent("[data-held]"), words);
    await page.goto("/order/new");
    assert.equal(await page.locator("[data-held]").count(), 0);
    await choose(page, "customer", stopped.code);
    // Told as soon as the customer is chosen.
    await page.locator("[data-held]").waitFor();
    await fine(page, "the form of an order");
    await screenshot(page, `selling-form-${look.name}`);
    await Promise.all([page.waitForURL(/\/order\/\w+\?saved/), page.click("form[data-draft] .btn-primary")]);
    const order = new URL(page.url()).pathname;
    // Lines are added where they stand: a product brings its words and its price.
    await choose(page, "product", product.code);
    await page.waitForFunction((price) => document.querySelector("#field-unit_price").value === price, product.list_price.amount);
    // What the product wrote itself is read in the reader's language.
    const description = await page.inputValue("#field-description");
    if (zh) assert.equal(description, product.name);
    else assert.match(description, /^[ -~]+$/);
    await Promise.all([page.waitForURL(/add=again/), page.click("#add .btn-primary")]);
    assert.equal(new URL(page.url()).pathname, order);
    assert.equal(await page.evaluate(() => document.activeElement.id), "field-product");
    await choose(page, "product", product.code);
    await page.waitForFunction((price) => document.querySelector("#field-unit_price").value === price, product.list_price.amount);
    await page.fill("#field-unit_price", "1");
    await Promise.all([page.waitForNavigation(), page.click("#add .btn-primary")]);
    assert.equal(await page.locator("#parts tbody tr").count(), 2);
    assert.ok(await page.locator("[data-below-list]").isVisible());
    for (const title of await page.$$eval("#parts tbody td:first-child", (all) => all.map((one) => one.textContent))) assert.ok(title.includes(description.split(" ")[0]), title);
    await fine(page, "an order with its lines");
    await screenshot(page, `selling-order-${look.name}`);
    // Confirming needs somebody's word, and nothing is to be corrected.
    await page.goto(`${order}/edit`);
    await page.selectOption("#field-status", "confirmed");
    await page.click("form[data-draft] .btn-primary");
    await page.waitForSelector("[formaction$='/ask-approval']");
    assert.match(await page.textContent("form[data-draft]"), words);
    await fine(page, "an order that is refused");
    assert.deepEqual(page.faults, []);
  });
}

test("a value of a line is changed in the grid, and the order's total follows", async () => {
  const page = await signIn(browser, server.address);
  const order = (await api(page, "POST", "/order", { number: "GRID-1" })).json;
  for (const price of ["10", "20"]) {
    await api(page, "POST", "/order_line", { order: order.id, description: "Thing", unit_price: { amount: price, currency: "CNY" } });
  }
  await page.goto(`/order/${order.id}`);
  await page.locator("#parts tbody tr").first().locator("td[data-edit$='/cell/quantity']").dblclick();
  await page.fill("#cell", "3");
  await Promise.all([page.waitForURL(/saved=/), page.press("#cell", "Enter")]);
  assert.equal((await api(page, "GET", `/order/${order.id}`)).json.total.amount, "50.00");
  assert.match(await page.textContent("main"), /50\.00/);
  assert.deepEqual(page.faults, []);
});

for (const look of looks) {
  test(`a rule is put together by labels: ${look.name}`, async () => {
    const page = await signIn(browser, server.address, look);
    await page.goto("/approval_rule/new");
    await page.fill("#field-name", `Rule ${look.name}`);
    const drawn = () => page.waitForResponse((answer) => answer.url().endsWith("/approval_rule/form"));
    await Promise.all([drawn(), page.selectOption("#field-record_type", "order")]);
    const add = page.locator("button[value='add-field:']");
    await add.waitFor();
    await Promise.all([drawn(), add.click()]);
    await Promise.all([drawn(), page.selectOption("select[name='c.0.field']", "status")]);
    await page.locator("select[name='c.0.value']").waitFor();
    await page.selectOption("select[name='c.0.value']", "confirmed");
    await fine(page, "the form of a rule");
    await screenshot(page, `rule-form-${look.name}`);
    await Promise.all([page.waitForURL(/\/approval_rule\/\w+\?saved/), page.click(".card-footer .btn-primary")]);
    const rule = (await api(page, "GET", `/approval_rule?name=Rule ${look.name}`)).json.items[0];
    assert.deepEqual([rule.record_type, rule.condition], ["order", "status=confirmed"]);
    assert.match(await page.textContent("main"), look.locale === "en" ? /Status = Confirmed/ : /状态 = 已确认/);
    await fine(page, "a rule");
    await page.goto("/audit");
    await fine(page, "the log");
    assert.doesNotMatch(await page.textContent("tbody"), /\{"/);
    await screenshot(page, `audit-${look.name}`);
    assert.deepEqual(page.faults, []);
  });
}

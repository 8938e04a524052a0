// Dashboards in the browser: a chart made from a list, kept, clicked, told of; by everybody with their
// own eyes.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startMail } from "./mail.mjs";
import { change, demoData, looks, open, screenshot, scrollsSideways, signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser, mail;
before(async () => {
  mail = await startMail();
  server = await startServer([], {
    data: demoData(),
    env: { GUANXI_SMTP: `smtp://127.0.0.1:${mail.port}`, GUANXI_MAIL_FROM: "Guanxi <crm@demo.example>" },
  });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await mail?.stop();
});

const json = async (page, path) => (await page.request.get(path)).json();

test("a chart is made from a list, kept, clicked and told of", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/order?status.not_in=draft,void");
  await page.click(".gx-head a:has-text('Chart')");
  // What the list shows is chosen already, by labels.
  const chosen = await page.$$eval("select[name='c.0.value'] option:checked", (all) => all.map((one) => one.textContent));
  assert.deepEqual(chosen, ["Draft", "Void"]);
  // It begins with the day that counts; what is missing is said.
  await change(page, () => page.selectOption("#chart-group_by", ""));
  await page.getByText("Choose what there is to be a mark for.").waitFor();
  await change(page, () => page.selectOption("#chart-group_by", "customer.country"));
  await change(page, () => page.selectOption("#chart-measure", "sum:total"));
  await change(page, () => page.selectOption("#chart-kind", "treemap"));
  await page.locator("gx-chart canvas").waitFor();
  assert.deepEqual(await violations(page), []);
  // Without a name it is not kept, and nothing that was chosen is lost.
  await change(page, () => page.click("button[value='save']"));
  await page.getByRole("alert").waitFor();
  assert.equal(await page.inputValue("#chart-group_by"), "customer.country");
  await change(page, () => page.fill("#chart-name", "Where we sell").then(() => page.press("#chart-name", "Tab")));
  await page.fill("#chart-new_dashboard", "My countries");
  await page.click("button[value='save']");
  await page.waitForURL(/\/dashboard\/\w+$/);
  const dashboard = new URL(page.url()).pathname;
  await open(page, dashboard);
  await page.locator("gx-chart canvas").waitFor();
  // A mark leads to its list, whose orders have the sum that it shows.
  const canvas = page.locator("gx-chart canvas").first();
  await canvas.click({ position: { x: 60, y: 60 } });
  await page.waitForURL(/\/order\?.*customer\.country=/);
  const chart = (await json(page, "/api/v1/chart?name=Where we sell")).items[0];
  const numbers = await json(page, `/api/v1/chart/${chart.id}/numbers`);
  const first = numbers.items[0];
  const asked = first.list.replace("/order?", "/api/v1/order/aggregate?") + "&measures=sum:total";
  const sums = await json(page, asked);
  assert.equal(JSON.stringify(sums).includes(first.marks[0].value.amount ?? first.marks[0].value), true);
  // One is told when a country is above nothing: at once, with the chart as a picture.
  await open(page, `/chart/${chart.id}`);
  await page.selectOption("#rhythm", "at_once");
  await page.click("form[action$='/subscribe'] button");
  await page.getByText("Numbers have no moment of their own").waitFor();
  await open(page, `/chart/${chart.id}`);
  await page.selectOption("#rhythm", "at_once");
  await page.selectOption("#alert", "above");
  await page.fill("#alert_at", "1");
  await page.fill("#proposal", "Look at them");
  await page.click("form[action$='/subscribe'] button");
  await page.waitForURL(/\/subscription\//);
  const told = await mail.next("admin@guanxi.local");
  assert.match(told, /Look at them/);
  assert.match(told, /image\/png/);
  assert.match(told, /Content-ID: <picture-0>/);
  assert.match(told, /cid:picture-0/);
  const png = Buffer.from(told.split("<picture-0>")[1].split("\r\n\r\n")[1].split("\r\n--")[0], "base64");
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  mkdirSync(join(import.meta.dirname, "screenshots"), { recursive: true });
  writeFileSync(join(import.meta.dirname, "screenshots", "chart-in-a-mail.png"), png);
  await page.goto("/notices");
  await page.getByRole("link", { name: /^Where we sell/ }).first().waitFor();
  // Or everybody of a role, who get the whole dashboard in the morning.
  await open(page, dashboard);
  const role = await page.locator("#subscriber optgroup option").first().evaluate((option) => ({ id: option.value, name: option.text }));
  await page.selectOption("#subscriber", role.id);
  await page.click("form[action$='/subscribe'] button");
  await page.waitForURL(/\/subscription\//);
  await page.getByRole("link", { name: role.name, exact: true }).first().waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("each sees the dashboards of their role, with their own numbers", async () => {
  const manager = await signIn(browser, server.address, { email: "staff1@demo.example" });
  await open(manager, "/");
  const cards = await manager.locator(".gx-charts section").count();
  assert.ok(cards >= 3, `${cards} charts`);
  const seller = await signIn(browser, server.address, { email: "staff2@demo.example" });
  const sum = async (page, name) => {
    const chart = (await json(page, "/api/v1/chart?limit=100")).items.find((one) => one.name === name);
    const numbers = await json(page, `/api/v1/chart/${chart.id}/numbers`);
    return numbers.items.flatMap((item) => item.marks).reduce((all, mark) => all + Number.parseFloat(mark?.value?.amount ?? mark?.value ?? 0), 0);
  };
  const [all, own] = [await sum(manager, "\u8fd1\u5341\u4e8c\u4e2a\u6708\u9500\u552e\u989d"), await sum(seller, "\u8fd1\u5341\u4e8c\u4e2a\u6708\u9500\u552e\u989d")];
  assert.ok(own < all, `${own} of ${all}`);
  // The administrator's own dashboard is nobody else's.
  const names = (await json(seller, "/api/v1/dashboard?limit=100")).items.map((one) => one.name);
  assert.ok(!names.includes("My countries"), names.join());
  await manager.context().close();
  await seller.context().close();
});

for (const look of looks) {
  test(`dashboards are accessible: ${look.name}`, async () => {
    const page = await signIn(browser, server.address, look);
    const charts = (await json(page, "/api/v1/chart?limit=100")).items;
    const dashboard = charts.find((one) => one.kind === "heat_map").dashboard;
    const paths = [`/dashboard/${dashboard.id ?? dashboard}`, "/chart/new?record_type=order&group_by=status&kind=funnel",
      ...["heat_map", "funnel", "number"].map((kind) => `/chart/${charts.find((one) => one.kind === kind).id}`)];
    for (const [at, path] of paths.entries()) {
      await open(page, path);
      await screenshot(page, `dashboard-${at}-${look.name.replaceAll(" ", "-")}`);
      assert.deepEqual(await violations(page), [], path);
      assert.equal(await scrollsSideways(page), false, `${path} scrolls sideways`);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

// A day's work: customers, forms with mistakes, conflicts, undo, palette, keyboard, import.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { screenshot, signIn, startBrowser, startServer, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a customer is made, changed, undone and archived", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer");
  await page.keyboard.press("n");
  await page.waitForURL("**/customer/new");
  // A mistake lands on its field and keeps what was typed.
  await page.click("summary:has-text('More fields')");
  await page.fill("[name=employees]", "many");
  await page.fill("[name=email]", "nobody");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForSelector("[aria-invalid=true]");
  assert.equal(await page.inputValue("[name=email]"), "nobody");
  assert.equal(await page.evaluate(() => document.activeElement.name), "name");
  assert.deepEqual(await violations(page), []);
  await page.fill("[name=name]", "Schöne Grüße 华为");
  await page.fill("[name=email]", "li@example.com");
  // A folded field with a mistake stands open.
  await page.fill("[name=employees]", "12");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/\/customer\/[0-9a-z]{13}\?saved=/);
  assert.equal(await page.textContent("h1"), "Schöne Grüße 华为");
  const path = new URL(page.url()).pathname;

  await page.goto(`${path}/edit`);
  await page.fill("[name=name]", "Renamed");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForSelector(".gx-toast");
  assert.equal(await page.textContent("h1"), "Renamed");
  await page.click(".gx-toast button");
  await page.waitForFunction(() => document.querySelector("h1")?.textContent.startsWith("Schöne"));
  await page.click("button:has-text('Archive')");
  await page.waitForURL(/\/customer\?saved=/);
  await page.goto(path);
  await page.click("button:has-text('Bring back')");
  await page.waitForSelector("button:has-text('Archive')");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an address is chosen from province to district, or pasted whole", async () => {
  const page = await signIn(browser, server.address, { locale: "zh_cn" });
  await page.goto("/customer/new");
  await page.fill("[name=name]", "地址一");
  const options = (part) => page.locator(`datalist[id$=${part}] option`).evaluateAll((all) => all.map((one) => one.value));
  const field = (part) => page.locator(`[name="address.${part}"]`);
  await field("province").focus();
  await page.waitForSelector("datalist[id$=province] option", { state: "attached" });
  assert.equal((await options("province")).length, 34);
  await field("province").fill("广东省");
  await field("city").focus();
  await page.waitForSelector("datalist[id$=city] option[value=深圳市]", { state: "attached" });
  await field("city").fill("深圳市");
  await field("district").focus();
  await page.waitForSelector("datalist[id$=district] option[value=南山区]", { state: "attached" });
  await field("district").fill("南山区");
  await field("province").fill("北京市");
  await field("street").focus();
  await page.waitForFunction(() => document.querySelector('[name="address.city"]').value === "北京市");
  assert.equal(await field("district").inputValue(), "");
  for (const part of ["province", "city"]) await field(part).fill("");
  await field("street").fill("广东省深圳市南山区科技园路1号");
  assert.deepEqual(await violations(page), []);
  await page.click("button[type=submit]:has-text('保存')");
  await page.waitForURL(/saved=/);
  const path = new URL(page.url()).pathname;
  await page.goto(`${path}/edit`);
  assert.equal(await field("city").inputValue(), "深圳市");
  assert.equal(await field("street").inputValue(), "科技园路1号");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a file comes with a form and is read from the record", async () => {
  const page = await signIn(browser, server.address);
  // A custom field that holds a file.
  await page.goto("/custom_field/new");
  await page.selectOption("[name=record_type]", "customer");
  await page.waitForLoadState("networkidle");
  await page.fill("[name=name]", "x_contract");
  await page.selectOption("[name=kind]", "file");
  await page.fill("[name=label_en]", "Contract");
  await page.fill("[name=label_zh_cn]", "合同");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/saved=/);
  await page.goto("/customer/new");
  await page.fill("[name=name]", "With a contract");
  await page.setInputFiles("[type=file]", { name: "合同 1.txt", mimeType: "text/plain", buffer: Buffer.from("signed 签字") });
  assert.deepEqual(await violations(page), []);
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/saved=/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("a:has-text('合同 1.txt')")]);
  assert.equal(download.suggestedFilename(), "合同 1.txt");
  assert.equal(readFileSync(await download.path(), "utf8"), "signed 签字");
  const path = new URL(page.url()).pathname;
  // Saving without a new file keeps it, and there is nothing to undo; the tick takes it away.
  await page.goto(`${path}/edit`);
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL((url) => url.pathname === path && !url.search);
  assert.equal(await page.locator("a:has-text('合同 1.txt')").count(), 1);
  await page.goto(`${path}/edit`);
  await page.click("summary:has-text('More fields')");
  await page.check("[name='x_contract.remove']");
  await page.click("button[type=submit]:has-text('Save')");
  await page.waitForURL(/saved=/);
  assert.equal(await page.locator("dl a:has-text('合同 1.txt')").count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("two people who change the same see both values", async () => {
  const [one, two] = [await signIn(browser, server.address), await signIn(browser, server.address)];
  await one.goto("/customer");
  const path = await one.getAttribute("tbody tr[data-href]", "data-href");
  await one.goto(`${path}/edit`);
  await two.goto(`${path}/edit`);
  await one.fill("[name=country]", "Atlantis");
  await one.click("button[type=submit]:has-text('Save')");
  await one.waitForURL(/saved=/);
  await two.fill("[name=country]", "Utopia");
  await two.click("button[type=submit]:has-text('Save')");
  const both = await two.textContent(".alert-warning");
  assert.match(both, /Atlantis/);
  assert.match(both, /Utopia/);
  assert.deepEqual(await violations(two), []);
  await two.click("button[type=submit]:has-text('Save')");
  await two.waitForURL(/saved=/);
  assert.match(await two.textContent("main"), /Utopia/);
  await Promise.all([one.context().close(), two.context().close()]);
});

test("the palette finds records by pinyin, the keyboard moves in lists", async () => {
  const page = await signIn(browser, server.address, { locale: "zh_cn" });
  await page.goto("/customer/new");
  await page.fill("[name=name]", "华为技术有限公司");
  await page.click("button[type=submit]:has-text('保存')");
  await page.waitForURL(/saved=/);
  for (const words of ["huawei", "hwjs", "华为技术"]) {
    await page.goto("/");
    await page.keyboard.press("Control+k");
    await page.waitForSelector("dialog.gx-palette[open]");
    await page.keyboard.type(words);
    await page.waitForSelector("dialog li:has-text('华为技术有限公司')");
  }
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "palette");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog.gx-palette:not([open])", { state: "attached" });

  await page.goto("/customer");
  await page.focus("tbody tr[tabindex='0']");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press(" ");
  await page.waitForSelector(".gx-bulk:not([hidden])");
  assert.equal(await page.textContent(".gx-bulk [data-count]"), "1");
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  assert.ok(await page.isHidden(".gx-bulk"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/customer\/[0-9a-z]{13}/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a list goes on while one scrolls, its address says all", async () => {
  const page = await signIn(browser, server.address);
  await page.goto("/customer");
  assert.equal(await page.locator("tbody tr[data-href]").count(), 50);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.waitForFunction(() => document.querySelectorAll("tbody tr[data-href]").length === 100);
  await page.selectOption("[name=kind]", "person");
  await page.click("button:has-text('Apply')");
  await page.waitForURL(/kind=person/);
  await page.click("th a:has-text('Name')");
  await page.waitForURL(/sort=name/);
  assert.equal(await page.getAttribute("th:has-text('Name')", "aria-sort"), "ascending");
  const names = await page.locator("tbody tr[data-href] td:nth-child(2)").allTextContents();
  const other = await signIn(browser, server.address);
  await other.goto(page.url());
  assert.deepEqual(await other.locator("tbody tr[data-href] td:nth-child(2)").allTextContents(), names);
  await Promise.all([page.context().close(), other.context().close()]);
});

test("a file in GBK is imported and undone", async () => {
  const page = await signIn(browser, server.address, { locale: "zh_cn" });
  await page.goto("/import");
  // "名称;国家" and two companies, as an old spreadsheet writes them.
  const gbk = Buffer.from("c3fbb3c63bb9fabcd20ad2bbbaa23bd6d0b9fa0ab6febaa23bc8d5b1be0a", "hex");
  await page.selectOption("#record_type", "customer");
  await page.setInputFiles("#file", { name: "gbk.csv", mimeType: "text/csv", buffer: gbk });
  await page.click("button[type=submit]:has-text('下一步')");
  // Columns that are called like fields are mapped already.
  await page.waitForSelector("td:has-text('名称')");
  assert.equal(await page.inputValue("[name='column.0']"), "name");
  assert.equal(await page.inputValue("[name='column.1']"), "country");
  await page.selectOption("#match", "name");
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "import-mapping");
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("text=读取 2 行");
  assert.deepEqual(await violations(page), []);
  await page.fill("[name=save_as]", "客户旧表");
  await page.click("button:has-text('开始导入')");
  await page.waitForURL(/\/import\/[0-9a-z]{13}/);
  await page.waitForSelector("button:has-text('撤销导入')", { timeout: 20_000 });
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "import-result");
  page.on("dialog", (dialog) => dialog.accept());
  await page.click("button:has-text('撤销导入')");
  await page.waitForSelector("text=已撤销");
  await page.goto("/import");
  await page.selectOption("#saved", "客户旧表");
  await page.setInputFiles("#file", { name: "again.csv", mimeType: "text/csv", buffer: gbk });
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("#match");
  assert.equal(await page.inputValue("#match"), "name", "the kept mapping knows by which field");
  await page.goto("/import");
  await page.setInputFiles("#file", { name: "broken.xlsx", mimeType: "x", buffer: Buffer.from("PK\x03\x04nonsense") });
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("[role=alert]:has-text('工作簿已损坏')");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a file as people keep them loses no column and no line", async () => {
  const page = await signIn(browser, server.address, { locale: "zh_cn" });
  await page.goto("/import");
  // What is imported most stands first, and nothing that nobody imports.
  const types = await page.locator("#record_type option").evaluateAll((all) => all.map((one) => one.value));
  assert.equal(types[0], "customer");
  assert.ok(types.length < 15 && !types.includes("role"), types.join());
  const table = "客户名称,联系电话,邮箱,省,市,区,员工数\n" +
    "绍兴甲公司,0575-88001122,a@jia.example,浙江省,绍兴市,越城区,12\n" +
    ",13800138000,b@yi.example,浙江省,杭州市,西湖区,5\n" +
    "杭州丙公司,13900139000,c@bing.example,浙江省,杭州市,西湖区,许多\n";
  const file = { name: "客户.csv", mimeType: "text/csv", buffer: Buffer.from(table) };
  await page.setInputFiles("#file", file);
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("#match");
  const fills = ["name", "phone", "email", "address.province", "address.city", "address.district", "employees"];
  for (const [column, field] of fills.entries()) {
    assert.equal(await page.inputValue(`[name='column.${column}']`), field);
  }
  assert.deepEqual(await violations(page), []);
  // What is required is said before anything is read.
  await page.selectOption("[name='column.0']", "");
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("[role=alert]:has-text('“名称”必填')");
  await page.selectOption("[name='column.0']", "name");
  await page.selectOption("#match", "name");
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("text=读取 3 行，其中 2 行会被拒绝");
  const refused = await page.locator("main li:has-text('行 ')").allTextContents();
  assert.ok(refused.some((line) => line.includes("行号 3")) && refused.some((line) => line.includes("行号 4")), refused.join());
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "import-preview");
  await page.click("button:has-text('返回映射')");
  await page.waitForSelector("#match");
  assert.equal(await page.inputValue("#match"), "name");
  assert.equal(await page.inputValue("[name='column.5']"), "address.district");
  await page.click("button[type=submit]:has-text('下一步')");
  await page.click("button:has-text('开始导入')");
  await page.waitForURL(/\/import\/[0-9a-z]{13}/);
  await page.waitForSelector("button:has-text('撤销导入')", { timeout: 20_000 });
  await page.waitForSelector("text=新建 1");
  assert.deepEqual(await violations(page), []);
  // The same customers again, known by nothing: the names are asked about, and nothing starts unasked.
  await page.goto("/import");
  const again = { ...file, buffer: Buffer.from("客户名称,行业\n绍兴甲公司,纺织\n") };
  await page.setInputFiles("#file", again);
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("#match");
  await page.click("button[type=submit]:has-text('下一步')");
  await page.waitForSelector("text=同名，例如 绍兴甲公司");
  assert.equal(await page.locator("button:has-text('开始导入')").count(), 0);
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "import-twins");
  await page.click("button:has-text('更新已有客户')");
  await page.waitForSelector("button:has-text('开始导入')");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a page shows its content without a script", async () => {
  const context = await browser.newContext({ baseURL: server.address, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/login");
  await page.fill("#email", "admin@guanxi.local");
  await page.fill("#password", "wrong password");
  await page.click("button[type=submit].btn-primary");
  await page.waitForSelector("[role=alert]");
  await page.fill("#password", process.env.GUANXI_PASSWORD ?? "a long password");
  await page.click("button[type=submit].btn-primary");
  await page.goto("/customer");
  assert.equal(await page.locator("tbody tr[data-href]").count(), 50);
  await page.click("tbody tr td a[href*='after=']");
  await page.waitForURL(/after=/);
  assert.equal(await page.locator("tbody tr[data-href]").count(), 50);
  await context.close();
});

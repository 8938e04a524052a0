// The walk of a newcomer, in each look: the first page, a file as an old system wrote it (GBK, a title above
// the headers, a total below, telephones in all forms, one line that cannot be read), the analysis, a segment;
// then the same company as a salesperson sees it. Each step is kept as a picture.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { change, looks, open, screenshot, scrollsSideways, signIn, startBrowser, startServer, unanalysed, violations } from "./browser.mjs";

let server, browser;
before(async () => {
  server = await startServer([], { data: unanalysed() });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const texts = {
  zh_cn: { next: "下一步", start: "开始导入", undo: "撤销导入", created: "新建 4", value: "分析客户价值" },
  en: { next: "Next", start: "Import now", undo: "Undo the import", created: "4 new", value: "Analyse customer value" },
};

/** What a sales department keeps, in the encoding of Chinese Windows, as iconv writes it. */
const table = (firm) => [
  "2026年客户一览表,,,,,,",
  "客户名称,联系电话,电子邮箱,省,市,区,授信额度（万元）",
  `绍兴柯桥${firm}纺织有限公司,0575-8412 6688,sales@minghui.example,浙江省,绍兴市,柯桥区,12.5`,
  `宁波海曙${firm}机械厂,+86 138 0574 1122,wang@jinggong.example,浙江省,宁波市,海曙区,8`,
  `"苏州工业园区""${firm}""电子",１３９０６２０３３４４,LanHu@Example.CN,江苏省,苏州市,虎丘区,30`,
  `杭州西湖${firm}茶叶店,13588-007766,不详,浙江省,杭州市,西湖区,许多`,
  `温州鹿城${firm}鞋业,86-577-88990011,lucheng@example.cn,浙江省,温州市,鹿城区,5`,
  "合计,,,,,,55.5",
];
const gbk = (firm) => execFileSync("iconv", ["-f", "utf-8", "-t", "gb18030"], { input: table(firm).join("\r\n") + "\r\n" });
const firms = ["明辉", "蓝湖", "德润", "永嘉"];

for (const [at, look] of looks.entries()) {
  const say = texts[look.locale];
  const step = async (page, name) => {
    assert.deepEqual(await violations(page), [], name);
    assert.equal(await scrollsSideways(page), false, `${name} scrolls sideways`);
    await screenshot(page, `newcomer-${name}-${look.locale}-${look.screen}`);
  };

  test(`from the first page to a segment: ${look.name}`, async () => {
    const page = await signIn(browser, server.address, look);
    await open(page, "/");
    await step(page, "1-start");
    await page.click("[data-step=import] a");
    await page.waitForSelector("#file");
    await page.selectOption("#record_type", "customer");
    await page.setInputFiles("#file", { name: "客户.csv", mimeType: "text/csv", buffer: gbk(firms[at]) });
    await step(page, "2-file");
    await page.click(`button[type=submit]:has-text('${say.next}')`);
    await page.waitForSelector("#match");
    const fills = ["name", "phone", "email", "address.province", "address.city", "address.district", "credit_limit"];
    for (const [column, field] of fills.entries()) {
      assert.equal(await page.inputValue(`[name='column.${column}']`), field);
    }
    await page.selectOption("#match", "name");
    await step(page, "3-columns");
    await page.click(`button[type=submit]:has-text('${say.next}')`);
    await page.waitForSelector(`button:has-text('${say.start}')`);
    await step(page, "4-preview");
    await page.click(`button:has-text('${say.start}')`);
    await page.waitForSelector(`button:has-text('${say.undo}')`, { timeout: 30_000 });
    await page.waitForSelector(`text=${say.created}`);
    await step(page, "5-imported");
    const { items } = await (await page.request.get(`/api/v1/customer?name.contains=柯桥${firms[at]}`)).json();
    assert.equal(items[0].credit_limit.amount, "125000.00", JSON.stringify(items[0]));
    await open(page, "/insights");
    await page.click(`button:has-text('${say.value}')`);
    for (let tries = 0; tries < 120; tries += 1) {
      await open(page, "/insights");
      if (await page.locator("gx-chart canvas").count()) break;
      await page.waitForTimeout(500);
    }
    await step(page, "6-insights");
    await page.goto("/segment/new");
    await change(page, () => page.selectOption("select[name='c.0.field']", "abc"));
    await change(page, () => page.selectOption("select[name='c.0.value']", "a"));
    await page.fill("#segment-name", `A ${firms[at]}`);
    await step(page, "7-segment-new");
    await page.click("button[value='save']");
    await page.waitForURL(/\/segment\/[0-9a-z]{13}$/);
    await open(page, page.url());
    await step(page, "8-segment");
    assert.deepEqual(page.faults, []);
    await page.context().close();

    const seller = await signIn(browser, server.address, { ...look, email: "staff2@demo.example" });
    await open(seller, "/");
    await step(seller, "9-seller-start");
    await open(seller, "/customer?owner=me&sort=-revenue");
    await step(seller, "10-seller-customers");
    await open(seller, await seller.getAttribute("tbody tr[data-href]", "data-href"));
    await step(seller, "11-seller-customer");
    await open(seller, "/insights");
    await step(seller, "12-seller-insights");
    assert.deepEqual(seller.faults, []);
    await seller.context().close();
  });
}

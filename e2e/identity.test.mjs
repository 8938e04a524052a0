// Signing in, with real parts: an SMTP server, an OpenID Connect provider, an LDAP directory, an
// authenticator's codes.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Provider from "oidc-provider";
import { startMail } from "./mail.mjs";
import { demoData, password, screenshot, scrollsSideways, signIn, startBrowser, startServer, violations, visit } from "./browser.mjs";

const freePort = () => new Promise((resolve) => {
  const socket = createSocket().listen(0, "127.0.0.1", () => {
    const { port } = socket.address();
    socket.close(() => resolve(port));
  });
});

/** A provider that knows two people; one of them has no account with us. */
async function startProvider(port, back) {
  const people = {
    known: { email: "staff2@demo.example", email_verified: true },
    unproved: { email: "admin@guanxi.local", email_verified: false },
    stranger: { email: "stranger@elsewhere.example", email_verified: true },
  };
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: "guanxi", client_secret: "a secret of both", redirect_uris: [back], response_types: ["code"], grant_types: ["authorization_code"] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    pkce: { required: () => true },
  });
  provider.use(async (context, next) => { context.req.socket.setKeepAlive(false); await next(); });
  const server = createServer(provider.callback());
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

/** A directory with one person in it. */
async function startDirectory() {
  const folder = mkdtempSync(join(tmpdir(), "guanxi-ldap-"));
  const port = await freePort();
  const secret = execFileSync("/usr/sbin/slappasswd", ["-s", "directory password"], { encoding: "utf8" }).trim();
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "slapd.conf"), `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/pid
database mdb
suffix "dc=demo,dc=example"
rootdn "cn=admin,dc=demo,dc=example"
rootpw ${secret}
directory ${folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by * read
`);
  writeFileSync(join(folder, "people.ldif"), `dn: dc=demo,dc=example
objectClass: dcObject
objectClass: organization
dc: demo
o: Demo

dn: cn=Three,dc=demo,dc=example
objectClass: inetOrgPerson
cn: Three
sn: Three
mail: ldap@demo.example
userPassword: ${secret}
`);
  execFileSync("/usr/sbin/slapadd", ["-f", join(folder, "slapd.conf"), "-l", join(folder, "people.ldif")]);
  const child = spawn("/usr/sbin/slapd", ["-d", "0", "-f", join(folder, "slapd.conf"), "-h", `ldap://127.0.0.1:${port}`], { stdio: "ignore" });
  for (let wait = 0; wait < 100; wait += 1) {
    const open = await new Promise((resolve) => {
      const probe = connect(port, "127.0.0.1", () => { probe.end(); resolve(true); });
      probe.on("error", () => resolve(false));
    });
    if (open) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = () => new Promise((resolve) => { child.on("exit", () => { rmSync(folder, { recursive: true, force: true }); resolve(); }); child.kill(); });
  return { port, stop };
}

/** The code that an authenticator app shows (RFC 6238). */
function code(secret, at = Date.now()) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = (hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, "0");
}

let server, browser, mail, provider, directory;
before(async () => {
  [mail, directory] = [await startMail(), await startDirectory()];
  const [port, issuer] = [await freePort(), await freePort()];
  const address = `http://127.0.0.1:${port}`;
  provider = await startProvider(issuer, `${address}/login/oidc/back`);
  const data = demoData();
  server = await startServer(["--listen", `127.0.0.1:${port}`], {
    data,
    env: {
      GUANXI_URL: address,
      GUANXI_SMTP: `smtp://127.0.0.1:${mail.port}`,
      GUANXI_MAIL_FROM: "Guanxi <crm@demo.example>",
      GUANXI_OIDC_ISSUER: `http://127.0.0.1:${issuer}`,
      GUANXI_OIDC_SECRET: "a secret of both",
      GUANXI_OIDC_NAME: "Demo ID",
      GUANXI_LDAP: `ldap://127.0.0.1:${directory.port}`,
      GUANXI_LDAP_BASE: "dc=demo,dc=example",
    },
  });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  for (const part of [mail, provider, directory]) await part?.stop();
});

const isIn = (page) => page.waitForURL((url) => !url.pathname.startsWith("/login"));

test("somebody is invited, chooses a password, forgets it and gets in again", async () => {
  const admin = await signIn(browser, server.address);
  await admin.goto("/user/new");
  await admin.fill("#field-name", "New Person");
  await admin.fill("#field-email", "new@demo.example");
  await Promise.all([admin.waitForURL(/\/user\/\w+\?saved/), admin.click("form[data-draft] button[type=submit]")]);
  await Promise.all([admin.waitForURL(/\/invite$/), admin.click("form[action$='/invite'] button")]);
  const invitation = await mail.next("new@demo.example");
  const link = invitation.match(/http:\S+/)[0];
  const page = await visit(browser, server.address, { locale: "zh_cn", screen: "phone" });
  await page.goto(link);
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "choose-password-zh_cn-phone");
  await page.fill("#password", "1234567890");
  await page.click("button[type=submit]");
  await page.waitForSelector("#problem");
  await page.fill("#password", "walrus ninety teapot grey");
  await Promise.all([page.waitForURL(/\/login$/), page.click("button[type=submit].btn-primary")]);
  await page.fill("#email", "new@demo.example");
  await page.fill("#password", "walrus ninety teapot grey");
  await Promise.all([isIn(page), page.press("#password", "Enter")]);
  // Forgotten: whoever asks learns nothing, the mail goes to who has the account.
  const other = await visit(browser, server.address);
  for (const email of ["nobody@demo.example", "new@demo.example"]) {
    await other.goto("/login/forgot");
    await other.fill("#email", email);
    await other.click("button[type=submit].btn-primary");
    await other.waitForSelector("p[role=status]");
  }
  const reset = await mail.next("new@demo.example");
  assert.equal(mail.mails.length, 0);
  await other.goto(reset.match(/http:\S+/)[0]);
  await other.fill("#password", "kettle seventeen violin moss");
  await Promise.all([other.waitForURL(/\/login$/), other.click("button[type=submit].btn-primary")]);
  // The session that was open has ended.
  await page.goto("/account");
  assert.match(page.url(), /\/login/);
  assert.deepEqual([...admin.faults, ...page.faults, ...other.faults], []);
});

test("a second factor is set up and asked for", async () => {
  for (const look of [{ locale: "en" }, { locale: "zh_cn", dark: true, screen: "phone" }]) {
    const email = look.dark ? "staff5@demo.example" : "staff6@demo.example";
    const page = await signIn(browser, server.address, { ...look, email });
    await page.goto("/account");
    await Promise.all([page.waitForURL(/begin$/), page.click("form[action$='/begin'] button")]);
    assert.deepEqual(await violations(page), []);
    assert.equal(await scrollsSideways(page), false);
    await screenshot(page, `second-factor-${look.locale}`);
    const secret = await page.textContent("code >> nth=0");
    await page.fill("#code", code(secret.trim(), Date.now() - 30_000));
    await page.click("form[action$='/second-factor'] button");
    const codes = (await page.textContent("pre")).trim().split(/\s+/);
    assert.equal(codes.length, 10);
    const again = await visit(browser, server.address, look);
    await again.goto("/login");
    await again.fill("#email", email);
    await again.fill("#password", password);
    await Promise.all([again.waitForURL(/\/login\/code/), again.press("#password", "Enter")]);
    assert.deepEqual(await violations(again), []);
    await again.fill("#code", "000000");
    await again.press("#code", "Enter");
    await again.waitForSelector("#problem");
    await again.fill("#code", look.dark ? codes[3] : code(secret.trim()));
    await Promise.all([isIn(again), again.press("#code", "Enter")]);
    assert.deepEqual([...page.faults, ...again.faults], []);
  }
});

test("somebody signs in with an identity provider", async () => {
  const withProvider = async (account, back) => {
    const page = await visit(browser, server.address);
    await page.goto("/login?to=%2Fcustomer");
    await page.click("a:has-text('Demo ID')");
    await page.fill("input[name=login]", account);
    await page.fill("input[name=password]", "anything");
    await page.click("button[type=submit]");
    await Promise.all([page.waitForURL(back), page.click("button[type=submit]")]);
    return page;
  };
  const page = await withProvider("known", /\/customer$/);
  assert.equal(await page.locator("table[data-list]").count(), 1);
  for (const account of ["stranger", "unproved"]) {
    const refused = await withProvider(account, /\/login\/oidc\/back/);
    assert.match(await refused.textContent("#problem"), /no account/);
  }
  // What comes back without having been sent out is nobody's.
  const forged = await visit(browser, server.address);
  await forged.goto("/login/oidc/back?code=abc&state=abc");
  assert.match(await forged.textContent("#problem"), /did not work/);
});

test("somebody signs in with a directory", async () => {
  const admin = await signIn(browser, server.address);
  await admin.goto("/user/new");
  await admin.fill("#field-name", "From the directory");
  await admin.fill("#field-email", "ldap@demo.example");
  await Promise.all([admin.waitForURL(/\/user\/\w+\?saved/), admin.click("form[data-draft] button[type=submit]")]);
  const page = await visit(browser, server.address);
  for (const wrong of ["another password", "*", ""]) {
    await page.goto("/login");
    await page.fill("#email", "ldap@demo.example");
    await page.$eval("#password", (input) => { input.required = false; });
    await page.fill("#password", wrong);
    await page.press("#password", "Enter");
    await page.waitForSelector("#problem");
  }
  await page.fill("#email", "ldap@demo.example");
  await page.fill("#password", "directory password");
  await Promise.all([isIn(page), page.press("#password", "Enter")]);
});

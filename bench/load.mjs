// Measures a running server: the requests of an issue's numbers, one after the other and by
// several clients at once; p50, p95, p99 and CPU per request from /proc. Usage:
//   node bench/load.mjs --url http://127.0.0.1:8080 --pid PID --token TOKEN [--clients 16]
import { Agent, request } from "node:http";
import { readFileSync } from "node:fs";

const option = (name, usual) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : process.argv[at + 1];
};
const url = new URL(option("url", "http://127.0.0.1:8080"));
const [pid, token, session] = [option("pid"), option("token"), option("session")];
const clients = Number(option("clients", 16));
const rounds = Number(option("rounds", 300));

const cpuMicros = () => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(stat[11]) + Number(stat[12])) * 10_000;
};
const memoryMb = () => Math.round(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1] / 1024);

function send(agent, method, path, body) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const page = !path.startsWith("/api/");
    const headers = page ? { cookie: `guanxi_session=${session}` } : { authorization: `Bearer ${token}` };
    if (body) headers["content-type"] = "application/json";
    const call = request({ agent, method, host: url.hostname, port: url.port, path, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => { text += chunk; });
      answer.on("end", () => resolve({ status: answer.statusCode, text, ms: Number(process.hrtime.bigint() - start) / 1e6 }));
    });
    call.on("error", reject);
    call.end(body && JSON.stringify(body));
  });
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);

async function measure(name, makeRequest, many) {
  const agent = new Agent({ keepAlive: true, maxSockets: many });
  for (let warm = 0; warm < 20; warm += 1) await send(agent, ...makeRequest(warm));
  const times = [];
  let [next, errors] = [0, 0];
  const before = cpuMicros();
  await Promise.all(Array.from({ length: many }, async () => {
    while (next < rounds) {
      const answer = await send(agent, ...makeRequest(next++));
      if (answer.status >= 400) errors += 1;
      times.push(answer.ms);
    }
  }));
  const cpu = (cpuMicros() - before) / times.length / 1000;
  times.sort((a, b) => a - b);
  console.log(`| ${name} | ${many} | ${at(times, 0.5)} | ${at(times, 0.95)} | ${at(times, 0.99)} | ${cpu.toFixed(2)} | ${errors} |`);
  agent.destroy();
}

const agent = new Agent();
const sample = JSON.parse((await send(agent, "GET", "/api/v1/customer?limit=1000&sort=name&country=China")).text).items;
const pick = (number) => sample[(number * 7919) % sample.length];
const words = ["huaxing", "hengda", "dxkj", "northwind", "redwood hardware", "CU-500000", "jinqiao maoyi"];
const countries = ["China", "Germany", "Japan", "Vietnam"];
const country = (number) => countries[number % countries.length];
const pages = [
  ["list by name, filtered", (n) => ["GET", `/api/v1/customer?country=${country(n)}&sort=name`]],
  ["list by number, filtered by kind", () => ["GET", "/api/v1/customer?kind=person&sort=-code"]],
  ["orders by total, filtered by status", () => ["GET", "/api/v1/order?status=completed&sort=-total"]],
  ["orders by date, of one country", (n) => ["GET", `/api/v1/order?customer.country=${country(n)}&sort=-date`]],
  ["one customer (API)", (n) => ["GET", `/api/v1/customer/${pick(n).id}`]],
  ["search", (n) => ["GET", `/api/v1/search?q=${encodeURIComponent(words[n % words.length])}`]],
  ["who is there already", (n) => ["GET", `/api/v1/customer/alike?${new URLSearchParams({
    name: pick(n).name, phone: pick(n).phone ?? "", email: pick(n).email ?? "" })}`]],
  ["create a customer", (n) => ["POST", "/api/v1/customer", { name: `Load ${process.pid} ${n}`, country: "China" }]],
];
if (session) {
  pages.push(["customer list (page)", (n) => ["GET", `/customer?country=${country(n)}&sort=name`]]);
  pages.push(["customer page", (n) => ["GET", `/customer/${pick(n).id}`]]);
}
console.log("| request | clients | p50 ms | p95 ms | p99 ms | CPU ms | errors |\n|---|---|---|---|---|---|---|");
for (const [name, makeRequest] of pages) await measure(name, makeRequest, 1);
for (const [name, makeRequest] of pages) await measure(name, makeRequest, clients);
console.log(`\nresident memory: ${memoryMb()} MB`);

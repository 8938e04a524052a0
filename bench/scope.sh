#!/usr/bin/env bash
# Lists as somebody with three roles sees them, one of which reaches a territory: over a large demo
# database. Prints p50, p95, p99 and CPU per request, as bench/load.mjs does.
#   guanxi --data FOLDER demo --without-analyses --customers 1000000 --orders-per-customer 0.3
#   bench/scope.sh BINARY FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
binary="$1" data="$2"
export RUST_LOG=warn GUANXI_PASSWORD="a long password"
"$binary" --data "$data" user admin@guanxi.local --name Admin --administrator >/dev/null
admin="$("$binary" --data "$data" token admin@guanxi.local)"
token="$("$binary" --data "$data" token staff2@demo.example)"
"$binary" --data "$data" serve --listen 127.0.0.1:0 --requests-per-second 0 >/tmp/guanxi-scope.said 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 200); do grep -q ready /tmp/guanxi-scope.said && break; sleep 0.1; done
address="$(grep -o 'http://[0-9.:]*' /tmp/guanxi-scope.said | head -1)"
ADDRESS="$address" ADMIN="$admin" node -e '
  const { ADDRESS, ADMIN } = process.env;
  const call = async (method, path, body) => {
    const answer = await fetch(`${ADDRESS}/api/v1${path}`, { method, body: body && JSON.stringify(body),
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" } });
    const json = await answer.json();
    if (!answer.ok) throw new Error(JSON.stringify(json));
    return json;
  };
  const user = (await call("GET", "/user?email=staff2@demo.example")).items[0];
  if (user.roles.length < 3) {
    const roles = [...user.roles];
    for (const [name, scope, condition] of [["Bench: territory", "territory", null], ["Bench: team", "team_and_below", "kind=person"]]) {
      const role = await call("POST", "/role", { name });
      await call("POST", "/role_right", { role: role.id, record_type: "customer", purposes: ["read"], scope, condition });
      if (scope === "territory") await call("POST", "/role_right", { role: role.id, record_type: "order", purposes: ["read"], scope });
      roles.push(role.id);
    }
    await call("PATCH", `/user/${user.id}`, { version: user.version, roles });
  }
  const all = (await call("GET", "/customer?total=true&limit=1")).total;
  console.log("customers in all:", all.number, all.more ? "or more" : "");
'
curl -s -H "Authorization: Bearer $token" "$address/api/v1/customer/aggregate" | head -c 200
echo
node bench/load.mjs --url "$address" --pid "$server" --token "$token" --rounds 200

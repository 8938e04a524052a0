//! The same random records in any database, and the people who look at them: everybody, a team, one
//! person alone, and one from whom fields are kept.

use std::collections::HashMap;

use axum::http::StatusCode;
use guanxi_base::{RawId, Rng};
use guanxi_crm::access::{
    FieldRight, LimitedAccess, Locale, RightPurpose, RightScope, Role, RoleRight, Team, User,
    actor_of,
};
use guanxi_crm::insights::catch_up;
use guanxi_record::{Email, Filter, Query, Record};
use guanxi_server::AppConfig;
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::TestDatabase;
use guanxi_warehouse::Warehouse;
use serde_json::{Value as Json, json};

use super::texts::{DAYS, TIMES, text};
use crate::house::House;

/// The types of which there are records, in the order in which they are made.
pub(crate) const TYPES: [&str; 6] =
    ["customer", "contact", "order", "order_line", "interaction", "task"];
/// So many of each.
const EACH: [usize; 6] = [40, 36, 44, 40, 40, 24];
const CURRENCIES: [&str; 4] = ["CNY", "EUR", "JPY", "KWD"];
const ROLES: [&str; 4] = ["decision_maker", "technical", "user", "finance"];

/// Somebody who looks.
pub(crate) struct Person {
    pub(crate) actor: Actor,
    pub(crate) token: String,
    pub(crate) session: String,
}

/// A database with a server.
pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) warehouse: Warehouse,
    pub(crate) people: Vec<Person>,
    /// The dashboard on which charts are drawn.
    pub(crate) dashboard: String,
    /// The ids of all records and people, in the order in which they were made.
    pub(crate) ids: Vec<RawId>,
    places: HashMap<RawId, usize>,
    /// Where the records of each type begin.
    begins: HashMap<&'static str, usize>,
    _database: TestDatabase,
}

impl World {
    pub(crate) async fn make(database: TestDatabase, seed: u64) -> Self {
        let warehouse = Warehouse::open("memory:///").unwrap();
        let config = AppConfig { warehouse: Some(warehouse.clone()), ..AppConfig::default() };
        let house = House::open_with(&database, config).await;
        let mut world = Self {
            house,
            warehouse,
            people: Vec::new(),
            dashboard: String::new(),
            ids: Vec::new(),
            places: HashMap::new(),
            begins: HashMap::new(),
            _database: database,
        };
        let mut rng = Rng::seeded(seed);
        world.people().await;
        world.custom_fields().await;
        for (record_type, number) in TYPES.into_iter().zip(EACH) {
            world.begins.insert(record_type, world.ids.len());
            for at in 0..number {
                let made = world.record(record_type, at, &mut rng);
                world.post(record_type, &made).await;
            }
        }
        let shared = json!({ "name": "Shared", "is_shared": true });
        world.dashboard = world.created("dashboard", &shared).await;
        world.follow().await;
        world
    }

    /// Waits until the warehouse has all: other tests' transactions may hold the log back.
    async fn follow(&self) {
        let store = &self.house.store;
        let all = self.ids.len() - self.begins["customer"];
        for _ in 0..10_000 {
            catch_up(store, &self.warehouse).await.unwrap();
            let manifest = self.warehouse.manifest().await.unwrap();
            if TYPES.iter().map(|name| manifest.rows(name)).sum::<usize>() == all {
                guanxi_crm::insights::warm(store, &self.warehouse).await.unwrap();
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the warehouse does not follow");
    }

    pub(crate) fn place(&self, id: &str) -> usize {
        self.places[&id.parse::<RawId>().unwrap()]
    }

    pub(crate) fn place_of(&self, id: RawId) -> usize {
        self.places[&id]
    }

    fn note(&mut self, id: RawId) {
        self.places.insert(id, self.ids.len());
        self.ids.push(id);
    }

    async fn created(&self, record_type: &str, made: &Json) -> String {
        let answer = self.house.call("POST", &format!("/{record_type}"), made.clone()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{record_type} {made}: {}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn post(&mut self, record_type: &str, made: &Json) {
        let id = self.created(record_type, made).await;
        self.note(id.parse().unwrap());
    }

    async fn people(&mut self) {
        let system = Actor::system(Origin::Cli);
        let mut tx = self.house.store.write(&system).await.unwrap();
        let team =
            |name: &str| Team { name: name.into(), parent: None, company: None, leader: None };
        let teams = [
            tx.create(&team("East")).await.unwrap().id,
            tx.create(&team("West")).await.unwrap().id,
        ];
        let looks: [(RightScope, &str, usize); 4] = [
            (RightScope::All, "UTC", 0),
            (RightScope::Team, "Europe/Berlin", 0),
            (RightScope::Own, "America/New_York", 1),
            (RightScope::All, "Asia/Shanghai", 1),
        ];
        let mut made = Vec::new();
        for (at, (scope, zone, team)) in looks.into_iter().enumerate() {
            let role =
                Role { name: format!("Looks {at}"), description: None, needs_second_factor: false };
            let role = tx.create(&role).await.unwrap().id;
            let purposes = vec![RightPurpose::Read, RightPurpose::Export];
            for (of, scope) in
                [("*", scope), ("chart", RightScope::All), ("dashboard", RightScope::All)]
            {
                let right = RoleRight {
                    role,
                    record_type: of.to_owned(),
                    purposes: purposes.clone(),
                    scope,
                    condition: None,
                };
                tx.create(&right).await.unwrap();
            }
            if at == 3 {
                for (of, field) in [("customer", "industry"), ("order", "total")] {
                    let access = LimitedAccess::Hidden;
                    let (record_type, field) = (of.to_owned(), field.to_owned());
                    tx.create(&FieldRight { role, record_type, field, access }).await.unwrap();
                }
            }
            let user = User {
                name: format!("Person {at}"),
                email: Email(format!("person{at}@faces.example")),
                phone: None,
                job_title: None,
                team: Some(teams[team]),
                roles: vec![role],
                is_administrator: false,
                is_active: true,
                locale: Locale::En,
                time_zone: zone.to_owned(),
            };
            made.push(tx.create(&user).await.unwrap().id.raw());
        }
        let query = Query::of(Filter::eq("email", "admin@example.com"));
        let administrator = tx.list(User::NAME, &query).await.unwrap().rows[0].id;
        tx.commit().await.unwrap();
        for id in std::iter::once(administrator).chain(made) {
            self.note(id);
            let store = &self.house.store;
            let sign_in = |kind| store.create_sign_in(id, NewSignIn::of(kind));
            let token = sign_in(SignInKind::ApiToken).await.unwrap();
            let session = sign_in(SignInKind::Session).await.unwrap();
            let actor = actor_of(store, id, Origin::Api, None).await.unwrap().0;
            self.people.push(Person { actor, token, session });
        }
    }

    async fn custom_fields(&self) {
        for (of, name, kind, options) in [
            ("customer", "tags", "choices", Some("red\nblue\nred, light\ngr\u{fc}n")),
            ("customer", "limit", "integer", None),
            ("customer", "since", "date", None),
            ("customer", "seen", "instant", None),
            ("customer", "deposit", "money", None),
            ("customer", "vip", "boolean", None),
            ("customer", "rank", "choice", Some("A, first\nB")),
            ("contact", "partners", "links", None),
        ] {
            let link_to = (kind == "links").then_some("customer");
            let field = json!({ "record_type": of, "name": name, "kind": kind, "label_en": name,
                "options": options, "link_to": link_to });
            self.created("custom_field", &field).await;
        }
    }

    fn some_id(&self, of: &str, rng: &mut Rng) -> String {
        let begin = self.begins[of];
        let number = EACH[TYPES.iter().position(|one| *one == of).unwrap()];
        self.ids[begin + rng.below(number.min(self.ids.len() - begin))].to_string()
    }

    fn owner(&self, rng: &mut Rng) -> Json {
        let owner = self.ids[rng.below(self.people.len())].to_string();
        maybe(json!(owner), rng, 0.85)
    }

    fn record(&self, of: &str, at: usize, rng: &mut Rng) -> Json {
        match of {
            "customer" => self.customer(at, rng),
            "contact" => json!({
                "name": text(rng), "customer": self.some_id("customer", rng),
                "job_title": some_text(rng), "roles": several(rng, &ROLES),
                "email": maybe(json!(format!("Li.{at}@Example.COM")), rng, 0.5),
                "birthday": some(rng, &DAYS),
                "x_partners": [self.some_id("customer", rng), self.some_id("customer", rng)],
            }),
            "order" => json!({
                "customer": maybe(json!(self.some_id("customer", rng)), rng, 0.9),
                "date": rng.pick(&DAYS), "status": rng.pick(&["draft", "confirmed", "shipped"]),
                "kind": rng.pick(&["sale", "return"]), "channel": some(rng, &["web", "retail"]),
                "owner": self.owner(rng), "customer_reference": some_text(rng),
            }),
            "order_line" => {
                let order = self.ids[self.begins["order"] + at].to_string();
                json!({ "order": order, "description": text(rng),
                    "quantity": (1 + rng.below(5)).to_string(), "unit_price": money(rng) })
            }
            "interaction" => json!({
                "subject": text(rng), "kind": rng.pick(&["call", "visit", "note"]),
                "customer": self.some_id("customer", rng), "at": rng.pick(&TIMES),
                "minutes": maybe(json!(rng.below(60)), rng, 0.7), "owner": self.owner(rng),
                "notes": some_text(rng),
            }),
            _ => json!({
                "subject": text(rng), "customer": self.some_id("customer", rng),
                "due_date": some(rng, &DAYS), "owner": self.owner(rng),
                "priority": rng.pick(&["low", "normal", "high"]),
                "status": rng.pick(&["open", "done"]),
            }),
        }
    }

    fn customer(&self, at: usize, rng: &mut Rng) -> Json {
        let province = maybe(json!(text(rng).trim()), rng, 0.6);
        let address = if province.is_null() {
            Json::Null
        } else {
            json!({ "province": province, "city": rng.pick(&["Ulm", "\u{e5}s"]) })
        };
        json!({
            "name": text(rng), "code": format!("F{at:03}"),
            "kind": rng.pick(&["organisation", "person"]), "industry": some_text(rng),
            "country": some(rng, &["China", "Germany", "T\u{fc}rkiye"]),
            "phone": maybe(json!(format!("+86138{:08}", rng.below(99_999_999))), rng, 0.5),
            "owner": self.owner(rng), "class": some(rng, &["key", "standard"]),
            "parent": maybe(if at > 0 { json!(self.ids[self.begins["customer"]].to_string()) } else { Json::Null }, rng, 0.3),
            "employees": maybe(json!(rng.below(300)), rng, 0.6), "address": address,
            "notes": some_text(rng),
            "x_tags": several(rng, &["red", "blue", "red, light", "gr\u{fc}n"]),
            "x_limit": maybe(json!(rng.below(9)), rng, 0.6), "x_since": some(rng, &DAYS),
            "x_seen": some(rng, &TIMES), "x_deposit": maybe(money(rng), rng, 0.6),
            "x_vip": maybe(json!(rng.chance(0.5)), rng, 0.6), "x_rank": some(rng, &["A, first", "B"]),
        })
    }
}

fn maybe(value: Json, rng: &mut Rng, probability: f64) -> Json {
    if rng.chance(probability) { value } else { Json::Null }
}

fn some(rng: &mut Rng, among: &[&str]) -> Json {
    let one = *rng.pick(among);
    maybe(json!(one), rng, 0.75)
}

fn some_text(rng: &mut Rng) -> Json {
    let one = text(rng);
    maybe(json!(one), rng, 0.75)
}

fn several(rng: &mut Rng, among: &[&str]) -> Json {
    let chosen = among.iter().filter(|_| rng.chance(0.4)).map(|one| json!(one));
    Json::Array(chosen.collect())
}

fn money(rng: &mut Rng) -> Json {
    let amount = ["5", "12.5", "0", "-3", "100"][rng.below(5)];
    let currency = *rng.pick(&CURRENCIES);
    json!({ "amount": amount, "currency": currency })
}

//! Every way to read, and what it shows of a world.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_crm::access::RightPurpose;
use serde_json::{Value as Json, json};

use super::world::{TYPES, Thing, World};
use crate::house::{Answer, House};

/// One decision: what a way showed, and what the reference says.
pub(crate) struct Case {
    pub(crate) what: String,
    pub(crate) seen: bool,
    pub(crate) expected: bool,
}

/// A way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    List,
    Pages,
    Get,
    Page,
    EditForm,
    AccessPage,
    History,
    Total,
    Aggregate,
    AggregateThroughLink,
    Export,
    Search,
    SearchByPhone,
    ListSearch,
    FilterThroughLink,
    FilterThroughIndex,
    FilterByRelated,
    AlikeByName,
    AlikeByPhone,
    Titles,
    Fields,
    FieldFilter,
    FieldSort,
    FieldGroup,
    Told,
    FilterByTold,
    SortByTold,
    ExportTold,
    HtmlList,
    RelatedLists,
    Describe,
    Change,
}

pub(crate) const WAYS: &[Way] = &[
    Way::List,
    Way::Pages,
    Way::Get,
    Way::Page,
    Way::EditForm,
    Way::AccessPage,
    Way::History,
    Way::Total,
    Way::Aggregate,
    Way::AggregateThroughLink,
    Way::Export,
    Way::Search,
    Way::SearchByPhone,
    Way::ListSearch,
    Way::FilterThroughLink,
    Way::FilterThroughIndex,
    Way::FilterByRelated,
    Way::AlikeByName,
    Way::AlikeByPhone,
    Way::Titles,
    Way::Fields,
    Way::FieldFilter,
    Way::FieldSort,
    Way::FieldGroup,
    Way::Told,
    Way::FilterByTold,
    Way::SortByTold,
    Way::ExportTold,
    Way::HtmlList,
    Way::RelatedLists,
    Way::Describe,
    Way::Change,
];

/// The field that names a record of a type.
fn title_of(record_type: &str) -> &'static str {
    match record_type {
        "order" | "invoice" => "number",
        "order_line" => "description",
        "task" => "subject",
        _ => "name",
    }
}

/// Fields that roles limit, and the value by which one would ask.
const FIELDS: [(&str, &str, &str); 4] = [
    ("customer", "phone", "13900000000"),
    ("customer", "country", "China"),
    ("order", "total", "10"),
    ("contact", "phone", "13900000001"),
];

/// Somebody looks at a world.
pub(crate) struct Look<'a> {
    pub(crate) house: &'a House,
    pub(crate) world: &'a World,
    pub(crate) person: usize,
}

impl Way {
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) async fn compare(self, house: &House, world: &World, person: usize) -> Vec<Case> {
        let look = Look { house, world, person };
        match self {
            Self::List => look.lists("limit=1000").await,
            Self::Pages => look.pages().await,
            Self::Get => look.one_by_one(|t| format!("/{}/{}", t.record_type, t.id)).await,
            Self::History => {
                look.one_by_one(|t| format!("/{}/{}/history", t.record_type, t.id)).await
            }
            Self::Page => look.html_one_by_one("", RightPurpose::Read).await,
            Self::AccessPage => look.html_one_by_one("/access", RightPurpose::Read).await,
            Self::EditForm => look.html_one_by_one("/edit", RightPurpose::Change).await,
            Self::Total => look.totals().await,
            Self::Aggregate => look.aggregates().await,
            Self::AggregateThroughLink => look.groups_through_link().await,
            Self::Export => look.exports().await,
            Self::Search => look.searches().await,
            Self::SearchByPhone => look.phone_searches().await,
            Self::ListSearch => look.list_searches().await,
            Self::FilterThroughLink => look.filters_through_link().await,
            Self::FilterThroughIndex => look.filters_through_index().await,
            Self::AlikeByName => look.alike("name").await,
            Self::AlikeByPhone => look.alike("phone").await,
            Self::FilterByRelated => look.filters_by_related().await,
            Self::Titles => look.titles().await,
            Self::Fields => look.fields().await,
            Self::FieldFilter => look.asks(|field, value| format!("?{field}.ne={value}")).await,
            Self::FieldSort => look.asks(|field, _| format!("?sort={field}")).await,
            Self::FieldGroup => look.asks(|field, _| format!("/aggregate?group_by={field}")).await,
            Self::Told => look.told().await,
            Self::FilterByTold => look.asked_by_told("revenue.empty=false").await,
            Self::SortByTold => look.asked_by_told("sort=-revenue").await,
            Self::ExportTold => look.exports_told().await,
            Self::HtmlList => look.html_lists().await,
            Self::RelatedLists => look.related_lists().await,
            Self::Describe => look.describe().await,
            Self::Change => look.changes().await,
        }
    }
}

pub(super) fn ids(answer: &Answer) -> BTreeSet<String> {
    if answer.status == StatusCode::FORBIDDEN {
        return BTreeSet::new();
    }
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let json = answer.json();
    let items = json["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

impl Look<'_> {
    pub(super) async fn api(&self, path: &str) -> Answer {
        let token = &self.world.people[self.person].token;
        self.house.call_as(token, "GET", path, &[], Json::Null).await
    }

    pub(crate) async fn html(&self, path: &str) -> Answer {
        let session = &self.world.people[self.person].session;
        let request = Request::get(path)
            .header(header::COOKIE, format!("guanxi_session={session}; guanxi_locale=en"));
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) fn of(&self, record_type: &str) -> impl Iterator<Item = (usize, &Thing)> {
        let things = self.world.things.iter().enumerate();
        things.filter(move |(_, thing)| thing.record_type == record_type)
    }

    pub(crate) fn reads(&self, thing: usize) -> bool {
        self.world.may(self.person, thing, RightPurpose::Read)
    }

    pub(crate) fn names(&self, record_type: &str) -> bool {
        self.world.reads_field(self.person, record_type, title_of(record_type))
    }

    pub(crate) fn case(&self, thing: &Thing, seen: bool, expected: bool) -> Case {
        let what = format!("{} {} {}", thing.record_type, thing.word, thing.id);
        Case { what, seen, expected }
    }

    /// All records of a type against what a way showed of them.
    fn against(&self, record_type: &str, seen: &BTreeSet<String>) -> Vec<Case> {
        let of = self.of(record_type);
        of.map(|(at, one)| self.case(one, seen.contains(&one.id.to_string()), self.reads(at)))
            .collect()
    }

    async fn lists(&self, query: &str) -> Vec<Case> {
        let mut cases = Vec::new();
        for record_type in TYPES {
            let seen = ids(&self.api(&format!("/{record_type}?{query}")).await);
            cases.extend(self.against(record_type, &seen));
        }
        cases
    }

    async fn pages(&self) -> Vec<Case> {
        let mut seen = BTreeSet::new();
        let mut after = String::new();
        loop {
            let path = format!("/customer?limit=2&sort=-created_at{after}");
            let answer = self.api(&path).await;
            seen.extend(ids(&answer));
            match answer.json()["next"].as_str() {
                Some(next) => {
                    let encoded: String = next.bytes().map(|b| format!("%{b:02X}")).collect();
                    after = format!("&after={encoded}");
                }
                None => break,
            }
        }
        self.against("customer", &seen)
    }

    async fn one_by_one(&self, path: impl Fn(&Thing) -> String) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, thing) in self.world.things.iter().enumerate() {
            let answer = self.api(&path(thing)).await;
            assert!(matches!(answer.status.as_u16(), 200 | 404), "{}", answer.text);
            let title_shown = answer.text.contains(&thing.word);
            assert!(!title_shown || self.reads(at), "{} shows in {}", thing.word, answer.text);
            cases.push(self.case(thing, answer.status == StatusCode::OK, self.reads(at)));
        }
        cases
    }

    async fn totals(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for record_type in TYPES {
            let answer = self.api(&format!("/{record_type}?total=true&limit=1")).await;
            let number = answer.json()["total"]["number"].as_u64().unwrap_or(0) as usize;
            cases.push(self.number(record_type, number, "total"));
        }
        cases
    }

    /// Counts concern all worlds of the database: nobody sees another's, so they are one's own.
    fn number(&self, record_type: &str, number: usize, what: &str) -> Case {
        let expected = self.of(record_type).filter(|(at, _)| self.reads(*at)).count();
        // With a scope of all records other worlds count too.
        let sees_all = self.sees_other_worlds(record_type);
        let right = number == expected || (sees_all && number >= expected);
        Case { what: format!("{what} of {record_type}"), seen: right, expected: true }
    }

    fn sees_other_worlds(&self, record_type: &str) -> bool {
        let roles = &self.world.people[self.person].roles;
        roles.iter().flat_map(|role| &self.world.roles[*role].rights).any(|right| {
            (right.record_type == "*" || right.record_type == record_type)
                && right.scope == guanxi_crm::access::RightScope::All
                && right.purposes.contains(&RightPurpose::Read)
        })
    }

    async fn aggregates(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for record_type in TYPES {
            let answer = self.api(&format!("/{record_type}/aggregate?measures=count")).await;
            let number = answer.json()["groups"][0]["count"].as_u64().unwrap_or(0) as usize;
            cases.push(self.number(record_type, number, "count"));
        }
        cases
    }

    /// Orders by the names of their customers: a name shows only to those who see the customer.
    async fn groups_through_link(&self) -> Vec<Case> {
        let answer = self.api("/order/aggregate?group_by=customer.name").await;
        let asks =
            self.world.reads_field(self.person, "order", "customer") && self.names("customer");
        let may_ask = answer.status == StatusCode::OK;
        let mut cases =
            vec![Case { what: "customer.name".to_owned(), seen: may_ask, expected: asks }];
        if !may_ask {
            return cases;
        }
        for (at, customer) in self.of("customer") {
            let orders = self.of("order").filter(|(_, order)| order.follows == Some(at));
            let expected = self.reads(at) && orders.into_iter().any(|(order, _)| self.reads(order));
            cases.push(self.case(customer, answer.text.contains(&customer.word), expected));
        }
        cases
    }

    async fn exports(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for record_type in TYPES {
            let answer = self.api(&format!("/{record_type}/export")).await;
            let allowed = answer.status == StatusCode::OK;
            for (at, thing) in self.of(record_type) {
                let exports = self.world.may(self.person, at, RightPurpose::Export);
                let seen = allowed && answer.text.contains(&thing.id.to_string());
                cases.push(self.case(thing, seen, exports && self.reads(at)));
                if !self.names(record_type) {
                    cases.push(self.case(thing, answer.text.contains(&thing.word), false));
                }
            }
        }
        cases
    }

    async fn filters_through_link(&self) -> Vec<Case> {
        let asks =
            self.names("customer") && self.world.reads_field(self.person, "order", "customer");
        let mut cases = Vec::new();
        for (at, order) in self.of("order") {
            let customer = order.follows.unwrap();
            let word = &self.world.things[customer].word;
            let answer = self.api(&format!("/order?customer.name={word}")).await;
            if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
                cases.push(self.case(order, false, asks));
                continue;
            }
            let seen = ids(&answer).contains(&order.id.to_string());
            cases.push(self.case(order, seen, asks && self.reads(at) && self.reads(customer)));
        }
        cases
    }

    /// By an index that goes through the link: what decides is the customer's own field.
    async fn filters_through_index(&self) -> Vec<Case> {
        let asks = self.world.reads_field(self.person, "order", "customer")
            && self.world.reads_field(self.person, "customer", "country");
        let path = "/order?customer.country=China&sort=-date&limit=1000";
        let answer = self.api(path).await;
        let found = if answer.status == StatusCode::OK { ids(&answer) } else { BTreeSet::new() };
        let mut cases = Vec::new();
        for (at, order) in self.of("order") {
            let expected = asks && self.reads(at) && self.reads(order.follows.unwrap());
            cases.push(self.case(order, found.contains(&order.id.to_string()), expected));
        }
        cases
    }

    async fn filters_by_related(&self) -> Vec<Case> {
        let filter = json!({ "related": "order", "via": "customer", "where": { "all": [] } });
        let filter: String = filter.to_string().bytes().map(|b| format!("%{b:02X}")).collect();
        let answer = self.api(&format!("/customer?limit=1000&filter={filter}")).await;
        let asks = self.world.reads_field(self.person, "order", "customer");
        if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
            return vec![Case { what: "related".to_owned(), seen: false, expected: asks }];
        }
        let seen = ids(&answer);
        let mut cases = Vec::new();
        for (at, customer) in self.of("customer") {
            let mut orders = self.of("order").filter(|(_, order)| order.follows == Some(at));
            let has = orders.any(|(order, _)| self.reads(order));
            let expected = self.reads(at) && has && asks;
            cases.push(self.case(customer, seen.contains(&customer.id.to_string()), expected));
        }
        cases
    }

    /// The names of linked records beside a list.
    async fn titles(&self) -> Vec<Case> {
        let answer = self.api("/order?limit=1000").await;
        let mut cases = Vec::new();
        for (at, customer) in self.of("customer") {
            let linked = self
                .of("order")
                .any(|(order, thing)| thing.follows == Some(at) && self.reads(order));
            let links = self.world.reads_field(self.person, "order", "customer");
            let expected = linked && links && self.reads(at) && self.names("customer");
            cases.push(self.case(customer, answer.text.contains(&customer.word), expected));
        }
        cases
    }

    /// Limited fields in what a record's own answer holds.
    async fn fields(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, customer) in self.of("customer").filter(|(at, _)| self.reads(*at)) {
            let answer = self.api(&format!("/customer/{}", customer.id)).await;
            let phone = customer.phone.as_deref().unwrap();
            for (field, text) in
                [("phone", phone), ("name", customer.word.as_str()), ("country", "China")]
            {
                let shown = answer.json()[field] == json!(text);
                let expected = self.world.reads_field(self.person, "customer", field);
                cases.push(self.case(&self.world.things[at], shown, expected));
            }
            // Nor does the history or the page show more.
            for text in [
                self.api(&format!("/customer/{}/history", customer.id)).await.text,
                self.html(&format!("/customer/{}", customer.id)).await.text,
            ] {
                let expected = self.world.reads_field(self.person, "customer", "phone");
                let shown = text.contains(phone);
                cases.push(self.case(customer, shown && !expected, false));
            }
        }
        cases
    }

    /// Asking by a field that one may not see is refused.
    async fn asks(&self, query: impl Fn(&str, &str) -> String) -> Vec<Case> {
        let mut cases = Vec::new();
        for (record_type, field, value) in FIELDS {
            let answer = self.api(&format!("/{record_type}{}", query(field, value))).await;
            assert!(answer.status.as_u16() < 500, "{}", answer.text);
            let seen = answer.status == StatusCode::OK;
            let expected = self.world.reads_field(self.person, record_type, field);
            cases.push(Case { what: format!("{record_type}.{field}"), seen, expected });
        }
        cases
    }

    async fn describe(&self) -> Vec<Case> {
        let json = self.api("/describe").await.json();
        let types = json["record_types"].as_array().cloned().unwrap_or_default();
        let described = |name: &str| types.iter().any(|one| one["name"] == name);
        let case = |record_type: &str| Case {
            what: format!("description of {record_type}"),
            seen: described(record_type),
            expected: self.world.may_any(self.person, record_type, RightPurpose::Read),
        };
        TYPES.iter().map(|record_type| case(record_type)).collect()
    }

    /// A change that changes nothing is allowed where a change is.
    async fn changes(&self) -> Vec<Case> {
        let token = &self.world.people[self.person].token;
        let mut cases = Vec::new();
        for (at, thing) in self.world.things.iter().enumerate() {
            let path = format!("/{}/{}", thing.record_type, thing.id);
            let answer =
                self.house.call_as(token, "PATCH", &path, &[], json!({"version": 1})).await;
            let expected = self.world.may(self.person, at, RightPurpose::Change);
            let refused = if self.reads(at) { 403 } else { 404 };
            assert!([200, refused].contains(&answer.status.as_u16()), "{}", answer.text);
            cases.push(self.case(thing, answer.status == StatusCode::OK, expected));
        }
        cases
    }
}

//! Random questions: filters, orders, charts, of every kind of field and every way to compare,
//! sound and unsound. Records are named by their place, because each database has ids of its own.

use guanxi_base::{RawId, Rng};
use guanxi_record::{
    Catalog, Count, Field, Filter, Kind, Op, Query, RecordType, SYSTEM_FIELDS, Sort, param_name,
    write_list,
};
use serde_json::{Value as Json, json};

use super::texts::{DAYS, PERIODS, TEXTS, TIMES, piece};
use super::world::TYPES;

/// Before the place of a record.
const PLACE: char = '\u{1}';

/// A list that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) record_type: &'static str,
    pub(crate) filter: Filter,
    pub(crate) sort: Vec<Sort>,
    pub(crate) limit: usize,
}

impl Question {
    pub(crate) fn query(&self, ids: &[RawId]) -> Query {
        Query::of(with_ids(&self.filter, ids)).sorted(self.sort.clone()).limited(self.limit)
    }

    /// The parameters that say the same without JSON; `None` where there are none.
    pub(crate) fn params(&self, ids: &[RawId]) -> Option<Vec<(String, String)>> {
        let filter = with_ids(&self.filter, ids);
        let one = std::slice::from_ref(&filter);
        let all = if let Filter::All(all) = &filter { all.as_slice() } else { one };
        all.iter().map(as_param).collect()
    }
}

/// A comparison as a parameter, where a parameter can say it.
pub(crate) fn as_param(filter: &Filter) -> Option<(String, String)> {
    let Filter::Compare { field, op, value } = filter else { return None };
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Bool(yes) => yes.to_string(),
        Json::Array(all) => {
            let texts: Option<Vec<&str>> = all.iter().map(Json::as_str).collect();
            let says = |all: &Vec<&str>| all.iter().all(|one| !one.trim().is_empty());
            write_list(texts.filter(says)?)
        }
        _ => return None,
    };
    // What is blank is refused before it is looked at.
    (!text.trim().is_empty()).then(|| (param_name(field, *op), text))
}

/// A filter with the ids of a database in the place of places.
pub(crate) fn with_ids(filter: &Filter, ids: &[RawId]) -> Filter {
    fn replaced(json: &Json, ids: &[RawId]) -> Json {
        match json {
            Json::String(text) => match text.strip_prefix(PLACE) {
                Some(place) => json!(ids[place.parse::<usize>().unwrap()].to_string()),
                None => json.clone(),
            },
            Json::Array(all) => all.iter().map(|one| replaced(one, ids)).collect(),
            Json::Object(all) => Json::Object(
                all.iter().map(|(name, one)| (name.clone(), replaced(one, ids))).collect(),
            ),
            other => other.clone(),
        }
    }
    Filter::from_json(&replaced(&filter.to_json(), ids)).unwrap()
}

/// Asks.
pub(crate) struct Asking<'a> {
    pub(crate) rng: Rng,
    pub(crate) catalog: &'a Catalog,
    /// So many records and people there are.
    pub(crate) places: usize,
}

impl Asking<'_> {
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        *self.rng.pick(of)
    }

    pub(crate) fn question(&mut self) -> Question {
        let record_type = self.pick(&TYPES);
        let described = self.catalog.get(record_type).unwrap().clone();
        let mut sort: Vec<Sort> = Vec::new();
        for _ in 0..self.rng.below(3) {
            let field = self.field(&described);
            let name = if self.rng.chance(0.1) { "id".to_owned() } else { field.name.to_string() };
            if field.kind.is_ordered() && !sort.iter().any(|one| one.field == name) {
                sort.push(if self.rng.chance(0.5) { Sort::up(name) } else { Sort::down(name) });
            }
        }
        let filter = match self.rng.below(10) {
            0 => Filter::everything(),
            1..=5 => self.compare(&described, ""),
            6 => Filter::All((0..2).map(|_| self.compare(&described, "")).collect()),
            _ => self.filter(&described, 2),
        };
        Question { record_type, filter, sort, limit: self.pick(&[7, 50, 1000]) }
    }

    fn field(&mut self, described: &RecordType) -> Field {
        let own = described.fields.len();
        let at = self.rng.below(own + 2);
        if at < own { described.fields[at].clone() } else { SYSTEM_FIELDS[at - own].clone() }
    }

    fn filter(&mut self, described: &RecordType, depth: usize) -> Filter {
        match if depth == 0 { 9 } else { self.rng.below(10) } {
            0 | 1 => Filter::All((0..2).map(|_| self.filter(described, depth - 1)).collect()),
            2 => Filter::Any((0..3).map(|_| self.filter(described, depth - 1)).collect()),
            3 => Filter::Not(Box::new(self.filter(described, depth - 1))),
            4 => self.related(described, depth),
            5 | 6 => self.linked(described),
            _ => self.compare(described, ""),
        }
    }

    fn related(&mut self, described: &RecordType, depth: usize) -> Filter {
        let (of, via) = match &*described.name {
            "customer" => self.pick(&[("order", "customer"), ("task", "customer")]),
            "order" => ("order_line", "order"),
            _ => return self.compare(described, ""),
        };
        let related = self.catalog.get(of).unwrap().clone();
        let op = self.pick(&[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge]);
        let count = Count { op, number: self.rng.below(3) as i64 };
        Filter::Related {
            record_type: of.to_owned(),
            via: via.to_owned(),
            count: self.rng.chance(0.5).then_some(count),
            filter: Box::new(self.filter(&related, depth - 1)),
        }
    }

    fn linked(&mut self, described: &RecordType) -> Filter {
        let (link, to) = match &*described.name {
            "customer" => ("parent", "customer"),
            "order_line" => ("order", "order"),
            _ => ("customer", "customer"),
        };
        let to = self.catalog.get(to).unwrap().clone();
        self.compare(&to, &format!("{link}."))
    }

    pub(crate) fn compare(&mut self, described: &RecordType, path: &str) -> Filter {
        let field = self.field(described);
        let mut name = format!("{path}{}", field.name);
        let mut kind = field.kind.clone();
        match kind {
            Kind::Address => {
                name = format!("{name}.{}", self.pick(&["province", "city"]));
                kind = Kind::Text;
            }
            Kind::Money if self.rng.chance(0.2) => {
                name = format!("{name}.currency");
                let currency = self.pick(&["EUR", "JPY", "eur"]);
                let op = self.pick(&[Op::Eq, Op::Ne, Op::In, Op::NotIn]);
                let many = matches!(op, Op::In | Op::NotIn);
                let value = if many { json!([currency]) } else { json!(currency) };
                return Filter::compare(name, op, value);
            }
            _ => {}
        }
        let op = self.op(&kind);
        let value = match op {
            Op::Empty => Json::Bool(self.rng.chance(0.5)),
            Op::Within => json!(self.pick(&PERIODS)),
            Op::In | Op::NotIn => (0..self.rng.below(4)).map(|_| self.value(&kind, op)).collect(),
            _ => self.value(&kind, op),
        };
        Filter::compare(name, op, value)
    }

    fn op(&mut self, kind: &Kind) -> Op {
        let mut ops = vec![Op::Eq, Op::Ne, Op::Empty, Op::In, Op::NotIn];
        if kind.is_ordered() {
            ops.extend([Op::Lt, Op::Le, Op::Gt, Op::Ge]);
        }
        if kind.is_text() {
            ops.extend([Op::Contains, Op::Contains, Op::Starts]);
        }
        if matches!(kind, Kind::Date | Kind::Instant) {
            ops.push(Op::Within);
        }
        if matches!(kind, Kind::Choices(_) | Kind::Links { .. }) {
            ops.push(Op::Contains);
        }
        if self.rng.chance(0.03) {
            return self.pick(&[Op::Contains, Op::Within, Op::Lt]);
        }
        self.pick(&ops)
    }

    /// What a field of this kind may be compared with, now and then what it may not.
    fn value(&mut self, kind: &Kind, op: Op) -> Json {
        match self.rng.below(40) {
            0 => return Json::Null,
            1 => return json!(self.pick(&["", "\u{0}", " ", "null", "true", "-5"])),
            _ => {}
        }
        match kind {
            kind if kind.is_text() && matches!(op, Op::Contains | Op::Starts) => {
                json!(piece(&mut self.rng))
            }
            Kind::Integer | Kind::Decimal | Kind::Percent => json!(self.rng.below(60)),
            Kind::Money => {
                json!(self.pick(&["5", "12.5 EUR", "12.50 JPY", "0", "-3 KWD", "100 CNY", "25"]))
            }
            Kind::Boolean => json!(self.pick(&["true", "false"])),
            Kind::Date => json!(self.pick(&[&DAYS[..], &["today", "30_days_ago"]].concat())),
            Kind::Instant => {
                let own = ["today", "7_days_ago", "2026-03-18T09:00:00+01:00", "2026-03-18 09:00"];
                json!(self.pick(&[&TIMES[..], &DAYS[..], &own].concat()))
            }
            Kind::Choice(options) | Kind::Choices(options) => {
                json!(self.rng.pick(options))
            }
            Kind::Owner if self.rng.chance(0.3) => json!("me"),
            Kind::Link { .. } | Kind::Links { .. } | Kind::Owner | Kind::File => {
                json!(format!("{PLACE}{}", self.rng.below(self.places)))
            }
            _ => json!(self.pick(&TEXTS)),
        }
    }

    /// A chart over records of a random type.
    pub(crate) fn chart(&mut self) -> Json {
        let (of, groups, measures): (_, &[&str], &[&str]) = match self.rng.below(5) {
            0 => (
                "customer",
                &[
                    "x_tags",
                    "kind",
                    "country",
                    "industry",
                    "address.province",
                    "class",
                    "x_rank",
                    "x_vip",
                    "x_since:month",
                    "owner",
                    "x_limit",
                    "x_seen:day",
                    "parent",
                    "name",
                ],
                &["count", "sum:credit_limit", "avg:x_deposit", "sum:employees", "max:x_limit"],
            ),
            1 => (
                "contact",
                &["roles", "x_partners", "customer.country", "birthday:year", "customer.x_tags"],
                &["count", "min:birthday"],
            ),
            2 => (
                "order",
                &[
                    "total",
                    "status",
                    "date:month",
                    "date:quarter",
                    "customer.industry",
                    "owner",
                    "channel",
                    "customer_reference",
                    "date:day",
                    "customer.class",
                ],
                &["count", "sum:total", "avg:total", "min:total", "max:date"],
            ),
            3 => (
                "interaction",
                &["kind", "at:day", "at:month", "customer.name", "minutes", "created_at:year"],
                &["count", "sum:minutes", "avg:minutes", "max:at"],
            ),
            _ => ("task", &["status", "priority", "due_date", "due_date:month"], &["count"]),
        };
        let group_by = self.pick(groups);
        let split_by = self.rng.chance(0.35).then(|| self.pick(groups));
        let described = self.catalog.get(of).unwrap().clone();
        let condition = match self.rng.below(3) {
            0 => String::new(),
            _ => as_param(&self.compare(&described, ""))
                .filter(|(_, value)| !value.contains(PLACE))
                .map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)))
                .unwrap_or_default(),
        };
        json!({
            "name": "Drawn", "kind": "bar", "record_type": of, "group_by": group_by,
            "split_by": split_by.filter(|one| *one != group_by), "marks": 500,
            "measure": self.pick(measures), "condition": condition,
        })
    }
}

/// Percent-encoded, every byte of it.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

//! Conditions that people put together: groups of comparisons and of related records, read from a
//! form or a filter and written as one.

use guanxi_record::{Count, Filter, Op, read_list, write_list};
use serde_json::Value as Json;

use super::fields::Entries;

/// Groups within groups, so deep at most.
pub(super) const DEPTH_MAX: usize = 4;
/// Conditions in one group at most.
const ITEMS_MAX: usize = 40;

/// How the conditions of a group are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Join {
    #[default]
    All,
    Any,
    None,
}

impl Join {
    pub(super) const ALL: [(Self, &'static str); 3] =
        [(Self::All, "all"), (Self::Any, "any"), (Self::None, "none")];

    fn named(name: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == name).map_or(Self::All, |(join, _)| *join)
    }
}

/// Conditions that are joined.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Group {
    pub(super) join: Join,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// A field, the name of how it is compared, and with what.
    Field {
        field: String,
        op: String,
        value: String,
    },
    /// `order.customer`: so many records of a type whose link leads here pass the group.
    Related {
        of: String,
        op: String,
        number: String,
        group: Group,
    },
    Group(Group),
}

impl Item {
    fn empty() -> Self {
        Self::Field { field: String::new(), op: "eq".to_owned(), value: String::new() }
    }
}

impl Group {
    /// One empty condition, to begin with.
    pub(crate) fn new() -> Self {
        Self { join: Join::All, items: vec![Item::empty()] }
    }

    /// What a form holds.
    pub(crate) fn sent(entries: &Entries) -> Self {
        Self::read(entries, "c", DEPTH_MAX + 1)
    }

    fn read(entries: &Entries, path: &str, depth: usize) -> Self {
        let join = Join::named(entries.text(&format!("{path}.join")));
        let mut items = Vec::new();
        for at in (0..ITEMS_MAX).take_while(|_| depth > 0) {
            let here = format!("{path}.{at}");
            let text = |name: &str| entries.text(&format!("{here}.{name}")).to_owned();
            items.push(match entries.text(&format!("{here}.what")) {
                "field" => {
                    // Of several that may be chosen all are meant.
                    let value = entries.joined(&format!("{here}.value"));
                    Item::Field { field: text("field"), op: text("op"), value }
                }
                "related" => Item::Related {
                    of: text("of"),
                    op: text("op"),
                    number: text("number"),
                    group: Self::read(entries, &format!("{here}.g"), depth - 1),
                },
                "group" => Item::Group(Self::read(entries, &format!("{here}.g"), depth - 1)),
                _ => continue,
            });
        }
        Self { join, items }
    }

    /// Puts it into what a form holds, in the place of what was there.
    pub(crate) fn enter(&self, entries: &mut Entries) {
        entries.clear("c.");
        self.write(entries, "c");
    }

    fn write(&self, entries: &mut Entries, path: &str) {
        let join = Join::ALL.iter().find(|(join, _)| *join == self.join).map(|(_, name)| *name);
        entries.set(&format!("{path}.join"), join.unwrap_or("all").to_owned());
        for (at, item) in self.items.iter().enumerate() {
            let here = format!("{path}.{at}");
            let mut put = |name: &str, text: &str| {
                entries.set(&format!("{here}.{name}"), text.to_owned());
            };
            match item {
                Item::Field { field, op, value } => {
                    put("what", "field");
                    put("field", field);
                    put("op", op);
                    put("value", value);
                }
                Item::Related { of, op, number, group } => {
                    put("what", "related");
                    put("of", of);
                    put("op", op);
                    put("number", number);
                    group.write(entries, &format!("{here}.g"));
                }
                Item::Group(group) => {
                    put("what", "group");
                    group.write(entries, &format!("{here}.g"));
                }
            }
        }
    }

    /// What a filter says, as far as the form can show it.
    pub(crate) fn of(filter: &Filter) -> Self {
        match filter {
            Filter::All(all) => Self { join: Join::All, items: all.iter().map(Item::of).collect() },
            Filter::Any(any) => Self { join: Join::Any, items: any.iter().map(Item::of).collect() },
            Filter::Not(inner) => {
                let items = match &**inner {
                    Filter::Any(any) => any.iter().map(Item::of).collect(),
                    one => vec![Item::of(one)],
                };
                Self { join: Join::None, items }
            }
            one => Self { join: Join::All, items: vec![Item::of(one)] },
        }
    }

    /// What it says. Conditions that are not complete yet say nothing.
    pub(crate) fn filter(&self) -> Filter {
        let all: Vec<Filter> = self.items.iter().filter_map(Item::filter).collect();
        match self.join {
            Join::All => Filter::All(all),
            Join::Any if all.is_empty() => Filter::everything(),
            Join::Any => Filter::Any(all),
            Join::None => Filter::Not(Box::new(Filter::Any(all))),
        }
    }

    /// Does what a button of the form stands for: `add-field:c.0.g`, `remove:c.1`.
    pub(crate) fn act(&mut self, deed: &str) {
        let Some((verb, path)) = deed.split_once(':') else { return };
        let steps: Vec<usize> = path.split('.').filter_map(|step| step.parse().ok()).collect();
        let (last, before) = match (verb, steps.split_last()) {
            ("remove", Some((last, before))) => (Some(*last), before),
            ("remove", None) => return,
            _ => (None, steps.as_slice()),
        };
        let mut group = &mut *self;
        for step in before {
            group = match group.items.get_mut(*step) {
                Some(Item::Group(inner) | Item::Related { group: inner, .. }) => inner,
                _ => return,
            };
        }
        if let Some(last) = last {
            if last < group.items.len() {
                group.items.remove(last);
            }
            return;
        }
        if group.items.len() >= ITEMS_MAX || before.len() >= DEPTH_MAX {
            return;
        }
        match verb {
            "add-field" => group.items.push(Item::empty()),
            "add-related" => group.items.push(Item::Related {
                of: String::new(),
                op: "ge".to_owned(),
                number: "1".to_owned(),
                group: Self::default(),
            }),
            "add-group" => group.items.push(Item::Group(Self { join: Join::Any, ..Self::new() })),
            _ => {}
        }
    }
}

impl Item {
    fn of(filter: &Filter) -> Self {
        match filter {
            Filter::Compare { field, op, value } => {
                let (op, value) = match (op, value) {
                    (Op::Empty, Json::Bool(false)) => ("filled", String::new()),
                    (Op::Empty, _) => ("empty", String::new()),
                    (op, Json::Array(all)) => {
                        let texts = all.iter().map(text_of).collect::<Vec<_>>();
                        (op.name(), write_list(texts.iter().map(String::as_str)))
                    }
                    (op, one) => (op.name(), text_of(one)),
                };
                Self::Field { field: field.clone(), op: op.to_owned(), value }
            }
            Filter::Related { record_type, via, count, filter } => {
                let count = count.unwrap_or(Count { op: Op::Ge, number: 1 });
                Self::Related {
                    of: format!("{record_type}.{via}"),
                    op: count.op.name().to_owned(),
                    number: count.number.to_string(),
                    group: Group::of(filter),
                }
            }
            other => Self::Group(Group::of(other)),
        }
    }

    fn filter(&self) -> Option<Filter> {
        match self {
            Self::Field { field, op, value } => {
                if field.is_empty() {
                    return None;
                }
                match op.as_str() {
                    "empty" => return Some(Filter::compare(field, Op::Empty, true)),
                    "filled" => return Some(Filter::compare(field, Op::Empty, false)),
                    _ => {}
                }
                let (op, value) = (Op::from_name(op)?, value.trim());
                if value.is_empty() {
                    return None;
                }
                Some(match op {
                    Op::In | Op::NotIn => Filter::compare(field, op, read_list(value)),
                    _ => Filter::compare(field, op, value),
                })
            }
            Self::Related { of, op, number, group } => {
                let (record_type, via) = of.split_once('.')?;
                let count = Count { op: Op::from_name(op)?, number: number.trim().parse().ok()? };
                Some(Filter::Related {
                    record_type: record_type.to_owned(),
                    via: via.to_owned(),
                    count: Some(count),
                    filter: Box::new(group.filter()),
                })
            }
            Self::Group(group) if group.items.is_empty() => None,
            Self::Group(group) => Some(group.filter()),
        }
    }
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_filter_says_survives_the_form() {
        let filter = Filter::All(vec![
            Filter::eq("life_stage", "loyal"),
            Filter::Any(vec![
                Filter::compare("revenue", Op::Ge, "1000"),
                Filter::Not(Box::new(Filter::Any(vec![Filter::compare("email", Op::Empty, true)]))),
            ]),
            Filter::Related {
                record_type: "order".to_owned(),
                via: "customer".to_owned(),
                count: Some(Count { op: Op::Ge, number: 3 }),
                filter: Box::new(Filter::All(vec![Filter::compare(
                    "date",
                    Op::Within,
                    "last_90_days",
                )])),
            },
            Filter::compare("country", Op::In, json!(["Chile", "STRASSE, Mitte"])),
        ]);
        assert_eq!(Group::of(&filter).filter(), filter);
        let mut entries = Entries::default();
        Group::of(&filter).enter(&mut entries);
        assert_eq!(Group::sent(&entries).filter(), filter);
    }

    #[test]
    fn buttons_do_what_they_say() {
        let mut group = Group::new();
        for deed in [
            "add-group:",
            "add-field:1",
            "add-related:1",
            "remove:0",
            "remove:9",
            "x",
            "add-field:7",
        ] {
            group.act(deed);
        }
        assert_eq!(group.items.len(), 1);
        let Item::Group(inner) = &group.items[0] else { panic!("{group:?}") };
        assert_eq!(inner.items.len(), 3);
        assert!(inner.filter().is_everything() || inner.filter() == Filter::Any(vec![]));
    }
}

//! Conditions that people put together: groups of comparisons and of related records, read from a
//! form or a filter and written as one. A form carries what each part of it was: what nobody changes
//! is kept as it was said, and what no control shows stays as it is.

use std::collections::BTreeSet;

use guanxi_record::{Count, Filter, MAX_FILTER_DEPTH, Op, read_list, write_list};
use serde_json::Value as Json;

use super::fields::Entries;

/// Groups within groups, so deep at most are put together here.
pub(super) const DEPTH_MAX: usize = 4;
/// Conditions in one group at most are put together here.
const ITEMS_MAX: usize = 40;
/// Of more conditions in one group the others are told in words only.
const SHOWN_MAX: usize = Filter::COMPARISONS_MAX;

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
    /// The filter that all this was when the form was opened.
    was: Option<Box<Filter>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// A field, the name of how it is compared, and with what.
    Field {
        field: String,
        op: String,
        value: String,
        /// What it was when the form was opened.
        was: Option<Filter>,
    },
    /// `order.customer`: so many records of a type whose link leads here pass the group.
    Related {
        of: String,
        op: String,
        number: String,
        group: Group,
        was: Option<Filter>,
    },
    Group(Group),
    /// What no control shows.
    Kept(Filter),
}

/// The text of a control for which part of a form holds what.
pub(super) const KEPT: &str = "kept";

impl Item {
    fn empty() -> Self {
        let (field, value) = (String::new(), String::new());
        Self::Field { field, op: "eq".to_owned(), value, was: None }
    }
}

impl Group {
    /// One empty condition, to begin with.
    pub(crate) fn new() -> Self {
        Self { items: vec![Item::empty()], ..Self::default() }
    }

    /// What a form holds.
    pub(crate) fn sent(entries: &Entries) -> Self {
        let was = filter_in(entries, "c.was").map(Box::new);
        Self { was, ..Self::read(entries, "c", MAX_FILTER_DEPTH + 1) }
    }

    fn read(entries: &Entries, path: &str, depth: usize) -> Self {
        let join = Join::named(entries.text(&format!("{path}.join")));
        let mut items = Vec::new();
        for at in (0..).take_while(|_| depth > 0) {
            let here = format!("{path}.{at}");
            let text = |name: &str| entries.text(&format!("{here}.{name}")).to_owned();
            let was = filter_in(entries, &format!("{here}.was"));
            items.push(match entries.text(&format!("{here}.what")) {
                "field" => {
                    // Of several that may be chosen all are meant.
                    let value = entries.joined(&format!("{here}.value"));
                    Item::field_sent(text("field"), text("op"), value, was)
                }
                "related" => Item::Related {
                    of: text("of"),
                    op: text("op"),
                    number: text("number"),
                    group: Self::read(entries, &format!("{here}.g"), depth - 1),
                    was,
                },
                "group" => Item::Group(Self::read(entries, &format!("{here}.g"), depth - 1)),
                KEPT => match was {
                    Some(was) => Item::Kept(was),
                    None => continue,
                },
                _ => break,
            });
        }
        Self { join, items, was: None }
    }

    /// Puts it into what a form holds, in the place of what was there.
    pub(crate) fn enter(&self, entries: &mut Entries) {
        entries.clear("c.");
        if let Some(was) = &self.was {
            entries.set("c.was", was.to_json().to_string());
        }
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
            if let Some(was) = item.was() {
                put("was", &was.to_json().to_string());
            }
            match item {
                Item::Field { field, op, value, .. } => {
                    put("what", "field");
                    put("field", field);
                    put("op", op);
                    put("value", value);
                }
                Item::Related { of, op, number, group, .. } => {
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
                Item::Kept(_) => put("what", KEPT),
            }
        }
    }

    /// What a filter says.
    pub(crate) fn of(filter: &Filter) -> Self {
        Self { was: Some(Box::new(filter.clone())), ..Self::shown(filter) }
    }

    fn shown(filter: &Filter) -> Self {
        let (join, items) = match filter {
            // Nothing passes: without conditions a group would let everything pass.
            Filter::Any(any) if any.is_empty() => (Join::All, vec![Item::Kept(filter.clone())]),
            Filter::All(all) => (Join::All, items(all)),
            Filter::Any(any) => (Join::Any, items(any)),
            Filter::Not(inner) => match &**inner {
                Filter::Any(any) => (Join::None, items(any)),
                one => (Join::None, vec![Item::of(one)]),
            },
            one => (Join::All, vec![Item::of(one)]),
        };
        Self { join, items, was: None }
    }

    /// What it says: as it was said, where nobody changed anything. Conditions that are not complete
    /// yet say nothing.
    pub(crate) fn filter(&self) -> Filter {
        if let Some(was) = self.unchanged() {
            return was.clone();
        }
        let all: Vec<Filter> = self.items.iter().filter_map(Item::filter).collect();
        match self.join {
            Join::All => Filter::All(all),
            Join::Any if all.is_empty() => Filter::everything(),
            Join::Any => Filter::Any(all),
            Join::None => Filter::Not(Box::new(Filter::Any(all))),
        }
    }

    /// The filter that the form was opened with.
    pub(super) fn was(&self) -> Option<&Filter> {
        self.was.as_deref()
    }

    /// The filter that the form was opened with, as long as it shows just that.
    fn unchanged(&self) -> Option<&Filter> {
        let was = self.was.as_deref()?;
        let shown = Self::shown(was);
        (shown.join == self.join && shown.items == self.items).then_some(was)
    }

    /// What a condition is about that is not complete yet: what is kept would not say it.
    pub(crate) fn unfinished(&self) -> Option<&str> {
        if self.unchanged().is_some() {
            return None;
        }
        self.items.iter().find_map(|item| match item {
            Item::Field { field: of, .. } | Item::Related { of, .. }
                if !of.is_empty() && item.filter().is_none() =>
            {
                Some(of.as_str())
            }
            Item::Related { group, .. } | Item::Group(group) => group.unfinished(),
            Item::Field { .. } | Item::Kept(_) => None,
        })
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
                was: None,
            }),
            "add-group" => group.items.push(Item::Group(Self { join: Join::Any, ..Self::new() })),
            _ => {}
        }
    }
}

fn items(filters: &[Filter]) -> Vec<Item> {
    let shown = filters.iter().take(SHOWN_MAX).map(Item::of);
    shown.chain(filters.iter().skip(SHOWN_MAX).cloned().map(Item::Kept)).collect()
}

/// A filter that a form carries as JSON.
fn filter_in(entries: &Entries, name: &str) -> Option<Filter> {
    Filter::from_json(&serde_json::from_str(entries.text(name)).ok()?).ok()
}

impl Item {
    fn of(filter: &Filter) -> Self {
        let kept = || Self::Kept(filter.clone());
        match filter {
            Filter::Compare { .. } => match said(filter) {
                Some((field, op, value)) => {
                    Self::Field { field, op, value, was: Some(filter.clone()) }
                }
                None => kept(),
            },
            Filter::Related { record_type, via, count, filter: inner } => {
                let count = count.unwrap_or(Count { op: Op::Ge, number: 1 });
                if count.number < 0 {
                    return kept();
                }
                Self::Related {
                    of: format!("{record_type}.{via}"),
                    op: count.op.name().to_owned(),
                    number: count.number.to_string(),
                    group: Group::shown(inner),
                    was: Some(filter.clone()),
                }
            }
            Filter::All(all) | Filter::Any(all) if all.is_empty() => kept(),
            Filter::All(_) | Filter::Any(_) => Self::Group(Group::shown(filter)),
            Filter::Not(inner) if **inner == Filter::Any(Vec::new()) => kept(),
            Filter::Not(_) => Self::Group(Group::shown(filter)),
            Filter::Linked { .. } | Filter::Shared { .. } => kept(),
        }
    }

    /// A comparison as a form sent it: the one that it was, where it says the same.
    fn field_sent(field: String, op: String, value: String, was: Option<Filter>) -> Self {
        let is_same = was.as_ref().and_then(said).is_some_and(|(of, by, with)| {
            // A list of choices is sent in the order of what is offered.
            let is_list = matches!(Op::from_name(&op), Some(Op::In | Op::NotIn));
            let all = |text: &str| read_list(text).into_iter().collect::<BTreeSet<_>>();
            of == field && by == op && (with == value || is_list && all(&with) == all(&value))
        });
        match was {
            Some(was) if is_same => Self::of(&was),
            was => Self::Field { field, op, value, was },
        }
    }

    /// What it was when the form was opened.
    pub(super) fn was(&self) -> Option<&Filter> {
        match self {
            Self::Field { was, .. } | Self::Related { was, .. } => was.as_ref(),
            Self::Kept(was) => Some(was),
            Self::Group(_) => None,
        }
    }

    fn filter(&self) -> Option<Filter> {
        match self {
            Self::Field { field, op, value, was } => {
                if field.is_empty() {
                    return None;
                }
                if let Some(was) = was
                    && said(was)
                        .is_some_and(|(of, by, with)| (&of, &by, &with) == (field, op, value))
                {
                    return Some(was.clone());
                }
                match op.as_str() {
                    "empty" => return Some(Filter::compare(field, Op::Empty, true)),
                    "filled" => return Some(Filter::compare(field, Op::Empty, false)),
                    _ => {}
                }
                let (op, value) = (Op::from_name(op)?, value.trim());
                let listed = read_list(value);
                match op {
                    Op::In | Op::NotIn if listed.is_empty() => None,
                    Op::In | Op::NotIn => Some(Filter::compare(field, op, listed)),
                    _ if value.is_empty() => None,
                    _ => Some(Filter::compare(field, op, value)),
                }
            }
            Self::Related { of, op, number, group, .. } => {
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
            Self::Kept(filter) => Some(filter.clone()),
        }
    }
}

/// A comparison as controls show it: the path, how, and with what; `None` where they would not say the
/// same.
fn said(filter: &Filter) -> Option<(String, String, String)> {
    let Filter::Compare { field, op, value } = filter else { return None };
    let (op, value) = match (op, value) {
        (Op::Empty, Json::Bool(false)) => ("filled", String::new()),
        (Op::Empty, _) => ("empty", String::new()),
        (Op::In | Op::NotIn, Json::Array(all)) => {
            let texts = all.iter().map(text_of).collect::<Option<Vec<_>>>()?;
            let written = write_list(texts.iter().map(String::as_str));
            (!texts.is_empty() && read_list(&written) == texts).then_some((op.name(), written))?
        }
        (Op::In | Op::NotIn, _) => return None,
        (op, one) => (op.name(), text_of(one)?),
    };
    let is_line = |text: &str| !text.chars().any(char::is_control);
    let fits = !field.trim().is_empty() && is_line(field) && is_line(&value);
    fits.then(|| (field.clone(), op.to_owned(), value))
}

/// The text of one value, as a person would write it.
fn text_of(value: &Json) -> Option<String> {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Number(_) | Json::Bool(_) => value.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    };
    (!text.is_empty() && text.trim() == text).then_some(text)
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

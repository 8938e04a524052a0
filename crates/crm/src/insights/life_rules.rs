//! By which rule of life customers of a line of business are told where they are: the one answer for
//! runs and for the page of a customer.

use std::collections::HashMap;

use guanxi_base::{Id, RawId, Result};
use guanxi_record::{Filter, Query, Record as _, Value};
use guanxi_store::View;
use serde_json::{Value as Json, json};

use super::life::LifeRule;
use crate::all_records::all;

/// The rules that people wrote.
#[derive(Debug, Clone)]
pub(super) struct LifeRules {
    by_line: HashMap<RawId, LifeRule>,
    usual: LifeRule,
}

impl LifeRules {
    /// Reads them; of several for one line the oldest holds.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn read(view: &mut View) -> Result<Self> {
        let (mut by_line, mut usual) = (HashMap::new(), None);
        for rule in all::<LifeRule>(view, Query::of(Filter::everything())).await? {
            match rule.product_line.map(Id::raw) {
                Some(line) => drop(by_line.entry(line).or_insert(rule.record)),
                None => drop(usual.get_or_insert(rule.record)),
            }
        }
        Ok(Self { by_line, usual: usual.unwrap_or_else(LifeRule::usual) })
    }

    /// For the card of a run: what it told by these rules is explained by them, whatever they say later.
    pub(super) fn card(&self) -> Json {
        let of = |rule: &LifeRule| -> Json {
            let values = rule.values();
            let named = LifeRule::TYPE.fields.iter().zip(&values);
            let named = named.map(|(field, value)| (field.name.to_string(), value.to_json()));
            named.collect::<serde_json::Map<_, _>>().into()
        };
        let lines = self.by_line.iter().map(|(line, rule)| (line.to_string(), of(rule)));
        let lines: serde_json::Map<_, _> = lines.collect();
        json!({ "usual": of(&self.usual), "lines": lines })
    }

    /// As the card of a run has them; none of a release that did not keep them, or kept others.
    pub(super) fn of_card(card: &Json) -> Option<Self> {
        let of = |rule: &Json| {
            let fields = LifeRule::TYPE.fields.iter();
            let values =
                fields.map(|field| Value::from_json(&field.kind, &rule[&*field.name]).ok());
            LifeRule::from_values(&values.collect::<Option<Vec<Value>>>()?)
        };
        let lines = card["rules"]["lines"].as_object()?.iter();
        let by_line = lines.map(|(line, rule)| Some((line.parse().ok()?, of(rule)?)));
        let by_line = by_line.collect::<Option<HashMap<RawId, LifeRule>>>()?;
        Some(Self { by_line, usual: of(&card["rules"]["usual"])? })
    }

    /// Where people wrote none.
    #[cfg(test)]
    pub(super) fn unwritten() -> Self {
        Self { by_line: HashMap::new(), usual: LifeRule::usual() }
    }

    /// The rule of a line of business.
    pub(super) fn of(&self, line: Option<RawId>) -> &LifeRule {
        line.and_then(|line| self.by_line.get(&line)).unwrap_or(&self.usual)
    }

    /// All of them, each with the customers that it is about.
    pub(super) fn each(&self) -> impl Iterator<Item = (&LifeRule, Filter)> {
        let own = self.by_line.iter();
        let own = own.map(|(line, rule)| (rule, Filter::eq("product_line", line.to_string())));
        let lines: Vec<RawId> = self.by_line.keys().copied().collect();
        let others = Filter::Not(Box::new(Filter::one_of("product_line", lines)));
        own.chain([(&self.usual, others)])
    }
}

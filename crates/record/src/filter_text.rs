//! Conditions as URL parameters: `country=China&amount.ge=100&customer.created_at.within=this_year`.
//! The same words serve the API and the address bar, so that a copied URL shows the same rows.

use serde_json::Value as Json;

use crate::{Filter, Op};

/// Conditions nested deeper than this are refused: no person writes them.
pub const MAX_FILTER_DEPTH: usize = 12;

/// The condition that a URL parameter states: `field=value` or `field.op=value`. Several values
/// of `in` and `not_in` are separated by commas.
#[must_use]
pub fn condition_from_param(name: &str, value: &str) -> Filter {
    let (field, op) = match name.rsplit_once('.') {
        Some((field, op)) => match Op::from_name(op) {
            Some(op) => (field, op),
            None => (name, Op::Eq),
        },
        None => (name, Op::Eq),
    };
    // Beside the periods of a date stands that it has none.
    let (op, value) = match (op, value) {
        (Op::Within, "empty") => (Op::Empty, "true"),
        known => known,
    };
    let value = match op {
        Op::In | Op::NotIn => {
            let values = value.split(',').map(str::trim).filter(|one| !one.is_empty());
            values.map(Json::from).collect()
        }
        Op::Empty => Json::Bool(value != "false"),
        _ => Json::from(value),
    };
    Filter::Compare { field: field.to_owned(), op, value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_parameters() {
        let read = |name, value| condition_from_param(name, value);
        assert_eq!(read("country", "China"), Filter::eq("country", "China"));
        assert_eq!(read("customer.country", "China"), Filter::eq("customer.country", "China"));
        assert_eq!(read("a.ge", "5"), Filter::compare("a", Op::Ge, "5"));
        assert_eq!(read("a.in", "x, y"), Filter::compare("a", Op::In, json!(["x", "y"])));
        assert_eq!(read("a.in", ""), Filter::compare("a", Op::In, json!([])));
        assert_eq!(read("a.within", "empty"), Filter::compare("a", Op::Empty, true));
        assert_eq!(read("a.b.empty", "true"), Filter::compare("a.b", Op::Empty, true));
    }
}

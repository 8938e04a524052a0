//! What must be true of any comparison, whatever is stored: "not" is all others, "one of" is each
//! of them, before and since are all that have a time.

use std::collections::BTreeSet;

use guanxi_record::{Filter, Op};
use serde_json::{Value as Json, json};

use super::ask::Question;
use super::look::Look;

type Places = BTreeSet<usize>;

/// Whether the laws hold for a question that is one comparison.
pub(crate) async fn hold(look: &Look<'_>, question: &Question) {
    let Filter::Compare { field, op, value } = &question.filter else { return };
    let all = of(look, question, Filter::everything()).await;
    let ask = async |op: Op, value: &Json| {
        of(look, question, Filter::compare(field.as_str(), op, value.clone())).await
    };
    let found = ask(*op, value).await;
    let others: Places = all.difference(&found).copied().collect();
    let told = || format!("{question:?}");
    let contrary = match op {
        Op::Eq => Op::Ne,
        Op::Ne => Op::Eq,
        Op::In => Op::NotIn,
        Op::NotIn => Op::In,
        // An amount of one currency stands to no amount of another.
        Op::Lt | Op::Le | Op::Gt | Op::Ge if !names_currency(value) => {
            let contrary = match op {
                Op::Lt => Op::Ge,
                Op::Le => Op::Gt,
                Op::Gt => Op::Le,
                _ => Op::Lt,
            };
            let mut both = ask(contrary, value).await;
            assert!(both.is_disjoint(&found), "{}", told());
            both.extend(ask(Op::Empty, &json!(true)).await);
            assert_eq!(both, others, "{}", told());
            return;
        }
        _ => {
            let not = Filter::Not(Box::new(question.filter.clone()));
            assert_eq!(of(look, question, not).await, others, "{}", told());
            return;
        }
    };
    assert_eq!(ask(contrary, value).await, others, "{}", told());
    if matches!(op, Op::In | Op::NotIn) {
        let mut each = Places::new();
        for one in value.as_array().unwrap() {
            each.extend(ask(Op::Eq, one).await);
        }
        assert_eq!(&each, if *op == Op::In { &found } else { &others }, "{}", told());
    }
}

fn names_currency(value: &Json) -> bool {
    value.as_str().is_some_and(|text| text.contains(|c: char| c.is_ascii_uppercase()))
}

async fn of(look: &Look<'_>, question: &Question, filter: Filter) -> Places {
    let question = Question { filter, sort: Vec::new(), limit: 1000, ..question.clone() };
    look.by_view(&question).await.unwrap().into_iter().collect()
}

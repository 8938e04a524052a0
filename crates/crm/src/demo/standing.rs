//! How the demo company judges its customers: rules of terms and composite scores.

use guanxi_base::{Percent, Result};
use guanxi_store::Tx;

use super::words::Words;
use crate::insights::{ScoreCriterion, ScoreMissing, ScoreModel, ScoreScale, ScoreSide};
use crate::people::{AbcClass, PaymentRecord, TermsRule};

/// Size, payment record, discount in per cent, days to pay, stop; named by the words `terms`.
type Terms = (Option<AbcClass>, Option<PaymentRecord>, i64, i64, bool);
const TERMS: [Terms; 4] = [
    (Some(AbcClass::A), Some(PaymentRecord::Prompt), 8, 60, false),
    (None, Some(PaymentRecord::Prompt), 3, 30, false),
    (None, Some(PaymentRecord::Bad), 0, 0, true),
    (None, None, 0, 30, false),
];
/// Measure, weight, whether less is better.
type Criterion = (&'static str, i64, bool);
const VALUE: [Criterion; 3] =
    [("revenue", 50, false), ("lifetime_value", 30, false), ("churn_risk", 20, true)];
const CAPABILITY: [Criterion; 2] = [("complaints", 60, true), ("days_late", 40, true)];

pub(super) async fn standing(tx: &mut Tx, words: &Words) -> Result<()> {
    let percent = |whole: i64| Percent::from_units(whole * Percent::ONE);
    for (name, (abc, payment_record, discount, days, stops)) in
        words.chinese("terms").iter().zip(TERMS)
    {
        let rule = TermsRule {
            name: (*name).to_owned(),
            abc,
            class: None,
            payment_record,
            discount: Some(percent(discount)),
            credit_limit: None,
            payment_days: Some(days),
            stops,
            notes: None,
        };
        tx.create(&rule).await?;
    }
    let sides = [
        (ScoreSide::Value, &VALUE[..], ScoreScale::Rank),
        (ScoreSide::Capability, &CAPABILITY[..], ScoreScale::Rank),
    ];
    for (name, (side, criteria, scale)) in words.chinese("scores").iter().zip(sides) {
        let name = (*name).to_owned();
        let model = ScoreModel { name, side, is_used: true, total_weight: None, notes: None };
        let score_model = tx.create(&model).await?.id;
        for (measure, weight, less_is_better) in criteria {
            let criterion = ScoreCriterion {
                score_model,
                measure: (*measure).to_owned(),
                weight: percent(*weight),
                less_is_better: *less_is_better,
                scale,
                missing: ScoreMissing::Reweight,
            };
            tx.create(&criterion).await?;
        }
    }
    Ok(())
}

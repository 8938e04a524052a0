//! Where a customer is in their life with us: derived from what they bought, by thresholds of
//! their line of business, and never typed in.

use guanxi_base::{Id, Percent};
use guanxi_record::{LongText, Record};
use serde::Serialize;

use super::purchases::Purchase;
use crate::catalog::ProductCategory;
use crate::people::{AbcClass, LifeStage, RelationLevel, RelationshipStage};

/// From when on a customer of a line of business is at a stage.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "ruler-2", unique("product_line"))]
pub struct LifeRule {
    /// What people call it.
    pub name: String,
    /// The line of business; the rule without one is for all others.
    pub product_line: Option<Id<ProductCategory>>,
    /// Who is worth an effort: a condition in the words of a list's address.
    #[field(means = "condition:customer")]
    pub prospect_condition: Option<LongText>,
    /// From so many purchases on they are loyal,
    #[field(default = "5")]
    pub loyal_purchases: i64,
    /// if they have been customers for so many days.
    #[field(default = "180")]
    pub loyal_days: i64,
    /// They are lost after so many times their usual interval without a purchase, unless they are
    /// more likely than not to come back,
    #[field(default = "300")]
    pub lost_interval: Percent,
    /// but not before so many days.
    #[field(default = "90")]
    pub lost_days: i64,
    /// The usual interval of who bought once.
    #[field(default = "60")]
    pub usual_interval_days: i64,
    /// A new customer is one for so many days.
    #[field(default = "90")]
    pub opening_days: i64,
    /// Business that moved by more than this against the half of the time before grows or declines.
    #[field(default = "25")]
    pub trend: Percent,
    /// From so many purchases on they are customers, not only buyers.
    #[field(default = "4")]
    pub customer_purchases: i64,
    /// From so many days on a loyal customer of class A is a partner.
    #[field(default = "365")]
    pub partner_days: i64,
}

impl LifeRule {
    /// What holds where nobody has said anything else.
    #[must_use]
    pub fn usual() -> Self {
        let percent = |whole: i64| Percent::from_units(whole * Percent::ONE);
        Self {
            name: String::new(),
            product_line: None,
            prospect_condition: None,
            loyal_purchases: 5,
            loyal_days: 180,
            lost_interval: percent(300),
            lost_days: 90,
            usual_interval_days: 60,
            opening_days: 90,
            trend: percent(25),
            customer_purchases: 4,
            partner_days: 365,
        }
    }
}

/// What a customer's purchases say about them on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Where they are.
    pub stage: LifeStage,
    /// Where the relationship stands; none without a purchase.
    pub relationship: Option<RelationshipStage>,
    /// What ties them to us; none without a purchase.
    pub level: Option<RelationLevel>,
    /// Why; none without a purchase.
    pub reason: Option<LifeReason>,
}

/// The numbers that decide where a customer is: the sentence of the reason is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LifeReason {
    /// How often they bought.
    pub purchases: i64,
    /// The days since the first purchase.
    pub days: i32,
    /// The days since the last one.
    pub away: i32,
    /// The usual days from one to the next.
    pub interval: i32,
    /// They are overdue after more than so many days without one, and lost unless they are more
    /// likely than not to come back.
    pub lost_after: i32,
    /// Whether they are overdue and all the same not lost.
    pub is_expected_back: bool,
    /// What they bought in the last half of a year, in 1/10,000 of the unit; of who is a customer
    /// for less than a year in the later half of that.
    pub recent: i64,
    /// What they bought in the time before it that is as long.
    pub before: i64,
}

/// What else is known of a customer of whom it is told where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Their class.
    pub abc: Option<AbcClass>,
    /// Whether they meet the standard of a prospect.
    pub is_prospect: bool,
    /// How likely they are to have left; none where nobody can tell.
    pub churn_risk: Option<Percent>,
}

/// From this chance on something is more likely than not: that somebody has left, or buys.
pub const LIKELY: Percent = Percent::from_units(50 * Percent::ONE);

/// Where a customer is on a day (since 1970-01-01), with their purchases until then in the order
/// of their days. Whoever is overdue by the rule is lost, unless what is known of the risk says
/// that they are more likely than not to come: stage and chances are of one estimate.
#[must_use]
pub fn life_of(rule: &LifeRule, purchases: &[Purchase], known: Known, day: i32) -> Life {
    let (Some(first), Some(last)) = (purchases.first(), purchases.last()) else {
        let stage = if known.is_prospect { LifeStage::Prospect } else { LifeStage::Potential };
        return Life { stage, relationship: None, level: None, reason: None };
    };
    let interval = usual_interval(rule, last.day - first.day, gaps(purchases));
    let lost_after = lost_after(rule, interval);
    let (away, tenure) = (day - last.day, day - first.day);
    let count = i64::try_from(purchases.len()).unwrap_or(i64::MAX);
    let is_loyal = count >= rule.loyal_purchases && i64::from(tenure) >= rule.loyal_days;
    let is_overdue = away > lost_after;
    let is_expected_back = is_overdue && known.churn_risk.is_some_and(|risk| risk < LIKELY);
    let stage = if is_overdue && !is_expected_back {
        LifeStage::Lost
    } else if is_won_back(rule, purchases, day) {
        LifeStage::WonBack
    } else if is_loyal {
        LifeStage::Loyal
    } else if count > 1 {
        LifeStage::Repeat
    } else {
        LifeStage::FirstPurchase
    };
    let (recent, before) = halves(purchases, day);
    let is_early = tenure < 2 * HALF && gaps(purchases) < TREND_REPEATS;
    let relationship = match relationship(rule, stage, (tenure, away, interval), (recent, before)) {
        stage if is_expected_back && stage != RelationshipStage::Opening => {
            RelationshipStage::Decline
        }
        RelationshipStage::Growth | RelationshipStage::Maturity if is_early => {
            RelationshipStage::Early
        }
        stage => stage,
    };
    let level =
        if is_loyal && known.abc == Some(AbcClass::A) && i64::from(tenure) >= rule.partner_days {
            RelationLevel::Partner
        } else if count >= rule.customer_purchases {
            RelationLevel::Customer
        } else if count > 1 {
            RelationLevel::Buyer
        } else {
            RelationLevel::Casual
        };
    let reason = LifeReason {
        purchases: count,
        days: tenure,
        away,
        interval,
        lost_after,
        is_expected_back,
        recent,
        before,
    };
    Life { stage, relationship: Some(relationship), level: Some(level), reason: Some(reason) }
}

/// How often a purchase came on a later day than the one before.
fn gaps(purchases: &[Purchase]) -> usize {
    purchases.windows(2).filter(|pair| pair[0].day != pair[1].day).count()
}

/// The days between purchases, on average; of who bought on one day only what the rule says.
fn usual_interval(rule: &LifeRule, days: i32, gaps: usize) -> i32 {
    match i32::try_from(gaps) {
        Ok(gaps) if gaps > 0 => (days / gaps).max(1),
        _ => i32::try_from(rule.usual_interval_days).unwrap_or(i32::MAX),
    }
}

/// After how many days without a purchase somebody with this usual interval is lost.
fn lost_after(rule: &LifeRule, interval: i32) -> i32 {
    let times = i64::from(interval).saturating_mul(rule.lost_interval.units());
    let days = (times / (100 * Percent::ONE)).max(rule.lost_days);
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// Whether they were lost before their last stretch of purchases, and that is not long ago.
fn is_won_back(rule: &LifeRule, purchases: &[Purchase], day: i32) -> bool {
    let (mut gaps, mut returned) = (0, None);
    for pair in purchases.windows(2) {
        let interval = usual_interval(rule, pair[0].day - purchases[0].day, gaps);
        if pair[1].day - pair[0].day > lost_after(rule, interval) {
            returned = Some(pair[1].day);
        }
        gaps += usize::from(pair[0].day != pair[1].day);
    }
    // Whoever has stayed long enough to be new no longer is simply a customer again.
    returned.is_some_and(|returned| i64::from(day - returned) <= rule.opening_days)
}

/// Half a year, in days.
const HALF: i32 = 182;
/// Fewer purchases after the first tell no trend of who is a customer for less than a year.
const TREND_REPEATS: usize = 3;

/// What they bought in the last half of a year and in the half before it; of who came less than a
/// year ago in the halves of their own time, since there was nothing before it to compare with.
fn halves(purchases: &[Purchase], day: i32) -> (i64, i64) {
    let tenure = purchases.first().map_or(0, |first| day - first.day);
    let half = HALF.min(tenure / 2);
    let sum = |from: i32, to: i32| {
        let within = purchases.iter().filter(|one| one.day > from && one.day <= to);
        within.fold(0_i64, |sum, one| sum.saturating_add(one.units))
    };
    (sum(day - half, day), sum(day - 2 * half, day - half))
}

fn relationship(
    rule: &LifeRule,
    stage: LifeStage,
    (tenure, away, interval): (i32, i32, i32),
    (recent, before): (i64, i64),
) -> RelationshipStage {
    let percent = |of: i64| i128::from(of) * i128::from(100 * Percent::ONE);
    let change = percent(recent) - percent(before);
    let much = i128::from(before) * i128::from(rule.trend.units());
    if stage == LifeStage::Lost {
        RelationshipStage::Ended
    } else if i64::from(tenure) <= rule.opening_days || stage == LifeStage::WonBack {
        RelationshipStage::Opening
    } else if away > interval.saturating_mul(2) && i64::from(away) > rule.lost_days / 2 {
        // Late by their own measure, whatever they bought before.
        RelationshipStage::Decline
    } else if change < -much {
        RelationshipStage::Decline
    } else if change > much {
        RelationshipStage::Growth
    } else {
        RelationshipStage::Maturity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: &[i32]) -> Vec<Purchase> {
        days.iter().map(|day| Purchase { day: *day, units: 100 }).collect()
    }

    fn life(days: &[i32], day: i32) -> Life {
        let known = Known { abc: Some(AbcClass::A), ..Known::default() };
        life_of(&LifeRule::usual(), &at(days), known, day)
    }

    #[test]
    fn who_is_overdue_is_lost_only_if_they_are_likely_to_have_left() {
        let loyal: Vec<i32> = (0..8).map(|month| month * 30).collect();
        let life = |percent: i64, day| {
            let churn_risk = Some(Percent::from_units(percent * Percent::ONE));
            let known = Known { churn_risk, ..Known::default() };
            life_of(&LifeRule::usual(), &at(&loyal), known, day)
        };
        let gone = life(50, 301);
        assert_eq!(
            (gone.stage, gone.relationship),
            (LifeStage::Lost, Some(RelationshipStage::Ended))
        );
        let awaited = life(49, 301);
        assert_eq!(
            (awaited.stage, awaited.relationship),
            (LifeStage::Loyal, Some(RelationshipStage::Decline))
        );
        assert!(awaited.reason.unwrap().is_expected_back);
        // A risk alone does not lose who is not overdue.
        assert_eq!(life(90, 300).stage, LifeStage::Loyal);
        assert!(!life(10, 300).reason.unwrap().is_expected_back);
    }

    #[test]
    fn a_life_from_the_first_purchase_to_the_return() {
        assert_eq!(life(&[], 0).stage, LifeStage::Potential);
        let prospect =
            life_of(&LifeRule::usual(), &[], Known { is_prospect: true, ..Known::default() }, 0);
        assert_eq!((prospect.stage, prospect.relationship), (LifeStage::Prospect, None));
        let first = life(&[0], 10);
        assert_eq!(
            (first.stage, first.level),
            (LifeStage::FirstPurchase, Some(RelationLevel::Casual))
        );
        assert_eq!(first.relationship, Some(RelationshipStage::Opening));
        assert_eq!(life(&[0, 30], 40).stage, LifeStage::Repeat);
        let loyal: Vec<i32> = (0..8).map(|month| month * 30).collect();
        assert_eq!(life(&loyal, 215).stage, LifeStage::Loyal);
        // Three times the usual thirty days, and ninety days at least.
        assert_eq!(life(&loyal, 300).stage, LifeStage::Loyal);
        assert_eq!(life(&loyal, 301).stage, LifeStage::Lost);
        assert_eq!(life(&loyal, 301).relationship, Some(RelationshipStage::Ended));
        // Who bought once is lost after three times what is usual.
        assert_eq!(life(&[0], 180).stage, LifeStage::FirstPurchase);
        assert_eq!(life(&[0], 181).stage, LifeStage::Lost);
        let back: Vec<i32> = loyal.iter().copied().chain([500]).collect();
        assert_eq!(life(&back, 510).stage, LifeStage::WonBack);
        assert_eq!(life(&back, 600).stage, LifeStage::Loyal);
        assert_eq!(life(&back, 510).relationship, Some(RelationshipStage::Opening));
    }

    #[test]
    fn growth_is_told_by_spans_that_can_be_compared() {
        let stage = |days: &[i32], day| life(days, day).relationship;
        // Every twenty days for two hundred: the earlier half of the year is empty, and says nothing.
        let steady: Vec<i32> = (0..=10).map(|at| at * 20).collect();
        assert_eq!(stage(&steady, 201), Some(RelationshipStage::Maturity));
        let faster = [0, 60, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200];
        assert_eq!(stage(&faster, 201), Some(RelationshipStage::Growth));
        // Once or twice after the first time is too early to say.
        assert_eq!(stage(&[0, 120], 130), Some(RelationshipStage::Early));
        assert_eq!(stage(&[0], 100), Some(RelationshipStage::Early));
        assert_eq!(stage(&[0], 80), Some(RelationshipStage::Opening));
    }

    #[test]
    fn a_relationship_moves_with_the_business() {
        let stage = |days: &[i32], day| life(days, day).relationship;
        let steady: Vec<i32> = (0..24).map(|month| month * 30).collect();
        assert_eq!(stage(&steady, 700), Some(RelationshipStage::Maturity));
        assert_eq!(stage(&steady, 690 + 70), Some(RelationshipStage::Decline));
        let mut growing = steady.clone();
        growing.extend([600, 610, 620, 640]);
        growing.sort_unstable();
        assert_eq!(stage(&growing, 700), Some(RelationshipStage::Growth));
        assert_eq!(life(&steady, 700).level, Some(RelationLevel::Partner));
    }
}

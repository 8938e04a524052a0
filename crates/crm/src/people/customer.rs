//! A person or organisation that buys from us, or may.

use super::knowledge::{AbcClass, Fit, LifeStage, LossReason, RelationLevel, RelationshipStage};
use super::terms_rule::{PaymentRecord, TermsRule, wrong_limit};
use crate::access::{CustomerClass, Territory};
use crate::catalog::ProductCategory;
use guanxi_base::{Date, Decimal, Id, Money, Percent, Refusal};
use guanxi_record::{Address, Choice, Email, LongText, Owner, Phone, Record, Url};

/// Whether a customer is a person or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum CustomerKind {
    /// A company, authority, association, shop.
    Organisation,
    /// A person.
    Person,
}

/// A person or organisation that buys from us, or may.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    area = "customers",
    icon = "building-store",
    succeeded_by = "merged_into",
    settle,
    index("country, name"),
    index("industry, name"),
    index("owner, name"),
    index("territory, name")
)]
pub struct Customer {
    /// What people call it.
    #[field(search, index, personal)]
    pub name: String,
    /// Our number for it, or that of the system it came from.
    #[field(search, unique, default = "number:CU")]
    pub code: Option<String>,
    /// A person or an organisation.
    #[field(default = "organisation")]
    pub kind: CustomerKind,
    /// What it does.
    #[field(index)]
    pub industry: Option<String>,
    /// Where it is at home.
    #[field(index)]
    pub country: Option<String>,
    /// Its main telephone.
    #[field(search, personal)]
    pub phone: Option<Phone>,
    /// Its main e-mail address.
    #[field(search, personal)]
    pub email: Option<Email>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// The part of the market that it belongs to.
    pub territory: Option<Id<Territory>>,
    /// How much it means to us.
    pub class: Option<CustomerClass>,
    /// The product line that it mainly buys.
    #[field(folded)]
    pub product_line: Option<Id<ProductCategory>>,
    /// The customer that owns or controls it.
    pub parent: Option<Id<Customer>>,
    /// The household or group that it belongs to.
    pub group: Option<Id<super::CustomerGroup>>,
    /// The customer into which it was merged, as the same.
    #[field(read_only, folded, on_delete = "clear")]
    pub merged_into: Option<Id<Customer>>,
    /// Unified social credit code, or another tax number.
    #[field(search, index)]
    pub tax_number: Option<String>,
    /// Where it is.
    #[field(personal)]
    pub address: Option<Address>,
    /// Its web site.
    #[field(folded)]
    pub website: Option<Url>,
    /// How many people work there.
    #[field(folded)]
    pub employees: Option<i64>,
    /// Where we first heard of it.
    #[field(folded)]
    pub source: Option<Id<super::CollectionPoint>>,
    /// So much may be owed before nothing more is delivered.
    #[field(folded)]
    pub credit_limit: Option<Money>,
    /// Days until an invoice is to be paid.
    #[field(folded)]
    pub payment_days: Option<i64>,
    /// Why they left, when they did.
    #[field(folded)]
    pub loss_reason: Option<LossReason>,
    /// What else is worth knowing.
    #[field(folded)]
    pub notes: Option<LongText>,
    /// Where they are in their life with us.
    #[field(derived = "order.date", index)]
    pub life_stage: Option<LifeStage>,
    /// Where the relationship stands.
    #[field(derived = "order.total")]
    pub relationship: Option<RelationshipStage>,
    /// What ties them to us.
    #[field(derived = "order.total")]
    pub relation_level: Option<RelationLevel>,
    /// How often they have bought.
    #[field(derived = "order.date")]
    pub purchases: Option<i64>,
    /// What they have bought for, less what came back.
    #[field(derived = "order.total", index)]
    pub revenue: Option<Money>,
    /// When they bought first.
    #[field(derived = "order.date")]
    pub first_purchase: Option<Date>,
    /// When they bought last.
    #[field(derived = "order.date", index)]
    pub last_purchase: Option<Date>,
    /// The class by their share of the business.
    #[field(derived = "order.total")]
    pub abc: Option<AbcClass>,
    /// Scores of recency, frequency and money, 5 is best: `545`.
    #[field(derived = "order.total")]
    pub rfm: Option<String>,
    /// How likely they are to have left.
    #[field(derived = "order.date")]
    pub churn_risk: Option<Percent>,
    /// How many purchases to expect of them in a year.
    #[field(derived = "order.date")]
    pub expected_purchases: Option<Decimal>,
    /// What they will still be worth to us, in revenue of today.
    #[field(derived = "order.total", index)]
    pub lifetime_value: Option<Money>,
    /// The group of customers that they are most alike.
    #[field(derived = "order.total")]
    pub cluster: Option<String>,
    /// How likely they are to come back, when they are lost.
    #[field(derived = "order.date")]
    pub chance_of_return: Option<Percent>,
    /// What they bought for in the year before their last purchase, when they are lost.
    #[field(derived = "order.total")]
    pub value_lost: Option<Money>,
    /// How likely they are to buy within ninety days.
    #[field(derived = "order.total")]
    pub buys_soon: Option<Percent>,
    /// How they have paid.
    #[field(derived = "invoice.total")]
    pub payment_record: Option<PaymentRecord>,
    /// By how many days they paid late, on average by amount.
    #[field(derived = "invoice.total")]
    pub days_late: Option<Decimal>,
    /// The rule by whose terms we deal with them.
    #[field(derived = "invoice.total")]
    pub terms: Option<Id<TermsRule>>,
    /// What they are worth to us, from 0 to 100, by our own score.
    #[field(derived = "order.total")]
    pub value_score: Option<Decimal>,
    /// How well we can serve them, from 0 to 100, by our own score.
    #[field(derived = "order.total")]
    pub fit_score: Option<Decimal>,
    /// Whether both go together.
    #[field(derived = "order.total")]
    pub fit: Option<Fit>,
}

impl Customer {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        refusals.extend(self.credit_limit.and_then(wrong_limit));
    }

    /// A customer of whom only the name is known.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            code: None,
            kind: CustomerKind::Organisation,
            industry: None,
            country: None,
            phone: None,
            email: None,
            owner: None,
            territory: None,
            class: None,
            product_line: None,
            parent: None,
            group: None,
            merged_into: None,
            tax_number: None,
            address: None,
            website: None,
            employees: None,
            source: None,
            credit_limit: None,
            payment_days: None,
            loss_reason: None,
            notes: None,
            life_stage: None,
            relationship: None,
            relation_level: None,
            purchases: None,
            revenue: None,
            first_purchase: None,
            last_purchase: None,
            abc: None,
            rfm: None,
            churn_risk: None,
            expected_purchases: None,
            lifetime_value: None,
            cluster: None,
            chance_of_return: None,
            value_lost: None,
            buys_soon: None,
            payment_record: None,
            days_late: None,
            terms: None,
            value_score: None,
            fit_score: None,
            fit: None,
        }
    }
}

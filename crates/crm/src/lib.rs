//! The product. This file is its table of contents: every record type that there is.

pub mod access;
pub mod archive_many;
pub mod authority;
pub mod billing;
pub mod bulk;
pub mod catalog;
pub mod dashboards;
pub mod delivery;
pub mod demo;
pub mod exchange;
pub mod first_steps;
pub mod groups;
pub mod hand_over;
pub mod insights;
pub mod local_time;
pub mod meant;
pub mod people;
pub mod privacy;
pub mod resolution;
pub mod sales;
pub mod segments;
pub mod service;
pub mod text;
pub mod trading;
pub mod wording;
pub mod work;

mod all_records;
mod complete;
mod exact_sum;
mod guard;
mod kept_condition;
mod migrations;
mod patience;

use guanxi_base::{Clock, Result};
use guanxi_record::{Record, RecordType};
use guanxi_store::{CustomField, File, StoreConfig};

pub use migrations::{migrations, missing_migration};

/// Every record type, in the order of menus and documents.
pub static RECORD_TYPES: &[&RecordType] = &[
    people::Customer::TYPE,
    people::Contact::TYPE,
    people::Consent::TYPE,
    people::CollectionPoint::TYPE,
    people::CustomerGroup::TYPE,
    people::TermsRule::TYPE,
    sales::Order::TYPE,
    sales::OrderLine::TYPE,
    billing::Invoice::TYPE,
    billing::InvoiceLine::TYPE,
    billing::Payment::TYPE,
    service::Case::TYPE,
    work::Interaction::TYPE,
    work::Task::TYPE,
    catalog::Product::TYPE,
    catalog::ProductCategory::TYPE,
    insights::AnalysisRun::TYPE,
    insights::AnalysisSchedule::TYPE,
    insights::StageChange::TYPE,
    insights::LifeRule::TYPE,
    insights::Playbook::TYPE,
    insights::PlaybookStep::TYPE,
    insights::ScoreModel::TYPE,
    insights::ScoreCriterion::TYPE,
    segments::Segment::TYPE,
    segments::SegmentMember::TYPE,
    resolution::CustomerPair::TYPE,
    resolution::CustomerMerge::TYPE,
    resolution::SurvivorshipRule::TYPE,
    dashboards::Dashboard::TYPE,
    dashboards::Chart::TYPE,
    delivery::Subscription::TYPE,
    delivery::Notice::TYPE,
    access::Company::TYPE,
    access::Team::TYPE,
    access::User::TYPE,
    access::Role::TYPE,
    access::RoleRight::TYPE,
    access::FieldRight::TYPE,
    access::Territory::TYPE,
    access::Substitution::TYPE,
    access::AuthorityLimit::TYPE,
    access::ApprovalRule::TYPE,
    access::ApprovalStep::TYPE,
    access::RetentionRule::TYPE,
    authority::ApprovalRequest::TYPE,
    authority::ApprovalTask::TYPE,
    exchange::ImportJob::TYPE,
    exchange::ImportMapping::TYPE,
    access::SavedView::TYPE,
    CustomField::TYPE,
    File::TYPE,
];

/// What the product's database is opened with.
///
/// # Errors
/// When a migration is broken.
pub fn store_config(url: String, clock: Clock) -> Result<StoreConfig> {
    let (migrations, guard) = (migrations()?, Some(guard::guard as guanxi_store::Guard));
    let complete = Some(complete::complete as guanxi_store::Complete);
    Ok(StoreConfig { url, types: RECORD_TYPES, migrations, clock, guard, complete })
}

/// The parts of the menu, in their order.
pub static AREAS: &[&str] = &[
    "customers",
    "sales",
    "billing",
    "service",
    "catalog",
    "insights",
    "organisation",
    "settings",
];

//! Dashboards and the charts on them.

use guanxi_base::{Decimal, Id, Refusal, Result};
use guanxi_record::{
    Aggregate, Choice, Filter, GroupKey, LongText, Measure, Owner, Query, Record, Sort, Stored,
};
use guanxi_store::View;

use crate::access::{Role, conditions};

/// More marks than this nobody reads.
const MARKS_MAX: i64 = 500;
/// A dashboard of more charts than this is not shown whole.
const CHARTS_MAX: usize = 50;

/// Charts that are looked at together.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "layout-dashboard", settle)]
pub struct Dashboard {
    /// What people call it.
    #[field(search)]
    pub name: String,
    /// What it is for.
    pub description: Option<LongText>,
    /// On whose start page it is; shared with everybody then.
    #[field(index, on_delete = "clear")]
    pub role: Option<Id<Role>>,
    /// Whether everybody sees it; its numbers are those that each may see.
    #[field(default = "false")]
    pub is_shared: bool,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
}

impl Dashboard {
    fn settle(&mut self, _: &mut Vec<Refusal>) {
        self.is_shared |= self.role.is_some();
    }
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ChartKind {
    /// A bar for each group.
    Bar,
    /// A line through the groups, best of times.
    Line,
    /// Steps one under the other, each as wide as its number.
    Funnel,
    /// A colour for each pair of groups.
    HeatMap,
    /// An area for each group.
    Treemap,
    /// The numbers.
    Table,
    /// One number, perhaps with what it should be.
    Number,
}

/// A chart over records of a type.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    area = "insights",
    icon = "chart-bar",
    part_of = "dashboard",
    follows = "dashboard",
    settle
)]
pub struct Chart {
    /// Where it is.
    #[field(index, on_delete = "cascade")]
    pub dashboard: Id<Dashboard>,
    /// What it shows.
    #[field(search)]
    pub name: String,
    /// How it is drawn.
    #[field(default = "bar")]
    pub kind: ChartKind,
    /// The type of the records, such as `order`.
    #[field(means = "record_type")]
    pub record_type: String,
    /// Which of them, as the address of a list says: `status=confirmed`.
    #[field(folded, means = "condition")]
    pub condition: Option<LongText>,
    /// A mark for each value of this field, or of one behind a link: `date:month`,
    /// `customer.country`.
    pub group_by: Option<String>,
    /// A line or a row of bars for each value of this one.
    pub split_by: Option<String>,
    /// What is computed: `count`, `sum:total`, `avg:total`, `min:date`, `max:date`.
    #[field(default = "count")]
    pub measure: String,
    /// What the number should be.
    pub target: Option<Decimal>,
    /// So many marks are shown.
    #[field(default = "12")]
    pub marks: i64,
    /// Charts stand in the order of these numbers.
    #[field(default = "0")]
    pub place: i64,
}

impl Chart {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if !(1..=MARKS_MAX).contains(&self.marks) {
            let refusal = Refusal::field("too-many-marks", "marks");
            refusals.push(refusal.with("limit", MARKS_MAX));
        }
        if self.kind == ChartKind::Number {
            (self.group_by, self.split_by) = (None, None);
        } else if self.group_by.is_none() {
            refusals.push(Refusal::field("required", "group_by"));
        }
        if self.kind == ChartKind::HeatMap && self.split_by.is_none() {
            refusals.push(Refusal::field("required", "split_by"));
        }
        if let Err(guanxi_base::Error::Refused(wrong)) = self.aggregate() {
            refusals.extend(wrong);
        }
    }

    /// Which records it is about.
    ///
    /// # Errors
    /// `not-a-condition`.
    pub fn filter(&self) -> Result<Filter> {
        conditions::parse(self.condition.as_ref().map_or("", |condition| &condition.0))
    }

    /// What is to be computed.
    ///
    /// # Errors
    /// When it says nothing that can be read.
    pub fn aggregate(&self) -> Result<Aggregate> {
        let keys = [&self.group_by, &self.split_by].into_iter().flatten();
        Ok(Aggregate {
            filter: self.filter()?,
            group_by: keys.map(|key| GroupKey::parse(key)).collect::<Result<_>>()?,
            measures: vec![Measure::parse(&self.measure)?],
            with_archived: false,
        })
    }
}

/// The charts of a dashboard, in their order.
///
/// # Errors
/// When the database fails.
pub async fn charts_of(view: &mut View, dashboard: Id<Dashboard>) -> Result<Vec<Stored<Chart>>> {
    let query = Query::of(Filter::eq("dashboard", dashboard.to_string()))
        .sorted(vec![Sort::up("place"), Sort::up("id")])
        .limited(CHARTS_MAX);
    let rows = view.list(Chart::NAME, &query).await?.rows;
    rows.into_iter().map(TryInto::try_into).collect()
}

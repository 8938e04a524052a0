//! The start pages of the standard roles: data to be changed, not rules.

use guanxi_base::{Id, Result};
use guanxi_record::LongText;
use guanxi_store::Tx;

use super::records::{Chart, ChartKind, Dashboard};
use crate::access::{Role, standard_role};

/// What the start page of a role shows.
#[derive(Debug)]
pub struct RoleDashboard {
    /// The standard role.
    pub role: &'static str,
    /// Its charts are called by the texts `standard-chart-<key>`.
    charts: &'static [(&'static str, &'static Standard)],
}

/// A chart to start with.
#[derive(Debug)]
struct Standard {
    kind: ChartKind,
    record_type: &'static str,
    condition: &'static str,
    group_by: &'static str,
    split_by: &'static str,
    measure: &'static str,
    marks: i64,
}

/// Of twelve months the first one may be a part.
const MARKS: i64 = 13;
/// Of days around today a quarter is past: four of these, then today and two weeks.
const DAYS_AROUND: i64 = 19;
const AGREED: &str = "status.not_in=draft,void&date.within=last_12_months";
const OPEN: &str = "status.in=new,in_progress,waiting";

const fn standard(kind: ChartKind, record_type: &'static str, group_by: &'static str) -> Standard {
    Standard {
        kind,
        record_type,
        condition: "",
        group_by,
        split_by: "",
        measure: "count",
        marks: MARKS,
    }
}

static REVENUE: Standard = Standard {
    condition: AGREED,
    measure: "sum:total",
    ..standard(ChartKind::Bar, "order", "date:month")
};
static REVENUE_NOW: Standard = Standard {
    condition: "status.not_in=draft,void&date.within=this_month",
    measure: "sum:total",
    ..standard(ChartKind::Number, "order", "")
};
static COUNTRIES: Standard = Standard {
    condition: AGREED,
    measure: "sum:total",
    ..standard(ChartKind::Treemap, "order", "customer.country")
};
static STAGES: Standard = standard(ChartKind::Funnel, "customer", "life_stage");
static CLASSES: Standard =
    Standard { split_by: "relationship", ..standard(ChartKind::HeatMap, "customer", "abc") };
static TASKS: Standard =
    Standard { condition: "status=open", ..standard(ChartKind::Bar, "task", "owner") };
static MY_TASKS: Standard = Standard {
    condition: "status=open&owner=me",
    marks: DAYS_AROUND,
    ..standard(ChartKind::Bar, "task", "due_date:day")
};
static CASES: Standard = Standard {
    condition: OPEN,
    split_by: "status",
    ..standard(ChartKind::HeatMap, "case", "priority")
};
static NEW_CASES: Standard = Standard {
    condition: "opened_at.within=last_12_months",
    ..standard(ChartKind::Line, "case", "opened_at:month")
};
static OPEN_CASES: Standard =
    Standard { condition: OPEN, ..standard(ChartKind::Number, "case", "") };

/// The start pages of the standard roles.
pub static ROLE_DASHBOARDS: &[RoleDashboard] = &[
    RoleDashboard {
        role: "all_business",
        charts: &[
            ("revenue", &REVENUE),
            ("revenue-now", &REVENUE_NOW),
            ("countries", &COUNTRIES),
            ("stages", &STAGES),
            ("classes", &CLASSES),
            ("open-cases", &OPEN_CASES),
            ("cases", &CASES),
        ],
    },
    RoleDashboard {
        role: "sales_manager",
        charts: &[
            ("revenue", &REVENUE),
            ("countries", &COUNTRIES),
            ("stages", &STAGES),
            ("tasks", &TASKS),
        ],
    },
    RoleDashboard {
        role: "salesperson",
        charts: &[
            ("my-tasks", &MY_TASKS),
            ("revenue-now", &REVENUE_NOW),
            ("revenue", &REVENUE),
            ("stages", &STAGES),
        ],
    },
    RoleDashboard {
        role: "service_clerk",
        charts: &[("open-cases", &OPEN_CASES), ("cases", &CASES), ("new-cases", &NEW_CASES)],
    },
];

/// Makes the start pages of the standard roles, named by the texts of a language.
///
/// # Errors
/// When the database fails.
pub async fn make_role_dashboards(
    tx: &mut Tx,
    roles: &[Id<Role>],
    text: &(dyn Fn(&str) -> String + Sync),
) -> Result<()> {
    for made in ROLE_DASHBOARDS {
        let Some(role) = standard_role(roles, made.role) else { continue };
        let (name, role) = (text(&format!("role-{}", made.role)), Some(role));
        let dashboard = Dashboard { name, description: None, role, is_shared: true, owner: None };
        let dashboard = tx.create(&dashboard).await?.id;
        for (at, (key, standard)) in made.charts.iter().enumerate() {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let chart = Chart {
                dashboard,
                name: text(&format!("standard-chart-{key}")),
                kind: standard.kind,
                record_type: standard.record_type.to_owned(),
                condition: some(standard.condition).map(LongText),
                group_by: some(standard.group_by),
                split_by: some(standard.split_by),
                measure: standard.measure.to_owned(),
                target: None,
                marks: standard.marks,
                place: i64::try_from(at).unwrap_or(i64::MAX),
            };
            tx.create(&chart).await?;
        }
    }
    Ok(())
}

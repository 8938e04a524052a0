//! What a chart may be made of: what is computed, by what groups are made, and on which dashboard it stands.

use guanxi_base::Result;
use guanxi_crm::dashboards::Dashboard;
use guanxi_record::{Address, Field, Filter, Kind, Query, Record, RecordType, SYSTEM_FIELDS, Sort};
use guanxi_store::{Purpose, View};

use super::options::Options;
use crate::signed_in::SignedIn;

/// So many dashboards are offered.
const DASHBOARDS_OFFERED: usize = 200;

/// One's own dashboards.
pub(super) async fn dashboards(view: &mut View) -> Result<Options> {
    let query = Query::of(Filter::eq("owner", "me")).sorted(vec![Sort::up("name")]);
    let rows = view.list(Dashboard::NAME, &query.limited(DASHBOARDS_OFFERED)).await?.rows;
    Ok(rows.iter().map(|row| (row.id.to_string(), row.title(Dashboard::TYPE))).collect())
}

/// What is computed of the records.
pub(super) fn measures(signed: &SignedIn, described: &RecordType) -> Options {
    let texts = signed.texts;
    let plural = texts.type_plural(&described.name);
    let mut all = vec![("count".to_owned(), texts.format("chart-count", &[("type", &plural)]))];
    let reads = |field: &&Field| signed.actor.rights.asks(&described.name, &field.name);
    for field in described.fields.iter().filter(reads) {
        if !field.kind.is_number() {
            continue;
        }
        let label = texts.field_label(described, field);
        for (code, key) in [
            ("sum", "chart-sum"),
            ("avg", "chart-average"),
            ("min", "chart-min"),
            ("max", "chart-max"),
        ] {
            let code = format!("{code}:{}", field.name);
            all.push((code, texts.format(key, &[("field", &label)])));
        }
    }
    all
}

/// By what groups are made: fields of the type, and of what it links to.
pub(super) fn groups(view: &View, signed: &SignedIn, described: &RecordType) -> Options {
    let mut offered = Vec::new();
    own_groups(signed, described, ("", ""), &mut offered);
    for field in described.fields.iter() {
        let Kind::Link { to, .. } = &field.kind else { continue };
        let Ok(linked) = view.catalog().get(to) else { continue };
        let rights = &signed.actor.rights;
        if rights.reads(&described.name, &field.name) && rights.may(to, Purpose::Read) {
            let label = format!("{}: ", signed.texts.field_label(described, field));
            own_groups(signed, linked, (&format!("{}.", field.name), &label), &mut offered);
        }
    }
    offered
}

fn own_groups(
    signed: &SignedIn,
    described: &RecordType,
    (before, label_before): (&str, &str),
    offered: &mut Options,
) {
    let texts = signed.texts;
    let system = SYSTEM_FIELDS.iter().filter(|field| field.name == "created_at");
    for field in described.fields.iter().chain(system) {
        if !signed.actor.rights.asks(&described.name, &field.name) {
            continue;
        }
        let label = format!("{label_before}{}", texts.field_label(described, field));
        let path = format!("{before}{}", field.name);
        match &field.kind {
            Kind::Date | Kind::Instant => {
                for bucket in ["month", "quarter", "year", "day"] {
                    let by = texts.get(&format!("chart-by-{bucket}"));
                    offered.push((format!("{path}:{bucket}"), format!("{label} ({by})")));
                }
            }
            Kind::Choice(_) | Kind::Boolean | Kind::Link { .. } | Kind::Owner => {
                offered.push((path, label));
            }
            Kind::Text if field.indexed || field.is_custom() => offered.push((path, label)),
            Kind::Address => {
                for part in Address::PARTS {
                    let part_label = texts.get(&format!("address.{part}"));
                    offered.push((format!("{path}.{part}"), format!("{label}: {part_label}")));
                }
            }
            _ => {}
        }
    }
}

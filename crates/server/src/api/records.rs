//! Reading records: lists, single records, groups, history.

use axum::Json as JsonBody;
use axum::extract::{Path, Query as Parameters, State};
use axum::response::{IntoResponse, Response};
use guanxi_base::{RawId, Result};
use guanxi_crm::groups::groups;
use guanxi_crm::segments::expand;
use guanxi_record::{Aggregate, FieldChange, GroupKey, Measure, RecordType, Row};
use guanxi_store::{Entry, Purpose, Titles};
use serde_json::{Map, Value as Json, json};

use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

pub(crate) async fn list(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Json> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let count = params::flag(&params, "total")?;
        let mut view = app.store.read(&signed.actor).await?;
        let query = params::query_of(&mut view, &record_type, &params).await?;
        let page = view.list(&record_type, &query).await?;
        signed.looked_at_list(&app, &described, &page.rows);
        let titles = view.link_titles(&described, &page.rows).await?;
        let mut answer = json!({
            "items": page.rows.iter().map(|row| row.to_json(&described)).collect::<Vec<_>>(),
            "titles": titles_json(&titles),
            "next": page.next.map(|cursor| cursor.to_text()),
        });
        if count {
            let total = view.total(&record_type, &query).await?;
            answer["total"] = json!({ "number": total.number, "more": total.more });
        }
        Ok(answer)
    }
    .await;
    respond(&signed, outcome)
}

pub(crate) async fn get(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Json> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(&record_type, parse_id(&id)?, Purpose::Read).await?;
        signed.looked_at(&app, &described, row.id);
        let titles = view.link_titles(&described, std::slice::from_ref(&row)).await?;
        Ok(record_json(&described, &row, &titles))
    }
    .await;
    respond(&signed, outcome)
}

pub(crate) async fn history(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
) -> Response {
    const ENTRIES_MAX: usize = 200;
    let outcome: Result<Json> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let entries = view.history(&record_type, parse_id(&id)?, ENTRIES_MAX).await?;
        Ok(json!({ "items": entries.iter().map(entry_json).collect::<Vec<_>>() }))
    }
    .await;
    respond(&signed, outcome)
}

pub(crate) async fn aggregate(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Json> = async {
        let words = |name: &str| -> Vec<String> {
            let list = params::one(&params, name).unwrap_or_default().split(',');
            list.map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
        };
        let (group_by, mut measures) = (words("group_by"), words("measures"));
        if measures.is_empty() {
            measures.push("count".to_owned());
        }
        let mut view = app.store.read(&signed.actor).await?;
        let filter = params::conditions(&params)?;
        let wanted = Aggregate {
            filter: expand(&mut view, &record_type, filter).await?,
            group_by: group_by.iter().map(|word| GroupKey::parse(word)).collect::<Result<_>>()?,
            measures: measures.iter().map(|word| Measure::parse(word)).collect::<Result<_>>()?,
            with_archived: params::flag(&params, "archived")?,
        };
        let words = params::one(&params, "q").map(str::trim).filter(|words| !words.is_empty());
        let groups = groups(&mut view, &record_type, &wanted, words).await?;
        let group = |group: guanxi_store::Group| {
            let mut json = Map::new();
            for (name, value) in group_by.iter().zip(&group.keys) {
                json.insert(name.clone(), value.to_json());
            }
            for (name, value) in measures.iter().zip(&group.measures) {
                json.insert(name.clone(), value.to_json());
            }
            Json::Object(json)
        };
        Ok(json!({ "groups": groups.into_iter().map(group).collect::<Vec<_>>() }))
    }
    .await;
    respond(&signed, outcome)
}

/// A record with the names of what it links to.
pub(crate) fn record_json(record_type: &RecordType, row: &Row, titles: &Titles) -> Json {
    let mut json = row.to_json(record_type);
    json.insert("titles".to_owned(), titles_json(titles));
    Json::Object(json)
}

fn titles_json(titles: &Titles) -> Json {
    let mut sorted: Vec<(&RawId, &String)> = titles.iter().collect();
    sorted.sort();
    Json::Object(sorted.into_iter().map(|(id, t)| (id.to_string(), json!(t))).collect())
}

fn entry_json(entry: &Entry) -> Json {
    let change = |change: &FieldChange| json!({ "field": change.field, "old": change.old.to_json(), "new": change.new.to_json() });
    json!({
        "change_set": entry.change_set.to_string(),
        "at": entry.at.to_string(),
        "actor": entry.actor.map(|id| id.to_string()),
        "origin": entry.origin,
        "address": entry.address,
        "job": entry.job.map(|id| id.to_string()),
        "operation": entry.operation.name(),
        "version": entry.version,
        "changes": entry.changes.0.iter().map(change).collect::<Vec<_>>(),
    })
}

/// An id in a path; what is none does not exist.
pub(crate) fn parse_id(text: &str) -> Result<RawId> {
    text.parse().map_err(|_| guanxi_base::Error::NotFound)
}

pub(crate) fn respond(signed: &SignedIn, outcome: Result<Json>) -> Response {
    match outcome {
        Ok(json) => JsonBody(json).into_response(),
        Err(error) => signed.problem(error),
    }
}

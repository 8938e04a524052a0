//! The faces: what each of them shows of a question, as the places of the records, or why not.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use calamine::Reader as _;
use guanxi_base::Error;
use guanxi_crm::segments::Choosing;
use guanxi_record::Sort;
use serde_json::Value as Json;

use super::ask::{Question, encoded, with_ids};
use super::world::{Person, World};
use crate::house::Answer;

/// The places of what is shown, in its order; or the codes of the refusal.
pub(crate) type Seen = Result<Vec<usize>, Vec<String>>;

/// Pages of one list are followed so far.
const PAGES_MAX: usize = 200;

pub(crate) struct Look<'a> {
    pub(crate) world: &'a World,
    pub(crate) person: &'a Person,
}

pub(crate) fn codes(error: &Error) -> Vec<String> {
    match error {
        Error::Refused(refusals) => refusals.iter().map(|one| one.code.to_string()).collect(),
        other => vec![other.to_string()],
    }
}

/// The codes of an answer that is no success; what is no refusal fails the test.
fn refused(answer: &Answer) -> Vec<String> {
    assert!(answer.status.is_client_error(), "{}: {}", answer.status, answer.text);
    let code = |one: String| one.split(' ').next().unwrap_or_default().to_owned();
    answer.problems().into_iter().map(code).collect()
}

impl Look<'_> {
    /// The layer that all faces read through, page by page, and its count.
    pub(crate) async fn by_view(&self, question: &Question) -> Seen {
        let mut query = question.query(&self.world.ids);
        let mut seen = Vec::new();
        let mut view = self.world.house.store.read(&self.person.actor).await.unwrap();
        for _ in 0..PAGES_MAX {
            let page = match view.list(question.record_type, &query).await {
                Ok(page) => page,
                Err(error) => return Err(codes(&error)),
            };
            seen.extend(page.rows.iter().map(|row| self.world.place_of(row.id)));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        query.after = None;
        let total = view.total(question.record_type, &query).await.unwrap();
        assert_eq!((total.number, total.more), (seen.len() as i64, false), "{question:?}");
        Ok(seen)
    }

    /// The columns of the warehouse, or the database where they do not keep it: as segments choose.
    pub(crate) async fn by_columns(&self, question: &Question) -> Seen {
        let World { house, warehouse, ids, .. } = self.world;
        let choosing = Choosing::begin(&house.store, warehouse, &self.person.actor).await.unwrap();
        let filter = with_ids(&question.filter, ids);
        let mask = match choosing.mask(question.record_type, &filter).await {
            Ok(mask) => mask,
            Err(error) => return Err(codes(&error)),
        };
        let column = choosing.column(question.record_type, "id").await.unwrap();
        let chosen = column.numbers().iter().zip(&mask).filter(|(_, chosen)| **chosen);
        Ok(chosen.map(|(id, _)| self.world.place_of(guanxi_base::RawId(*id))).collect())
    }

    pub(crate) async fn api(&self, path: &str) -> Answer {
        let token = &self.person.token;
        self.world.house.call_as(token, "GET", path, &[], Json::Null).await
    }

    async fn html(&self, path: &str) -> Answer {
        let cookie = format!("guanxi_session={}; guanxi_locale=en", self.person.session);
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.world.house.send(request.body(Body::empty()).unwrap()).await
    }

    /// The parameters of a question, by JSON.
    fn address(&self, question: &Question) -> String {
        let filter = with_ids(&question.filter, &self.world.ids).to_json().to_string();
        format!("filter={}&{}", encoded(&filter), order(question))
    }

    /// All pages of REST.
    pub(crate) async fn by_rest(&self, question: &Question) -> Seen {
        self.rest(question.record_type, &self.address(question)).await
    }

    /// The same, by the parameters that say it without JSON.
    pub(crate) async fn by_params(&self, question: &Question) -> Option<Seen> {
        let params = question.params(&self.world.ids)?;
        let all =
            params.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let all = all.chain([order(question)]).collect::<Vec<_>>().join("&");
        Some(self.rest(question.record_type, &all).await)
    }

    pub(crate) async fn rest(&self, record_type: &str, params: &str) -> Seen {
        let mut seen = Vec::new();
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let path = format!("/{record_type}?{params}&total=true{after}");
            let answer = self.api(&path).await;
            if answer.status != StatusCode::OK {
                return Err(refused(&answer));
            }
            let json = answer.json();
            let items = json["items"].as_array().unwrap();
            seen.extend(items.iter().map(|one| self.world.place(one["id"].as_str().unwrap())));
            match json["next"].as_str() {
                Some(next) => after = format!("&after={}", encoded(next)),
                None => {
                    assert_eq!(json["total"]["number"], seen.len(), "{path}");
                    return Ok(seen);
                }
            }
        }
        panic!("no end of {record_type}?{params}");
    }

    /// The pages that a person scrolls through, and the number that they read above them.
    pub(crate) async fn by_pages(&self, question: &Question) -> Seen {
        let record_type = question.record_type;
        let params = self.address(question);
        let mut next = Some(format!("/{record_type}?{params}"));
        let mut seen = Vec::new();
        let row = format!("data-href=\"/{record_type}/");
        let more = format!("hx-get=\"/{record_type}/more");
        while let Some(path) = next.take() {
            let answer = self.html(&path).await;
            if answer.status == StatusCode::OK && answer.text.contains("role=\"alert\"") {
                return Err(Vec::new());
            }
            if answer.status.is_client_error() {
                return Err(Vec::new());
            }
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            let ids = answer.text.split(&row).skip(1).map(|rest| rest.split('"').next().unwrap());
            seen.extend(ids.map(|id| self.world.place(id)));
            next = answer.text.split(&more).nth(1).map(|rest| {
                let rest = rest.split('"').next().unwrap().replace("&amp;", "&");
                format!("/{record_type}/more{rest}")
            });
        }
        let total = self.html(&format!("/{record_type}/total?{params}")).await.text;
        let digits: String = total.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, seen.len().to_string(), "{total} of {record_type}?{params}");
        Ok(seen)
    }

    /// How many there are where groups are made.
    pub(crate) async fn by_count(&self, question: &Question) -> Result<usize, Vec<String>> {
        let params = self.address(question);
        let answer = self.api(&format!("/{}/aggregate?{params}", question.record_type)).await;
        if answer.status != StatusCode::OK {
            return Err(refused(&answer));
        }
        Ok(answer.json()["groups"][0]["count"].as_u64().unwrap_or(0) as usize)
    }

    /// A file, read again: the records, and what stands in the first column of text.
    pub(crate) async fn by_file(
        &self,
        question: &Question,
        format: &str,
    ) -> Result<Vec<(usize, String)>, Vec<String>> {
        let (record_type, params) = (question.record_type, self.address(question));
        let path = format!("/api/v1/{record_type}/export?{params}&format={format}");
        let token = format!("Bearer {}", self.person.token);
        let request = Request::get(&path).header(header::AUTHORIZATION, token);
        let (status, bytes) = self.world.house.fetch(request.body(Body::empty()).unwrap()).await;
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Err(refused(&Answer { status, headers: Default::default(), text }));
        }
        let rows = if format == "csv" { csv_rows(&bytes) } else { workbook_rows(&bytes) };
        assert_eq!(rows[0][0], "id");
        Ok(rows[1..].iter().map(|row| (self.world.place(&row[0]), row[1].clone())).collect())
    }

    /// What the list of an address holds: the items of REST, whole.
    pub(crate) async fn items(&self, address: &str) -> Vec<Json> {
        let between = if address.contains('?') { '&' } else { '?' };
        let answer = self.api(&format!("{address}{between}limit=1000")).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The rows of the page at an address.
    pub(crate) async fn page(&self, address: &str) -> BTreeSet<usize> {
        let between = if address.contains('?') { '&' } else { '?' };
        let answer = self.html(&format!("{address}{between}limit=1000")).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
        assert!(!answer.text.contains("role=\"alert\""), "{address}: {}", answer.text);
        let record_type = address[1..].split('?').next().unwrap();
        let row = format!("data-href=\"/{record_type}/");
        let ids = answer.text.split(&row).skip(1).map(|rest| rest.split('"').next().unwrap());
        ids.map(|id| self.world.place(id)).collect()
    }
}

fn order(question: &Question) -> String {
    format!("limit={}&sort={}", question.limit, encoded(&Sort::write_list(&question.sort)))
}

fn csv_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    let rows = reader.records().map(|row| row.unwrap().iter().map(as_typed).collect());
    rows.collect()
}

/// Without the apostrophe that keeps a spreadsheet from running it.
fn as_typed(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

fn workbook_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

//! What the pages show of a world.

use axum::http::StatusCode;
use guanxi_crm::access::RightPurpose;

use super::ways::{Case, Look};
use super::world::TYPES;

impl Look<'_> {
    /// A page for each record; whatever it shows of others must be theirs to see too.
    pub(crate) async fn html_one_by_one(&self, suffix: &str, purpose: RightPurpose) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, thing) in self.world.things.iter().enumerate() {
            let answer = self.html(&format!("/{}/{}{suffix}", thing.record_type, thing.id)).await;
            assert!(matches!(answer.status.as_u16(), 200 | 403 | 404), "{}", answer.text);
            let expected = self.world.may(self.person, at, purpose);
            cases.push(self.case(thing, answer.status == StatusCode::OK, expected));
            cases.extend(self.words_in(&answer.text));
        }
        cases
    }

    /// The words of records that a text shows without right.
    fn words_in(&self, text: &str) -> Vec<Case> {
        let things = self.world.things.iter().enumerate();
        let shown = things.filter(|(_, thing)| text.contains(&thing.word));
        shown
            .map(|(at, thing)| {
                self.case(thing, true, self.reads(at) && self.names(thing.record_type))
            })
            .collect()
    }

    pub(crate) async fn html_lists(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for record_type in TYPES {
            let answer = self.html(&format!("/{record_type}?limit=1000")).await;
            let may = self.world.may_any(self.person, record_type, RightPurpose::Read);
            let what = format!("list of {record_type}");
            cases.push(Case { what, seen: answer.status == StatusCode::OK, expected: may });
            for (at, thing) in self.of(record_type) {
                let link = format!("/{record_type}/{}\"", thing.id);
                cases.push(self.case(thing, answer.text.contains(&link), self.reads(at)));
            }
            cases.extend(self.words_in(&answer.text));
        }
        cases.extend(self.words_in(&self.html("/").await.text));
        cases
    }

    /// What a customer's page lists and tells of its past.
    pub(crate) async fn related_lists(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, customer) in self.of("customer").filter(|(at, _)| self.reads(*at)) {
            let page = self.html(&format!("/customer/{}", customer.id)).await.text;
            let others = self.world.things.iter().enumerate();
            for (other, thing) in others.filter(|(_, thing)| thing.follows == Some(at)) {
                let linked = thing.record_type != "order"
                    || self.world.reads_field(self.person, "order", "customer");
                let link = format!("/{}/{}\"", thing.record_type, thing.id);
                cases.push(self.case(thing, page.contains(&link), linked && self.reads(other)));
            }
        }
        cases
    }
}

//! What is computed from other records, and shown to whoever sees all of those.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use guanxi_crm::access::RightPurpose;

use super::ways::{Case, Look, ids};

impl Look<'_> {
    /// In the record's own answer, in a list of it, and on its page.
    pub(crate) async fn told(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, customer) in self.of("customer").filter(|(at, _)| self.reads(*at)) {
            let expected = self.world.is_told(self.person, at);
            let one = self.api(&format!("/customer/{}", customer.id)).await.json();
            cases.push(self.case(customer, !one["revenue"].is_null(), expected));
            let listed = self.api(&format!("/customer?id={}", customer.id)).await.json();
            let listed = &listed["items"][0]["revenue"];
            cases.push(self.case(customer, !listed.is_null(), expected));
            let page = self.html(&format!("/customer/{}", customer.id)).await.text;
            cases.push(self.case(customer, page.contains("\u{a5}7.00") && !expected, false));
        }
        cases
    }

    /// Who may ask has those only of whom they are told; who may not is refused.
    pub(crate) async fn asked_by_told(&self, question: &str) -> Vec<Case> {
        let asks = self.world.asks_told(self.person);
        let answer = self.api(&format!("/customer?limit=1000&{question}")).await;
        let may = self.world.may_any(self.person, "customer", RightPurpose::Read);
        let mut cases = Vec::new();
        if may {
            let seen = answer.status == StatusCode::OK;
            cases.push(Case { what: format!("customer?{question}"), seen, expected: asks });
        }
        let found = if answer.status == StatusCode::OK { ids(&answer) } else { BTreeSet::new() };
        for (at, customer) in self.of("customer") {
            let expected = self.reads(at) && self.world.is_told(self.person, at);
            cases.push(self.case(customer, found.contains(&customer.id.to_string()), expected));
        }
        cases
    }

    /// In a file, line by line.
    pub(crate) async fn exports_told(&self) -> Vec<Case> {
        let answer = self.api("/customer/export").await;
        if answer.status != StatusCode::OK {
            return Vec::new();
        }
        let line = |id: &str| answer.text.lines().find(|line| line.contains(id));
        let mut cases = Vec::new();
        for (at, customer) in self.of("customer") {
            let Some(line) = line(&customer.id.to_string()) else { continue };
            let expected = self.world.is_told(self.person, at);
            cases.push(self.case(customer, line.contains("7.00"), expected));
        }
        cases
    }
}

//! What searches and the hint at entry find.

use super::ways::{Case, Look, ids};

impl Look<'_> {
    pub(super) async fn searches(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, thing) in self.world.things.iter().enumerate() {
            // Lines of orders are not searched.
            if thing.record_type == "order_line" {
                continue;
            }
            let seen = ids(&self.api(&format!("/search?q={}", thing.word)).await);
            let expected = self.reads(at) && self.names(thing.record_type);
            cases.push(self.case(thing, seen.contains(&thing.id.to_string()), expected));
        }
        cases
    }

    pub(super) async fn phone_searches(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, thing) in self.of("customer") {
            let phone = thing.phone.as_deref().unwrap();
            let expected = self.reads(at) && self.finds_by_phone();
            for path in [format!("/search?q={phone}"), format!("/customer?q={phone}")] {
                let seen = ids(&self.api(&path).await);
                cases.push(self.case(thing, seen.contains(&thing.id.to_string()), expected));
            }
        }
        cases
    }

    /// Whether what they search reaches more than names.
    fn finds_by_phone(&self) -> bool {
        let all = ["name", "code", "phone", "email", "tax_number"];
        all.iter().all(|field| self.world.reads_field(self.person, "customer", field))
    }

    /// Who enters a customer is told of those only whom they see, by what they see of them.
    pub(super) async fn alike(&self, by: &str) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, thing) in self.of("customer") {
            let (entered, finds) = match by {
                "name" => (thing.word.as_str(), self.names("customer")),
                _ => (thing.phone.as_deref().unwrap(), self.finds_by_phone()),
            };
            let seen = ids(&self.api(&format!("/customer/alike?{by}={entered}")).await);
            let expected = self.reads(at) && finds;
            cases.push(self.case(thing, seen.contains(&thing.id.to_string()), expected));
        }
        cases
    }

    pub(super) async fn list_searches(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, thing) in self.of("customer") {
            let seen = ids(&self.api(&format!("/customer?q={}", thing.word)).await);
            let expected = self.reads(at) && self.names("customer");
            cases.push(self.case(thing, seen.contains(&thing.id.to_string()), expected));
        }
        cases
    }
}

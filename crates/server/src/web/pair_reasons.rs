//! Why two customers are told to be one: how alike each field of both is, and how much that says.

use guanxi_crm::people::Customer;
use guanxi_crm::text::Texts;
use guanxi_record::{Field, Record as _, RecordType};
use guanxi_store::FieldAccess;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::insight_cards::plain;
use crate::signed_in::SignedIn;

/// In which field a place stands.
pub(super) const ADDRESS: &str = "address";
/// As what it is compared.
const PLACE: &str = "place";

/// How alike a field of both is, and how much that says.
pub(super) fn reason(signed: &SignedIn, field: &Field, reasons: Option<&Json>) -> Markup {
    let reasons = reasons.filter(|_| sees(signed, &field.name));
    // Province and city are compared by themselves, and stand in the address.
    let place = reasons.filter(|_| field.name == ADDRESS);
    let place = place.and_then(|reasons| said(signed.texts, reasons, PLACE));
    let place = place.map(|said| signed.texts.format("pair-place", &[("said", &said)]));
    let own = reasons.and_then(|reasons| said(signed.texts, reasons, &field.name));
    let lines: Vec<String> = own.into_iter().chain(place).collect();
    html! { (lines.join("; ")) }
}

/// Province and city of two of whom neither has an address that they could stand beside: they are
/// told by the names then.
pub(super) fn place_alone(
    signed: &SignedIn,
    described: &RecordType,
    reasons: Option<&Json>,
) -> Markup {
    let texts = signed.texts;
    let reasons = reasons.filter(|_| sees(signed, ADDRESS) && sees(signed, &described.title));
    let Some(said) = reasons.and_then(|reasons| said(texts, reasons, PLACE)) else {
        return html! {};
    };
    html! {
        tr {
            th scope="row" { (texts.get("pair-place-alone")) }
            td class="gx-muted" colspan="2" { (texts.get("pair-place-of-name")) }
            td class="gx-muted" { (said) }
        }
    }
}

/// Whether they may be told how alike a field is.
fn sees(signed: &SignedIn, field: &str) -> bool {
    signed.actor.rights.field(Customer::NAME, field) > FieldAccess::Masked
}

/// What was found out about something that was compared.
fn said(texts: &Texts, reasons: &Json, compared: &str) -> Option<String> {
    let one = reasons.as_array()?.iter().find(|one| one[0] == compared)?;
    let word = level_key(one[1].as_str().unwrap_or_default());
    let bits = one[2].as_f64().map(|bits| plain(texts, bits, 1));
    let bits = bits.map(|bits| texts.format("pair-bits", &[("bits", &bits)]));
    Some(format!("{} {}", texts.get(&word), bits.unwrap_or_default()).trim().to_owned())
}

/// The text of a level.
pub(super) fn level_key(word: &str) -> String {
    match word {
        "different" => "pair-different-values".to_owned(),
        word => format!("pair-{}", word.replace('_', "-")),
    }
}

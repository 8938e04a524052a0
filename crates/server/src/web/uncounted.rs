//! What no figure counts: sales that are drafts still, as an import leaves them that says no status.

use guanxi_base::Result;
use guanxi_crm::sales::{Order, uncounted};
use guanxi_record::Record as _;
use guanxi_store::View;
use maud::{Markup, html};

use super::format;
use super::layout::icon;
use crate::signed_in::SignedIn;

/// How many sales are not counted, with the way to them; nothing where there are none.
pub(super) async fn drafts(view: &mut View, signed: &SignedIn) -> Result<Markup> {
    if !signed.actor.rights.reads_all(Order::NAME, &["status", "kind"]) {
        return Ok(html! {});
    }
    let total = uncounted(view).await?;
    if total.number == 0 {
        return Ok(html! {});
    }
    let texts = signed.texts;
    let number = format::number(texts.locale(), &total.number.to_string());
    let number =
        if total.more { texts.format("ui-total-more", &[("number", &number)]) } else { number };
    Ok(html! {
        p class="alert alert-warning" data-drafts {
            (icon("alert-triangle")) " "
            a href="/order?kind=sale&status=draft" { (texts.format("insights-drafts", &[("count", &number)])) }
        }
    })
}

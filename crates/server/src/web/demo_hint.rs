//! Whose eyes the demo data may be looked at with, said where one signs in: only where the product
//! itself made demo data whose people can sign in.

use guanxi_base::Result;
use guanxi_crm::access::Role;
use guanxi_crm::demo::demo_accounts;
use guanxi_crm::text::Texts;
use guanxi_crm::wording::wording;
use guanxi_record::Record as _;
use guanxi_store::{Actor, Origin};
use maud::{Markup, html};

use crate::app::App;
use crate::params::encoded;

/// The accounts of the demo data with their roles; nothing where there are none.
pub(super) async fn demo_hint(app: &App, texts: &Texts) -> Result<Markup> {
    let accounts = demo_accounts(&app.store).await?;
    if accounts.is_empty() {
        return Ok(html! {});
    }
    let wording = Some(wording(texts.locale()));
    let mut view = app.store.read(&Actor { wording, ..Actor::system(Origin::Web) }).await?;
    let roles: Vec<_> = accounts.iter().filter_map(|account| account.role).collect();
    let names = view.titles(Role::NAME, &roles).await?;
    let role = |id: Option<_>| id.and_then(|id| names.get(&id)).map_or("", String::as_str);
    Ok(html! {
        section class="mt-3" aria-label=(texts.get("login-demo")) data-demo {
            h2 class="h4 mb-1" { (texts.get("login-demo")) }
            p class="gx-muted mb-2" { (texts.get("login-demo-password")) }
            ul class="list-unstyled mb-0" {
                @for account in &accounts {
                    li class="mb-1" {
                        a href=(format!("/login?email={}", encoded(&account.email))) { (account.email) }
                        " " span class="gx-muted" { (role(account.role)) }
                    }
                }
            }
        }
    })
}

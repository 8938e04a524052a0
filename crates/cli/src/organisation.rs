//! `guanxi hand-over` and `guanxi territories`: what concerns the organisation as a whole.

use clap::Args;
use guanxi_base::{RawId, Refusal, Result};
use guanxi_crm::access::{self, Locale, User};
use guanxi_crm::bulk::Moved;
use guanxi_crm::hand_over::{self, belongings};
use guanxi_crm::people;
use guanxi_crm::text::Texts;
use guanxi_record::Record;
use guanxi_store::{Actor, Store};

use crate::say::say;

/// Somebody who leaves, and who takes over.
#[derive(Debug, Args)]
pub(crate) struct HandOver {
    /// Who leaves, by e-mail.
    from: String,
    /// Who takes over, by e-mail.
    to: String,
    /// Only say what would be handed over.
    #[arg(long)]
    preview: bool,
}

pub(crate) async fn hand_over(store: &Store, actor: &Actor, options: &HandOver) -> Result<()> {
    let from = user(store, actor, &options.from).await?;
    let to = user(store, actor, &options.to).await?;
    let mut view = store.read(actor).await?;
    for one in belongings(&mut view, from).await? {
        let more = if one.more { "+" } else { "" };
        say!("{}.{}: {}{more}", one.record_type, one.field, one.records);
    }
    drop(view);
    if options.preview {
        return Ok(());
    }
    let moved = hand_over::hand_over(store, actor, from, to).await?;
    say!("{} records handed over, job {}", moved.records, moved.job);
    say_left(&moved);
    Ok(())
}

async fn user(store: &Store, actor: &Actor, email: &str) -> Result<RawId> {
    let mut view = store.read(actor).await?;
    let found = access::user_by_address(&mut view, email).await?;
    found.map(|row| row.id).ok_or_else(|| {
        Refusal::new("link-to-nothing").with("type", User::NAME).with("value", email).into()
    })
}

pub(crate) async fn territories(store: &Store, actor: &Actor) -> Result<()> {
    let moved = people::assign_territories(store, actor).await?;
    say!("{} customers have a territory now, job {}", moved.records, moved.job);
    say_left(&moved);
    Ok(())
}

/// Tells what stayed as it was, and why.
fn say_left(moved: &Moved) {
    let texts = Texts::of(Locale::En);
    for one in &moved.left {
        let why: Vec<String> = one.why.iter().map(|why| texts.refusal(why)).collect();
        say!("left: {} {} ({}): {}", one.record_type, one.record, one.title, why.join(" "));
    }
}

//! What the product does for somebody around an import in its own name: it keeps the file, the job, the
//! mapping and what was refused. What is imported is written by their own rights alone.

use guanxi_record::{Filter, Record};
use guanxi_store::{Actor, File, Purpose, Rights};

use super::{ImportJob, ImportMapping};
use crate::access::User;
use crate::people::CollectionPoint;

/// The same person with the rights to keep what belongs to an import, and no others.
#[must_use]
pub fn keeping(actor: &Actor) -> Actor {
    let kept = [File::NAME, ImportJob::NAME, ImportMapping::NAME];
    let writes = kept.into_iter().flat_map(|name| {
        [Purpose::Read, Purpose::Create, Purpose::Change].map(|purpose| (name, purpose))
    });
    let reads = [User::NAME, CollectionPoint::NAME].map(|name| (name, Purpose::Read));
    let all = writes.chain(reads);
    let all = all.map(|(name, purpose)| ((name.to_owned(), purpose), Filter::everything()));
    Actor { rights: Rights::listed(all), ..actor.clone() }
}

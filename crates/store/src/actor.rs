//! Who acts, by which right, from where. Every read and every write has one.

use std::collections::HashMap;

use guanxi_base::{RawId, TimeZone};
use guanxi_record::Filter;

/// What somebody wants to do with records of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// See them.
    Read,
    /// Make new ones.
    Create,
    /// Change them.
    Change,
    /// Put them away or bring them back.
    Archive,
    /// Take them out as a file.
    Export,
    /// Bring them in as a file.
    Import,
}

/// What an Actor may do: for every type and purpose, on which records.
#[derive(Debug, Clone)]
pub enum Rights {
    /// Everything: the product itself, and administrators.
    All,
    /// What is listed, on the records that pass the filter; nothing else.
    Listed(HashMap<(String, Purpose), Filter>),
}

impl Rights {
    /// On which records of this type the purpose is allowed; `None` for none at all.
    #[must_use]
    pub fn scope(&self, record_type: &str, purpose: Purpose) -> Option<Filter> {
        match self {
            Self::All => Some(Filter::everything()),
            Self::Listed(list) => list.get(&(record_type.to_owned(), purpose)).cloned(),
        }
    }
}

/// Which face of the product somebody used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The web pages.
    Web,
    /// The API.
    Api,
    /// The command line.
    Cli,
    /// A job of the product.
    Job,
}

impl Origin {
    /// As the change log keeps it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::Cli => "cli",
            Self::Job => "job",
        }
    }
}

/// Who acts.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user; `None` when the product itself acts.
    pub user: Option<RawId>,
    /// What they may do.
    pub rights: Rights,
    /// By which face.
    pub origin: Origin,
    /// From which network address.
    pub address: Option<String>,
    /// For which job, if for one.
    pub job: Option<RawId>,
    /// The zone in which "today" is meant.
    pub time_zone: TimeZone,
}

impl Actor {
    /// The product itself.
    #[must_use]
    pub fn system(origin: Origin) -> Self {
        Self {
            user: None,
            rights: Rights::All,
            origin,
            address: None,
            job: None,
            time_zone: TimeZone::UTC,
        }
    }

    /// The same, for a job.
    #[must_use]
    pub fn for_job(mut self, job: RawId) -> Self {
        self.job = Some(job);
        self
    }
}

//! Who acts, by which right, from where. Every read and every write has one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use guanxi_base::{RawId, TimeZone};
use guanxi_record::Filter;

use crate::wording::Wording;

/// What somebody wants to do with records of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Change many at once.
    Bulk,
    /// Say who answers for them.
    Assign,
}

impl Purpose {
    /// All of them, in the order in which people see them.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Create,
        Self::Change,
        Self::Archive,
        Self::Export,
        Self::Import,
        Self::Bulk,
        Self::Assign,
    ];

    /// In texts and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Change => "change",
            Self::Archive => "archive",
            Self::Export => "export",
            Self::Import => "import",
            Self::Bulk => "bulk",
            Self::Assign => "assign",
        }
    }

    /// The purpose of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// What somebody may do with one field of the records that they may see. More is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldAccess {
    /// Nothing: a lock stands in its place.
    Hidden,
    /// See that it is there, and see it whole only one at a time and on record.
    Masked,
    /// See it.
    Read,
    /// Change it too.
    Write,
}

/// What an Actor may do with records of one type.
#[derive(Debug, Clone, Default)]
pub struct TypeRights {
    /// For every purpose that is allowed: on the records that pass the filter.
    pub scopes: HashMap<Purpose, Filter>,
    /// The fields that are not theirs to change; all others are.
    pub fields: HashMap<String, FieldAccess>,
    /// Of the hidden fields, and of those about other records, which are shown on some records all the
    /// same.
    pub told: Vec<Told>,
    /// The fields that say something of the record that each names by its type and id, itself or through
    /// its whole: shown where they are told, or that record is seen.
    pub about_others: BTreeSet<String>,
}

/// Fields that are shown on the records that pass a filter only: what is computed from other records is
/// told of those whose others one sees.
#[derive(Debug, Clone)]
pub struct Told {
    /// On these records.
    pub on: Filter,
    /// These fields.
    pub fields: BTreeSet<String>,
}

/// The types and purposes that a token is for; of all types where none is named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenScopes(pub Vec<(Option<String>, Vec<Purpose>)>);

impl TokenScopes {
    fn allow(&self, record_type: &str, purpose: Purpose) -> bool {
        self.0.iter().any(|(name, purposes)| {
            name.as_deref().is_none_or(|name| name == record_type) && purposes.contains(&purpose)
        })
    }
}

/// What an Actor may do: for every type and purpose, on which records.
#[derive(Debug, Clone)]
pub enum Rights {
    /// Everything: the product itself, and administrators.
    All,
    /// What is listed by type, on the records that pass the filter; nothing else.
    Listed(Arc<HashMap<String, TypeRights>>),
    /// Of these rights what a token is for.
    Within(Arc<Rights>, Arc<TokenScopes>),
}

static EVERYTHING: Filter = Filter::All(Vec::new());

impl Rights {
    /// Rights of whole types, on the records that pass the filter.
    #[must_use]
    pub fn listed(scopes: impl IntoIterator<Item = ((String, Purpose), Filter)>) -> Self {
        let mut types: HashMap<String, TypeRights> = HashMap::new();
        for ((record_type, purpose), filter) in scopes {
            types.entry(record_type).or_default().scopes.insert(purpose, filter);
        }
        Self::Listed(Arc::new(types))
    }

    /// These rights, and with them the sight of the records of some types that pass a filter; what is hidden
    /// of records stays hidden.
    #[must_use]
    pub fn seeing(&self, records: Vec<(String, Filter)>) -> Self {
        match self {
            Self::All => Self::All,
            Self::Within(rights, scopes) => {
                Self::Within(Arc::new(rights.seeing(records)), scopes.clone())
            }
            Self::Listed(types) => {
                let mut types = (**types).clone();
                for (record_type, filter) in records {
                    let of = types.entry(record_type).or_default();
                    let known = of.scopes.remove(&Purpose::Read);
                    let any = Filter::any(known.into_iter().chain([filter]).collect());
                    of.scopes.insert(Purpose::Read, any);
                }
                Self::Listed(Arc::new(types))
            }
        }
    }

    /// On which records of this type the purpose is allowed; `None` for none at all.
    #[must_use]
    pub fn scope(&self, record_type: &str, purpose: Purpose) -> Option<&Filter> {
        match self {
            Self::All => Some(&EVERYTHING),
            Self::Listed(types) => types.get(record_type)?.scopes.get(&purpose),
            Self::Within(rights, scopes) => {
                rights.scope(record_type, purpose).filter(|_| scopes.allow(record_type, purpose))
            }
        }
    }

    /// Whether a token, where there is one, is for the purpose: also where what is done needs no right.
    #[must_use]
    pub fn token_allows(&self, record_type: &str, purpose: Purpose) -> bool {
        match self {
            Self::All | Self::Listed(_) => true,
            Self::Within(rights, scopes) => {
                rights.token_allows(record_type, purpose) && scopes.allow(record_type, purpose)
            }
        }
    }

    /// Whether the purpose is allowed on any record of this type.
    #[must_use]
    pub fn may(&self, record_type: &str, purpose: Purpose) -> bool {
        self.scope(record_type, purpose).is_some()
    }

    /// What may be done with a field.
    #[must_use]
    pub fn field(&self, record_type: &str, field: &str) -> FieldAccess {
        self.fields(record_type)
            .and_then(|fields| fields.get(field).copied())
            .unwrap_or(FieldAccess::Write)
    }

    /// Whether a field is shown as it is.
    #[must_use]
    pub fn reads(&self, record_type: &str, field: &str) -> bool {
        self.field(record_type, field) >= FieldAccess::Read
    }

    /// Whether records of a type may be seen, and these fields of them as they are.
    #[must_use]
    pub fn reads_all(&self, record_type: &str, fields: &[&str]) -> bool {
        self.may(record_type, Purpose::Read)
            && fields.iter().all(|field| self.reads(record_type, field))
    }

    /// The hidden fields of a type that are shown on some records.
    #[must_use]
    pub fn told(&self, record_type: &str) -> &[Told] {
        match self {
            Self::All => &[],
            Self::Listed(types) => types.get(record_type).map_or(&[], |one| &one.told),
            Self::Within(rights, _) => rights.told(record_type),
        }
    }

    /// The fields of a type that say something of the records that each names; `None` where all of it is
    /// shown.
    #[must_use]
    pub fn about_others(&self, record_type: &str) -> Option<&BTreeSet<String>> {
        match self {
            Self::All => None,
            Self::Listed(types) => {
                let fields = types.get(record_type).map(|one| &one.about_others);
                fields.filter(|fields| !fields.is_empty())
            }
            Self::Within(rights, _) => rights.about_others(record_type),
        }
    }

    /// The records on which a hidden field is shown; `None` where it is shown on all or none.
    #[must_use]
    pub fn told_on(&self, record_type: &str, field: &str) -> Option<&Filter> {
        let told = self.told(record_type).iter().find(|told| told.fields.contains(field));
        told.map(|told| &told.on)
    }

    /// Whether lists may be asked for a field: those records answer on which it is shown.
    #[must_use]
    pub fn asks(&self, record_type: &str, field: &str) -> bool {
        self.reads(record_type, field) || self.told_on(record_type, field).is_some()
    }

    /// Whether a field may be changed.
    #[must_use]
    pub fn writes(&self, record_type: &str, field: &str) -> bool {
        self.field(record_type, field) == FieldAccess::Write
    }

    /// The fields of a type that are not theirs to change; `None` where all are.
    #[must_use]
    pub fn fields(&self, record_type: &str) -> Option<&HashMap<String, FieldAccess>> {
        match self {
            Self::All => None,
            Self::Listed(types) => {
                types.get(record_type).map(|one| &one.fields).filter(|fields| !fields.is_empty())
            }
            Self::Within(rights, _) => rights.fields(record_type),
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
    /// How they read what the product wrote itself; as it is kept where there is none.
    pub wording: Option<&'static Wording>,
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
            wording: None,
        }
    }

    /// The same, for a job.
    #[must_use]
    pub fn for_job(mut self, job: RawId) -> Self {
        self.job = Some(job);
        self
    }

    /// The same person with every right: for what the product does for them in its own name.
    #[must_use]
    pub fn with_all_rights(&self) -> Self {
        Self { rights: Rights::All, ..self.clone() }
    }
}

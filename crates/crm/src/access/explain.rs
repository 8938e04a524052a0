//! Why somebody may see or change a record: every role's line and every way that reaches it,
//! asked of the database one by one, by the same rules that every statement carries.

use guanxi_base::{Error, RawId, Result};
use guanxi_record::Filter;
use guanxi_store::{Actor, FieldAccess, Origin, Purpose, Store};

use super::organisation::Organisation;
use super::rights::Reason;

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The role that says so; none for what everybody may and for administrators.
    pub role: Option<RawId>,
    /// How they reach the record; none when they are an administrator.
    pub reason: Option<Reason>,
    /// What the record must pass besides, and whether it does.
    pub condition: Option<(String, bool)>,
}

impl Why {
    /// Whether it lets them, or would but for its condition.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.condition.as_ref().is_none_or(|(_, met)| *met)
    }
}

/// What somebody may do with a record, and why.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// For every purpose that concerns a record that is there.
    pub purposes: Vec<(Purpose, Vec<Why>)>,
    /// The fields that are not theirs to change.
    pub fields: Vec<(String, FieldAccess)>,
}

/// The purposes that concern a record that is there.
const PURPOSES: [Purpose; 6] = [
    Purpose::Read,
    Purpose::Change,
    Purpose::Archive,
    Purpose::Assign,
    Purpose::Export,
    Purpose::Bulk,
];

/// What a user may do with a record, and why.
///
/// # Errors
/// `NotFound` when there is no such user who may sign in.
pub async fn explain(
    store: &Store,
    user: RawId,
    record_type: &str,
    id: RawId,
) -> Result<Explanation> {
    let organisation = Organisation::of(store).await?;
    let user = organisation.user(user).ok_or(Error::NotFound)?.clone();
    let catalog = store.catalog();
    let described = catalog.get(record_type)?.clone();
    if user.is_administrator {
        let why = Why { role: None, reason: None, condition: None };
        let purposes = PURPOSES.map(|purpose| (purpose, vec![why.clone()])).to_vec();
        return Ok(Explanation { purposes, fields: Vec::new() });
    }
    let time_zone = organisation.time_zone_of(user.id.raw());
    let day = organisation.today_of(user.id.raw(), store.clock().now());
    let position = organisation.position(user.id.raw(), day);
    let themself = Actor { user: Some(user.id.raw()), time_zone, ..Actor::system(Origin::Job) };
    let mut view = store.read(&themself).await?;
    let mut explanation = Explanation::default();
    for purpose in PURPOSES {
        let mut lines = Vec::new();
        for grant in organisation.grants(&catalog, &user, &position, &described, purpose) {
            for (reason, way) in &grant.ways {
                if !view.passes(record_type, id, way).await? {
                    continue;
                }
                let condition = match &grant.condition {
                    Some(condition) => {
                        let met = view.passes(record_type, id, condition).await?;
                        Some((written(&grant.of), met))
                    }
                    None => None,
                };
                let role = grant.of.as_ref().map(|(role, _)| role.id.raw());
                let line = Why { role, reason: Some(reason.clone()), condition };
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        explanation.purposes.push((purpose, lines));
    }
    // Whatever one does with a record, one must see it.
    let sees = explanation.purposes[0].1.iter().any(Why::holds);
    for (_, lines) in explanation.purposes.iter_mut().skip(1).filter(|_| !sees) {
        lines.clear();
    }
    let rights = organisation.rights_of(&catalog, &user, day);
    for field in described.fields.iter() {
        let access = rights.field(record_type, &field.name);
        let is_told = match rights.told_on(record_type, &field.name) {
            Some(on) => view.passes(record_type, id, on).await?,
            None => false,
        };
        if access < FieldAccess::Write && !is_told {
            explanation.fields.push((field.name.to_string(), access));
        }
    }
    Ok(explanation)
}

fn written<T>(of: &Option<(T, guanxi_record::Stored<super::RoleRight>)>) -> String {
    of.as_ref().and_then(|(_, right)| right.condition.clone()).unwrap_or_default()
}

/// Everybody who may sign in and sees a record, and whether they may change it; at most so many.
///
/// # Errors
/// When the database fails.
pub async fn who_sees(
    store: &Store,
    record_type: &str,
    id: RawId,
    limit: usize,
) -> Result<Vec<(RawId, bool)>> {
    let organisation = Organisation::of(store).await?;
    let mut users: Vec<RawId> = organisation.users.keys().copied().collect();
    users.sort();
    let mut found = Vec::new();
    for user in users {
        let Ok((actor, _)) = super::actor_of(store, user, Origin::Job, None).await else {
            continue;
        };
        let mut view = store.read(&actor).await?;
        let passes = async |view: &mut guanxi_store::View, purpose| match actor
            .rights
            .scope(record_type, purpose)
        {
            Some(scope) if !scope.is_everything() => view.passes(record_type, id, scope).await,
            scope => Ok(scope.is_some_and(Filter::is_everything)),
        };
        if passes(&mut view, Purpose::Read).await? {
            let changes = passes(&mut view, Purpose::Change).await?;
            found.push((user, changes));
        }
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

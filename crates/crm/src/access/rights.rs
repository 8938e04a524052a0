//! What a user may do, made of their roles: for every type and purpose a condition on records,
//! which the store adds to every statement. Each part keeps the rule that it comes from, so that
//! the product can say why somebody sees a record.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use guanxi_base::{Date, Error, RawId, Result};
use guanxi_record::{Catalog, Filter, Op, Record, RecordType, Stored};
use guanxi_store::{Actor, FieldAccess, File, Origin, Purpose, Rights, Store, Told, TypeRights};

use serde_json::Value as Json;

use super::organisation::{Organisation, Position};
use super::telling::Telling;
use super::{EVERY_TYPE, RightScope, Role, RoleRight, SavedView, Substitution, User};

/// Named here because imports know people, not the other way round.
const IMPORT_JOB: &str = "import_job";
/// As imports.
const DASHBOARD: &str = "dashboard";
/// More people than this are named by their teams.
const NAMED_PEOPLE_MAX: usize = 300;
/// Parts of parts of parts are not followed further.
const FOLLOWED_MAX: usize = 4;

/// One reason why somebody may do something with records of a type.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The role and the line of it; `None` for what everybody may.
    pub of: Option<(Stored<Role>, Stored<RoleRight>)>,
    /// Every way to records.
    pub ways: Vec<(Reason, Filter)>,
    /// What records must pass besides.
    pub condition: Option<Filter>,
}

impl Grant {
    /// The records that a way leads to.
    #[must_use]
    pub fn filter(&self, way: &Filter) -> Filter {
        way.clone().and(self.condition.clone().unwrap_or_else(Filter::everything))
    }
}

/// The Actor that a user is.
///
/// # Errors
/// `NotFound` when the user does not exist or may not sign in any more.
pub async fn actor_of(
    store: &Store,
    user: RawId,
    origin: Origin,
    address: Option<String>,
) -> Result<(Actor, Stored<User>)> {
    let organisation = Organisation::of(store).await?;
    let user = organisation.user(user).ok_or(Error::NotFound)?.clone();
    let time_zone = organisation.time_zone_of(user.id.raw());
    let day = organisation.today_of(user.id.raw(), store.clock().now());
    let rights = organisation.rights_of(&store.catalog(), &user, day);
    let id = Some(user.id.raw());
    Ok((Actor { user: id, rights, origin, address, job: None, time_zone, wording: None }, user))
}

impl Organisation {
    /// What a user may do on a day.
    #[must_use]
    pub fn rights_of(&self, catalog: &Catalog, user: &Stored<User>, day: Date) -> Rights {
        if user.is_administrator {
            return Rights::All;
        }
        let id = user.id.raw();
        if let Some(known) = self.remembered(id, day) {
            return known;
        }
        let position = self.position(id, day);
        let mut types = HashMap::new();
        for described in catalog.types() {
            let mut rights = TypeRights::default();
            for purpose in Purpose::ALL {
                let grants = self.grants(catalog, user, &position, described, purpose);
                if grants.is_empty() {
                    continue;
                }
                // Those without a condition join into one, whichever role they come from.
                let (plain, limited): (Vec<_>, Vec<_>) =
                    grants.into_iter().partition(|grant| grant.condition.is_none());
                let mut filters = vec![joined(plain.into_iter().flat_map(|g| g.ways).collect())];
                filters.extend(
                    limited.into_iter().map(|grant| grant.filter(&joined(grant.ways.clone()))),
                );
                filters.retain(|filter| *filter != Filter::Any(Vec::new()));
                rights.scopes.insert(purpose, Filter::any(filters));
            }
            rights.fields = self.limited_fields(user, described);
            types.insert(described.name.to_string(), rights);
        }
        for described in catalog.types() {
            let telling = Telling { organisation: self, catalog, user, position: &position };
            let (hidden, told) = telling.hidden(described, &types);
            if let Some(rights) = types.get_mut(described.name.as_ref()) {
                rights.fields.extend(hidden);
                rights.told = told;
                let about = about_others(&described.name);
                if let Some(on) =
                    for_everybody(described, Purpose::Read).filter(|_| !about.is_empty())
                {
                    rights.about_others = about.iter().map(|name| (*name).to_owned()).collect();
                    rights.told.push(Told { on, fields: rights.about_others.clone() });
                }
            }
        }
        // What everybody of a role begins the day with is chosen by who looks after roles.
        let looks_after_roles =
            types.get(Role::NAME).is_some_and(|role| role.scopes.contains_key(&Purpose::Change));
        if let (false, Some(dashboard)) = (looks_after_roles, types.get_mut(DASHBOARD)) {
            let most = dashboard.fields.entry("role".to_owned()).or_insert(FieldAccess::Read);
            *most = FieldAccess::Read.min(*most);
        }
        let rights = Rights::Listed(Arc::new(types));
        self.remember(id, day, rights.clone());
        rights
    }

    /// Every reason why a user may use records of a type for a purpose.
    #[must_use]
    pub fn grants(
        &self,
        catalog: &Catalog,
        user: &User,
        position: &Position,
        described: &RecordType,
        purpose: Purpose,
    ) -> Vec<Grant> {
        let mut grants: Vec<Grant> = for_everybody(described, purpose)
            .map(|filter| {
                let ways = vec![(Reason::Everybody, filter)];
                Grant { of: None, ways, condition: None }
            })
            .into_iter()
            .collect();
        for role in self.roles_of(user) {
            for right in self.rights_of_role(role, described) {
                if !right.purposes.iter().any(|one| one.purpose() == purpose) {
                    continue;
                }
                let condition = self.conditions.get(&right.id).cloned();
                // A condition that cannot be read lets nothing through.
                if right.condition.is_some() && condition.is_none() {
                    continue;
                }
                let reach = Reach { organisation: self, catalog, position, purpose };
                let ways = reach.ways(described, right.scope, 0);
                grants.push(Grant { of: Some((role.clone(), right.clone())), ways, condition });
            }
        }
        grants
    }

    /// How far a user may give records of a type to others, by each line of their roles.
    pub(crate) fn assigning(&self, user: &User, described: &RecordType) -> Vec<RightScope> {
        let lines = self.roles_of(user).flat_map(|role| {
            let lines = self.rights_of_role(role, described);
            lines.filter(|line| line.condition.is_none()).collect::<Vec<_>>()
        });
        let assigns = |line: &&Stored<RoleRight>| {
            line.purposes.iter().any(|one| one.purpose() == Purpose::Assign)
        };
        lines.filter(assigns).map(|line| line.scope).collect()
    }

    pub(super) fn rights_of_role<'a>(
        &'a self,
        role: &'a Stored<Role>,
        described: &'a RecordType,
    ) -> impl Iterator<Item = &'a Stored<RoleRight>> {
        self.role_rights.iter().filter(move |right| {
            let every = right.record_type == EVERY_TYPE && described.is_business();
            right.role == role.id && (every || right.record_type == described.name)
        })
    }

    /// The fields that a user may not change: of the roles that see the type, the one that may do
    /// most decides.
    fn limited_fields(&self, user: &User, described: &RecordType) -> HashMap<String, FieldAccess> {
        let sees = |role: &&Stored<Role>| {
            let mut rights = self.rights_of_role(role, described);
            rights.any(|right| right.purposes.iter().any(|p| p.purpose() == Purpose::Read))
        };
        let roles: Vec<&Stored<Role>> = self.roles_of(user).filter(sees).collect();
        let mut limited = HashMap::new();
        // By the rules, not by the fields that there are now: a field that is added later is limited
        // from its first moment.
        let of_type = self.field_rights.iter().filter(|rule| rule.record_type == described.name);
        let names: BTreeSet<&str> = of_type.map(|rule| rule.field.as_str()).collect();
        for field in names {
            let access = |role: &&Stored<Role>| {
                let rule = self.field_rights.iter().find(|rule| {
                    rule.role == role.id
                        && rule.record_type == described.name
                        && rule.field == field
                });
                rule.map_or(FieldAccess::Write, |rule| rule.access.access())
            };
            if let Some(most) = roles.iter().map(access).max().filter(|a| *a < FieldAccess::Write) {
                limited.insert(field.to_owned(), most);
            }
        }
        limited
    }
}

/// Why somebody reaches a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Everybody may.
    Everybody,
    /// The role reaches all records.
    All,
    /// They answer for it.
    Own,
    /// They stand in for whoever answers for it.
    StandsIn,
    /// They lead, down the line, whoever answers for it.
    Leads,
    /// Somebody of their team, or of a team below, answers for it.
    Team,
    /// It lies in their territory.
    Territory,
    /// It belongs to their company or to one of their group.
    Company,
    /// It was shared with them or with a team of theirs.
    Shared,
    /// They reach the record that this link leads to.
    Through(&'static str),
}

/// The records that a scope means, for somebody who stands somewhere.
pub(super) struct Reach<'a> {
    pub(super) organisation: &'a Organisation,
    pub(super) catalog: &'a Catalog,
    pub(super) position: &'a Position,
    pub(super) purpose: Purpose,
}

impl Reach<'_> {
    /// Every way by which somebody reaches records in this scope.
    pub(super) fn ways(
        &self,
        described: &RecordType,
        scope: RightScope,
        depth: usize,
    ) -> Vec<(Reason, Filter)> {
        if scope == RightScope::All {
            return vec![(Reason::All, Filter::everything())];
        }
        let position = self.position;
        let mut ways = self.owned(described, scope);
        let territory = described.link_to("territory").filter(|_| scope == RightScope::Territory);
        if let Some(field) = territory.filter(|_| !position.territories.is_empty()) {
            let inside = Filter::one_of(&*field.name, position.territories.iter().copied());
            ways.push((Reason::Territory, inside));
        }
        let followed = described.followed().filter(|_| depth < FOLLOWED_MAX);
        let target = followed.and_then(|link| described.field(link)?.kind.link_target());
        if let (Some(link), Some(Ok(target))) =
            (followed, target.map(|name| self.catalog.get(name)))
        {
            let whole = joined(self.ways(target, scope, depth + 1));
            let mut both = Filter::linked(link, whole.clone());
            if let Some(second) = described.and_follows {
                both = both.and(Filter::linked(second, whole));
            }
            ways.push((Reason::Through(link), both));
        }
        let to_change = match self.purpose {
            Purpose::Read => Some(false),
            Purpose::Change => Some(true),
            _ => None,
        };
        if let Some(to_change) = to_change {
            let with = position.people.union(&position.teams_above).copied().collect();
            ways.push((Reason::Shared, Filter::Shared { with, to_change }));
        }
        ways
    }

    /// What somebody in the scope answers for.
    fn owned(&self, described: &RecordType, scope: RightScope) -> Vec<(Reason, Filter)> {
        let position = self.position;
        // A user answers for themself.
        let (owner, team) = match (described.name == User::NAME, described.owner_field()) {
            (true, _) => ("id", "team"),
            (false, Some(_)) => ("owner", "owner.team"),
            (false, None) => return self.of_companies(described, scope, None),
        };
        let of = |people: &mut dyn Iterator<Item = RawId>| Filter::one_of(owner, people);
        let me = position.user;
        let others = position.people.iter().copied().filter(|person| *person != me);
        let mut ways = vec![(Reason::Own, of(&mut std::iter::once(me)))];
        if position.people.len() > 1 {
            ways.push((Reason::StandsIn, of(&mut others.into_iter())));
        }
        if self.purpose == Purpose::Read && !position.led.is_empty() {
            ways.push((Reason::Leads, of(&mut position.led.iter().copied())));
        }
        let teams = match scope {
            RightScope::Team => &position.teams,
            RightScope::TeamAndBelow => &position.teams_below,
            _ => {
                ways.extend(self.of_companies(described, scope, Some((owner, team))));
                return ways;
            }
        };
        ways.extend(self.of_teams(owner, team, teams).map(|filter| (Reason::Team, filter)));
        ways
    }

    fn of_teams(&self, owner: &str, team: &str, teams: &BTreeSet<RawId>) -> Option<Filter> {
        let people = self.organisation.people_of(teams);
        if people.len() <= NAMED_PEOPLE_MAX {
            return (!people.is_empty()).then(|| Filter::one_of(owner, people));
        }
        Some(Filter::one_of(team, teams.iter().copied()))
    }

    /// Of a company is what names it, and what names none and is answered for by its people.
    fn of_companies(
        &self,
        described: &RecordType,
        scope: RightScope,
        owner: Option<(&str, &str)>,
    ) -> Vec<(Reason, Filter)> {
        let companies = match scope {
            RightScope::Company => &self.position.companies,
            RightScope::Group => &self.position.group,
            _ => return Vec::new(),
        };
        let mut ways = Vec::new();
        let of_people = owner.and_then(|(owner, team)| {
            let teams = self.organisation.teams_of_companies(companies);
            self.of_teams(owner, team, &teams)
        });
        match described.link_to("company") {
            Some(field) => {
                let name = field.name.as_ref();
                ways.push(Filter::one_of(name, companies.iter().copied()));
                let none = Filter::compare(name, Op::Empty, true);
                ways.extend(of_people.map(|of_people| none.and(of_people)));
            }
            None => ways.extend(of_people),
        }
        ways.into_iter().map(|filter| (Reason::Company, filter)).collect()
    }
}

/// Records that are reached in any of these ways. Lists of values of one field become one list,
/// so that an index serves it.
pub(super) fn joined(ways: Vec<(Reason, Filter)>) -> Filter {
    let mut filters: Vec<Filter> = Vec::new();
    for (_, filter) in ways {
        let Filter::Compare { field, op: Op::In, value: Json::Array(more) } = &filter else {
            if !filters.contains(&filter) {
                filters.push(filter);
            }
            continue;
        };
        let same = filters.iter_mut().find_map(|known| match known {
            Filter::Compare { field: of, op: Op::In, value: Json::Array(values) } => {
                (of == field).then_some(values)
            }
            _ => None,
        });
        match same {
            Some(values) => values
                .extend(more.iter().filter(|v| !values.contains(v)).cloned().collect::<Vec<_>>()),
            None => filters.push(filter),
        }
    }
    Filter::any(filters)
}

/// What records of a type say of another record, which is not for whoever may not see that; but for those
/// whose own they are.
fn about_others(record_type: &str) -> &'static [&'static str] {
    match record_type {
        "approval_request" => &["subject", "reason", "change", "beyond", "allowed"],
        "approval_task" => &["subject", "comment"],
        _ => &[],
    }
}

/// What everybody may, whatever their roles: read who works here, and keep their own things.
fn for_everybody(described: &RecordType, purpose: Purpose) -> Option<Filter> {
    let mine = || Filter::eq("owner", "me");
    match (&*described.name, purpose) {
        ("user" | "team" | "company" | "territory" | "role", Purpose::Read) => {
            Some(Filter::everything())
        }
        (SavedView::NAME, Purpose::Read | Purpose::Export) => Some(SavedView::visible()),
        (SavedView::NAME, Purpose::Change | Purpose::Archive) => Some(SavedView::changeable()),
        // Dashboards are one's own or shared, as views are.
        (DASHBOARD, Purpose::Read | Purpose::Export) => Some(SavedView::visible()),
        (DASHBOARD, Purpose::Create | Purpose::Change | Purpose::Archive) => Some(mine()),
        ("chart", Purpose::Read | Purpose::Export) => {
            Some(Filter::linked("dashboard", SavedView::visible()))
        }
        ("chart", Purpose::Create | Purpose::Change | Purpose::Archive) => {
            Some(Filter::linked("dashboard", mine()))
        }
        // Files of others are seen through the records that carry them; imports hold whole files.
        (File::NAME | IMPORT_JOB, Purpose::Read) => Some(mine()),
        (SavedView::NAME | File::NAME | IMPORT_JOB, Purpose::Create) => Some(mine()),
        (Substitution::NAME, Purpose::Read) => Some(mine().or(Filter::eq("substitute", "me"))),
        (Substitution::NAME, Purpose::Create | Purpose::Change | Purpose::Archive) => Some(mine()),
        // One's own requests, and those about which one is asked; the engine alone writes them.
        ("approval_request", Purpose::Read) => {
            let asked = Filter::Related {
                record_type: "approval_task".to_owned(),
                via: "approval_request".to_owned(),
                count: None,
                filter: Box::new(mine()),
            };
            Some(mine().or(asked))
        }
        ("approval_task", Purpose::Read) => {
            Some(mine().or(Filter::linked("approval_request", mine())))
        }
        ("import_mapping" | "custom_field" | "product_category", Purpose::Read) => {
            Some(Filter::everything())
        }
        _ => None,
    }
}

//! The organisation as it stands: who is in which team, which roles say what. Read once and kept
//! until something of it changes, because every request asks it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use guanxi_base::{Date, Error, Id, RawId, Result, TimeZone, Timestamp};
use guanxi_record::{Filter, Query, Record, Stored};
use guanxi_store::{Actor, Origin, Rights, Store, Tx, View};

use super::{
    ApprovalRule, ApprovalStep, AuthorityLimit, Company, CustomerClass, FieldRight, RetentionRule,
    Role, RoleRight, Substitution, Team, Territory, User,
};
use crate::all_records;
use crate::kept_condition::kept_condition;

/// A tree deeper than this is taken for a cycle.
const DEPTH_MAX: usize = 64;

/// The organisation as it stands.
#[derive(Debug)]
pub struct Organisation {
    version: i64,
    pub(super) users: HashMap<RawId, Stored<User>>,
    pub(super) teams: HashMap<RawId, Stored<Team>>,
    companies: HashMap<RawId, Stored<Company>>,
    pub(super) territories: HashMap<RawId, Stored<Territory>>,
    pub(super) roles: HashMap<RawId, Stored<Role>>,
    pub(super) role_rights: Vec<Stored<RoleRight>>,
    /// What the conditions of rights say; none of those that cannot be read.
    pub(super) conditions: HashMap<Id<RoleRight>, Filter>,
    pub(super) field_rights: Vec<Stored<FieldRight>>,
    pub(super) substitutions: Vec<Stored<Substitution>>,
    limits: Vec<Stored<AuthorityLimit>>,
    /// In the order in which they are tried.
    approval_rules: Vec<Stored<ApprovalRule>>,
    approval_steps: Vec<Stored<ApprovalStep>>,
    retention_rules: Vec<Stored<RetentionRule>>,
    /// What was computed of it: for a user on a day.
    pub(super) rights: RwLock<HashMap<(RawId, Date), Rights>>,
}

/// Where somebody stands on a day.
#[derive(Debug, Clone)]
pub struct Position {
    /// They themselves.
    pub user: RawId,
    /// They themselves, and those for whom they stand in.
    pub people: BTreeSet<RawId>,
    /// The people of the teams that they lead, down the line.
    pub led: BTreeSet<RawId>,
    /// Their teams.
    pub teams: BTreeSet<RawId>,
    /// Their teams and the teams below.
    pub teams_below: BTreeSet<RawId>,
    /// Their teams and the teams above: what is shared with those is shared with them.
    pub teams_above: BTreeSet<RawId>,
    /// Their territories and those below.
    pub territories: BTreeSet<RawId>,
    /// Their companies.
    pub companies: BTreeSet<RawId>,
    /// All companies of their group.
    pub group: BTreeSet<RawId>,
}

impl Organisation {
    /// The organisation as it stands now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(store: &Store) -> Result<Arc<Self>> {
        let version = store.access_version().await?;
        if let Some(known) = store.kept::<Self>().filter(|known| known.version == version) {
            return Ok(known);
        }
        // Read after the version: what changes meanwhile makes it read again.
        let mut view = store.read(&Actor::system(Origin::Job)).await?;
        let read = Arc::new(Self::read(&mut view, version).await?);
        store.keep(read.clone());
        Ok(read)
    }

    /// Where a user is.
    #[must_use]
    pub fn time_zone_of(&self, user: RawId) -> TimeZone {
        let zone = self.user(user).and_then(|user| TimeZone::get(&user.time_zone).ok());
        zone.unwrap_or(TimeZone::UTC)
    }

    /// Where the company's day begins and ends: by its oldest of those without a parent; before there
    /// is one, where the first user is.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        let tops = self.companies.values().filter(|company| company.parent.is_none());
        let oldest = tops.min_by_key(|company| company.id);
        let of_company = oldest.and_then(|company| TimeZone::get(&company.time_zone).ok());
        let of_user = || {
            let first = self.users.values().filter(|user| user.is_active).map(|user| user.id.raw());
            first.min().map_or(TimeZone::UTC, |user| self.time_zone_of(user))
        };
        of_company.unwrap_or_else(of_user)
    }

    /// The company's day.
    #[must_use]
    pub fn today(&self, now: Timestamp) -> Date {
        now.to_zoned(self.time_zone()).date()
    }

    /// The day that it is where a user is.
    #[must_use]
    pub fn today_of(&self, user: RawId, now: Timestamp) -> Date {
        now.to_zoned(self.time_zone_of(user)).date()
    }

    /// The organisation as a transaction sees it. It asks on the transaction's own connection: with
    /// a second one, as many transactions as there are connections would wait for each other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn within(tx: &mut Tx) -> Result<Arc<Self>> {
        let version = tx.access_version().await?;
        let kept = tx.store().kept::<Self>();
        if let Some(known) = kept.filter(|known| Some(known.version) == version) {
            return Ok(known);
        }
        let rights = tx.act_with(Rights::All);
        let read = Self::read(tx, version.unwrap_or_default()).await;
        tx.act_with(rights);
        let read = Arc::new(read?);
        if version.is_some() {
            tx.store().keep(read.clone());
        }
        Ok(read)
    }

    async fn read(view: &mut View, version: i64) -> Result<Self> {
        let mut read = Self {
            version,
            users: by_id(all(view).await?),
            teams: by_id(all(view).await?),
            companies: by_id(all(view).await?),
            territories: by_id(all(view).await?),
            roles: by_id(all(view).await?),
            role_rights: all(view).await?,
            conditions: HashMap::new(),
            field_rights: all(view).await?,
            substitutions: all(view).await?,
            limits: all(view).await?,
            approval_rules: all(view).await?,
            approval_steps: all(view).await?,
            retention_rules: all(view).await?,
            rights: RwLock::default(),
        };
        for right in &read.role_rights {
            let Some(text) = &right.condition else { continue };
            match kept_condition(view, &right.record_type, text).await {
                Ok(condition) => {
                    read.conditions.insert(right.id, condition);
                }
                Err(Error::Refused(_) | Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        read.approval_rules.sort_by_key(|rule| (rule.position, rule.id));
        read.approval_steps.sort_by_key(|step| (step.position, step.id));
        Ok(read)
    }

    /// A user who may sign in.
    #[must_use]
    pub fn user(&self, id: RawId) -> Option<&Stored<User>> {
        self.users.get(&id).filter(|user| user.is_active)
    }

    /// The roles of a user.
    pub fn roles_of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Stored<Role>> {
        user.roles.iter().filter_map(|role| self.roles.get(&role.raw()))
    }

    /// How far a user decides alone about records of a type.
    pub fn limits_of<'a>(
        &'a self,
        user: RawId,
        record_type: &'a str,
    ) -> impl Iterator<Item = &'a AuthorityLimit> {
        let roles = self.users.get(&user).map(|user| user.roles.as_slice()).unwrap_or_default();
        self.limits
            .iter()
            .filter(move |limit| limit.record_type == record_type && roles.contains(&limit.role))
            .map(|limit| &limit.record)
    }

    /// The fields of a type that some role's authority limits.
    #[must_use]
    pub fn limited_fields_of(&self, record_type: &str) -> BTreeSet<&str> {
        let of = self.limits.iter().filter(|limit| limit.record_type == record_type);
        of.map(|limit| limit.field.as_str()).collect()
    }

    /// The territory that fits best: the deepest in the tree, then the one that asks for most.
    #[must_use]
    pub fn territory_for(
        &self,
        places: &[&str],
        product_line: Option<RawId>,
        class: Option<CustomerClass>,
    ) -> Option<RawId> {
        let fits = |territory: &&Stored<Territory>| {
            let regions = territory.regions.as_deref().unwrap_or_default();
            let mut regions = regions.lines().map(str::trim).filter(|r| !r.is_empty()).peekable();
            let asks_place = regions.peek().is_some();
            let in_place = !asks_place || regions.any(|region| places.contains(&region));
            let line = territory.product_line.map(guanxi_base::Id::raw);
            let asks = asks_place || line.is_some() || territory.customer_class.is_some();
            asks && in_place
                && (line.is_none() || line == product_line)
                && (territory.customer_class.is_none() || territory.customer_class == class)
        };
        let rank = |territory: &&Stored<Territory>| {
            let id = territory.id.raw();
            let above = up(id, &self.territories, |one| one.parent.map(Id::raw)).len();
            let asked = [
                territory.regions.is_some(),
                territory.product_line.is_some(),
                territory.customer_class.is_some(),
            ];
            (above, asked.iter().filter(|asked| **asked).count(), std::cmp::Reverse(id))
        };
        let best = self.territories.values().filter(fits).max_by_key(rank);
        best.map(|territory| territory.id.raw())
    }

    /// The chains of approval for records of a type, those that stand first first.
    pub fn approval_rules<'a>(
        &'a self,
        record_type: &'a str,
    ) -> impl Iterator<Item = &'a Stored<ApprovalRule>> {
        self.approval_rules.iter().filter(move |rule| rule.record_type == record_type)
    }

    /// The steps of a chain, in their order.
    #[must_use]
    pub fn approval_steps(&self, rule: RawId) -> Vec<&ApprovalStep> {
        let of = self.approval_steps.iter().filter(|step| step.approval_rule.raw() == rule);
        of.map(|step| &step.record).collect()
    }

    /// How long the log keeps what people did.
    pub fn retention_rules(&self) -> impl Iterator<Item = &RetentionRule> {
        self.retention_rules.iter().map(|rule| &rule.record)
    }

    /// The people of a role who may sign in.
    #[must_use]
    pub fn people_of_role(&self, role: RawId) -> Vec<RawId> {
        let has = |user: &&Stored<User>| {
            user.is_active && user.roles.iter().any(|known| known.raw() == role)
        };
        let mut people: Vec<RawId> =
            self.users.values().filter(has).map(|user| user.id.raw()).collect();
        people.sort();
        people
    }

    /// Where a user stands on a day.
    #[must_use]
    pub fn position(&self, user: RawId, day: Date) -> Position {
        let mut position = Position {
            user,
            people: BTreeSet::new(),
            led: BTreeSet::new(),
            teams: BTreeSet::new(),
            teams_below: BTreeSet::new(),
            teams_above: BTreeSet::new(),
            territories: BTreeSet::new(),
            companies: BTreeSet::new(),
            group: BTreeSet::new(),
        };
        position.people.insert(user);
        let stands_in = self
            .substitutions
            .iter()
            .filter(|substitution| substitution.substitute.0 == user && substitution.holds_on(day));
        position.people.extend(stands_in.filter_map(|s| s.owner.map(|owner| owner.0)));
        for person in &position.people {
            if let Some(team) = self.users.get(person).and_then(|user| user.team) {
                position.teams.insert(team.raw());
            }
        }
        for team in &position.teams {
            position.teams_above.extend(self.teams_above(*team));
            position.companies.extend(self.company_of_team(*team));
        }
        position.teams_below = self.teams_below(&position.teams);
        let leads = |team: &&Stored<Team>| {
            team.leader.is_some_and(|leader| position.people.contains(&leader.0))
        };
        let led: BTreeSet<RawId> =
            self.teams.values().filter(leads).map(|team| team.id.raw()).collect();
        position.led = self.people_of(&self.teams_below(&led));
        let mine = self.territories.values().filter(|territory| {
            territory.members.iter().any(|member| position.people.contains(&member.raw()))
        });
        let mine = mine.map(|territory| territory.id.raw()).collect();
        position.territories =
            below(&mine, &self.territories, |territory| territory.parent.map(Id::raw));
        let tops = position.companies.iter().map(|company| self.top_company(*company)).collect();
        position.group = below(&tops, &self.companies, |company| company.parent.map(Id::raw));
        position
    }

    /// The people of some teams.
    #[must_use]
    pub fn people_of(&self, teams: &BTreeSet<RawId>) -> BTreeSet<RawId> {
        let inside =
            |user: &&Stored<User>| user.team.is_some_and(|team| teams.contains(&team.raw()));
        self.users.values().filter(inside).map(|user| user.id.raw()).collect()
    }

    /// The teams whose nearest company, going up, is one of these.
    #[must_use]
    pub fn teams_of_companies(&self, companies: &BTreeSet<RawId>) -> BTreeSet<RawId> {
        let inside = |team: &RawId| {
            self.company_of_team(*team).is_some_and(|company| companies.contains(&company))
        };
        self.teams.keys().copied().filter(inside).collect()
    }

    /// A team and the teams above it, from itself up.
    #[must_use]
    pub fn teams_above(&self, team: RawId) -> Vec<RawId> {
        up(team, &self.teams, |team| team.parent.map(Id::raw))
    }

    /// The leaders above somebody: of their own team first, never themselves.
    #[must_use]
    pub fn managers_of(&self, user: RawId) -> Vec<RawId> {
        let Some(team) = self.users.get(&user).and_then(|user| user.team) else {
            return Vec::new();
        };
        let mut managers: Vec<RawId> = Vec::new();
        for team in self.teams_above(team.raw()) {
            let leader = self.teams.get(&team).and_then(|team| team.leader).map(|leader| leader.0);
            let leader = leader.filter(|leader| *leader != user && !managers.contains(leader));
            managers.extend(leader);
        }
        managers
    }

    fn teams_below(&self, teams: &BTreeSet<RawId>) -> BTreeSet<RawId> {
        below(teams, &self.teams, |team| team.parent.map(Id::raw))
    }

    fn company_of_team(&self, team: RawId) -> Option<RawId> {
        let mut above = self.teams_above(team).into_iter();
        above.find_map(|team| self.teams.get(&team)?.company.map(Id::raw))
    }

    fn top_company(&self, company: RawId) -> RawId {
        let line = up(company, &self.companies, |company| company.parent.map(Id::raw));
        line.last().copied().unwrap_or(company)
    }
}

/// A node and those above it.
fn up<T>(
    from: RawId,
    tree: &HashMap<RawId, Stored<T>>,
    parent: impl Fn(&T) -> Option<RawId>,
) -> Vec<RawId> {
    let mut line = vec![from];
    let mut at = from;
    while let Some(next) = tree.get(&at).and_then(|node| parent(&node.record)) {
        if line.contains(&next) || line.len() >= DEPTH_MAX {
            break;
        }
        line.push(next);
        at = next;
    }
    line
}

/// Some nodes and all below them.
fn below<T>(
    tops: &BTreeSet<RawId>,
    tree: &HashMap<RawId, Stored<T>>,
    parent: impl Fn(&T) -> Option<RawId>,
) -> BTreeSet<RawId> {
    let mut children: HashMap<RawId, Vec<RawId>> = HashMap::new();
    for (id, node) in tree {
        if let Some(parent) = parent(&node.record) {
            children.entry(parent).or_default().push(*id);
        }
    }
    let mut found: HashSet<RawId> = HashSet::new();
    let mut open: Vec<RawId> = tops.iter().copied().collect();
    while let Some(at) = open.pop() {
        if found.insert(at) {
            open.extend(children.get(&at).into_iter().flatten());
        }
    }
    found.into_iter().collect()
}

fn by_id<T>(all: Vec<Stored<T>>) -> HashMap<RawId, Stored<T>> {
    all.into_iter().map(|one| (one.id.raw(), one)).collect()
}

/// All records of a type that are not archived.
async fn all<T: Record>(view: &mut View) -> Result<Vec<Stored<T>>> {
    all_records::all(view, Query::of(Filter::everything())).await
}

impl Organisation {
    pub(super) fn remembered(&self, user: RawId, day: Date) -> Option<Rights> {
        let rights = self.rights.read().unwrap_or_else(PoisonError::into_inner);
        rights.get(&(user, day)).cloned()
    }

    pub(super) fn remember(&self, user: RawId, day: Date, computed: Rights) {
        let mut rights = self.rights.write().unwrap_or_else(PoisonError::into_inner);
        rights.retain(|(_, known), _| *known >= day.saturating_sub(jiff::Span::new().days(2)));
        rights.insert((user, day), computed);
    }
}

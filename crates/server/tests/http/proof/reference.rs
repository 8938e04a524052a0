//! Who may do what, said as plainly as possible: no SQL, no cache, one record at a time.

use guanxi_crm::access::{RightPurpose, RightScope};
use guanxi_store::FieldAccess;

use super::world::{Shared, Thing, World};

impl World {
    /// Whether a person may use a record for a purpose: what one may not see, one may not use.
    pub(crate) fn may(&self, person: usize, thing: usize, purpose: RightPurpose) -> bool {
        self.has_right(person, thing, RightPurpose::Read) && self.has_right(person, thing, purpose)
    }

    fn has_right(&self, person: usize, thing: usize, purpose: RightPurpose) -> bool {
        let of = &self.things[thing];
        let roles = &self.people[person].roles;
        roles.iter().flat_map(|role| &self.roles[*role].rights).any(|right| {
            (right.record_type == "*" || right.record_type == of.record_type)
                && right.purposes.contains(&purpose)
                && right.condition.is_none_or(|condition| condition == of.state)
                && self.reaches(person, thing, right.scope, purpose)
        })
    }

    /// Whether some role of theirs allows the purpose on records of the type at all.
    pub(crate) fn may_any(&self, person: usize, record_type: &str, purpose: RightPurpose) -> bool {
        let roles = &self.people[person].roles;
        roles.iter().flat_map(|role| &self.roles[*role].rights).any(|right| {
            (right.record_type == "*" || right.record_type == record_type)
                && right.purposes.contains(&purpose)
        })
    }

    fn reaches(
        &self,
        person: usize,
        thing: usize,
        scope: RightScope,
        purpose: RightPurpose,
    ) -> bool {
        if scope == RightScope::All {
            return true;
        }
        let of = &self.things[thing];
        let selves = self.selves(person);
        let answers = of.owner.is_some_and(|owner| {
            selves.contains(&owner) || (purpose == RightPurpose::Read && self.leads(&selves, owner))
        });
        let inside = match scope {
            RightScope::Own | RightScope::All => false,
            RightScope::Team => of.owner.is_some_and(|owner| {
                let team = self.people[owner].team;
                team.is_some() && selves.iter().any(|me| self.people[*me].team == team)
            }),
            RightScope::TeamAndBelow => of.owner.is_some_and(|owner| {
                let mine = selves.iter().filter_map(|me| self.people[*me].team);
                let above = self.teams_above(self.people[owner].team);
                mine.into_iter().any(|team| above.contains(&team))
            }),
            RightScope::Territory => {
                let mut area = of.territory;
                let mut found = false;
                while let Some(at) = area {
                    found |= selves.iter().any(|me| self.areas[at].members.contains(me));
                    area = self.areas[at].parent;
                }
                found
            }
            RightScope::Company => self.company_of(of).is_some_and(|company| {
                selves.iter().any(|me| self.company_of_person(*me) == Some(company))
            }),
            RightScope::Group => self.company_of(of).is_some_and(|company| {
                let top = self.top(company);
                let mut mine = selves.iter().filter_map(|me| self.company_of_person(*me));
                mine.any(|mine| self.top(mine) == top)
            }),
        };
        let through =
            of.follows.is_some_and(|followed| self.reaches(person, followed, scope, purpose));
        answers || inside || through || self.is_shared(&selves, thing, purpose)
    }

    /// A person and those for whom they stand in today.
    fn selves(&self, person: usize) -> Vec<usize> {
        let mut selves = vec![person];
        for (away, stands_in, holds) in &self.substitutions {
            if *holds && *stands_in == person {
                selves.push(*away);
            }
        }
        selves
    }

    fn teams_above(&self, team: Option<usize>) -> Vec<usize> {
        let mut above = Vec::new();
        let mut at = team;
        while let Some(team) = at {
            above.push(team);
            at = self.teams[team].parent;
        }
        above
    }

    fn leads(&self, selves: &[usize], owner: usize) -> bool {
        let above = self.teams_above(self.people[owner].team);
        above.iter().any(|team| self.teams[*team].leader.is_some_and(|who| selves.contains(&who)))
    }

    fn company_of_person(&self, person: usize) -> Option<usize> {
        let above = self.teams_above(self.people[person].team);
        above.into_iter().find_map(|team| self.teams[team].company)
    }

    /// Orders and invoices name their company; what names none belongs to its owner's.
    fn company_of(&self, of: &Thing) -> Option<usize> {
        of.company.or_else(|| of.owner.and_then(|owner| self.company_of_person(owner)))
    }

    fn top(&self, company: usize) -> usize {
        let mut at = company;
        while let Some(parent) = self.companies[at].1 {
            at = parent;
        }
        at
    }

    fn is_shared(&self, selves: &[usize], thing: usize, purpose: RightPurpose) -> bool {
        let concerns = |share: &Shared| {
            let person = share.person.is_some_and(|person| selves.contains(&person));
            let team = share.team.is_some_and(|team| {
                selves.iter().any(|me| self.teams_above(self.people[*me].team).contains(&team))
            });
            person || team
        };
        self.shares.iter().any(|share| {
            let enough = match purpose {
                RightPurpose::Read => true,
                RightPurpose::Change => share.may_change,
                _ => false,
            };
            share.thing == thing && share.holds && enough && concerns(share)
        })
    }

    /// What a person may do with a field: the most that a role allows which sees the type.
    pub(crate) fn field(&self, person: usize, record_type: &str, field: &str) -> FieldAccess {
        let roles = self.people[person].roles.iter().map(|role| &self.roles[*role]);
        let seeing = roles.filter(|role| {
            role.rights.iter().any(|right| {
                (right.record_type == "*" || right.record_type == record_type)
                    && right.purposes.contains(&RightPurpose::Read)
            })
        });
        let access = seeing.map(|role| {
            let mut rules = role.fields.iter();
            let rule = rules.find(|(of, name, _)| *of == record_type && *name == field);
            rule.map_or(FieldAccess::Write, |(_, _, access)| access.access())
        });
        access.max().unwrap_or(FieldAccess::Write)
    }

    /// Whether a person may ask for what orders tell about customers: by the rights on that field and on
    /// what it is computed from, wherever they see orders without a condition.
    pub(crate) fn asks_told(&self, person: usize) -> bool {
        self.reads_field(person, "customer", "revenue")
            && self.reads_field(person, "order", "total")
            && self.scopes_of_orders(person).next().is_some()
    }

    /// Whether they are told of this customer: they see all orders that there are of them.
    pub(crate) fn is_told(&self, person: usize, customer: usize) -> bool {
        let seen = |scope| self.reaches(person, customer, scope, RightPurpose::Read);
        self.asks_told(person) && self.scopes_of_orders(person).any(seen)
    }

    fn scopes_of_orders(&self, person: usize) -> impl Iterator<Item = RightScope> + '_ {
        let roles = self.people[person].roles.iter();
        let rights = roles.flat_map(|role| &self.roles[*role].rights);
        let reads = rights.filter(|right| {
            (right.record_type == "*" || right.record_type == "order")
                && right.purposes.contains(&RightPurpose::Read)
                && right.condition.is_none()
        });
        reads.map(|right| right.scope)
    }

    pub(crate) fn reads_field(&self, person: usize, record_type: &str, field: &str) -> bool {
        self.field(person, record_type, field) >= FieldAccess::Read
    }
}

//! Makes random worlds and stores them.

use guanxi_base::{Currency, Date, Decimal, Id, Money, RawId, Rng};
use guanxi_crm::access::{
    Company, FieldRight, LimitedAccess, Locale, RightPurpose, RightScope, Role, RoleRight,
    Substitution, Team, Territory, User,
};
use guanxi_crm::billing::{Invoice, InvoiceStatus};
use guanxi_crm::people::{Contact, Customer, CustomerKind};
use guanxi_crm::sales::{Order, OrderKind, OrderLine, OrderStatus};
use guanxi_crm::work::{Task, TaskStatus};
use guanxi_record::{Email, LongText, Owner, Phone, Record, Value};
use guanxi_store::{Actor, NewSignIn, Origin, Purpose, Share, SignInKind, Store, Tx};

use super::world::{Area, Group, Person, Right, RoleOf, Shared, TODAY, TYPES, Thing, World};

fn maybe(rng: &mut Rng, among: usize, probability: f64) -> Option<usize> {
    (among > 0 && rng.chance(probability)).then(|| rng.below(among))
}

const SCOPES: [RightScope; 7] = [
    RightScope::Own,
    RightScope::Team,
    RightScope::TeamAndBelow,
    RightScope::Territory,
    RightScope::Company,
    RightScope::Group,
    RightScope::All,
];

fn random_role(rng: &mut Rng) -> RoleOf {
    use RightPurpose::{Archive, Assign, Bulk, Change, Create, Export, Read};
    let mut role = RoleOf::default();
    for _ in 0..1 + rng.below(3) {
        let record_type = if rng.chance(0.3) { "*" } else { *rng.pick(&TYPES) };
        let purposes = [Read, Change, Export, Archive, Create, Bulk, Assign];
        let mut purposes: Vec<RightPurpose> =
            purposes.into_iter().filter(|_| rng.chance(0.4)).collect();
        if rng.chance(0.8) && !purposes.contains(&Read) {
            purposes.insert(0, Read);
        }
        if purposes.is_empty() {
            continue;
        }
        let condition = match record_type {
            "customer" => Some(("kind", "person")),
            "order" => Some(("status", "confirmed")),
            "task" => Some(("status", "open")),
            _ => None,
        };
        let condition = condition.filter(|_| rng.chance(0.3));
        let scope = *rng.pick(&SCOPES);
        role.rights.push(Right { record_type: record_type.to_owned(), purposes, scope, condition });
    }
    let fields = [
        ("customer", "phone"),
        ("customer", "name"),
        ("customer", "country"),
        ("customer", "revenue"),
        ("order", "total"),
        ("order", "customer"),
        ("contact", "phone"),
    ];
    for (record_type, field) in fields {
        if rng.chance(0.1) {
            let access = [LimitedAccess::Hidden, LimitedAccess::Masked, LimitedAccess::Read];
            role.fields.push((record_type, field, *rng.pick(&access)));
        }
    }
    role
}

/// Writes a world as it makes it.
struct Maker<'a> {
    rng: &'a mut Rng,
    tx: Tx,
    world: World,
    number: usize,
}

impl World {
    pub(crate) async fn make(store: &Store, rng: &mut Rng, number: usize) -> Self {
        let system = Actor::system(Origin::Cli);
        let tx = store.write(&system).await.unwrap();
        let mut maker = Maker { rng, tx, world: Self::default(), number };
        maker.organisation().await;
        maker.things().await;
        maker.shares().await;
        let Maker { tx, mut world, .. } = maker;
        tx.commit().await.unwrap();
        for person in &mut world.people {
            let token = |kind| store.create_sign_in(person.id, NewSignIn::of(kind));
            person.token = token(SignInKind::ApiToken).await.unwrap();
            person.session = token(SignInKind::Session).await.unwrap();
        }
        world
    }
}

impl Maker<'_> {
    async fn create<T: Record>(&mut self, record: &T) -> RawId {
        self.tx.create(record).await.unwrap().id.raw()
    }

    async fn organisation(&mut self) {
        let n = self.number;
        for at in 0..3 {
            let parent = maybe(self.rng, at, 0.6);
            let company = Company {
                name: format!("Company {n} {at}"),
                parent: parent.map(|p| Id::new(self.world.companies[p].0)),
                short_name: None,
                tax_number: None,
                currency: "CNY".to_owned(),
                time_zone: "Asia/Shanghai".to_owned(),
                address: None,
            };
            let id = self.create(&company).await;
            self.world.companies.push((id, parent));
        }
        for at in 0..6 {
            let parent = maybe(self.rng, at, 0.7);
            let company = maybe(self.rng, 3, 0.5);
            let team = Team {
                name: format!("Team {n} {at}"),
                parent: parent.map(|p| Id::new(self.world.teams[p].id)),
                company: company.map(|c| Id::new(self.world.companies[c].0)),
                leader: None,
            };
            let id = self.create(&team).await;
            self.world.teams.push(Group { id, parent, company, leader: None });
        }
        self.roles().await;
        for at in 0..7 {
            let team = maybe(self.rng, 6, 0.85);
            let mut roles: Vec<usize> = (0..self.rng.below(4)).map(|_| self.rng.below(4)).collect();
            roles.dedup();
            let user = User {
                name: format!("Person {n} {at}"),
                email: Email(format!("person{n}x{at}@world.example")),
                phone: None,
                job_title: None,
                team: team.map(|t| Id::new(self.world.teams[t].id)),
                roles: roles.iter().map(|r| Id::new(self.world.role_ids[*r])).collect(),
                is_administrator: false,
                is_active: true,
                locale: Locale::En,
                time_zone: "UTC".to_owned(),
            };
            let id = self.create(&user).await;
            let (token, session) = (String::new(), String::new());
            self.world.people.push(Person { id, team, roles, token, session });
        }
        for at in 0..6 {
            let Some(leader) = maybe(self.rng, 7, 0.4) else { continue };
            let id = Id::<Team>::new(self.world.teams[at].id);
            let mut team = self.tx.fetch(Purpose::Change, id).await.unwrap();
            team.leader = Some(Owner(self.world.people[leader].id));
            self.tx.update(&team).await.unwrap();
            self.world.teams[at].leader = Some(leader);
        }
        self.territories().await;
        self.substitutions().await;
    }

    async fn roles(&mut self) {
        for at in 0..4 {
            let role = random_role(self.rng);
            let name = format!("Role {} {at}", self.number);
            let id =
                self.create(&Role { name, description: None, needs_second_factor: false }).await;
            let typed = Id::<Role>::new(id);
            for right in &role.rights {
                let condition = right.condition.map(|(field, value)| format!("{field}={value}"));
                let stored = RoleRight {
                    role: typed,
                    record_type: right.record_type.clone(),
                    purposes: right.purposes.clone(),
                    scope: right.scope,
                    condition,
                };
                self.create(&stored).await;
            }
            for (record_type, field, access) in role.fields.clone() {
                let (record_type, field) = (record_type.to_owned(), field.to_owned());
                self.create(&FieldRight { role: typed, record_type, field, access }).await;
            }
            self.world.roles.push(role);
            self.world.role_ids.push(id);
        }
    }

    async fn territories(&mut self) {
        for at in 0..4 {
            let parent = maybe(self.rng, at, 0.6);
            let members: Vec<usize> = (0..7).filter(|_| self.rng.chance(0.2)).collect();
            let territory = Territory {
                name: format!("Territory {} {at}", self.number),
                parent: parent.map(|p| Id::new(self.world.areas[p].id)),
                members: members.iter().map(|m| Id::new(self.world.people[*m].id)).collect(),
                regions: None,
                product_line: None,
                customer_class: None,
            };
            let id = self.create(&territory).await;
            self.world.areas.push(Area { id, parent, members });
        }
    }

    async fn substitutions(&mut self) {
        for _ in 0..2 {
            let (away, stands_in) = (self.rng.below(7), self.rng.below(7));
            if away == stands_in {
                continue;
            }
            let days = [("2026-03-01", "2026-03-18"), ("2026-03-18", "2026-04-01")];
            let other = [("2026-01-01", "2026-03-17"), ("2026-03-19", "2026-04-01")];
            let holds = self.rng.chance(0.6);
            let (first, last) = *self.rng.pick(if holds { &days } else { &other });
            let substitution = Substitution {
                owner: Some(Owner(self.world.people[away].id)),
                substitute: Owner(self.world.people[stands_in].id),
                first_day: first.parse().unwrap(),
                last_day: last.parse().unwrap(),
                reason: None,
            };
            self.create(&substitution).await;
            self.world.substitutions.push((away, stands_in, holds));
        }
    }

    /// A word of letters that nothing else has; it begins no other.
    fn word(&mut self, at: usize) -> String {
        let letters = |mut n: usize| {
            let mut text = String::new();
            for _ in 0..3 {
                text.push(char::from(b'a' + (n % 26) as u8));
                n /= 26;
            }
            text
        };
        format!("zq{}{}", letters(self.number), letters(at))
    }

    fn owner(&self, person: Option<usize>) -> Option<Owner> {
        person.map(|at| Owner(self.world.people[at].id))
    }

    fn push(&mut self, thing: Thing) -> usize {
        self.world.things.push(thing);
        self.world.things.len() - 1
    }

    async fn things(&mut self) {
        let mut customers = Vec::new();
        for at in 0..9 {
            customers.push(self.customer(at).await);
        }
        let mut at = 100;
        for _ in 0..8 {
            at += 10;
            let customer = *self.rng.pick(&customers);
            match self.rng.below(4) {
                0 => self.contact(at, customer).await,
                1 => self.order(at, customer).await,
                2 => self.invoice(at, customer).await,
                _ => self.task(at, customer).await,
            }
        }
        self.order(300, customers[0]).await;
    }

    async fn customer(&mut self, at: usize) -> usize {
        let word = self.word(at);
        let owner = maybe(self.rng, 7, 0.8);
        let territory = maybe(self.rng, 4, 0.6);
        let is_person = self.rng.chance(0.5);
        let phone = format!("139{:04}{:04}", self.number, at);
        let customer = Customer {
            kind: if is_person { CustomerKind::Person } else { CustomerKind::Organisation },
            country: Some("China".to_owned()),
            phone: Some(Phone(phone.clone())),
            owner: self.owner(owner),
            territory: territory.map(|t| Id::new(self.world.areas[t].id)),
            ..Customer::named(word.clone())
        };
        let id = self.create(&customer).await;
        self.find_out(id).await;
        let kind = if is_person { "person" } else { "organisation" };
        self.push(Thing {
            id,
            record_type: "customer",
            word,
            owner,
            territory,
            company: None,
            follows: None,
            state: ("kind", kind),
            phone: Some(phone),
        })
    }

    /// What an analysis would have found out about a customer.
    async fn find_out(&mut self, customer: RawId) {
        let described = self.tx.catalog().get("customer").unwrap().clone();
        let place = described.position("revenue").unwrap();
        let found = [(customer, vec![Value::Money(Money::new(7 * Money::ONE, Currency::CNY))])];
        self.tx.derive(&described, &[place], &found).await.unwrap();
    }

    fn thing(&mut self, id: RawId, record_type: &'static str, at: usize, follows: usize) -> Thing {
        let word = self.word(at);
        Thing {
            id,
            record_type,
            word,
            owner: None,
            territory: None,
            company: None,
            follows: Some(follows),
            state: ("", ""),
            phone: None,
        }
    }

    async fn contact(&mut self, at: usize, customer: usize) {
        let contact = Contact {
            name: self.word(at),
            customer: Id::new(self.world.things[customer].id),
            job_title: None,
            roles: Vec::new(),
            influence: None,
            reports_to: None,
            phone: None,
            email: None,
            birthday: None,
            notes: Some(LongText("x".to_owned())),
        };
        let id = self.create(&contact).await;
        let thing = self.thing(id, "contact", at, customer);
        self.push(thing);
    }

    async fn order(&mut self, at: usize, customer: usize) {
        let owner = maybe(self.rng, 7, 0.7);
        let company = maybe(self.rng, 3, 0.4);
        let is_confirmed = self.rng.chance(0.5);
        let order = Order {
            number: Some(self.word(at)),
            customer: Some(Id::new(self.world.things[customer].id)),
            date: TODAY.parse::<Date>().unwrap(),
            kind: OrderKind::Sale,
            status: if is_confirmed { OrderStatus::Confirmed } else { OrderStatus::Draft },
            total: None,
            channel: None,
            contact: None,
            company: company.map(|c| Id::new(self.world.companies[c].0)),
            owner: self.owner(owner),
            customer_reference: None,
            notes: None,
        };
        let id = self.create(&order).await;
        let state = ("status", if is_confirmed { "confirmed" } else { "draft" });
        let thing = self.thing(id, "order", at, customer);
        let order_at = self.push(Thing { owner, company, state, ..thing });
        let line = OrderLine {
            order: Id::new(id),
            product: None,
            description: Some(self.word(at + 1)),
            quantity: Decimal::from(1),
            unit_price: Money::new(10 * Money::ONE, Currency::CNY),
            unit: None,
            discount: None,
            tax_rate: None,
            amount: None,
            list_price: None,
            below_list: None,
        };
        let id = self.create(&line).await;
        let thing = self.thing(id, "order_line", at + 1, order_at);
        self.push(thing);
    }

    async fn invoice(&mut self, at: usize, customer: usize) {
        let company = maybe(self.rng, 3, 0.5);
        let invoice = Invoice {
            number: Some(self.word(at)),
            customer: Id::new(self.world.things[customer].id),
            order: None,
            date: TODAY.parse::<Date>().unwrap(),
            due_date: None,
            status: InvoiceStatus::Draft,
            total: None,
            company: company.map(|c| Id::new(self.world.companies[c].0)),
            notes: None,
        };
        let id = self.create(&invoice).await;
        let thing = self.thing(id, "invoice", at, customer);
        self.push(Thing { company, ..thing });
    }

    async fn task(&mut self, at: usize, customer: usize) {
        let owner = maybe(self.rng, 7, 0.7);
        let follows = self.rng.chance(0.7).then_some(customer);
        let is_open = self.rng.chance(0.5);
        let task = Task {
            subject: self.word(at),
            customer: follows.map(|c| Id::new(self.world.things[c].id)),
            contact: None,
            case: None,
            due_date: None,
            priority: guanxi_crm::service::Priority::Normal,
            status: if is_open { TaskStatus::Open } else { TaskStatus::Done },
            owner: self.owner(owner),
            notes: None,
        };
        let id = self.create(&task).await;
        let state = ("status", if is_open { "open" } else { "done" });
        let thing = self.thing(id, "task", at, customer);
        self.push(Thing { owner, follows, state, ..thing });
    }

    async fn shares(&mut self) {
        for _ in 0..5 {
            let thing = self.rng.below(self.world.things.len());
            let to_team = self.rng.chance(0.4);
            let (person, team) = match to_team {
                true => (None, Some(self.rng.below(6))),
                false => (Some(self.rng.below(7)), None),
            };
            let known = |share: &Shared| {
                share.thing == thing && share.person == person && share.team == team
            };
            if self.world.shares.iter().any(known) {
                continue;
            }
            let person_id = person.map(|at| self.world.people[at].id);
            let team_id = team.map(|at| self.world.teams[at].id);
            let holds = self.rng.chance(0.7);
            let until = match holds {
                true => *self.rng.pick(&[None, Some("2026-03-18"), Some("2027-01-01")]),
                false => Some("2026-03-17"),
            };
            let may_change = self.rng.chance(0.5);
            let share = Share {
                with: person_id.or(team_id).unwrap(),
                may_change,
                until: until.map(|day| day.parse().unwrap()),
                by: None,
            };
            let (record_type, id) =
                (self.world.things[thing].record_type, self.world.things[thing].id);
            self.tx.share(record_type, id, &share).await.unwrap();
            self.world.shares.push(Shared { thing, person, team, may_change, holds });
        }
    }
}

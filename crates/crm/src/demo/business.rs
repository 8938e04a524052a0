//! The life of one customer: when they come, how often they buy, what, how they pay, when they
//! leave. Purchases are a Poisson process that seasons modulate, lifetimes are exponential, and
//! rates differ between customers by a lognormal factor: the shape that real logs have.

use guanxi_base::{Clock, Currency, Date, Decimal, Id, Money, Result, Rng, Timestamp};
use guanxi_record::{Address, Email, Owner, Phone, Record, Row, Value};
use guanxi_store::{Store, Tx};
use jiff::{SignedDuration, ToSpan};

use super::words::Words;
use super::{Demo, House, today};
use crate::access::{CustomerClass, Territory};
use crate::billing::{Invoice, InvoiceLine, InvoiceStatus, Payment, PaymentMethod};
use crate::people::{Contact, ContactRole, Customer, CustomerKind};
use crate::sales::{Order, OrderKind, OrderLine, OrderStatus, SalesChannel};
use crate::service::{Case, CaseKind, CaseStatus, Priority};
use crate::work::{Direction, Interaction, InteractionKind, Task, TaskStatus};

/// The company is so old.
const DAYS: f64 = 3.0 * 365.0;
/// Business of each month against the mean: weak in February, strong before the year's end.
const SEASON: [f64; 12] = [0.85, 0.6, 1.05, 1.0, 1.05, 1.1, 0.9, 0.9, 1.15, 1.05, 1.3, 1.25];
/// Thirty days to pay.
const PAYMENT_DAYS: i64 = 30;

/// What one transaction makes.
pub(super) struct Batch<'a> {
    house: &'a House,
    words: &'a Words,
    demo: &'a Demo,
    today: Date,
    now: Timestamp,
    customers: Vec<Row>,
    contacts: Vec<Row>,
    orders: Vec<Row>,
    lines: Vec<Row>,
    invoices: Vec<Row>,
    invoice_lines: Vec<Row>,
    payments: Vec<Row>,
    cases: Vec<Row>,
    interactions: Vec<Row>,
    tasks: Vec<Row>,
}

/// One customer while their life is made up.
struct Life {
    id: Id<Customer>,
    owner: Owner,
    contact: Id<Contact>,
    is_chinese: bool,
    /// How many days late they pay, on average.
    late_days: f64,
    /// How much they buy at once, against the mean.
    size: f64,
}

impl<'a> Batch<'a> {
    pub(super) fn new(clock: &Clock, house: &'a House, words: &'a Words, demo: &'a Demo) -> Self {
        let rows = Vec::new;
        Self {
            house,
            words,
            demo,
            today: today(clock),
            now: clock.now(),
            customers: rows(),
            contacts: rows(),
            orders: rows(),
            lines: rows(),
            invoices: rows(),
            invoice_lines: rows(),
            payments: rows(),
            cases: rows(),
            interactions: rows(),
            tasks: rows(),
        }
    }

    fn row<T: Record>(&self, store: &Store, record: &T) -> Row {
        Row {
            id: store.new_id(),
            version: 1,
            created_at: self.now,
            updated_at: self.now,
            archived_at: None,
            values: record.values(),
        }
    }

    /// A customer with all that happened.
    pub(super) fn customer(&mut self, rng: &mut Rng, store: &Store) {
        let place = rng.pick(self.words.places()).clone();
        let territory = self.house.territory(place[1]);
        let is_chinese = place[0] == "China";
        let owner = Owner(*rng.pick(&self.house.sellers));
        let record = self.profile(rng, &place, is_chinese, (owner, territory));
        let row = self.row(store, &record);
        let id = Id::new(row.id);
        self.customers.push(row);
        let contact = self.people(rng, store, id, is_chinese);
        let late_days = match rng.unit() {
            share if share < 0.65 => 0.0,
            share if share < 0.9 => 12.0,
            _ => 55.0,
        };
        let size = (0.7 * rng.normal()).exp();
        let life = Life { id, owner, contact, is_chinese, late_days, size };
        // More customers come each year: the start leans towards today.
        let start = DAYS * (1.0 - rng.unit().powf(1.3));
        let lifetime = rng.exponential(900.0);
        let spread = 1.1;
        let mean_rate = self.demo.orders_per_customer / 420.0;
        let rate = mean_rate * (spread * rng.normal() - spread * spread / 2.0).exp();
        let mut day = start;
        while day < DAYS.min(start + lifetime) {
            let date = self.date(day);
            let season = SEASON[usize::try_from(date.month() - 1).unwrap_or(0)];
            if rng.chance(season / 1.3) {
                self.order(rng, store, &life, date);
            }
            // Thinning: the process runs at its highest rate, seasons take some away.
            day += rng.exponential(1.0 / (rate * 1.3)).max(0.5);
        }
        self.contact_history(rng, store, &life);
    }

    fn date(&self, day: f64) -> Date {
        let ago = (DAYS - day).floor() as i64;
        self.today.checked_sub(ago.max(0).days()).unwrap_or(self.today)
    }

    fn name(&self, rng: &mut Rng, is_chinese: bool) -> String {
        let mut word = |list| *rng.pick(self.words.of(is_chinese, list));
        let (family, given) = (word("family"), word("given"));
        if is_chinese { format!("{family}{given}") } else { format!("{given} {family}") }
    }

    fn profile(
        &self,
        rng: &mut Rng,
        place: &[&str],
        is_chinese: bool,
        (owner, territory): (Owner, Option<Id<Territory>>),
    ) -> Customer {
        let is_person = rng.chance(0.08);
        let trade = *rng.pick(self.words.of(is_chinese, "trade"));
        let name = if is_person {
            self.name(rng, is_chinese)
        } else {
            let brand = *rng.pick(self.words.of(is_chinese, "brand"));
            let suffix = *rng.pick(self.words.of(is_chinese, "suffix"));
            if is_chinese {
                let city = place[2].chars().take(2).collect::<String>();
                format!("{city}{brand}{trade}{suffix}")
            } else {
                format!("{brand} {trade} {suffix}")
            }
        };
        let mail = format!("info{}@customer.example", rng.below(1_000_000_000));
        Customer {
            kind: if is_person { CustomerKind::Person } else { CustomerKind::Organisation },
            industry: (!is_person).then(|| trade.to_owned()),
            country: Some(place[0].replace('-', " ")),
            address: Some(Address {
                province: place[1].to_owned(),
                city: place[2].to_owned(),
                district: place[3].to_owned(),
                street: format!("{}", 1 + rng.below(999)),
                postal_code: format!("{:06}", 100_000 + rng.below(800_000)),
            }),
            phone: Some(phone(rng)),
            email: Some(Email(mail)),
            employees: (!is_person).then(|| (3.0 + rng.exponential(120.0)) as i64),
            owner: Some(owner),
            territory,
            class: Some(match rng.below(20) {
                0 => CustomerClass::Key,
                1..=13 => CustomerClass::Standard,
                _ => CustomerClass::Small,
            }),
            source: Some(*rng.pick(&self.house.points)),
            ..Customer::named(name)
        }
    }

    fn people(
        &mut self,
        rng: &mut Rng,
        store: &Store,
        customer: Id<Customer>,
        is_chinese: bool,
    ) -> Id<Contact> {
        let mut first = None;
        let roles = [ContactRole::Purchasing, ContactRole::DecisionMaker, ContactRole::Finance];
        for role in roles.into_iter().take(1 + rng.below(3)) {
            let contact = Contact {
                name: self.name(rng, is_chinese),
                customer,
                job_title: Some(rng.pick(self.words.of(is_chinese, "job")).replace('_', " ")),
                roles: vec![role],
                influence: None,
                reports_to: first,
                phone: Some(phone(rng)),
                email: Some(Email(format!("person{}@customer.example", rng.below(1_000_000_000)))),
                birthday: None,
                notes: None,
            };
            let row = self.row(store, &contact);
            first = first.or(Some(Id::new(row.id)));
            self.contacts.push(row);
        }
        first.unwrap_or_else(|| Id::new(customer.raw()))
    }

    fn order(&mut self, rng: &mut Rng, store: &Store, life: &Life, date: Date) {
        let age = date.until(self.today).map_or(0, |span| span.get_days());
        let status = match age {
            0..=2 => OrderStatus::Confirmed,
            3..=7 => OrderStatus::Shipped,
            _ if rng.chance(0.02) => OrderStatus::Void,
            _ => OrderStatus::Completed,
        };
        let kind = if rng.chance(0.03) { OrderKind::Return } else { OrderKind::Sale };
        let channels = [SalesChannel::Direct, SalesChannel::Web, SalesChannel::Phone];
        let order = Order {
            number: None,
            customer: Some(life.id),
            date,
            kind,
            status,
            total: None,
            channel: Some(*rng.pick(&channels)),
            contact: Some(life.contact),
            company: Some(self.house.company),
            owner: Some(life.owner),
            customer_reference: None,
            notes: None,
        };
        let row = self.row(store, &order);
        let order_id = Id::new(row.id);
        self.orders.push(row);
        let billed = kind == OrderKind::Sale && status != OrderStatus::Void;
        let invoice = billed.then(|| self.invoice(rng, store, life, order_id, date));
        let mut total = 0;
        for _ in 0..1 + rng.below(4) {
            // A few products make most of the business.
            let at = (rng.unit().powi(2) * self.house.products.len() as f64) as usize;
            let (product, name, price) = &self.house.products[at];
            let pieces = (1.0 + rng.exponential(3.0) * life.size).min(400.0) as i32;
            let quantity = Decimal::from(if kind == OrderKind::Return { -1 } else { pieces });
            let amount = price.times(quantity).unwrap_or(Money::zero(Currency::CNY));
            total += amount.units;
            let line = OrderLine {
                order: order_id,
                product: Some(*product),
                description: Some(name.clone()),
                quantity,
                unit: None,
                unit_price: *price,
                discount: None,
                tax_rate: None,
                amount: Some(amount),
                list_price: Some(*price),
                below_list: None,
            };
            self.lines.push(self.row(store, &line));
            if let Some((invoice, _)) = invoice {
                let line = InvoiceLine {
                    invoice,
                    product: Some(*product),
                    description: Some(name.clone()),
                    quantity,
                    unit: None,
                    unit_price: *price,
                    tax_rate: None,
                    amount: Some(amount),
                };
                self.invoice_lines.push(self.row(store, &line));
            }
        }
        if let Some((invoice, Some(paid_on))) = invoice {
            let payment = Payment {
                number: None,
                customer: life.id,
                invoice: Some(invoice),
                date: paid_on,
                amount: Money::new(total, Currency::CNY),
                method: Some(PaymentMethod::Transfer),
                reference: None,
            };
            self.payments.push(self.row(store, &payment));
        }
        if rng.chance(0.05) {
            self.case(rng, store, life, order_id, date);
        }
    }

    /// The invoice of an order, and the day when it was paid, if it was.
    fn invoice(
        &mut self,
        rng: &mut Rng,
        store: &Store,
        life: &Life,
        order: Id<Order>,
        date: Date,
    ) -> (Id<Invoice>, Option<Date>) {
        let due = date.checked_add(PAYMENT_DAYS.days()).unwrap_or(date);
        let delay = life.late_days * (0.5 + rng.unit()) - 10.0 * rng.unit();
        let paid_on = due.checked_add((delay as i64).days()).unwrap_or(due);
        let is_paid = paid_on <= self.today && !rng.chance(0.02);
        let invoice = Invoice {
            number: None,
            customer: life.id,
            order: Some(order),
            date,
            due_date: Some(due),
            status: if is_paid { InvoiceStatus::Paid } else { InvoiceStatus::Issued },
            total: None,
            company: Some(self.house.company),
            notes: None,
        };
        let row = self.row(store, &invoice);
        let id = Id::new(row.id);
        self.invoices.push(row);
        (id, is_paid.then_some(paid_on.max(date)))
    }

    fn case(&mut self, rng: &mut Rng, store: &Store, life: &Life, order: Id<Order>, date: Date) {
        let kinds = [
            CaseKind::Consultation,
            CaseKind::TechnicalSupport,
            CaseKind::Fault,
            CaseKind::Complaint,
            CaseKind::Return,
        ];
        let subject = rng.pick(self.words.of(life.is_chinese, "case")).replace('_', " ");
        let opened_at = self.moment(rng, date);
        let hours = SignedDuration::from_hours(4 + rng.exponential(60.0) as i64);
        let closed_at = Some(opened_at + hours).filter(|closed| *closed < self.now);
        let case = Case {
            subject,
            number: None,
            customer: life.id,
            contact: Some(life.contact),
            kind: *rng.pick(&kinds),
            priority: *rng.pick(&[
                Priority::Low,
                Priority::Normal,
                Priority::Normal,
                Priority::High,
            ]),
            status: if closed_at.is_some() { CaseStatus::Closed } else { CaseStatus::InProgress },
            opened_at,
            due_at: Some(opened_at + SignedDuration::from_hours(72)),
            closed_at,
            order: Some(order),
            product: None,
            owner: Some(life.owner),
            cost: closed_at.map(|closed| {
                let hours = closed.duration_since(opened_at).as_hours().clamp(1, 40);
                Money::new(hours * 20 * Money::ONE, Currency::CNY)
            }),
            description: None,
            resolution: None,
        };
        self.cases.push(self.row(store, &case));
    }

    fn moment(&self, rng: &mut Rng, date: Date) -> Timestamp {
        let minutes = SignedDuration::from_mins(60 + rng.below(500) as i64);
        let start = date.to_zoned(guanxi_base::TimeZone::UTC);
        start.map_or(self.now, |start| start.timestamp() + minutes)
    }

    fn contact_history(&mut self, rng: &mut Rng, store: &Store, life: &Life) {
        for _ in 0..rng.below(3) {
            let date = self.date(rng.unit() * DAYS);
            let kinds = [InteractionKind::Call, InteractionKind::Visit, InteractionKind::Email];
            let interaction = Interaction {
                subject: rng.pick(self.words.of(life.is_chinese, "talk")).replace('_', " "),
                kind: *rng.pick(&kinds),
                customer: life.id,
                contact: Some(life.contact),
                at: self.moment(rng, date),
                direction: Some(Direction::Outbound),
                minutes: Some(5 + rng.below(55) as i64),
                case: None,
                source: None,
                owner: Some(life.owner),
                notes: None,
            };
            self.interactions.push(self.row(store, &interaction));
        }
        if rng.chance(0.15) {
            let ahead = rng.below(30) as i64 - 5;
            let task = Task {
                subject: rng.pick(self.words.of(life.is_chinese, "task")).replace('_', " "),
                customer: Some(life.id),
                contact: Some(life.contact),
                case: None,
                due_date: self.today.checked_add(ahead.days()).ok(),
                priority: Priority::Normal,
                status: TaskStatus::Open,
                owner: Some(life.owner),
                notes: None,
            };
            self.tasks.push(self.row(store, &task));
        }
    }

    /// Numbers everything and stores it, owners before what they own.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        number::<Customer>(tx, "code", "CU", self.customers).await?;
        insert::<Contact>(tx, self.contacts).await?;
        number::<Order>(tx, "number", "SO", self.orders).await?;
        insert::<OrderLine>(tx, self.lines).await?;
        number::<Invoice>(tx, "number", "IN", self.invoices).await?;
        insert::<InvoiceLine>(tx, self.invoice_lines).await?;
        number::<Payment>(tx, "number", "PA", self.payments).await?;
        number::<Case>(tx, "number", "CS", self.cases).await?;
        insert::<Interaction>(tx, self.interactions).await?;
        insert::<Task>(tx, self.tasks).await
    }
}

async fn number<T: Record>(
    tx: &mut Tx,
    field: &str,
    prefix: &str,
    mut rows: Vec<Row>,
) -> Result<()> {
    if let (false, Some(place)) = (rows.is_empty(), T::TYPE.position(field)) {
        let first = tx.reserve_numbers(prefix, rows.len() as i64).await?;
        for (row, number) in rows.iter_mut().zip(first..) {
            row.values[place] = Value::Text(format!("{prefix}-{number:06}"));
        }
    }
    insert::<T>(tx, rows).await
}

async fn insert<T: Record>(tx: &mut Tx, mut rows: Vec<Row>) -> Result<()> {
    let described = tx.catalog().get(T::NAME)?.clone();
    // Custom fields, if there are any, stay empty.
    for row in &mut rows {
        row.values.resize(described.fields.len(), Value::Null);
    }
    if rows.is_empty() { Ok(()) } else { tx.insert(&described, rows).await }
}

fn phone(rng: &mut Rng) -> Phone {
    Phone(format!("+861{}{:09}", 3 + rng.below(6), rng.below(1_000_000_000)))
}

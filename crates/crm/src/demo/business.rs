//! The life of one customer: when they come, how often they buy, what, how they pay, when they
//! leave. Purchases are a Poisson process that seasons modulate, lifetimes are exponential, and
//! rates differ between customers by a lognormal factor: the shape that real logs have.

use guanxi_base::{Clock, Currency, Date, Decimal, Id, Money, Result, Rng, Timestamp};
use guanxi_record::{Email, Owner, Record, Row, Value};
use guanxi_store::{Store, Tx};
use jiff::ToSpan;

use super::people::{Crowd, mobile, person};
use super::words::{Words, picked};
use super::{Demo, House, today};
use crate::billing::{Invoice, InvoiceLine, InvoiceStatus, Payment, PaymentMethod};
use crate::people::{Contact, ContactRole, Customer};
use crate::sales::{Order, OrderKind, OrderLine, OrderStatus, SalesChannel};
use crate::service::Case;
use crate::work::{Interaction, Task};

/// The company is so old.
pub(super) const DAYS: f64 = 3.0 * 365.0;
/// Business of each month against the mean: weak in February, strong before the year's end.
const SEASON: [f64; 12] = [0.85, 0.6, 1.05, 1.0, 1.05, 1.1, 0.9, 0.9, 1.15, 1.05, 1.3, 1.25];
/// Thirty days to pay.
const PAYMENT_DAYS: i64 = 30;

/// What one transaction makes.
pub(super) struct Batch<'a> {
    pub(super) house: &'a House,
    pub(super) words: &'a Words,
    pub(super) demo: &'a Demo,
    pub(super) today: Date,
    pub(super) now: Timestamp,
    customers: Vec<Row>,
    contacts: Vec<Row>,
    orders: Vec<Row>,
    lines: Vec<Row>,
    invoices: Vec<Row>,
    invoice_lines: Vec<Row>,
    payments: Vec<Row>,
    pub(super) cases: Vec<Row>,
    pub(super) interactions: Vec<Row>,
    pub(super) tasks: Vec<Row>,
}

/// One customer while their life is made up.
pub(super) struct Life {
    pub(super) id: Id<Customer>,
    pub(super) owner: Owner,
    pub(super) contact: Id<Contact>,
    /// How many days late they pay, on average.
    late_days: f64,
    /// How much they buy at once, against the mean.
    size: f64,
    /// How many of their orders something is wrong with.
    trouble: f64,
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

    pub(super) fn row<T: Record>(&self, store: &Store, record: &T) -> Row {
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
    pub(super) fn customer(&mut self, rng: &mut Rng, store: &Store, crowd: &mut Crowd) -> Customer {
        let place = self.words.place(rng);
        let record = crowd.customer(rng, self.words, self.house, &place);
        let life = self.life(rng, store, &record, place.country);
        self.purchases(rng, store, &life);
        self.contact_history(rng, store, &life);
        self.open_case(rng, store, &life);
        record
    }

    /// A customer who was entered again, and perhaps bought under that name.
    pub(super) fn copy(&mut self, rng: &mut Rng, store: &Store, record: &Customer) {
        let country = record.country.as_deref().unwrap_or_default().replace(' ', "-");
        let life = self.life(rng, store, record, &country);
        if rng.chance(0.5) {
            let date = self.date(DAYS - 5.0 - rng.unit() * 200.0);
            self.order(rng, store, &life, date);
        }
    }

    /// Who they are, and how they deal with us.
    fn life(&mut self, rng: &mut Rng, store: &Store, record: &Customer, country: &str) -> Life {
        let owner = record.owner.unwrap_or(Owner(self.house.sellers[0]));
        let row = self.row(store, record);
        let id = Id::new(row.id);
        self.customers.push(row);
        let contact = self.people(rng, store, id, country);
        let late_days = match rng.unit() {
            share if share < 0.5 => 8.0 * rng.unit(),
            share if share < 0.85 => 6.0 + rng.exponential(12.0),
            _ => 40.0 + rng.exponential(25.0),
        };
        let trouble = match rng.unit() {
            share if share < 0.5 => 0.02,
            share if share < 0.85 => 0.06,
            _ => 0.15 + 0.2 * rng.unit(),
        };
        let size = (0.7 * rng.normal()).exp();
        Life { id, owner, contact, late_days, size, trouble }
    }

    /// What they bought, from when they came until they left.
    fn purchases(&mut self, rng: &mut Rng, store: &Store, life: &Life) {
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
                self.order(rng, store, life, date);
            }
            // Thinning: the process runs at its highest rate, seasons take some away.
            day += rng.exponential(1.0 / (rate * 1.3)).max(0.5);
        }
    }

    /// The last day of which there are orders is yesterday.
    pub(super) fn date(&self, day: f64) -> Date {
        let ago = (DAYS - day).floor() as i64;
        self.today.checked_sub(ago.max(1).days()).unwrap_or(self.today)
    }

    fn people(
        &mut self,
        rng: &mut Rng,
        store: &Store,
        customer: Id<Customer>,
        country: &str,
    ) -> Id<Contact> {
        let mut first = None;
        let roles = [ContactRole::Purchasing, ContactRole::DecisionMaker, ContactRole::Finance];
        for role in roles.into_iter().take(1 + rng.below(3)) {
            let contact = Contact {
                name: person(rng, self.words, country),
                customer,
                job_title: Some(picked(rng, self.words.chinese("job"))),
                roles: vec![role],
                influence: None,
                reports_to: first,
                phone: Some(mobile(rng, self.words, country)),
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
        if rng.chance(life.trouble) {
            self.case(rng, store, life, (order_id, date));
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

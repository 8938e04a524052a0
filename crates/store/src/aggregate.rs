//! Groups of records and their numbers, computed by the database, exact to the last unit.

use guanxi_base::{Currency, Decimal, Error, Money, Percent, Refusal, Result, Timestamp};
use guanxi_record::{
    Aggregate, CURRENCY, Function, Kind, Measure, OnDelete, RecordType, Value, ZoneOffsets,
};

use crate::actor::Purpose;
use crate::columns::{Expression, read_value};
use crate::condition::Conditions;
use crate::sql::{Sql, SqlValue};
use crate::view::View;

/// One group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// One value for each key of the aggregate; buckets of time by their first day.
    pub keys: Vec<Value>,
    /// One value for each measure; `Null` where there is nothing to compute it from.
    pub measures: Vec<Value>,
    /// The currency of the group's amounts, the first where it has several fields of money.
    pub currency: Option<Currency>,
}

/// How a measure is put together from columns.
struct Computed {
    function: Function,
    kind: Option<Kind>,
    /// Which of the group's currencies is that of its amounts.
    currency: Option<usize>,
}

/// The currencies by which groups of money are kept apart: one for each field of money.
#[derive(Default)]
struct Currencies(Vec<String>);

impl Currencies {
    fn place(&mut self, of: Option<String>) -> Option<usize> {
        let of = of?;
        let known = self.0.iter().position(|known| *known == of);
        Some(known.unwrap_or_else(|| {
            self.0.push(of);
            self.0.len() - 1
        }))
    }
}

/// What a key of groups lies behind.
enum Join {
    /// A linked record, and what groups are made by of the record itself.
    Linked { linked: Box<RecordType>, alias: String, link: String, fields: Vec<String> },
    /// The elements of a field that holds several: a record is in the group of each of them.
    Elements(String),
}

/// What is wanted, of the records that words find.
struct Found<'a> {
    wanted: &'a Aggregate,
    words: Option<&'a str>,
}

impl std::ops::Deref for Found<'_> {
    type Target = Aggregate;

    fn deref(&self) -> &Aggregate {
        self.wanted
    }
}

impl View {
    /// Groups of records and their numbers, ordered by their keys.
    ///
    /// # Errors
    /// A refusal when the aggregate does not fit the type or has too many groups.
    pub async fn aggregate(&mut self, record_type: &str, wanted: &Aggregate) -> Result<Vec<Group>> {
        self.aggregate_found(record_type, wanted, None).await
    }

    /// As [`Self::aggregate`], of the records that these words find.
    ///
    /// # Errors
    /// As there.
    pub async fn aggregate_found(
        &mut self,
        record_type: &str,
        wanted: &Aggregate,
        words: Option<&str>,
    ) -> Result<Vec<Group>> {
        let record_type = self.catalog.get(record_type)?.clone();
        let wanted = Found { wanted, words };
        let offsets = self.offsets(&record_type, &wanted).await?;
        let mut sql = self.session.sql("");
        let catalog = self.catalog.clone();
        let mut conditions = Conditions::new(&catalog, &self.actor, self.now);
        let mut joins = Vec::new();
        let mut keys = Vec::new();
        for (key, offsets) in wanted.group_by.iter().zip(&offsets) {
            let mut expression =
                self.key(&sql, &mut conditions, &mut joins, &record_type, &key.field)?;
            if let Some(bucket) = key.bucket {
                if !matches!(expression.kind, Kind::Date | Kind::Instant) {
                    return Err(Refusal::field("not-a-time-field", &key.field).into());
                }
                let kind = &expression.kind;
                let of = match (expression.in_json, kind) {
                    (true, Kind::Instant) => sql.dialect.instant_of_micros(&expression.sql),
                    _ => expression.sql.clone(),
                };
                let bucketed = sql.dialect.bucket(&of, kind, bucket, offsets.as_ref());
                expression = Expression { sql: bucketed, kind: Kind::Date, ..expression };
            }
            keys.push(expression);
        }
        let mut columns: Vec<String> = keys.iter().map(|key| key.sql.clone()).collect();
        let mut currencies = Currencies::default();
        let mut computed = Vec::new();
        for measure in &wanted.measures {
            let (mut parts, kind, of) = self.measure(&sql, &conditions, &record_type, measure)?;
            columns.append(&mut parts);
            let currency = currencies.place(of);
            computed.push(Computed { function: measure.function, kind, currency });
        }
        // By their places: what a key is made of may be long.
        let mut group_by: Vec<String> = (1..=keys.len()).map(|place| place.to_string()).collect();
        let keys: Vec<(Kind, Option<usize>)> =
            keys.into_iter().map(|key| (key.kind, currencies.place(key.currency))).collect();
        let Currencies(currencies) = currencies;
        group_by.extend(currencies.iter().cloned());
        columns.extend(currencies.iter().cloned());
        sql.push("SELECT ").push(&columns.join(", "));
        self.grouped_rows(&mut sql, &mut conditions, &record_type, &joins)?;
        self.restrict_groups(&mut sql, &mut conditions, &record_type, &wanted, &currencies)?;
        if !group_by.is_empty() {
            let list = group_by.join(", ");
            sql.push(&format!(" GROUP BY {list} ORDER BY {list}"));
        }
        sql.push(&format!(" LIMIT {}", Aggregate::GROUPS_MAX + 1));
        let rows = self.session.rows_anywhere(&sql).await?;
        if rows.len() > Aggregate::GROUPS_MAX {
            return Err(Refusal::new("too-many-groups")
                .with("limit", Aggregate::GROUPS_MAX)
                .into());
        }
        let money = currencies.len();
        rows.into_iter().map(|row| read_group(&keys, &computed, money, row)).collect()
    }

    /// For each key that puts instants together by days, the offsets of the reader's zone from the
    /// first instant to the last; of a zone that never changes they are known without asking.
    async fn offsets(
        &mut self,
        record_type: &RecordType,
        wanted: &Found<'_>,
    ) -> Result<Vec<Option<ZoneOffsets>>> {
        let zone = self.actor.time_zone.clone();
        let mut found = Vec::with_capacity(wanted.group_by.len());
        for key in &wanted.group_by {
            let mut sql = self.session.sql("");
            let catalog = self.catalog.clone();
            let mut conditions = Conditions::new(&catalog, &self.actor, self.now);
            let mut joins = Vec::new();
            let of = self.key(&sql, &mut conditions, &mut joins, record_type, &key.field)?;
            if key.bucket.is_none() || of.kind != Kind::Instant {
                found.push(None);
                continue;
            }
            if zone.following(Timestamp::MIN).next().is_none() {
                found.push(Some(ZoneOffsets::between(&zone, self.now, self.now)));
                continue;
            }
            sql.push(&format!("SELECT MIN({0}), MAX({0})", of.sql));
            self.grouped_rows(&mut sql, &mut conditions, record_type, &joins)?;
            self.restrict_groups(&mut sql, &mut conditions, record_type, wanted, &[])?;
            let rows = self.session.rows_anywhere(&sql).await?;
            let mut ends = [self.now; 2];
            for (end, value) in ends.iter_mut().zip(rows.into_iter().flatten()) {
                if let Value::Instant(at) = read_value(&Kind::Instant, value, None)? {
                    *end = at;
                }
            }
            found.push(Some(ZoneOffsets::between(&zone, ends[0], ends[1])));
        }
        Ok(found)
    }

    /// The records, with those that keys lie behind.
    fn grouped_rows(
        &self,
        sql: &mut Sql,
        conditions: &mut Conditions<'_>,
        record_type: &RecordType,
        joins: &[Join],
    ) -> Result<()> {
        sql.push(" FROM ").name(&record_type.name).push(" t0");
        for join in joins {
            let (linked, alias, link, fields) = match join {
                Join::Linked { linked, alias, link, fields } => (linked, alias, link, fields),
                Join::Elements(elements) => {
                    sql.push(elements);
                    continue;
                }
            };
            sql.push(" LEFT JOIN ").name(&linked.name);
            sql.push(&format!(" {alias} ON {alias}.\"id\" = {link} AND "));
            conditions.scope(sql, linked, alias, Purpose::Read)?;
            for field in fields {
                conditions.and_told(sql, linked, alias, field)?;
            }
        }
        sql.push(" WHERE ");
        Ok(())
    }

    fn restrict_groups(
        &self,
        sql: &mut Sql,
        conditions: &mut Conditions<'_>,
        record_type: &RecordType,
        wanted: &Found<'_>,
        currencies: &[String],
    ) -> Result<()> {
        sql.push(if wanted.with_archived { "TRUE" } else { "t0.\"archived_at\" IS NULL" });
        if !wanted.filter.is_everything() {
            sql.push(" AND (");
            conditions.write(sql, record_type, "t0", &wanted.filter)?;
            sql.push(")");
        }
        if let Some(words) = wanted.words {
            sql.push(" AND ");
            conditions.matches(sql, record_type, "t0", words);
        }
        // Groups have the records only of which they may be told.
        let keys = wanted.group_by.iter().map(|key| &key.field);
        for field in keys.chain(wanted.measures.iter().map(|measure| &measure.field)) {
            conditions.and_told(sql, record_type, "t0", field)?;
        }
        for purpose in self.purposes(Purpose::Read) {
            sql.push(" AND ");
            conditions.scope(sql, record_type, "t0", purpose)?;
        }
        // Without groups, records without an amount would make a group of no currency.
        if !currencies.is_empty() && wanted.group_by.is_empty() {
            sql.push(&format!(" AND COALESCE({}, NULL) IS NOT NULL", currencies.join(", ")));
        }
        Ok(())
    }

    /// A key: a field of the type, or of a linked record that is joined for it. What the Actor
    /// may not see of the linked record is as if it were empty.
    fn key(
        &self,
        sql: &Sql,
        conditions: &mut Conditions<'_>,
        joins: &mut Vec<Join>,
        record_type: &RecordType,
        path: &str,
    ) -> Result<Expression> {
        let mut alias = "t0".to_owned();
        let mut of = std::borrow::Cow::Borrowed(record_type);
        let mut rest = path;
        while let Some((link, after)) = rest.split_once('.') {
            let field = of.expect_field(link)?;
            if !self.actor.rights.reads(&of.name, &field.name) {
                return Err(Refusal::field("field-not-readable", path).with("name", path).into());
            }
            let link = Expression::of(sql.dialect, &alias, field);
            if field.kind == Kind::Address {
                let part = guanxi_record::Address::PARTS.contains(&after);
                return part.then(|| link.part(sql.dialect, after)).ok_or_else(|| {
                    Refusal::field("unknown-field", path).with("name", path).into()
                });
            }
            let unknown =
                || Refusal::field("unknown-field", path).with("name", path).with("type", &of.name);
            if field.kind == Kind::Money && after == CURRENCY {
                return link.of_currency().ok_or_else(|| unknown().into());
            }
            let target = field.kind.link_target().ok_or_else(unknown)?;
            let linked = self.catalog.named(target)?.clone();
            let inner = conditions.alias();
            let linked = (*linked).clone();
            let fields = Vec::from_iter((!after.contains('.')).then(|| after.to_owned()));
            let join = (Box::new(linked.clone()), inner.clone(), link.sql);
            joins.push(Join::Linked { linked: join.0, alias: join.1, link: join.2, fields });
            alias = inner;
            of = std::borrow::Cow::Owned(linked);
            rest = after;
        }
        let expression = conditions.expression(sql, &of, &alias, rest)?;
        let kind = match &expression.kind {
            Kind::Choices(options) => Kind::Choice(options.clone()),
            Kind::Links { to } => Kind::Link { to: to.clone(), on_delete: OnDelete::Clear },
            _ => return Ok(expression),
        };
        let inner = conditions.alias();
        joins.push(Join::Elements(sql.dialect.json_elements(&expression.sql, &inner)));
        Ok(Expression { sql: sql.dialect.json_element(&inner, &kind), kind, ..expression })
    }

    /// The columns of a measure, the kind of its values, and the currency of money.
    fn measure(
        &self,
        sql: &Sql,
        conditions: &Conditions<'_>,
        record_type: &RecordType,
        measure: &Measure,
    ) -> Result<(Vec<String>, Option<Kind>, Option<String>)> {
        if measure.function == Function::Count && measure.field.is_empty() {
            return Ok((vec!["COUNT(*)".to_owned()], None, None));
        }
        let expression = conditions.expression(sql, record_type, "t0", &measure.field)?;
        let (of, kind) = (&expression.sql, &expression.kind);
        let fits = match measure.function {
            Function::Count => true,
            Function::Sum | Function::Average => kind.is_number(),
            Function::Min | Function::Max => kind.is_ordered(),
        };
        if !fits {
            return Err(Refusal::field("not-a-number-field", measure.field.as_str())
                .with("name", &measure.field)
                .into());
        }
        let sum = format!("CAST(SUM({of}) AS BIGINT)");
        let parts = match measure.function {
            Function::Count => return Ok((vec![format!("COUNT({of})")], None, None)),
            Function::Sum => vec![sum],
            Function::Average => vec![sum, format!("COUNT({of})")],
            Function::Min => vec![format!("MIN({of})")],
            Function::Max => vec![format!("MAX({of})")],
        };
        let currency = expression.currency.clone();
        Ok((parts, Some(expression.kind), currency))
    }
}

/// Reads a group: its keys, its measures, and in the last columns its currencies.
fn read_group(
    keys: &[(Kind, Option<usize>)],
    computed: &[Computed],
    money: usize,
    mut row: Vec<SqlValue>,
) -> Result<Group> {
    let codes = row.split_off(row.len().saturating_sub(money));
    let mut columns = row.into_iter();
    let mut next = || columns.next().ok_or_else(|| Error::internal("a column is missing"));
    let code = |place: &Option<usize>| place.and_then(|place| codes.get(place).cloned());
    let currency = |place: &Option<usize>| match code(place) {
        Some(SqlValue::Text(code)) => Currency::kept(&code),
        _ => None,
    };
    let mut values = Vec::with_capacity(keys.len());
    for (kind, place) in keys {
        values.push(match next()? {
            SqlValue::Text(text) if *kind == Kind::Date && text.is_empty() => Value::Null,
            value => read_value(kind, value, code(place))?,
        });
    }
    let mut measures = Vec::with_capacity(computed.len());
    for Computed { function, kind, currency: place } in computed {
        measures.push(match (function, kind) {
            (Function::Count, _) | (_, None) => Value::Integer(next()?.integer()?),
            (Function::Average, Some(kind)) => {
                let (sum, count) = (next()?, next()?.integer()?);
                if count == 0 {
                    Value::Null
                } else {
                    average(kind, sum.integer()?, count, currency(place))
                }
            }
            (_, Some(kind)) => read_value(kind, next()?, code(place))?,
        });
    }
    Ok(Group { keys: values, measures, currency: currency(&Some(0)) })
}

/// The mean of `count` numbers, rounded half to even at the kind's own last digit; of integers
/// as a decimal.
#[must_use]
pub fn average(kind: &Kind, sum: i64, count: i64, currency: Option<Currency>) -> Value {
    let scale = if *kind == Kind::Integer { i128::from(Decimal::ONE) } else { 1 };
    let mean = guanxi_base::divide_half_even(i128::from(sum) * scale, i128::from(count));
    let Ok(mean) = i64::try_from(mean) else { return Value::Null };
    match (kind, currency) {
        (Kind::Money, Some(currency)) => Value::Money(Money::new(mean, currency)),
        (Kind::Percent, _) => Value::Percent(Percent::from_units(mean)),
        _ => Value::Decimal(Decimal::from_units(mean)),
    }
}

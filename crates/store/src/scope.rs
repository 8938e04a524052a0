//! The rights in a statement: on which records, about which fields. A condition that is part of a
//! right is ours, not the Actor's: it looks at what they may not see.

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Filter, RecordType};

use crate::actor::Purpose;
use crate::condition::Conditions;
use crate::sql::{Sql, SqlValue};

impl Conditions<'_> {
    /// The records that the Actor may treat so: the condition that every read carries. Whatever
    /// one does with a record that is there, one must see it.
    pub(crate) fn scope(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        purpose: Purpose,
    ) -> Result<()> {
        if self.is_rule {
            sql.push("TRUE");
            return Ok(());
        }
        if !matches!(purpose, Purpose::Read | Purpose::Create) {
            self.scope(sql, record_type, alias, Purpose::Read)?;
            sql.push(" AND ");
        }
        match self.actor.rights.scope(&record_type.name, purpose) {
            Some(filter) if filter.is_everything() => sql.push("TRUE"),
            Some(filter) => return self.rule(sql, record_type, alias, filter),
            None => sql.push("FALSE"),
        };
        Ok(())
    }

    /// A condition of ours on the rows of a statement.
    pub(crate) fn rule(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        rule: &Filter,
    ) -> Result<()> {
        self.is_rule = true;
        sql.push("(");
        let written = self.write(sql, record_type, alias, rule);
        sql.push(")");
        self.is_rule = false;
        written
    }

    /// A field that somebody asks about must be one that they see: the answer would tell it.
    pub(crate) fn may_ask(&self, record_type: &RecordType, name: &str) -> Result<()> {
        if self.is_rule || self.actor.rights.asks(&record_type.name, name) {
            return Ok(());
        }
        let refusal = Refusal::field("field-not-readable", name).with("name", name);
        Err(refusal.with("field_of", format!("{}.{name}", record_type.name)).into())
    }

    /// Goes on after a condition on a field that is shown on some records only: the others do not
    /// pass, whatever they hold.
    pub(crate) fn and_told(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        field: &str,
    ) -> Result<()> {
        let told = self.actor.rights.told_on(&record_type.name, field).filter(|_| !self.is_rule);
        let Some(on) = told else { return Ok(()) };
        sql.push(" AND COALESCE(");
        self.rule(sql, record_type, alias, on)?;
        sql.push(", FALSE)");
        Ok(())
    }

    /// Records of this type that were shared with one of these, today.
    pub(crate) fn shared(
        &self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        with: &[RawId],
        to_change: bool,
    ) {
        sql.push(alias).push(".\"id\" IN (SELECT record FROM share WHERE grantee IN (");
        sql.bind_all(with.iter().map(|id| SqlValue::Integer(id.0)));
        sql.push(") AND type = ").bind(SqlValue::Text(record_type.name.to_string()));
        sql.push(" AND (until IS NULL OR until >= ").bind(SqlValue::Date(self.today()));
        sql.push(if to_change { ") AND access = 'change')" } else { "))" });
    }
}

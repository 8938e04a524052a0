//! The numbered migrations of the product, embedded from `crates/crm/migrations`.

use guanxi_base::{Error, Result};
use guanxi_record::Catalog;
use guanxi_store::{Migration, Schema, schema_after, steps_between};
use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// All migrations, from the first.
///
/// # Errors
/// When a file is not a migration, or a number is missing.
pub fn migrations() -> Result<Vec<Migration>> {
    let mut migrations = Vec::new();
    for file in FILES.files() {
        let text = file.contents_utf8().unwrap_or_default();
        migrations.push(Migration::parse(text).map_err(|error| {
            Error::internal(format!("migration {}: {error}", file.path().display()))
        })?);
    }
    migrations.sort_by_key(|migration| migration.number);
    let gap = migrations.iter().zip(1..).find(|(migration, number)| migration.number != *number);
    match gap {
        Some((_, number)) => Err(Error::internal(format!("migration {number} is missing"))),
        None => Ok(migrations),
    }
}

/// The migration that the descriptions ask for and that is not written yet, if there is one.
///
/// # Errors
/// Names what no additive step can do: that needs a migration written by hand.
pub fn missing_migration() -> Result<Option<Migration>> {
    let known = migrations()?;
    let wanted = Schema::of(&Catalog::new(crate::RECORD_TYPES, &[]));
    let (steps, by_hand) = steps_between(&schema_after(&known), &wanted);
    if !by_hand.is_empty() {
        let list = by_hand.join("; ");
        return Err(Error::internal(format!("write a migration by hand for: {list}")));
    }
    let number = known.len() as i64 + 1;
    let name = format!("{} steps generated from the descriptions", steps.len());
    Ok((!steps.is_empty()).then_some(Migration { number, name, steps }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_lead_to_what_the_descriptions_say() {
        let missing = missing_migration().unwrap();
        assert_eq!(missing, None, "run `guanxi check --write`");
    }
}

//! All record types that a running product knows, with the fields added at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use guanxi_base::{Error, Refusal, Result};

use crate::{Field, OnDelete, RecordType};

/// All record types, by name. Replaced as a whole when a custom field changes.
#[derive(Debug, Clone)]
pub struct Catalog {
    types: BTreeMap<String, Arc<RecordType>>,
    /// In the order of registration: menus and documents follow it.
    order: Vec<String>,
}

impl Catalog {
    /// These types, each with its custom fields: `(type, field)`.
    #[must_use]
    pub fn new(types: &[&'static RecordType], custom: &[(String, Field)]) -> Self {
        let with_custom = |record_type: &&'static RecordType| {
            let mut whole = (*record_type).clone();
            let mine = custom.iter().filter(|(name, _)| *name == whole.name);
            let fields: Vec<Field> = mine.map(|(_, field)| field.clone()).collect();
            if !fields.is_empty() {
                whole.fields.to_mut().extend(fields);
            }
            (whole.name.to_string(), Arc::new(whole))
        };
        Self {
            types: types.iter().map(with_custom).collect(),
            order: types.iter().map(|record_type| record_type.name.to_string()).collect(),
        }
    }

    /// The type of this name.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn get(&self, name: &str) -> Result<&Arc<RecordType>> {
        self.types.get(name).ok_or(Error::NotFound)
    }

    /// The type of this name, where the name is part of what somebody asked for.
    ///
    /// # Errors
    /// `unknown-type`.
    pub fn named(&self, name: &str) -> Result<&Arc<RecordType>> {
        self.types.get(name).ok_or_else(|| Refusal::new("unknown-type").with("name", name).into())
    }

    /// All types in the order of their registration.
    pub fn types(&self) -> impl Iterator<Item = &Arc<RecordType>> {
        self.order.iter().filter_map(|name| self.types.get(name))
    }

    /// Every single link to this type: which type has it, which field, what its removal does.
    pub fn links_to<'a>(
        &'a self,
        target: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<RecordType>, &'a Field, OnDelete)> {
        self.types().flat_map(move |record_type| {
            record_type.fields.iter().filter_map(move |field| {
                let to_target = field.kind.link_target() == Some(target);
                to_target.then_some((record_type, field, field.kind.on_delete()?))
            })
        })
    }

    /// The parts of a type, each with the link by which it is a part.
    pub fn parts_of<'a>(
        &'a self,
        whole: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<RecordType>, &'static str)> {
        self.types().filter_map(move |part| {
            let link = part.part_of?;
            (part.field(link)?.kind.link_target() == Some(whole)).then_some((part, link))
        })
    }
}

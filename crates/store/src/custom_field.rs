//! Fields that are added at run time. Their definitions are records themselves, so they have
//! lists, forms, history, rights and an API like everything else; archiving one retires it.

use std::borrow::Cow;

use guanxi_base::{Refusal, Result};
use guanxi_record::{
    Choice, CustomLabels, Default as FieldDefault, Field, Kind, LongText, Record, Stored,
};

use crate::columns::{read_row, select_list};
use crate::view::View;

pub(crate) const TYPE_NAME: &str = "custom_field";
/// So many may be in use, of all types together: every start and every change of one reads them all.
pub(crate) const FIELDS_MAX: usize = 500;

/// What a custom field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(crate) enum CustomKind {
    Text,
    LongText,
    Integer,
    Decimal,
    Percent,
    Money,
    Boolean,
    Date,
    Instant,
    Choice,
    Choices,
    Link,
    Links,
    Owner,
    Phone,
    Email,
    Url,
    Address,
    Json,
    File,
}

/// The definition of a field that was added at run time.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "label_en",
    area = "settings",
    icon = "forms",
    unique("record_type, name"),
    settle
)]
pub struct CustomField {
    /// The type that has it.
    #[field(index, means = "record_type")]
    pub record_type: String,
    /// Its name in code and API; `x_` is put before it.
    pub name: String,
    /// What it holds.
    pub(crate) kind: CustomKind,
    /// What people call it in English.
    #[field(search)]
    pub label_en: String,
    /// What people call it in Chinese.
    #[field(search)]
    pub label_zh_cn: Option<String>,
    /// The codes to choose from, one a line.
    pub options: Option<LongText>,
    /// The type that a link leads to.
    #[field(means = "record_type")]
    pub link_to: Option<String>,
    /// Whether a record must have it.
    #[field(default = "false")]
    pub is_required: bool,
    /// Whether the search finds records by it.
    #[field(default = "false")]
    pub is_searchable: bool,
    /// Whether it says something about a living person.
    #[field(default = "false")]
    pub is_personal: bool,
    /// What it holds when nobody says.
    pub default_value: Option<String>,
}

impl CustomField {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let plain = self.name.trim().to_lowercase();
        let plain = plain.strip_prefix("x_").unwrap_or(&plain);
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = plain.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || !plain.chars().all(fits) || plain.len() > 40 {
            refusals.push(Refusal::field("not-a-field-name", "name").with("value", &self.name));
            return;
        }
        self.name = format!("x_{plain}");
        let needs_options = matches!(self.kind, CustomKind::Choice | CustomKind::Choices);
        if needs_options && self.option_codes().is_empty() {
            refusals.push(Refusal::field("required", "options"));
        }
        let needs_target = matches!(self.kind, CustomKind::Link | CustomKind::Links);
        if needs_target && self.link_to.is_none() {
            refusals.push(Refusal::field("required", "link_to"));
        }
        if let (Some(kind), Some(text)) = (self.field_kind(), &self.default_value)
            && let Err(refusal) = guanxi_record::Value::from_text(&kind, text)
        {
            refusals.push(Refusal { field: Some("default_value".to_owned()), ..refusal });
        }
    }

    pub(crate) fn option_codes(&self) -> Vec<String> {
        let lines = self.options.as_deref().unwrap_or_default().lines();
        lines.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn field_kind(&self) -> Option<Kind> {
        Kind::from_name(self.kind.code(), self.option_codes(), self.link_to.clone())
    }

    /// The field that it defines.
    #[must_use]
    pub fn to_field(&self) -> Option<Field> {
        Some(Field {
            name: Cow::Owned(self.name.clone()),
            kind: self.field_kind()?,
            required: self.is_required,
            unique: false,
            searchable: self.is_searchable,
            indexed: false,
            personal: self.is_personal,
            read_only: false,
            deed: false,
            derived: false,
            tells: None,
            means: None,
            folded: !self.is_required,
            default: self.default_value.clone().map(|text| FieldDefault::Text(Cow::Owned(text))),
            rollup: None,
            labels: Some(CustomLabels {
                en: self.label_en.clone(),
                zh_cn: self.label_zh_cn.clone().unwrap_or_else(|| self.label_en.clone()),
            }),
        })
    }
}

/// All custom fields that are in use, in the order in which they were defined: `(type, field)`. More
/// than [`FIELDS_MAX`] too, where they were defined before that was a limit.
pub(crate) async fn load(view: &mut View) -> Result<Vec<(String, Field)>> {
    let described = view.catalog.get(TYPE_NAME)?.clone();
    let columns = select_list(&described, "t0");
    let mut sql = view.session.sql(format!("SELECT {columns} FROM "));
    sql.name(TYPE_NAME).push(" t0 WHERE t0.\"archived_at\" IS NULL ORDER BY t0.\"id\"");
    let mut fields = Vec::new();
    for columns in view.session.rows(&sql).await? {
        let definition: Stored<CustomField> = read_row(&described, columns)?.try_into()?;
        fields.extend(definition.to_field().map(|f| (definition.record_type.clone(), f)));
    }
    Ok(fields)
}

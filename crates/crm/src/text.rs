//! Every label and sentence that a person sees, in the person's language, from `locales/`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::{Attribute, Entry};
use guanxi_base::Refusal;
use guanxi_record::{Catalog, Field, RecordType};
use include_dir::{Dir, include_dir};

use crate::access::Locale;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../locales");

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::load(Locale::En));
static CHINESE: LazyLock<Texts> = LazyLock::new(|| Texts::load(Locale::ZhCn));

/// The texts of one language.
pub struct Texts {
    locale: Locale,
    bundle: FluentBundle<FluentResource>,
    keys: BTreeSet<String>,
}

/// The refusal that names the options that there are.
pub const NOT_AN_OPTION: &str = "not-an-option";

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Texts({:?})", self.locale)
    }
}

impl Locale {
    /// The language tag, also of the folder of its texts.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language that a browser or a command line prefers; Chinese for any kind of Chinese,
    /// else English.
    #[must_use]
    pub fn preferred(header: &str) -> Self {
        let first = header.split(',').map(|part| part.split(';').next().unwrap_or("").trim());
        let known = first.filter_map(|tag| match tag.get(..2) {
            Some("zh") => Some(Self::ZhCn),
            Some("en") => Some(Self::En),
            _ => None,
        });
        known.into_iter().next().unwrap_or(Self::En)
    }
}

impl Texts {
    /// The texts of a language.
    #[must_use]
    pub fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &ENGLISH,
            Locale::ZhCn => &CHINESE,
        }
    }

    fn load(locale: Locale) -> Self {
        let tag = locale.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks that isolate right-to-left text only confuse searches and tests.
        bundle.set_use_isolating(false);
        let mut keys = BTreeSet::new();
        let folder = FILES.get_dir(locale.tag());
        for file in folder.into_iter().flat_map(Dir::files) {
            let text = file.contents_utf8().unwrap_or_default().to_owned();
            let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(text);
            for entry in resource.entries() {
                if let Entry::Message(message) = entry {
                    keys.insert(message.id.name.to_owned());
                    let attributes = message.attributes.iter();
                    let key = |a: &Attribute<&str>| format!("{}.{}", message.id.name, a.id.name);
                    keys.extend(attributes.map(key));
                }
            }
            bundle.add_resource_overriding(resource);
        }
        Self { locale, bundle, keys }
    }

    /// Which language it is.
    #[must_use]
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// The keys that there are: messages, and `message.attribute`.
    #[must_use]
    pub fn keys(&self) -> &BTreeSet<String> {
        &self.keys
    }

    /// The text of a key; the key itself when there is none, so that a hole is seen.
    #[must_use]
    pub fn get(&self, key: &str) -> String {
        self.format(key, &[])
    }

    /// The text of a key with its gaps filled.
    #[must_use]
    pub fn format(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.find(key, args).unwrap_or_else(|| key.to_owned())
    }

    fn find(&self, key: &str, args: &[(&str, &str)]) -> Option<String> {
        let (message, attribute) = match key.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (key, None),
        };
        let message = self.bundle.get_message(message)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, text) in args {
            match text.parse::<i64>() {
                // A number chooses between one and many.
                Ok(number) => values.set(*name, number),
                Err(_) => values.set(*name, (*text).to_owned()),
            }
        }
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned())
    }

    /// What one record of a type is called.
    #[must_use]
    pub fn type_label(&self, record_type: &str) -> String {
        self.get(&message_id(record_type))
    }

    /// What several records of a type are called.
    #[must_use]
    pub fn type_plural(&self, record_type: &str) -> String {
        self.get(&format!("{}.plural", message_id(record_type)))
    }

    /// What so many records of a type are called.
    #[must_use]
    pub fn type_counted(&self, record_type: &str, count: i64) -> String {
        match count {
            1 => self.type_label(record_type),
            _ => self.type_plural(record_type),
        }
    }

    /// What a field is called.
    #[must_use]
    pub fn field_label(&self, record_type: &RecordType, field: &Field) -> String {
        if let Some(labels) = &field.labels {
            return match self.locale {
                Locale::En => labels.en.clone(),
                Locale::ZhCn => labels.zh_cn.clone(),
            };
        }
        let own = format!("{}.{}", message_id(&record_type.name), field.name);
        self.find(&own, &[]).unwrap_or_else(|| self.get(&format!("record.{}", field.name)))
    }

    /// What an option of a choice is called; options added at run time are their own names.
    #[must_use]
    pub fn option_label(&self, record_type: &RecordType, field: &Field, code: &str) -> String {
        let key = format!("{}.{}-{code}", message_id(&record_type.name), field.name);
        self.find(&key, &[]).unwrap_or_else(|| code.to_owned())
    }

    /// A refusal as a sentence; `labels` says what its field is called.
    #[must_use]
    pub fn refusal(&self, refusal: &Refusal) -> String {
        let args: Vec<(&str, &str)> =
            refusal.args.iter().map(|(name, text)| (*name, text.as_str())).collect();
        self.kept_refusal(refusal.code, &args)
    }

    /// The sentence of a refusal that was kept: types, fields and options as people call them.
    #[must_use]
    pub fn kept_refusal(&self, code: &str, args: &[(&str, &str)]) -> String {
        let arg =
            |wanted: &str| args.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
        let path = arg("field_of").and_then(|path| path.split_once('.'));
        let path = path.map(|(of, field)| format!("{}.{field}", message_id(of)));
        let labelled = |(name, text): &(&'static str, &str)| match *name {
            "name" => path.as_ref().and_then(|path| self.find(path, &[])),
            "type" => self.find(&message_id(text), &[]),
            "options" => path.as_ref().map(|path| self.options(path, text)),
            _ => None,
        };
        let mut shown: Vec<(&str, String)> =
            args.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        for name in ["name", "type", "options"] {
            let label = arg(name).and_then(|text| labelled(&(name, text)));
            if let (Some(label), Some(place)) =
                (label, shown.iter_mut().find(|(known, _)| *known == name))
            {
                place.1 = label;
            }
        }
        let shown: Vec<(&str, &str)> = shown.iter().map(|(n, text)| (*n, text.as_str())).collect();
        self.format(&format!("refusal-{code}"), &shown)
    }

    /// Codes of a choice as people call them.
    fn options(&self, path: &str, codes: &str) -> String {
        let label = |code: &str| {
            self.find(&format!("{path}-{code}"), &[]).unwrap_or_else(|| code.to_owned())
        };
        codes.split(", ").map(label).collect::<Vec<_>>().join(", ")
    }
}

impl Texts {
    /// A refusal of a record of a type: the options of a choice by their labels.
    #[must_use]
    pub fn refusal_of(&self, record_type: &RecordType, refusal: &Refusal) -> String {
        let field = refusal.field.as_deref().and_then(|name| record_type.field(name));
        let Some(field) = field.filter(|_| refusal.code == NOT_AN_OPTION) else {
            return self.refusal(refusal);
        };
        let args = refusal.args.iter().map(|(name, text)| match *name {
            "options" => (*name, self.option_labels(record_type, field)),
            _ => (*name, text.clone()),
        });
        self.refusal(&Refusal { args: args.collect(), ..refusal.clone() })
    }

    /// The same of a field that is named with its type, as imports name them: `customer.class`.
    #[must_use]
    pub fn typed_refusal(&self, catalog: &Catalog, refusal: &Refusal) -> String {
        let path = refusal.field.as_deref().and_then(|path| path.split_once('.'));
        let known = path.and_then(|(of, name)| Some((catalog.get(of).ok()?, name)));
        match known {
            Some((of, name)) => {
                let refusal = Refusal { field: Some(name.to_owned()), ..refusal.clone() };
                self.refusal_of(of, &refusal)
            }
            None => self.refusal(refusal),
        }
    }

    /// What all options of a choice are called.
    #[must_use]
    pub fn option_labels(&self, record_type: &RecordType, field: &Field) -> String {
        let options = field.kind.options().iter();
        let labels = options.map(|code| self.option_label(record_type, field, code));
        labels.collect::<Vec<_>>().join(", ")
    }

    /// `customer.employees` as people call it; what is no field of a type stays as it is.
    #[must_use]
    pub fn typed_field(&self, catalog: &Catalog, path: &str) -> String {
        let known = path.split_once('.').and_then(|(of, field)| {
            let record_type = catalog.get(of).ok()?;
            let field = record_type.field(field)?;
            Some((self.type_label(of), self.field_label(record_type, field)))
        });
        match known {
            Some((of, field)) => self.format("ui-type-field", &[("type", &of), ("field", &field)]),
            None => path.to_owned(),
        }
    }
}

/// Names of types in code have underscores, message names have dashes.
fn message_id(record_type: &str) -> String {
    record_type.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys() {
        let (english, chinese) = (Texts::of(Locale::En), Texts::of(Locale::ZhCn));
        let lacking: Vec<&String> = english.keys().symmetric_difference(chinese.keys()).collect();
        assert!(lacking.is_empty(), "in one language only: {lacking:?}");
    }

    #[test]
    fn one_is_told_as_one_and_none_as_none() {
        let english = Texts::of(Locale::En);
        let told = |key: &str, count: i64| {
            let (count_text, of) = (count.to_string(), english.type_counted("order", count));
            let gaps = [("count", count_text.as_str()), ("type", &of), ("today", "today")];
            english.format(key, &gaps)
        };
        let asides = english.keys().iter().filter(|key| key.starts_with("insights-aside-"));
        for key in asides.filter(|key| *key != "insights-aside-amount") {
            let (one, two) = (told(key, 1), told(key, 2));
            assert!(one.starts_with("1 Order ") && !one.contains(" are "), "{one}");
            assert!(two.starts_with("2 Orders ") && !two.contains("Orders is "), "{two}");
        }
        assert_eq!(told("insights-say-lost", 0), "Nobody has left.");
        assert!(told("insights-say-lost", 1).starts_with("1 customer has left."));
        assert!(told("insights-drafts", 1).starts_with("1 sale is a draft"));
        assert!(told("insights-drafts", 2).starts_with("2 sales are drafts"));
    }

    #[test]
    fn every_type_field_and_option_has_a_label() {
        let english = Texts::of(Locale::En);
        let mut lacking = Vec::new();
        for record_type in crate::RECORD_TYPES {
            let id = message_id(&record_type.name);
            let mut wanted = vec![id.clone(), format!("{id}.plural")];
            for field in record_type.fields.iter() {
                wanted.push(format!("{id}.{}", field.name));
                let options = field.kind.options().iter();
                wanted.extend(options.map(|code| format!("{id}.{}-{code}", field.name)));
            }
            lacking.extend(wanted.into_iter().filter(|key| !english.keys().contains(key)));
        }
        assert!(lacking.is_empty(), "add to locales/: {lacking:?}");
    }
}

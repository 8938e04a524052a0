//! `#[derive(Record)]` writes a struct's description and its way to and from values;
//! `#[derive(Choice)]` does so for an enum. Written once here instead of by hand for every type.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{
    Data, DataStruct, DeriveInput, Error, Expr, ExprLit, Fields, Lit, LitStr, Meta, Result, Token,
    parse_macro_input,
};

/// Describes a record type. On the struct: `#[record(title = "name", area = "people",
/// icon = "building", part_of = "order", follows = "customer", unique("order, line_no"),
/// index("country, name"), settle)]`. On a field:
/// `#[field(unique, search, index, personal, read_only, folded, derived = "order.total",
/// tells = "order.total", means = "record_type", optional_default = "…")]`; see
/// `docs/adding-a-record-type.md`.
#[proc_macro_derive(Record, attributes(record, field))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes an enum without data a choice; codes are the variants' names in snake case.
#[proc_macro_derive(Choice)]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// One word of an attribute: `unique`, `default = "x"` or `unique("a, b")`.
struct Word {
    name: syn::Ident,
    text: Option<LitStr>,
}

fn words(attributes: &[syn::Attribute], of: &str) -> Result<Vec<Word>> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(of)) {
        let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
        for meta in metas {
            let name = meta.path().require_ident()?.clone();
            let text = match &meta {
                Meta::Path(_) => None,
                Meta::NameValue(pair) => match &pair.value {
                    Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
                    other => return Err(Error::new_spanned(other, "expected a string")),
                },
                Meta::List(list) => Some(list.parse_args()?),
            };
            found.push(Word { name, text });
        }
    }
    Ok(found)
}

fn required_text(word: &Word) -> Result<&LitStr> {
    word.text.as_ref().ok_or_else(|| Error::new_spanned(&word.name, "expected `name = \"…\"`"))
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn record(input: &DeriveInput) -> Result<Tokens> {
    let Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        return Err(Error::new_spanned(input, "a record is a struct with named fields"));
    };
    let ident = &input.ident;
    let name = snake_case(&ident.to_string());
    let description = Description::read(input)?;
    let Description { title, area, icon, part_of, follows, and_follows, .. } = &description;
    let Description { unique, indexes, settle, succeeded_by, .. } = &description;
    let names: Vec<_> = fields.named.iter().filter_map(|field| field.ident.as_ref()).collect();
    let types: Vec<_> = fields.named.iter().map(|field| &field.ty).collect();
    let described = fields.named.iter().map(field).collect::<Result<Vec<_>>>()?;
    let places = 0..names.len();
    let settle = if *settle {
        quote! {
            ::core::option::Option::Some(|values: &mut [::guanxi_record::Value]| {
                let mut refusals = ::std::vec::Vec::new();
                if let ::core::option::Option::Some(mut record) =
                    <#ident as ::guanxi_record::Record>::from_values(values)
                {
                    record.settle(&mut refusals);
                    let settled = ::guanxi_record::Record::values(&record);
                    for (place, value) in values.iter_mut().zip(settled) {
                        *place = value;
                    }
                }
                refusals
            })
        }
    } else {
        quote!(::core::option::Option::None)
    };
    Ok(quote! {
        impl ::guanxi_record::Record for #ident {
            const NAME: &'static str = #name;
            const TYPE: &'static ::guanxi_record::RecordType = {
                static FIELDS: &[::guanxi_record::Field] = &[#(#described),*];
                static TYPE: ::guanxi_record::RecordType = ::guanxi_record::RecordType {
                    name: ::std::borrow::Cow::Borrowed(#name),
                    fields: ::std::borrow::Cow::Borrowed(FIELDS),
                    title: ::std::borrow::Cow::Borrowed(#title),
                    area: #area,
                    icon: #icon,
                    part_of: #part_of,
                    follows: #follows,
                    and_follows: #and_follows,
                    succeeded_by: #succeeded_by,
                    unique: &[#(&[#(#unique),*]),*],
                    indexes: &[#(&[#(#indexes),*]),*],
                    settle: #settle,
                };
                &TYPE
            };

            fn values(&self) -> ::std::vec::Vec<::guanxi_record::Value> {
                ::std::vec![#(::guanxi_record::FieldType::to_value(&self.#names)),*]
            }

            fn from_values(values: &[::guanxi_record::Value]) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(Self {
                    #(#names: <#types as ::guanxi_record::FieldType>::from_value(
                        values.get(#places)?,
                    )?),*
                })
            }
        }
    })
}

/// What `#[record(…)]` says.
struct Description {
    title: String,
    area: String,
    icon: String,
    part_of: Tokens,
    follows: Tokens,
    and_follows: Tokens,
    succeeded_by: Tokens,
    unique: Vec<Vec<String>>,
    indexes: Vec<Vec<String>>,
    settle: bool,
}

impl Description {
    fn read(input: &DeriveInput) -> Result<Self> {
        let mut description = Self {
            title: "name".to_owned(),
            area: String::new(),
            icon: "file".to_owned(),
            part_of: quote!(::core::option::Option::None),
            follows: quote!(::core::option::Option::None),
            and_follows: quote!(::core::option::Option::None),
            succeeded_by: quote!(::core::option::Option::None),
            unique: Vec::new(),
            indexes: Vec::new(),
            settle: false,
        };
        for word in words(&input.attrs, "record")? {
            match word.name.to_string().as_str() {
                "title" => description.title = required_text(&word)?.value(),
                "area" => description.area = required_text(&word)?.value(),
                "icon" => description.icon = required_text(&word)?.value(),
                "part_of" => {
                    let link = required_text(&word)?;
                    description.part_of = quote!(::core::option::Option::Some(#link));
                }
                "follows" => {
                    let link = required_text(&word)?;
                    description.follows = quote!(::core::option::Option::Some(#link));
                }
                "and_follows" => {
                    let link = required_text(&word)?;
                    description.and_follows = quote!(::core::option::Option::Some(#link));
                }
                "succeeded_by" => {
                    let link = required_text(&word)?;
                    description.succeeded_by = quote!(::core::option::Option::Some(#link));
                }
                "unique" => description.unique.push(names_in(required_text(&word)?)),
                "index" => description.indexes.push(names_in(required_text(&word)?)),
                "settle" => description.settle = true,
                _ => return Err(Error::new_spanned(&word.name, "unknown word of `record`")),
            }
        }
        if description.area.is_empty() {
            return Err(Error::new_spanned(&input.ident, "say `#[record(area = \"…\")]`"));
        }
        Ok(description)
    }
}

fn names_in(list: &LitStr) -> Vec<String> {
    list.value().split(',').map(|name| name.trim().to_owned()).collect()
}

fn field(field: &syn::Field) -> Result<Tokens> {
    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    let rust_type = &field.ty;
    let mut flags: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    let mut kind = quote!(<#rust_type as ::guanxi_record::FieldType>::KIND);
    let mut default = quote!(::core::option::Option::None);
    let mut rollup = quote!(::core::option::Option::None);
    let mut tells = quote!(::core::option::Option::None);
    let mut means = quote!(::core::option::Option::None);
    for word in words(&field.attrs, "field")? {
        match word.name.to_string().as_str() {
            flag @ ("unique" | "search" | "index" | "personal" | "read_only" | "folded") => {
                flags.insert(flag.to_owned());
            }
            word_name @ ("derived" | "tells") => {
                let source = required_text(&word)?;
                tells = quote!(::core::option::Option::Some(#source));
                if word_name == "derived" {
                    flags.extend(["derived", "read_only", "folded"].map(str::to_owned));
                }
            }
            "default" => default = default_of(required_text(&word)?),
            "means" => means = meaning_of(required_text(&word)?)?,
            "on_delete" => kind = link_kind(rust_type, required_text(&word)?)?,
            "sum" => {
                let text = required_text(&word)?;
                let path = text.value();
                let (part, summed) = path
                    .split_once('.')
                    .ok_or_else(|| Error::new_spanned(text, "expected \"part.field\""))?;
                rollup = quote!(::core::option::Option::Some(::guanxi_record::Rollup {
                    part: ::std::borrow::Cow::Borrowed(#part),
                    field: ::std::borrow::Cow::Borrowed(#summed),
                }));
                flags.insert("read_only".to_owned());
            }
            _ => return Err(Error::new_spanned(&word.name, "unknown word of `field`")),
        }
    }
    let flag = |name: &str| flags.contains(name);
    let (unique, searchable, indexed) = (flag("unique"), flag("search"), flag("index"));
    let (personal, read_only, folded) = (flag("personal"), flag("read_only"), flag("folded"));
    let derived = flag("derived");
    Ok(quote! {
        ::guanxi_record::Field {
            name: ::std::borrow::Cow::Borrowed(#name),
            kind: #kind,
            required: <#rust_type as ::guanxi_record::FieldType>::REQUIRED,
            unique: #unique,
            searchable: #searchable,
            indexed: #indexed,
            personal: #personal,
            read_only: #read_only,
            folded: #folded,
            derived: #derived,
            tells: #tells,
            means: #means,
            default: #default,
            rollup: #rollup,
            labels: ::core::option::Option::None,
        }
    })
}

/// `record_type`, `any_record_type`, `number_field`, `field`, `measure`, `condition` or `list`; the last
/// four perhaps of a type: `condition:customer`.
fn meaning_of(text: &LitStr) -> Result<Tokens> {
    let value = text.value();
    let (word, of) = match value.split_once(':') {
        Some((word, of)) => (word, quote!(::core::option::Option::Some(#of))),
        None => (value.as_str(), quote!(::core::option::Option::None)),
    };
    let meaning = match word {
        "record_type" => quote!(RecordType),
        "any_record_type" => quote!(AnyRecordType),
        "number_field" => quote!(NumberField),
        "field" => quote!(Field(#of)),
        "measure" => quote!(Measure(#of)),
        "condition" => quote!(Condition(#of)),
        "list" => quote!(List(#of)),
        _ => return Err(Error::new_spanned(text, "unknown meaning")),
    };
    Ok(quote!(::core::option::Option::Some(::guanxi_record::Meaning::#meaning)))
}

/// `now`, `actor`, `number:SO` or a text that is read as the field's kind.
fn default_of(text: &LitStr) -> Tokens {
    let value = text.value();
    let default = match (value.as_str(), value.strip_prefix("number:")) {
        ("now", _) => quote!(Now),
        ("actor", _) => quote!(Actor),
        (_, Some(prefix)) => quote!(Number(::std::borrow::Cow::Borrowed(#prefix))),
        _ => quote!(Text(::std::borrow::Cow::Borrowed(#value))),
    };
    quote!(::core::option::Option::Some(::guanxi_record::Default::#default))
}

/// The kind of a link with another delete rule than `Refuse`. Its target is the `T` of `Id<T>`.
fn link_kind(rust_type: &syn::Type, rule: &LitStr) -> Result<Tokens> {
    let rule = match rule.value().as_str() {
        "clear" => format_ident!("Clear"),
        "cascade" => format_ident!("Cascade"),
        "refuse" => format_ident!("Refuse"),
        _ => return Err(Error::new_spanned(rule, "refuse, clear or cascade")),
    };
    let target = innermost(rust_type)
        .ok_or_else(|| Error::new_spanned(rust_type, "`on_delete` is for `Id<T>`"))?;
    Ok(quote!(::guanxi_record::Kind::Link {
        to: ::std::borrow::Cow::Borrowed(<#target as ::guanxi_record::Record>::NAME),
        on_delete: ::guanxi_record::OnDelete::#rule,
    }))
}

/// The `T` of `Id<T>` or of `Option<Id<T>>`.
fn innermost(rust_type: &syn::Type) -> Option<&syn::Type> {
    let syn::Type::Path(path) = rust_type else { return None };
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments
    else {
        return Some(rust_type);
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) => innermost(inner),
        _ => None,
    }
}

fn choice(input: &DeriveInput) -> Result<Tokens> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(input, "a choice is an enum"));
    };
    if let Some(variant) = data.variants.iter().find(|variant| !variant.fields.is_empty()) {
        return Err(Error::new_spanned(variant, "an option of a choice holds no data"));
    }
    let ident = &input.ident;
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let codes: Vec<_> = variants.iter().map(|ident| snake_case(&ident.to_string())).collect();
    Ok(quote! {
        impl ::guanxi_record::Choice for #ident {
            const OPTIONS: ::guanxi_record::Options =
                ::std::borrow::Cow::Borrowed(&[#(::std::borrow::Cow::Borrowed(#codes)),*]);
            fn code(self) -> &'static str {
                match self { #(Self::#variants => #codes),* }
            }
            fn from_code(code: &str) -> ::core::option::Option<Self> {
                match code {
                    #(#codes => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
        impl ::guanxi_record::FieldType for #ident {
            const KIND: ::guanxi_record::Kind =
                ::guanxi_record::Kind::Choice(<Self as ::guanxi_record::Choice>::OPTIONS);
            fn to_value(&self) -> ::guanxi_record::Value {
                ::guanxi_record::Value::Text(
                    ::guanxi_record::Choice::code(*self).to_owned(),
                )
            }
            fn from_value(value: &::guanxi_record::Value) -> ::core::option::Option<Self> {
                <Self as ::guanxi_record::Choice>::from_code(value.as_text()?)
            }
        }
    })
}

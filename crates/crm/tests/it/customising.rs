//! Fields that are defined at run time: whatever becomes of a definition, no value is lost.

use guanxi_base::{Error, RawId, Result};
use guanxi_crm::resolution::merge;
use guanxi_record::{Record as _, RecordType, Row, Value};
use guanxi_store::{Actor, CustomField, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, refusals};
use crate::importing::import;
use crate::resolving::merging;

both_databases!(
    values_of_an_archived_field_survive_changes_of_their_records,
    the_name_and_kind_of_a_field_in_use_stay,
    an_option_in_use_is_not_taken_away,
    a_field_in_use_is_not_undone,
    what_a_removed_record_carried_comes_back_with_it,
    an_erased_record_carries_nothing,
    a_text_that_is_not_searched_is_a_key_however_it_is_written,
    times_of_a_custom_field_are_put_together,
    a_link_field_that_comes_back_leads_to_survivors,
    a_custom_field_more_than_are_read_is_refused,
);

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) async fn define(
    store: &Store,
    actor: &Actor,
    name: &str,
    kind: &str,
    options: &str,
) -> Row {
    let catalog = store.catalog();
    let described = catalog.get(CustomField::NAME).unwrap();
    let mut values = vec![Value::Null; described.fields.len()];
    let label = format!("Label of {name}");
    for (field, value) in [
        ("record_type", "customer"),
        ("name", name),
        ("kind", kind),
        ("label_en", label.as_str()),
        ("options", options),
    ] {
        if !value.is_empty() {
            values[described.position(field).unwrap()] = text(value);
        }
    }
    let mut tx = store.write(actor).await.unwrap();
    let row = tx.create_row(described, values).await.unwrap();
    tx.commit().await.unwrap();
    row
}

/// Sets one field of a record, whatever its version.
pub(crate) async fn set(
    store: &Store,
    actor: &Actor,
    (name, id): (&str, RawId),
    field: &str,
    value: Value,
) -> Result<RawId> {
    let catalog = store.catalog();
    let described: &RecordType = catalog.get(name).unwrap();
    let mut tx = store.write(actor).await?;
    let version = tx.row(name, id, Purpose::Read).await?.version;
    let place = described.position(field).unwrap();
    tx.update_fields(described, id, version, vec![(place, value)]).await?;
    tx.commit().await
}

pub(crate) async fn get(store: &Store, actor: &Actor, id: RawId, field: &str) -> Value {
    let mut view = store.read(actor).await.unwrap();
    let described = view.catalog().get("customer").unwrap().clone();
    view.row("customer", id, Purpose::Read).await.unwrap().value(&described, field)
}

async fn put_away(store: &Store, actor: &Actor, definition: RawId) {
    let mut tx = store.write(actor).await.unwrap();
    let version = tx.row(CustomField::NAME, definition, Purpose::Read).await.unwrap().version;
    tx.archive(CustomField::NAME, definition, version).await.unwrap();
    tx.commit().await.unwrap();
}

async fn bring_back(store: &Store, actor: &Actor, definition: RawId) {
    let mut tx = store.write(actor).await.unwrap();
    let version = tx.row(CustomField::NAME, definition, Purpose::Read).await.unwrap().version;
    tx.restore(CustomField::NAME, definition, version).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_custom_field_more_than_are_read_is_refused(database: TestDatabase) {
    const MOST: usize = 500;
    let (store, actor) = open(&database).await;
    let first = define(&store, &actor, "first", "text", "").await.id;
    let described = store.catalog().get(CustomField::NAME).unwrap().clone();
    let definition = |of: &str, name: &str| {
        let mut values = vec![Value::Null; described.fields.len()];
        for (field, value) in
            [("record_type", of), ("name", name), ("kind", "text"), ("label_en", name)]
        {
            values[described.position(field).unwrap()] = text(value);
        }
        values
    };
    let mut tx = store.write(&actor).await.unwrap();
    for number in 1..MOST {
        // Of all types together.
        let of = ["customer", "order", "contact", "product"][number % 4];
        tx.create_row(&described, definition(of, &format!("f{number}"))).await.unwrap();
    }
    let one_more = tx.create_row(&described, definition("case", "one_more")).await;
    assert_eq!(refusals(one_more), ["too-many-custom-fields -"]);
    drop(tx);
    let mut tx = store.write(&actor).await.unwrap();
    for number in 1..MOST {
        let of = ["customer", "order", "contact", "product"][number % 4];
        tx.create_row(&described, definition(of, &format!("f{number}"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    let known = || {
        let catalog = store.catalog();
        catalog.types().flat_map(|of| of.fields.iter()).filter(|field| field.is_custom()).count()
    };
    assert_eq!(known(), MOST);
    // One that is put away makes room, and does not come back into it.
    put_away(&store, &actor, first).await;
    let last = define(&store, &actor, "last", "text", "").await;
    assert!(store.catalog().get("customer").unwrap().position("x_last").is_some());
    assert_eq!(known(), MOST);
    let mut tx = store.write(&actor).await.unwrap();
    let version = tx.row(CustomField::NAME, first, Purpose::Read).await.unwrap().version;
    let restored = tx.restore(CustomField::NAME, first, version).await;
    assert_eq!(refusals(restored), ["too-many-custom-fields -"]);
    drop(tx);
    put_away(&store, &actor, last.id).await;
    bring_back(&store, &actor, first).await;
    assert!(store.catalog().get("customer").unwrap().position("x_first").is_some());
}

async fn values_of_an_archived_field_survive_changes_of_their_records(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let budget = define(&store, &actor, "budget", "text", "").await.id;
    define(&store, &actor, "colour", "text", "").await;
    let mut ids = Vec::new();
    for (code, name) in [("A", "By hand"), ("B", "By import"), ("C", "By clearing")] {
        let mut one = customer(name);
        one.code = Some(code.to_owned());
        ids.push(create(&store, &actor, &one).await.id.raw());
    }
    for id in &ids {
        set(&store, &actor, ("customer", *id), "x_budget", text("much")).await.unwrap();
        set(&store, &actor, ("customer", *id), "x_colour", text("red")).await.unwrap();
    }
    put_away(&store, &actor, budget).await;
    set(&store, &actor, ("customer", ids[0]), "x_colour", text("blue")).await.unwrap();
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", x_colour = \"colour\" }";
    import(&store, &actor, "code,colour\nB,green\n", toml).await.unwrap();
    let changed = set(&store, &actor, ("customer", ids[2]), "x_colour", Value::Null).await.unwrap();
    store.undo(&actor, changed).await.unwrap();
    bring_back(&store, &actor, budget).await;
    for (id, colour) in ids.iter().zip(["blue", "green", "red"]) {
        assert_eq!(get(&store, &actor, *id, "x_budget").await, text("much"));
        assert_eq!(get(&store, &actor, *id, "x_colour").await, text(colour));
        let mut view = store.read(&actor).await.unwrap();
        let history = view.history("customer", *id, 20).await.unwrap();
        let told = history.iter().flat_map(|entry| &entry.changes.0);
        assert!(told.into_iter().any(|change| change.field == "x_budget"), "history shows it");
    }
    // When every field is away, no change knows of any.
    put_away(&store, &actor, budget).await;
    let mut view = store.read(&actor).await.unwrap();
    let colour = view.find_by(CustomField::NAME, "name", "x_colour").await.unwrap().unwrap().id;
    drop(view);
    put_away(&store, &actor, colour).await;
    set(&store, &actor, ("customer", ids[0]), "name", text("Renamed")).await.unwrap();
    bring_back(&store, &actor, budget).await;
    bring_back(&store, &actor, colour).await;
    assert_eq!(get(&store, &actor, ids[0], "x_budget").await, text("much"));
    assert_eq!(get(&store, &actor, ids[0], "x_colour").await, text("blue"));
}

async fn the_name_and_kind_of_a_field_in_use_stay(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let field = define(&store, &actor, "budget", "text", "").await.id;
    let definition = ("custom_field", field);
    // As long as nobody has used it, all may change.
    set(&store, &actor, definition, "name", text("x_means")).await.unwrap();
    set(&store, &actor, definition, "kind", text("integer")).await.unwrap();
    set(&store, &actor, definition, "kind", text("text")).await.unwrap();
    let stored = create(&store, &actor, &customer("A")).await.id.raw();
    set(&store, &actor, ("customer", stored), "x_means", text("much")).await.unwrap();
    for (name, value) in [("name", "x_other"), ("kind", "integer"), ("record_type", "order")] {
        let refused = set(&store, &actor, definition, name, text(value)).await;
        let Err(Error::Refused(told)) = &refused else { panic!("{refused:?}") };
        assert!(told[0].args.contains(&("count", "1".to_owned())), "{told:?}");
        assert_eq!(refusals(refused), [format!("custom-field-in-use {name}")]);
    }
    // An archived record counts too.
    let mut tx = store.write(&actor).await.unwrap();
    let version = tx.row("customer", stored, Purpose::Read).await.unwrap().version;
    tx.archive("customer", stored, version).await.unwrap();
    tx.commit().await.unwrap();
    let refused = set(&store, &actor, definition, "name", text("x_other")).await;
    assert_eq!(refusals(refused), ["custom-field-in-use name"]);
    // What people call it may change, and what leaves every value as it is.
    set(&store, &actor, definition, "label_en", text("Means")).await.unwrap();
    set(&store, &actor, definition, "kind", text("long_text")).await.unwrap();
    assert_eq!(get(&store, &actor, stored, "x_means").await, text("much"));
    // Nor is a change of it undone that would.
    let mut view = store.read(&actor).await.unwrap();
    let history = view.history("custom_field", field, 20).await.unwrap();
    drop(view);
    let renaming =
        history.iter().find(|entry| entry.changes.0.iter().any(|change| change.field == "name"));
    let undone = store.undo(&actor, renaming.unwrap().change_set).await;
    assert_eq!(refusals(undone), ["custom-field-in-use name"]);
    assert_eq!(get(&store, &actor, stored, "x_means").await, text("much"));
}

async fn an_option_in_use_is_not_taken_away(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let one = define(&store, &actor, "size", "choice", "small\nlarge\nhuge").await.id;
    let several = define(&store, &actor, "sorts", "choices", "a\nb\nc").await.id;
    let stored = create(&store, &actor, &customer("A")).await.id.raw();
    set(&store, &actor, ("customer", stored), "x_size", text("large")).await.unwrap();
    let sorts = Value::Choices(vec!["a".to_owned(), "b".to_owned()]);
    set(&store, &actor, ("customer", stored), "x_sorts", sorts).await.unwrap();
    let keep = async |id, options: &str| {
        set(&store, &actor, ("custom_field", id), "options", text(options)).await.map(drop)
    };
    assert_eq!(refusals(keep(one, "small\nhuge").await), ["option-in-use options"]);
    assert_eq!(refusals(keep(several, "a\nc").await), ["option-in-use options"]);
    keep(one, "large\nenormous").await.unwrap();
    keep(several, "a\nb\nd").await.unwrap();
    assert_eq!(get(&store, &actor, stored, "x_size").await, text("large"));
}

async fn a_field_in_use_is_not_undone(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let field = define(&store, &actor, "budget", "text", "").await.id;
    let stored = create(&store, &actor, &customer("A")).await.id.raw();
    set(&store, &actor, ("customer", stored), "x_budget", text("much")).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let creation = view.history("custom_field", field, 5).await.unwrap()[0].change_set;
    drop(view);
    assert_eq!(refusals(store.undo(&actor, creation).await), ["custom-field-in-use name"]);
    set(&store, &actor, ("customer", stored), "x_budget", Value::Null).await.unwrap();
    store.undo(&actor, creation).await.unwrap();
}

async fn what_a_removed_record_carried_comes_back_with_it(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let field = define(&store, &actor, "budget", "text", "").await.id;
    let described = store.catalog().get("customer").unwrap().clone();
    let mut values = customer("A").values();
    values.resize(described.fields.len(), Value::Null);
    values[described.position("x_budget").unwrap()] = text("much");
    let mut tx = store.write(&actor).await.unwrap();
    let stored = tx.create_row(&described, values).await.unwrap().id;
    let creation = tx.commit().await.unwrap();
    put_away(&store, &actor, field).await;
    let undo = store.undo(&actor, creation).await.unwrap();
    store.undo(&actor, undo.change_set.unwrap()).await.unwrap();
    bring_back(&store, &actor, field).await;
    assert_eq!(get(&store, &actor, stored, "x_budget").await, text("much"));
}

async fn an_erased_record_carries_nothing(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let field = define(&store, &actor, "budget", "text", "").await.id;
    let stored = create(&store, &actor, &customer("A")).await.id.raw();
    set(&store, &actor, ("customer", stored), "x_budget", text("much")).await.unwrap();
    put_away(&store, &actor, field).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let mut tx = store.write(&actor).await.unwrap();
    let name = described.position("name").unwrap();
    tx.erase(&described, stored, &[(name, text("-"))]).await.unwrap();
    tx.commit().await.unwrap();
    bring_back(&store, &actor, field).await;
    assert_eq!(get(&store, &actor, stored, "x_budget").await, Value::Null);
    let mut view = store.read(&actor).await.unwrap();
    let history = view.history("customer", stored, 20).await.unwrap();
    assert!(!format!("{history:?}").contains("much"));
}

async fn a_text_that_is_not_searched_is_a_key_however_it_is_written(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    define(&store, &actor, "memo", "text", "").await;
    define(&store, &actor, "hotline", "phone", "").await;
    for (field, first, again) in [
        ("x_memo", "Ab-Memo", &["AB-MEMO", "ab–memo", "ＡＢ-memo", "Ab-Memo\u{200b}"][..]),
        ("x_memo", "Straße  7", &["STRASSE 7", "strasse 7", "STRAẞE 7"]),
        ("x_memo", "L’Or\u{e9}al", &["L'ORE\u{301}AL"]),
        ("x_memo", "---", &["– – –"]),
        ("x_hotline", "0755-26001234", &["+86 755 2600 1234"]),
        ("industry", "Stahl & Rohr", &["STAHL & ROHR"]),
        ("website", "https://Firma.example/A", &["https://firma.example/a"]),
    ] {
        let toml = format!(
            "[[records]]\ntype = \"customer\"\nmatch = [\"{field}\"]\ntwins = \"make\"\n\
             fields = {{ name = \"name\", {field} = \"key\" }}"
        );
        for (at, key) in std::iter::once(&first).chain(again).enumerate() {
            let text = format!("name,key\nSomebody,{key}\n");
            let outcome = import(&store, &actor, &text, &toml).await.unwrap();
            let created = crate::importing::counts(&outcome.job)["customer"].created;
            // Dashes with blanks between them are others than without.
            let wanted = u64::from(at == 0 || *key == "– – –");
            assert_eq!(created, wanted, "{field}: {key}");
        }
    }
}

async fn times_of_a_custom_field_are_put_together(database: TestDatabase) {
    use guanxi_record::{Aggregate, Filter, GroupKey, Measure};
    let (store, actor) = open(&database).await;
    define(&store, &actor, "met", "instant", "").await;
    // The last two are of one day in Shanghai.
    for at in ["1969-12-31T23:59:59.999999Z", "2026-03-31T15:59:59Z", "2026-03-31T16:00:00Z"] {
        let one = create(&store, &actor, &customer(at)).await;
        let value = Value::Instant(at.parse().unwrap());
        set(&store, &actor, ("customer", one.id.raw()), "x_met", value).await.unwrap();
    }
    let mut shanghai = actor.clone();
    shanghai.time_zone = guanxi_base::TimeZone::get("Asia/Shanghai").unwrap();
    for (bucket, days) in [
        ("day", ["1970-01-01", "2026-03-31", "2026-04-01"]),
        ("month", ["1970-01-01", "2026-03-01", "2026-04-01"]),
        ("quarter", ["1970-01-01", "2026-01-01", "2026-04-01"]),
    ] {
        let wanted = Aggregate {
            filter: Filter::compare("x_met", guanxi_record::Op::Empty, false),
            group_by: vec![GroupKey::parse(&format!("x_met:{bucket}")).unwrap()],
            measures: vec![Measure::count()],
            with_archived: false,
        };
        let mut view = store.read(&shanghai).await.unwrap();
        let groups = view.aggregate("customer", &wanted).await.unwrap();
        let found: Vec<String> = groups.iter().map(|group| group.keys[0].to_text()).collect();
        assert_eq!(found, days, "{bucket}");
    }
}

async fn a_link_field_that_comes_back_leads_to_survivors(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let described = store.catalog().get(CustomField::NAME).unwrap().clone();
    let mut definitions = Vec::new();
    for (name, kind) in [("partner", "link"), ("partners", "links")] {
        let mut values = vec![Value::Null; described.fields.len()];
        for (field, value) in [
            ("record_type", "customer"),
            ("name", name),
            ("kind", kind),
            ("label_en", name),
            ("link_to", "customer"),
        ] {
            values[described.position(field).unwrap()] = text(value);
        }
        let mut tx = store.write(&actor).await.unwrap();
        definitions.push(tx.create_row(&described, values).await.unwrap().id);
        tx.commit().await.unwrap();
    }
    let mut ids = Vec::new();
    for name in ["Stays", "Goes", "Other", "Linked"] {
        ids.push(create(&store, &actor, &customer(name)).await.id.raw());
    }
    let [stays, goes, other, linked] = ids[..] else { panic!("four") };
    let place = ("customer", linked);
    set(&store, &actor, place, "x_partner", Value::Link(goes)).await.unwrap();
    let all = Value::Links(vec![goes, other, stays]);
    set(&store, &actor, place, "x_partners", all).await.unwrap();
    for definition in &definitions {
        put_away(&store, &actor, *definition).await;
    }
    merge(&store, &actor, &merging(stays, goes)).await.unwrap();
    for definition in &definitions {
        bring_back(&store, &actor, *definition).await;
    }
    assert_eq!(get(&store, &actor, linked, "x_partner").await, Value::Link(stays));
    let led = Value::Links(vec![stays, other]);
    assert_eq!(get(&store, &actor, linked, "x_partners").await, led);
}
